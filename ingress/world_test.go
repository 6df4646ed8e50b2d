package ingress

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

const (
	theProject    prodege.ProjectID = 29303649
	pauseID       prodege.EventID   = "644b0754" // of the event that opened the pause
	prodegeSecret prodege.Secret    = "hush-of-prodege"
	slackSecret   prodege.Secret    = "hush-of-slack"
	botToken                        = "xoxb-hush-token"
	approvals                       = "C0APPROVE"
	alertsChannel                   = "C0ALERTS"
)

// world is an ingress served over real HTTP, with the simulated Slack at the other end. Only Temporal is a small fake that
// records what it gets.
type world struct {
	t        *testing.T
	in       *Ingress
	url      string
	box      *inbox.Inbox
	boxDir   string
	slack    *simulator.Slack
	api      *slack.Client
	temporal *temporal
	who      *approvers
	registry *prometheus.Registry
	log      *buffer
	alerts   chan string
}

// temporal is a fake Temporal that records what it gets.
type temporal struct {
	mu        sync.Mutex
	away      error
	took      []prodege.Event
	decisions []project.Decision
	toward    []prodege.ProjectID // of the decisions
	decide    func() error
	projects  map[prodege.ProjectID]*project.State
	queried   int
	panics    bool
	silent    bool // no worker answers a question

	asked, until time.Time // when it was asked first while silent, and when the time is up that was given at last
}

func (f *temporal) Deliver(_ context.Context, e prodege.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("deliver")
	}
	if f.away != nil {
		return f.away
	}
	f.took = append(f.took, e)
	return nil
}

func (f *temporal) Decide(ctx context.Context, id prodege.ProjectID, d project.Decision) error {
	f.mu.Lock()
	decide := f.decide
	f.mu.Unlock()
	if decide != nil {
		if err := decide(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return f.away
	}
	f.decisions, f.toward = append(f.decisions, d), append(f.toward, id)
	return nil
}

// Project returns a state, or ErrClosed if there is none.
func (f *temporal) Project(ctx context.Context, id prodege.ProjectID) (*project.State, error) {
	f.mu.Lock()
	silent := f.silent
	f.queried++
	if silent {
		if f.asked.IsZero() {
			f.asked = time.Now()
		}
		if until, _ := ctx.Deadline(); until.After(f.until) {
			f.until = until
		}
	}
	f.mu.Unlock()
	if silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return nil, f.away
	}
	state, ok := f.projects[id]
	if !ok {
		return state, workflows.ErrClosed
	}
	return state, nil
}

func (f *temporal) Health(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away
}

func (f *temporal) set(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func (f *temporal) decided() []project.Decision {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]project.Decision(nil), f.decisions...)
}

// approvers are U0ANN and U0BEN, while the list can be read.
type approvers struct {
	mu      sync.Mutex
	unknown bool
	none    bool // the list names nobody any more
}

func (a *approvers) May(_ context.Context, user string) (allowed, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.none && (user == "U0ANN" || user == "U0BEN" || user == "U0GUEST"), !a.unknown
}

func (a *approvers) Nobody(context.Context) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.none
}

// buffer is a log that several may write and a test reads.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// patience is how long a test waits for what only takes long on a busy machine. That the ingress answers within Slack's three
// seconds is checked by its timeouts, see TestASlowTemporal.
const patience = 30 * time.Second

// patient calls the simulated Slack without the ingress's limit of a second or two.
type patient struct{}

func (patient) Do(r *http.Request) (*http.Response, error) {
	return (&http.Client{Timeout: patience}).Do(r.WithContext(context.WithoutCancel(r.Context())))
}

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, boxDir: t.TempDir(), temporal: &temporal{}, who: &approvers{}, registry: prometheus.NewRegistry(), log: &buffer{}, alerts: make(chan string, 10)}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if w.box, err = inbox.Open(inbox.Options{Dir: w.boxDir, Logger: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.box.Close() })
	w.slack = simulator.NewSlack(simulator.SlackOptions{BotToken: botToken, SigningSecret: slackSecret.Reveal(), Patience: patience,
		Channels: []simulator.Channel{{ID: approvals, Name: "approvals"}, {ID: alertsChannel, Name: "alerts"}},
		Users:    []simulator.User{{ID: "U0ANN", Name: "ann"}, {ID: "U0BEN", Name: "ben"}, {ID: "U0EVE", Name: "eve"}, {ID: "U0GUEST", Name: "guest", TeamID: "T0OTHER"}}})
	slackServer := httptest.NewServer(w.slack.Handler())
	t.Cleanup(slackServer.Close)
	w.slack.Set(func(o *simulator.SlackOptions) { o.URL = slackServer.URL })
	w.api = slack.New(botToken, slack.OptionAPIURL(slackServer.URL+"/api/"), slack.OptionHTTPClient(patient{}))
	options := Options{
		Logger: log, Inbox: w.box, Workflows: w.temporal, ProdegeSecrets: []prodege.Secret{prodegeSecret}, SigningSecrets: []prodege.Secret{slackSecret},
		Slack: w.api, SlackAPIURL: slackServer.URL + "/api/", Approvers: w.who, Registry: w.registry, Temporal: w.temporal.Health,
		Team: func(ctx context.Context) (string, error) {
			test, err := w.api.AuthTestContext(ctx)
			if err != nil {
				return "", err
			}
			return test.TeamID, nil
		},
		ApprovalsChannel: approvals, AlertsChannel: alertsChannel,
		Alert: func(_ context.Context, text string) error { w.alerts <- text; return nil },
	}
	for _, c := range change {
		c(&options)
	}
	if w.in, err = New(options); err != nil {
		t.Fatal(err)
	}
	w.in.responses.Timeout = patience
	server := httptest.NewUnstartedServer(nil)
	server.Config = w.in.Server()
	server.Start()
	t.Cleanup(func() { server.Close(); w.in.Wait(); w.noSecrets() })
	w.url = server.URL
	w.slack.Set(func(o *simulator.SlackOptions) { o.AppURL = w.url + "/slack" })
	return w
}

// noSecrets checks that the log of a test contains neither secrets nor capabilities.
func (w *world) noSecrets() {
	for _, secret := range []string{"hush-", "/response/", "signature="} {
		if log := w.log.String(); strings.Contains(log, secret) {
			w.t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}

// post sends a request and returns status and body.
func (w *world) post(path, contentType string, body []byte) (int, string) {
	w.t.Helper()
	answer, err := http.Post(w.url+path, contentType, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		w.t.Errorf("POST %s is answered as %q", path, kind)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

// get sends a request to the admin address, or for /healthz to the public one.
func (w *world) get(path string) (int, string) {
	w.t.Helper()
	handler := w.in.admin
	if path == "/healthz" {
		handler = w.in.handler
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder.Code, recorder.Body.String()
}

// waiting lists the events in the inbox.
func (w *world) waiting() []prodege.Event {
	w.t.Helper()
	var events []prodege.Event
	for _, e := range w.box.Waiting(1000) {
		events = append(events, e.Event)
	}
	return events
}

// request posts a CPI request with live buttons and returns its ts.
func (w *world) request(change ...func(*project.RequestFacts)) string {
	w.t.Helper()
	return w.say(project.Card{Request: requestFacts(change...)})
}

func requestFacts(change ...func(*project.RequestFacts)) *project.RequestFacts {
	amount := prodege.MustUSD("4.25")
	r := &project.RequestFacts{Frame: project.Frame{Project: project.Name{ID: theProject}}, ID: pauseID, Generation: 2,
		Required: &amount, Phase: project.PhaseOpen, PausedAt: time.Now(), Deadline: time.Now().Add(time.Hour)}
	for _, c := range change {
		c(r)
	}
	return r
}

func (w *world) say(card project.Card) string {
	w.t.Helper()
	m := cards.Render(card)
	_, ts, err := w.api.PostMessageContext(w.t.Context(), approvals, slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...))
	if err != nil {
		w.t.Fatal(err)
	}
	return ts
}

func (w *world) click(c simulator.Click) simulator.Reply {
	w.t.Helper()
	if c.Channel == "" {
		c.Channel = approvals
	}
	reply, err := w.slack.Click(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.in.Wait()
	return reply
}

// told returns all ephemeral messages to a person.
func (w *world) told(user string) string {
	var all []string
	for _, m := range w.slack.Ephemerals(user) {
		all = append(all, m.Text)
	}
	return strings.Join(all, "\n")
}

// buttons lists the action ids on a message.
func (w *world) buttons(ts string) []string {
	w.t.Helper()
	m, ok := w.slack.Message(approvals, ts)
	if !ok {
		w.t.Fatalf("there is no message %s", ts)
	}
	var ids []string
	for _, b := range m.Blocks {
		for _, e := range b.Elements {
			if e.Type == "button" {
				ids = append(ids, e.ActionID)
			}
		}
	}
	return ids
}

// directory is a fixed list of open projects.
type directory struct {
	waiting []OpenItem
	open    []prodege.ProjectID
	fault   error
}

func (d *directory) Waiting(context.Context) ([]OpenItem, error) {
	return slices.Clone(d.waiting), d.fault
}
func (d *directory) Open(context.Context) ([]prodege.ProjectID, error) { return d.open, d.fault }
