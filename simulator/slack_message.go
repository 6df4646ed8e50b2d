package simulator

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Message is one message of the app as people see it.
type Message struct {
	Channel, TS string
	Thread      string // ts of the root; empty for a root
	Text        string // the fallback
	Blocks      []Block
	Metadata    *Metadata
	Edits       int    // how often it was written anew
	Edited      bool   // shows the "edited" mark
	To          string // ephemeral: who alone sees it
	NoUnfurl    bool   // unfurl_links was switched off
	Replies     []Message
}

// Metadata is what the app attached, which people don't see.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Time gives when the message was written, from its ts.
func (m Message) Time() time.Time {
	t, _ := tsTime(m.TS)
	return t
}

// tsTime reads a ts.
func tsTime(ts string) (time.Time, bool) {
	f, err := strconv.ParseFloat(ts, 64)
	return time.UnixMicro(int64(math.Round(f * 1e6))), err == nil
}

// message is one in a channel, or shown to one person only.
type message struct {
	Message             // without Replies
	blocks   []any      // as the API shows them
	editedAt string     // ts of the last edit that shows the "edited" mark
	earlier  [][]any    // the blocks before each edit, so that a click on a stale button can be made
	replies  []*message // of a root
}

// add puts a message into its channel, and its thread if it has one.
func (s *Slack) add(m *message) {
	m.TS = s.newTS()
	s.messages = append(s.messages, m)
	s.byTS[m.Channel+"/"+m.TS] = m
	if root := s.message(m.Channel, m.Thread); root != nil && m.To == "" {
		root.replies = append(root.replies, m)
	}
}

func (s *Slack) message(channel, ts string) *message { return s.byTS[channel+"/"+ts] }

// render gives the message as the API shows it.
func (s *Slack) render(m *message, withMetadata bool) object {
	out := object{"type": "message", "ts": m.TS, "text": m.Text, "user": botUser, "team": teamID, "bot_id": botID, "app_id": appID}
	if m.blocks != nil {
		out["blocks"] = m.blocks
	}
	if m.Edited {
		out["edited"] = object{"user": botUser, "ts": m.editedAt}
	}
	if m.Metadata != nil && withMetadata {
		out["metadata"] = m.Metadata
	}
	switch replies := len(m.replies); {
	case m.Thread != "":
		out["thread_ts"] = m.Thread
	case replies > 0:
		out["thread_ts"], out["reply_count"], out["latest_reply"] = m.TS, replies, m.replies[replies-1].TS
	}
	return out
}

// seen gives the message as people see it, with its thread. Blocks and metadata are shared: they are for reading.
func (m *message) seen() Message {
	out := m.Message
	for _, r := range m.replies {
		out.Replies = append(out.Replies, r.Message)
	}
	return out
}

func (s *Slack) messagesThat(is func(*message) bool) (out []Message) {
	defer s.lock()()
	for _, m := range s.messages {
		if is(m) {
			out = append(out, m.seen())
		}
	}
	return out
}

// Messages lists a channel's root messages with their threads, oldest first, without ephemeral ones.
func (s *Slack) Messages(channel string) []Message {
	return s.messagesThat(func(m *message) bool { return m.Channel == channel && m.Thread == "" && m.To == "" })
}

// AllMessages lists every message of a channel by itself, roots and replies, oldest first, without ephemeral ones.
func (s *Slack) AllMessages(channel string) (out []Message) {
	for _, m := range s.Messages(channel) {
		out = append(append(out, m), m.Replies...)
	}
	return out
}

// Ephemerals lists what was shown to one person alone, oldest first.
func (s *Slack) Ephemerals(user string) []Message {
	return s.messagesThat(func(m *message) bool { return m.To == user })
}

// Message gives one message, false if there is none.
func (s *Slack) Message(channel, ts string) (Message, bool) {
	defer s.lock()()
	m := s.message(channel, ts)
	if m == nil {
		return Message{}, false
	}
	return m.seen(), true
}

// WaitMessage waits until a message of the channel, root or reply, satisfies is, and gives the newest that does.
func (s *Slack) WaitMessage(ctx context.Context, channel string, is func(Message) bool) (Message, error) {
	return wait(ctx, &s.news, "a message in "+channel, func() []Message { return s.AllMessages(channel) }, is)
}

// WaitEphemeral waits until something shown to that person alone satisfies is.
func (s *Slack) WaitEphemeral(ctx context.Context, user string, is func(Message) bool) (Message, error) {
	return wait(ctx, &s.news, "something shown to "+user+" alone", func() []Message { return s.Ephemerals(user) }, is)
}

// Block is one block, with the properties of all types that are shown.
type Block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Text     Text      `json:"text"`
	Fields   []Text    `json:"fields"`
	Elements []Element `json:"elements"`
	Label    Text      `json:"label"`
	Hint     Text      `json:"hint"`
	Element  Element   `json:"element"`
	Optional bool      `json:"optional"`
}

// Element is a button, an input, or a text of a context block.
type Element struct {
	Type         string `json:"type"`
	ActionID     string `json:"action_id"`
	Text         Text   `json:"text"`
	Value        string `json:"value"`
	Style        string `json:"style"`
	Placeholder  Text   `json:"placeholder"`
	InitialValue string `json:"initial_value"`
	Multiline    bool   `json:"multiline"`
	MinLength    int    `json:"min_length"`
	MaxLength    int    `json:"max_length"`
	Confirm      struct {
		Text Text `json:"text"`
	} `json:"confirm"` // the dialog that asks before a click is sent
}

// Text is a text object. In a context block the text stands in the element itself, so plain strings are read too.
type Text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// UnmarshalJSON reads a text object or a string.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.Text)
	}
	type plain Text
	return json.Unmarshal(b, (*plain)(t))
}

// Buttons lists a message's buttons in their order.
func Buttons(m Message) (out []Element) {
	for _, b := range m.Blocks {
		out = append(out, only(b.Elements, func(e Element) bool { return e.Type == "button" })...)
	}
	return out
}

// PlainText gives everything that can be read on a message, a line a text, as it was sent (mrkdwn is not taken
// away). A message without blocks is its fallback text.
func PlainText(m Message) string {
	if m.Blocks == nil {
		return m.Text
	}
	return blocksText(m.Blocks)
}

// ViewText gives everything that can be read on a modal or home tab.
func ViewText(v View) string {
	return strings.TrimSpace(v.Title + "\n" + blocksText(v.Blocks) + "\n" + v.Submit)
}

func blocksText(blocks []Block) string {
	var texts []string
	for _, b := range blocks {
		texts = append(texts, b.Text.Text, b.Label.Text, b.Hint.Text)
		for _, f := range b.Fields {
			texts = append(texts, f.Text)
		}
		for _, e := range b.Elements {
			texts = append(texts, e.Text.Text)
		}
		texts = append(texts, b.Element.InitialValue)
	}
	return strings.Join(only(texts, func(text string) bool { return text != "" }), "\n")
}
