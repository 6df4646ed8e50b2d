package e2e

import (
	"slices"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func TestSlacksAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "chat.postMessage", Channel: alerts})
	w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.says(alerts, "sample size reached")
	w.delivered(w.prodege.Live(w.ctx, theProject))
	w.becomes(m, "Live again") // it was found again, not posted again
	if w.slack.Fired(simulator.LostAnswer) != 1 {
		t.Error("the fault did not fire")
	}
	if all := w.slack.AllMessages(alerts); len(all) != 1 {
		t.Errorf("%d messages are to be seen, want 1", len(all))
	}
}

func TestSlackFailsAndLimits(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	for _, f := range []simulator.Fault{
		{Kind: simulator.RateLimited, Method: "chat.postMessage"}, {Kind: simulator.HTTPStatus, Method: "chat.postMessage"},
		{Kind: simulator.CutBefore, Method: "chat.postMessage"}, {Kind: simulator.HTTPStatus, Method: "chat.update"},
	} {
		w.slack.Inject(f)
	}
	w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.says(alerts, "sample size reached")
	w.delivered(w.prodege.Live(w.ctx, theProject))
	w.becomes(m, "Live again")
	if n := w.slack.Pending(); n != 0 {
		t.Errorf("%d faults did not fire", n)
	}
	if all := w.slack.AllMessages(alerts); len(all) != 1 {
		t.Errorf("%d messages are to be seen, want 1", len(all))
	}
}

func TestProdegesAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prodege.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "project-update"})
	m := w.pausedForCPI(asked)
	w.click(ann, m, approve)
	w.becomes(m, "Live again at $4.25")
	if w.prodege.Fired(simulator.LostAnswer) != 1 {
		t.Error("the fault did not fire")
	}
	w.acceptances(1)
}

func TestBillingsAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billing.Inject(simulator.Fault{Kind: simulator.LostAnswer})
	w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	w.booked("project-29303649-invoice-r1")
	w.project(theProject, func(s *project.State) bool { return s.Waiting == project.WaitsInvoiced }, "billing's second answer")
	if all := w.billing.Invoices(); w.billing.Fired(simulator.LostAnswer) != 1 || len(all) != 1 || all[0].Calls != 2 {
		t.Errorf("the fault fired %d times; booked: %+v", w.billing.Fired(simulator.LostAnswer), all)
	}
}

func TestProdegeRefusesAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2010", Method: "project-update"})
	m := w.pausedForCPI(asked)
	w.click(ann, m, approve)
	refused := w.becomes(m, "Prodege refused $4.25")
	if !reads(refused, "2010") || !slices.Contains(buttons(refused), tryAgain) {
		t.Errorf("people read, with buttons %v:\n%s", buttons(refused), simulator.PlainText(refused))
	}
	if told := w.replies(approvals, "Prodege refused $4.25"); told.Thread != m.TS || !reads(told, "@"+ann) || !reads(told, "2010") {
		t.Errorf("the thread says:\n%s", simulator.PlainText(told))
	}
	w.project(theProject, func(s *project.State) bool { return s.Attention().Kind != "" }, "attention")
	w.acceptances(0)
	w.click(ben, m, tryAgain)
	w.accepted("4.25")
	w.becomes(m, "Live again at $4.25")
	w.acceptances(1)
}

func TestProdegeFailsForAWhile(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "100", Method: "project-update"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "project-update"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "project-update"})
	m := w.pausedForCPI(asked)
	w.click(ann, m, approve)
	w.becomes(m, "Live again at $4.25")
	if n := w.prodege.Pending(); n != 0 {
		t.Errorf("%d faults did not fire", n)
	}
	w.acceptances(1)
}

func TestThePriceRisesBeforeItIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pausedForCPI(asked)
	if _, err := w.prodege.PauseForCPI(w.ctx, theProject, newer, simulator.How{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	w.click(ann, m, approve)
	again := w.becomes(m, "Approve a newer CPI of $4.50?")
	w.acceptances(0)
	w.click(ann, again, approve)
	w.accepted("4.50")
	w.becomes(m, "Live again at $4.50")
}

func TestADryRunSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("DRY_RUN", "true"))
	m := w.pausedForCPI(asked)
	w.click(ann, m, approve)
	w.becomes(m, "nothing sent (dry run)")
	w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	w.says(finance, "not sent (dry run)")
	if calls := w.prodege.Updates(theProject); len(calls) != 0 || len(w.billing.Calls()) != 0 {
		t.Errorf("Prodege was sent %v, billing %v", calls, w.billing.Calls())
	}
}

func TestWithoutAnAPIKeyPeopleAcceptByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("PRODEGE_API_KEY", ""))
	w.delivered(w.prodege.PauseForCPI(w.ctx, theProject, asked))
	m := w.says(approvals, "Approve a CPI of $4.25?")
	w.click(ann, m, approve)
	w.becomes(m, "accept it by hand")
	w.delivered(w.prodege.Live(w.ctx, theProject))
	w.becomes(m, "Live again at $4.25")
	if calls := w.prodege.Calls(0); len(calls) != 0 {
		t.Errorf("Prodege was called without a key: %+v", calls)
	}
}
