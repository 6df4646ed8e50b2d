package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

const (
	// The guards of automatic approval: so many a project within so long, for events no older than that.
	maxAutomatic    = 3
	automaticWithin = 24 * time.Hour
	automaticFresh  = time.Hour
)

// decide handles the verdicts on an amount. The first valid one wins.
func (a *approval) decide(ctx workflow.Context, d Decision) {
	switch d.Verdict {
	case activities.VerdictApprove:
		a.approve(ctx, d)
	case activities.VerdictReject:
		a.reject(ctx, d)
	case activities.VerdictAskAgain:
		a.askAgain(ctx, d)
	case activities.VerdictClose:
		a.giveUp(ctx, d)
	default:
		a.answer(ctx, d, activities.AnswerMismatch)
	}
}

// stands says whether the request can still be decided on, for this generation and amount; it answers the
// clicker where not.
func (a *approval) stands(ctx workflow.Context, d Decision) bool {
	switch {
	case d.Generation != a.Generation:
		a.answer(ctx, d, activities.AnswerSuperseded)
	case !sameAmount(d.Amount, a.Required):
		a.answer(ctx, d, activities.AnswerMismatch)
	case a.Ended != nil:
		a.answer(ctx, d, activities.AnswerClosed)
	case a.Phase == activities.PhaseExpired:
		a.answer(ctx, d, activities.AnswerExpired)
	case !a.open() && a.decided() != nil:
		a.answer(ctx, d, activities.AnswerDecided)
	case !a.open() && a.Phase != activities.PhaseOverLimit:
		a.answer(ctx, d, activities.AnswerClosed)
	default:
		return true
	}
	return false
}

func (a *approval) approve(ctx workflow.Context, d Decision) {
	if !a.stands(ctx, d) {
		return
	}
	amount := a.Required
	if d.UpTo != nil {
		amount = d.UpTo
	}
	s := a.w.readSettings(ctx)
	a.Settings = s
	switch {
	case amount == nil, a.Required != nil && amount.Cmp(*a.Required) < 0, d.Second && !a.offersSecond(*amount):
		a.answer(ctx, d, activities.AnswerMismatch)
		return
	case s.Ceiling != nil && amount.Cmp(*s.Ceiling) > 0:
		a.answer(ctx, d, activities.AnswerOverCeiling)
		return
	}
	if s.SecondApproverAbove != nil && amount.Cmp(*s.SecondApproverAbove) > 0 && !a.secondOf(ctx, d, *amount) {
		return
	}
	a.record(ctx, d, amount)
	a.Approved = amount
	a.act(ctx)
}

// offersSecond says whether the message offers a second person that amount.
func (a *approval) offersSecond(amount prodege.USD) bool {
	first := a.decided()
	return a.Phase == activities.PhaseSecond && first != nil && first.Amount != nil && first.Amount.Equal(amount)
}

// secondOf says whether d is the second of two approvals of one amount by different people. Where it is the
// first, it is recorded and another person is asked; another amount is a new first approval.
func (a *approval) secondOf(ctx workflow.Context, d Decision, amount prodege.USD) bool {
	if n := len(a.Decisions); n > 0 && a.Phase == activities.PhaseSecond {
		first := a.Decisions[n-1]
		if first.Amount != nil && first.Amount.Equal(amount) {
			if first.User == d.User {
				a.answer(ctx, d, activities.AnswerSamePerson)
				return false
			}
			return true
		}
	}
	a.record(ctx, d, &amount)
	a.enter(ctx, activities.PhaseSecond)
	return false
}

func (a *approval) reject(ctx workflow.Context, d Decision) {
	if !a.stands(ctx, d) {
		return
	}
	a.record(ctx, d, a.Required)
	a.enter(ctx, activities.PhaseRejected)
}

// askAgain opens an expired request anew: a generation of its own, with the figures of now.
func (a *approval) askAgain(ctx workflow.Context, d Decision) {
	switch {
	case a.Ended != nil:
		a.answer(ctx, d, activities.AnswerClosed)
	case d.Generation != a.Generation:
		a.answer(ctx, d, activities.AnswerSuperseded)
	case a.Phase != activities.PhaseExpired:
		a.answer(ctx, d, activities.AnswerNotNow)
	default:
		a.record(ctx, d, a.Required)
		a.Earlier = append(a.Earlier, a.Decisions...)
		a.ask(ctx, prodege.Event{Time: workflow.Now(ctx), RequiredCPI: a.Required, Source: prodege.FromSweep})
		a.board.reply(requestMessage, fmt.Sprintf("asked-again-%d", a.Generation), a.note(ctx, activities.NoteReminder), "asked again")
	}
}

// giveUp closes a request whose acceptance failed.
func (a *approval) giveUp(ctx workflow.Context, d Decision) {
	if amount, counts := a.afterFailure(ctx, d); counts {
		a.record(ctx, d, amount)
		a.LookAgain = time.Time{}
		a.enter(ctx, activities.PhaseRejected)
	}
}

func (a *approval) ofPause() bool { return false }

// asked is the required CPI; where the ceiling was in the way, that.
func (a *approval) asked(kind activities.AnswerKind) *prodege.USD {
	if kind == activities.AnswerOverCeiling {
		return a.Settings.Ceiling
	}
	return a.Required
}

// mayApproveByRule says whether CPI_AUTO_APPROVE_UP_TO approves this amount without asking: at most three a
// project a day, never for an old event or one that a sweep found, never without having read the project.
func (a *approval) mayApproveByRule(ctx workflow.Context, info *prodege.ProjectInfo) bool {
	s := a.Settings
	if s.AutoApproveUpTo == nil || a.Required == nil || a.Phase != activities.PhaseOpen || a.Required.Cmp(*s.AutoApproveUpTo) > 0 {
		return false
	}
	if info == nil || !info.PausedForCPI || info.RequiredCPI != nil && info.RequiredCPI.Cmp(*s.AutoApproveUpTo) > 0 {
		return false
	}
	recent := 0
	for _, at := range a.Automatic {
		if workflow.Now(ctx).Sub(at) < automaticWithin {
			recent++
		}
	}
	return recent < maxAutomatic && !a.FromSweep && !a.SecondLife && workflow.Now(ctx).Sub(a.AskedFor) < automaticFresh
}

func (a *approval) approveByRule(ctx workflow.Context) {
	a.Automatic = append(a.Automatic, workflow.Now(ctx))
	a.record(ctx, Decision{Verdict: activities.VerdictApprove, From: activities.FromRule, At: workflow.Now(ctx)}, a.Required)
	a.Approved, a.ByRule = a.Required, true
	a.act(ctx)
}
