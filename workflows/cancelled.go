package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// Whoever cancels a workflow in Temporal wants no more done by it. It still says so where people look, and
// tells its Project, in a context of its own; then it ends as cancelled. Terminating it leaves its buttons
// standing: a click on them is answered as one on a closed request, and does nothing.

// lastWordsFor bounds how long a cancelled workflow waits for a Slack that does not take what it says.
const lastWordsFor = time.Hour

// outliving is a context in which a cancelled workflow says its last words.
func outliving(ctx workflow.Context) (workflow.Context, workflow.CancelFunc) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	workflow.GoNamed(ctx, "patience", func(ctx workflow.Context) {
		if workflow.NewTimerWithOptions(ctx, lastWordsFor, workflow.TimerOptions{Summary: "cancelled: say so in Slack until then"}).Get(ctx, nil) == nil {
			cancel()
		}
	})
	return ctx, cancel
}

// untilCancelled lives a workflow to its end. Where somebody cancels it, end says its last words in a context that
// outlives the cancelled one.
func untilCancelled(ctx workflow.Context, live, end func(workflow.Context) error) error {
	if err := live(ctx); !temporal.IsCanceledError(err) {
		return err
	}
	ctx, cancel := outliving(ctx)
	defer cancel()
	return end(ctx)
}

// lastWords has the board speak in a context that outlives the cancelled one. What was being said when the
// cancel came counts as not said: a repeat looks before it posts.
func (b *board) lastWords(ctx workflow.Context) *board {
	_ = workflow.Await(ctx, func() bool { return b.busy == 0 })
	for _, m := range *b.Messages {
		m.saying = false
		if m.unsaid() {
			m.Fault, m.After = "", time.Time{} // due at once
		}
	}
	return newBoard(ctx, b.Messages, b.queue, b.changed)
}

// endCancelled closes the matter: what is in flight is broken off, buttons go.
func (d *deciding) endCancelled(ctx workflow.Context) error {
	d.board = d.board.lastWords(ctx)
	if d.acting != nil {
		d.acting.cancel()
		d.acting.cancelled = true
	}
	d.heed(ctx, Change{Kind: ChangeCancelled})
	if err := d.live(ctx); err != nil {
		return err
	}
	return workflow.ErrCanceled
}

// endCancelled gives up an invoice that nobody has made yet.
func (i *invoicing) endCancelled(ctx workflow.Context) error {
	i.board = i.board.lastWords(ctx)
	i.call, i.Next, i.SlowAt, i.LookAgain = nil, nil, time.Time{}, time.Time{}
	i.Ended = &Change{Kind: ChangeCancelled}
	switch i.Invoice.Phase {
	case activities.PhaseInvoiceSent, activities.PhaseInvoiceMarked, activities.PhaseInvoiceDone:
	default:
		i.enter(ctx, activities.PhaseInvoiceCancelled)
		i.tell(ctx, &Line{At: workflow.Now(ctx), Kind: LineInvoice, What: "given up: its workflow was cancelled", Ref: i.Invoice.Key})
	}
	if err := i.live(ctx); err != nil {
		return err
	}
	return workflow.ErrCanceled
}

// endCancelled cancels what the project has open: nobody would tell it any more that its pause is over. Events that
// come with the cancel, or until all is said, were handed over to this run and would be lost with it: the project
// goes on with them, and only what was open is given up.
func (p *project) endCancelled(ctx workflow.Context) error {
	p.board = p.board.lastWords(ctx)
	for _, id := range p.openChildren() {
		if p.begun[id] { // by this run: the SDK has cancelled it with it
			continue
		}
		if err := workflow.RequestCancelExternalWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Info("nothing to cancel", "project_id", p.ProjectID.String(), "workflow_id", id)
		}
	}
	_ = workflow.Await(ctx, func() bool { return p.board.idle() || p.eventsWait(ctx) })
	p.takeOutcomes(ctx)
	if p.eventsWait(ctx) {
		p.carryEvents(ctx)
		return p.continueAsNew(ctx)
	}
	return workflow.ErrCanceled
}

// openChildren are the ids of the children that have started and not ended, as far as the project knows.
func (p *project) openChildren() (ids []string) {
	for _, r := range p.Requests {
		if r.Started && !r.Status.Closed {
			ids = append(ids, r.Workflow)
		}
	}
	if p.Invoicing != nil && !p.Invoicing.Status.Closed {
		ids = append(ids, InvoicingWorkflowID(p.ProjectID))
	}
	return ids
}
