package activities

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

const (
	botToken  = "xoxb-of-the-test"
	projectID = prodege.ProjectID(812)
)

func usd(text string) *prodege.USD { u := prodege.MustUSD(text); return &u }

// quiet discards the SDK's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// once runs one attempt of an activity in Temporal's environment.
func once[T any](t *testing.T, fn any, in ...any) (out T, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterActivity(fn)
	value, err := env.ExecuteActivity(fn, in...)
	if err == nil && value.HasValue() {
		err = value.Get(&out)
	}
	return out, err
}

// repeated runs attempts like the core, at most ten: carry puts what a failed one may have done into the input of the next,
// and a final failure is the last.
func repeated[T, In any](t *testing.T, fn any, in In, carry func(*In, project.Failure)) (out T, attempts int, err error) {
	t.Helper()
	for attempts < 10 {
		attempts++
		if out, err = once[T](t, fn, in); err == nil {
			return out, attempts, nil
		}
		f := failureOf(t, err)
		if f.Kind != project.FailedTransient {
			break
		}
		carry(&in, f)
	}
	return out, attempts, err
}

// Functions that carry what an attempt may have done to the next.
func carryPost(in *project.Post, f project.Failure) {
	if f.Maybe && in.Tried.IsZero() {
		in.Tried = time.Now()
	}
}
func carryAccept(in *project.AcceptCPI, f project.Failure) { in.Maybe, in.Amount = f.Maybe, f.Amount }
func carryAct(in *project.ActOnProject, f project.Failure) { in.Maybe = f.Maybe }
func carryNothing[In any](*In, project.Failure)            {}

// workspace is a simulated Slack with our activities in front of it.
func workspace(t *testing.T, approvers ...string) (*simulator.Slack, *Slack) {
	t.Helper()
	return workspaceWith(t, nil, approvers...)
}

// workspaceWith is a workspace whose posts read projects from a Reader.
func workspaceWith(t *testing.T, reader Reader, approvers ...string) (*simulator.Slack, *Slack) {
	t.Helper()
	sim := simulator.NewSlack(simulator.SlackOptions{
		BotToken: botToken, SigningSecret: "shh", TeamURL: "https://acme.slack.com/",
		Channels: []simulator.Channel{{ID: "C1", Name: "alerts"}, {ID: "C2", Name: "away", NotMember: true}, {ID: "C3", Name: "old", Archived: true},
			{ID: "C4", Name: "few", Members: []string{"U1"}}},
		Users:  []simulator.User{{ID: "U1", Name: "Ann"}, {ID: "U2", Name: "Bob"}},
		Groups: []simulator.Group{{ID: "S1", Handle: "approvers", Users: []string{"U1"}}, {ID: "S2", Handle: "gone", Users: []string{"U2"}, Disabled: true}, {ID: "S3", Handle: "empty"}},
	})
	srv := httptest.NewServer(sim.Handler())
	t.Cleanup(srv.Close)
	api := NewSlackAPI(botToken, srv.URL+"/api/", nil)
	return sim, NewSlack(SlackOptions{API: api, Approvers: NewApprovers(api, approvers, slog.New(slog.DiscardHandler)), Prodege: reader, LookAfter: time.Millisecond})
}

// supplier is a simulated Prodege with a project that is paused for a CPI of $4.25, with max_cpi $3.75.
func supplier(t *testing.T, change func(*simulator.Project)) (*simulator.Prodege, ProdegeOptions) {
	t.Helper()
	const key, secret = "key-of-the-test", "secret-of-the-test"
	sim := simulator.NewProdege(simulator.ProdegeOptions{APIKey: key, SecretKey: secret})
	t.Cleanup(sim.Close)
	p := simulator.Project{ID: projectID, Name: "Oat milk study", Status: prodege.Paused, Reason: prodege.RealTimePricing, PausedForCPI: true,
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
func aCard() project.Card {
	return project.Card{Note: &project.Note{Frame: project.Frame{Project: project.Name{ID: projectID, Name: "Oat milk study"}},
		Kind: project.NoteResumed, Event: &prodege.Event{ID: "e1", ProjectID: projectID, Status: prodege.Live, Time: time.Now()}}}
}

// appError returns the ApplicationError that workflow code would get.
func appError(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		t.Fatalf("no application error: %v", err)
	}
	return app
}

// failureOf returns how an attempt failed, as workflow code gets it.
func failureOf(t *testing.T, err error) project.Failure {
	t.Helper()
	app := appError(t, err)
	f := FailureOf(err)
	want(t, "non-retryable", app.NonRetryable(), f.Kind != project.FailedTransient)
	want(t, "message", app.Message(), f.Text)
	for _, secret := range []string{botToken, "key-of-the-test", "secret-of-the-test", billingSecret, "hidden"} {
		if strings.Contains(err.Error()+f.Text, secret) {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
	return f
}

func contains(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%s: %q does not say %q", what, got, part)
		}
	}
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}
