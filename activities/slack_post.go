package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
)

const (
	// lookBack is how long before the first try Slack is searched: our clock and Slack's may differ.
	lookBack = time.Minute
	// pageSize is what Slack recommends as the most for a page of history.
	pageSize = 200
)

// Post says a card. Slack has no idempotency key, so each message carries one of ours in its metadata, and
// where an earlier try may have been heard Slack is searched for it before it is said again. What is left: a
// message that Slack shows only later than five seconds after it was taken is said twice.
func (s *Slack) Post(ctx context.Context, in Post) (Posted, error) {
	what := "post in " + in.Channel
	t := earlier(ctx, !in.Tried.IsZero())
	team := s.team.get(ctx)
	if t.Maybe {
		found, err := s.lookFor(ctx, in, t)
		if err != nil || found.TS != "" {
			return s.posted(ctx, team, found, what, "found", err)
		}
	}
	said, err := s.say(ctx, in)
	if f := judgeSlack(err); err != nil && !t.Maybe {
		t.Maybe = f.maybe || ctx.Err() != nil
		t.leave(ctx)
	}
	return s.posted(ctx, team, said, what, "sent", err)
}

// message is where one stands.
type message struct{ Channel, TS, Thread string }

func (s *Slack) posted(ctx context.Context, team string, m message, what, outcome string, err error) (Posted, error) {
	switch f := judgeSlack(err); {
	case err == nil:
		count(ctx, metricSlack, outcome, "post")
		return Posted{Channel: m.Channel, TS: m.TS, Link: permalink(team, m.Channel, m.TS, m.Thread), Found: outcome == "found"}, nil
	case ctx.Err() != nil:
		return Posted{}, ctx.Err()
	default:
		count(ctx, metricSlack, f.outcome(), "post")
		return Posted{}, slackError(what, f)
	}
}

// say posts. A reply to a thread that is not there any more is said in the channel.
func (s *Slack) say(ctx context.Context, in Post) (message, error) {
	var said message
	send := func(m cards.Message) error {
		options := append(withMetadata(in.Key, m), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
		if in.Thread != "" {
			options = append(options, slack.MsgOptionTS(in.Thread))
		}
		channel, ts, err := s.api.PostMessageContext(ctx, in.Channel, options...)
		said = message{Channel: channel, TS: ts, Thread: in.Thread}
		return err
	}
	err := saidSomehow(ctx, in.Channel, in.Card.Message(), send)
	if in.Thread != "" && judgeSlack(err).kind == slackThreadGone {
		activity.GetLogger(ctx).Warn("a thread is not there any more, so the reply goes into the channel", "channel", in.Channel, "thread", in.Thread)
		in.Thread = ""
		err = saidSomehow(ctx, in.Channel, in.Card.Message(), send)
	}
	return said, err
}

// lookFor waits until Slack's history can be trusted and looks for a message of this key: in its thread, or in
// the channel. An empty message means that there is none.
func (s *Slack) lookFor(ctx context.Context, in Post, t trail) (message, error) {
	t.mark(ctx, nil)
	select {
	case <-time.After(s.lookAfter):
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
	since := in.Tried
	if first := activity.GetInfo(ctx).ScheduledTime; since.IsZero() || first.Before(since) {
		since = first
	}
	oldest := fmt.Sprintf("%d.000000", since.Add(-lookBack).Unix())
	if in.Thread != "" {
		found, err := s.pages(ctx, in, oldest, s.replies)
		if found.TS != "" || judgeSlack(err).kind != slackThreadGone {
			return found, err
		}
	}
	return s.pages(ctx, in, oldest, s.history)
}

// page gives messages from a cursor on, and the next cursor, empty at the end.
type page func(ctx context.Context, in Post, oldest, cursor string) ([]slack.Message, string, error)

func (s *Slack) pages(ctx context.Context, in Post, oldest string, next page) (message, error) {
	cursor := ""
	for {
		messages, more, err := next(ctx, in, oldest, cursor)
		if err != nil {
			return message{}, err
		}
		for _, m := range messages {
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload[metadataKey] == in.Key {
				return message{Channel: in.Channel, TS: m.Timestamp, Thread: m.ThreadTimestamp}, nil
			}
		}
		if more == "" {
			return message{}, nil
		}
		cursor = more
	}
}

func (s *Slack) history(ctx context.Context, in Post, oldest, cursor string) ([]slack.Message, string, error) {
	got, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: in.Channel, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true})
	if err != nil {
		return nil, "", err
	}
	return got.Messages, got.ResponseMetaData.NextCursor, nil
}

func (s *Slack) replies(ctx context.Context, in Post, oldest, cursor string) ([]slack.Message, string, error) {
	messages, _, more, err := s.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: in.Channel, Timestamp: in.Thread, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true})
	return messages, more, err
}
