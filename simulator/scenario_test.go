package simulator

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// performs starts the page with scenarios, over an app that answers each delivery with status and does nothing.
func performs(t *testing.T, status int, stepLimit time.Duration, parts ...Part) *httptest.Server {
	t.Helper()
	s, _ := workspace(t, nil)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(app.Close)
	p, _ := supplier(t, nil)
	p.Set(func(o *ProdegeOptions) { o.WebhookURL = app.URL })
	srv := httptest.NewServer(Page(PageOptions{Stage: Stage{Slack: s, Prodege: p, Parts: parts, Breath: time.Millisecond, StepLimit: stepLimit,
		Cast: Cast{Approver: "U1", Second: "U2", Outsider: "U3", Alerts: "C1", Approvals: "C1", FirstProject: 71000001}}}))
	t.Cleanup(srv.Close)
	return srv
}

// shows waits until the page shows something.
func shows(t *testing.T, srv *httptest.Server, text string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		html := read(t, srv.URL+"/")
		if strings.Contains(html, text) {
			return html
		}
		if time.Now().After(deadline) {
			t.Fatalf("the page does not show %q: %s", text, html)
		}
	}
}

// A scenario that can't go on says what did not come and what may be why; its project is folded away.
func TestAScenarioSaysWhatDidNotCome(t *testing.T) {
	srv := performs(t, 200, 3*time.Second) // which guards the steps before it too, of which one is a call over HTTP
	press(t, srv, "fault", url.Values{"fault": {"slack-out"}})
	html := read(t, srv.URL+"/")
	if !strings.Contains(html, "A scenario will hardly come to its end like this: Slack: the app is removed from the channels until cleared") {
		t.Error("the page does not warn of a fault beside the scenarios")
	}
	if ok, said := press(t, srv, "scenario", url.Values{"scenario": {"approved"}}); !ok {
		t.Fatal(said)
	}
	html = shows(t, srv, "It stopped here: no request came in #alerts within 3 seconds, while this was on: Slack: the app is removed")
	if !strings.Contains(html, `<details class="project" id="p-71000001">`) {
		t.Error("the project of a scenario that is over is not folded")
	}
}

// Who does not want to wait for a scenario stops it.
func TestAScenarioIsStopped(t *testing.T) {
	srv := performs(t, 200, time.Hour)
	if ok, _ := press(t, srv, "scenario", url.Values{"stop": {"1"}}); ok {
		t.Error("what is not played was stopped")
	}
	if ok, said := press(t, srv, "scenario", url.Values{"scenario": {"approved"}}); !ok {
		t.Fatal(said)
	}
	html := shows(t, srv, `<a href="#channel-C1">#alerts</a>`) // it waits for the request
	if !strings.Contains(html, `<article class="card project" id="p-71000001"`) {
		t.Error("the project of a scenario that is played is folded")
	}
	if ok, said := press(t, srv, "scenario", url.Values{"scenario": {"rejected"}}); ok || !strings.Contains(said, "one at a time") {
		t.Errorf("a second scenario began: %s", said)
	}
	if ok, said := press(t, srv, "scenario", url.Values{"stop": {"1"}}); !ok {
		t.Error(said)
	}
	shows(t, srv, "It stopped here: it was stopped on the page")
	if ok, said := press(t, srv, "scenario", url.Values{"scenario": {"rejected"}}); !ok {
		t.Errorf("none can be played after it: %s", said)
	}
	if ok, said := press(t, srv, "scenario", url.Values{"stop": {"1"}}); !ok { // nothing plays on when the test is over
		t.Error(said)
	}
	shows(t, srv, "It stopped here: it was stopped on the page")
}

// A scenario that breaks off starts again what it had stopped.
func TestAScenarioThatFailsMendsWhatItStopped(t *testing.T) {
	var stopped atomic.Bool
	var stops, starts atomic.Int32
	part := Part{ID: "temporal", Name: "Temporal", Stopped: stopped.Load,
		Stop:  func(context.Context) error { stops.Add(1); stopped.Store(true); return nil },
		Start: func(context.Context) error { starts.Add(1); stopped.Store(false); return nil },
	}
	srv := performs(t, http.StatusBadRequest, time.Minute, part)
	if ok, said := press(t, srv, "scenario", url.Values{"scenario": {"outage"}}); !ok {
		t.Fatal(said)
	}
	shows(t, srv, "It stopped here: the webhook was answered 400")
	if stops.Load() != 1 || starts.Load() != 1 || stopped.Load() {
		t.Errorf("stopped %d times, started %d times", stops.Load(), starts.Load())
	}
}

// Who is told that a click could not be recorded clicks again.
func TestWhoIsAskedToClickAgainDoesSo(t *testing.T) {
	s, slackAPI := workspace(t, nil)
	ts := post(t, slackAPI, map[string]string{"channel": "C1", "text": "ask", "blocks": approve})
	var clicks atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		method, form := "chat.update", url.Values{"token": {token}, "channel": {"C1"}, "ts": {ts}, "text": {"recorded"}, "blocks": {"[]"}}
		if clicks.Add(1) == 1 {
			method, form = "chat.postEphemeral", url.Values{"token": {token}, "channel": {"C1"}, "user": {"U1"},
				"text": {"Your click did not count: it could not be recorded right now. Please click again in a minute."}}
		}
		resp, err := http.PostForm(slackAPI.URL+"/api/"+method, form)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
	}))
	t.Cleanup(app.Close)
	s.Set(func(o *SlackOptions) { o.AppURL = app.URL })
	message, _ := s.Message("C1", ts)
	on := &play{Stage: &Stage{Slack: s}, watch: func(Progress) {}, now: Progress{Message: message}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := on.clicks(ctx, "U1", "yes", nil); err != nil {
		t.Fatal(err)
	}
	if m, _ := s.Message("C1", ts); clicks.Load() != 2 || len(Buttons(m)) > 0 {
		t.Errorf("%d clicks, and the message has buttons: %v", clicks.Load(), Buttons(m))
	}
}

// Each recorded history has its scenario, and the page offers those that it can play.
func TestTheTableOfScenarios(t *testing.T) {
	page := Stage{Slack: &Slack{}, Prodege: &Prodege{}, Billing: &Billing{}, Cast: Cast{Approver: "U1"}, Parts: []Part{{ID: "temporal"}}}
	known := map[string]bool{}
	for _, s := range Scenarios {
		if s.Name == "" || s.Title == "" || known[s.Name] {
			t.Errorf("the scenario %q has no name or title of its own", s.Name)
		}
		known[s.Name] = true
		if lacks := page.Lacks(s); s.About != "" && lacks != "" {
			t.Errorf("the page offers %q, and lacks %s", s.Name, lacks)
		}
		for i, st := range s.Steps {
			if st.Says == "" || st.Do == nil {
				t.Errorf("step %d of %q says or does nothing", i, s.Name)
			}
		}
	}
	files, err := filepath.Glob("../workflows/testdata/histories/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories: %v", err)
	}
	for _, file := range files {
		kind, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), ".")
		name = regexp.MustCompile(`-\d$`).ReplaceAllString(name, "")
		if !slices.ContainsFunc(Scenarios, func(s Scenario) bool { return s.Name == name && slices.Contains(s.Histories, kind) }) {
			t.Errorf("no scenario records %s", filepath.Base(file))
		}
	}
}
