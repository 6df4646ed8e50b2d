package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"fieldmarshal/project"
)

// flows is a fake Temporal that records calls, and fails with err.
type flows struct {
	err error

	workflowID, runID string
	added             []project.DigestItem
	waits             chan struct{} // closed when Report waits; nil: it does not
	days              time.Duration
}

func (f *flows) EarlierRuns(_ context.Context, workflowID, runID string) (bool, error) {
	f.workflowID, f.runID = workflowID, runID
	return f.err == nil, f.err
}

func (f *flows) AddToDigest(_ context.Context, channel string, item project.DigestItem) error {
	if f.err == nil {
		item.UI = channel
		f.added = append(f.added, item)
	}
	return f.err
}

func (f *flows) ResumeHeld(context.Context) (int, error) { return 3, f.err }

func (f *flows) Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (project.Report, error) {
	f.days = until.Sub(since)
	progress(1, 2)
	if f.waits != nil {
		close(f.waits)
		<-ctx.Done()
		return project.Report{}, ctx.Err()
	}
	return project.Report{Since: since, Until: until, Projects: 2}, nil
}

func TestFlows(t *testing.T) {
	client := &flows{}
	f := NewFlows(client)
	found, err := once[project.EarlierFound](t, f.EarlierRuns, project.EarlierRuns{Project: projectID})
	if err != nil || !found.Found || client.workflowID == "" || client.runID == "" {
		t.Errorf("earlier runs of %q, run %q: %+v, %v", client.workflowID, client.runID, found, err)
	}
	if _, err := once[struct{}](t, f.AddToDigest, project.AddToDigest{Channel: "C1", Item: project.DigestItem{Key: "k"}}); err != nil {
		t.Error(err)
	}
	want(t, "added", len(client.added), 1)
	want(t, "to", client.added[0].UI, "C1")
	told, err := once[int](t, f.Resume)
	if err != nil || told != 3 {
		t.Errorf("told %d, %v", told, err)
	}
}

func TestFlowsWhileTemporalIsAway(t *testing.T) {
	f := NewFlows(&flows{err: errors.New("unavailable")})
	for name, call := range map[string]func() error{
		"earlier runs": func() error {
			_, err := once[project.EarlierFound](t, f.EarlierRuns, project.EarlierRuns{Project: projectID})
			return err
		},
		"fold": func() error {
			_, err := once[struct{}](t, f.AddToDigest, project.AddToDigest{Channel: "C1"})
			return err
		},
		"resume": func() error { _, err := once[int](t, f.Resume); return err },
	} {
		err := call()
		got := failureOf(t, err)
		want(t, name+": type", appError(t, err).Type(), TypeTemporalTransient)
		want(t, name+": kind", got.Kind, project.FailedTransient)
		contains(t, name, got.Text, "unavailable")
	}
}

func TestGatherReport(t *testing.T) {
	until := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	in := GatherReport{Since: until.AddDate(0, 0, -7), Until: until}
	client := &flows{}
	facts, err := once[project.Report](t, NewFlows(client).GatherReport, in)
	if err != nil || facts.Projects != 2 || !facts.Until.Equal(until) || client.days != 7*24*time.Hour {
		t.Errorf("reported %+v of %s, %v", facts, client.days, err)
	}

	// A worker that stops does not wait for minutes.
	stop := make(chan struct{})
	client = &flows{waits: make(chan struct{})}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerStopChannel(stop)
	env.RegisterActivity(NewFlows(client))
	go func() { <-client.waits; close(stop) }()
	if _, err := env.ExecuteActivity("GatherReport", in); err == nil {
		t.Error("it was not broken off")
	}
}
