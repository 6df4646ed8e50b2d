package activities

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

const (
	// lookBack is how long before the first attempt Slack is searched: our clock and Slack's may differ.
	lookBack = time.Minute
	// searchLimit is for the search, so that there is time left to post.
	searchLimit = 15 * time.Second
	// pageSize is the maximum that Slack recommends for a page of history.
	pageSize = 200
)

// Post posts a card. Slack has no idempotency key, so each message has one of ours in its metadata, and if an earlier attempt
// may have succeeded Slack is searched for the message first. One case is left: a message that takes more than five seconds
// to show up in Slack's history is posted twice.
func (s *Slack) Post(ctx context.Context, in project.Post) (project.Posted, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	var posted project.Posted
	var err error
	if !in.Tried.IsZero() {
		posted, err = s.search(ctx, in)
	}
	nobody := s.markNobody(ctx, &in.Card)
	outcome := "found"
	if err == nil && posted.TS == "" {
		outcome = "sent"
		posted, err = s.post(ctx, in)
	}
	if err != nil {
		return project.Posted{}, s.failedPost(ctx, in, classifySlack(err)).err()
	}
	posted.Nobody = nobody
	posted.Link = permalink(s.team.get(ctx), posted.Channel, posted.TS, in.Thread)
	count(ctx, metricSlack, outcome, "post")
	return posted, nil
}

// failedPost says how a post failed. Once an attempt may have succeeded that remains so, because Slack's history may be late.
func (s *Slack) failedPost(ctx context.Context, in project.Post, fault slackFault) *failure {
	if in.Thread != "" && fault.kind == slackGone {
		fault.kind = slackThreadGone
	}
	fault.maybe = fault.maybe || !in.Tried.IsZero()
	return s.failed(ctx, "post in "+in.Channel, "post", fault)
}

// post posts the card, with what Prodege says about the project if that is asked for and comes in time.
func (s *Slack) post(ctx context.Context, in project.Post) (project.Posted, error) {
	var out project.Posted
	if reading, ok := s.read(ctx, in.Read); ok {
		in.Card.Fill(reading)
		out.Reading = &reading
	}
	var err error
	out.Plain, err = sendWithFallback(ctx, in.Channel, in.Card, func(m cards.Message) (err error) {
		options := append(withMetadata(in.Key, m), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
		if in.Thread != "" {
			options = append(options, slack.MsgOptionTS(in.Thread))
		}
		out.Channel, out.TS, err = s.api.PostMessageContext(ctx, in.Channel, options...)
		return err
	})
	return out, err
}

// read reads the project for a message; ok is false if it does not come in time.
func (s *Slack) read(ctx context.Context, in *project.Read) (project.Reading, bool) {
	if in == nil || s.prodege == nil {
		return project.Reading{}, false
	}
	reading, err := s.prodege.ReadProject(ctx, *in)
	if err != nil {
		activity.GetLogger(ctx).Info("a message is posted without the figures from Prodege", "project_id", in.Project.String(), "why", err.Error())
	}
	return reading, err == nil
}

// search waits until Slack's history is up to date and looks for a message with this key, in its thread or in the channel.
// TS is empty if there is none.
func (s *Slack) search(ctx context.Context, in project.Post) (project.Posted, error) {
	ctx, cancel := context.WithTimeout(ctx, searchLimit)
	defer cancel()
	select {
	case <-time.After(s.lookAfter):
	case <-ctx.Done():
		return project.Posted{}, ctx.Err()
	}
	next := s.history
	if in.Thread != "" {
		next = s.replies
	}
	oldest := fmt.Sprintf("%d.000000", in.Tried.Add(-lookBack).Unix())
	for cursor := ""; ; {
		messages, more, err := next(ctx, in, oldest, cursor)
		if err != nil {
			return project.Posted{}, err
		}
		for _, m := range messages {
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload[metadataKey] == in.Key {
				return project.Posted{Channel: in.Channel, TS: m.Timestamp, Found: true, Plain: len(m.Blocks.BlockSet) == 0}, nil
			}
		}
		if more == "" {
			return project.Posted{}, nil
		}
		cursor = more
	}
}

// history returns a page of a channel's messages from a cursor on, and the next cursor, which is empty at the end.
func (s *Slack) history(ctx context.Context, in project.Post, oldest, cursor string) ([]slack.Message, string, error) {
	got, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: in.Channel, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true})
	if err != nil {
		return nil, "", err
	}
	return got.Messages, got.ResponseMetaData.NextCursor, nil
}

// replies is history for a thread.
func (s *Slack) replies(ctx context.Context, in project.Post, oldest, cursor string) ([]slack.Message, string, error) {
	messages, _, more, err := s.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: in.Channel, Timestamp: in.Thread, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true})
	return messages, more, err
}

// linkTimeout is the limit for asking for the workspace's address; messages can do without.
const linkTimeout = 3 * time.Second

// teamURL is the workspace's address, which is read when it is first needed. It is safe for concurrent use.
type teamURL struct {
	api *slack.Client

	mu    sync.Mutex
	url   string
	tried time.Time
}

// get returns the address; empty if Slack does not answer, which is then asked again after a minute.
func (t *teamURL) get(ctx context.Context) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.url != "" || time.Since(t.tried) < time.Minute {
		return t.url
	}
	ctx, cancel := context.WithTimeout(ctx, linkTimeout)
	defer cancel()
	t.tried = time.Now()
	if auth, err := t.api.AuthTestContext(ctx); err == nil {
		t.url = strings.TrimRight(auth.URL, "/")
	}
	return t.url
}

// permalink returns a link to a message, in the form that chat.getPermalink returns.
func permalink(team, channel, ts, thread string) string {
	if team == "" || channel == "" || ts == "" {
		return ""
	}
	link := team + "/archives/" + channel + "/p" + strings.Replace(ts, ".", "", 1)
	if thread != "" && thread != ts {
		link += "?thread_ts=" + url.QueryEscape(thread) + "&cid=" + url.QueryEscape(channel)
	}
	return link
}
