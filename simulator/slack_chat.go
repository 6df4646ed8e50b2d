package simulator

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/time/rate"
)

// limited gives the seconds to wait if a channel's posts come too fast.
func (s *Slack) limited(name string, a args) string {
	if s.opts.PostsPerSecond <= 0 || name != "chat.postMessage" {
		return ""
	}
	id := a.text("channel")
	l := s.limits[id]
	if l == nil {
		l = rate.NewLimiter(rate.Limit(s.opts.PostsPerSecond), max(1, s.opts.PostBurst))
		s.limits[id] = l
	}
	r := l.ReserveN(s.now(), 1)
	wait := r.DelayFrom(s.now())
	if wait == 0 {
		return ""
	}
	r.CancelAt(s.now())
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}

// writable gives a channel that the app may write to. Slack takes a name for a new post, ids elsewhere.
func (s *Slack) writable(text string, byName bool) (*Channel, *slackError) {
	c := s.channel(text)
	if c == nil && byName {
		for i := range s.opts.Channels {
			if s.opts.Channels[i].Name == strings.TrimPrefix(text, "#") {
				c = &s.opts.Channels[i]
			}
		}
	}
	switch {
	case c == nil:
		return nil, refuse("channel_not_found")
	case c.NotMember:
		return nil, refuse("not_in_channel")
	case c.Archived:
		return nil, refuse("is_archived")
	}
	return c, nil
}

func (s *Slack) postMessage(a args) (map[string]any, *slackError) {
	c, err := s.writable(a.text("channel"), true)
	if err != nil {
		return nil, err
	}
	m := &message{channel: c.ID, user: s.opts.BotUser}
	if err := s.fill(m, a, "chat.postMessage"); err != nil {
		return nil, err
	}
	if thread := a.text("thread_ts"); thread != "" {
		root := s.find(c.ID, thread)
		if root == nil || root.to != "" {
			return nil, refuse("thread_not_found")
		}
		m.thread = root.root()
	}
	m.noUnfurl = a.has("unfurl_links") && !a.yes("unfurl_links")
	s.add(m)
	return map[string]any{"channel": c.ID, "ts": m.ts, "message": s.render(m, true)}, nil
}

func (s *Slack) postEphemeral(a args) (map[string]any, *slackError) {
	c, err := s.writable(a.text("channel"), false)
	if err != nil {
		return nil, err
	}
	to := a.text("user")
	if s.user(to) == nil || !c.has(to) {
		return nil, refuse("user_not_in_channel")
	}
	m := &message{channel: c.ID, user: s.opts.BotUser, to: to, thread: a.text("thread_ts")}
	if err := s.fill(m, a, "chat.postEphemeral"); err != nil {
		return nil, err
	}
	s.add(m)
	return map[string]any{"message_ts": m.ts}, nil
}

func (s *Slack) update(a args) (map[string]any, *slackError) {
	m, err := s.own(a)
	if err != nil {
		return nil, err
	}
	if len(a.text("text")) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	if err := s.edit(m, a, "chat.update"); err != nil {
		return nil, err
	}
	return map[string]any{"channel": m.channel, "ts": m.ts, "text": m.text, "message": s.render(m, true)}, nil
}

// own gives the app's own message that a call names by channel and ts.
func (s *Slack) own(a args) (*message, *slackError) {
	c, err := s.writable(a.text("channel"), false)
	if err != nil {
		return nil, err
	}
	m := s.find(c.ID, a.text("ts"))
	switch {
	case m == nil, m.to != "": // ephemeral messages can't be named later
		return nil, refuse("message_not_found")
	case m.user != s.opts.BotUser:
		return nil, refuse("cant_update_message")
	}
	return m, nil
}
