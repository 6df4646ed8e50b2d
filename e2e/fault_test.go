package e2e

import (
	"slices"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func TestSlackResponseLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "chat.postMessage", Channel: alerts})
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.waitRoot(alerts, "sample size reached")
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	w.waitUpdated(m, "Live again") // the posted message was found, not posted again
	if w.slack.Fired(simulator.LostAnswer) != 1 {
		t.Error("the fault did not fire")
	}
	if all := w.slack.AllMessages(alerts); len(all) != 1 {
		t.Errorf("%d messages, want 1", len(all))
	}
}

func TestSlackFailsAndRateLimits(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t)
	for _, f := range []simulator.Fault{
		{Kind: simulator.RateLimited, Method: "chat.postMessage"}, {Kind: simulator.HTTPStatus, Method: "chat.postMessage"},
		{Kind: simulator.CutBefore, Method: "chat.postMessage"}, {Kind: simulator.HTTPStatus, Method: "chat.update"},
	} {
		w.slack.Inject(f)
	}
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.waitRoot(alerts, "sample size reached")
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	w.waitUpdated(m, "Live again")
	if n := w.slack.Pending(); n != 0 {
		t.Errorf("%d faults did not fire", n)
	}
	if all := w.slack.AllMessages(alerts); len(all) != 1 {
		t.Errorf("%d messages, want 1", len(all))
	}
}

func TestProdegeResponseLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prodege.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "project-update"})
	m := w.pauseForCPI(amount)
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	if w.prodege.Fired(simulator.LostAnswer) != 1 {
		t.Error("the fault did not fire")
	}
	w.checkAcceptances(1)
}

func TestBillingResponseLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billing.Inject(simulator.Fault{Kind: simulator.LostAnswer})
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	w.waitInvoice("project-29303649-invoice-r1")
	w.waitProject(theProject, func(s *project.State) bool { return s.Waiting == project.WaitsInvoiced }, "billing's second response")
	if all := w.billing.Invoices(); w.billing.Fired(simulator.LostAnswer) != 1 || len(all) != 1 || all[0].Calls != 2 {
		t.Errorf("the fault fired %d times; booked: %+v", w.billing.Fired(simulator.LostAnswer), all)
	}
}

func TestProdegeRefusesThenRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2010", Method: "project-update"})
	m := w.pauseForCPI(amount)
	w.click(ann, m, approve)
	refused := w.waitUpdated(m, "Prodege refused $4.25")
	if !contains(refused, "2010") || !slices.Contains(buttons(refused), tryAgain) {
		t.Errorf("the refused request has buttons %v and text:\n%s", buttons(refused), simulator.PlainText(refused))
	}
	if reply := w.waitReply(approvals, "Prodege refused $4.25"); reply.Thread != m.TS || !contains(reply, "@"+ann) || !contains(reply, "2010") {
		t.Errorf("the thread says:\n%s", simulator.PlainText(reply))
	}
	w.waitProject(theProject, func(s *project.State) bool { return s.Attention().Kind != "" }, "the project to need attention")
	w.checkAcceptances(0)
	w.click(ben, m, tryAgain)
	w.checkAccepted("4.25")
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
}

func TestProdegeFailsForAWhile(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t)
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "100", Method: "project-update"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "project-update"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "project-update"})
	m := w.pauseForCPI(amount)
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	if n := w.prodege.Pending(); n != 0 {
		t.Errorf("%d faults did not fire", n)
	}
	w.checkAcceptances(1)
}

func TestPriceRisesBeforeAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	if _, err := w.prodege.PauseForCPI(w.ctx, theProject, higherAmount, simulator.How{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	w.click(ann, m, approve)
	again := w.waitUpdated(m, "Approve a newer CPI of $4.50?")
	w.checkAcceptances(0)
	w.click(ann, again, approve)
	w.checkAccepted("4.50")
	w.waitUpdated(m, "Live again at $4.50")
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("DRY_RUN", "true"))
	m := w.pauseForCPI(amount)
	w.click(ann, m, approve)
	w.waitUpdated(m, "nothing sent (dry run)")
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	w.waitRoot(finance, "not sent (dry run)")
	if calls := w.prodege.Updates(theProject); len(calls) != 0 || len(w.billing.Calls()) != 0 {
		t.Errorf("Prodege was sent %v, billing %v", calls, w.billing.Calls())
	}
}

func TestAcceptByHandWithoutAPIKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("PRODEGE_API_KEY", ""))
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, amount))
	m := w.waitRoot(approvals, "Approve a CPI of $4.25?")
	w.click(ann, m, approve)
	w.waitUpdated(m, "accept it by hand")
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	w.waitUpdated(m, "Live again at $4.25")
	if calls := w.prodege.Calls(0); len(calls) != 0 {
		t.Errorf("Prodege was called without an API key: %+v", calls)
	}
}
