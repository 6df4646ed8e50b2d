package simulator

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// readable gives a channel whose messages the app may read. Only members can.
func (s *Slack) readable(id string) (*Channel, *slackError) {
	c := s.channel(id)
	switch {
	case c == nil:
		return nil, refuse("channel_not_found")
	case c.NotMember:
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

// history gives a channel's root messages, newest first.
func (s *Slack) history(a args) (map[string]any, *slackError) {
	c, err := s.readable(a.text("channel"))
	if err != nil {
		return nil, err
	}
	var found []*message
	for i := len(s.messages) - 1; i >= 0; i-- {
		if m := s.messages[i]; m.channel == c.ID && m.thread == "" {
			found = append(found, m)
		}
	}
	return s.page(found, a, 100)
}

// replies gives a thread: the root, then its replies, oldest first.
func (s *Slack) replies(a args) (map[string]any, *slackError) {
	c, err := s.readable(a.text("channel"))
	if err != nil {
		return nil, err
	}
	root := s.find(c.ID, a.text("ts"))
	if root == nil || root.to != "" {
		return nil, refuse("thread_not_found")
	}
	return s.page(append([]*message{root}, root.replies...), a, 1000)
}

// page cuts what was found to oldest and latest, and gives the page that cursor names.
func (s *Slack) page(found []*message, a args, limit int) (map[string]any, *slackError) {
	window, err := readWindow(a)
	if err != nil {
		return nil, err
	}
	if text := a.text("limit"); text != "" && text != "0" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, refuse("invalid_limit")
		}
		limit = min(n, 999) // the most a page has (docs.slack.dev, conversations.history)
	}
	from, err := readCursor(a.text("cursor"))
	if err != nil {
		return nil, err
	}
	shown := []any{}
	next := ""
	for i, m := range found {
		if m.to != "" || !window.has(m.ts) || i < from {
			continue
		}
		if len(shown) == limit {
			next = "next:" + strconv.Itoa(i)
			break
		}
		shown = append(shown, s.render(m, a.yes("include_all_metadata")))
	}
	out := map[string]any{"messages": shown, "has_more": next != ""}
	if next != "" {
		out["response_metadata"] = map[string]any{"next_cursor": base64.StdEncoding.EncodeToString([]byte(next))}
	}
	return out, nil
}

// readCursor gives the place a cursor stands for. It is a place in the list as it is: when messages come
// between two pages, one can be seen twice, as with the real one.
func readCursor(text string) (int, *slackError) {
	if text == "" {
		return 0, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	place, found := strings.CutPrefix(string(b), "next:")
	n, bad := strconv.Atoi(place)
	if err != nil || !found || bad != nil {
		return 0, refuse("invalid_cursor")
	}
	return n, nil
}

type window struct {
	oldest, latest string
	inclusive      bool
}

func readWindow(a args) (window, *slackError) {
	w := window{a.text("oldest"), a.text("latest"), a.yes("inclusive")}
	if _, ok := tsTime(w.oldest); w.oldest != "" && !ok {
		return w, refuse("invalid_ts_oldest")
	}
	if _, ok := tsTime(w.latest); w.latest != "" && !ok {
		return w, refuse("invalid_ts_latest")
	}
	return w, nil
}

func (w window) has(ts string) bool {
	at, _ := tsTime(ts)
	if oldest, ok := tsTime(w.oldest); ok && (at.Before(oldest) || at.Equal(oldest) && !w.inclusive) {
		return false
	}
	latest, ok := tsTime(w.latest)
	return !ok || at.Before(latest) || at.Equal(latest) && w.inclusive
}
