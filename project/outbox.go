package project

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// The outbox contains the messages in Slack: for each one, what it should say and what it does say. The rules:
//
//   - Everything is posted once. If an attempt may have succeeded, the next one gets the time of the first, so that the activity
//     searches before it posts.
//   - Nothing that is due is dropped. After a transient failure a message is tried again after 1 s, doubling to 1 min; after one
//     that people must fix, every 15 minutes.
//   - In each thread posts are made one at a time, in order; edits that are out of date are skipped.
//   - A burst does not flood a channel: an alert that waits for its turn for a minute becomes a line in the channel's digest,
//     and above a limit replies and messages are only counted, in one message.

const (
	postWait     = time.Minute      // how long a post waits in its channel's queue before it counts as not started
	operatorWait = 15 * time.Minute // between attempts while people must fix something
	postBackoff  = time.Minute      // the longest delay between attempts after transient failures
	answerFor    = 5 * time.Minute  // a later answer to a click is useless

	// maxWaiting is how many replies may wait per thread: at Slack's rate of one per second, half a minute's.
	maxWaiting = 30
	// maxWaitingRoots is how many root messages may wait while Slack is down, so that the state stays small.
	maxWaitingRoots = 60
	// maxFormer is how many alerts and requests of earlier pauses may wait.
	maxFormer = 20
	// maxWaitingSize is how many bytes of the state waiting notes may take, however few they are, because Prodege support may
	// write long texts.
	maxWaitingSize = 120 << 10
	// maxWaitingAnswers is how many answers to clicks may wait; others are only in the state.
	maxWaitingAnswers = 50
)

// Message is a message in Slack.
type Message struct {
	Try
	Key        string    `json:"key"` // unique in the project
	Channel    string    `json:"channel"`
	Parent     string    `json:"parent,omitempty"`     // key of the message in whose thread it goes
	User       string    `json:"user,omitempty"`       // an ephemeral message to this person
	Card       Card      `json:"card"`                 // what it should say
	What       string    `json:"what"`                 // for the timeline: "alert", "reminder", …
	Wanted     int       `json:"wanted"`               // version that should be in Slack
	Shown      int       `json:"shown,omitempty"`      // version that is in Slack
	Attempting int       `json:"attempting,omitempty"` // version of the attempt in progress
	Read       *Read     `json:"read,omitempty"`       // what to read from Prodege when it is posted
	Sent       string    `json:"sent_channel,omitempty"`
	TS         string    `json:"ts,omitempty"`
	Thread     string    `json:"thread,omitempty"` // of a reply: ts of the root message in the last attempt
	Link       string    `json:"link,omitempty"`
	PostedAt   time.Time `json:"posted_at,omitzero"`   // when it was first posted
	Due        time.Time `json:"due,omitzero"`         // since when a post or edit has been due
	Hold       time.Time `json:"hold,omitzero"`        // an edit waits until then for another one that is likely to follow
	MayDigest  bool      `json:"may_digest,omitempty"` // may become a line of a digest if it would have to wait too long
	Digesting  bool      `json:"digesting,omitempty"`  // is becoming one
	InDigest   bool      `json:"in_digest,omitempty"`  // has become one, and is not a message of its own
	Again      int       `json:"again,omitempty"`      // how often it was posted again because somebody deleted it
	Fault      string    `json:"fault,omitempty"`      // what people must fix before it can be posted
	Failure    string    `json:"failure,omitempty"`    // why the last attempt failed
	Queued     bool      `json:"queued,omitempty"`     // the last attempt failed only because its turn did not come
	Overdue    bool      `json:"overdue,omitempty"`    // it has been due for five minutes
	Plain      bool      `json:"plain,omitempty"`      // Slack refused its layout: only its text was posted, without buttons
}

func (m *Message) pending() bool { return m.Shown < m.Wanted }

// unposted reports whether a message has certainly not been posted, and is not being posted now.
func (m *Message) unposted() bool { return m.pending() && m.TS == "" && !m.Busy && !m.Maybe }

func (m *Message) root() bool { return m.Parent == "" && m.User == "" }

func (m *Message) givesUpInvoice() bool {
	return m.Card.Invoice != nil && m.Card.Invoice.Phase == InvoiceCancelled
}

func (m *Message) hasButtons() bool {
	switch c := m.Card; {
	case c.Request != nil:
		return c.Request.HasButtons()
	case c.Pause != nil:
		return c.Pause.End == nil && c.Pause.Action.HasButtons()
	}
	return false
}

// size estimates the size of a message in the state, in bytes. It overestimates.
func (m *Message) size() int {
	size := 900
	switch c := m.Card; {
	case c.Note != nil && c.Note.Event != nil:
		size += eventSize(c.Note.Event)
	case c.Rejection != nil:
		size += eventSize(&c.Rejection.Event)
	case c.Request != nil:
		size += 1000 + decisionsSize(c.Request.Decisions) + decisionsSize(c.Request.Earlier)
		if c.Request.Other != nil {
			size += 500 + eventSize(c.Request.Other)
		}
	case c.Pause != nil:
		size += 500 + eventSize(&c.Pause.Event)
		if c.Pause.Moved != nil {
			size += 500 + eventSize(c.Pause.Moved)
		}
		if a := c.Pause.Action; a != nil {
			size += 500 + 400*len(a.Offers) + decisionsSize(a.Decisions)
		}
	case c.Invoice != nil:
		size += 2000
	}
	return size
}

func decisionsSize(list []Decided) int {
	size := 0
	for _, d := range list {
		size += 250 + min(6*len(d.Reason), maxOfAnswer)
	}
	return size
}

// eventSize is room for an event's texts: a character takes at most six bytes, and trimmed cuts them.
func eventSize(e *prodege.Event) int {
	return min(6*len(e.RejectionNote), 1000) + min(6*len(e.ReconciliationNote), 1000) + min(6*len(e.Description), 200) + min(6*len(e.Status), 100)
}

func (s *State) message(key string) *Message {
	for _, m := range s.Outbox {
		if m.Key == key {
			return m
		}
	}
	return nil
}

func (s *State) link(key string) string {
	if m := s.message(key); m != nil {
		return m.Link
	}
	return ""
}

// post wants a root message with a card: it is posted, or edited if it has been posted already.
func (s *State) post(key, channel string, card Card, what string) *Message {
	m := s.message(key)
	switch {
	case m == nil:
		m = &Message{Key: key, Channel: channel, Card: card, What: what}
		s.Outbox = append(s.Outbox, m)
		s.want(m)
	case saysTheSame(&m.Card, &card):
	case m.InDigest:
		m.Card = card // it is in a digest, for which figures are no reason to post it
	default:
		m.Card, m.What = card, what
		if m.After.Equal(m.Hold) {
			m.After = time.Time{}
		}
		m.Hold = time.Time{}
		s.want(m)
	}
	return m
}

// want lets a message be posted, or edited.
func (s *State) want(m *Message) {
	if !m.pending() {
		m.Due, m.First, m.Overdue = s.now, time.Time{}, false
	}
	m.Wanted++
}

// hold delays an edit, because another one is likely to follow at once.
func (s *State) hold(key string, d time.Duration) {
	if m := s.message(key); m != nil && m.TS != "" && m.pending() && m.After.IsZero() {
		m.Hold = s.now.Add(d)
		m.After = m.Hold
	}
}

// reply posts a note in a message's thread, once.
func (s *State) reply(parent, key string, note Note, what string) {
	root := s.message(parent)
	if root == nil || s.message(key) != nil {
		return
	}
	m := &Message{Key: key, Channel: root.Channel, Parent: parent, Card: Card{Note: &note}, What: what}
	s.Outbox = append(s.Outbox, m)
	s.want(m)
}

// replyEnsuringPosted is reply for what must be read: the root is posted for it, even if it is in a digest.
func (s *State) replyEnsuringPosted(parent, key string, note Note, what string) {
	if root := s.message(parent); root != nil {
		root.MayDigest = false
		s.leaveDigest(root)
	}
	s.reply(parent, key, note, what)
}

// replyOrCount is reply for news that may come in bursts: above the limit they are counted in one more reply.
func (s *State) replyOrCount(parent, key string, note Note, what string) {
	root := s.message(parent)
	if root == nil {
		return
	}
	s.leaveDigest(root)
	waiting, room := 0, 0
	var more *Message
	for _, m := range s.Outbox {
		if m.pending() {
			room += m.size()
		}
		if m.Parent == parent && m.pending() {
			waiting++
			if n := m.Card.Note; n != nil && n.Kind == NoteMore && m.unposted() {
				more = m
			}
		}
	}
	switch {
	case more != nil:
		n := *more.Card.Note
		n.Times, n.Event = n.Times+1, note.Event
		more.Card.Note = &n
	case waiting >= maxWaiting, room > maxWaitingSize:
		note.Kind, note.Times = NoteMore, 1
		s.reply(parent, key, note, "more events")
	default:
		s.reply(parent, key, note, what)
	}
}

// postOrCount posts a root message that may come again and again: above the limit they are counted in one message.
func (s *State) postOrCount(key, channel string, card Card, e prodege.Event, what string) {
	waiting, room, more := 0, 0, (*Message)(nil)
	for _, m := range s.Outbox {
		if m.pending() {
			room += m.size()
		}
		if m.root() && m.pending() && m.TS == "" {
			waiting++
			if n := m.Card.Note; n != nil && n.Kind == NoteMore && m.unposted() {
				more = m
			}
		}
	}
	switch {
	case more != nil:
		n := *more.Card.Note
		n.Times, n.Event = n.Times+1, ptr(trimmed(e))
		more.Card.Note = &n
	case waiting >= maxWaitingRoots, room > maxWaitingSize:
		s.post("more-"+key, channel, Card{Note: &Note{Frame: s.frame(), Kind: NoteMore, Times: 1, Event: ptr(trimmed(e))}}, "more events")
	default:
		s.post(key, channel, card, what)
	}
}

// withdraw removes notes that have not been posted and are out of date, unless they are being posted now.
func (s *State) withdraw(parent string, kind NoteKind) {
	s.Outbox = slices.DeleteFunc(s.Outbox, func(m *Message) bool {
		return m.Parent == parent && m.Card.Note != nil && m.Card.Note.Kind == kind && m.unposted()
	})
}

// leaveDigest lets a message that is a line of a digest be posted by itself, because there is news about it.
func (s *State) leaveDigest(m *Message) {
	if m.Digesting && !m.Busy {
		m.Digesting = false
	}
	if m.InDigest {
		m.InDigest, m.Digesting = false, false
		s.want(m)
	}
}

// ephemeral posts an answer that only one person sees.
func (s *State) ephemeral(key, channel, user string, a Answer) {
	waiting := 0
	for _, m := range s.Outbox {
		if m.User != "" && m.pending() {
			waiting++
		}
	}
	if waiting >= maxWaitingAnswers {
		return
	}
	m := &Message{Key: key, Channel: channel, User: user, Card: Card{Answer: &a}, What: string(a.Kind)}
	m.Until = s.now.Add(answerFor)
	s.Outbox = append(s.Outbox, m)
	s.want(m)
}

// outboxJobs lists the messages that should be posted or edited now: one post at a time per thread and for a channel's root
// messages, edits and answers to clicks whenever they are due. A post that is blocked does not block the next one. A cancelled
// project posts nothing new, except that an invoice was given up; but it searches for a message that may have been posted,
// because its buttons must be removed.
func (s *State) outboxJobs(list []job) []job {
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
			if s.Cancelled && !m.givesUpInvoice() && !(m.Maybe && m.root()) || m.Parent != "" && (parent == nil || parent.TS == "") || slices.Contains(lines, line(m)) {
				continue
			}
			if !s.now.Before(m.After) {
				lines = append(lines, line(m))
			}
		}
		list = append(list, s.messageJob(m))
	}
	return list
}

func (s *State) messageJob(m *Message) job {
	return job{base: "message/" + m.Key, try: &m.Try,
		begin: func() {
			m.Attempting = m.Wanted
			if parent := s.message(m.Parent); parent != nil {
				m.Thread = parent.TS
			}
		},
		task: func() Task { return s.messageTask(m) },
		done: func(r Result) { s.messageDone(m, r) },
	}
}

func (s *State) messageTask(m *Message) Task {
	switch {
	case m.User != "":
		return Task{Summary: "answer the click: " + m.What, Ephemeral: &Ephemeral{Channel: m.Channel, User: m.User, Card: m.Card}}
	case m.Digesting:
		return Task{Summary: "add to the digest: " + m.What, Digest: &AddToDigest{Channel: m.Channel, Item: s.digestItem(m)}}
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

func (s *State) digestItem(m *Message) DigestItem {
	p := m.Card.Pause
	return DigestItem{Key: s.slackKey(m), Project: p.Project, Reason: p.Event.Reason, Description: p.Event.Description, Since: p.Since, End: p.End, UI: p.UI}
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
		if !m.MayDigest || over || s.repliesWait(m) {
			s.leaveDigest(m)
		}
	}
	if m.pending() {
		m.Due, m.First = s.now, time.Time{}
	}
}

// repliesWait reports whether a reply waits in a message's thread.
func (s *State) repliesWait(root *Message) bool {
	return slices.ContainsFunc(s.Outbox, func(m *Message) bool { return m.Parent == root.Key && m.pending() })
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
	m.Failure, m.Queued = cut(f.Text, 200), f.Kind == FailedNotStarted
	switch {
	case m.User != "" && !s.now.Before(m.Until):
		m.Shown = m.Wanted
	case m.User != "" && f.Kind != FailedTransient:
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
		m.Fault = cut(f.Text, 300)
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
	for _, q := range []*Question{s.Request, s.Action} {
		if q != nil && s.messageOf(q) == m.Key && m.hasButtons() {
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

// flushed reports whether nothing is left to post or edit.
func (s *State) flushed() bool {
	return !slices.ContainsFunc(s.Outbox, func(m *Message) bool { return m.pending() || m.Busy })
}

// cleanup drops messages that have been posted and will not be edited any more.
func (s *State) cleanup() {
	s.countFormer()
	said := func(m *Message) bool { return !m.pending() && !m.Busy }
	var parents []string // of waiting replies
	for _, m := range s.Outbox {
		if !said(m) && m.Parent != "" {
			parents = append(parents, m.Parent)
		}
	}
	s.Outbox = slices.DeleteFunc(s.Outbox, func(m *Message) bool {
		return said(m) && !s.inUse(m.Key) && !slices.Contains(parents, m.Key)
	})
}

// countFormer replaces alerts and requests that could not be posted before their pauses ended with one message that counts
// them, if Slack is down for so long that there are too many.
func (s *State) countFormer() {
	former := 0
	for _, m := range slices.Backward(s.Outbox) {
		if m.root() && m.unposted() && (m.Card.Pause != nil || m.Card.Request != nil) && !s.inUse(m.Key) {
			if former++; former > maxFormer {
				s.countIn(m)
			}
		}
	}
}

// countIn removes a message with the replies that wait in its thread, and counts it in one with others.
func (s *State) countIn(m *Message) {
	s.Outbox = slices.DeleteFunc(s.Outbox, func(o *Message) bool { return o == m || o.Parent == m.Key })
	e := prodege.Event{ID: prodege.EventID(m.Key), ProjectID: s.ID, Status: prodege.Paused, Reason: prodege.RealTimePricing}
	if p := m.Card.Pause; p != nil {
		e = p.Event
	}
	for _, o := range s.Outbox {
		if n := o.Card.Note; n != nil && n.Kind == NoteMore && o.root() && o.unposted() {
			more := *n
			more.Times++
			o.Card.Note = &more
			return
		}
	}
	s.post("more-"+m.Key, m.Channel, Card{Note: &Note{Frame: s.frame(), Kind: NoteMore, Times: 1, Event: &e}}, "more events")
}

// inUse reports whether a message may still be edited, or replied to.
func (s *State) inUse(key string) bool {
	for _, p := range []*Pause{s.Pause, s.LastPause} {
		if p != nil && (p.Alert == key || p.Request == key || p.Rejection == key) {
			return true
		}
	}
	for _, q := range []*Question{s.Request, s.Former} {
		if q != nil && requestKey(q.ID) == key {
			return true
		}
	}
	return s.Invoice != nil && s.Invoice.Key == key || s.reportsOutage(key)
}

func (s *State) frame() Frame {
	return Frame{Project: s.Name, UI: s.uiLink(), Simulated: s.Settings.Simulated}
}

// saysTheSame reports whether an edit to a card can be skipped: a changed link is no reason for one.
func saysTheSame(old, new *Card) bool {
	a, b := old.frame(), new.frame()
	if a == nil || b == nil || a.UI == b.UI {
		return sameCard(old, new)
	}
	ui := b.UI
	b.UI = a.UI
	same := sameCard(old, new)
	b.UI = ui
	return same
}

// frame returns the frame of a card; nil if it has none.
func (c *Card) frame() *Frame {
	switch {
	case c.Pause != nil:
		return &c.Pause.Frame
	case c.Rejection != nil:
		return &c.Rejection.Frame
	case c.Request != nil:
		return &c.Request.Frame
	case c.Invoice != nil:
		return &c.Invoice.Frame
	case c.Note != nil:
		return &c.Note.Frame
	}
	return nil
}

// sameCard reports whether two cards say the same, although they may differ in memory, such as in a time's zone.
func sameCard(a, b *Card) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
