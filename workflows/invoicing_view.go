package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// invoicedBy is when people are told that INVOICED has not come: Prodege invoices between the 1st and the 6th
// for the projects that became COMPLETE in the month before, so on the 7th at 09:00 Pacific.
func (i *invoicing) invoicedBy() time.Time {
	if i.Newest.IsZero() || i.Missing || i.Ended != nil {
		return time.Time{}
	}
	t := i.Newest.In(prodege.Pacific())
	return time.Date(t.Year(), t.Month()+1, 7, 9, 0, 0, 0, prodege.Pacific())
}

// sayMissing tells finance, in a message of its own, that Prodege's invoice has not come.
func (i *invoicing) sayMissing(ctx workflow.Context) {
	card := i.card(ctx)
	card.Phase, card.PhaseAt = activities.PhaseInvoiceMissing, workflow.Now(ctx)
	i.board.post(fmt.Sprintf("missing-%s", i.Newest.UTC().Format("2006-01")), i.Settings.FinanceChannel, activities.Card{Invoice: card}, "INVOICED has not come")
}

// conclude says on a standing message that it is over.
func (i *invoicing) conclude(ctx workflow.Context) {
	switch {
	case i.Ended.Kind == ChangeCancelled:
		return
	case i.deleted() && workflow.GetVersion(ctx, "a deleted project's invoice says so", workflow.DefaultVersion, 1) >= 1:
		if i.board.find(i.Invoice.Key) != nil {
			i.enter(ctx, activities.PhaseInvoiceDeleted)
			return
		}
		i.Invoice.Phase = activities.PhaseInvoiceDeleted
		return
	}
	switch i.Invoice.Phase {
	case activities.PhaseInvoiceMarked, activities.PhaseInvoiceSent, activities.PhaseInvoiceByHand:
		if i.board.find(i.Invoice.Key) != nil {
			i.enter(ctx, activities.PhaseInvoiceDone)
			return
		}
		i.Invoice.Phase = activities.PhaseInvoiceDone
	}
}

// draw writes the invoice's message in the finance channel as it stands now.
func (i *invoicing) draw(ctx workflow.Context) {
	if i.Invoice.Phase == invoiceDue {
		return
	}
	card := activities.Card{Invoice: i.card(ctx)}
	if m := i.board.find(i.Invoice.Key); m == nil || !sameJSON(m.Card, card) {
		i.board.post(i.Invoice.Key, i.Settings.FinanceChannel, card, "invoice")
	}
}

func (i *invoicing) card(ctx workflow.Context) *activities.Invoice {
	d := i.Invoice
	return &activities.Invoice{
		Frame:    activities.Frame{Project: i.Project, UI: uiLink(ctx, i.Settings), Simulated: i.Settings.Simulated},
		Workflow: workflow.GetInfo(ctx).WorkflowExecution.ID, Key: d.Key, Revision: d.Revision, Phase: d.Phase, PhaseAt: d.PhaseAt,
		CompletedAt: d.Event.Time, Reason: d.Event.Reason, Description: d.Event.Description, Note: d.Event.ReconciliationNote,
		CPI: d.CPI, Completes: d.Completes, Refusal: d.Refusal, By: d.By, Billing: i.Settings.HasBilling,
	}
}

func (i *invoicing) wait(ctx workflow.Context) {
	next := soonest(
		wake{i.WriteAgain, "write the message once more"},
		wake{i.SlowAt, "billing has not taken it for an hour"},
		wake{i.LookAgain, "is the dry run over?"},
		wake{i.invoicedBy(), "INVOICED should have come by the 7th"},
	)
	i.alarm.set(ctx, next.at, next.what)
	sel := workflow.NewSelector(ctx)
	ProjectChanged.wakes(ctx, sel)
	Decide.wakes(ctx, sel)
	sel.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	sel.AddReceive(i.news, func(c workflow.ReceiveChannel, _ bool) { c.ReceiveAsync(nil) })
	i.alarm.wakes(sel)
	if i.call != nil {
		sel.AddFuture(i.call, func(workflow.Future) {})
	}
	sel.Select(ctx)
}

func (i *invoicing) status() ChildStatus {
	s := ChildStatus{Phase: string(i.Invoice.Phase), Waits: WaitsInvoicing, Revision: i.Invoice.Revision, Link: i.board.link(i.Invoice.Key), Closed: i.finished()}
	switch i.Invoice.Phase {
	case activities.PhaseInvoiceSent, activities.PhaseInvoiceMarked, activities.PhaseInvoiceDone, activities.PhaseInvoiceCancelled, activities.PhaseInvoiceDeleted:
		s.Waits = WaitsInvoiced
	case activities.PhaseInvoiceRefused:
		s.Attention = "billing refused the invoice"
	case activities.PhaseInvoiceSlow:
		s.Attention = "billing has not taken the invoice for an hour"
	case activities.PhaseInvoiceAsks, activities.PhaseInvoiceAsked:
		s.Attention = "people are asked whether to send the invoice"
	}
	if i.Missing && i.Ended == nil {
		s.Attention = "INVOICED has not come by the 7th"
	}
	if fault := i.board.fault(); fault != "" {
		s.Attention = "Slack: " + fault
	}
	return s
}

func (i *invoicing) tellProject(ctx workflow.Context, line *Line) {
	if line == nil && i.Told != nil && sameJSON(i.Told.Status, i.status()) {
		return
	}
	i.tell(ctx, line)
}

func (i *invoicing) tell(ctx workflow.Context, line *Line) {
	o := Outcome{Child: workflow.GetInfo(ctx).WorkflowExecution.ID, Line: line, Status: i.status()}
	ChildOutcome.send(ctx, ProjectWorkflowID(i.Project.ID), o)
	i.Told = &Outcome{Status: o.Status}
}

// look writes what people see of the invoicing in the Temporal UI.
func (i *invoicing) look(ctx workflow.Context) {
	s := i.status()
	summary := fmt.Sprintf("invoice r%d: %s", i.Invoice.Revision, i.Invoice.Phase)
	if s.Attention != "" {
		summary += ". Needs attention: " + s.Attention
	}
	v := view{Project: i.Project.ID, Attention: s.Attention != "", Summary: summary}
	v.show(ctx, i.Shown)
	i.Shown = &v
	var b strings.Builder
	fmt.Fprintf(&b, "### Invoicing of project %s\n", i.Project.ID)
	if i.Project.Name != "" {
		fmt.Fprintf(&b, "**%s**%s\n", markdown(i.Project.Name), poText(i.Project.PONumber))
	}
	fmt.Fprintf(&b, "\n- **Stands** %s since %s\n- **Complete** %s\n- idempotency key `%s`\n", summary, stamp(i.Invoice.PhaseAt), stamp(i.Newest), i.Invoice.Key)
	if s.Link != "" {
		fmt.Fprintf(&b, "- **Told** [in Slack](%s)\n", s.Link)
	}
	if by := i.invoicedBy(); !by.IsZero() {
		fmt.Fprintf(&b, "- INVOICED is expected by %s\n", stamp(by))
	}
	fmt.Fprintf(&b, "\nPart of the workflow %s\n", ProjectWorkflowID(i.Project.ID))
	if details := b.String(); details != i.details {
		i.details = details
		workflow.SetCurrentDetails(i.root, details)
	}
}
