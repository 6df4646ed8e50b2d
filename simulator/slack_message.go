package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Slack's limits on texts (docs.slack.dev: chat.postMessage, chat.update). The one of chat.update is
// documented in characters; others measured that bytes of UTF-8 are counted, so the stricter is held.
const (
	maxPostText   = 40000 // characters; longer texts are cut, not refused
	maxUpdateText = 4000  // bytes
	maxMetadata   = 12000 // bytes of JSON; Slack says metadata_too_large without a figure, and others saw this one hold
)

// message is one in a channel, or shown to one person only.
type message struct {
	channel, ts string
	thread      string // ts of the root; empty for a root
	user        string // who wrote it
	to          string // ephemeral: shown to this person only
	text        string
	blocks      []any
	metadata    map[string]any
	edited      string // ts of the last edit that shows the "edited" mark
	edits       int
	noUnfurl    bool
	earlier     [][]any    // the blocks before each edit, so that a click on a stale button can be made
	replies     []*message // of a root

	seenBlocks   []Block // typed copies for those who read, made when the message is written
	seenMetadata *Metadata
}

// add puts a message into its channel, and its thread if it has one.
func (s *Slack) add(m *message) {
	m.ts = s.newTS()
	s.messages = append(s.messages, m)
	s.byTS[m.channel+"/"+m.ts] = m
	if root := s.byTS[m.channel+"/"+m.thread]; root != nil && m.to == "" {
		root.replies = append(root.replies, m)
	}
}

// edit writes a message anew. Slack marks it as edited only if people see its text rather than blocks.
func (s *Slack) edit(m *message, a args, method string) *slackError {
	before := m.blocks
	if err := s.fill(m, a, method); err != nil {
		return err
	}
	m.earlier = append(m.earlier, before)
	m.edits++
	if m.blocks == nil {
		m.edited = s.newTS()
	}
	return nil
}

// fill checks and sets text, blocks and metadata. Nothing is changed if it refuses. An edit with a text
// and no blocks removes the blocks; one without metadata keeps it (docs.slack.dev, chat.update).
func (s *Slack) fill(m *message, a args, method string) *slackError {
	text := a.text("text")
	var blocks []any
	if a.has("blocks") && a["blocks"] != "" {
		var err *slackError
		if blocks, err = s.messageBlocks(a); err != nil {
			return err
		}
	}
	metadata, err := readMetadata(a)
	if err != nil {
		return err
	}
	switch {
	case text == "" && blocks == nil:
		return refuse("no_text")
	case text == "":
		s.complain("%s: blocks without a text, which notifications and screen readers need", method)
	}
	if runes := []rune(text); len(runes) > maxPostText {
		text = string(runes[:maxPostText])
		s.complain("%s: text cut to %d characters", method, maxPostText)
	}
	m.text, m.blocks, m.seenBlocks = text, blocks, nil
	copyJSON(blocks, &m.seenBlocks)
	if metadata != nil {
		m.metadata, m.seenMetadata = metadata, nil
		copyJSON(m.metadata, &m.seenMetadata)
	}
	return nil
}

func (s *Slack) messageBlocks(a args) ([]any, *slackError) {
	v, ok := a.json("blocks")
	blocks, isList := v.([]any)
	if !ok || !isList {
		return nil, refuse("invalid_blocks_format")
	}
	faults, size := checkBlocks(blocks, "/blocks")
	if faults != nil {
		return nil, &slackError{code: "invalid_blocks", messages: faults}
	}
	if size > maxMessageSize {
		return nil, refuse("msg_blocks_too_long")
	}
	s.nameBlocks(blocks)
	if len(blocks) == 0 {
		return nil, nil
	}
	return blocks, nil
}

// readMetadata gives nil if none was sent.
func readMetadata(a args) (map[string]any, *slackError) {
	if !a.has("metadata") || a["metadata"] == "" {
		return nil, nil
	}
	v, ok := a.json("metadata")
	object, isObject := v.(map[string]any)
	if !ok || !isObject {
		return nil, refuse("invalid_metadata_format")
	}
	kind, _ := object["event_type"].(string)
	payload, isObject := object["event_payload"].(map[string]any)
	if kind == "" || !isObject {
		return nil, refuse("invalid_metadata_schema")
	}
	if b, _ := json.Marshal(object); len(b) > maxMetadata {
		return nil, refuse("metadata_too_large")
	}
	return map[string]any{"event_type": kind, "event_payload": payload}, nil
}

// nameBlocks gives each block without an id one, as Slack does.
func (s *Slack) nameBlocks(blocks []any) {
	for _, b := range blocks {
		if object := b.(map[string]any); object["block_id"] == nil || object["block_id"] == "" {
			s.serial++
			object["block_id"] = fmt.Sprintf("b%04x", s.serial)
		}
	}
}

func (s *Slack) find(channel, ts string) *message {
	return s.byTS[channel+"/"+ts]
}

func (m *message) root() string {
	if m.thread != "" {
		return m.thread
	}
	return m.ts
}

// render gives the message as the API shows it.
func (s *Slack) render(m *message, withMetadata bool) map[string]any {
	out := map[string]any{
		"type": "message", "ts": m.ts, "text": m.text, "user": m.user, "team": s.opts.TeamID,
	}
	if m.user == s.opts.BotUser {
		out["bot_id"], out["app_id"] = "B0SIMBOT1", "A0SIMAPP1"
	}
	if m.blocks != nil {
		out["blocks"] = m.blocks
	}
	if m.edited != "" {
		out["edited"] = map[string]any{"user": m.user, "ts": m.edited}
	}
	if m.metadata != nil && withMetadata {
		out["metadata"] = m.metadata
	}
	switch replies := len(m.replies); {
	case m.thread != "":
		out["thread_ts"] = m.thread
	case replies > 0:
		out["thread_ts"], out["reply_count"], out["latest_reply"] = m.ts, replies, m.replies[replies-1].ts
	}
	return out
}

// tsTime reads a ts.
func tsTime(ts string) (time.Time, bool) {
	f, err := strconv.ParseFloat(ts, 64)
	return time.UnixMicro(int64(math.Round(f * 1e6))), err == nil
}
