package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// mendEvery is how often a thing that Slack refuses until people mend something is said again.
const mendEvery = 15 * time.Minute

// slowAfterAll is from when on Slack counts as away while it takes a message.
const slowAfterAll = time.Minute

// Message is one thing to be said in Slack: what should stand there, and what does.
// It is part of the workflow's state, so continue-as-new drops nothing that is due.
type Message struct {
	Key     string          `json:"key"` // unique in the workflow; never holds a run id
	Channel string          `json:"channel"`
	Parent  string          `json:"parent,omitempty"` // key of the message in whose thread it goes
	User    string          `json:"user,omitempty"`   // told to this person alone
	Card    activities.Card `json:"card"`
	What    string          `json:"what"`   // for the timeline: "alert", "reminder", …
	Wanted  int             `json:"wanted"` // version that should stand
	Shown   int             `json:"shown"`  // version that stands
	Sent    string          `json:"sent_channel,omitempty"`
	TS      string          `json:"ts,omitempty"`
	Link    string          `json:"link,omitempty"`
	Stood   time.Time       `json:"stood,omitzero"`   // when it stood first
	Tried   time.Time       `json:"tried,omitzero"`   // when it was first tried, so that a repeat looks first
	Fold    bool            `json:"fold,omitempty"`   // may become a line of a digest where its turn is too far off
	Folded  bool            `json:"folded,omitempty"` // it has, and does not stand by itself
	Again   int             `json:"again,omitempty"`  // posted anew, because someone deleted it
	Fault   string          `json:"fault,omitempty"`  // what people must mend before it can be said
	After   time.Time       `json:"after,omitzero"`   // not to be tried before

	saying bool // a coroutine is at it
}

func (m *Message) root() bool   { return m.Parent == "" && m.User == "" }
func (m *Message) quick() bool  { return m.User != "" || m.root() && m.TS != "" }
func (m *Message) unsaid() bool { return m.Shown < m.Wanted }

func (m *Message) stands(now time.Time) {
	if m.Stood.IsZero() { // posted anew, it has stood before
		m.Stood = now
	}
}

// board says what a workflow wants said, in coroutines of its own (speaker.go), so that the workflow
// goes on deciding while Slack is slow or away. The workflow only states what should stand; edits that were
// overtaken before they were made are not made.
type board struct {
	Messages *[]*Message // in the workflow's state
	queue    string
	workflow string
	posting  workflow.Channel // tells the speaker that there is something to post
	editing  workflow.Channel // tells the editor that there is something to edit, or a click to answer
	changed  func()           // tells the workflow that something was said, or can't be
	busy     int
	slow     time.Duration // how long Slack took over things that took it more than a minute
}

func newBoard(ctx workflow.Context, messages *[]*Message, queue string, changed func()) *board {
	b := &board{Messages: messages, queue: queue, workflow: workflow.GetInfo(ctx).WorkflowExecution.ID,
		posting: workflow.NewNamedBufferedChannel(ctx, "something to post", 1), editing: workflow.NewNamedBufferedChannel(ctx, "something to edit", 1), changed: changed}
	// Edits and answers to clicks have rates of their own at Slack: they must not wait for a post's turn in its channel.
	workflow.GoNamed(ctx, "speaker", func(ctx workflow.Context) { b.speak(ctx, b.posting, false) })
	workflow.GoNamed(ctx, "editor", func(ctx workflow.Context) { b.speak(ctx, b.editing, true) })
	return b
}

func (b *board) find(key string) *Message {
	for _, m := range *b.Messages {
		if m.Key == key {
			return m
		}
	}
	return nil
}

// post wants a root message to stand; where it stands already it is edited.
func (b *board) post(key, channel string, card activities.Card, what string) {
	if m := b.find(key); m != nil {
		m.Card, m.What = card, what
		if !m.Folded { // a digest told it; what only adorns it is no news
			m.Wanted++
			b.rouse()
		}
		return
	}
	b.add(&Message{Key: key, Channel: channel, Card: card, What: what})
}

// alert is post for what may be told in a digest.
func (b *board) alert(key, channel string, card activities.Card, what string) {
	b.post(key, channel, card, what)
	b.find(key).Fold = true
}

// unfold has a message that became a line of a digest said by itself, as there is news about it.
func (b *board) unfold(key string) {
	if m := b.find(key); m != nil && m.Folded {
		m.Folded, m.Tried = false, time.Time{} // it was never tried: its turn had not come
		m.Wanted++
		b.rouse()
	}
}

// mustStand has a message stand by itself, however crowded its channel is: something is to be said in its thread.
func (b *board) mustStand(key string) {
	m := b.find(key)
	if m == nil || !m.Fold || m.TS != "" {
		return
	}
	m.Fold, m.Wanted = false, m.Wanted+1
	if m.Folded {
		m.Folded, m.Tried = false, time.Time{} // as unfold
	}
	b.rouse()
}

// again has a message written once more as it is.
func (b *board) again(key string) {
	if m := b.find(key); m != nil {
		m.Wanted++
		b.rouse()
	}
}

// reply says something once in a message's thread.
func (b *board) reply(parent, key string, card activities.Card, what string) {
	if root := b.find(parent); root != nil && b.find(key) == nil {
		b.add(&Message{Key: key, Channel: root.Channel, Parent: parent, Card: card, What: what})
	}
}

// withdraw takes back what has not been said and is not so any more. What is being said just now is said.
func (b *board) withdraw(is func(*Message) bool) {
	*b.Messages = slices.DeleteFunc(*b.Messages, func(m *Message) bool { return m.Shown == 0 && m.TS == "" && !m.saying && is(m) })
}

// toldOfFailure says whether a message is the note that an act did not come to its end.
func toldOfFailure(m *Message) bool {
	return m.Card.Note != nil && m.Card.Note.Kind == activities.NoteFailed
}

// maxUnsaid is how many replies may wait in one thread. At Slack's one message a second that is half a minute;
// what comes on top is told in one reply, so that a burst neither fills the channel for an hour nor the state.
const maxUnsaid = 30

// replyOrFold is reply for news that may come in bursts: over the bound it is counted in one further reply.
func (b *board) replyOrFold(parent, key string, card activities.Card, what string) {
	b.unfold(parent)
	waiting := 0
	var folded *Message
	for _, m := range *b.Messages {
		if m.Parent == parent && m.unsaid() {
			waiting++
			if m.Card.Note != nil && m.Card.Note.Kind == activities.NoteMore && m.Tried.IsZero() {
				folded = m
			}
		}
	}
	switch {
	case folded != nil:
		folded.Card.Note.Times++
		folded.Card.Note.Event = card.Note.Event
	case waiting >= maxUnsaid:
		card.Note.Kind, card.Note.Times = activities.NoteMore, 1
		b.reply(parent, key, card, "more events")
	default:
		b.reply(parent, key, card, what)
	}
}

// whisper answers one person alone.
func (b *board) whisper(key, channel, user string, card activities.Card, what string) {
	b.add(&Message{Key: key, Channel: channel, User: user, Card: card, What: what})
}

// maxUnsaidRoots is how many messages of their own may wait while Slack is away; further ones are counted in one,
// so that the state stays small however long that takes.
const maxUnsaidRoots = 60

// postOrFold is post for what may come again and again.
func (b *board) postOrFold(key, channel string, card activities.Card, event prodege.Event, frame activities.Frame, what string) {
	const more = "more"
	waiting := 0
	for _, m := range *b.Messages {
		if m.root() && m.unsaid() && m.TS == "" {
			waiting++
		}
	}
	if waiting < maxUnsaidRoots {
		b.post(key, channel, card, what)
		return
	}
	note := activities.Note{Frame: frame, Kind: activities.NoteMore, Times: 1, Event: &event}
	if m := b.find(more); m != nil && m.TS == "" {
		note.Times += m.Card.Note.Times
	}
	b.post(more, channel, activities.Card{Note: &note}, "more events")
}

func (b *board) add(m *Message) {
	m.Wanted = 1
	*b.Messages = append(*b.Messages, m)
	b.rouse()
}

func (b *board) rouse() {
	b.posting.SendAsync(true)
	b.editing.SendAsync(true)
}

// idle says whether nothing is left to say.
func (b *board) idle() bool {
	if b.busy > 0 {
		return false
	}
	for _, m := range *b.Messages {
		if m.unsaid() {
			return false
		}
	}
	return true
}

func (b *board) link(key string) string {
	if m := b.find(key); m != nil {
		return m.Link
	}
	return ""
}

// stood is when a message stood first.
func (b *board) stood(key string) time.Time {
	if m := b.find(key); m != nil {
		return m.Stood
	}
	return time.Time{}
}

// fault is the first thing that people must mend before we can go on speaking.
func (b *board) fault() string { return faultOf(*b.Messages) }

func faultOf(messages []*Message) string {
	for _, m := range messages {
		if m.unsaid() && m.Fault != "" {
			return m.Fault
		}
	}
	return ""
}

// silence is how long Slack could not be spoken to since it was asked last, as far as single things tell.
func (b *board) silence() time.Duration {
	lost := b.slow
	b.slow = 0
	return lost
}

// tidy forgets replies that were said and all but the newest root messages, so that the state stays small.
func (b *board) tidy(keepRoots int, inUse func(key string) bool) {
	roots := 0
	for i := len(*b.Messages) - 1; i >= 0; i-- {
		m := (*b.Messages)[i]
		said := !m.unsaid() && b.busy == 0
		switch {
		case m.root() && (inUse(m.Key) || !said || b.hasUnsaidReplies(m.Key)):
		case m.root():
			if roots++; roots > keepRoots {
				*b.Messages = append((*b.Messages)[:i], (*b.Messages)[i+1:]...)
			}
		case said:
			*b.Messages = append((*b.Messages)[:i], (*b.Messages)[i+1:]...)
		}
	}
}

func (b *board) hasUnsaidReplies(key string) bool {
	for _, m := range *b.Messages {
		if m.Parent == key && m.unsaid() {
			return true
		}
	}
	return false
}
