package workflows

import (
	"encoding/json"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

func note(text string) func(*prodege.Event) {
	return func(e *prodege.Event) { e.ReconciliationNote = text }
}

func (w *world) invoice() *activities.Invoice {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.messages) - 1; i >= 0; i-- {
		if c := w.messages[i].Card.Invoice; c != nil {
			return c
		}
	}
	return nil
}

// press schedules a click on the newest invoice message's button.
func (w *world) press(after time.Duration, verdict activities.Verdict) {
	w.at(after, func() {
		card := w.invoice()
		if card == nil {
			w.t.Errorf("no invoice message at %s", after)
			return
		}
		d := Decision{Click: after.String(), Verdict: verdict, Revision: card.Revision, User: "UFIN", Channel: "C0FINANCE", From: activities.FromSlack, At: w.env.Now()}
		if err := w.env.SignalWorkflowByID(card.Workflow, string(Decide), d); err != nil {
			w.t.Errorf("click not taken: %v", err)
		}
	})
}

func completed(t *testing.T) *world {
	w := newWorld(t)
	w.info.Status, w.info.PausedForCPI = prodege.Complete, false
	w.deliver(time.Minute, "complete", prodege.Complete, because(903), note("12 rejected"))
	return w
}

func TestCompleteIsInvoicedOnce(t *testing.T) {
	w := completed(t)
	w.deliver(10*time.Minute, "complete again", prodege.Complete, because(903), note("12 rejected"))
	w.at(20*time.Minute, func() {
		want(t, "invoices", len(w.invoices), 1)
		want(t, "key", w.invoices[0].Key, "project-29303649-invoice-r1")
		var body invoiceBody
		if err := json.Unmarshal([]byte(w.invoices[0].Body), &body); err != nil {
			t.Fatal(err)
		}
		want(t, "type", body.Type, "invoice.requested")
		want(t, "PO", body.Data.ReferenceID, "PO-7")
		want(t, "note", body.Data.ReconciliationNote, "12 rejected")
		want(t, "CPI", body.Data.CPI.String(), "3.05")
		want(t, "told people", len(w.roots("C0FINANCE")), 0)
		want(t, "waits for", w.state().Waiting, WaitsInvoiced)
	})
	w.deliver(24*time.Hour, "invoiced", prodege.Invoiced)
	w.run()
}

func TestRevision(t *testing.T) {
	w := completed(t)
	w.deliver(10*time.Minute, "revised", prodege.Complete, because(903), note("13 rejected"))
	w.deliver(24*time.Hour, "invoiced", prodege.Invoiced)
	w.deliver(48*time.Hour, "after invoiced", prodege.Complete, because(903), note("14 rejected"))
	w.deliver(72*time.Hour, "invoiced again", prodege.Invoiced)
	w.run()
	want(t, "invoices", len(w.invoices), 3)
	for n, key := range []string{"project-29303649-invoice-r1", "project-29303649-invoice-r2", "project-29303649-invoice-r3"} {
		want(t, "key", w.invoices[n].Key, key)
	}
	var body invoiceBody
	if err := json.Unmarshal([]byte(w.invoices[1].Body), &body); err != nil {
		t.Fatal(err)
	}
	want(t, "type", body.Type, "invoice.revised")
	want(t, "supersedes", body.Data.Supersedes, "project-29303649-invoice-r1")
}

func TestHeldWhilePendingComplete(t *testing.T) {
	w := newWorld(t)
	w.info.Status, w.info.PausedForCPI = prodege.PendingComplete, false
	w.deliver(5*time.Minute, "pending", prodege.PendingComplete, because(902))
	w.deliver(6*time.Minute, "late complete", prodege.Complete, because(209), earlier(5*time.Minute))
	w.at(10*time.Minute, func() { want(t, "invoices", len(w.invoices), 0) })
	w.deliver(20*time.Minute, "complete", prodege.Complete, because(903), note("ok"))
	w.at(30*time.Minute, func() { want(t, "invoices", len(w.invoices), 1) })
	w.deliver(time.Hour, "invoiced", prodege.Invoiced)
	w.run()
	want(t, "key", w.invoices[0].Key, "project-29303649-invoice-r1")
}

func TestNoBillingAsksPeople(t *testing.T) {
	w := completed(t)
	w.settings.HasBilling = false
	w.at(5*time.Minute, func() {
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceByHand)
		want(t, "waits for", w.state().Waiting, WaitsInvoicing)
	})
	w.press(10*time.Minute, activities.VerdictMarkInvoiced)
	w.press(11*time.Minute, activities.VerdictMarkInvoiced)
	w.at(12*time.Minute, func() {
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceMarked)
		want(t, "by", w.invoice().By, "UFIN")
		wantList(t, "answers", w.answers(), "UFIN: decided")
		want(t, "waits for", w.state().Waiting, WaitsInvoiced)
	})
	w.deliver(24*time.Hour, "invoiced", prodege.Invoiced)
	w.run()
	want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceDone)
}

func TestBillingRefuses(t *testing.T) {
	w := completed(t)
	w.bill = func(n int) (activities.InvoiceSent, error) {
		if n == 1 {
			return activities.InvoiceSent{}, temporal.NewNonRetryableApplicationError("422", activities.TypeBillingRefused, nil, activities.Refusal{Party: "billing", Codes: []int{422}, Text: "unprocessable"})
		}
		return activities.InvoiceSent{Status: 200}, nil
	}
	w.at(5*time.Minute, func() { want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceRefused) })
	w.press(10*time.Minute, activities.VerdictTryAgain)
	w.at(12*time.Minute, func() {
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceSent)
		want(t, "the same bytes", w.invoices[0].Body, w.invoices[1].Body)
	})
	w.deliver(24*time.Hour, "invoiced", prodege.Invoiced)
	w.run()
}

func TestBillingIsSlow(t *testing.T) {
	w := completed(t)
	until := w.env.Now().Add(3 * time.Hour)
	w.bill = func(int) (activities.InvoiceSent, error) {
		if w.env.Now().Before(until) {
			return activities.InvoiceSent{}, passing(activities.TypeBillingPassing, 20*time.Minute)
		}
		return activities.InvoiceSent{Status: 200}, nil
	}
	w.at(30*time.Minute, func() { want(t, "told", w.invoice() == nil, true) })
	w.at(2*time.Hour, func() { want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceSlow) })
	w.at(4*time.Hour, func() { want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceSent) })
	w.deliver(24*time.Hour, "invoiced", prodege.Invoiced)
	w.run()
}

func TestInvoicedMissingOnTheSeventh(t *testing.T) {
	w := completed(t) // on 2 March
	seventh := time.Date(2026, 4, 7, 9, 0, 0, 0, prodege.Pacific())
	w.at(seventh.Sub(w.env.Now())-time.Minute, func() { want(t, "told", w.invoice() == nil, true) })
	w.at(seventh.Sub(w.env.Now())+time.Minute, func() {
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceMissing)
		want(t, "needs attention", w.state().Shown.Attention, true)
	})
	w.deliver(40*24*time.Hour, "invoiced", prodege.Invoiced)
	w.run()
}

func TestDryRunIsAskedAboutWhenItIsOver(t *testing.T) {
	w := completed(t)
	w.settings.DryRun = true
	w.at(5*time.Minute, func() {
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceDryRun)
		want(t, "invoices", len(w.invoices), 0)
		w.flows.Settings.DryRun = false
	})
	w.at(30*time.Minute, func() { want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceAsks) })
	w.press(40*time.Minute, activities.VerdictSendInvoice)
	w.at(45*time.Minute, func() { want(t, "invoices", len(w.invoices), 1) })
	w.deliver(24*time.Hour, "invoiced", prodege.Invoiced)
	w.run()
}

func TestASecondLifeAsksBeforeItInvoices(t *testing.T) {
	for name, c := range map[string]struct {
		status prodege.Status
		sent   bool
	}{"still to be invoiced": {prodege.Complete, true}, "invoiced already": {prodege.Invoiced, false}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.info.Status, w.info.PausedForCPI = c.status, false
			w.deliver(time.Minute, "complete", prodege.Complete, because(903), earlier(60*24*time.Hour))
			w.at(10*time.Minute, func() {
				want(t, "invoices", len(w.invoices), count(c.sent))
				if !c.sent {
					want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceAsked)
				}
			})
			w.deliver(time.Hour, "end", prodege.Deleted)
			w.run()
		})
	}
}
