package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// responseMessage is what Slack accepts at a response_url, and as the answer to a slash command.
type responseMessage struct {
	ResponseType    string        `json:"response_type,omitempty"`
	ReplaceOriginal bool          `json:"replace_original"`
	Text            string        `json:"text"`
	Blocks          []slack.Block `json:"blocks,omitempty"`
}

// tell tells a person the result of a click in an ephemeral message: by response_url, which needs no token, or else by
// chat.postEphemeral. A click on the home tab has neither, so it is shown there.
func (in *Ingress) tell(ctx context.Context, where place, m cards.Message, recorded bool, b cards.Button) {
	var err error
	switch {
	case where.home:
		notice := &notice{message: m}
		if recorded {
			notice.decided = b.Project
		}
		err = in.showHome(ctx, where.person, notice)
	default:
		err = in.tellAlone(ctx, where, m)
	}
	if err != nil {
		in.log.Error("a person could not be told the result of a click", "user", where.user, "error", err)
	}
}

func (in *Ingress) tellAlone(ctx context.Context, where place, m cards.Message) error {
	var err error
	if where.responseURL != "" {
		if err = in.respond(ctx, where.responseURL, responseMessage{ResponseType: "ephemeral", Text: m.Text, Blocks: m.Blocks}); err == nil {
			return nil
		}
	}
	if where.channel == "" {
		return errors.Join(err, errors.New("there is no channel for it"))
	}
	_, again := in.options.Slack.PostEphemeralContext(ctx, where.channel, where.user, slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...))
	if again == nil {
		return nil
	}
	return errors.Join(err, again)
}

func responseClient() *http.Client {
	return &http.Client{
		Timeout:       responseTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// respond posts to a response_url, once. Its error does not contain the address, which is a capability.
func (in *Ingress) respond(ctx context.Context, to string, m responseMessage) error {
	if !in.slackHost(to) {
		return errors.New("the response_url is not one of Slack's, so it is not called")
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the response_url is not an address")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := in.responses.Do(request)
	if err != nil {
		var fault *url.Error
		if errors.As(err, &fault) {
			err = fault.Err // without the address
		}
		return fmt.Errorf("answer by response_url: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answer by response_url: Slack answered %d", response.StatusCode)
	}
	return nil
}

// slackHost reports whether an address is of Slack's own hosts, over https, or of the host of SLACK_API_URL.
func (in *Ingress) slackHost(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	if api, err := url.Parse(in.options.SlackAPIURL); err == nil && api.Host != "" && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && (host == "slack.com" || strings.HasSuffix(host, ".slack.com"))
}
