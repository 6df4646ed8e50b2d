package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	payload, to, err := s.clickPayload(c)
	if err != nil {
		return Reply{}, err
	}
	return s.sendPayload(ctx, to, payload, tamper{c.BadSignature, c.Age})
}

func (s *Slack) clickPayload(c Click) (map[string]any, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	payload, err := s.personPayload("block_actions", c.User, c.Team)
	if err != nil {
		return nil, "", err
	}
	var blocks []any
	if c.Home {
		v := s.homes[c.User]
		if v == nil {
			return nil, "", fmt.Errorf("%s has no home tab", c.User)
		}
		blocks, _ = v.raw["blocks"].([]any)
		payload["container"] = map[string]any{"type": "view", "view_id": v.id}
		payload["view"] = s.viewOut(v, nil)
	} else {
		m := s.find(c.Channel, c.TS)
		if m == nil || m.to != "" && m.to != c.User {
			return nil, "", fmt.Errorf("%s sees no message %s in %s", c.User, c.TS, c.Channel)
		}
		blocks = s.shownTo(m, c)
		s.messagePayload(payload, m, c.User)
	}
	button, block := buttonIn(blocks, c.ActionID)
	if button == nil {
		return nil, "", fmt.Errorf("there is no button %s on the message", c.ActionID)
	}
	action := map[string]any{"type": "button", "action_id": c.ActionID, "block_id": block, "text": button["text"], "action_ts": s.newTS()}
	for _, name := range []string{"value", "style"} {
		if v, there := button[name]; there {
			action[name] = v
		}
	}
	if c.Value != nil {
		action["value"] = *c.Value
	}
	payload["actions"] = []any{action}
	return payload, s.opts.InteractionsURL, nil
}

// shownTo gives the blocks the person clicks on: those of now, or with Stale the newest that have the button.
func (s *Slack) shownTo(m *message, c Click) []any {
	if b, _ := buttonIn(m.blocks, c.ActionID); b != nil || !c.Stale {
		return m.blocks
	}
	for i := len(m.earlier) - 1; i >= 0; i-- {
		if b, _ := buttonIn(m.earlier[i], c.ActionID); b != nil {
			return m.earlier[i]
		}
	}
	return nil
}

// personPayload is what every interaction carries.
func (s *Slack) personPayload(kind, user, team string) (map[string]any, error) {
	u := s.user(user)
	if u == nil {
		return nil, fmt.Errorf("there is no user %q in the simulated workspace", user)
	}
	home := or(u.TeamID, s.opts.TeamID)
	return map[string]any{
		"type":                  kind,
		"user":                  map[string]any{"id": u.ID, "username": u.handle(), "name": u.handle(), "team_id": home},
		"api_app_id":            "A0SIMAPP1",
		"token":                 "Shh_its_a_seekrit", // the retired verification token, which apps must not rely on
		"team":                  map[string]any{"id": or(team, s.opts.TeamID), "domain": "simulated"},
		"enterprise":            nil,
		"is_enterprise_install": false,
		"trigger_id":            s.newTrigger(u.ID),
	}, nil
}

func (s *Slack) messagePayload(payload map[string]any, m *message, user string) {
	c := s.channel(m.channel)
	container := map[string]any{"type": "message", "message_ts": m.ts, "channel_id": m.channel, "is_ephemeral": m.to != ""}
	if m.thread != "" {
		container["thread_ts"] = m.thread
	}
	payload["container"] = container
	payload["channel"] = map[string]any{"id": m.channel, "name": c.Name}
	payload["message"] = s.render(m, true)
	payload["state"] = map[string]any{"values": map[string]any{}}
	payload["response_url"] = s.newResponseURL(m.channel, user)
}

// buttonIn finds a button by its action id, and the id of its block.
func buttonIn(blocks []any, actionID string) (map[string]any, any) {
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		elements, _ := block["elements"].([]any)
		for _, e := range elements {
			if element, _ := e.(map[string]any); element["type"] == "button" && element["action_id"] == actionID {
				return element, block["block_id"]
			}
		}
	}
	return nil, nil
}

// Command sends a slash command as that person in that channel. What the app answers at once is shown to the
// person alone, or to the channel if it says so.
func (s *Slack) Command(ctx context.Context, user, channel, command, text string) (Reply, error) {
	s.mu.Lock()
	u, c := s.user(user), s.channel(channel)
	if u == nil || c == nil {
		s.mu.Unlock()
		return Reply{}, fmt.Errorf("there is no user %q or channel %q in the simulated workspace", user, channel)
	}
	form := url.Values{
		"token": {"Shh_its_a_seekrit"}, "team_id": {s.opts.TeamID}, "team_domain": {"simulated"},
		"channel_id": {c.ID}, "channel_name": {c.Name}, "user_id": {u.ID}, "user_name": {u.handle()},
		"command": {command}, "text": {text}, "api_app_id": {"A0SIMAPP1"}, "is_enterprise_install": {"false"},
		"response_url": {s.newResponseURL(c.ID, u.ID)}, "trigger_id": {s.newTrigger(u.ID)},
	}
	to := s.opts.CommandsURL
	s.mu.Unlock()
	reply, err := s.send(ctx, to, "application/x-www-form-urlencoded", []byte(form.Encode()), tamper{})
	if err == nil && reply.OK() && reply.Body != "" {
		s.showAnswer(reply.Body, c.ID, u.ID)
	}
	return reply, err
}

// showAnswer shows the body of a command's answer: JSON like response_url takes, or plain text.
func (s *Slack) showAnswer(body, channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tell()
	a := args{}
	if json.Unmarshal([]byte(body), &a) != nil {
		a = args{"text": body}
	}
	if err := s.answerInteraction(&responseURL{channel: channel, user: user, at: s.now()}, a); err != nil {
		s.complain("answer to a slash command: %s", err)
	}
}

// OpenHome sends app_home_opened, as when a person opens the app's home tab.
func (s *Slack) OpenHome(ctx context.Context, user string) (Reply, error) {
	s.mu.Lock()
	event := map[string]any{"type": "app_home_opened", "user": user, "channel": "D" + user, "tab": "home", "event_ts": s.newTS()}
	if v := s.homes[user]; v != nil {
		event["view"] = s.viewOut(v, nil)
	}
	body := map[string]any{
		"token": "Shh_its_a_seekrit", "team_id": s.opts.TeamID, "api_app_id": "A0SIMAPP1", "event": event,
		"type": "event_callback", "event_id": s.id("Ev"), "event_time": s.now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []any{map[string]any{"enterprise_id": nil, "team_id": s.opts.TeamID, "user_id": s.opts.BotUser, "is_bot": true, "is_enterprise_install": false}},
	}
	to := s.opts.EventsURL
	s.mu.Unlock()
	b, err := json.Marshal(body)
	if err != nil {
		return Reply{}, err
	}
	return s.send(ctx, to, "application/json", b, tamper{})
}

// VerifyEventsURL does the handshake that Slack does when an events address is entered: the app must send the
// challenge back.
func (s *Slack) VerifyEventsURL(ctx context.Context) error {
	s.mu.Lock()
	challenge, to := s.id("challenge"), s.opts.EventsURL
	s.mu.Unlock()
	b, err := json.Marshal(map[string]any{"token": "Shh_its_a_seekrit", "type": "url_verification", "challenge": challenge})
	if err != nil {
		return err
	}
	reply, err := s.send(ctx, to, "application/json", b, tamper{})
	if err != nil {
		return err
	}
	var object struct {
		Challenge string `json:"challenge"`
	}
	_ = json.Unmarshal([]byte(reply.Body), &object)
	if reply.Status != http.StatusOK || reply.Body != challenge && object.Challenge != challenge {
		return fmt.Errorf("the app did not send the challenge back: %d %.80q", reply.Status, reply.Body)
	}
	return nil
}
