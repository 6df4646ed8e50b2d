package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/cards"
)

// responseTimeout is for the only attempt at a response_url.
const responseTimeout = 2 * time.Second

// place is where a person gets an ephemeral message. A response_url is a capability: it is used here and never passed on.
type place struct {
	person
	channel     string // empty: unknown
	responseURL string // empty: none
	home        bool   // the person is looking at the home tab
}

// ephemeral is a message as Slack accepts it at a response_url, and as the answer to a slash command.
func ephemeral(m cards.Message) *slack.WebhookMessage {
	return &slack.WebhookMessage{ResponseType: slack.ResponseTypeEphemeral, Text: m.Text, Blocks: &slack.Blocks{BlockSet: m.Blocks}}
}

// tell tells a person the result of a click in an ephemeral message: by response_url, which needs no token, or else by
// chat.postEphemeral. A click on the home tab has neither, so it is shown there.
func (in *Ingress) tell(ctx context.Context, where place, m cards.Message, recorded bool, b cards.Button) {
	var err error
	switch {
	case !where.home:
		err = in.tellAlone(ctx, where, m)
	case recorded:
		err = in.showHome(ctx, where.person, m.Blocks, b.Project)
	default:
		err = in.showHome(ctx, where.person, m.Blocks, 0)
	}
	if err != nil {
		in.log.Error("a person could not be told the result of a click", "user", where.user, "error", err)
	}
}

func (in *Ingress) tellAlone(ctx context.Context, where place, m cards.Message) (err error) {
	if where.responseURL != "" {
		if err = in.respond(ctx, where.responseURL, m); err == nil {
			return nil
		}
	}
	if where.channel == "" {
		return errors.Join(err, errors.New("there is no channel for it"))
	}
	_, again := in.options.Slack.PostEphemeralContext(ctx, where.channel, where.user,
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...))
	if again == nil {
		return nil
	}
	return errors.Join(err, again)
}

// respond posts to a response_url, once. Its error does not contain the address, which is a capability.
func (in *Ingress) respond(ctx context.Context, to string, m cards.Message) error {
	if !in.slackHost(to) {
		return errors.New("the response_url is not one of Slack's, so it is not called")
	}
	err := slack.PostWebhookCustomHTTPContext(ctx, to, in.responses, ephemeral(m))
	if fault, is := errors.AsType[*url.Error](err); is {
		err = fault.Err // without the address
	}
	if err != nil {
		return fmt.Errorf("answer by response_url: %w", err)
	}
	return nil
}

// slackHost reports whether an address is of Slack's own hosts, over https, or of the host of SLACK_API_URL.
func (in *Ingress) slackHost(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	api, err := url.Parse(in.options.SlackAPIURL)
	if err == nil && api.Host != "" && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && (host == "slack.com" || strings.HasSuffix(host, ".slack.com"))
}
