package activities

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
)

const (
	slackTimeout = 10 * time.Second // one call; Slack answers within seconds or not at all
	lookAfter    = 5 * time.Second  // Slack's history needs a moment until it shows a new message
)

// NewSlackAPI makes a client of Slack's Web API with time limits, which follows no redirect: a call's body
// holds the token. apiURL is Slack's own where it is empty, and ends with a slash; base is the client's
// http.Client, a new one where nil.
func NewSlackAPI(token prodege.Secret, apiURL string, base *http.Client) *slack.Client {
	options := []slack.Option{slack.OptionHTTPClient(quietClient(base, slackTimeout)), slack.OptionDebug(false)}
	if apiURL != "" {
		options = append(options, slack.OptionAPIURL(apiURL))
	}
	return slack.New(token.Reveal(), options...)
}

// quietClient is a copy of base that ends in time and follows no redirect.
func quietClient(base *http.Client, limit time.Duration) *http.Client {
	h := http.Client{}
	if base != nil {
		h = *base
	}
	if h.Transport == nil {
		h.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	if h.Timeout == 0 || h.Timeout > limit {
		h.Timeout = limit
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

// SlackOptions configure Slack.
type SlackOptions struct {
	API       *slack.Client // required, see NewSlackAPI
	Approvers *Approvers    // required
	Channels  []string      // that are posted in: their queues are served

	LookAfter time.Duration // how long after a post whose fate is unknown Slack is asked for it; 5 s where 0, less in tests
}

// Slack is what is said to people. Its methods are activities and safe for concurrent use.
type Slack struct {
	api       *slack.Client
	approvers *Approvers
	channels  []string
	lookAfter time.Duration
	team      teamURL
}

// NewSlack makes the activities.
func NewSlack(o SlackOptions) *Slack {
	if o.LookAfter == 0 {
		o.LookAfter = lookAfter
	}
	return &Slack{api: o.API, approvers: o.Approvers, channels: o.Channels, lookAfter: o.LookAfter, team: teamURL{api: o.API}}
}

// Edit writes a whole message anew. It may be repeated.
func (s *Slack) Edit(ctx context.Context, in Edit) (Edited, error) {
	update := func(m cards.Message) error {
		_, _, _, err := s.api.UpdateMessageContext(ctx, in.Channel, in.TS, withMetadata(in.Key, m)...)
		return err
	}
	f := judgeSlack(saidSomehow(ctx, in.Channel, in.Card.Message(), update))
	switch {
	case f.kind == slackFine:
		count(ctx, metricSlack, "sent", "edit")
		return Edited{}, nil
	case ctx.Err() != nil:
		return Edited{}, ctx.Err()
	case f.kind == slackGone:
		count(ctx, metricSlack, "gone", "edit")
		activity.GetLogger(ctx).Warn("a message can't be edited any more", "channel", in.Channel, "ts", in.TS, "why", f.words)
		return Edited{Gone: true}, nil
	}
	count(ctx, metricSlack, f.outcome(), "edit")
	return Edited{}, slackError("edit a message in "+in.Channel, f)
}

// Whisper tells one person alone. Repeated, it may be seen twice, which does no harm.
func (s *Slack) Whisper(ctx context.Context, in Whisper) error {
	send := func(m cards.Message) error {
		_, err := s.api.PostEphemeralContext(ctx, in.Channel, in.User, slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	}
	f := judgeSlack(saidSomehow(ctx, in.Channel, in.Card.Message(), send))
	switch {
	case f.kind == slackFine:
		count(ctx, metricSlack, "sent", "whisper")
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	count(ctx, metricSlack, f.outcome(), "whisper")
	return slackError("tell "+in.User+" in "+in.Channel, f)
}

// Serves says whether workers of today's configuration take posts from the channel's queue.
func (s *Slack) Serves(_ context.Context, in Serves) (bool, error) {
	return slices.Contains(s.channels, in.Channel), nil
}

// MayDecide says whether a person is among SLACK_APPROVERS. That the list can't be had is an answer, no error.
func (s *Slack) MayDecide(ctx context.Context, in MayDecide) (Permission, error) {
	allowed, known := s.approvers.May(ctx, in.User)
	if err := ctx.Err(); err != nil && !known {
		return Permission{}, err
	}
	return Permission{Allowed: allowed, Known: known}, nil
}

// saidSomehow sends a message, and where Slack finds fault with what we made of it, its text alone: what is due
// is rather said badly than not at all. It gives the error of the last try.
func saidSomehow(ctx context.Context, channel string, m cards.Message, send func(cards.Message) error) error {
	err := send(m)
	f := judgeSlack(err)
	if f.kind != slackOurs {
		return err
	}
	activity.GetLogger(ctx).Error("Slack refuses a message as we made it, so its text goes alone, without buttons", "channel", channel, "why", f.words)
	count(ctx, metricSlack, "plain", "")
	return send(cards.Message{Text: plainText(m.Text)})
}

// plainText bounds a text by the strictest of Slack's limits, which is chat.update's 4,000 bytes.
func plainText(text string) string {
	const most = 3900
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// metadataType marks our messages, metadataKey holds their key.
const (
	metadataType = "fieldmarshal"
	metadataKey  = "key"
)

// withMetadata gives text, blocks (none at all rather than those before) and our key.
func withMetadata(key string, m cards.Message) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{metadataKey: key}}),
	}
}
