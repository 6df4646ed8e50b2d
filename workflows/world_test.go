package workflows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

const theProject prodege.ProjectID = 29303649

// world stands for Slack, Prodege and billing behind the activities' inputs and results, with Temporal's
// test environment and its skipped time. What it checks is decisions: facts on cards, calls that were made.
type world struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	mu       sync.Mutex
	messages []*said
	whispers []activities.Whisper
	accepts  []activities.AcceptCPI
	acts     []activities.ActOnProject
	invoices []activities.SendInvoice
	reads    int
	asked    []string // who was looked up

	info      prodege.ProjectInfo
	readErr   error
	readFault func(n int) error // fault of the n-th try to read the project
	accept    func(activities.AcceptCPI) (activities.Acceptance, error)
	act       func(activities.ActOnProject) (activities.Acceptance, error)
	bill      func(n int) (activities.InvoiceSent, error)
	outsiders map[string]bool
	unknown   bool              // the list of approvers can't be had
	postFault func(n int) error // fault of the n-th try to post
	queues    []string          // in which it was tried to post
	unserved  bool              // the channels are none of today's configuration
	lost      bool              // the next post arrives, and its answer does not
	posts     int
	settings  Settings
	flows     *Workflows
}

// said is a message as it stands.
type said struct {
	activities.Post
	TS    string
	Edits int
	At    time.Time
}

func newWorld(t *testing.T) *world {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	w := &world{t: t, env: suite.NewTestWorkflowEnvironment(), outsiders: map[string]bool{}}
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 30 * time.Second})
	w.env.SetTestTimeout(2 * time.Minute)
	w.env.SetStartTime(time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)) // a Monday
	w.settings = Settings{TaskQueue: TaskQueue, AlertsChannel: "C0ALERTS", ApprovalsChannel: "C0APPROVE", FinanceChannel: "C0FINANCE",
		ApprovalTimeout: 24 * time.Hour, ApprovalReminderEvery: 4 * time.Hour, ResumeTimeout: 5 * time.Minute,
		HasAPIKey: true, HasBilling: true, PollEvery: 6 * time.Hour, ProjectLinger: 720 * time.Hour,
		TemporalUIURL: "http://localhost:8233", Namespace: "default"}
	usd := prodege.MustUSD
	w.info = prodege.ProjectInfo{ID: theProject, Name: "Oat milk study", ReferenceID: "PO-7", Status: prodege.Paused, PausedForCPI: true,
		CPI: ptr(usd("3.10")), AvgCPI: ptr(usd("3.05")), MaxCPI: ptr(usd("3.75")), RequiredCPI: ptr(usd("4.25")), SampleSize: 500}
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved, Status: prodege.Paused}, nil
	}
	w.act = func(activities.ActOnProject) (activities.Acceptance, error) {
		return activities.Acceptance{Outcome: activities.AcceptSent, Status: prodege.Paused}, nil
	}
	w.bill = func(int) (activities.InvoiceSent, error) { return activities.InvoiceSent{Status: 202}, nil }
	for name, fn := range map[string]any{"Post": w.Post, "Edit": w.Edit, "Whisper": w.Whisper, "MayDecide": w.MayDecide, "Serves": w.Serves,
		"ReadProject": w.ReadProject, "AcceptCPI": w.AcceptCPI, "ActOnProject": w.ActOnProject, "SendInvoice": w.SendInvoice} {
		w.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	return w
}

func (w *world) Serves(context.Context, activities.Serves) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.unserved, nil
}

func (w *world) Post(ctx context.Context, in activities.Post) (activities.Posted, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts++
	w.queues = append(w.queues, activity.GetInfo(ctx).TaskQueue)
	if w.postFault != nil {
		if err := w.postFault(w.posts); err != nil {
			return activities.Posted{}, err
		}
	}
	for _, m := range w.messages {
		if m.Key == in.Key && !in.Tried.IsZero() {
			return activities.Posted{Channel: in.Channel, TS: m.TS, Found: true}, nil
		}
		if m.Key == in.Key {
			w.t.Errorf("posted twice: %s", in.Key)
		}
	}
	m := &said{Post: in, TS: fmt.Sprintf("1700000000.%06d", len(w.messages)+1), At: w.env.Now()}
	w.messages = append(w.messages, m)
	if w.lost {
		w.lost = false
		return activities.Posted{}, mend("the answer was lost")
	}
	return activities.Posted{Channel: in.Channel, TS: m.TS, Link: "https://slack.example/" + m.TS}, nil
}

func (w *world) Edit(_ context.Context, in activities.Edit) (activities.Edited, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if m.TS == in.TS {
			m.Card, m.Edits = in.Card, m.Edits+1
			return activities.Edited{}, nil
		}
	}
	return activities.Edited{Gone: true}, nil
}

func (w *world) Whisper(_ context.Context, in activities.Whisper) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whispers = append(w.whispers, in)
	return nil
}

func (w *world) MayDecide(_ context.Context, in activities.MayDecide) (activities.Permission, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, in.User)
	return activities.Permission{Allowed: !w.outsiders[in.User], Known: !w.unknown}, nil
}

func (w *world) ReadProject(context.Context, activities.ReadProject) (activities.Reading, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	if w.readFault != nil {
		if err := w.readFault(w.reads); err != nil {
			return activities.Reading{}, err
		}
	}
	return activities.Reading{Asked: w.env.Now().UTC(), Info: w.info, Quotas: &prodege.Quotas{Completes: 312, Wanted: 500},
		Clicks: &prodege.ClickSettings{Limited: true, Cap: 1000, Refill: prodege.RefillDay}}, w.readErr
}

func (w *world) AcceptCPI(_ context.Context, in activities.AcceptCPI) (activities.Acceptance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accepts = append(w.accepts, in)
	return w.accept(in)
}

func (w *world) ActOnProject(_ context.Context, in activities.ActOnProject) (activities.Acceptance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acts = append(w.acts, in)
	return w.act(in)
}

func (w *world) SendInvoice(_ context.Context, in activities.SendInvoice) (activities.InvoiceSent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.invoices = append(w.invoices, in)
	return w.bill(len(w.invoices))
}

// at schedules a step of the story, that long after its start.
func (w *world) at(after time.Duration, step func()) { w.env.RegisterDelayedCallback(step, after) }

// event makes an event of this world's clock: what Prodege sends now.
func (w *world) event(id string, status prodege.Status, change ...func(*prodege.Event)) prodege.Event {
	e := prodege.Event{ID: prodege.EventID(id), Time: w.env.Now().Truncate(time.Second), ProjectID: theProject, Status: status, Delivery: fmt.Sprintf("d-%s-%d", id, w.env.Now().UnixNano())}
	for _, c := range change {
		c(&e)
	}
	return e
}

func because(r prodege.Reason) func(*prodege.Event) { return func(e *prodege.Event) { e.Reason = r } }
func cpi(amount string) func(*prodege.Event) {
	return func(e *prodege.Event) {
		e.Reason, e.RequiredCPI = prodege.RealTimePricing, ptr(prodege.MustUSD(amount))
	}
}
func earlier(d time.Duration) func(*prodege.Event) {
	return func(e *prodege.Event) { e.Time = e.Time.Add(-d) }
}

// deliver schedules an event that is made and sent at that time.
func (w *world) deliver(after time.Duration, id string, status prodege.Status, change ...func(*prodege.Event)) {
	w.at(after, func() { w.env.SignalWorkflow(string(StatusUpdate), w.event(id, status, change...)) })
}

// click schedules a decision on the open request, with what its button carries then.
func (w *world) click(after time.Duration, user string, verdict activities.Verdict, change ...func(*Decision)) {
	w.at(after, func() {
		r := w.request()
		if r == nil {
			w.t.Errorf("no request stands at %s", after)
			return
		}
		d := Decision{Click: fmt.Sprintf("%s-%s-%s", user, verdict, after), Verdict: verdict, Generation: r.Generation, Amount: r.Required, User: user, Channel: "C0APPROVE", From: activities.FromSlack, At: w.env.Now()}
		for _, c := range change {
			c(&d)
		}
		if err := w.env.SignalWorkflowByID(r.Workflow, string(Decide), d); err != nil {
			w.t.Errorf("click not taken: %v", err)
		}
	})
}

// run runs the project's story to its end: the last event of it must be DELETED or INVOICED.
func (w *world) run() {
	w.t.Helper()
	w.start()
	if !w.env.IsWorkflowCompleted() {
		w.t.Fatal("the project did not close")
	}
	if err := w.env.GetWorkflowError(); err != nil {
		w.t.Fatalf("the project's workflow failed: %v", err)
	}
}

// state is the Project's state, now.
func (w *world) state() ProjectState {
	w.t.Helper()
	got, err := w.env.QueryWorkflow(StateQuery)
	if err != nil {
		w.t.Fatal(err)
	}
	var s ProjectState
	if err := got.Get(&s); err != nil {
		w.t.Fatal(err)
	}
	if c := s.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable {
		w.t.Errorf("received is not the sum of dispositions: %+v", c)
	}
	return s
}

// roots are the messages that are not in a thread, as what they are about.
func (w *world) roots(channel string) (list []*said) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if m.Thread == "" && m.Channel == channel {
			list = append(list, m)
		}
	}
	return list
}

// notes are the kinds of notes said, in order; those in a thread begin with "> ".
func (w *world) notes() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if m.Card.Note != nil {
			mark := ""
			if m.Thread != "" {
				mark = "> "
			}
			list = append(list, mark+string(m.Card.Note.Kind))
		}
	}
	return list
}

// request is the newest CPI request as it stands.
func (w *world) request() *activities.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.messages) - 1; i >= 0; i-- {
		if r := w.messages[i].Card.Request; r != nil {
			return r
		}
	}
	return nil
}

func (w *world) answers() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.whispers {
		list = append(list, a.User+": "+string(a.Card.Answer.Kind))
	}
	return list
}

func (w *world) set(change func()) func() {
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		change()
	}
}

// mend is a fault that people must mend, as the Slack activity reports it.
func mend(why string) error {
	return temporal.NewNonRetryableApplicationError(why, activities.TypeSlackMend, errors.New(why))
}

// passing is a fault that is tried again after a while. The test environment gives up after ten tries where
// the server never does, so the pause spans what the story needs.
func passing(kind string, again time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("for now", kind, temporal.ApplicationErrorOptions{NextRetryDelay: again})
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("%s:\n got  %q\n want %q", what, got, want)
	}
}

// expectContinue runs the story until the Project continues as new, and shows the state it carries.
func (w *world) expectContinue(check func(ProjectState)) {
	w.t.Helper()
	w.start()
	var next *workflow.ContinueAsNewError
	if !errors.As(w.env.GetWorkflowError(), &next) {
		w.t.Fatalf("did not continue as new: %v", w.env.GetWorkflowError())
	}
	var in ProjectInput
	if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &in); err != nil {
		w.t.Fatal(err)
	}
	check(*in.State)
}

func (w *world) start() {
	w.flows = &Workflows{Settings: w.settings}
	Register(w.env, w.flows)
	w.env.SetStartWorkflowOptions(startOptions(ProjectWorkflowID(theProject)))
	w.env.ExecuteWorkflow(TypeProject, ProjectInput{ProjectID: theProject})
}
