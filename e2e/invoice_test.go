package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

const (
	markInvoiced = "invoice_mark"
	invoiceRetry = "invoice_retry"
	invoiceSend  = "invoice_send"
)

// invoice contains the fields of an invoice that billing relies on.
type invoice struct {
	Type string `json:"type"`
	Data struct {
		ProjectID          int64  `json:"project_id"`
		ProjectName        string `json:"project_name"`
		ReferenceID        string `json:"reference_id"`
		Revision           int    `json:"revision"`
		Supersedes         string `json:"supersedes"`
		UpdateReason       int    `json:"update_reason"`
		ReconciliationNote string `json:"reconciliation_note"`
		CPI                string `json:"cpi"`
		Currency           string `json:"currency"`
	} `json:"data"`
}

// waitInvoice waits until billing has booked an invoice with the key, and returns it.
func (w *world) waitInvoice(key string) invoice {
	w.t.Helper()
	got, err := w.billing.WaitInvoice(w.waitContext(), func(i simulator.Invoice) bool { return i.Key == key })
	if err != nil {
		w.t.Fatal(err)
	}
	var body invoice
	if err := json.Unmarshal(got.Body, &body); err != nil {
		w.t.Fatal(err)
	}
	return body
}

func TestCompleteIsInvoicedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkDelivered(w.prodege.PendingComplete(w.ctx, theProject, "12 removed"))
	w.waitRoot(alerts, "12 removed")
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, "12 removed", simulator.How{Copies: 2}))
	first := w.waitInvoice("project-29303649-invoice-r1")
	d := first.Data
	if first.Type != "invoice.requested" || d.ProjectID != 29303649 || d.ProjectName != "Oat milk study" || d.ReferenceID != "PO-4711" || d.Revision != 1 ||
		d.UpdateReason != 903 || d.ReconciliationNote != "12 removed" || d.CPI != "3.5" && d.CPI != "3.50" || d.Currency != "USD" {
		t.Errorf("billing got %+v", first)
	}
	w.waitProject(theProject, func(s *project.State) bool { return s.Waiting == project.WaitsInvoiced }, "the project to wait for INVOICED")

	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, "13 removed"))
	second := w.waitInvoice("project-29303649-invoice-r2")
	if second.Type != "invoice.revised" || second.Data.Supersedes != "project-29303649-invoice-r1" || second.Data.ReconciliationNote != "13 removed" {
		t.Errorf("billing got %+v", second)
	}

	w.checkDelivered(w.prodege.Invoice(w.ctx, theProject))
	w.waitInvoiced(theProject)
	state := w.waitProject(theProject, func(s *project.State) bool { return s.Waiting == project.WaitsNothing }, "the project to wait for nothing")
	if want := (project.Counts{Received: 5, Applied: 4, Duplicate: 1}); state.Counts != want {
		t.Errorf("counts %+v, want %+v", state.Counts, want)
	}
	if all := w.billing.Invoices(); len(all) != 2 || all[0].Calls != 1 || all[1].Calls != 1 {
		t.Errorf("want one call per revision: %+v", all)
	}
	if all := w.slack.AllMessages(finance); len(all) != 0 {
		t.Errorf("there is a message to finance although nothing failed: %s", simulator.PlainText(all[0]))
	}
}

func TestCompleteForInactivityIsInvoiced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.CompleteInactive, ""))
	if got := w.waitInvoice("project-29303649-invoice-r1"); got.Data.UpdateReason != 209 {
		t.Errorf("billing got %+v", got)
	}
}

func TestInvoiceByHandWithoutBilling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("BILLING_URL", "", "BILLING_SIGNING_SECRET", ""))
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, "all good"))
	m := w.waitRoot(finance, "Invoice to make: the project is complete")
	if want := []string{markInvoiced}; !slices.Equal(buttons(m), want) || !contains(m, "PO-4711") || !contains(m, "all good") || !contains(m, "$3.50") {
		t.Errorf("the message to finance has buttons %v and text:\n%s", buttons(m), simulator.PlainText(m))
	}
	await(t, "the invoice in the list of open projects", func() bool {
		shown := w.slashCommand(eve, "open")
		return contains(shown, "One project waits") && contains(shown, "invoice") && contains(shown, "message") && contains(shown, "/archives/"+finance)
	})
	w.click(eve, m, markInvoiced) // finance need not be an approver
	if marked := w.waitUpdated(m, "marked as invoiced"); len(buttons(marked)) != 0 || !contains(marked, "<@"+eve+">") {
		t.Errorf("the message to finance has buttons %v and text:\n%s", buttons(marked), simulator.PlainText(marked))
	}
	w.checkDelivered(w.prodege.Invoice(w.ctx, theProject))
	w.waitInvoiced(theProject)
	w.waitUpdated(m, "Invoiced by Prodege")
	if all := w.billing.Calls(); len(all) != 0 {
		t.Errorf("billing was called: %+v", all)
	}
}

func TestBillingRefusesThenRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billing.Inject(simulator.Fault{Kind: simulator.AnswerCode, Status: 422})
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	m := w.waitRoot(finance, "refused by billing")
	if !contains(m, "422") {
		t.Errorf("the message to finance lacks the code:\n%s", simulator.PlainText(m))
	}
	w.click(ann, m, invoiceRetry)
	w.waitInvoice("project-29303649-invoice-r1")
	w.waitUpdated(m, "handed to billing")
	if all := w.billing.Invoices(); len(all) != 1 || len(w.billing.Calls()) != 2 {
		t.Errorf("%d invoices in %d calls, want 1 in 2", len(all), len(w.billing.Calls()))
	}
}
