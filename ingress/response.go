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

// responseTimeout is for the one try that a response_url gets.
const responseTimeout = 2 * time.Second

// place is where somebody is told something alone. A response_url is a capability: it is used here and goes nowhere
// else.
type place struct {
	person
	channel     string // empty: none is known
	responseURL string // empty: none
	home        bool   // the person is looking at the home tab
}

// responseMessage is what Slack takes at a response_url, and as the answer to a slash command.
type responseMessage struct {
	ResponseType    string        `json:"response_type,omitempty"`
	ReplaceOriginal bool          `json:"replace_original"`
	Text            string        `json:"text"`
	Blocks          []slack.Block `json:"blocks,omitempty"`
}

// tell tells one person alone what became of a click: by response_url, which needs no token, else by
// chat.postEphemeral. On the home tab there is neither, so the tab itself says it.
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
		in.log.Error("somebody could not be told what became of a click", "user", where.user, "error", err)
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
		return errors.Join(err, errors.New("there is no channel to tell it in"))
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

// respond posts to a response_url, once. Its error never holds the address: it is a capability.
func (in *Ingress) respond(ctx context.Context, to string, m responseMessage) error {
	if !in.slackHost(to) {
		return errors.New("the response_url is not one of Slack's, and is not called")
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
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
