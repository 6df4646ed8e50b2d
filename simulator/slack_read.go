package simulator

import (
	"context"
	"encoding/json"
	"time"
)

// Message is one message as people see it.
type Message struct {
	Channel, TS string
	Thread      string // ts of the root; empty for a root
	User        string // who wrote it
	Text        string // the fallback
	Blocks      []Block
	Metadata    *Metadata
	Edits       int  // how often it was written anew
	Edited      bool // shows the "edited" mark
	Ephemeral   bool
	To          string // of an ephemeral one: who sees it
	NoUnfurl    bool   // unfurl_links was switched off
	Replies     []Message
}

// Metadata is what the app attached, which people don't see.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Messages lists a channel's root messages with their threads, oldest first, without ephemeral ones.
func (s *Slack) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages {
		if m.channel == channel && m.thread == "" && m.to == "" {
			out = append(out, m.seen())
		}
	}
	return out
}

// AllMessages lists every message of a channel by itself, roots and replies, oldest first, without ephemeral ones.
func (s *Slack) AllMessages(channel string) []Message {
	var out []Message
	for _, m := range s.Messages(channel) {
		out = append(out, m)
		out = append(out, m.Replies...)
	}
	return out
}

// Message gives one message, false if there is none.
func (s *Slack) Message(channel, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channel, ts)
	if m == nil {
		return Message{}, false
	}
	return m.seen(), true
}

// Ephemerals lists what was shown to one person alone, oldest first.
func (s *Slack) Ephemerals(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages {
		if m.to == user {
			out = append(out, m.seen())
		}
	}
	return out
}

// seen gives the message as people see it, with its thread. Blocks and metadata are shared: they are for reading.
func (m *message) seen() Message {
	out := Message{Channel: m.channel, TS: m.ts, Thread: m.thread, User: m.user, Text: m.text, Edits: m.edits,
		Edited: m.edited != "", Ephemeral: m.to != "", To: m.to, NoUnfurl: m.noUnfurl, Blocks: m.seenBlocks, Metadata: m.seenMetadata}
	for _, r := range m.replies {
		out.Replies = append(out.Replies, r.seen())
	}
	return out
}

// copyJSON brings what was checked already into a typed copy.
func copyJSON(from, to any) {
	b, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		panic("simulator: a checked message does not decode: " + err.Error())
	}
}

// WaitMessage waits until a message of the channel, root or reply, satisfies is, and gives the newest that does.
func (s *Slack) WaitMessage(ctx context.Context, channel string, is func(Message) bool) (Message, error) {
	return s.waitFor(ctx, "a message in "+channel, is, func() []Message { return s.AllMessages(channel) })
}

// WaitEphemeral waits until something shown to that person alone satisfies is.
func (s *Slack) WaitEphemeral(ctx context.Context, user string, is func(Message) bool) (Message, error) {
	return s.waitFor(ctx, "something shown to "+user+" alone", is, func() []Message { return s.Ephemerals(user) })
}

func (s *Slack) waitFor(ctx context.Context, what string, is func(Message) bool, all func() []Message) (found Message, err error) {
	err = s.await(ctx, what, func() bool {
		list := all()
		for i := len(list) - 1; i >= 0; i-- {
			if is(list[i]) {
				found = list[i]
				return true
			}
		}
		return false
	})
	return found, err
}

// Time gives when the message was written, from its ts.
func (m Message) Time() time.Time {
	t, _ := tsTime(m.TS)
	return t
}
