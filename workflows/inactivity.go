package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

const (
	// inactiveWarn is how many business days before the end people are reminded.
	inactiveWarn = 2
	// inactiveHour is when on that day, by Pacific clocks: people are at work then.
	inactiveHour = 9
)

// InactivityClock runs while a project is paused for inactivity: Prodege completes it by itself at its end, and
// nothing changes after that.
type InactivityClock struct {
	Paused time.Time `json:"paused"`          // event_time of the 207
	At     time.Time `json:"at"`              // about when Prodege completes it
	Remind time.Time `json:"remind,omitzero"` // zero once people were reminded, or it was too late for that
	Rung   bool      `json:"rung,omitempty"`  // it has come
}

// clockInactivity starts the clock where a pause is for inactivity, and stops it where the pause is for another
// reason now. The same reason again does not start it anew.
func (p *project) clockInactivity(ctx workflow.Context, e prodege.Event) {
	switch {
	case e.Status != prodege.Paused || e.AsksCPI() || e.ActionReason() != prodege.PausedInactive:
		p.Pause.Inactivity = nil
		return
	case p.Pause.Inactivity != nil, workflow.GetVersion(ctx, "inactivity clock", workflow.DefaultVersion, 1) == workflow.DefaultVersion:
		return
	}
	// Live for less than an hour, it can't have been without a click for five days since: the old clock goes on.
	if last := p.LastPause; last != nil && last.Inactivity != nil && e.Time.Sub(last.Ended) < flapWithin {
		p.Pause.Inactivity = ptr(*last.Inactivity)
		return
	}
	at := prodege.AutoCompleteAt(e.Time)
	remind := prodege.AddBusinessDays(at, -inactiveWarn)
	remind = time.Date(remind.Year(), remind.Month(), remind.Day(), inactiveHour, 0, 0, 0, remind.Location())
	p.Pause.Inactivity = &InactivityClock{Paused: e.Time, At: at, Remind: remind}
	if now := workflow.Now(ctx); !now.Before(at) {
		p.Pause.Inactivity.Rung, p.Pause.Inactivity.Remind = true, time.Time{}
	}
}

// inactivity is the clock that runs now; nil where none does.
func (p *project) inactivity() *InactivityClock {
	if p.Pause == nil {
		return nil
	}
	return p.Pause.Inactivity
}

// autoCompleteAt is when Prodege completes the project by itself; zero where it does not.
func (p *project) autoCompleteAt() time.Time {
	if c := p.inactivity(); c != nil {
		return c.At
	}
	return time.Time{}
}

// ringInactivity reminds people in the alert's thread, and at the end asks Prodege whether it was as expected.
func (p *project) ringInactivity(ctx workflow.Context) {
	c := p.inactivity()
	if c == nil {
		return
	}
	if due(ctx, c.Remind) {
		c.Remind = time.Time{}
		if workflow.Now(ctx).Before(c.At) {
			note := activities.Note{Frame: p.frame(ctx), Kind: activities.NoteAutoComplete, Deadline: c.At, Since: c.Paused, Mention: p.Settings.Escalation}
			p.insist(ctx, "auto-complete-"+idSafe(p.Pause.Opened), note, "reminder: it is completed soon")
		}
	}
	if !c.Rung && due(ctx, c.At) {
		c.Rung = true
		p.askSoon(ctx)
	}
}

// waitInactivity has the clock stand in the Temporal UI as a timer of its own, which says what it is.
func (p *project) waitInactivity(ctx workflow.Context, sel workflow.Selector) {
	c := p.inactivity()
	if c == nil {
		p.clock.set(ctx, time.Time{}, "")
		return
	}
	next := wake{}
	switch {
	case !c.Remind.IsZero():
		next = wake{c.Remind, fmt.Sprintf("remind people: Prodege completes the project by itself about %s", day(c.At))}
	case !c.Rung:
		next = wake{c.At, fmt.Sprintf("Prodege completes the project by itself about %s", day(c.At))}
	}
	p.clock.set(ctx, next.at, next.what)
	p.clock.wakes(sel)
}

// completedInactive tells that Prodege completed the project for inactivity, and which pause that followed.
func (p *project) completedInactive(ctx workflow.Context, e prodege.Event) {
	if e.Reason != prodege.CompleteInactive {
		return
	}
	what := "completed by Prodege for inactivity"
	pause := p.Pause
	if pause != nil {
		what += ", after the pause of " + day(pause.Since)
	}
	p.Ledger.add(ctx, p.ProjectID, Line{At: e.Time, Kind: LineEnded, What: what, Ref: string(e.ID)})
	c := p.inactivity()
	switch {
	case c != nil:
		p.sayCompleted(ctx, e, c.Paused)
	case pause != nil && pause.Alert != "" && workflow.GetVersion(ctx, "completed after whatever pause", workflow.DefaultVersion, 1) >= 1:
		p.sayCompleted(ctx, e, pause.Since) // it stood still for another reason last
	}
}

// sayCompleted says in the thread of the pause's alert what it came to.
func (p *project) sayCompleted(ctx workflow.Context, e prodege.Event, since time.Time) {
	note := activities.Note{Frame: p.frame(ctx), Kind: activities.NoteAutoCompleted, Event: ptr(slim(e)), Since: since}
	p.insist(ctx, key("auto-completed", e), note, "completed for inactivity")
}

// day is a date by Pacific clocks, as engineers read it.
func day(t time.Time) string { return t.In(prodege.Pacific()).Format("Mon 2006-01-02") }
