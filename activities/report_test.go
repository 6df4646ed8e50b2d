package activities_test

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"fieldmarshal/activities"
	"fieldmarshal/cards"
)

// reporter reads two projects, or waits until it is broken off.
type reporter struct {
	waits chan struct{} // closed when it waits; nil: it does not
	days  time.Duration
}

func (r *reporter) Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (cards.Report, error) {
	r.days = until.Sub(since)
	progress(1, 2)
	if r.waits != nil {
		close(r.waits)
		<-ctx.Done()
		return cards.Report{}, ctx.Err()
	}
	return cards.Report{Since: since, Until: until, Projects: 2}, nil
}

func TestGatherReport(t *testing.T) {
	until := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	in := activities.GatherReport{Since: until.AddDate(0, 0, -7), Until: until}
	var suite testsuite.WorkflowTestSuite
	r := &reporter{}
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.RegisterActivity(activities.NewReports(r))
	got, err := env.ExecuteActivity("GatherReport", in)
	var facts cards.Report
	if err != nil || got.Get(&facts) != nil || facts.Projects != 2 || !facts.Until.Equal(until) || r.days != 7*24*time.Hour {
		t.Errorf("reported %+v of %s, %v", facts, r.days, err)
	}

	// A worker that stops does not wait for minutes.
	stop := make(chan struct{})
	r = &reporter{waits: make(chan struct{})}
	env = suite.NewTestActivityEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.SetWorkerStopChannel(stop)
	env.RegisterActivity(activities.NewReports(r))
	go func() { <-r.waits; close(stop) }()
	if _, err := env.ExecuteActivity("GatherReport", in); err == nil {
		t.Error("it was not broken off")
	}
}
