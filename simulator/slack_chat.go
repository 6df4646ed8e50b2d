package simulator

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Slack's limits on texts (docs.slack.dev: chat.postMessage, chat.update). The one of chat.update is
// documented in characters; others measured that bytes of UTF-8 are counted, so the stricter is held.
const (
	maxPostText   = 40000 // characters; longer texts are cut, not refused
	maxUpdateText = 4000  // bytes
	maxMetadata   = 12000 // bytes of JSON; Slack says metadata_too_large without a figure, and others saw this one hold
)

func (s *Slack) postMessage(c *Channel, a args) (object, *slackError) {
	m := &message{Message: Message{Channel: c.ID, NoUnfurl: a.has("unfurl_links") && !a.yes("unfurl_links")}}
	if err := s.fill(m, a, "chat.postMessage"); err != nil {
		return nil, err
	}
	if thread := a.text("thread_ts"); thread != "" {
		root := s.message(c.ID, thread)
		if root == nil || root.To != "" {
			return nil, refuse("thread_not_found")
		}
		m.Thread = cmp.Or(root.Thread, root.TS)
	}
	s.add(m)
	return object{"channel": c.ID, "ts": m.TS, "message": s.render(m, true)}, nil
}

func (s *Slack) postEphemeral(c *Channel, a args) (object, *slackError) {
	to := a.text("user")
	if s.user(to) == nil || !c.has(to) {
		return nil, refuse("user_not_in_channel")
	}
	m := &message{Message: Message{Channel: c.ID, To: to, Thread: a.text("thread_ts")}}
	if err := s.fill(m, a, "chat.postEphemeral"); err != nil {
		return nil, err
	}
	s.add(m)
	return object{"message_ts": m.TS}, nil
}

// update writes a message anew. Slack marks it as edited only if people see its text rather than blocks.
func (s *Slack) update(c *Channel, a args) (object, *slackError) {
	m := s.message(c.ID, a.text("ts"))
	switch {
	case m == nil, m.To != "": // ephemeral messages can't be named later
		return nil, refuse("message_not_found")
	case len(a.text("text")) > maxUpdateText:
		return nil, refuse("msg_too_long")
	}
	before := m.blocks
	if err := s.fill(m, a, "chat.update"); err != nil {
		return nil, err
	}
	m.earlier = append(m.earlier, before)
	m.Edits++
	if m.blocks == nil {
		m.Edited, m.editedAt = true, s.newTS()
	}
	return object{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.render(m, true)}, nil
}

// fill checks and sets text, blocks and metadata. Nothing is changed if it refuses. An edit with a text
// and no blocks removes the blocks; one without metadata keeps it (docs.slack.dev, chat.update).
func (s *Slack) fill(m *message, a args, method string) *slackError {
	text := a.text("text")
	blocks, err := s.readBlocks(a)
	if err != nil {
		return err
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
	m.Text, m.blocks, m.Blocks = text, blocks, nil
	copyJSON(blocks, &m.Blocks)
	if metadata != nil {
		m.Metadata = metadata
	}
	return nil
}

// readBlocks gives nil if there are none.
func (s *Slack) readBlocks(a args) ([]any, *slackError) {
	if !a.has("blocks") {
		return nil, nil
	}
	blocks, isList := a.json("blocks").([]any)
	if !isList {
		return nil, refuse("invalid_blocks_format")
	}
	faults, size := checkMessage(blocks)
	switch {
	case faults != nil:
		return nil, &slackError{code: "invalid_blocks", messages: faults}
	case size > maxMessageSize:
		return nil, refuse("msg_blocks_too_long")
	case len(blocks) == 0:
		return nil, nil
	}
	s.nameBlocks(blocks)
	return blocks, nil
}

// nameBlocks gives each block without an id one, as Slack does.
func (s *Slack) nameBlocks(blocks []any) {
	for _, b := range blocks {
		if block := b.(object); block["block_id"] == nil || block["block_id"] == "" {
			block["block_id"] = s.id("b")
		}
	}
}

// readMetadata gives nil if none was sent.
func readMetadata(a args) (*Metadata, *slackError) {
	if !a.has("metadata") {
		return nil, nil
	}
	sent, isObject := a.json("metadata").(object)
	if !isObject {
		return nil, refuse("invalid_metadata_format")
	}
	kind, _ := sent["event_type"].(string)
	payload, _ := sent["event_payload"].(object)
	if kind == "" || payload == nil {
		return nil, refuse("invalid_metadata_schema")
	}
	if len(encode(sent)) > maxMetadata {
		return nil, refuse("metadata_too_large")
	}
	return &Metadata{kind, payload}, nil
}

// history gives a channel's root messages, newest first.
func (s *Slack) history(c *Channel, a args) (object, *slackError) {
	found := only(s.messages, func(m *message) bool { return m.Channel == c.ID && m.Thread == "" })
	slices.Reverse(found)
	return s.page(found, a, 100)
}

// replies gives a thread: the root, then its replies, oldest first.
func (s *Slack) replies(c *Channel, a args) (object, *slackError) {
	root := s.message(c.ID, a.text("ts"))
	if root == nil || root.To != "" {
		return nil, refuse("thread_not_found")
	}
	return s.page(append([]*message{root}, root.replies...), a, 1000)
}

// page cuts what was found to what came since oldest, and gives the page that cursor names. A cursor is a place in the
// list as it is: when messages come between two pages, one can be seen twice, as with the real one.
func (s *Slack) page(found []*message, a args, limit int) (object, *slackError) {
	oldest, isTS := tsTime(a.text("oldest"))
	if !isTS && a.has("oldest") {
		return nil, refuse("invalid_ts_oldest")
	}
	if a.has("latest") {
		return nil, refuse("invalid_ts_latest") // the app never sends it
	}
	if text := a.text("limit"); text != "" && text != "0" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, refuse("invalid_limit")
		}
		limit = min(n, 999) // the most a page has (docs.slack.dev, conversations.history)
	}
	from := 0
	if a.has("cursor") {
		b, _ := base64.StdEncoding.DecodeString(a.text("cursor"))
		place, isOurs := strings.CutPrefix(string(b), "next:")
		n, err := strconv.Atoi(place)
		if !isOurs || err != nil {
			return nil, refuse("invalid_cursor")
		}
		from = n
	}
	shown, next := []any{}, ""
	for i, m := range found {
		at := m.Time()
		if m.To != "" || i < from || isTS && (at.Before(oldest) || at.Equal(oldest) && !a.yes("inclusive")) {
			continue
		}
		if len(shown) == limit {
			next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(i)))
			break
		}
		shown = append(shown, s.render(m, a.yes("include_all_metadata")))
	}
	return object{"messages": shown, "has_more": next != "", "response_metadata": object{"next_cursor": next}}, nil
}

// A response_url may be used five times within thirty minutes (docs.slack.dev, handling user interaction).
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// right is what an interaction entitles the app to: a trigger_id to open one modal, a response_url to answer without a
// token.
type right struct {
	user, channel string
	at            time.Time
	uses          int
}

// grant gives a right that is known by that id.
func (s *Slack) grant(id, user, channel string) string {
	maps.DeleteFunc(s.rights, func(_ string, r *right) bool { return s.now().Sub(r.at) > 2*responseLife })
	s.rights[id] = &right{user: user, channel: channel, at: s.now()}
	return id
}

func (s *Slack) newTrigger(user string) string {
	return s.grant(s.id("")+".738474920."+s.id("8088930838d8"), user, "")
}

func (s *Slack) newResponseURL(channel, user string) string {
	return s.opts.URL + "/response/" + s.grant(s.id("R")+"x"+s.id(""), user, channel)
}

// serveResponseURL takes what an app answers to an interaction.
func (s *Slack) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var a args
	readable := err == nil && json.Unmarshal(body, &a) == nil
	unlock := s.lock()
	use := cmp.Or(s.rights[r.PathValue("token")], &right{uses: -1})
	unlock()
	s.serve(w, r, call{method: "response", channel: use.channel}, func(fault Fault) answer {
		defer s.lock()()
		if fault.hides() {
			s.record("response", a, string(fault.Kind))
			return answer{}
		}
		status, text := http.StatusBadRequest, "invalid_payload"
		if readable {
			status, text = s.respond(use, a, fault)
		}
		s.record("response", a, map[bool]string{false: text}[status == http.StatusOK])
		return answer{status: status, body: []byte(text)}
	})
}

func (s *Slack) respond(use *right, a args, fault Fault) (int, string) {
	switch {
	case fault.Kind == RateLimited:
		return http.StatusTooManyRequests, "rate_limited"
	case fault.Kind == AnswerCode:
		return http.StatusForbidden, fault.Code
	case use.uses < 0:
		return http.StatusNotFound, "no_service"
	case s.now().Sub(use.at) > responseLife:
		return http.StatusNotFound, "expired_url"
	case use.uses >= responseUses:
		return http.StatusNotFound, "used_url"
	}
	use.uses++
	if err := s.answerInteraction(use.channel, use.user, a); err != nil {
		return http.StatusBadRequest, err.code
	}
	return http.StatusOK, "ok"
}

// answerInteraction shows an answer to the person alone, which is all that the app asks for. Whatever else Slack can do
// (replace_original, delete_original, in_channel) is refused.
func (s *Slack) answerInteraction(channel, user string, a args) *slackError {
	if a.yes("replace_original") || a.yes("delete_original") || a.has("response_type") && a.text("response_type") != "ephemeral" {
		s.complain("response_url: the answer is not for one person: %v", a)
		return refuse("invalid_payload")
	}
	m := &message{Message: Message{Channel: channel, To: user}}
	if err := s.fill(m, a, "response_url"); err != nil {
		return err
	}
	s.add(m)
	return nil
}
