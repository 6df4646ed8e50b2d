package e2e

import (
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// Action ids and fields. They must not change, because old messages contain them.
const (
	approve  = "cpi_approve"
	reject   = "cpi_reject"
	upTo     = "cpi_approve_up_to"
	tryAgain = "cpi_try_again"
	askAgain = "cpi_ask_again"
	details  = "cpi_details"

	reasonField = "reason/value"
	amountField = "amount/value"
)

var (
	amount       = prodege.MustUSD("4.25")
	higherAmount = prodege.MustUSD("4.50")
)

// withoutUpdateEvents keeps Prodege from sending events for the changes that our calls make, so that the test decides
// when LIVE arrives.
func withoutUpdateEvents(p *plan) {
	p.prodege = func(o *simulator.ProdegeOptions) { o.AnnounceUpdates = false }
}

// pauseForCPI pauses the project for a CPI and returns the request in Slack.
func (w *world) pauseForCPI(amount prodege.USD) simulator.Message {
	w.t.Helper()
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, amount))
	m := w.waitRoot(approvals, "Approve a CPI of "+amount.Dollars()+"?")
	if want := []string{approve, upTo, reject, details}; !slices.Equal(buttons(m), want) {
		w.t.Errorf("the buttons are %v, want %v", buttons(m), want)
	}
	return m
}

// waitUpdated waits until a message contains a text, and returns it.
func (w *world) waitUpdated(m simulator.Message, text string) simulator.Message {
	w.t.Helper()
	return w.waitMessage(m.Channel, "edited to "+text, func(now simulator.Message) bool { return now.TS == m.TS && contains(now, text) })
}

// waitAccepted waits for a project-update of a project that Prodege accepted.
func (w *world) waitAccepted(id prodege.ProjectID) simulator.ProdegeCall {
	w.t.Helper()
	call, err := w.prodege.WaitCall(w.waitContext(), id, func(c simulator.ProdegeCall) bool { return c.Path == "project-update" && c.Code == 0 })
	if err != nil {
		w.t.Fatal(err)
	}
	return call
}

// checkAccepted waits for a project-update that Prodege accepted, and checks its parameters.
func (w *world) checkAccepted(amount string) {
	w.t.Helper()
	call := w.waitAccepted(theProject)
	if call.Params["max_cpi"] != amount || call.Params["status"] != "LIVE" || call.Params["prodege_project_id"] != theProject.String() {
		w.t.Errorf("Prodege was sent %v, want max_cpi %s and LIVE", call.Params, amount)
	}
}

// checkAcceptances checks how many calls resumed the project at Prodege.
func (w *world) checkAcceptances(want int) {
	w.t.Helper()
	if all := w.prodege.Acceptances(theProject); len(all) != want {
		w.t.Errorf("%d effective acceptances, want %d: %+v", len(all), want, all)
	}
}

// waitRequest returns the project's request once it meets a condition.
func (w *world) waitRequest(is func(*project.Question) bool, what string) project.Question {
	w.t.Helper()
	return *w.waitProject(theProject, func(s *project.State) bool { return s.Request != nil && is(s.Request) }, what).Request
}

// onlyDecision waits for a recorded decision, checks that it is the only one, and returns it.
func (w *world) onlyDecision() project.Decided {
	w.t.Helper()
	state := w.waitRequest(func(s *project.Question) bool { return len(s.Decisions) > 0 }, "a decision")
	if len(state.Decisions) != 1 {
		w.t.Fatalf("%d decisions were recorded: %+v", len(state.Decisions), state.Decisions)
	}
	return state.Decisions[0]
}

func TestApprovedAndLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	for _, fact := range []string{"Oat milk study", "PO-4711", "29303649", "$3.75", "+$0.50"} {
		if !contains(m, fact) {
			t.Errorf("the request does not contain %s:\n%s", fact, simulator.PlainText(m))
		}
	}
	w.click(ann, m, approve)
	w.checkAccepted("4.25")
	end := w.waitUpdated(m, "Live again at $4.25")
	if !contains(end, "<@"+ann+"> approved $4.25") || len(buttons(end)) != 0 {
		t.Errorf("the closed request has buttons %v and text:\n%s", buttons(end), simulator.PlainText(end))
	}
	w.checkAcceptances(1)
	state := w.waitProject(theProject, func(s *project.State) bool {
		return s.Waiting == project.WaitsNothing && len(s.Decisions) == 1
	}, "the project to wait for nothing")
	if state.Status != prodege.Live || state.Decisions[0].User != ann {
		t.Errorf("the project is %s, decided %+v", state.Status, state.Decisions)
	}
	if all := w.slack.Messages(approvals); len(all) != 1 || len(all[0].Replies) != 0 {
		t.Errorf("%d messages in the approvals channel, want one without replies", len(all))
	}
}

func TestRejectedWithReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.submit(ann, m, reject, map[string]string{reasonField: "Too expensive for <!channel> & co"})
	end := w.waitUpdated(m, "Rejected: $4.25")
	if text := simulator.PlainText(end); !strings.Contains(text, "Too expensive for &lt;!channel&gt; &amp; co") || !slices.Equal(buttons(end), []string{askAgain}) {
		t.Errorf("the closed request has buttons %v and text:\n%s", buttons(end), text)
	}
	if d := w.onlyDecision(); d.Verdict != project.Reject || d.User != ann || d.Reason != "Too expensive for <!channel> & co" {
		t.Errorf("recorded: %+v", d)
	}
	if calls := w.prodege.Updates(theProject); len(calls) != 0 {
		t.Errorf("Prodege was called after a rejection: %+v", calls)
	}
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	w.waitProject(theProject, func(s *project.State) bool { return s.Status == prodege.Live && s.Request.Closed }, "the request to close when the project is resumed elsewhere")
}

func TestApproveUpToIsValidatedInTheModal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("CPI_CEILING", "6"))
	m := w.pauseForCPI(amount)
	view := w.openModal(ann, m, upTo)
	for _, wrong := range []string{"4.24", "6.01", "a lot"} {
		if out := w.submitModal(ann, view, map[string]string{amountField: wrong}); out.Action != "errors" || out.Errors["amount"] == "" {
			t.Errorf("%q was answered %q %v", wrong, out.Action, out.Errors)
		}
	}
	if out := w.submitModal(ann, view, map[string]string{amountField: "5.10"}); out.Action != "" {
		t.Fatalf("5.10 was answered %q %v", out.Action, out.Errors)
	}
	w.checkAccepted("5.10")
	w.waitUpdated(m, "Live again at $5.10")
	w.checkAcceptances(1)
}

func TestNewerAmountSupersedes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	old := simulator.Buttons(m)[0].Value
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, higherAmount))
	w.waitUpdated(m, "Approve a newer CPI of $4.50?")
	w.waitReply(approvals, "$4.50")
	w.retryClick(simulator.Click{User: ann, Channel: approvals, TS: m.TS, ActionID: approve, Value: &old})
	w.waitEphemeral(ann, "asks for another amount now: $4.50")
	w.checkAcceptances(0)
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, higherAmount)) // the same amount again changes nothing
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Applied == 3 }, "three events")
	w.click(ann, m, approve)
	w.checkAccepted("4.50")
	w.waitUpdated(m, "Live again at $4.50")
	w.checkAcceptances(1)
	if state := w.waitRequest(func(*project.Question) bool { return true }, "the request"); state.Generation != 2 {
		t.Errorf("%d generations, want 2", state.Generation)
	}
}

func TestSecondApprover(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("CPI_SECOND_APPROVER_ABOVE", "4"))
	m := w.pauseForCPI(amount)
	w.click(ann, m, approve)
	w.waitUpdated(m, "One of two approvals given for $4.25")
	w.click(ann, m, approve)
	w.waitEphemeral(ann, "ask a colleague")
	w.checkAcceptances(0)
	w.click(ben, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
}

func TestPauseChangesReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SupportAgent))
	if closed := w.waitUpdated(m, "No CPI to decide on now"); len(buttons(closed)) != 0 {
		t.Errorf("buttons are left: %v", buttons(closed))
	}
	w.waitRoot(alerts, "support")
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, higherAmount))
	again := w.waitUpdated(m, "Approve a newer CPI of $4.50?")
	w.click(ann, again, approve)
	w.waitUpdated(m, "Live again at $4.50")
	w.checkAcceptances(1)
}

func TestResolvedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	if end := w.waitUpdated(m, "Live again without a decision here"); len(buttons(end)) != 0 {
		t.Errorf("buttons are left: %v", buttons(end))
	}
	w.click(ann, m, approve)
	w.waitEphemeral(ann, "closed")
	w.checkAcceptances(0)
}

func TestExpiredAndReopened(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	// Long enough for the decisions on the reopened request.
	w := newWorld(t, with("APPROVAL_TIMEOUT", "20s", "APPROVAL_REMINDER_EVERY", "6s", "SLACK_ESCALATION", ben))
	m := w.pauseForCPI(amount)
	w.waitReply(approvals, "Nobody has decided about $4.25 yet")
	w.waitReply(approvals, "<@"+ben+">")
	expired := w.waitUpdated(m, "Expired: nobody decided about $4.25")
	if want := []string{askAgain}; !slices.Equal(buttons(expired), want) {
		t.Errorf("the buttons are %v, want %v", buttons(expired), want)
	}
	w.waitProject(theProject, func(s *project.State) bool { return s.Attention().Kind != "" }, "the project to need attention")
	w.click(ann, m, askAgain)
	again := w.waitMessage(approvals, "the reopened request with buttons", func(now simulator.Message) bool {
		return now.TS == m.TS && slices.Contains(buttons(now), approve)
	})
	w.click(ann, again, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
}
