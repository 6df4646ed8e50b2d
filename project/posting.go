package project

import (
	"fmt"
	"slices"
	"time"
)

// What the outbox wants is posted and edited by one attempt at a time per message.

const (
	postWait     = time.Minute      // how long a post waits in its channel's queue before it counts as not started
	operatorWait = 15 * time.Minute // between attempts while people must fix something
	postBackoff  = time.Minute      // the longest delay between attempts after transient failures
)

// outboxJobs lists the messages that should be posted or edited now: one post at a time per thread and for a channel's root
// messages, edits and answers to clicks whenever they are due. A post that is blocked does not block the next one. A cancelled
// project posts nothing new, except that an invoice was given up; but it searches for a message that may have been posted,
// because its buttons must be removed.
func (s *State) outboxJobs(add func(job)) {
	var lines []string // in which a post is in progress
	line := func(m *Message) string { return m.Channel + "/" + m.Parent }
	for _, m := range s.Outbox {
		if m.Busy && m.User == "" && m.TS == "" {
			lines = append(lines, line(m))
		}
	}
	for _, m := range s.Outbox {
		if !m.pending() && !m.Busy {
			continue
		}
		if posts := m.User == "" && m.TS == ""; posts && !m.Busy {
			parent := s.message(m.Parent)
			givesUpInvoice := m.Card.Invoice != nil && m.Card.Invoice.Phase == InvoiceCancelled
			if s.Cancelled && !givesUpInvoice && !(m.Maybe && m.root()) || m.Parent != "" && (parent == nil || parent.TS == "") || slices.Contains(lines, line(m)) {
				continue
			}
			if !s.now.Before(m.After) {
				lines = append(lines, line(m))
			}
		}
		add(job{base: "message/" + m.Key, try: &m.Try,
			begin: func() {
				m.Attempting = m.Wanted
				if parent := s.message(m.Parent); parent != nil {
					m.Thread = parent.TS
				}
			},
			task: func() Task { return s.messageTask(m) },
			done: func(r Result) { s.messageDone(m, r) },
		})
	}
}

func (s *State) messageTask(m *Message) Task {
	switch {
	case m.User != "":
		return Task{Summary: "answer the click: " + m.What, Ephemeral: &Ephemeral{Channel: m.Channel, User: m.User, Card: m.Card}}
	case m.Digesting:
		p := m.Card.Pause
		return Task{Summary: "add to the digest: " + m.What, Digest: &AddToDigest{Channel: m.Channel, Item: DigestItem{Key: s.slackKey(m),
			Project: p.Project, Reason: p.Event.Reason, Description: p.Event.Description, Since: p.Since, End: p.End, UI: p.UI}}}
	case m.TS != "":
		return Task{Summary: "edit " + m.What, Edit: &Edit{Channel: m.Sent, TS: m.TS, Key: s.slackKey(m), Card: m.Card}}
	}
	p := &Post{Channel: m.Channel, Key: s.slackKey(m), Card: m.Card, Wait: postWait}
	if s.Settings.posts(m.Channel) {
		p.Queue = m.Channel // no worker polls the queue of a channel that is no longer configured
	}
	if parent := s.message(m.Parent); parent != nil {
		p.Channel, p.Thread = parent.Sent, parent.TS
	}
	if m.Maybe {
		p.Tried = m.First
	} else {
		p.Read = m.Read
	}
	return Task{Summary: "post " + m.What, Post: p}
}

// slackKey returns the key in the message's metadata.
func (s *State) slackKey(m *Message) string {
	key := "project-" + s.ID.String() + "/" + m.Key
	if m.Again > 0 {
		key += fmt.Sprintf("/again-%d", m.Again)
	}
	return key
}

// messageDone handles the result of an attempt to post or edit a message.
func (s *State) messageDone(m *Message, r Result) {
	if r.Failure != nil {
		s.messageFailed(m, *r.Failure)
		return
	}
	m.Fault, m.Failure, m.Queued, m.Overdue, m.After, m.Maybe = "", "", false, false, m.Hold, false
	m.Shown = m.Attempting
	switch {
	case r.Posted != nil:
		s.posted(m, *r.Posted)
	case r.Edited != nil && r.Edited.Gone:
		s.repost(m)
	case r.Edited != nil:
		m.Plain = r.Edited.Plain
		s.nobodyDecides(m, r.Edited.Nobody)
	case m.Digesting:
		over := m.pending() && m.Card.Pause != nil && m.Card.Pause.End != nil // which the digest does not say
		m.Digesting, m.InDigest, m.Shown = false, true, m.Wanted
		s.recordPosted(m.Key, "in a digest")
		repliesWait := slices.ContainsFunc(s.Outbox, func(r *Message) bool { return r.Parent == m.Key && r.pending() })
		if !m.MayDigest || over || repliesWait {
			s.leaveDigest(m)
		}
	}
	if m.pending() {
		m.Due, m.First = s.now, time.Time{}
	}
}

func (s *State) posted(m *Message, p Posted) {
	m.Sent, m.TS, m.Link, m.Plain = p.Channel, p.TS, p.Link, p.Plain
	first := m.PostedAt.IsZero()
	if first {
		m.PostedAt = s.now
	}
	if p.Found && m.root() {
		m.Wanted++ // an earlier attempt posted an older version
	}
	s.nobodyDecides(m, p.Nobody)
	if p.Reading != nil {
		m.Card.Fill(*p.Reading)
		s.readWithPost(*p.Reading)
	} else if m.Read != nil && first {
		s.fillLater()
	}
	m.Read = nil
	s.recordPosted(m.Key, "")
}

// messageFailed handles a failed attempt to post or edit a message, and decides about the next one.
func (s *State) messageFailed(m *Message, f Failure) {
	m.Maybe = m.Maybe || f.Maybe
	m.Failure, m.Queued = Cut(f.Text, 200), f.Kind == FailedNotStarted
	switch {
	case m.User != "" && (f.Kind != FailedTransient || !s.now.Before(m.Until)):
		m.Shown = m.Wanted
	case f.Kind == FailedThreadGone:
		if parent := s.message(m.Parent); parent != nil && parent.TS == m.Thread { // otherwise it is being posted again already
			s.repost(parent)
		}
	case f.Kind == FailedNotStarted:
		if m.MayDigest && !m.Maybe && m.TS == "" && m.Card.Pause != nil && !s.Cancelled {
			m.Digesting = true // it was certainly not posted, and too many others wait
		}
	case f.Kind == FailedOperator, f.Kind == FailedRefused:
		m.Fault = Cut(f.Text, 300)
		m.After = s.now.Add(max(operatorWait, f.RetryAfter))
	case s.reportsOutage(m.Key): // Slack is down for all channels: the blocked message should come first, and withdraw this one
		m.After = s.now.Add(max(operatorWait, f.RetryAfter))
	default:
		m.again(s.now, time.Second, postBackoff, f.RetryAfter)
	}
}

// repost lets a root message be posted again after somebody deleted it.
func (s *State) repost(m *Message) {
	m.TS, m.Link = "", ""
	m.Maybe, m.First, m.After = false, time.Time{}, time.Time{}
	m.Again++
	s.want(m)
}

// nobodyDecides records whether nobody is on the list of approvers, as the activity found for a card with buttons.
func (s *State) nobodyDecides(m *Message, nobody bool) {
	for _, q := range nonNil(s.Request, s.Action) {
		if s.messageOf(q) == m.Key && m.hasButtons() {
			q.Nobody = nobody
			switch c := &m.Card; {
			case c.Request != nil:
				r := *c.Request
				r.Nobody = nobody
				c.Request = &r
			case c.Pause != nil && c.Pause.Action != nil:
				p, a := *c.Pause, *c.Pause.Action
				a.Nobody, p.Action, c.Pause = nobody, &a, &p
			}
		}
	}
}

// unavailableSince returns since when Slack has not accepted something for a channel; zero if it accepts everything.
func (s *State) unavailableSince(channel string) time.Time {
	var since time.Time
	for _, m := range s.Outbox {
		if m.Channel == channel && m.pending() && m.User == "" && m.Failure != "" && !m.Due.IsZero() && (since.IsZero() || m.Due.Before(since)) {
			since = m.Due
		}
	}
	return since
}
