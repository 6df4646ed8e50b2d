package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// doWhatIsDue sees to what time brings: the clock of a standing request, reminders, expiry, looking again.
func (a *approval) doWhatIsDue(ctx workflow.Context) {
	a.startClock(ctx)
	a.heedSilence(ctx)
	a.doDueActs(ctx)
	if !a.asking() || !a.board.idle() {
		return // while Slack does not take what we say, nobody is late
	}
	switch {
	case due(ctx, a.Deadline):
		a.expire(ctx)
	case due(ctx, a.NextReminder):
		a.remind(ctx)
	}
}

// asking says whether the request waits for people, so that time runs.
func (a *approval) asking() bool {
	return a.Ended == nil && (a.open() || a.Phase == activities.PhaseOverLimit)
}

// startClock begins to count when the message stands: reminders and expiry start then, and a Slack that was
// away for an hour costs nobody an hour.
func (a *approval) startClock(ctx workflow.Context) {
	m := a.board.find(requestMessage)
	if !a.asking() || !a.ClockFrom.IsZero() || m == nil || m.unsaid() {
		return
	}
	a.ClockFrom = workflow.Now(ctx)
	a.NextReminder = a.reminderAt(1)
	deadline := hoursOf(a.Settings).Add(a.ClockFrom, a.Settings.ApprovalTimeout)
	if deadline.Sub(a.Deadline).Abs() > time.Minute {
		a.Deadline = deadline
		a.draw(ctx)
	}
}

// heedSilence gives back the time in which Slack could not be spoken to: nobody could see what was asked, so
// neither reminders nor expiry count it.
func (a *approval) heedSilence(ctx workflow.Context) {
	lost := a.board.silence()
	switch fault := a.board.fault(); {
	case fault != "" && a.SilentSince.IsZero():
		a.SilentSince = workflow.Now(ctx)
	case fault == "" && !a.SilentSince.IsZero():
		lost += workflow.Now(ctx).Sub(a.SilentSince)
		a.SilentSince = time.Time{}
	}
	if lost == 0 || !a.asking() || a.ClockFrom.IsZero() {
		return
	}
	a.ClockFrom = a.ClockFrom.Add(lost)
	a.Deadline = hoursOf(a.Settings).Add(a.ClockFrom, a.Settings.ApprovalTimeout)
	a.NextReminder = a.reminderAt(a.Reminders + 1)
	a.draw(ctx)
}

func (a *approval) reminderAt(n int) time.Time {
	if a.Settings.ApprovalReminderEvery <= 0 {
		return time.Time{}
	}
	return hoursOf(a.Settings).Add(a.ClockFrom, time.Duration(n)*a.Settings.ApprovalReminderEvery)
}

// remind says in the thread that nobody has decided yet; the last time it mentions SLACK_ESCALATION.
func (a *approval) remind(ctx workflow.Context) {
	a.Reminders++
	for a.NextReminder = a.reminderAt(a.Reminders + 1); !a.NextReminder.After(workflow.Now(ctx)) && a.NextReminder.Before(a.Deadline); a.NextReminder = a.reminderAt(a.Reminders + 1) {
		a.Reminders++ // missed while Slack or the worker was away: one reminder for all of them
	}
	kind := activities.NoteReminder
	if last := !a.NextReminder.Before(a.Deadline); last {
		kind, a.NextReminder = activities.NoteLastReminder, time.Time{}
	}
	a.board.reply(requestMessage, fmt.Sprintf("reminder-%d-%d", a.Generation, a.Reminders), a.note(ctx, kind), "reminder")
}

func (a *approval) expire(ctx workflow.Context) {
	a.enter(ctx, activities.PhaseExpired)
	a.NextReminder = time.Time{}
	a.board.reply(requestMessage, fmt.Sprintf("expired-%d", a.Generation), a.note(ctx, activities.NoteExpired), "expired")
	a.draw(ctx)
	a.tell(ctx, Outcome{Line: &Line{At: workflow.Now(ctx), Kind: LineDecision, What: "nobody decided in time", Amount: a.Required, Ref: string(a.Event.ID)}})
}

// wakes are the next reminder and the deadline; while Slack does not take what we say, neither counts.
func (a *approval) wakes() []wake {
	if !a.asking() || !a.board.idle() {
		return nil
	}
	wakes := []wake{{a.NextReminder, "remind people to decide"}}
	if !a.ClockFrom.IsZero() {
		wakes = append(wakes, wake{a.Deadline, "the request expires"})
	}
	return wakes
}
