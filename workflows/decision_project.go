package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// hearProject takes what happened to the project, in its order: heeding a change may take seconds, in which
// further ones come and are heard from within; they wait behind those that came before.
func (d *deciding) hearProject(ctx workflow.Context) {
	came := ProjectChanged.drain(ctx)
	if len(d.changes) > 0 && workflow.GetVersion(ctx, "changes in their order", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		for _, change := range came {
			d.heed(ctx, change)
		}
		return
	}
	d.changes = append(d.changes, came...)
	for len(d.changes) > 0 {
		next := d.changes[0]
		d.changes = d.changes[1:]
		d.heed(ctx, next)
	}
}

func (d *deciding) heed(ctx workflow.Context, c Change) {
	if d.s.Ended != nil { // of a later pause, which is decided by itself
		if d.s.Ended.Kind == ChangeCancelled && c.Kind == ChangeAmount {
			d.tell(ctx, Outcome{HandedBack: &c.Event}) // the Project thought that somebody was there to ask for it
		}
		if d.acting != nil && !d.acting.cancelled && (c.Kind == ChangeAmount || c.Kind == ChangeOther) {
			d.acting.cancel() // what was approved was not approved for it
			d.acting.cancelled = true
		}
		return
	}
	switch c.Kind {
	case ChangeLive, ChangeEnded, ChangeCancelled:
		d.s.Ended, d.s.EndedSeen = &c, workflow.Now(ctx)
		if d.acting == nil {
			d.close(ctx)
		}
	default:
		d.matter.heed(ctx, c)
	}
	d.matter.draw(ctx)
}

// close says how it ended with its pause.
func (d *deciding) close(ctx workflow.Context) {
	d.s.LookAgain = time.Time{}
	d.forgetFigures()
	if d.s.Ended.Kind == ChangeCancelled {
		d.enter(ctx, activities.PhaseCancelled)
		d.matter.draw(ctx)
		d.tell(ctx, Outcome{Line: &Line{At: workflow.Now(ctx), Kind: LineEnded, What: "given up: its workflow was cancelled", Ref: string(d.ref)}})
		return
	}
	d.s.EndStatus = d.s.Ended.Event.Status
	switch d.s.Phase {
	case activities.PhaseRejected, activities.PhaseDryRun, activities.PhaseElsewhere, activities.PhaseLive, activities.PhaseDone:
	case activities.PhaseAccepted, activities.PhaseStill, activities.PhaseByHand:
		phase, ours := d.matter.effect(d.s.EndStatus)
		if !ours {
			phase = endPhase(d.s.EndStatus)
		}
		d.enter(ctx, phase)
	default:
		d.enter(ctx, endPhase(d.s.EndStatus))
	}
	d.matter.draw(ctx)
}

// endPhase is the phase of a matter whose project went that way without us.
func endPhase(s prodege.Status) activities.Phase {
	if s == prodege.Live {
		return activities.PhaseElsewhere
	}
	return activities.PhaseEnded
}

// giveUpOn is when an act still in flight is broken off, once the pause is over.
func (d *deciding) giveUpOn() time.Time {
	if d.s.Ended == nil || d.acting == nil || d.acting.cancelled {
		return time.Time{}
	}
	return d.s.EndedSeen.Add(liveGrace)
}

// tellProject tells the Project how it stands, where that is new or there is a line for the ledger.
func (d *deciding) tellProject(ctx workflow.Context, line *Line) {
	if line == nil && d.s.Told != nil && sameJSON(d.s.Told.Status, d.matter.status()) {
		return
	}
	d.tell(ctx, Outcome{Line: line})
}

func (d *deciding) tell(ctx workflow.Context, o Outcome) {
	o.Child, o.Status = workflow.GetInfo(ctx).WorkflowExecution.ID, d.matter.status()
	o.Stood = d.board.stood(requestMessage)
	ChildOutcome.send(ctx, ProjectWorkflowID(d.project.ID), o)
	d.s.Told = &Outcome{Status: o.Status}
}

// look writes what people see in the Temporal UI.
func (d *deciding) look(ctx workflow.Context) {
	s := d.matter.status()
	v := d.matter.seen(s)
	v.Project, v.Attention = d.project.ID, s.Attention != ""
	if v.Attention {
		v.Summary += ". Needs attention: " + s.Attention
	}
	v.show(ctx, d.s.Shown)
	d.s.Shown = &v
	if details := d.matter.describe(s); details != d.details {
		d.details = details
		workflow.SetCurrentDetails(d.root, details)
	}
}

func (d *deciding) frame(ctx workflow.Context) activities.Frame {
	return activities.Frame{Project: *d.project, UI: uiLink(ctx, d.s.Settings), Simulated: d.s.Settings.Simulated}
}
