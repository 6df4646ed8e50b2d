package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// SlackCall is one call of the Web API or of a response_url, as it came.
type SlackCall struct {
	At     time.Time
	Method string
	Args   map[string]string // structured arguments as JSON text; never the token
	Error  string            // what was answered: empty is ok, else Slack's code, or the kind of a fault that hid the call
}

// slackError is a refusal: Slack answers 200 with ok=false.
type slackError struct {
	code     string
	messages []string       // details with json pointers, as invalid_blocks has them
	more     map[string]any // further properties of the answer
}

func (e *slackError) Error() string {
	return strings.TrimSpace(e.code + " " + strings.Join(e.messages, "; "))
}

func refuse(code string) *slackError { return &slackError{code: code} }

// object is a JSON object.
type object = map[string]any

// method is one of the Web API's: the scopes of which one is needed, what the app needs in the channel that the call
// names, and what it does. It runs with the lock held.
type method struct {
	scopes []string
	access access
	run    func(*Slack, *Channel, args) (object, *slackError)
}

// access is what the app may do in a channel.
type access int

const (
	noChannel access = iota // the call names none
	toKnow                  // that there is one
	toRead                  // only members can
	toWrite
)

// Slack has more: those that the app never calls are refused as unknown ones are, so that a new one is added here first.
var methods = map[string]method{
	"auth.test":             {nil, noChannel, (*Slack).authTest},
	"chat.postMessage":      {[]string{"chat:write"}, toWrite, (*Slack).postMessage},
	"chat.update":           {[]string{"chat:write"}, toWrite, (*Slack).update},
	"chat.postEphemeral":    {[]string{"chat:write"}, toWrite, (*Slack).postEphemeral},
	"conversations.history": {[]string{"channels:history", "groups:history"}, toRead, (*Slack).history},
	"conversations.replies": {[]string{"channels:history", "groups:history"}, toRead, (*Slack).replies},
	"conversations.info":    {[]string{"channels:read", "groups:read"}, toKnow, (*Slack).info},
	"usergroups.users.list": {[]string{"usergroups:read"}, noChannel, (*Slack).groupUsers},
	"users.info":            {[]string{"users:read"}, noChannel, (*Slack).userInfo},
	"views.open":            {nil, noChannel, (*Slack).openView},
	"views.publish":         {nil, noChannel, (*Slack).publishView},
}

func (s *Slack) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	a, unreadable := readArgs(r)
	of := call{method: name, channel: a.text("channel")}
	unlock := s.lock()
	if c := s.channelNamed(of.channel); c != nil {
		of.channel = c.ID
	}
	unlock()
	s.serve(w, r, of, func(fault Fault) answer {
		defer s.lock()()
		if fault.hides() {
			s.record(name, a, string(fault.Kind))
			return answer{}
		}
		header, err := http.Header{}, unreadable
		body := object{}
		if err == nil {
			body, err = s.run(r, name, a, fault, header)
		}
		out := jsonAnswer(s.apiAnswer(name, a, body, err))
		if err != nil && err.code == "ratelimited" {
			out.status = http.StatusTooManyRequests
		}
		for name, values := range header {
			out.header[name] = values
		}
		return out
	})
}

// apiAnswer records a call and gives the body of its answer.
func (s *Slack) apiAnswer(name string, a args, body object, err *slackError) object {
	if err == nil {
		s.record(name, a, "")
		body["ok"] = true
		return body
	}
	s.record(name, a, err.Error())
	if err.code == "unknown_method" || err.messages != nil {
		s.complain("%s: %s", name, err)
	}
	body = object{"ok": false, "error": err.code}
	if err.messages != nil {
		details := make([]string, len(err.messages))
		for i, m := range err.messages {
			details[i] = "[ERROR] " + m
		}
		body["errors"], body["response_metadata"] = err.messages, object{"messages": details}
	}
	for k, v := range err.more {
		body[k] = v
	}
	return body
}

// run checks and does a call. It adds to the header of the answer.
func (s *Slack) run(r *http.Request, name string, a args, fault Fault, header http.Header) (object, *slackError) {
	m, known := methods[name]
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		token = a.text("token")
	}
	switch {
	case !known:
		return nil, &slackError{code: "unknown_method", more: object{"req_method": name}}
	case token == "":
		return nil, refuse("not_authed")
	case token != s.opts.BotToken:
		return nil, refuse("invalid_auth")
	}
	header.Set("X-OAuth-Scopes", strings.Join(s.opts.Scopes, ","))
	if m.scopes != nil && !slices.ContainsFunc(m.scopes, func(one string) bool { return slices.Contains(s.opts.Scopes, one) }) {
		return nil, &slackError{code: "missing_scope", more: object{"needed": m.scopes[0], "provided": strings.Join(s.opts.Scopes, ",")}}
	}
	switch fault.Kind {
	case AnswerCode:
		return nil, refuse(fault.Code)
	case RateLimited:
		return nil, refuse("ratelimited")
	}
	if wait := s.limited(name, a.text("channel")); wait > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return nil, refuse("ratelimited")
	}
	c := s.channel(a.text("channel"))
	if name == "chat.postMessage" { // which takes a name, too
		c = s.channelNamed(a.text("channel"))
	}
	switch {
	case m.access != noChannel && c == nil:
		return nil, refuse("channel_not_found")
	case m.access >= toRead && c.NotMember:
		return nil, refuse("not_in_channel")
	case m.access >= toWrite && c.Archived:
		return nil, refuse("is_archived")
	}
	return m.run(s, c, a)
}

// limited gives how long to wait if a channel's posts come too fast.
func (s *Slack) limited(name, channel string) time.Duration {
	if s.opts.PostsPerSecond <= 0 || name != "chat.postMessage" {
		return 0
	}
	l := s.limits[channel]
	if l == nil {
		l = rate.NewLimiter(rate.Limit(s.opts.PostsPerSecond), max(1, s.opts.PostBurst))
		s.limits[channel] = l
	}
	r := l.ReserveN(s.now(), 1)
	wait := r.DelayFrom(s.now())
	if wait > 0 {
		r.CancelAt(s.now())
	}
	return wait
}

func (s *Slack) record(name string, a args, result string) {
	s.calls = keep(s.calls, SlackCall{At: s.now(), Method: name, Args: a.texts(), Error: result})
}

// Calls lists the calls of one method ("response" for a response_url), or of all with an empty name, oldest first.
func (s *Slack) Calls(method string) []SlackCall {
	defer s.lock()()
	return only(s.calls, func(c SlackCall) bool { return method == "" || c.Method == method })
}

// args are a call's arguments: texts from a form or a query, any JSON value from a JSON body.
type args object

// readArgs reads a form or JSON body and the query. The real Slack ignores a token inside JSON.
func readArgs(r *http.Request) (args, *slackError) {
	a := args{}
	a.add(r.URL.Query())
	if r.Method == http.MethodGet {
		return a, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return a, refuse("request_timeout")
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		var o object
		if json.Unmarshal(body, &o) != nil {
			return a, refuse("invalid_json")
		}
		delete(o, "token")
		for k, v := range o {
			a[k] = v
		}
	case "application/x-www-form-urlencoded", "":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return a, refuse("invalid_form_data")
		}
		a.add(form)
	default:
		return a, refuse("invalid_post_type")
	}
	return a, nil
}

func (a args) add(values url.Values) {
	for k, v := range values {
		a[k] = v[0]
	}
}

func (a args) text(name string) string {
	switch v := a[name].(type) {
	case string:
		return v
	case float64, bool:
		return fmt.Sprint(v)
	}
	return ""
}

func (a args) has(name string) bool { return a[name] != nil && a[name] != "" }

func (a args) yes(name string) bool { return a.text(name) == "1" || a.text(name) == "true" }

// json gives a structured argument, which forms carry as JSON text and JSON bodies as it is or as text; nil if it is
// none.
func (a args) json(name string) any {
	text, isText := a[name].(string)
	if !isText {
		return a[name]
	}
	var v any
	_ = json.Unmarshal([]byte(text), &v)
	return v
}

func (a args) texts() map[string]string {
	out := map[string]string{}
	for k, v := range a {
		if text, isText := v.(string); isText {
			out[k] = text
		} else {
			out[k] = string(encode(v))
		}
	}
	delete(out, "token")
	return out
}

func (s *Slack) authTest(*Channel, args) (object, *slackError) {
	return object{
		"url": s.opts.TeamURL, "team": "Simulated workspace", "user": appName, "team_id": teamID,
		"user_id": botUser, "bot_id": botID, "is_enterprise_install": false,
	}, nil
}

func (s *Slack) info(c *Channel, _ args) (object, *slackError) {
	return object{"channel": object{
		"id": c.ID, "name": c.Name, "is_channel": true, "is_archived": c.Archived, "is_member": !c.NotMember, "context_team_id": teamID,
	}}, nil
}

func (s *Slack) groupUsers(_ *Channel, a args) (object, *slackError) {
	g := find(s.opts.Groups, func(g Group) bool { return g.ID == a.text("usergroup") })
	switch {
	case g == nil:
		return nil, refuse("no_such_subteam")
	case g.Disabled && !a.yes("include_disabled"):
		return nil, refuse("subteam_disabled")
	}
	return object{"users": append([]string{}, g.Users...)}, nil
}

func (s *Slack) userInfo(_ *Channel, a args) (object, *slackError) {
	u := s.user(a.text("user"))
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return object{"user": object{
		"id": u.ID, "team_id": cmp.Or(u.TeamID, teamID), "name": u.handle(), "real_name": u.Name, "deleted": false, "is_bot": false,
		"tz": "America/New_York", "profile": object{"display_name": u.Name, "real_name": u.Name},
	}}, nil
}
