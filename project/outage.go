package project

import (
	"slices"
	"time"
)

// If Slack has not accepted a message for five minutes because of a failure, people must know. The project needs attention, the
// log and a metric say so, and so does a message in the alerts channel, unless that is the one that fails: once per failure, and
// the message is updated when Slack accepts everything again. A message that only waits for its turn in a burst does not count.

// overdueAfter is how long a message may be due before people must know that it has not been posted.
const overdueAfter = 5 * time.Minute

// Outage is a channel for which something has been due for five minutes.
type Outage struct {
	Channel string    `json:"channel"`
	What    string    `json:"what"`            // the first message that could not be posted: "CPI request"
	Since   time.Time `json:"since"`           // when that was due
	Failure string    `json:"failure"`         // why Slack does not accept it
	Alert   string    `json:"alert,omitempty"` // key of the message about it in the alerts channel; empty if that is the channel
}

// overdue reports whether a message has been due so long that people must know.
func (m *Message) overdue() bool { return m.pending() && m.Overdue && m.User == "" }

func (s *State) overdueAlarms(add addAlarm) {
	for _, m := range s.Outbox {
		if m.pending() && m.User == "" && !m.Due.IsZero() && !m.Overdue {
			add(m.Due.Add(overdueAfter), "Slack has not accepted a message for five minutes", func() { m.Overdue = true })
		}
	}
}

// advanceOutages reports channels for which something is blocked, and those for which nothing is any more.
func (s *State) advanceOutages() {
	var still []Outage
	for _, u := range s.Outages {
		if slices.ContainsFunc(s.Outbox, func(m *Message) bool { return m.Channel == u.Channel && m.overdue() }) {
			still = append(still, u)
		} else {
			s.endOutage(u)
		}
	}
	s.Outages = still
	for _, m := range s.Outbox {
		if m.overdue() && m.Failure != "" && !m.Queued && !slices.ContainsFunc(s.Outages, func(u Outage) bool { return u.Channel == m.Channel }) {
			s.reportOutage(m)
		}
	}
}

// reportOutage reports that a message is blocked.
func (s *State) reportOutage(m *Message) {
	u := Outage{Channel: m.Channel, What: m.What, Since: m.Due, Failure: m.Failure}
	if m.Channel != s.Settings.AlertsChannel {
		u.Alert = "outage-" + m.Key + "-" + itoa(m.Wanted)
		n := Note{Frame: s.frame(), Kind: NoteOutage, Channel: u.Channel, What: u.What, Since: u.Since, Mention: s.Settings.Escalation,
			Link: s.link(m.Key), Refusal: &Refusal{Party: "Slack", Text: u.Failure}}
		s.post(u.Alert, s.Settings.AlertsChannel, Card{Note: &n}, "notice of an outage in "+u.Channel)
	}
	s.Outages = append(s.Outages, u)
	s.out.Outages = append(s.out.Outages, u)
}

// reportsOutage reports whether a message is about a channel that is blocked now.
func (s *State) reportsOutage(key string) bool {
	return slices.ContainsFunc(s.Outages, func(u Outage) bool { return u.Alert == key })
}

// endOutage withdraws the message about a channel, or updates it if it has been posted.
func (s *State) endOutage(u Outage) {
	m := s.message(u.Alert)
	switch {
	case m == nil:
	case m.unposted():
		s.Outbox = slices.DeleteFunc(s.Outbox, func(o *Message) bool { return o == m })
	default:
		n := *m.Card.Note
		n.Over, n.Mention = s.now, nil
		s.post(m.Key, m.Channel, Card{Note: &n}, m.What)
	}
}
