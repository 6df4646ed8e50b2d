package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

const (
	// heldLook is how often a decision that is held back looks at the kill switch again.
	heldLook = time.Minute
	// liveGrace is how long an act in flight may still report after the project went live: the webhook is often
	// faster than the answer to the call that caused it.
	liveGrace = 30 * time.Second
)

// acting is an act at Prodege in flight.
type acting struct {
	result    workflow.Future
	cancel    workflow.CancelFunc
	cancelled bool
}

// act sends what was decided, as far as the configuration of now lets us.
func (d *deciding) act(ctx workflow.Context) {
	d.s.Settings = d.w.readSettings(ctx)
	d.s.LookAgain, d.s.Refusal = time.Time{}, nil
	switch {
	case d.s.Settings.DryRun:
		d.enter(ctx, activities.PhaseDryRun)
	case !d.s.Settings.HasAPIKey:
		d.enter(ctx, activities.PhaseByHand)
	default:
		d.enter(ctx, activities.PhaseApproved)
		d.begin(ctx)
	}
}

func (d *deciding) begin(ctx workflow.Context) {
	actx, cancel := workflow.WithCancel(ctx)
	d.acting = &acting{result: d.matter.begin(actx), cancel: cancel}
}

// hearProdege takes the end of an act in flight.
func (d *deciding) hearProdege(ctx workflow.Context) {
	if d.acting == nil || !d.acting.result.IsReady() {
		return
	}
	var got activities.Acceptance
	err := d.acting.result.Get(ctx, &got)
	cancelled := d.acting.cancelled
	d.acting = nil
	generation := d.s.Generation
	switch {
	case err != nil && cancelled: // whatever the last try said: it was broken off, not given up
		d.brokenOff(ctx)
	case err != nil:
		d.failing(ctx, err)
	default:
		d.settle(ctx, got)
	}
	newer := d.s.Newer
	d.s.Newer = nil
	switch {
	case d.s.Ended != nil:
		d.close(ctx)
	case newer != nil && d.s.Generation != generation && workflow.GetVersion(ctx, "what waited was overtaken", workflow.DefaultVersion, 1) >= 1:
		// what was found asked anew, and heard what came later than this
	case newer != nil:
		d.matter.goOn(ctx, *newer)
	}
	d.matter.draw(ctx)
	d.sayFailed(ctx)
}

func (d *deciding) settle(ctx workflow.Context, got activities.Acceptance) {
	switch got.Outcome {
	case activities.AcceptSent:
		d.s.MaybeSent = true
		what, amount := d.matter.sent(got)
		d.enter(ctx, activities.PhaseAccepted)
		d.s.LookAgain = workflow.Now(ctx).Add(d.s.Settings.ResumeTimeout)
		d.tell(ctx, Outcome{Line: d.prodegeLine(ctx, what, amount)})
	case activities.AcceptAlreadyLive:
		d.s.EndStatus = prodege.Live
		d.enter(ctx, activities.PhaseElsewhere)
		d.tell(ctx, Outcome{Ask: true})
	case activities.AcceptEnded:
		d.s.EndStatus = got.Status
		d.enter(ctx, activities.PhaseEnded)
		d.tell(ctx, Outcome{Ask: true})
	case activities.AcceptOther:
		d.enter(ctx, activities.PhaseOther)
		d.tell(ctx, Outcome{Ask: d.s.Other == nil})
	case activities.AcceptHeld:
		d.enter(ctx, activities.PhaseHeld)
		d.s.LookAgain = workflow.Now(ctx).Add(heldLook)
	case activities.AcceptDryRun:
		d.enter(ctx, activities.PhaseDryRun)
	case activities.AcceptNoKey:
		d.enter(ctx, activities.PhaseByHand)
	default:
		d.matter.took(ctx, got)
	}
}

// failing ends an act that Prodege refused, or that got no answer for half an hour.
func (d *deciding) failing(ctx workflow.Context, err error) {
	if temporal.IsCanceledError(err) {
		d.brokenOff(ctx) // the pause ended meanwhile; close says the rest
		return
	}
	phase, line := activities.PhaseStopped, "gave up after 30 minutes"
	refusal, refused := activities.RefusalOf(err)
	switch {
	case refused && passes(err):
	case refused:
		phase, line = activities.PhaseRefused, "refused: "+refusal.Text
	default:
		refusal = activities.Refusal{Party: "Prodege", Text: "no answer within 30 minutes; the acceptance may or may not have arrived"}
	}
	if phase == activities.PhaseStopped {
		d.s.MaybeSent = true
	}
	refusal.Text = cut(refusal.Text, 300)
	d.s.Refusal = &refusal
	d.enter(ctx, phase)
	amount, _ := d.matter.decidedOn()
	d.tell(ctx, Outcome{Line: d.prodegeLine(ctx, line, amount)})
}

// brokenOff keeps that an act was broken off before its end was known.
func (d *deciding) brokenOff(ctx workflow.Context) {
	d.s.MaybeSent = true
	if workflow.GetVersion(ctx, "an act broken off stands in the ledger", workflow.DefaultVersion, 1) >= 1 {
		amount, _ := d.matter.decidedOn()
		d.tell(ctx, Outcome{Line: d.prodegeLine(ctx, "broken off as the pause ended; it may have arrived", amount)})
	}
}

func (d *deciding) prodegeLine(ctx workflow.Context, what string, amount *prodege.USD) *Line {
	return &Line{At: workflow.Now(ctx), Kind: LineProdege, What: what, Amount: amount, Ref: string(d.ref)}
}

// passes says whether the last fault was one that passes.
func passes(err error) bool {
	var app *temporal.ApplicationError
	return asError(err, &app) && !app.NonRetryable()
}

// lookAgain looks what became of an act whose effect did not show in time, or whether the kill switch is on.
func (d *deciding) lookAgain(ctx workflow.Context) {
	d.s.LookAgain = time.Time{}
	switch d.s.Phase {
	case activities.PhaseHeld:
		d.begin(ctx)
	case activities.PhaseAccepted:
		reading, err := readProject(ctx, activities.ReadProject{Project: d.project.ID}, time.Minute, "accepted, but no LIVE came: is the project live?")
		d.hearProject(ctx)
		if d.s.Phase == activities.PhaseAccepted && d.s.Ended == nil {
			phase, shows := activities.PhaseStill, false
			if err == nil {
				phase, shows = d.matter.effect(reading.Info.Status)
			}
			if !shows {
				if phase = activities.PhaseStill; d.s.Other != nil && workflow.GetVersion(ctx, "the newest word waits for the act", workflow.DefaultVersion, 1) >= 1 {
					phase = activities.PhaseOther
				}
			}
			d.enter(ctx, phase)
			if shows {
				d.tell(ctx, Outcome{Ask: true})
			}
		}
		d.matter.draw(ctx)
		d.sayFailed(ctx)
	}
}

// failedWhat names such a reply in the timeline.
const failedWhat = "what was decided did not do it"

// sayFailed tells in the thread, once for each act, that it did not come to its end: edits notify nobody. It names
// those who decided; where a rule did, those who are called when nobody decides.
func (d *deciding) sayFailed(ctx workflow.Context) {
	if !d.failed() || d.s.Ended != nil || workflow.GetVersion(ctx, "a failed act is told in the thread", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return
	}
	note := activities.Note{Frame: d.frame(ctx), Kind: activities.NoteFailed, Phase: d.s.Phase, Refusal: d.s.Refusal, Mention: d.deciders()}
	if len(note.Mention) == 0 { // a rule decided
		note.Mention = d.s.Settings.Escalation
	}
	if last := d.decided(); last != nil {
		note.Decision = ptr(*last)
	}
	key := fmt.Sprintf("failed-%s-%d-%d", idSafe(d.ref), d.s.Generation, len(d.s.Decisions)) // each act has a decision of its own
	d.matter.reply(ctx, Reply{Key: key, Note: note})
}

// deciders are the people who decided what was sent last, or had it tried again.
func (d *deciding) deciders() (users []string) {
	last := d.decided()
	if last == nil {
		return nil
	}
	for _, one := range d.s.Decisions {
		same := sameAmount(one.Amount, last.Amount) && one.Action == last.Action && one.Number == last.Number
		if same && one.User != "" && !slices.Contains(users, one.User) {
			users = append(users, one.User)
		}
	}
	return users
}
