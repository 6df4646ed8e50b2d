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
	w := newWorld(t, withoutAnnouncement)
	m := w.pausedForCPI(asked)
	w.atOnce(func() { w.click(ann, m, approve) }, func() { w.click(ann, m, approve) }, func() { w.click(ben, m, approve) })
	w.becomes(m, "Prodege accepted $4.25, not live yet")
	first := w.decided()
	other := map[string]string{ann: ben, ben: ann}[first.User]
	w.ephemeral(other, "decided already")
	w.ephemeral(ann, "decided already") // at least one of two clicks was too late
	w.acceptances(1)
	if calls := w.prodege.Updates(theProject); len(calls) != 1 {
		t.Errorf("%d calls to accept, want 1", len(calls))
	}
	w.delivered(w.prodege.Live(w.ctx, theProject))
	w.becomes(m, "Live again at $4.25")
	w.click(ben, m, approve) // from a screen that still shows the button
	w.ephemeral(ben, "closed")
	w.acceptances(1)
}

func (w *world) atOnce(all ...func()) {
	w.t.Helper()
	var done sync.WaitGroup
	for _, one := range all {
		done.Go(one)
	}
	done.Wait()
}

func TestApproveAndRejectAtOnceIsOneDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutAnnouncement)
	m := w.pausedForCPI(asked)
	view := w.opens(ben, m, reject)
	w.atOnce(
		func() { w.click(ann, m, approve) },
		func() {
			if out := w.enters(ben, view, nil); out.Action != "" {
				t.Errorf("the modal was answered %q %v", out.Action, out.Errors)
			}
		},
	)
	switch d := w.decided(); d.User {
	case ann:
		w.ephemeral(ben, "decided already")
		w.becomes(m, "Prodege accepted $4.25")
		w.acceptances(1)
	case ben:
		w.ephemeral(ann, "decided already")
		w.becomes(m, "Rejected: $4.25")
		w.acceptances(0)
	}
}

func TestAnOutsiderDecidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pausedForCPI(asked)
	w.click(eve, m, approve)
	w.ephemeral(eve, "only people on the list of approvers")
	w.submit(eve, m, reject, nil)
	await(t, "the second answer", func() bool {
		told := 0
		for _, m := range w.slack.Ephemerals(eve) {
			if reads(m, "only people on the list of approvers") {
				told++
			}
		}
		return told >= 2
	})
	state := w.request(func(*project.Question) bool { return true }, "the request")
	now, _ := w.slack.Message(approvals, m.TS)
	if len(state.Decisions) != 0 || state.Phase != project.PhaseOpen || !slices.Equal(buttons(now), buttons(m)) {
		t.Errorf("the request is %s with %v, buttons %v", state.Phase, state.Decisions, buttons(now))
	}
	w.click(ben, m, approve) // in the same group as Ann
	w.becomes(m, "Live again at $4.25")
}

func TestWithoutAListAnyoneOfOurWorkspaceDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("SLACK_APPROVERS", "anyone"))
	m := w.pausedForCPI(asked)
	w.click(eve, m, approve)
	w.becomes(m, "Live again at $4.25")
	if d := w.decided(); d.User != eve {
		t.Errorf("recorded: %+v", d)
	}
}

func TestForgedClicksAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("SLACK_APPROVERS", "anyone"))
	m := w.pausedForCPI(asked)
	for name, c := range map[string]simulator.Click{
		"another secret":          {BadSignature: true},
		"six minutes old":         {Age: 6 * time.Minute},
		"six minutes from now on": {Age: -6 * time.Minute},
	} {
		c.User, c.Channel, c.TS, c.ActionID = ann, approvals, m.TS, approve
		if reply, err := w.slack.Click(w.ctx, c); err != nil || reply.Status != 401 {
			t.Errorf("%s: answered %d %s, %v", name, reply.Status, reply.Body, err)
		}
	}
	value := strings.Replace(simulator.Buttons(m)[0].Value, "4.25", "0.25", 1)
	for _, c := range []simulator.Click{{Team: "T0OTHER"}, {Value: &value}} {
		c.User, c.Channel, c.TS, c.ActionID = ann, approvals, m.TS, approve
		w.clicks(c)
	}
	w.ephemeral(ann, "only members of the workspace")
	w.ephemeral(ann, "does not fit what is asked now")
	state := w.request(func(*project.Question) bool { return true }, "the request")
	if len(state.Decisions) != 0 || state.Phase != project.PhaseOpen {
		t.Errorf("the request is %s with %v", state.Phase, state.Decisions)
	}
	w.acceptances(0)
}

func TestAReplayedClickCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("CPI_SECOND_APPROVER_ABOVE", "4"))
	m := w.pausedForCPI(asked)
	reply, times := w.clicks(simulator.Click{User: ann, Channel: approvals, TS: m.TS, ActionID: approve, Stale: true})
	w.becomes(m, "One of two approvals given")
	if again, err := w.slack.Replay(w.ctx, reply.Sent); err != nil || !again.OK() {
		t.Fatalf("%+v, %v", again, err)
	}
	w.click(ben, m, approve)
	w.becomes(m, "Live again at $4.25")
	for _, m := range w.slack.Ephemerals(ann) { // the repeat gets the same answer as the click
		if times == 1 && !reads(m, "Recorded") {
			t.Errorf("Ann was told: %s", simulator.PlainText(m))
		}
	}
	if state := w.request(func(*project.Question) bool { return true }, "the request"); len(state.Decisions) != 2 {
		t.Errorf("recorded: %+v", state.Decisions)
	}
}
