package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

const (
	// lookBack is how long before the first attempt Slack is searched: our clock and Slack's may differ.
	lookBack = time.Minute
	// searchLimit bounds the search, so that time is left to post.
	searchLimit = 15 * time.Second
	// pageSize is what Slack recommends as the most for a page of history.
	pageSize = 200
)

// Post says a card for the first time. Slack has no idempotency key, so each message carries one of ours in its
// metadata, and if an earlier attempt may have been heard Slack is searched for it before it is said again. What is
// left: a message that Slack's history shows more than five seconds after it was taken is said twice.
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
		posted, err = s.say(ctx, in)
	}
	if err != nil {
		return project.Posted{}, s.failedPost(ctx, in, classifySlack(err)).err()
	}
	posted.Nobody = nobody
	posted.Link = permalink(s.team.get(ctx), posted.Channel, posted.TS, in.Thread)
	count(ctx, metricSlack, outcome, "post")
	return posted, nil
}

// failedPost says how a post failed. Once it may have been heard, that stays so: history may be late.
func (s *Slack) failedPost(ctx context.Context, in project.Post, fault slackFault) failure {
	if in.Thread != "" && fault.kind == slackGone {
		fault.kind = slackThreadGone
	}
	fault.maybe = fault.maybe || !in.Tried.IsZero()
	return s.failed(ctx, "post in "+in.Channel, "post", fault)
}

// say posts the card, with what Prodege tells about the project if that is wanted and comes in time.
func (s *Slack) say(ctx context.Context, in project.Post) (project.Posted, error) {
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

// read asks Prodege before a message is posted. What can't be had in time is left out.
func (s *Slack) read(ctx context.Context, in *project.Read) (project.Reading, bool) {
	if in == nil || s.prodege == nil {
		return project.Reading{}, false
	}
	reading, err := s.prodege.ReadProject(ctx, *in)
	if err != nil {
		activity.GetLogger(ctx).Info("a message is posted without what Prodege could tell", "project_id", in.Project.String(), "why", err.Error())
	}
	return reading, err == nil
}

// search waits until Slack's history can be trusted and looks for a message of this key, in its thread or in the
// channel. TS is empty if there is none.
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

// history gives a page of a channel's messages from a cursor on, and the next cursor, empty at the end.
func (s *Slack) history(ctx context.Context, in project.Post, oldest, cursor string) ([]slack.Message, string, error) {
	got, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: in.Channel, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true})
	if err != nil {
		return nil, "", err
	}
	return got.Messages, got.ResponseMetaData.NextCursor, nil
}

// replies gives a page of a thread's messages likewise.
func (s *Slack) replies(ctx context.Context, in project.Post, oldest, cursor string) ([]slack.Message, string, error) {
	messages, _, more, err := s.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: in.Channel, Timestamp: in.Thread, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true})
	return messages, more, err
}
