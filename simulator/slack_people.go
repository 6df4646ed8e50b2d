package simulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Click is one person's click on a button of a message, or of that person's home tab.
type Click struct {
	User    string
	Channel string // of the message
	TS      string // of the message; of an ephemeral one too
	Home    bool   // instead of Channel and TS: a button of the person's home tab

	ActionID string

	Stale bool // the person's screen still shows the message as it was: the newest version that had the button is clicked

	// To be told apart from an honest click:
	Value        *string       // another value than the button's
	Team         string        // from another workspace
	BadSignature bool          // signed with another secret
	Age          time.Duration // signed so long ago
}

// Click sends what Slack sends when a button is clicked, and gives the app's answer. An error means that
// nobody could have clicked that button, or that the app could not be reached.
func (s *Slack) Click(ctx context.Context, c Click) (Reply, error) {
	payload, err := s.clickPayload(c)
	if err != nil {
		return Reply{}, err
	}
	return s.sendPayload(ctx, payload, tamper{c.BadSignature, c.Age})
}

func (s *Slack) clickPayload(c Click) (object, error) {
	defer s.lock()()
	payload, err := s.personPayload("block_actions", c.User, c.Team)
	if err != nil {
		return nil, err
	}
	var versions [][]any // of what is clicked on, the newest last
	if c.Home {
		v := s.homes[c.User]
		if v == nil {
			return nil, fmt.Errorf("%s has no home tab", c.User)
		}
		versions = [][]any{v.raw["blocks"].([]any)}
		payload["container"] = object{"type": "view", "view_id": v.ID}
		payload["view"] = v.render(nil)
	} else {
		m := s.message(c.Channel, c.TS)
		if m == nil || m.To != "" && m.To != c.User {
			return nil, fmt.Errorf("%s sees no message %s in %s", c.User, c.TS, c.Channel)
		}
		if c.Stale {
			versions = m.earlier
		}
		versions = append(versions[:len(versions):len(versions)], m.blocks)
		payload["container"] = object{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.To != ""}
		if m.Thread != "" {
			payload["container"].(object)["thread_ts"] = m.Thread
		}
		payload["channel"] = object{"id": m.Channel, "name": s.channel(m.Channel).Name}
		payload["message"] = s.render(m, true)
		payload["state"] = object{"values": object{}}
		payload["response_url"] = s.newResponseURL(m.Channel, c.User)
	}
	for i := len(versions) - 1; i >= 0; i-- {
		if button, block := buttonIn(versions[i], c.ActionID); button != nil {
			action := object{"type": "button", "action_id": c.ActionID, "block_id": block, "text": button["text"], "action_ts": s.newTS()}
			for _, name := range []string{"value", "style"} {
				if v, there := button[name]; there {
					action[name] = v
				}
			}
			if c.Value != nil {
				action["value"] = *c.Value
			}
			payload["actions"] = []any{action}
			return payload, nil
		}
	}
	return nil, fmt.Errorf("there is no button %s on the message", c.ActionID)
}

// The retired verification token, which apps must not rely on.
const verificationToken = "Shh_its_a_seekrit"

// personPayload is what every interaction carries.
func (s *Slack) personPayload(kind, user, team string) (object, error) {
	u := s.user(user)
	if u == nil {
		return nil, fmt.Errorf("there is no user %q in the simulated workspace", user)
	}
	return object{
		"type":                  kind,
		"user":                  object{"id": u.ID, "username": u.handle(), "name": u.handle(), "team_id": cmp.Or(u.TeamID, teamID)},
		"api_app_id":            appID,
		"token":                 verificationToken,
		"team":                  object{"id": cmp.Or(team, teamID), "domain": "simulated"},
		"enterprise":            nil,
		"is_enterprise_install": false,
		"trigger_id":            s.newTrigger(u.ID),
	}, nil
}

// buttonIn finds a button by its action id, and the id of its block.
func buttonIn(blocks []any, actionID string) (button object, block any) {
	for _, b := range blocks {
		elements, _ := b.(object)["elements"].([]any)
		for _, e := range elements {
			if element := e.(object); element["type"] == "button" && element["action_id"] == actionID {
				return element, b.(object)["block_id"]
			}
		}
	}
	return nil, nil
}

// Command sends a slash command as that person in that channel. What the app answers at once is shown to the
// person alone.
func (s *Slack) Command(ctx context.Context, user, channel, command, text string) (Reply, error) {
	unlock := s.lock()
	u, c := s.user(user), s.channel(channel)
	if u == nil || c == nil {
		unlock()
		return Reply{}, fmt.Errorf("there is no user %q or channel %q in the simulated workspace", user, channel)
	}
	form := url.Values{
		"token": {verificationToken}, "team_id": {teamID}, "team_domain": {"simulated"},
		"channel_id": {c.ID}, "channel_name": {c.Name}, "user_id": {u.ID}, "user_name": {u.handle()},
		"command": {command}, "text": {text}, "api_app_id": {appID}, "is_enterprise_install": {"false"},
		"response_url": {s.newResponseURL(c.ID, u.ID)}, "trigger_id": {s.newTrigger(u.ID)},
	}
	unlock()
	reply, err := s.send(ctx, "commands", formType, []byte(form.Encode()), tamper{})
	if err != nil || !reply.OK() || reply.Body == "" {
		return reply, err
	}
	defer s.changing()()
	a := args{}
	if json.Unmarshal([]byte(reply.Body), &a) != nil {
		a = args{"text": reply.Body}
	}
	if err := s.answerInteraction(channel, user, a); err != nil {
		s.complain("answer to a slash command: %s", err)
	}
	return reply, nil
}

// OpenHome sends app_home_opened, as when a person opens the app's home tab.
func (s *Slack) OpenHome(ctx context.Context, user string) (Reply, error) {
	unlock := s.lock()
	event := object{"type": "app_home_opened", "user": user, "channel": "D" + user, "tab": "home", "event_ts": s.newTS()}
	if v := s.homes[user]; v != nil {
		event["view"] = v.render(nil)
	}
	body := encode(object{
		"token": verificationToken, "team_id": teamID, "api_app_id": appID, "event": event,
		"type": "event_callback", "event_id": s.id("Ev"), "event_time": s.now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []any{object{"enterprise_id": nil, "team_id": teamID, "user_id": botUser, "is_bot": true, "is_enterprise_install": false}},
	})
	unlock()
	return s.send(ctx, "events", "application/json", body, tamper{})
}

// VerifyEventsURL does the handshake that Slack does when an events address is entered: the app must send the
// challenge back.
func (s *Slack) VerifyEventsURL(ctx context.Context) error {
	const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" // the example of docs.slack.dev
	body := encode(object{"token": verificationToken, "type": "url_verification", "challenge": challenge})
	reply, err := s.send(ctx, "events", "application/json", body, tamper{})
	if err != nil {
		return err
	}
	var back struct{ Challenge string }
	if json.Unmarshal([]byte(reply.Body), &back) != nil || reply.Status != http.StatusOK || back.Challenge != challenge {
		return fmt.Errorf("the app did not send the challenge back: %d %.80q", reply.Status, reply.Body)
	}
	return nil
}

const formType = "application/x-www-form-urlencoded"

// sendPayload sends an interaction: a form with one field that holds JSON.
func (s *Slack) sendPayload(ctx context.Context, payload object, t tamper) (Reply, error) {
	form := url.Values{"payload": {string(encode(payload))}}
	return s.send(ctx, "interactions", formType, []byte(form.Encode()), t)
}

// Sent is a request that the workspace sent to the app, kept so that it can be sent again byte for byte.
type Sent struct {
	URL    string
	Header http.Header
	Body   []byte
}

// Reply is what the app answered. A person in Slack sees it only through what the answer means: anything but
// 2xx within SlackOptions.Patience is shown as "the app did not respond".
type Reply struct {
	Status   int
	Body     string
	Took     time.Duration
	TimedOut bool // no answer within SlackOptions.Patience; Status is 0 then
	Sent     Sent // what was sent
}

// OK reports whether Slack takes the answer for one.
func (r Reply) OK() bool { return r.Status >= 200 && r.Status < 300 }

// tamper says how a request is spoiled on purpose.
type tamper struct {
	badSignature bool
	age          time.Duration // how long ago it says it was signed
}

// sign gives the v0 signature over a timestamp and a body (docs.slack.dev, verifying requests from Slack).
func sign(secret string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return timestamp, "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// send signs and posts a body to the app.
func (s *Slack) send(ctx context.Context, to, contentType string, body []byte, t tamper) (Reply, error) {
	unlock := s.lock()
	app, secret := s.opts.AppURL, s.opts.SigningSecret
	unlock()
	if app == "" {
		return Reply{}, errors.New("the simulated workspace has no address of the app: set AppURL")
	}
	if t.badSignature {
		secret += "-wrong"
	}
	timestamp, signature := sign(secret, s.now().Add(-t.age), body)
	return s.Replay(ctx, Sent{URL: app + "/" + to, Body: body, Header: http.Header{
		"Content-Type":              {contentType},
		"User-Agent":                {"Slackbot 1.0 (+https://api.slack.com/robots)"},
		"X-Slack-Request-Timestamp": {timestamp},
		"X-Slack-Signature":         {signature},
	}})
}

// Replay sends a request again exactly as it was, as somebody who recorded it would.
func (s *Slack) Replay(ctx context.Context, sent Sent) (Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sent.URL, bytes.NewReader(sent.Body))
	if err != nil {
		return Reply{Sent: sent}, err
	}
	req.Header = sent.Header.Clone()
	start := time.Now()
	resp, err := s.client.Do(req)
	reply := Reply{Took: time.Since(start), Sent: sent}
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() && ctx.Err() == nil {
			defer s.lock()()
			reply.TimedOut = true
			s.complain("no answer from %s within %s", sent.URL, s.opts.Patience)
			return reply, nil
		}
		return reply, fmt.Errorf("send to the app: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	reply.Status, reply.Body, reply.Took = resp.StatusCode, string(body), time.Since(start)
	return reply, err
}
