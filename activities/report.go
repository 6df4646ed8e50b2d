package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
)

// Reporter reads what Projects remember of their pauses.
type Reporter interface {
	// Report sums up a time and as long a time before it. progress is told now and then.
	Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (cards.Report, error)
}

// Reports are what is read from our own workflows. Its methods are activities and safe for concurrent use.
type Reports struct{ from Reporter }

// NewReports makes the activities.
func NewReports(from Reporter) *Reports { return &Reports{from: from} }

// GatherReport asks for the report of a time.
type GatherReport struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// GatherReport reads all Projects, which takes minutes where there are thousands: it tells how far it is by
// heartbeats. It may be repeated, and gives way to a worker that stops: another one begins anew.
func (r *Reports) GatherReport(ctx context.Context, in GatherReport) (cards.Report, error) {
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
	return r.from.Report(ctx, in.Since, in.Until, func(read, of int) { activity.RecordHeartbeat(ctx, read, of) })
}
