package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// stage starts the page over all stand-ins.
func stage(t *testing.T) (*Slack, *Prodege, *httptest.Server, *httptest.Server) {
	t.Helper()
	s, api := workspace(t, nil)
	p, _ := supplier(t, nil)
	srv := httptest.NewServer(Page(PageOptions{Stage: Stage{Slack: s, Prodege: p, Billing: NewBilling(billingSecret)}, TemporalUI: "http://localhost:8233/",
		Soon: 30 * time.Second}))
	t.Cleanup(srv.Close)
	return s, p, api, srv
}

func read(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", address, resp.StatusCode, b)
	}
	return string(b)
}

// press sends a form as the page's script does.
func press(t *testing.T, srv *httptest.Server, name string, form url.Values) (ok bool, said string) {
	t.Helper()
	req, _ := http.NewRequest(http.MethodPost, srv.URL+"/do/"+name, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		OK   bool
		Said string
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out.OK, out.Said
}

func TestPageShowsEverything(t *testing.T) {
	s, p, slackAPI, srv := stage(t)
	ts := post(t, slackAPI, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	post(t, slackAPI, map[string]string{"channel": "C1", "text": "a *reply* by <@U1>", "thread_ts": ts})
	api(t, slackAPI, "chat.postEphemeral", map[string]string{"channel": "C1", "user": "U2", "text": "for Bob alone"})
	if _, err := p.PauseForCPI(context.Background(), someID, *usd("4.25")); err != nil {
		t.Fatal(err)
	}
	const workflow = "http://localhost:8233/namespaces/default/workflows/project-29303649"
	if strings.Contains(read(t, srv.URL+"/?as=U1"), workflow) {
		t.Error("a link leads to a workflow that there is not: no delivery of the project was taken")
	}
	app, _, _ := receiver(t, 200)
	p.Set(func(o *ProdegeOptions) { o.WebhookURL = app.URL })
	if _, err := p.Live(context.Background(), someID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.PauseForCPI(context.Background(), someID, *usd("4.25")); err != nil {
		t.Fatal(err)
	}
	html := read(t, srv.URL+"/?as=U1")
	for _, want := range []string{"Coffee", "PAUSED", "$4.25", `<h3 id="ch-C1">alerts</h3>`, "Approve?", ">Yes</button>", "a <strong>reply</strong>", "@Ann", "1 reply",
		workflow, "simulator", "No invoices yet."} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(html, "for Bob alone") || strings.Contains(html, "<script>") {
		t.Error("the page shows Bob's message to Ann, or has a script of its own in it")
	}
	if !strings.Contains(read(t, srv.URL+"/?as=U2"), "for Bob alone") {
		t.Error("Bob does not see his message")
	}
	if err := s.await(context.Background(), "nothing", func() bool { return true }); err != nil {
		t.Fatal(err)
	}
}

func TestPageEscapes(t *testing.T) {
	_, p, slackAPI, srv := stage(t)
	post(t, slackAPI, map[string]string{"channel": "C1", "text": `<script>alert(1)</script> "&lt;img src=x onerror=1&gt;`})
	p.SetProject(Project{ID: 5, Name: `<script>alert(2)</script>`})
	html := read(t, srv.URL+"/?as="+url.QueryEscape("<script>alert(3)</script>"))
	if strings.Contains(html, "<script>") || strings.Contains(html, "<img") {
		t.Error("text became HTML")
	}
}

func TestPageClicksAndModals(t *testing.T) {
	s, _, slackAPI, srv := stage(t)
	a := newApp(t, s)
	ts := post(t, slackAPI, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	at := url.Values{"as": {"U1"}, "channel": {"C1"}, "ts": {ts}, "action": {"yes"}}
	if ok, said := press(t, srv, "click", at); !ok || dig(a.payload, "user.id") != "U1" {
		t.Fatalf("click: %s %v", said, a.payload)
	}
	api(t, slackAPI, "views.open", map[string]string{"trigger_id": a.payload["trigger_id"].(string), "view": modal("How much?")})
	id := s.Views("U1")[0].ID
	if html := read(t, srv.URL+"/?as=U1"); !strings.Contains(html, "How much?") || !strings.Contains(html, `name="v:amount/v"`) {
		t.Error("the modal is not shown")
	}
	a.answer = `{"response_action":"errors","errors":{"amount":"Too little, please."}}`
	press(t, srv, "submit", url.Values{"as": {"U1"}, "view": {id}, "v:amount/v": {"1"}})
	if !strings.Contains(read(t, srv.URL+"/?as=U1"), "Too little, please.") || dig(a.payload, "view.state.values.amount.v.value") != "1" {
		t.Error("the field's error is not shown")
	}
	press(t, srv, "close", url.Values{"as": {"U1"}, "view": {id}})
	if strings.Contains(read(t, srv.URL+"/?as=U1"), "How much?") {
		t.Error("the modal stays open")
	}
	a.status = 200
	api(t, slackAPI, "chat.postEphemeral", map[string]string{"channel": "C1", "user": "U1", "text": "of before"})
	if ok, said := press(t, srv, "click", at); !ok || !strings.Contains(said, "Answered in ") {
		t.Errorf("a click that changes nothing: %v %s", ok, said)
	}
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { // a handler must not end the test
		form := url.Values{"token": {token}, "channel": {"C1"}, "user": {"U1"}, "text": {"Your click did not count: you are on no list. Ask."}}
		resp, err := http.PostForm(slackAPI.URL+"/api/chat.postEphemeral", form)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
	}))
	t.Cleanup(app.Close)
	s.Set(func(o *SlackOptions) { o.AppURL = app.URL })
	if ok, said := press(t, srv, "click", at); ok || !strings.Contains(said, "“Your click did not count: you are on no list.”") {
		t.Errorf("a click that did not count, answered 200: %v %s", ok, said)
	}
	s.Set(func(o *SlackOptions) { o.AppURL = a.URL })
	a.status = 401
	if ok, said := press(t, srv, "click", at); ok || !strings.Contains(said, "401") {
		t.Errorf("a refused click: %v %s", ok, said)
	}
}

func TestPageSendsEveryEvent(t *testing.T) {
	for name, c := range map[string]struct {
		form   url.Values
		status prodege.Status
		has    string
	}{
		"cpi":      {url.Values{"amount": {"4.25"}}, prodege.Paused, `"required_cpi":"4.25"`},
		"pause":    {url.Values{"reason": {"113"}}, prodege.Paused, `"update_reason":113`},
		"live":     {nil, prodege.Live, `"LIVE"`},
		"rejected": {url.Values{"note": {"redo it"}}, prodege.Paused, `"rejection_note":"redo it"`},
		"pending":  {nil, prodege.PendingComplete, `"update_reason":902`},
		"complete": {url.Values{"note": {"12 removed"}}, prodege.Complete, `"reconciliation_note":"12 removed"`},
		"inactive": {nil, prodege.Complete, `"update_reason":209`},
		"invoiced": {nil, prodege.Invoiced, `"INVOICED"`},
		"deleted":  {nil, prodege.Deleted, `"DELETED"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, p, _, srv := stage(t)
			app, _, bodies := receiver(t, 200)
			p.Set(func(o *ProdegeOptions) { o.WebhookURL = app.URL })
			form := url.Values{"project": {someID.String()}, "event": {name}, "how": {"twice"}}
			for k, v := range c.form {
				form[k] = v
			}
			if ok, said := press(t, srv, "event", form); !ok || len(*bodies) != 2 || (*bodies)[0] != (*bodies)[1] {
				t.Fatalf("%s: %d deliveries", said, len(*bodies))
			}
			project, _ := p.Project(someID)
			if project.Status != c.status || !strings.Contains((*bodies)[0], c.has) {
				t.Errorf("%s, sent %s", project.Status, (*bodies)[0])
			}
		})
	}
}

// What was refused is no success, and is not shown as one.
func TestPageSaysWhatWasRefused(t *testing.T) {
	_, p, _, srv := stage(t)
	app, _, _ := receiver(t, 400)
	p.Set(func(o *ProdegeOptions) { o.WebhookURL = app.URL })
	form := url.Values{"project": {someID.String()}, "event": {"live"}, "how": {"forged"}}
	if ok, said := press(t, srv, "event", form); ok || !strings.Contains(said, "refused: the app answered 400") {
		t.Errorf("%v %s", ok, said)
	}
}

func TestPageFollowsChanges(t *testing.T) {
	_, _, slackAPI, srv := stage(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/events", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
				return data
			}
		}
		return ""
	}
	if got := next(); got != "hello" {
		t.Fatalf("stream began with %q", got)
	}
	post(t, slackAPI, map[string]string{"channel": "C1", "text": "news"})
	if got := next(); got != "changed" {
		t.Errorf("stream said %q", got)
	}
}

func TestPageRefusesOtherSites(t *testing.T) {
	_, _, _, srv := stage(t)
	req, _ := http.NewRequest(http.MethodPost, srv.URL+"/do/fault", strings.NewReader("clear=all"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("answered %d", resp.StatusCode)
	}
}

func TestPageFaultsAndProjects(t *testing.T) {
	s, p, _, srv := stage(t)
	for _, id := range []string{"slack-429", "prodege-100", "billing-503"} {
		if ok, said := press(t, srv, "fault", url.Values{"fault": {id}}); !ok {
			t.Error(said)
		}
	}
	if s.Pending() != 1 || p.Pending() != 1 {
		t.Error("faults are not set")
	}
	p.take(call{method: "project-info"})
	html := read(t, srv.URL+"/")
	for _, want := range []string{"Slack: the next 3 posts come too fast (429, 5 s)</strong>", "Prodege: the next 3 calls meet maintenance (100)</strong>", "2 calls left", `value="billing-1"`} {
		if !strings.Contains(html, want) {
			t.Errorf("of the faults that are set the page lacks %q", want)
		}
	}
	if ok, said := press(t, srv, "fault", url.Values{"clear": {"prodege-1"}}); !ok || s.Pending() != 1 || p.Pending() != 0 || strings.Contains(read(t, srv.URL+"/"), "maintenance (100)</strong>") {
		t.Errorf("one fault is not cleared by itself: %s", said)
	}
	if ok, _ := press(t, srv, "fault", url.Values{"clear": {"prodege-1"}}); ok {
		t.Error("a fault was cleared twice")
	}
	press(t, srv, "fault", url.Values{"clear": {"all"}})
	if s.Pending() != 0 || !strings.Contains(read(t, srv.URL+"/"), "No fault is set.") {
		t.Error("faults are not cleared")
	}
	if ok, said := press(t, srv, "project", url.Values{"id": {"77"}, "name": {"Tea"}}); !ok || !strings.Contains(read(t, srv.URL+"/"), "Tea") {
		t.Error(said)
	}
	if ok, _ := press(t, srv, "project", url.Values{"id": {"77"}}); ok {
		t.Error("a project was made twice")
	}
}
