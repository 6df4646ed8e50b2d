package activities

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

const (
	botToken = "xoxb-of-the-test"
	project  = prodege.ProjectID(812)
)

func usd(text string) *prodege.USD { u := prodege.MustUSD(text); return &u }

// quiet drops what the SDK logs.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// try says as which attempt an activity runs, and what the one before left.
type try struct {
	attempt int32
	left    *trail
	cancel  func(context.Context) context.Context // changes the activity's context
}

// once runs one attempt of an activity in Temporal's environment.
func once[T any](t *testing.T, fn any, in any, how try) (out T, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.RegisterActivity(fn)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&attempts{how: how}}})
	if how.left != nil {
		env.SetHeartbeatDetails(*how.left)
	}
	value, err := env.ExecuteActivity(fn, in)
	if err == nil && value.HasValue() {
		err = value.Get(&out)
	}
	return out, err
}

// attempts makes an activity believe that it is a later attempt.
type attempts struct {
	interceptor.WorkerInterceptorBase
	how try
}

func (a *attempts) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &attemptsIn{how: a.how}
	in.Next = next
	return in
}

type attemptsIn struct {
	interceptor.ActivityInboundInterceptorBase
	how try
}

func (a *attemptsIn) Init(out interceptor.ActivityOutboundInterceptor) error {
	o := &attemptsOut{how: a.how}
	o.Next = out
	return a.Next.Init(o)
}

func (a *attemptsIn) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if a.how.cancel != nil {
		ctx = a.how.cancel(ctx)
	}
	return a.Next.ExecuteActivity(ctx, in)
}

type attemptsOut struct {
	interceptor.ActivityOutboundInterceptorBase
	how try
}

func (a *attemptsOut) GetInfo(ctx context.Context) activity.Info {
	info := a.Next.GetInfo(ctx)
	info.Attempt = max(a.how.attempt, 1)
	return info
}

// retried runs an activity as workflows do, with as many attempts as it takes (ten at most), and real
// heartbeats between them.
func retried[T any](t *testing.T, fn any, in any) (out T, attempts int, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(fn)
	env.SetTestTimeout(30 * time.Second)
	var started atomic.Int32
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&starts{n: &started}}})
	flow := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 30 * time.Second, HeartbeatTimeout: 20 * time.Second,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second}})
		return workflow.ExecuteActivity(ctx, fn, in).Get(ctx, &out)
	}
	env.ExecuteWorkflow(flow)
	return out, int(started.Load()), env.GetWorkflowError()
}

// starts counts how often an activity is started.
type starts struct {
	interceptor.WorkerInterceptorBase
	n *atomic.Int32
}

func (s *starts) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &startsIn{n: s.n}
	in.Next = next
	return in
}

type startsIn struct {
	interceptor.ActivityInboundInterceptorBase
	n *atomic.Int32
}

func (s *startsIn) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	s.n.Add(1)
	return s.Next.ExecuteActivity(ctx, in)
}

// workspace is a stand-in for Slack with our activities in front of it.
func workspace(t *testing.T, approvers ...string) (*simulator.Slack, *Slack) {
	t.Helper()
	sim := simulator.NewSlack(simulator.SlackOptions{
		BotToken: botToken, SigningSecret: "shh", TeamURL: "https://acme.slack.com/",
		Channels: []simulator.Channel{{ID: "C1", Name: "alerts"}, {ID: "C2", Name: "away", NotMember: true}, {ID: "C3", Name: "old", Archived: true},
			{ID: "C4", Name: "few", Members: []string{"U1"}}},
		Users:  []simulator.User{{ID: "U1", Name: "Ann"}, {ID: "U2", Name: "Bob"}},
		Groups: []simulator.Group{{ID: "S1", Handle: "approvers", Users: []string{"U1"}}, {ID: "S2", Handle: "gone", Users: []string{"U2"}, Disabled: true}},
	})
	srv := httptest.NewServer(sim.Handler())
	t.Cleanup(srv.Close)
	api := NewSlackAPI(botToken, srv.URL+"/api/", nil)
	return sim, NewSlack(SlackOptions{API: api, Approvers: NewApprovers(api, approvers, slog.New(slog.DiscardHandler)), LookAfter: time.Millisecond})
}

// supplier is a stand-in for Prodege with a project that stands still for CPI at $4.25, max_cpi $3.75.
func supplier(t *testing.T, change func(*simulator.Project)) (*simulator.Prodege, ProdegeOptions) {
	t.Helper()
	const key, secret = "key-of-the-test", "secret-of-the-test"
	sim := simulator.NewProdege(simulator.ProdegeOptions{APIKey: key, SecretKey: secret})
	t.Cleanup(sim.Close)
	p := simulator.Project{ID: project, Name: "Oat milk study", Status: prodege.Paused, Reason: prodege.RealTimePricing, PausedForCPI: true,
		CPI: usd("3.10"), MaxCPI: usd("3.75"), RequiredCPI: usd("4.25"),
		Quotas: []simulator.Quota{{ID: 1, Active: true, Respondents: 500, Completes: 120}}}
	if change != nil {
		change(&p)
	}
	sim.SetProject(p)
	srv := httptest.NewServer(sim.Handler())
	t.Cleanup(srv.Close)
	api := prodege.NewClient(prodege.Options{APIKey: key, SecretKey: secret, BaseURL: srv.URL})
	return sim, ProdegeOptions{API: api, Switch: on, CallsPerSecond: 1000}
}

// lever is a kill switch.
type lever func(context.Context) (bool, error)

func (l lever) AcceptingNow(ctx context.Context) (bool, error) { return l(ctx) }

var (
	on     = lever(func(context.Context) (bool, error) { return true, nil })
	off    = lever(func(context.Context) (bool, error) { return false, nil })
	broken = lever(func(context.Context) (bool, error) { return false, errors.New("temporal is away") })
)

// aCard is some card.
func aCard() cards.Card {
	return cards.Card{Note: &cards.Note{Frame: cards.Frame{Project: cards.Project{ID: project, Name: "Oat milk study"}},
		Kind: cards.NoteResumed, Event: &prodege.Event{ID: "e1", ProjectID: project, Status: prodege.Live, Time: time.Now()}}}
}

// appError gives the ApplicationError that workflow code would find.
func appError(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		t.Fatalf("no application error: %v", err)
	}
	return app
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}
