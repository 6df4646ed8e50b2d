package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// SlackCall is one call of the Web API, as it came.
type SlackCall struct {
	At     time.Time
	Method string
	Args   map[string]string // structured arguments as JSON text; never the token
	Error  string            // what was answered: empty is ok, else Slack's code; "http 503" and the like for faults
}

// maxCalls bounds the record of calls: enough for any test, and cmd/dev runs for days.
const maxCalls = 5000

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

// method is one of the Web API's: the scopes of which one is needed, and what it does. It runs under s.mu.
type method struct {
	scopes []string
	run    func(*Slack, args) (map[string]any, *slackError)
}

// Slack has more: those that the app never calls are refused as unknown ones are, so that a new one is added here first.
var methods = map[string]method{
	"auth.test":             {nil, (*Slack).authTest},
	"chat.postMessage":      {[]string{"chat:write"}, (*Slack).postMessage},
	"chat.update":           {[]string{"chat:write"}, (*Slack).update},
	"chat.postEphemeral":    {[]string{"chat:write"}, (*Slack).postEphemeral},
	"conversations.history": {[]string{"channels:history", "groups:history"}, (*Slack).history},
	"conversations.replies": {[]string{"channels:history", "groups:history"}, (*Slack).replies},
	"conversations.info":    {[]string{"channels:read", "groups:read"}, (*Slack).info},
	"usergroups.users.list": {[]string{"usergroups:read"}, (*Slack).groupUsers},
	"users.info":            {[]string{"users:read"}, (*Slack).userInfo},
	"views.open":            {nil, (*Slack).openView},
	"views.publish":         {nil, (*Slack).publishView},
}

func (s *Slack) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	a, err := readArgs(r)
	fault := s.take(call{method: name, channel: s.channelID(a.text("channel"))})
	defer s.tell()
	if fault.before(w) {
		s.record(name, a, fmt.Sprintf("http %d", fault.status()))
		return
	}
	ans := s.answer(r, name, a, err, fault)
	if fault != nil {
		s.tell() // of the deed at once, however late its answer goes out
	}
	fault.after(r)
	ans.send(w)
}

// answer does the call and gives what is to be sent.
func (s *Slack) answer(r *http.Request, name string, a args, err *slackError, fault *Fault) *answer {
	ans := &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	var body map[string]any
	if err == nil {
		body, err = s.run(r, name, a, fault, ans)
	}
	s.record(name, a, code(err))
	if err != nil {
		if err.code == "unknown_method" || err.messages != nil {
			s.complainNow("%s: %s", name, err)
		}
		body = map[string]any{"ok": false, "error": err.code}
		if err.messages != nil {
			details := make([]string, len(err.messages))
			for i, m := range err.messages {
				details[i] = "[ERROR] " + m
			}
			body["errors"], body["response_metadata"] = err.messages, map[string]any{"messages": details}
		}
		for k, v := range err.more {
			body[k] = v
		}
	} else {
		body["ok"] = true
	}
	_ = json.NewEncoder(&ans.body).Encode(body)
	return ans
}

func code(err *slackError) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (s *Slack) run(r *http.Request, name string, a args, fault *Fault, ans *answer) (map[string]any, *slackError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.baseURL == "" {
		s.baseURL = "http://" + r.Host
	}
	m, known := methods[name]
	switch token := bearer(r, a); {
	case !known:
		return nil, &slackError{code: "unknown_method", more: map[string]any{"req_method": name}}
	case token == "":
		return nil, refuse("not_authed")
	case token != s.opts.BotToken:
		return nil, refuse("invalid_auth")
	}
	ans.header.Set("X-OAuth-Scopes", strings.Join(s.opts.Scopes, ","))
	ans.header.Set("X-Accepted-OAuth-Scopes", strings.Join(m.scopes, ","))
	if m.scopes != nil && !slices.ContainsFunc(m.scopes, func(one string) bool { return slices.Contains(s.opts.Scopes, one) }) {
		return nil, &slackError{code: "missing_scope", more: map[string]any{
			"needed": m.scopes[0], "provided": strings.Join(s.opts.Scopes, ",")}}
	}
	if fault != nil && fault.Kind == AnswerCode {
		return nil, refuse(fault.Code)
	}
	if wait := s.limited(name, a); wait != "" || fault != nil && fault.Kind == RateLimited {
		if wait == "" {
			wait = fault.retryAfter()
		}
		ans.status = http.StatusTooManyRequests
		ans.header.Set("Retry-After", wait)
		return nil, refuse("ratelimited")
	}
	return m.run(s, a)
}

func (s *Slack) record(name string, a args, result string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) >= maxCalls {
		s.calls = append(s.calls[:0], s.calls[maxCalls/2:]...)
	}
	s.calls = append(s.calls, SlackCall{At: s.now(), Method: name, Args: a.texts(), Error: result})
}

// Calls lists the calls of one method, or of all with an empty name, oldest first. Of very many only the
// newest thousands are kept.
func (s *Slack) Calls(method string) []SlackCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SlackCall
	for _, c := range s.calls {
		if method == "" || c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// args are a call's arguments: texts from a form or a query, any JSON value from a JSON body.
type args map[string]any

// readArgs reads a form or JSON body and the query. The real Slack ignores a token inside JSON.
func readArgs(r *http.Request) (args, *slackError) {
	a := args{}
	for k, v := range r.URL.Query() {
		a[k] = v[0]
	}
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
		var object map[string]any
		if json.Unmarshal(body, &object) != nil {
			return a, refuse("invalid_json")
		}
		delete(object, "token")
		for k, v := range object {
			a[k] = v
		}
	case "application/x-www-form-urlencoded", "":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return a, refuse("invalid_form_data")
		}
		for k, v := range form {
			a[k] = v[0]
		}
	default:
		return a, refuse("invalid_post_type")
	}
	return a, nil
}

func bearer(r *http.Request, a args) string {
	if token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); found {
		return token
	}
	return a.text("token")
}

func (a args) text(name string) string {
	switch v := a[name].(type) {
	case string:
		return v
	case nil:
		return ""
	case json.Number, float64, bool:
		return fmt.Sprint(v)
	}
	return ""
}

func (a args) has(name string) bool { v, ok := a[name]; return ok && v != nil }

func (a args) yes(name string) bool {
	switch a.text(name) {
	case "1", "true":
		return true
	}
	return false
}

// json gives a structured argument, which forms carry as JSON text and JSON bodies as it is or as text.
func (a args) json(name string) (any, bool) {
	text, isText := a[name].(string)
	if !isText {
		return a[name], true
	}
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil, false
	}
	return v, true
}

func (a args) texts() map[string]string {
	out := map[string]string{}
	for k, v := range a {
		switch text, isText := v.(string); {
		case k == "token":
		case isText:
			out[k] = text
		default:
			b, _ := json.Marshal(v)
			out[k] = string(b)
		}
	}
	return out
}

// channelID resolves a channel's name, with or without #, to its id; an id stays as it is.
func (s *Slack) channelID(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.opts.Channels {
		if c.ID == text || c.Name != "" && c.Name == strings.TrimPrefix(text, "#") {
			return c.ID
		}
	}
	return text
}
