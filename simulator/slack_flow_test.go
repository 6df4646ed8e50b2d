package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// app is an app that keeps what it was sent and answers as told.
type app struct {
	*httptest.Server
	payload map[string]any
	form    url.Values
	status  int
	answer  string
}

func newApp(t *testing.T, s *Slack) *app {
	t.Helper()
	a := &app{status: 200}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		a.payload = nil
		if a.form, _ = url.ParseQuery(string(b)); a.form.Get("payload") != "" {
			b = []byte(a.form.Get("payload"))
		}
		_ = json.Unmarshal(b, &a.payload)
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, strings.ReplaceAll(a.answer, "CHALLENGE", fmt.Sprint(a.payload["challenge"])))
	}))
	t.Cleanup(a.Close)
	s.Set(func(o *SlackOptions) { o.AppURL = a.URL })
	return a
}

func click(t *testing.T, s *Slack, c Click) Reply {
	t.Helper()
	r, err := s.Click(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTriggerLivesThreeSecondsAndOnce(t *testing.T) {
	c := &clock{time.Now()}
	s, srv := workspace(t, func(o *SlackOptions) { o.Now = c.now })
	a := newApp(t, s)
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	open := func() map[string]any {
		return api(t, srv, "views.open", map[string]string{"trigger_id": a.payload["trigger_id"].(string), "view": modal("Title")})
	}
	click(t, s, Click{User: "U1", Channel: "C1", TS: ts, ActionID: "yes"})
	c.t = c.t.Add(slackPatience + time.Millisecond)
	wantError(t, open(), "expired_trigger_id")
	click(t, s, Click{User: "U1", Channel: "C1", TS: ts, ActionID: "yes"})
	c.t = c.t.Add(slackPatience)
	if out := open(); out["ok"] != true {
		t.Fatalf("views.open: %v", out)
	}
	wantError(t, open(), "exchanged_trigger_id")
	if v := s.Views("U1"); len(v) != 1 || v[0].Title != "Title" || v[0].PrivateMetadata != "p" || len(s.Views("U2")) != 0 {
		t.Errorf("views: %+v", v)
	}
}

func TestModalIsSubmitted(t *testing.T) {
	s, srv := workspace(t, nil)
	a := newApp(t, s)
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	click(t, s, Click{User: "U1", Channel: "C1", TS: ts, ActionID: "yes"})
	api(t, srv, "views.open", map[string]string{"trigger_id": a.payload["trigger_id"].(string), "view": modal("Title")})
	id := s.Views("U1")[0].ID
	submit := func(value string) Submitted {
		t.Helper()
		a.payload = nil
		out, err := s.Submit(context.Background(), id, "U1", map[string]string{"amount/v": value})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := submit(""); out.Errors["amount"] == "" || a.payload != nil {
		t.Errorf("an empty required field reached the app: %+v", out)
	}
	if out := submit("123456"); out.Errors["amount"] == "" || a.payload != nil {
		t.Errorf("too long an entry reached the app: %+v", out)
	}
	a.answer = `{"response_action":"errors","errors":{"amount":"too little"}}`
	if out := submit("3"); out.Action != "errors" || out.Errors["amount"] != "too little" || s.Views("U1")[0].Errors["amount"] != "too little" {
		t.Errorf("field errors: %+v", out)
	}
	for path, want := range map[string]any{"type": "view_submission", "view.callback_id": "cb", "view.private_metadata": "p",
		"view.state.values.amount.v.value": "3", "view.state.values.amount.v.type": "plain_text_input", "user.id": "U1", "view.id": id} {
		if got := dig(a.payload, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	a.answer = ""
	if out := submit("4.50"); out.Action != "" || len(s.Views("U1")) != 0 {
		t.Errorf("the modal is still open: %+v", out)
	}
	if _, err := s.Submit(context.Background(), id, "U1", nil); err == nil {
		t.Error("a closed modal was submitted")
	}
}

func TestResponseURL(t *testing.T) {
	c := &clock{time.Now()}
	s, srv := workspace(t, func(o *SlackOptions) { o.Now = c.now })
	a := newApp(t, s)
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	respond := func(body string) (int, string) {
		t.Helper()
		resp, err := http.Post(a.payload["response_url"].(string), "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	click(t, s, Click{User: "U1", Channel: "C1", TS: ts, ActionID: "yes"})
	for _, other := range []string{`{"replace_original":true,"text":"x"}`, `{"delete_original":true}`, `{"text":"for all","response_type":"in_channel"}`} {
		if code, _ := respond(other); code != 400 || len(s.Messages("C1")) != 1 {
			t.Errorf("%s is answered %d", other, code)
		}
	}
	if len(s.Complaints()) != 3 {
		t.Errorf("it complains of %q", s.Complaints())
	}
	respond(`{"text":"for you"}`)
	if got := s.Ephemerals("U1"); len(got) != 1 || got[0].Text != "for you" || len(s.Messages("C1")) != 1 {
		t.Errorf("not to the clicker alone: %+v", got)
	}
	respond(`{"text":"5"}`)
	if code, text := respond(`{"text":"6"}`); code != 404 || text != "used_url" {
		t.Errorf("sixth use: %d %s", code, text)
	}
	again := post(t, srv, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	click(t, s, Click{User: "U1", Channel: "C1", TS: again, ActionID: "yes"})
	c.t = c.t.Add(responseLife + time.Second)
	if code, text := respond(`{"text":"late"}`); code != 404 || text != "expired_url" {
		t.Errorf("after half an hour: %d %s", code, text)
	}
}

func TestStaleForgedAndReplayedClicks(t *testing.T) {
	s, srv := workspace(t, nil)
	a := newApp(t, s)
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	first := click(t, s, Click{User: "U1", Channel: "C1", TS: ts, ActionID: "yes"})
	api(t, srv, "chat.update", map[string]string{"channel": "C1", "ts": ts, "text": "closed", "blocks": "[" + section("closed") + "]"})
	at := Click{User: "U2", Channel: "C1", TS: ts, ActionID: "yes"}
	if _, err := s.Click(context.Background(), at); err == nil {
		t.Error("a button that is gone was clicked")
	}
	at.Stale = true
	if click(t, s, at); dig(a.payload, "actions.0.value") != "v1" {
		t.Errorf("stale click: %v", a.payload)
	}
	forged := "v2"
	at.Value, at.Team = &forged, "T9"
	if click(t, s, at); dig(a.payload, "actions.0.value") != "v2" || dig(a.payload, "team.id") != "T9" {
		t.Errorf("forged click: %v", a.payload)
	}
	before := a.form
	if _, err := s.Replay(context.Background(), first.Sent); err != nil {
		t.Fatal(err)
	}
	if dig(a.payload, "user.id") != "U1" || a.form.Get("payload") == before.Get("payload") {
		t.Error("a replay is not the same request")
	}
	old := click(t, s, Click{User: "U2", Channel: "C1", TS: ts, ActionID: "yes", Stale: true, Age: 6 * time.Minute})
	said := old.Sent.Header.Get("X-Slack-Request-Timestamp")
	if want, _ := sign("shh", time.Now().Add(-5*time.Minute), nil); said >= want {
		t.Errorf("signed at %s, not six minutes ago", said)
	}
	bad := click(t, s, Click{User: "U2", Channel: "C1", TS: ts, ActionID: "yes", Stale: true, BadSignature: true})
	if _, right := sign("shh", time.Now(), bad.Sent.Body); bad.Sent.Header.Get("X-Slack-Signature") == right {
		t.Error("signed right")
	}
}

func TestHistoryPages(t *testing.T) {
	c := &clock{time.Unix(1_700_000_000, 0)}
	s, srv := workspace(t, func(o *SlackOptions) { o.Now = c.now })
	var all []string
	for i := range 7 {
		c.t = c.t.Add(time.Second)
		all = append(all, post(t, srv, map[string]string{"channel": "C1", "text": fmt.Sprint(i), "metadata": fmt.Sprintf(`{"event_type":"said","event_payload":{"key":"k%d"}}`, i)}))
	}
	for i := range 3 {
		post(t, srv, map[string]string{"channel": "C1", "text": fmt.Sprint("reply ", i), "thread_ts": all[0], "metadata": `{"event_type":"said","event_payload":{"key":"r"}}`})
	}
	api(t, srv, "chat.postEphemeral", map[string]string{"channel": "C1", "user": "U1", "text": "not in history"})
	pages := func(method string, args map[string]string) (texts []string) {
		t.Helper()
		args["channel"], args["limit"] = "C1", "3"
		for {
			out := api(t, srv, method, args)
			for _, m := range out["messages"].([]any) {
				texts = append(texts, dig(m, "text").(string))
			}
			next, _ := dig(out, "response_metadata.next_cursor").(string)
			if (next != "") != (out["has_more"] == true) {
				t.Fatalf("has_more and cursor disagree: %v", out)
			}
			if next == "" {
				return texts
			}
			args["cursor"] = next
		}
	}
	for name, c := range map[string]struct {
		method string
		args   map[string]string
		want   string
	}{
		"all, newest first":    {"conversations.history", map[string]string{}, "6 5 4 3 2 1 0"},
		"since, exclusive":     {"conversations.history", map[string]string{"oldest": all[3]}, "6 5 4"},
		"since, inclusive":     {"conversations.history", map[string]string{"oldest": all[3], "inclusive": "1"}, "6 5 4 3"},
		"thread, oldest first": {"conversations.replies", map[string]string{"ts": all[0]}, "0 reply 0 reply 1 reply 2"},
		"thread of no replies": {"conversations.replies", map[string]string{"ts": all[1]}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(pages(c.method, c.args), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	out := api(t, srv, "conversations.history", map[string]string{"channel": "C1", "limit": "1"})
	if dig(out, "messages.0.metadata") != nil {
		t.Error("metadata without being asked for")
	}
	out = api(t, srv, "conversations.history", map[string]string{"channel": "C1", "limit": "1", "include_all_metadata": "true"})
	if dig(out, "messages.0.metadata.event_payload.key") != "k6" {
		t.Errorf("no metadata: %v", out)
	}
	if m := s.Messages("C1"); len(m) != 7 || len(m[0].Replies) != 3 || m[0].Replies[2].Metadata.EventPayload["key"] != "r" {
		t.Errorf("messages: %+v", m)
	}
}

func TestEdits(t *testing.T) {
	s, srv := workspace(t, nil)
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "one", "blocks": approve, "metadata": `{"event_type":"said","event_payload":{"key":"k"}}`})
	update := func(form map[string]string) Message {
		t.Helper()
		form["channel"], form["ts"] = "C1", ts
		if out := api(t, srv, "chat.update", form); out["ok"] != true {
			t.Fatalf("chat.update: %v", out)
		}
		m, _ := s.Message("C1", ts)
		return m
	}
	if m := update(map[string]string{"text": "two", "blocks": "[" + section("two") + "]"}); PlainText(m) != "two" || m.Edited || m.Edits != 1 || m.Metadata == nil {
		t.Errorf("edit with blocks: %+v", m)
	}
	if m := update(map[string]string{"text": "three"}); PlainText(m) != "three" || m.Blocks != nil || !m.Edited {
		t.Errorf("edit without blocks keeps them or is not marked: %+v", m)
	}
}

func TestSlackFaults(t *testing.T) {
	s, srv := workspace(t, nil)
	say := func() (*http.Response, error) {
		form := url.Values{"channel": {"C1"}, "text": {"x"}, "token": {token}}
		return http.PostForm(srv.URL+"/api/chat.postMessage", form)
	}
	s.Inject(Fault{Kind: AnswerCode, Code: "not_in_channel", Channel: "C1", Times: 2, After: 1})
	post(t, srv, map[string]string{"channel": "C1", "text": "well"})
	for range 2 {
		wantError(t, api(t, srv, "chat.postMessage", map[string]string{"channel": "C1", "text": "x"}), "not_in_channel")
	}
	s.Inject(Fault{Kind: RateLimited, Method: "chat.postMessage", RetryAfter: 3 * time.Second})
	resp, err := say()
	if err != nil || resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "3" {
		t.Errorf("rate limit: %+v %v", resp, err)
	}
	s.Inject(Fault{Kind: HTTPStatus, Status: 500})
	if resp, err := say(); err != nil || resp.StatusCode != 500 {
		t.Errorf("http status: %+v %v", resp, err)
	}
	s.Inject(Fault{Kind: CutBefore, Method: "chat.postMessage"})
	if _, err := say(); err == nil || len(s.Messages("C1")) != 1 {
		t.Error("cut before: answered, or done")
	}
	s.Inject(Fault{Kind: LostAnswer, Method: "chat.postMessage"})
	if _, err := say(); err == nil || len(s.Messages("C1")) != 2 {
		t.Error("lost answer: answered, or not done")
	}
	for kind, want := range map[FaultKind]int{AnswerCode: 2, RateLimited: 1, HTTPStatus: 1, CutBefore: 1, LostAnswer: 1, LateAnswer: 0} {
		if got := s.Fired(kind); got != want {
			t.Errorf("%s fired %d times, want %d", kind, got, want)
		}
	}
	if s.Pending() != 0 {
		t.Error("faults are left")
	}
}

func TestPostsAreLimited(t *testing.T) {
	c := &clock{time.Now()}
	s, srv := workspace(t, func(o *SlackOptions) { o.PostsPerSecond, o.Now = 1, c.now })
	post(t, srv, map[string]string{"channel": "C1", "text": "1"})
	wantError(t, api(t, srv, "chat.postMessage", map[string]string{"channel": "C1", "text": "2"}), "ratelimited")
	post(t, srv, map[string]string{"channel": "C4", "text": "another channel"})
	c.t = c.t.Add(time.Second)
	post(t, srv, map[string]string{"channel": "C1", "text": "2"})
	if got := len(s.Messages("C1")); got != 2 {
		t.Errorf("%d messages", got)
	}
}

func TestCommandsAndHome(t *testing.T) {
	s, srv := workspace(t, nil)
	a := newApp(t, s)
	ctx := context.Background()
	a.answer = `{"response_type":"ephemeral","text":"nothing waits"}`
	if _, err := s.Command(ctx, "U1", "C1", "/fieldmarshal", "open"); err != nil {
		t.Fatal(err)
	}
	if got := s.Ephemerals("U1"); a.form.Get("command") != "/fieldmarshal" || a.form.Get("text") != "open" || len(got) != 1 || got[0].Text != "nothing waits" {
		t.Errorf("command: %v %+v", a.form, got)
	}
	a.answer = `{"challenge":"CHALLENGE"}`
	if err := s.VerifyEventsURL(ctx); err != nil {
		t.Error(err)
	}
	a.answer = "something else"
	if err := s.VerifyEventsURL(ctx); err == nil {
		t.Error("a wrong challenge was taken")
	}
	if _, err := s.OpenHome(ctx, "U1"); err != nil || dig(a.payload, "event.type") != "app_home_opened" || dig(a.payload, "event.user") != "U1" {
		t.Errorf("home: %v %v", a.payload, err)
	}
	view := `{"user_id":"U1","view":{"type":"home","blocks":[` + section("yours") + `]}}`
	if out := do(t, srv, "views.publish", "application/json", view); out["ok"] != true {
		t.Fatalf("views.publish: %v", out)
	}
	if v, ok := s.Home("U1"); !ok || ViewText(v) != "yours" {
		t.Errorf("home: %+v", v)
	}
}

func TestWaitForAChange(t *testing.T) {
	s, srv := workspace(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	changes := s.Changed()
	found := make(chan Message)
	go func() {
		m, _ := s.WaitMessage(ctx, "C1", func(m Message) bool { return m.Text == "second" })
		found <- m
	}()
	ts := post(t, srv, map[string]string{"channel": "C1", "text": "first"})
	post(t, srv, map[string]string{"channel": "C1", "text": "second", "thread_ts": ts})
	if m := <-found; m.Text != "second" || m.Thread != ts {
		t.Errorf("waited for %+v", m)
	}
	select {
	case <-changes:
	case <-ctx.Done():
		t.Error("no change was told")
	}
	short, stop := context.WithCancel(ctx)
	stop()
	if _, err := s.WaitMessage(short, "C1", func(Message) bool { return false }); err == nil {
		t.Error("waited for nothing without an error")
	}
}
