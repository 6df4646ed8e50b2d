package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/project"
)

// FlowsClient reaches our own workflows.
type FlowsClient interface {
	// EarlierRuns reports whether a workflow id had runs that do not belong to the same chain as runID.
	EarlierRuns(ctx context.Context, workflowID, runID string) (bool, error)
	// AddToDigest adds an alert to a channel's digest, once per key.
	AddToDigest(ctx context.Context, channel string, item project.DigestItem) error
	// ResumeHeld tells every project whose decision is held back that accepting is on again, and returns how many it told.
	ResumeHeld(ctx context.Context) (int, error)
	// Report sums up a period and an equally long one before it. It calls progress from time to time.
	Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (project.Report, error)
}

// Flows asks Temporal and tells other workflows. Its methods are activities and safe for concurrent use.
type Flows struct{ client FlowsClient }

// NewFlows makes the activities.
func NewFlows(client FlowsClient) *Flows { return &Flows{client: client} }

// EarlierRuns reports whether the calling workflow had earlier runs that it does not continue.
func (f *Flows) EarlierRuns(ctx context.Context, in project.EarlierRuns) (project.EarlierFound, error) {
	run := activity.GetInfo(ctx).WorkflowExecution
	found, err := f.client.EarlierRuns(ctx, run.ID, run.RunID)
	if err != nil {
		return project.EarlierFound{}, flowsError(ctx, "look for earlier runs of project "+in.Project.String(), err)
	}
	return project.EarlierFound{Found: found}, nil
}

// AddToDigest adds an alert to its channel's digest. It may be repeated: a key is added once.
func (f *Flows) AddToDigest(ctx context.Context, in project.AddToDigest) error {
	if err := f.client.AddToDigest(ctx, in.Channel, in.Item); err != nil {
		return flowsError(ctx, "add an alert to the digest of "+in.Channel, err)
	}
	return nil
}

// Resume tells every project whose decision is held back that accepting is on again, and returns how many it told. It may
// be repeated.
func (f *Flows) Resume(ctx context.Context) (int, error) {
	told, err := f.client.ResumeHeld(ctx)
	if err != nil {
		return told, flowsError(ctx, "tell projects that accepting is on", err)
	}
	return told, nil
}

// GatherReport is the input of Flows.GatherReport.
type GatherReport struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// GatherReport reads all Projects, which takes minutes if there are thousands, and records heartbeats. It may be repeated.
// When its worker stops it ends, and another worker starts over.
func (f *Flows) GatherReport(ctx context.Context, in GatherReport) (project.Report, error) {
	stopping := activity.GetWorkerStopChannel(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return f.client.Report(ctx, in.Since, in.Until, func(read, of int) { activity.RecordHeartbeat(ctx, read, of) })
}

// flowsError is the error of an activity if Temporal failed. A signal may have been accepted nevertheless.
func flowsError(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f := transient(TypeTemporalTransient, operation, "Temporal failed, and it is tried again; check that Temporal answers: "+short(err.Error()), nil)
	f.Maybe = true
	return f.err()
}
