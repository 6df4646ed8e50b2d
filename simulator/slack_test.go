package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const token = "xoxb-test"

// workspace starts a stand-in with two channels, three people and a group.
func workspace(t *testing.T, change func(*SlackOptions)) (*Slack, *httptest.Server) {
	t.Helper()
	opts := SlackOptions{
		BotToken: token, SigningSecret: "shh",
		Channels: []Channel{{ID: "C1", Name: "alerts"}, {ID: "C2", Name: "away", NotMember: true}, {ID: "C3", Name: "old", Archived: true},
			{ID: "C4", Name: "few", Members: []string{"U1"}}},
		Users:  []User{{ID: "U1", Name: "Ann"}, {ID: "U2", Name: "Bob"}, {ID: "U9", Name: "Out", TeamID: "T9"}},
		Groups: []Group{{ID: "S1", Handle: "approvers", Users: []string{"U1", "U2"}}, {ID: "S2", Handle: "gone", Disabled: true}},
	}
	if change != nil {
		change(&opts)
	}
	s := NewSlack(opts)
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(srv.Close)
	s.Set(func(o *SlackOptions) { o.URL = srv.URL })
	return s, srv
}

// api calls a method with a form and gives the answer.
func api(t *testing.T, srv *httptest.Server, method string, form map[string]string) map[string]any {
	t.Helper()
	values := url.Values{}
	for k, v := range form {
		values.Set(k, v)
	}
	return do(t, srv, method, "application/x-www-form-urlencoded", values.Encode())
}

func do(t *testing.T, srv *httptest.Server, method, kind, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, srv.URL+"/api/"+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func post(t *testing.T, srv *httptest.Server, form map[string]string) string {
	t.Helper()
	out := api(t, srv, "chat.postMessage", form)
	if out["ok"] != true {
		t.Fatalf("chat.postMessage: %v", out)
	}
	return out["ts"].(string)
}

func wantError(t *testing.T, out map[string]any, code string) {
	t.Helper()
	if got, _ := out["error"].(string); got != code || out["ok"] == true {
		t.Errorf("got %v, want error %q", out, code)
	}
}

const approve = `[{"type":"section","text":{"type":"mrkdwn","text":"Approve?"}},
 {"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"yes","text":{"type":"plain_text","text":"Yes"},"value":"v1"}]}]`

func TestClickIsWhatSlackSends(t *testing.T) {
	s, srv := workspace(t, nil)
	var got map[string]any
	var header http.Header
	var raw []byte
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ = io.ReadAll(r.Body)
		header = r.Header
		form, _ := url.ParseQuery(string(raw))
		_ = json.Unmarshal([]byte(form.Get("payload")), &got)
	}))
	defer app.Close()
	s.Set(func(o *SlackOptions) { o.AppURL = app.URL })
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "ask", "blocks": approve, "metadata": `{"event_type":"said","event_payload":{"key":"k"}}`})

	reply, err := s.Click(context.Background(), Click{User: "U1", Channel: "C1", TS: ts, ActionID: "yes"})
	if err != nil || reply.Status != 200 {
		t.Fatalf("%+v %v", reply, err)
	}
	for path, want := range map[string]string{
		"type": "block_actions", "user.id": "U1", "user.team_id": "T0SIM0001", "team.id": "T0SIM0001", "channel.id": "C1",
		"container.message_ts": ts, "message.ts": ts, "actions.0.action_id": "yes", "actions.0.block_id": "a",
		"actions.0.value": "v1", "message.metadata.event_payload.key": "k",
	} {
		if at := dig(got, path); at != want {
			t.Errorf("%s is %v, want %q", path, at, want)
		}
	}
	if !strings.HasPrefix(dig(got, "response_url").(string), srv.URL+"/response/") || dig(got, "trigger_id") == "" {
		t.Errorf("no response_url or trigger_id: %v", got)
	}
	_, want := sign("shh", s.now(), raw)
	if at := header.Get("X-Slack-Request-Timestamp"); at == "" || len(header.Get("X-Slack-Signature")) != len(want) {
		t.Errorf("signature headers: %v", header)
	}
	if _, err := s.Click(context.Background(), Click{User: "U1", Channel: "C1", TS: ts, ActionID: "no"}); err == nil {
		t.Error("a button that is not there was clicked")
	}
}

// dig follows a dotted path into decoded JSON.
func dig(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		switch o := v.(type) {
		case map[string]any:
			v = o[name]
		case []any:
			v = o[name[0]-'0']
		}
	}
	return v
}

// The example of Slack's documentation (verifying requests from Slack).
func TestSignatureVector(t *testing.T) {
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	_, got := sign("8f742231b10e8888abcd99yyyzzz85a5", time.Unix(1531420618, 0), []byte(body))
	if want := "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRefusals(t *testing.T) {
	s, srv := workspace(t, nil)
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "root"})
	long := strings.Repeat("x", 4001)
	for name, c := range map[string]struct {
		method string
		form   map[string]string
		code   string
	}{
		"unknown channel":          {"chat.postMessage", map[string]string{"channel": "C404", "text": "x"}, "channel_not_found"},
		"not in channel":           {"chat.postMessage", map[string]string{"channel": "C2", "text": "x"}, "not_in_channel"},
		"archived":                 {"chat.postMessage", map[string]string{"channel": "C3", "text": "x"}, "is_archived"},
		"nothing to say":           {"chat.postMessage", map[string]string{"channel": "C1"}, "no_text"},
		"unknown thread":           {"chat.postMessage", map[string]string{"channel": "C1", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"},
		"blocks no JSON":           {"chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": "[{"}, "invalid_blocks_format"},
		"metadata no JSON":         {"chat.postMessage", map[string]string{"channel": "C1", "text": "x", "metadata": "{"}, "invalid_metadata_format"},
		"metadata without payload": {"chat.postMessage", map[string]string{"channel": "C1", "text": "x", "metadata": `{"event_type":"a"}`}, "invalid_metadata_schema"},
		"edit of nothing":          {"chat.update", map[string]string{"channel": "C1", "ts": "1.000001", "text": "x"}, "message_not_found"},
		"edit too long":            {"chat.update", map[string]string{"channel": "C1", "ts": ts, "text": long}, "msg_too_long"},
		"edit by channel name":     {"chat.update", map[string]string{"channel": "alerts", "ts": ts, "text": "x"}, "channel_not_found"},
		"ephemeral to a stranger":  {"chat.postEphemeral", map[string]string{"channel": "C4", "user": "U2", "text": "x"}, "user_not_in_channel"},
		"history elsewhere":        {"conversations.history", map[string]string{"channel": "C2"}, "not_in_channel"},
		"history bad cursor":       {"conversations.history", map[string]string{"channel": "C1", "cursor": "zzz"}, "invalid_cursor"},
		"history bad oldest":       {"conversations.history", map[string]string{"channel": "C1", "oldest": "soon"}, "invalid_ts_oldest"},
		"replies of nothing":       {"conversations.replies", map[string]string{"channel": "C1", "ts": "1.000001"}, "thread_not_found"},
		"info of nothing":          {"conversations.info", map[string]string{"channel": "C404"}, "channel_not_found"},
		"unknown group":            {"usergroups.users.list", map[string]string{"usergroup": "S404"}, "no_such_subteam"},
		"disabled group":           {"usergroups.users.list", map[string]string{"usergroup": "S2"}, "subteam_disabled"},
		"unknown user":             {"users.info", map[string]string{"user": "U404"}, "user_not_found"},
		"history until then":       {"conversations.history", map[string]string{"channel": "C1", "latest": "1.000001"}, "invalid_ts_latest"},
		"no trigger":               {"views.open", map[string]string{"trigger_id": "x", "view": modal("Title")}, "invalid_trigger_id"},
		"title too long":           {"views.open", map[string]string{"trigger_id": "x", "view": modal(strings.Repeat("t", 25))}, "invalid_arguments"},
		"unknown method":           {"chat.dance", nil, "unknown_method"},
		"a method never called":    {"chat.delete", map[string]string{"channel": "C1", "ts": ts}, "unknown_method"},
		"a block never sent":       {"chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": `[{"type":"divider"}]`}, "invalid_blocks"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, api(t, srv, c.method, c.form), c.code) })
	}
	for _, want := range []string{"chat.dance: unknown_method", "chat.delete: unknown_method", "unsupported type: divider", "must be less than 25 characters"} {
		if all := strings.Join(s.Complaints(), "\n"); !strings.Contains(all, want) {
			t.Errorf("it does not complain of %q, but of:\n%s", want, all)
		}
	}
}

func modal(title string) string {
	return `{"type":"modal","callback_id":"cb","private_metadata":"p","title":{"type":"plain_text","text":"` + title + `"},"submit":{"type":"plain_text","text":"Send"},
	"blocks":[{"type":"input","block_id":"amount","label":{"type":"plain_text","text":"Amount"},"element":{"type":"plain_text_input","action_id":"v","max_length":5}}]}`
}

func TestTokensAndScopes(t *testing.T) {
	s, srv := workspace(t, func(o *SlackOptions) { o.Scopes = []string{"users:read"} })
	out := api(t, srv, "chat.postMessage", map[string]string{"channel": "C1", "text": "x"})
	wantError(t, out, "missing_scope")
	if out["needed"] != "chat:write" {
		t.Errorf("needed: %v", out["needed"])
	}
	if out := api(t, srv, "auth.test", nil); out["team_id"] != "T0SIM0001" || out["bot_id"] == "" {
		t.Errorf("auth.test: %v", out)
	}
	s.Set(func(o *SlackOptions) { o.BotToken = "xoxb-new" })
	wantError(t, api(t, srv, "auth.test", nil), "invalid_auth")
	resp, err := http.Post(srv.URL+"/api/auth.test", "application/json", bytes.NewReader([]byte(`{"token":"xoxb-new"}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&body)
	wantError(t, body, "not_authed") // a token inside JSON does not count
}
