package project

import "time"

// People have APPROVAL_TIMEOUT for a request, and are reminded in its thread every APPROVAL_REMINDER_EVERY; the last reminder and
// the expiry mention SLACK_ESCALATION. Only APPROVAL_HOURS count. The clock starts when the message has been posted, and stops
// while Slack accepts nothing, because nobody can see the request. A request above the ceiling has no clock, because nobody may
// approve it.

// asking reports whether the request waits for people, so that its clock runs.
func (q *Question) asking() bool {
	return q.Kind == OfCPI && !q.Closed && (q.Phase == PhaseOpen || q.Phase == PhaseSecond)
}

func (s *State) deadlineFrom(from time.Time) time.Time {
	return hoursOf(&s.Settings).Add(from, s.Settings.ApprovalTimeout)
}

func (s *State) reminderAt(q *Question, n int) time.Time {
	if s.Settings.ApprovalReminderEvery <= 0 {
		return time.Time{}
	}
	at := hoursOf(&s.Settings).Add(q.Clock.From, time.Duration(n)*s.Settings.ApprovalReminderEvery)
	if !at.Before(q.Clock.Deadline) {
		return time.Time{}
	}
	return at
}

// advanceClock starts the clock of a request whose message has been posted, and stops it while Slack accepts nothing for its
// channel.
func (s *State) advanceClock() {
	q := s.OpenRequest()
	if q == nil || !q.asking() {
		return
	}
	c, m := &q.Clock, s.message(requestKey(q.ID))
	if c.From.IsZero() {
		if m == nil || m.TS == "" || m.PostedAt.IsZero() {
			return
		}
		c.From = s.now
		if deadline := s.deadlineFrom(s.now); deadline.Sub(c.Deadline).Abs() > time.Minute {
			c.Deadline = deadline
		}
		c.Remind = s.reminderAt(q, 1)
	}
	switch away := s.unavailableSince(m.Channel); {
	case !away.IsZero() && c.SilentSince.IsZero():
		c.SilentSince = away
		if away.Before(c.From) {
			c.SilentSince = c.From // nothing was counted before
		}
	case away.IsZero() && !c.SilentSince.IsZero():
		c.From = c.From.Add(s.now.Sub(c.SilentSince))
		c.SilentSince = time.Time{}
		c.Deadline = s.deadlineFrom(c.From)
		c.Remind = s.reminderAt(q, c.Reminders+1)
	}
}

func (s *State) waitingAlarms(add addAlarm) {
	q := s.OpenRequest()
	switch {
	case q == nil:
	case q.Phase == PhaseOverLimit:
		add(s.nextCheck(q.PhaseAt, ceilingCheckEvery), "check whether the ceiling was raised", nil)
	case q.asking() && !q.Clock.From.IsZero() && q.Clock.SilentSince.IsZero():
		if m := s.message(requestKey(q.ID)); m != nil && s.unavailableSince(m.Channel).IsZero() {
			add(q.Clock.Remind, "remind people to decide", func() { s.remind(q) })
			add(q.Clock.Deadline, "the request expires", func() { s.expire(q) })
		}
	}
}

// remind posts in the thread that nobody has decided yet. Reminders that were missed while no worker ran are combined into one.
func (s *State) remind(q *Question) {
	c := &q.Clock
	c.Reminders++
	for c.Remind = s.reminderAt(q, c.Reminders+1); !c.Remind.IsZero() && !c.Remind.After(s.now); c.Remind = s.reminderAt(q, c.Reminders+1) {
		c.Reminders++
	}
	if !s.now.Before(c.Deadline) {
		return // it expires in this turn
	}
	kind := NoteReminder
	if c.Remind.IsZero() {
		kind = NoteLastReminder
	}
	s.reply(requestKey(q.ID), "reminder-"+string(q.ID)+"-"+itoa(q.Generation)+"-"+itoa(c.Reminders), s.requestNote(q, kind), "reminder")
	if m := s.message(requestKey(q.ID)); m != nil && (m.Plain || q.Nobody) {
		s.want(m) // Slack may accept its layout now, and somebody may be on the list of approvers
	}
}

func (s *State) expire(q *Question) {
	q.Clock.Remind = time.Time{}
	s.enter(q, PhaseExpired)
	s.replyInRequest(q, "expired", NoteExpired, "expired")
	s.line(Line{Kind: LineExpired, Amount: q.Required, Ref: string(q.ID)})
}
