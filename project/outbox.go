package project

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
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
	answerFor = 5 * time.Minute // a later answer to a click is useless

	// maxWaiting is how many replies may wait per thread: at Slack's rate of one per second, half a minute's.
	maxWaiting = 30
	// maxWaitingRoots is how many root messages may wait while Slack is down, so that the state stays small.
	maxWaitingRoots = 60
	// maxFormer is how many alerts and requests of earlier pauses may wait.
	maxFormer = 20
	// maxWaitingSize is how many bytes of the state messages may take while more of them wait than fewWaiting, because Prodege
	// support may write long texts.
	maxWaitingSize = 100 << 10
	fewWaiting     = 20
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
	Overdue    bool      `json:"overdue,omitempty"`    // it has been due for five minutes, for queries too, which have no time
	Plain      bool      `json:"plain,omitempty"`      // Slack refused its layout: only its text was posted, without buttons
}

func (m *Message) pending() bool { return m.Shown < m.Wanted }

// unposted reports whether a message has certainly not been posted, and is not being posted now.
func (m *Message) unposted() bool { return m.pending() && m.TS == "" && !m.Busy && !m.Maybe }

func (m *Message) root() bool { return m.Parent == "" && m.User == "" }

func (m *Message) hasButtons() bool {
	switch c := m.Card; {
	case c.Request != nil:
		return c.Request.HasButtons()
	case c.Pause != nil:
		return c.Pause.End == nil && c.Pause.Action.HasButtons()
	}
	return false
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
		return s.add(Message{Key: key, Channel: channel, Card: card, What: what})
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

func (s *State) add(m Message) *Message {
	s.Outbox = append(s.Outbox, &m)
	s.want(&m)
	return &m
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
	s.add(Message{Key: key, Channel: root.Channel, Parent: parent, Card: Card{Note: &note}, What: what})
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
	switch {
	case s.countMore(parent, note.Event):
	case s.backlogged(parent, maxWaiting):
		note.Kind, note.Times = NoteMore, 1
		s.reply(parent, key, note, "more events")
	default:
		s.reply(parent, key, note, what)
	}
}

// postOrCount posts a root message that may come again and again: above the limit they are counted in one message.
func (s *State) postOrCount(key, channel string, card Card, e prodege.Event, what string) {
	e = trimmed(e)
	switch {
	case s.countMore("", &e):
	case s.backlogged("", maxWaitingRoots):
		s.postMore(key, channel, e)
	default:
		s.post(key, channel, card, what)
	}
}

// postMore posts a message that counts others.
func (s *State) postMore(key, channel string, e prodege.Event) {
	s.post("more-"+key, channel, Card{Note: &Note{Frame: s.frame(), Kind: NoteMore, Times: 1, Event: &e}}, "more events")
}

// countMore counts an event in the message that counts others in a thread, or among the root messages if parent is empty. It
// returns false if none waits to be posted.
func (s *State) countMore(parent string, e *prodege.Event) bool {
	for _, m := range s.Outbox {
		if n := m.Card.Note; n != nil && n.Kind == NoteMore && m.Parent == parent && m.unposted() {
			more := *n
			more.Times, more.Event = n.Times+1, cmp.Or(e, n.Event)
			m.Card.Note = &more
			return true
		}
	}
	return false
}

// backlogged reports whether so much waits to be posted, in a thread or as root messages, that more should only be counted.
func (s *State) backlogged(parent string, limit int) bool {
	here, all := 0, 0
	for _, m := range s.Outbox {
		if m.pending() {
			all++
			if m.User == "" && m.TS == "" && m.Parent == parent {
				here++
			}
		}
	}
	return here >= limit || all > fewWaiting && encodedSize(s.Outbox) > maxWaitingSize
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
	s.add(Message{Try: Try{Until: s.now.Add(answerFor)}, Key: key, Channel: channel, User: user, Card: Card{Answer: &a}, What: string(a.Kind)})
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
	if s.countMore("", nil) {
		return
	}
	e := prodege.Event{ID: prodege.EventID(m.Key), ProjectID: s.ID, Status: prodege.Paused, Reason: prodege.RealTimePricing}
	if p := m.Card.Pause; p != nil {
		e = p.Event
	}
	s.postMore(m.Key, m.Channel, e)
}

// inUse reports whether a message may still be edited, or replied to.
func (s *State) inUse(key string) bool {
	for _, p := range nonNil(s.Pause, s.LastPause) {
		if oneOf(key, p.Alert, p.Request, p.Rejection) {
			return true
		}
	}
	for _, q := range nonNil(s.Request, s.Former) {
		if requestKey(q.ID) == key {
			return true
		}
	}
	return s.Invoice != nil && s.Invoice.Key == key || s.reportsOutage(key)
}

// frame returns what every root message has, with the address of this project's workflow in the Temporal UI.
func (s *State) frame() Frame {
	f := Frame{Project: s.Name, Simulated: s.Settings.Simulated}
	if ui := s.Settings.TemporalUIURL; ui != "" {
		f.UI = ui + "/namespaces/" + url.PathEscape(s.Settings.Namespace) + "/workflows/" + WorkflowID(s.ID)
	}
	return f
}

// saysTheSame reports whether an edit to a card can be skipped, because only its link differs, or what it looks like in memory,
// such as a time's zone.
func saysTheSame(old, new *Card) bool {
	if a, b := old.frame(), new.frame(); a != nil && b != nil && a.UI != b.UI {
		defer func(ui string) { b.UI = ui }(b.UI)
		b.UI = a.UI
	}
	return reflect.DeepEqual(old, new) || sameJSON(old, new)
}

func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
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
