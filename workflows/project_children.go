package workflows

import (
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
)

// lateCompleteWait is how long an INVOICED waits for the COMPLETE that should have come before it.
const lateCompleteWait = 15 * time.Minute

func (p *project) lateCompleteBy() time.Time {
	if p.InvoicedFirst == nil || p.Invoicing != nil {
		return time.Time{}
	}
	return p.InvoicedFirst.Seen.Add(lateCompleteWait)
}

func (p *project) unstarted() []*RequestState {
	var list []*RequestState
	for _, r := range p.Requests {
		if !r.Started {
			list = append(list, r)
		}
	}
	return list
}

// offer lets people act on the pause from its alert, where its reason offers something and the configuration
// lets us. One that runs is told of a further reason instead.
func (p *project) offer(ctx workflow.Context, e prodege.Event) {
	if !p.Settings.AlertActions || !p.Settings.HasAPIKey || p.Pause.Alert == "" || len(e.Actions()) == 0 {
		return
	}
	if p.Pause.Action != "" || workflow.GetVersion(ctx, "actions from the alert", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return
	}
	r := &RequestState{Action: true, Opened: p.Pause.Opened, Workflow: ActionWorkflowID(p.ProjectID, p.Pause.Opened), Event: slim(e)}
	r.Status = ChildStatus{Phase: "open", Waits: WaitsLive}
	p.Requests = append(p.Requests, r)
	p.Pause.Action = r.Workflow
	p.startRequests(ctx)
}

// request opens a CPIApproval for the pause that e belongs to. It starts at once, unless the request of an
// earlier pause still has an acceptance in flight: one acceptance a project at a time.
func (p *project) request(ctx workflow.Context, e prodege.Event) {
	for _, old := range p.Requests {
		if old.Started && !old.Status.Closed { // an acceptance still in flight was not approved for this pause
			ProjectChanged.send(ctx, old.Workflow, Change{Kind: ChangeAmount, Event: slim(e)})
		}
	}
	p.addRequest(e)
	p.startRequests(ctx)
}

// addRequest makes e's request the pause's own; it is started when it may be.
func (p *project) addRequest(e prodege.Event) {
	r := &RequestState{Workflow: ApprovalWorkflowID(p.ProjectID, e.ID), Event: slim(e)}
	r.Status = ChildStatus{Phase: "open", Waits: WaitsApproval, Required: e.RequiredCPI}
	p.Requests = append(p.Requests, r)
	p.Pause.Request = r.Workflow
}

func (p *project) startRequests(ctx workflow.Context) {
	if len(p.unstarted()) > 0 {
		p.hearChildrenFirst(ctx)
	}
	for _, r := range p.unstarted() {
		if !p.acceptanceInFlight(r) {
			p.startRequest(ctx, r)
		}
	}
}

func (p *project) acceptanceInFlight(but *RequestState) bool {
	for _, r := range p.Requests {
		if r != but && r.Status.Busy && !r.Status.Closed {
			return true
		}
	}
	return false
}

func (p *project) startRequest(ctx workflow.Context, r *RequestState) {
	kind, in, summary := p.requestInput(r)
	r.Started = true
	// The id is the pause's own, and never used twice: a pause that was asked for is not asked for again.
	if !p.startChild(ctx, kind, r.Workflow, in, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, summary) {
		workflow.GetLogger(ctx).Warn("a workflow of this pause exists already", "project_id", p.ProjectID.String(), "workflow_id", r.Workflow)
	}
	for _, change := range r.Waiting {
		ProjectChanged.send(ctx, r.Workflow, change)
	}
	r.Waiting = nil
}

func (p *project) requestInput(r *RequestState) (kind string, in any, summary string) {
	if r.Action {
		return TypeProjectAction, ActionInput{Project: p.Name, Opened: r.Opened, Event: r.Event}, fmt.Sprintf("Actions for the pause of project %s", p.ProjectID)
	}
	return TypeCPIApproval, ApprovalInput{Project: p.Name, Event: r.Event, Earlier: lastOf(p.Decisions, 3), Automatic: p.Automatic, Alert: p.alertLink(), SecondLife: p.SecondLife},
		fmt.Sprintf("CPI request for project %s", p.ProjectID)
}

// startChild starts a child that outlives this run, and waits until it is started: a Project that continued
// as new before would lose it. Parent and child speak by signals only.
func (p *project) startChild(ctx workflow.Context, kind, id string, in any, reuse enums.WorkflowIdReusePolicy, summary string) bool {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, WorkflowIDReusePolicy: reuse,
		WaitForCancellation: true, // one that is cancelled says its last words
		StaticSummary:       summary, StaticDetails: fmt.Sprintf("%s of [%s](%s)", summary, ProjectWorkflowID(p.ProjectID), uiLink(ctx, p.Settings)),
	})
	err := workflow.ExecuteChildWorkflow(ctx, kind, in).GetChildWorkflowExecution().Get(ctx, nil)
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		workflow.GetLogger(ctx).Error("child not started", "workflow_id", id, "error", err)
	}
	p.begun[id] = err == nil
	return err == nil
}

// tellRequests tells every open request and action what happened, and says whether a request was there to be told.
func (p *project) tellRequests(ctx workflow.Context, change Change) bool {
	told := false
	for _, r := range p.Requests {
		switch {
		case r.Status.Closed:
		case !r.Started:
			r.Waiting = append(r.Waiting, change)
			told = told || !r.Action
		case ProjectChanged.send(ctx, r.Workflow, change):
			told = told || !r.Action
		default:
			r.Status.Closed, r.Status.Busy = true, false
		}
	}
	return told
}

// hearChildrenFirst takes what children have told already, before something is decided that hangs on it: whether
// one still listens, has an acceptance in flight, or approved by rule.
func (p *project) hearChildrenFirst(ctx workflow.Context) {
	if ChildOutcome.waits(ctx) && workflow.GetVersion(ctx, "children are heard first", workflow.DefaultVersion, 1) >= 1 {
		p.takeOutcomes(ctx)
	}
}

// takeOutcomes keeps what children tell. It never blocks.
func (p *project) takeOutcomes(ctx workflow.Context) {
	for _, o := range ChildOutcome.drain(ctx) {
		if o.Line != nil {
			p.Ledger.add(ctx, p.ProjectID, *o.Line)
		}
		p.notePace(ctx, o)
		if o.Decision != nil {
			p.Decisions = append(p.Decisions, *o.Decision)
			if len(p.Decisions) > 10 {
				p.Decisions = p.Decisions[len(p.Decisions)-10:]
			}
		}
		if o.Automatic {
			p.Automatic = append(p.Automatic, workflow.Now(ctx))
		}
		if o.Ask {
			p.askSoon(ctx)
		}
		if o.HandedBack != nil && p.Pause != nil && p.Pause.ForCPI && p.Pause.Request == o.Child {
			p.addRequest(*o.HandedBack)
		}
		if r := p.findRequest(o.Child); r != nil {
			if r.Action && o.Status.Phase != r.Status.Phase {
				p.board.withdraw(toldOfFailure)
			}
			r.Status = o.Status
			p.drawAlert(ctx)
			p.drawActed(ctx, r, o.Rewrite)
			p.sayReply(ctx, r, o.Reply)
		} else if o.Child == InvoicingWorkflowID(p.ProjectID) && p.Invoicing != nil {
			p.Invoicing.Status = o.Status
		}
	}
}

// startInvoicing starts the project's invoicing for a COMPLETE (or for the INVOICED that no COMPLETE came before).
func (p *project) startInvoicing(ctx workflow.Context, e prodege.Event) {
	p.Settings = p.w.readSettings(ctx)
	revision := 1
	if p.Invoicing != nil {
		revision = p.Invoicing.Status.Revision + 1
	}
	p.Invoicing = &InvoiceState{Event: slim(e), Status: ChildStatus{Phase: "due", Waits: WaitsInvoicing, Revision: revision}}
	in := InvoicingInput{Project: p.Name, Event: slim(e), Revision: revision, SecondLife: p.SecondLife,
		Hold: p.Status == prodege.PendingComplete, Invoiced: p.Status == prodege.Invoiced || p.Status == prodege.Deleted || p.InvoicedFirst != nil}
	p.startChild(ctx, TypeInvoicing, InvoicingWorkflowID(p.ProjectID), in, enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		fmt.Sprintf("Invoicing of project %s", p.ProjectID))
}

// reviseInvoice hands a later COMPLETE to the invoicing: the same facts again are nothing; after INVOICED the
// invoicing is started once more, and its numbers go on.
func (p *project) reviseInvoice(ctx workflow.Context, e prodege.Event) {
	if sameFacts(p.Invoicing.Event, e) && p.Invoicing.Status.Closed {
		return
	}
	change := Change{Kind: ChangeRevised, Event: slim(e)}
	if !p.Invoicing.Status.Closed && ProjectChanged.send(ctx, InvoicingWorkflowID(p.ProjectID), change) {
		p.Invoicing.Event = slim(e)
		return
	}
	p.takeOutcomes(ctx) // its last words hold the number that was used last
	if !sameFacts(p.Invoicing.Event, e) {
		p.startInvoicing(ctx, e)
	}
}

// sameFacts says whether a COMPLETE says nothing new about what is to be invoiced.
func sameFacts(a, b prodege.Event) bool {
	if b.Source == prodege.FromSweep {
		return true // a finding has neither reason nor note
	}
	return (a.Reason == b.Reason || a.Source == prodege.FromSweep) && cut(a.ReconciliationNote, 1000) == cut(b.ReconciliationNote, 1000)
}

func (p *project) tellInvoicing(ctx workflow.Context, change Change) {
	if p.Invoicing == nil || p.Invoicing.Status.Closed {
		return
	}
	if !ProjectChanged.send(ctx, InvoicingWorkflowID(p.ProjectID), change) {
		p.Invoicing.Status.Closed = true
	}
}
