package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// Invoicing sees to it that a completed project is invoiced: by one signed, idempotent call a revision to
// billing, or by people in the finance channel. It ends when Prodege says INVOICED.
func (w *Workflows) Invoicing(ctx workflow.Context, in InvoicingInput) error {
	i, err := w.setupInvoicing(ctx, in)
	if err != nil {
		return err
	}
	return i.run(ctx)
}

// InvoicingInput starts an Invoicing, or continues one.
type InvoicingInput struct {
	Project    activities.ProjectName `json:"project"`
	Event      prodege.Event          `json:"event"`    // the COMPLETE
	Revision   int                    `json:"revision"` // of its first invoice; more than 1 after an earlier INVOICED
	Hold       bool                   `json:"hold,omitempty"`
	Invoiced   bool                   `json:"invoiced,omitempty"`
	SecondLife bool                   `json:"second_life,omitempty"`
	State      *InvoicingState        `json:"state,omitempty"`
}

// InvoicingState is an Invoicing's whole memory.
type InvoicingState struct {
	InvoicingInput
	Invoice InvoiceDraft   `json:"invoice"`           // the newest revision
	Next    *prodege.Event `json:"next,omitempty"`    // a COMPLETE with other facts, while a call is in flight
	Newest  time.Time      `json:"newest_complete"`   // event_time of the newest COMPLETE
	Ended   *Change        `json:"ended,omitempty"`   // INVOICED or DELETED
	Missing bool           `json:"missing,omitempty"` // people were told that INVOICED has not come
	Clicks  Clicks         `json:"clicks,omitempty"`

	SlowAt     time.Time  `json:"slow_at,omitzero"`
	LookAgain  time.Time  `json:"look_again,omitzero"`
	WriteAgain time.Time  `json:"write_again,omitzero"`
	Messages   []*Message `json:"messages,omitempty"`
	Shown      *view      `json:"shown,omitempty"`
	Settings   Settings   `json:"settings"`
	Told       *Outcome   `json:"told,omitempty"`
}

// InvoiceDraft is one revision of the invoice. Body is fixed when it is decided, and the same at each try.
type InvoiceDraft struct {
	Revision  int                     `json:"revision"`
	Key       string                  `json:"key"`
	Event     prodege.Event           `json:"event"`
	Body      string                  `json:"body,omitempty"`
	CPI       *prodege.USD            `json:"cpi,omitempty"`
	Completes int64                   `json:"completes,omitempty"`
	Phase     activities.InvoicePhase `json:"phase"`
	PhaseAt   time.Time               `json:"phase_at"`
	Refusal   *activities.Refusal     `json:"refusal,omitempty"`
	By        string                  `json:"by,omitempty"`
	HeldBack  bool                    `json:"held_back,omitempty"` // a dry run held it back: a person says whether it is sent
}

// invoiceDue is the phase before anything was done; nobody is told of it.
const invoiceDue activities.InvoicePhase = "due"

const (
	// slowAfter is when finance is told that billing does not take an invoice; it is tried further.
	slowAfter = time.Hour
	// dryRunLook is how often an invoice that DRY_RUN held back looks whether it is off.
	dryRunLook = 15 * time.Minute
)

type invoicing struct {
	w *Workflows
	*InvoicingState
	board   *board
	alarm   alarm
	news    workflow.Channel
	call    workflow.Future
	breaks  workflow.CancelFunc // breaks off the call
	root    workflow.Context
	details string
}

func (w *Workflows) setupInvoicing(ctx workflow.Context, in InvoicingInput) (*invoicing, error) {
	state := in.State
	fresh := state == nil
	if fresh {
		state = &InvoicingState{InvoicingInput: in}
	}
	if phase := state.Invoice.Phase; phase == activities.PhaseInvoiceDryRun || phase == activities.PhaseInvoiceAsks {
		state.Invoice.HeldBack = true // carried over from a version that did not keep it
	}
	i := &invoicing{w: w, InvoicingState: state, root: ctx, news: workflow.NewNamedBufferedChannel(ctx, "news", 1)}
	i.Settings = w.readSettings(ctx)
	i.board = newBoard(ctx, &state.Messages, i.Settings.TaskQueue, func() { i.news.SendAsync(true) })
	err := workflow.SetQueryHandler(ctx, StateQuery, func() (*InvoicingState, error) { return i.InvoicingState, nil })
	if err == nil && fresh {
		i.Missing = in.SecondLife // whether INVOICED came in the life before, nobody here knows
		if in.Invoiced {
			i.Ended = &Change{Kind: ChangeInvoiced, Event: in.Event}
		}
		i.draft(ctx, in.Event, in.Revision)
	}
	return i, err
}

func (i *invoicing) run(ctx workflow.Context) error {
	return untilCancelled(ctx, i.live, i.endCancelled)
}

// live goes on until Prodege has invoiced the project and all is said, or until somebody cancels the workflow.
func (i *invoicing) live(ctx workflow.Context) error {
	for ctx.Err() == nil {
		i.hearProject(ctx)
		i.hearBilling(ctx)
		i.hearPeople(ctx)
		i.doWhatIsDue(ctx)
		i.tellProject(ctx, nil)
		i.look(ctx)
		switch {
		case i.hasNews(ctx):
		case i.finished():
			if i.tellProject(ctx, nil); i.hasNews(ctx) || !i.finished() {
				continue
			}
			return nil
		case historyFull(ctx, i.Settings.HistoryLimit, i.board.idle()) && i.call == nil:
			i.board.tidy(3, func(key string) bool { return key == i.Invoice.Key })
			return workflow.NewContinueAsNewError(ctx, TypeInvoicing, InvoicingInput{State: i.InvoicingState})
		default:
			i.wait(ctx)
		}
	}
	return ctx.Err()
}

// draft decides a revision: its number and its facts. The body is fixed when it is first sent. What a dry run held
// back stays so: where the revision before never went out, a person says whether this one does.
func (i *invoicing) draft(ctx workflow.Context, e prodege.Event, revision int) {
	i.Settings = i.w.readSettings(ctx)
	if e.Status == prodege.Complete && e.Time.After(i.Newest) || i.Newest.IsZero() {
		i.Newest = e.Time
	}
	i.Invoice = InvoiceDraft{Revision: revision, Key: InvoiceKey(i.Project.ID, revision), Event: slim(e), Phase: invoiceDue, PhaseAt: workflow.Now(ctx), HeldBack: i.Invoice.HeldBack}
	i.SlowAt, i.LookAgain = time.Time{}, time.Time{}
}

// hearProject takes what happened to the project.
func (i *invoicing) hearProject(ctx workflow.Context) {
	for _, c := range ProjectChanged.drain(ctx) {
		if i.Ended != nil && i.Ended.Kind == ChangeCancelled {
			continue
		}
		switch c.Kind {
		case ChangeHold:
			i.hold(ctx)
		case ChangeRevised:
			i.revise(ctx, c.Event)
		case ChangeInvoiced:
			i.Ended, i.Hold = &c, false
			if i.Invoice.Phase == activities.PhaseInvoiceHeld {
				i.Invoice.Phase = invoiceDue // the COMPLETE that would have freed it is overtaken
			}
		case ChangeEnded:
			i.Ended = &c
			if i.call != nil && workflow.GetVersion(ctx, "a deleted project's invoice is broken off", workflow.DefaultVersion, 1) >= 1 {
				i.breaks()
			}
		}
	}
}

// hold keeps an invoice that was not yet sent until the project is COMPLETE again.
func (i *invoicing) hold(ctx workflow.Context) {
	i.Hold = true
	if i.unsent() {
		i.enter(ctx, activities.PhaseInvoiceHeld)
	}
}

// unsent says whether nothing of this revision can have reached billing or people.
func (i *invoicing) unsent() bool {
	return i.call == nil && i.Invoice.Body == "" && i.Invoice.Phase != activities.PhaseInvoiceByHand && i.Invoice.Phase != activities.PhaseInvoiceMarked
}

// revise is a later COMPLETE. The same facts again only end a hold; other facts are a revision, unless the
// invoice before was never sent: then it takes the facts of now.
func (i *invoicing) revise(ctx workflow.Context, e prodege.Event) {
	if e.Time.After(i.Newest) {
		i.Newest = e.Time
	}
	i.Hold = false
	other := !sameFacts(i.Invoice.Event, e)
	switch {
	case i.call != nil && other:
		i.Next = ptr(slim(e))
	case i.unsent() && (other || i.Invoice.Phase == activities.PhaseInvoiceHeld):
		asks := i.Invoice.Phase == activities.PhaseInvoiceAsks
		i.draft(ctx, e, i.Invoice.Revision)
		if asks { // what was held back is not made up for unasked
			i.enter(ctx, activities.PhaseInvoiceAsks)
		}
	case !other && i.Invoice.Phase == activities.PhaseInvoiceHeld:
		i.Invoice.Phase = invoiceDue // the same bytes once more
	case other:
		i.draft(ctx, e, i.Invoice.Revision+1)
	}
}

// doWhatIsDue sends what is due to be sent, and says what is late.
func (i *invoicing) doWhatIsDue(ctx workflow.Context) {
	if due(ctx, i.WriteAgain) {
		i.WriteAgain = time.Time{}
		i.board.again(i.Invoice.Key)
	}
	for i.Invoice.Phase == invoiceDue && !i.deleted() && ctx.Err() == nil { // a draft that was overtaken is due again at once
		i.start(ctx)
	}
	if i.call != nil && due(ctx, i.SlowAt) {
		i.SlowAt = time.Time{}
		i.enter(ctx, activities.PhaseInvoiceSlow)
	}
	if due(ctx, i.LookAgain) {
		i.LookAgain = time.Time{}
		i.lookAtDryRun(ctx)
	}
	if due(ctx, i.invoicedBy()) && !i.Missing && i.Ended == nil {
		i.Missing = true
		i.sayMissing(ctx)
	}
	if i.Ended != nil && i.call == nil {
		i.conclude(ctx)
	}
}

func (i *invoicing) deleted() bool { return i.Ended != nil && i.Ended.Kind == ChangeEnded }

// start hands the invoice to whoever makes it: billing, or people.
func (i *invoicing) start(ctx workflow.Context) {
	i.Settings = i.w.readSettings(ctx)
	draft := i.Invoice
	certain := i.Hold || !i.SecondLife || i.certain(ctx)
	switch {
	case i.overtaken(ctx, draft):
	case i.Hold:
		i.enter(ctx, activities.PhaseInvoiceHeld)
	case !certain:
		i.enter(ctx, activities.PhaseInvoiceAsked)
	case i.Settings.DryRun:
		i.heldBack(ctx)
	case i.Invoice.HeldBack && workflow.GetVersion(ctx, "what a dry run held back is asked for", workflow.DefaultVersion, 1) >= 1:
		i.enter(ctx, activities.PhaseInvoiceAsks)
	case !i.Settings.HasBilling:
		if i.readFacts(ctx); !i.overtaken(ctx, draft) {
			i.enter(ctx, activities.PhaseInvoiceByHand)
		}
	default:
		i.send(ctx)
	}
}

// heldBack keeps an invoice that DRY_RUN forbids to send, and looks later whether it is off.
func (i *invoicing) heldBack(ctx workflow.Context) {
	i.Invoice.HeldBack = true
	i.enter(ctx, activities.PhaseInvoiceDryRun)
	i.LookAgain = workflow.Now(ctx).Add(dryRunLook)
}

// overtaken says whether what came while Prodege was read leaves a draft to be decided on anew: the project went
// back to reconciliation, was deleted, or is complete with other facts.
func (i *invoicing) overtaken(ctx workflow.Context, draft InvoiceDraft) bool {
	if !ProjectChanged.waits(ctx) || workflow.GetVersion(ctx, "the project is heard after reading it", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return false
	}
	i.hearProject(ctx)
	return i.deleted() || i.Invoice.Phase != draft.Phase || i.Invoice.Key != draft.Key || i.Invoice.Event.ID != draft.Event.ID
}

// certain says whether Prodege tells that a project which may have had a life here before is to be invoiced
// now: it is COMPLETE and not yet INVOICED.
func (i *invoicing) certain(ctx workflow.Context) bool {
	if !i.Settings.HasAPIKey {
		return false
	}
	reading, err := readProject(ctx, activities.ReadProject{Project: i.Project.ID}, time.Minute, "an old project: is it to be invoiced now?")
	return err == nil && reading.Info.Status == prodege.Complete
}

func (i *invoicing) enter(ctx workflow.Context, phase activities.InvoicePhase) {
	if i.Invoice.Phase != phase {
		i.Invoice.Phase, i.Invoice.PhaseAt = phase, workflow.Now(ctx)
	}
	i.draw(ctx)
}

// finished says whether Prodege has invoiced (or deleted) the project and nothing is left to do or say.
func (i *invoicing) finished() bool {
	if i.Ended == nil || i.call != nil || !i.board.idle() || !i.WriteAgain.IsZero() {
		return false
	}
	switch i.Invoice.Phase {
	case activities.PhaseInvoiceDryRun, activities.PhaseInvoiceAsks, activities.PhaseInvoiceRefused, activities.PhaseInvoiceAsked:
		return i.deleted() // our own invoice is still owed, whatever Prodege has done
	case invoiceDue, activities.PhaseInvoiceSlow:
		return i.deleted()
	}
	return true
}

func (i *invoicing) hasNews(ctx workflow.Context) bool {
	sel := workflow.NewSelector(ctx)
	ProjectChanged.wakes(ctx, sel)
	Decide.wakes(ctx, sel)
	return sel.HasPending()
}
