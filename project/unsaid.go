package project

import (
	"slices"
	"time"
)

// If Slack has not accepted a message for five minutes because of a failure, people must know. The project needs attention, the
// log and a metric say so, and so does a message in the alerts channel, unless that is the one that fails: once per failure, and
// the message is updated when Slack accepts everything again. A message that only waits for its turn in a burst does not count.

// unsaidFor is how long a message may be due before people must know that it has not been posted.
const unsaidFor = 5 * time.Minute

// Unsaid is a channel for which something has been due for five minutes.
type Unsaid struct {
	Channel string    `json:"channel"`
	What    string    `json:"what"`           // the first message that could not be posted: "CPI request"
	Since   time.Time `json:"since"`          // when that was due
	Trouble string    `json:"trouble"`        // why Slack does not accept it
	Told    string    `json:"told,omitempty"` // key of the message about it in the alerts channel; empty if that is the channel
}

// overdue reports whether a message has been due so long that people must know.
func (m *Message) overdue() bool { return m.unsaid() && m.Overdue && m.User == "" }

// blocked reports whether a message is overdue because of a failure.
func (m *Message) blocked() bool { return m.overdue() && m.Trouble != "" && !m.Queued }

func (s *State) unsaidAlarms(list []alarm) []alarm {
	for _, m := range s.Outbox {
		if m.unsaid() && m.User == "" && !m.Due.IsZero() && !m.Overdue {
			list = append(list, alarm{m.Due.Add(unsaidFor), "Slack has not taken a message for five minutes", func() { m.Overdue = true }})
		}
	}
	return list
}

// advanceUnsaid reports channels for which something is blocked, and those for which nothing is any more.
func (s *State) advanceUnsaid() {
	var still []Unsaid
	for _, u := range s.Unsaid {
		if slices.ContainsFunc(s.Outbox, func(m *Message) bool { return m.Channel == u.Channel && m.overdue() }) {
			still = append(still, u)
		} else {
			s.saidAgain(u)
		}
	}
	s.Unsaid = still
	for _, m := range s.Outbox {
		if m.blocked() && !slices.ContainsFunc(s.Unsaid, func(u Unsaid) bool { return u.Channel == m.Channel }) {
			s.tellUnsaid(m)
		}
	}
}

// tellUnsaid reports that a message is blocked.
func (s *State) tellUnsaid(m *Message) {
	u := Unsaid{Channel: m.Channel, What: m.What, Since: m.Due, Trouble: m.Trouble}
	if m.Channel != s.Settings.AlertsChannel {
		u.Told = "unsaid-" + m.Key + "-" + itoa(m.Wanted)
		n := Note{Frame: s.frame(), Kind: NoteUnsaid, Channel: u.Channel, What: u.What, Since: u.Since, Mention: s.Settings.Escalation,
			Link: s.link(m.Key), Refusal: &Refusal{Party: "Slack", Text: u.Trouble}}
		s.post(u.Told, s.Settings.AlertsChannel, Card{Note: &n}, "a message about "+u.Channel)
	}
	s.Unsaid = append(s.Unsaid, u)
	s.out.Unsaid = append(s.out.Unsaid, u)
}

// tellsUnsaid reports whether a message is about a channel that is blocked now.
func (s *State) tellsUnsaid(key string) bool {
	return slices.ContainsFunc(s.Unsaid, func(u Unsaid) bool { return u.Told == key })
}

// saidAgain withdraws the message about a channel, or updates it if it has been posted.
func (s *State) saidAgain(u Unsaid) {
	m := s.message(u.Told)
	switch {
	case m == nil:
	case m.unheard():
		s.Outbox = slices.DeleteFunc(s.Outbox, func(o *Message) bool { return o == m })
	default:
		n := *m.Card.Note
		n.Over, n.Mention = s.now, nil
		s.post(m.Key, m.Channel, Card{Note: &n}, m.What)
	}
}
