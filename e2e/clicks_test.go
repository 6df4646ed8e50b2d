package e2e

import (
	"fieldmarshal/project"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fieldmarshal/simulator"
)

func TestSecondClicksChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutUpdateEvents)
	m := w.pauseForCPI(amount)
	w.concurrently(func() { w.click(ann, m, approve) }, func() { w.click(ann, m, approve) }, func() { w.click(ben, m, approve) })
	w.waitUpdated(m, "Prodege accepted $4.25, not live yet")
	first := w.onlyDecision()
	other := map[string]string{ann: ben, ben: ann}[first.User]
	w.waitEphemeral(other, "decided already")
	w.waitEphemeral(ann, "decided already") // at least one of her two clicks was too late
	w.checkAcceptances(1)
	if calls := w.prodege.Updates(theProject); len(calls) != 1 {
		t.Errorf("%d calls to accept, want 1", len(calls))
	}
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	w.waitUpdated(m, "Live again at $4.25")
	w.click(ben, m, approve) // from a screen that still shows the button
	w.waitEphemeral(ben, "closed")
	w.checkAcceptances(1)
}

func (w *world) concurrently(all ...func()) {
	w.t.Helper()
	var done sync.WaitGroup
	for _, one := range all {
		done.Go(one)
	}
	done.Wait()
}

func TestConcurrentApproveAndReject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutUpdateEvents)
	m := w.pauseForCPI(amount)
	view := w.openModal(ben, m, reject)
	w.concurrently(
		func() { w.click(ann, m, approve) },
		func() {
			if out := w.submitModal(ben, view, nil); out.Action != "" {
				t.Errorf("the modal was answered %q %v", out.Action, out.Errors)
			}
		},
	)
	switch d := w.onlyDecision(); d.User {
	case ann:
		w.waitEphemeral(ben, "decided already")
		w.waitUpdated(m, "Prodege accepted $4.25")
		w.checkAcceptances(1)
	case ben:
		w.waitEphemeral(ann, "decided already")
		w.waitUpdated(m, "Rejected: $4.25")
		w.checkAcceptances(0)
	}
}

func TestClickOfNonApprover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.click(eve, m, approve)
	w.waitEphemeral(eve, "only people on the list of approvers")
	w.submit(eve, m, reject, nil)
	await(t, "the second answer", func() bool {
		answers := 0
		for _, m := range w.slack.Ephemerals(eve) {
			if contains(m, "only people on the list of approvers") {
				answers++
			}
		}
		return answers >= 2
	})
	state := w.waitRequest(func(*project.Question) bool { return true }, "the request")
	now, _ := w.slack.Message(approvals, m.TS)
	if len(state.Decisions) != 0 || state.Phase != project.PhaseOpen || !slices.Equal(buttons(now), buttons(m)) {
		t.Errorf("the request is %s with %v, buttons %v", state.Phase, state.Decisions, buttons(now))
	}
	w.click(ben, m, approve) // in the same group as Ann
	w.waitUpdated(m, "Live again at $4.25")
}

func TestAnyoneInTheWorkspaceDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("SLACK_APPROVERS", "anyone"))
	m := w.pauseForCPI(amount)
	w.click(eve, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	if d := w.onlyDecision(); d.User != eve {
		t.Errorf("recorded: %+v", d)
	}
}

func TestForgedClicksAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("SLACK_APPROVERS", "anyone"))
	m := w.pauseForCPI(amount)
	for name, c := range map[string]simulator.Click{
		"another secret":    {BadSignature: true},
		"six minutes old":   {Age: 6 * time.Minute},
		"six minutes ahead": {Age: -6 * time.Minute},
	} {
		c.User, c.Channel, c.TS, c.ActionID = ann, approvals, m.TS, approve
		if reply, err := w.slack.Click(w.ctx, c); err != nil || reply.Status != 401 {
			t.Errorf("%s: answered %d %s, %v", name, reply.Status, reply.Body, err)
		}
	}
	value := strings.Replace(simulator.Buttons(m)[0].Value, "4.25", "0.25", 1)
	for _, c := range []simulator.Click{{Team: "T0OTHER"}, {Value: &value}} {
		c.User, c.Channel, c.TS, c.ActionID = ann, approvals, m.TS, approve
		w.retryClick(c)
	}
	w.waitEphemeral(ann, "only members of the workspace")
	w.waitEphemeral(ann, "does not fit what is asked now")
	state := w.waitRequest(func(*project.Question) bool { return true }, "the request")
	if len(state.Decisions) != 0 || state.Phase != project.PhaseOpen {
		t.Errorf("the request is %s with %v", state.Phase, state.Decisions)
	}
	w.checkAcceptances(0)
}

func TestReplayedClickCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("CPI_SECOND_APPROVER_ABOVE", "4"))
	m := w.pauseForCPI(amount)
	reply, times := w.retryClick(simulator.Click{User: ann, Channel: approvals, TS: m.TS, ActionID: approve, Stale: true})
	w.waitUpdated(m, "One of two approvals given")
	if again, err := w.slack.Replay(w.ctx, reply.Sent); err != nil || !again.OK() {
		t.Fatalf("%+v, %v", again, err)
	}
	w.click(ben, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	for _, m := range w.slack.Ephemerals(ann) { // the replay gets the same answer as the click
		if times == 1 && !contains(m, "Recorded") {
			t.Errorf("Ann's answer is: %s", simulator.PlainText(m))
		}
	}
	if state := w.waitRequest(func(*project.Question) bool { return true }, "the request"); len(state.Decisions) != 2 {
		t.Errorf("recorded: %+v", state.Decisions)
	}
}
