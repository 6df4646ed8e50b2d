package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// begin accepts what was approved.
func (a *approval) begin(ctx workflow.Context) workflow.Future {
	in := activities.AcceptCPI{Project: a.Project.ID, Approved: *a.Approved, Required: a.Required, MustRead: a.ByRule, MaybeSent: a.MaybeSent}
	return acceptCPI(ctx, in, fmt.Sprintf("accept %s at Prodege", a.Approved.Dollars()))
}

func (a *approval) decidedOn() (*prodege.USD, bool) { return a.Approved, a.Approved != nil }

func (a *approval) sent(got activities.Acceptance) (what string, amount *prodege.USD) {
	a.Sent, a.Unread = got.Sent, got.Unread
	if a.Sent == nil {
		return "set LIVE, max_cpi was high enough", a.Approved
	}
	return "accepted and set LIVE", a.Sent
}

func (a *approval) took(ctx workflow.Context, got activities.Acceptance) {
	switch got.Outcome {
	case activities.AcceptRisen:
		if a.Ended != nil || a.overtakes() && workflow.GetVersion(ctx, "what waited was overtaken", workflow.DefaultVersion, 1) >= 1 {
			return
		}
		a.newer(ctx, prodege.Event{Time: workflow.Now(ctx), Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: got.Required, Source: prodege.FromSweep})
	case activities.AcceptOverLimit:
		a.Refusal = &activities.Refusal{Party: activities.PartyCeiling, Text: "the amount is above the ceiling that is configured now; nothing was sent"}
		a.enter(ctx, activities.PhaseRefused)
	}
}

// overtakes says whether what waited for the act is to be heeded instead of what the act found: another reason, or
// an amount that was not approved.
func (a *approval) overtakes() bool {
	return a.Newer != nil && (!a.Newer.AsksCPI() || a.unapproved(*a.Newer))
}

// unapproved says whether e asks for more than was approved, or for nobody knows what.
func (a *approval) unapproved(e prodege.Event) bool {
	return a.Approved == nil || e.RequiredCPI == nil || e.RequiredCPI.Cmp(*a.Approved) > 0
}

// goOn takes up what waited. An amount that what was approved reaches for is nothing new, unless the act found
// the project otherwise and people were told that nothing is asked any more.
func (a *approval) goOn(ctx workflow.Context, newer prodege.Event) {
	switch {
	case !newer.AsksCPI():
		if a.Other = &newer; a.Phase != activities.PhaseAccepted { // an acceptance that arrived may yet show as LIVE
			a.stillFor(ctx, newer)
		}
	case a.unapproved(newer):
		a.newer(ctx, newer)
	case a.thoughtOver() && workflow.GetVersion(ctx, "asked anew after an act that found it otherwise", workflow.DefaultVersion, 1) >= 1:
		a.newer(ctx, newer)
	}
}

// stillFor says that the project stands still for another reason now.
func (a *approval) stillFor(ctx workflow.Context, e prodege.Event) {
	a.Other = &e
	if a.Phase != activities.PhaseDryRun && a.Phase != activities.PhaseRejected {
		a.LookAgain = time.Time{}
		a.enter(ctx, activities.PhaseOther)
	}
}

func (a *approval) effect(s prodege.Status) (activities.Phase, bool) {
	return activities.PhaseLive, s == prodege.Live
}

func (a *approval) heed(ctx workflow.Context, c Change) {
	if c.Alert != "" {
		a.Alert = c.Alert
	}
	switch c.Kind {
	case ChangeOther:
		if a.acting != nil {
			a.waitsFor(ctx, c)
			return
		}
		a.stillFor(ctx, c.Event)
	case ChangeAmount:
		if a.acting != nil {
			a.waitsFor(ctx, c)
			return
		}
		a.newer(ctx, c.Event)
	}
}

// waitsFor keeps the newest word on the pause until the act in flight has ended.
func (a *approval) waitsFor(ctx workflow.Context, c Change) {
	if workflow.GetVersion(ctx, "the newest word waits for the act", workflow.DefaultVersion, 1) >= 1 {
		a.Newer = &c.Event
		return
	}
	if c.Kind == ChangeOther {
		a.Other = &c.Event
	} else {
		a.Newer = &c.Event
	}
}

// newer is the next generation, where e really asks for something else than what was asked last.
func (a *approval) newer(ctx workflow.Context, e prodege.Event) {
	a.hearNumbers(ctx, e)
	same := e.RequiredCPI == nil || sameAmount(a.Required, e.RequiredCPI)
	if same && !a.thoughtOver() {
		return
	}
	if a.covers(e) {
		return
	}
	if e.RequiredCPI == nil {
		e.RequiredCPI = a.Required
	}
	a.Earlier = append(a.Earlier, a.Decisions...)
	if len(a.Earlier) > 3 {
		a.Earlier = a.Earlier[len(a.Earlier)-3:]
	}
	a.ask(ctx, e)
	a.board.reply(requestMessage, fmt.Sprintf("newer-%d", a.Generation), a.note(ctx, activities.NoteNewAmount), "a newer amount")
}

// covers says whether what was approved reaches for e too: an approval is a ceiling, and a price that has fallen
// needs no second one.
func (a *approval) covers(e prodege.Event) bool {
	switch a.Phase {
	case activities.PhaseHeld, activities.PhaseAccepted, activities.PhaseStill, activities.PhaseRefused, activities.PhaseStopped, activities.PhaseByHand:
		return !a.unapproved(e)
	}
	return false
}
