package operator

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

const theProject prodege.ProjectID = 29303649

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// fakes stand for workflows, Temporal and the inbox behind the small interfaces.
type fakes struct {
	mu        sync.Mutex
	project   *workflows.ProjectState // nil: never heard of
	approval  workflows.ApprovalState
	action    workflows.ActionState
	invoicing workflows.InvoicingState
	fault     error // of every call to a workflow
	health    error
	accepting bool
	switched  string // who set accepting

	decided   []workflows.Decision
	delivered []prodege.Event
	consider  func(*workflows.ApprovalState, workflows.Decision) // what the workflow makes of a decision
	heed      func(*workflows.ActionState, workflows.Decision)   // the same for one about a pause

	gathered workflows.Gathered
	schedule *Schedule
	pollers  []Poller
	since    time.Time

	rows    []Row
	actions []Row // that are open
	query   string
	signals []Signalled

	carried   *workflows.ProjectState // what histories tell where no worker does
	carriedAt time.Time

	listing inbox.Listing
	letters []inbox.DeadLetter
	refused inbox.RefusedList
	drained bool
}

func (f *fakes) Project(context.Context, prodege.ProjectID) (workflows.ProjectState, error) {
	if f.fault != nil {
		return workflows.ProjectState{}, f.fault
	}
	if f.project == nil {
		return workflows.ProjectState{}, workflows.ErrClosed
	}
	return *f.project, nil
}

func (f *fakes) Approval(context.Context, string) (workflows.ApprovalState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.approval, f.fault
}

func (f *fakes) Action(context.Context, string) (workflows.ActionState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.action, f.fault
}

func (f *fakes) Invoicing(context.Context, string) (workflows.InvoicingState, error) {
	return f.invoicing, f.fault
}

func (f *fakes) Gather(_ context.Context, since time.Time, progress func(read, of int)) (workflows.Gathered, error) {
	f.since = since
	progress(1, 1)
	return f.gathered, f.fault
}

func (f *fakes) Decide(_ context.Context, _ string, d workflows.Decision) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decided = append(f.decided, d)
	if f.consider != nil {
		f.consider(&f.approval, d)
	}
	if f.heed != nil {
		f.heed(&f.action, d)
	}
	return nil
}

func (f *fakes) Deliver(_ context.Context, e prodege.Event) error {
	f.delivered = append(f.delivered, e)
	return f.fault
}

func (f *fakes) Accepting(_ context.Context, on bool, by string) error {
	f.accepting, f.switched = on, by
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
	if query == openActions {
		return f.actions, false, f.health
	}
	f.query = query
	if len(f.rows) > limit {
		return f.rows[:limit], true, nil
	}
	return f.rows, false, f.health
}

func (f *fakes) History(context.Context, prodege.ProjectID) (History, error) {
	return History{Signals: f.signals, Whole: true, Carried: f.carried, CarriedAt: f.carriedAt}, f.health
}

func (f *fakes) Namespace(context.Context) (Namespace, error) {
	return Namespace{Retention: 24 * time.Hour}, nil
}

func (f *fakes) Attributes(context.Context) (map[string]string, error) {
	return map[string]string{"ProjectId": "Int", "ProjectStatus": "Text"}, nil
}
func (f *fakes) Pollers(context.Context) ([]Poller, error)   { return f.pollers, nil }
func (f *fakes) Schedule(context.Context) (*Schedule, error) { return f.schedule, nil }

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
	return inbox.DeadLetter{}, inbox.ErrNoLetter
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
	return inbox.ErrNoRefused
}

func (f *fakes) world() *World {
	return &World{Flows: f, Temporal: f, Inbox: box{f}, Facts: Facts{
		TemporalAddress: "temporal:7233", Namespace: "default", TaskQueue: "fieldmarshal", TemporalUIURL: "http://ui",
		SecretKeys: []prodege.Secret{"the-secret"}, SigningSecret: true, InboxDir: "/nowhere/inbox", ProjectLinger: 720 * time.Hour,
	}}
}

// said is what a command answered.
type answered struct {
	out, asked string // standard output, and standard error
	code       int
	fault      string
}

// run runs a command line as the program does.
func run(t *testing.T, w *World, stdin string, args ...string) answered {
	t.Helper()
	root := &cobra.Command{Use: "fieldmarshal", SilenceUsage: true, SilenceErrors: true}
	root.AddGroup(&cobra.Group{ID: GroupID})
	open := func(context.Context) (*World, func(), error) { return w, func() {}, nil }
	root.AddCommand(Commands(Options{Open: open, Now: func() time.Time { return noon }})...)
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
			a.fault = fault.Err.Error()
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

// asks is a project that asks to accept $4.25.
func asks() *fakes {
	const request = "project-29303649-cpi-e1"
	f := &fakes{accepting: true}
	f.project = &workflows.ProjectState{
		ProjectID: theProject, Status: prodege.Paused, Reason: prodege.RealTimePricing, StatusSince: noon.Add(-2 * time.Hour),
		Waiting: workflows.WaitsApproval, WaitingSince: noon.Add(-2 * time.Hour),
		Counts: workflows.Counts{Received: 3, Applied: 1, Duplicate: 1, Late: 1},
		Last: []workflows.EventLine{
			{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: prodege.RealTimePricing, Disposition: workflows.Applied},
			{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: prodege.RealTimePricing, Disposition: workflows.Duplicate},
			{ID: "e0", Time: noon.Add(-3 * time.Hour), Status: prodege.Live, Disposition: workflows.Late},
		},
		Seen:     workflows.Seen{{Unix: noon.Add(-50 * time.Hour).Unix(), Key: "old"}, {Unix: noon.Add(-2 * time.Hour).Unix(), Key: "e1"}},
		Pause:    &workflows.PauseState{Request: request},
		Requests: []*workflows.RequestState{{Workflow: request, Started: true, Status: workflows.ChildStatus{Phase: "open", Required: usd("4.25"), MaxCPI: usd("3.75"), Deadline: noon.Add(22 * time.Hour), Link: "http://slack/1"}}},
		Ledger: workflows.Ledger{
			{At: noon.Add(-2 * time.Hour), Kind: workflows.LinePause, What: "paused for CPI", Amount: usd("4.25"), Ref: "e1"},
			{At: noon.Add(-2 * time.Hour), Kind: workflows.LineRequest, What: "CPI decision asked for", Amount: usd("4.25"), Ref: "e1"},
			{At: noon.Add(-time.Hour), Kind: workflows.LineDecision, What: "approve", Amount: usd("4.00"), By: "U1", From: "slack", Ref: "e1", DryRun: true},
			{At: noon.Add(-time.Hour), Kind: workflows.LineProdege, What: "refused: no", Amount: usd("4.00"), Ref: "e1"},
		},
	}
	f.project.Name.Name, f.project.Name.PONumber = "Oat milk \x1b[31mstudy", "PO-7"
	f.project.Settings.HasAPIKey = true
	f.approval = workflows.ApprovalState{DecisionState: workflows.DecisionState{Generation: 2, Phase: "open"}, Required: usd("4.25")}
	f.approval.Project.ID = theProject
	return f
}
