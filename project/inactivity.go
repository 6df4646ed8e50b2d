package project

import (
	"time"

	"fieldmarshal/prodege"
)

// Prodege completes a project about ten business days after it paused it for inactivity, and then nothing can be changed. People
// are reminded two business days before, in the alert's thread, and at that time Prodege is asked for the status.

const (
	inactiveWarn = 2 // business days before the end
	inactiveHour = 9 // Pacific Time, when people are at work
)

// InactivityClock runs while a project is paused for inactivity.
type InactivityClock struct {
	Paused time.Time `json:"paused"`          // event_time of the 207
	At     time.Time `json:"at"`              // about when Prodege completes it
	Remind time.Time `json:"remind,omitzero"` // zero once people have been reminded, or if it was too late to
	Polled bool      `json:"polled,omitempty"`
}

// clockInactivity starts the clock if a pause is for inactivity, and stops it if the pause has another reason now. The same
// reason again does not restart it.
func (s *State) clockInactivity(e prodege.Event) {
	switch {
	case e.Status != prodege.Paused || e.AsksCPI() || e.ActionReason() != prodege.PausedInactive:
		s.Pause.Inactivity = nil
		return
	case s.Pause.Inactivity != nil:
		return
	}
	// A project that was live for less than an hour was not without clicks for five days since: the old clock continues.
	if last := s.LastPause; last != nil && last.Inactivity != nil && last.Ended != nil && e.Time.Sub(last.Ended.Time) < flapWithin {
		s.Pause.Inactivity = ptr(*last.Inactivity)
		return
	}
	at := prodege.AutoCompleteAt(e.Time)
	remind := prodege.AddBusinessDays(at, -inactiveWarn)
	remind = time.Date(remind.Year(), remind.Month(), remind.Day(), inactiveHour, 0, 0, 0, remind.Location())
	s.Pause.Inactivity = &InactivityClock{Paused: e.Time, At: at, Remind: remind}
	if !s.now.Before(at) {
		s.Pause.Inactivity.Polled, s.Pause.Inactivity.Remind = true, time.Time{}
	}
}

func (s *State) inactivityAlarms(add addAlarm) {
	if s.Pause == nil || s.Pause.Inactivity == nil {
		return
	}
	p, c := s.Pause, s.Pause.Inactivity
	add(c.Remind, "remind people: Prodege completes the project by itself soon", func() {
		c.Remind = time.Time{}
		if s.now.Before(c.At) {
			n := Note{Frame: s.frame(), Kind: NoteAutoComplete, Deadline: c.At, Since: c.Paused, Mention: s.Settings.Escalation}
			s.replyEnsuringPosted(p.Alert, "auto-complete-"+string(p.Opened)+"-"+itoa(int(c.Paused.Unix())), n, "reminder: it is completed soon")
		}
	})
	if !c.Polled {
		add(c.At, "Prodege completes the project by itself about now", func() {
			c.Polled = true
			s.pollSoon()
		})
	}
}

// completedInactive posts that Prodege completed the project for inactivity, and after which pause.
func (s *State) completedInactive(e prodege.Event) {
	if e.Reason != prodege.CompleteInactive || s.Pause == nil || s.Pause.Alert == "" {
		return
	}
	since := s.Pause.Since
	if c := s.Pause.Inactivity; c != nil {
		since = c.Paused
	}
	s.replyEnsuringPosted(s.Pause.Alert, key("auto-completed", e), Note{Frame: s.frame(), Kind: NoteAutoCompleted, Event: ptr(trimmed(e)), Since: since}, "completed for inactivity")
}
