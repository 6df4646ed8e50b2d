package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const testProject prodege.ProjectID = 29303649

// world is Temporal's test environment, which skips time, with activities that stand in for Slack, Prodege and billing.
// It is for tests of the driver; the core has tests of its own.
type world struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	mu       sync.Mutex
	posts    []project.Post
	edits    []project.Edit
	accepted []project.AcceptCPI
	invoices []project.InvoiceCall
	info     prodege.ProjectInfo
	accept   func(context.Context, project.AcceptCPI) (project.Acceptance, error) // default: accepted
	post     func(context.Context, project.Post) (project.Posted, error)          // default: posted
	read     func(context.Context, project.Read) (project.Reading, error)         // default: info
	flows    *Workflows
}

func newWorld(t *testing.T) *world {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &world{t: t, env: suite.NewTestWorkflowEnvironment()}
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 30 * time.Second})
	w.env.SetTestTimeout(2 * time.Minute)
	w.env.SetStartTime(time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)) // a Monday
	usd := prodege.MustUSD
	w.info = prodege.ProjectInfo{ID: testProject, Name: "Oat milk study", ReferenceID: "PO-7", Status: prodege.Paused, PausedForCPI: true,
		CPI: new(usd("3.10")), MaxCPI: new(usd("3.75")), RequiredCPI: new(usd("4.25")), SampleSize: 500}
	w.flows = &Workflows{Settings: Settings{TaskQueue: TaskQueue, Settings: project.Settings{Version: project.CurrentVersion,
		AlertsChannel: "C0ALERTS", ApprovalsChannel: "C0APPROVE", FinanceChannel: "C0FINANCE",
		ApprovalTimeout: 24 * time.Hour, ApprovalReminderEvery: 4 * time.Hour, ResumeTimeout: 5 * time.Minute,
		HasAPIKey: true, HasBilling: true, PollEvery: 6 * time.Hour, ProjectLinger: 720 * time.Hour,
		TemporalUIURL: "http://localhost:8233", Namespace: "default"}}}
	for name, fn := range map[string]any{
		"Post": w.Post, "ReadProject": w.ReadProject, "AcceptCPI": w.AcceptCPI,
		"Edit": func(_ context.Context, in project.Edit) (project.Edited, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.edits = append(w.edits, in)
			return project.Edited{}, nil
		},
		"Ephemeral": func(context.Context, project.Ephemeral) error { return nil },
		"CheckPermission": func(context.Context, project.CheckPermission) (project.Permission, error) {
			return project.Permission{Allowed: true, Known: true}, nil
		},
		"SendInvoice": func(_ context.Context, in project.InvoiceCall) (project.InvoiceResult, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.invoices = append(w.invoices, in)
			return project.InvoiceResult{Status: 202}, nil
		},
		"EarlierRuns": func(context.Context, project.EarlierRuns) (project.EarlierFound, error) {
			return project.EarlierFound{}, nil
		},
		"Resume": func(context.Context) (int, error) { return 0, nil },
	} {
		w.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	return w
}

func (w *world) Post(ctx context.Context, in project.Post) (project.Posted, error) {
	w.mu.Lock()
	w.posts = append(w.posts, in)
	n, post := len(w.posts), w.post
	w.mu.Unlock()
	if post != nil {
		return post(ctx, in)
	}
	out := project.Posted{Channel: in.Channel, TS: fmt.Sprintf("1700000000.%06d", n), Link: fmt.Sprintf("https://slack.example/%d", n)}
	if in.Read != nil {
		out.Reading = &project.Reading{Asked: w.env.Now(), Info: w.info}
	}
	return out, nil
}

func (w *world) ReadProject(ctx context.Context, in project.Read) (project.Reading, error) {
	if w.read != nil {
		return w.read(ctx, in)
	}
	return project.Reading{Asked: w.env.Now(), Info: w.info}, nil
}

func (w *world) AcceptCPI(ctx context.Context, in project.AcceptCPI) (project.Acceptance, error) {
	w.mu.Lock()
	w.accepted = append(w.accepted, in)
	accept := w.accept
	w.mu.Unlock()
	if accept != nil {
		return accept(ctx, in)
	}
	return project.Acceptance{Outcome: project.OutcomeSent, Sent: &in.Approved, MaxCPI: &in.Approved, Status: prodege.Paused}, nil
}

// run runs the Project workflow with its first event. The function later, if any, schedules what happens afterwards.
func (w *world) run(first prodege.Event, later func()) {
	w.env.RegisterDelayedCallback(func() { w.signal(StatusUpdate, first) }, 0)
	if later != nil {
		later()
	}
	w.env.ExecuteWorkflow(w.flows.Project, ProjectInput{ProjectID: testProject})
}

// suggestContinueAsNewOn makes the server suggest continue-as-new when the named activity starts. The result points to
// whether that has happened.
func (w *world) suggestContinueAsNewOn(activityName string) *bool {
	var suggested bool
	w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == activityName {
			w.env.SetContinueAsNewSuggested(true)
			suggested = true
		}
	})
	return &suggested
}

func (w *world) signal(name any, v any) { w.env.SignalWorkflow(fmt.Sprint(name), v) }

func (w *world) after(d time.Duration, do func()) { w.env.RegisterDelayedCallback(do, d) }

// state returns the result of the state query.
func (w *world) state() *project.State {
	w.t.Helper()
	var s *project.State
	got, err := w.env.QueryWorkflow(StateQuery)
	if err == nil {
		err = got.Get(&s)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// event returns an event of the project with a time relative to the current one.
func (w *world) event(id string, after time.Duration, status prodege.Status, reason prodege.Reason) prodege.Event {
	return prodege.Event{ID: prodege.EventID(id), Time: w.env.Now().Add(after), ProjectID: testProject, Status: status, Reason: reason}
}

func (w *world) cpi(id string, after time.Duration, amount string) prodege.Event {
	e := w.event(id, after, prodege.Paused, prodege.RealTimePricing)
	e.RequiredCPI = new(prodege.MustUSD(amount))
	return e
}

// approve returns a click that approves an amount of the first generation of a request.
func approve(request, click, amount string) project.Decision {
	return project.Decision{ID: click, Of: project.OfCPI, Verdict: project.Approve, Request: prodege.EventID(request), Generation: 1,
		Amount: new(prodege.MustUSD(amount)), User: "U0ANN", Channel: "C0APPROVE", From: project.FromSlack}
}
