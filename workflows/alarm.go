package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// alarm is the one timer of a workflow's main loop. It is made anew only when the time it is wanted for
// changes, so that a loop that turns often does not fill the history with timers.
type alarm struct {
	at      time.Time
	future  workflow.Future
	cancel  workflow.CancelFunc
	summary string
}

// set wants the alarm at a time; the zero time wants none. Summary stands on the timer's bar in the UI.
func (a *alarm) set(ctx workflow.Context, at time.Time, summary string) {
	if a.future != nil && a.at.Equal(at) && a.summary == summary && !a.future.IsReady() {
		return
	}
	if a.cancel != nil && !a.future.IsReady() {
		a.cancel()
	}
	a.future, a.cancel = nil, nil
	if at.IsZero() {
		return
	}
	wait := max(at.Sub(workflow.Now(ctx)), time.Millisecond)
	timerCtx, cancel := workflow.WithCancel(ctx)
	a.at, a.summary, a.cancel = at, summary, cancel
	a.future = workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: summary})
}

func (a *alarm) wakes(sel workflow.Selector) {
	if a.future != nil {
		sel.AddFuture(a.future, func(workflow.Future) {})
	}
}

// wake is one reason to look again, and when.
type wake struct {
	at   time.Time
	what string
}

// soonest is the earliest of some wakes; zero times do not count.
func soonest(wakes ...wake) wake {
	var first wake
	for _, w := range wakes {
		if !w.at.IsZero() && (first.at.IsZero() || w.at.Before(first.at)) {
			first = w
		}
	}
	return first
}

// due says whether a time has come; the zero time never comes.
func due(ctx workflow.Context, at time.Time) bool {
	return !at.IsZero() && !workflow.Now(ctx).Before(at)
}
