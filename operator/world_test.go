package operator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

const theProject prodege.ProjectID = 29303649

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// fakes stand for workflows, Temporal and the inbox behind the small interfaces.
type fakes struct {
	mu        sync.Mutex
	project   *project.State // nil: never heard of
	fault     error          // of every call to a workflow
	health    error
	accepting bool
	switched  string // who set accepting

	decided   []project.Decision
	delivered []prodege.Event
	consider  func(*project.State, project.Decision) // what the project makes of a decision

	gathered workflows.Gathered
	workers  int // that poll
	since    time.Time

	rows    []Row
	ended   []Row // projects that were terminated or failed
	query   string
	signals []Signal

	listing inbox.Listing
	letters []inbox.DeadLetter
	refused inbox.RefusedList
	drained bool
}

func (f *fakes) Project(context.Context, prodege.ProjectID) (*project.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != nil {
		return nil, f.fault
	}
	if f.project == nil {
		return nil, workflows.ErrClosed
	}
	return f.project.Trimmed(), nil
}

func (f *fakes) Ledger(context.Context, prodege.ProjectID) (workflows.Ledger, error) {
	if f.fault != nil || f.project == nil {
		return workflows.Ledger{}, cmp.Or(f.fault, workflows.ErrClosed)
	}
	return workflows.Ledger{Lines: f.project.Ledger}, nil
}

func (f *fakes) Gather(_ context.Context, since time.Time, progress func(read, of int)) (workflows.Gathered, error) {
	f.since = since
	progress(1, 1)
	return f.gathered, f.fault
}

func (f *fakes) Decide(_ context.Context, _ prodege.ProjectID, d project.Decision) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decided = append(f.decided, d)
	if f.consider == nil { // as the core does
		step(f.project, 0, project.Turn{Decisions: []project.Decision{d}})
	} else {
		f.consider(f.project, d)
	}
	return nil
}

func (f *fakes) Deliver(_ context.Context, e prodege.Event) error {
	f.delivered = append(f.delivered, e)
	return f.fault
}

func (f *fakes) Accepting(_ context.Context, on bool, by string) error {
	if f.fault == nil {
		f.accepting, f.switched = on, by
	}
	return f.fault
}

func (f *fakes) LastSwitch(context.Context) (workflows.ControlState, error) {
	last := workflows.ControlState{On: f.accepting, By: f.switched}
	if f.switched != "" {
		last.At = noon
	}
	return last, nil
}

func (f *fakes) Health(context.Context) error { return f.health }

func (f *fakes) List(_ context.Context, query string, limit int) ([]Row, bool, error) {
	if query == endedProjects {
		return f.ended, false, f.health
	}
	f.query = query
	return append([]Row{}, f.rows[:min(limit, len(f.rows))]...), len(f.rows) > limit, f.health
}

func (f *fakes) History(context.Context, prodege.ProjectID) ([]Signal, bool, error) {
	if f.project == nil && f.fault == nil {
		return nil, false, workflows.ErrClosed
	}
	return f.signals, true, f.health
}

func (f *fakes) Retention(context.Context) (time.Duration, error) { return 24 * time.Hour, nil }

func (f *fakes) Attributes(context.Context) (map[string]string, error) {
	return map[string]string{"ProjectId": "Int", "ProjectStatus": "Text"}, nil
}
func (f *fakes) Workers(context.Context, time.Time) (int, error) { return f.workers, nil }

// box is the inbox's side of the fakes, whose List is another.
type box struct{ *fakes }

func (b box) List(context.Context) (inbox.Listing, error) { return b.listing, b.fault }
func (b box) Drain(context.Context) (inbox.Stats, error) {
	b.drained = true
	return b.listing.Stats, nil
}
func (b box) DeadLetters(context.Context) ([]inbox.DeadLetter, error) { return b.letters, nil }
func (b box) DeadLetter(_ context.Context, id uint64) (inbox.DeadLetter, error) {
	for _, l := range b.letters {
		if l.ID == id {
			return l, nil
		}
	}
	return inbox.DeadLetter{}, inbox.ErrNone
}
func (b box) Retry(ctx context.Context, id uint64) error { return b.Drop(ctx, id) }
func (b box) Drop(ctx context.Context, id uint64) error {
	if _, err := b.DeadLetter(ctx, id); err != nil {
		return err
	}
	b.fakes.letters = nil
	return nil
}
func (b box) Refused(context.Context) (inbox.RefusedList, error) { return b.fakes.refused, nil }

func (b box) Admit(_ context.Context, id uint64, by string) error {
	for i := range b.fakes.refused.Kept {
		if r := &b.fakes.refused.Kept[i]; r.ID == id {
			if r.Size == 0 {
				return errors.New("its data was not kept: it can't be admitted")
			}
			r.AdmittedBy = by
			return nil
		}
	}
	return inbox.ErrNone
}

func (f *fakes) world() *World {
	link := func(workflow string) string { return "http://ui/" + workflow }
	return &World{Flows: f, Temporal: f, Inbox: box{f}, UILink: link, Facts: Facts{
		TemporalAddress: "temporal:7233", Namespace: "default", TaskQueue: "fieldmarshal",
		SecretKeys: []prodege.Secret{"the-secret"}, InboxDir: "/nowhere/inbox", ProjectLinger: 720 * time.Hour,
	}}
}

// answered is what a command answered.
type answered struct {
	out, asked string // standard output, and standard error
	code       int
	fault      string
}

// run runs a command line as the program does.
func run(t *testing.T, w *World, stdin string, args ...string) answered {
	t.Helper()
	open := func(context.Context) (*World, func(), error) { return w, func() {}, nil }
	root := Root(Options{Open: open, Settings: someSettings, Build: someBuild, Now: func() time.Time { return noon }})
	var out, asked bytes.Buffer
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&asked)
	a := answered{}
	err := root.ExecuteContext(t.Context())
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		a.code = fault.Code
		if fault.Err != nil {
			a.fault = fault.Error()
		}
	case err != nil:
		a.code, a.fault = ExitUsage, err.Error()
	}
	a.out, a.asked = out.String(), asked.String()
	return a
}

// wants checks an exit code and texts that must be there.
func (a answered) wants(t *testing.T, code int, texts ...string) {
	t.Helper()
	if a.code != code {
		t.Errorf("exit code %d, want %d\n%s\n%s", a.code, code, a.out, a.fault)
	}
	for _, text := range texts {
		if !strings.Contains(a.out+a.fault, text) {
			t.Errorf("%q is not said:\n%s\n%s", text, a.out, a.fault)
		}
	}
}

func usd(text string) *prodege.USD {
	u := prodege.MustUSD(text)
	return &u
}

// step takes a project through a turn of the core, at a time before noon.
func step(s *project.State, ago time.Duration, t project.Turn) {
	t.Now = noon.Add(-ago)
	if t.Settings.AlertsChannel == "" {
		t.Settings = settings()
	}
	s.Step(t)
}

func settings() project.Settings {
	return project.Settings{AlertsChannel: "C1", ApprovalsChannel: "C2", FinanceChannel: "C3", Anyone: true, ApprovalTimeout: 24 * time.Hour, AlertActions: true, HasAPIKey: true,
		PollEvery: 6 * time.Hour, ProjectLinger: 720 * time.Hour}
}

func event(id string, ago time.Duration, status prodege.Status, reason prodege.Reason) prodege.Event {
	return prodege.Event{ID: prodege.EventID(id), ProjectID: theProject, Time: noon.Add(-ago), Status: status, Reason: reason}
}

// asks is a project that has asked to accept $4.25 for two hours.
func asks() *fakes {
	s := project.New(theProject)
	e1 := event("e1", 2*time.Hour, prodege.Paused, prodege.RealTimePricing)
	e1.RequiredCPI = usd("4.25")
	step(s, 2*time.Hour, project.Turn{Events: []prodege.Event{e1, e1, event("e0", 3*time.Hour, prodege.Live, 0)}})
	s.Name.Name, s.Name.PONumber = "Oat milk \x1b[31mstudy", "PO-7"
	q := s.Request
	q.Stage, q.Numbers, q.Clock.Deadline = "", &project.Numbers{MaxCPI: usd("3.75")}, noon.Add(22*time.Hour)
	s.Outbox = []*project.Message{{Key: "request-e1", What: "CPI request", Wanted: 1, Shown: 1, TS: "1", Link: "http://slack/1", Card: project.Card{Request: &project.RequestFacts{ID: "e1", Phase: project.PhaseOpen}}}}
	return &fakes{accepting: true, project: s}
}

// offers is a project that is paused as its sample size is reached, and offers to raise it.
func offers() *fakes {
	s := project.New(theProject)
	step(s, 2*time.Hour, project.Turn{Events: []prodege.Event{event("e1", 2*time.Hour, prodege.Paused, prodege.SampleSize)}})
	s.Action.Figures = &project.Figures{Wanted: 400, Completes: 390}
	return &fakes{accepting: true, project: s}
}
