package activities

import (
	"context"
	"net/http"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	slackTimeout = 10 * time.Second // per call; Slack answers within seconds or not at all
	lookAfter    = 5 * time.Second  // until Slack's history shows a new message

	// attemptLimit ends an attempt before Temporal's limit of 30 s does, so that it can report what it knows.
	attemptLimit = 27 * time.Second
	// decideLimit is for checking whether a person may decide, nobodyLimit for whether anybody may.
	decideLimit = 8 * time.Second
	nobodyLimit = 3 * time.Second
)

// NewSlackAPI makes a client of Slack's Web API with time limits. It follows no redirects, because a call's body contains
// the token. apiURL must end with a slash; empty stands for Slack's own. base is the http.Client to use; nil for a new one.
func NewSlackAPI(token prodege.Secret, apiURL string, base *http.Client) *slack.Client {
	options := []slack.Option{slack.OptionHTTPClient(strictClient(base, slackTimeout)), slack.OptionDebug(false)}
	if apiURL != "" {
		options = append(options, slack.OptionAPIURL(apiURL))
	}
	return slack.New(token.Reveal(), options...)
}

// strictClient returns a copy of base with a time limit that follows no redirects.
func strictClient(base *http.Client, limit time.Duration) *http.Client {
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

// Reader reads a project for a message that is about to be posted. *Prodege is one.
type Reader interface {
	ReadProject(ctx context.Context, in project.Read) (project.Reading, error)
}

// SlackOptions configure Slack.
type SlackOptions struct {
	API       *slack.Client // required, see NewSlackAPI
	Approvers *Approvers    // required

	Prodege   Reader        // reads projects for posts that ask for it; nil: none is read
	LookAfter time.Duration // how long to wait before Slack is searched for an earlier post; 5 s if 0, less in tests
}

// Slack posts and edits messages. Its methods are activities and safe for concurrent use.
type Slack struct {
	api       *slack.Client
	approvers *Approvers
	prodege   Reader
	lookAfter time.Duration
	team      teamURL
}

// NewSlack makes the activities.
func NewSlack(o SlackOptions) *Slack {
	if o.LookAfter == 0 {
		o.LookAfter = lookAfter
	}
	return &Slack{api: o.API, approvers: o.Approvers, prodege: o.Prodege, lookAfter: o.LookAfter, team: teamURL{api: o.API}}
}

// Edit replaces a whole message. It may be repeated.
func (s *Slack) Edit(ctx context.Context, in project.Edit) (project.Edited, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	out := project.Edited{Nobody: s.markNobody(ctx, &in.Card)}
	plain, err := sendWithFallback(ctx, in.Channel, in.Card, func(m cards.Message) error {
		_, _, _, err := s.api.UpdateMessageContext(ctx, in.Channel, in.TS, withMetadata(in.Key, m)...)
		return err
	})
	switch f := classifySlack(err); f.kind {
	case slackOK:
		count(ctx, metricSlack, "sent", "edit")
		out.Plain = plain
		return out, nil
	case slackGone:
		count(ctx, metricSlack, "gone", "edit")
		activity.GetLogger(ctx).Warn("a message can't be edited any more", "channel", in.Channel, "ts", in.TS, "why", f.words)
		return project.Edited{Gone: true}, nil
	default:
		return project.Edited{}, s.failed(ctx, "edit a message in "+in.Channel, "edit", f).err()
	}
}

// Ephemeral posts a message that only one person sees. If it is repeated the person may see it twice, which is harmless.
func (s *Slack) Ephemeral(ctx context.Context, in project.Ephemeral) error {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	_, err := sendWithFallback(ctx, in.Channel, in.Card, func(m cards.Message) error {
		_, err := s.api.PostEphemeralContext(ctx, in.Channel, in.User, slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	})
	if err != nil {
		return s.failed(ctx, "tell "+in.User+" in "+in.Channel, "ephemeral", classifySlack(err)).err()
	}
	count(ctx, metricSlack, "sent", "ephemeral")
	return nil
}

// CheckPermission reports whether a person is one of SLACK_APPROVERS. If the list can't be read that is a result and not an error.
func (s *Slack) CheckPermission(ctx context.Context, in project.CheckPermission) (project.Permission, error) {
	within, cancel := context.WithTimeout(ctx, decideLimit)
	defer cancel()
	allowed, known := s.approvers.May(within, in.User)
	if err := ctx.Err(); err != nil && !known {
		return project.Permission{}, err
	}
	return project.Permission{Allowed: allowed, Known: known}, nil
}

// failed counts a failed call and says how it failed.
func (s *Slack) failed(ctx context.Context, operation, call string, fault slackFault) *failure {
	f := slackFailure(operation, fault)
	count(ctx, metricSlack, f.outcome(), call)
	return f
}

// markNobody sets on a card with buttons for approvers whether nobody could click them, and returns that.
func (s *Slack) markNobody(ctx context.Context, card *project.Card) bool {
	var mark *bool
	switch r, p := card.Request, card.Pause; {
	case r != nil && (r.Phase == project.PhaseOpen || r.Phase == project.PhaseSecond || r.Phase.Failed()):
		mark = &r.Nobody
	case p != nil && p.Action.HasButtons():
		mark = &p.Action.Nobody
	default:
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, nobodyLimit)
	defer cancel()
	*mark = s.approvers.Nobody(ctx)
	return *mark
}

// metadataType marks our messages, metadataKey is the name of their key.
const (
	metadataType = "fieldmarshal"
	metadataKey  = "key"
)

// withMetadata returns the options for text, blocks (also if there are none, to replace earlier ones) and our key.
func withMetadata(key string, m cards.Message) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{metadataKey: key}}),
	}
}
