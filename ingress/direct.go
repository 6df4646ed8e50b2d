package ingress

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"fieldmarshal/prodege"
)

const (
	directDeliveries = 64 // handed to Temporal concurrently; others wait until their time is over
	directProjects   = 8  // of one delivery, concurrently
)

// direct hands deliveries that the disk refuses to Temporal, one event per project at a time. It is safe for concurrent use.
type direct struct {
	workflows Workflows
	slots     chan struct{}
	projects  sync.Map // of chan struct{} by prodege.ProjectID; full while an event of the project is handed over
}

func newDirect(w Workflows) *direct {
	return &direct{workflows: w, slots: make(chan struct{}, directDeliveries)}
}

// deliver returns nil once Temporal has every event, or an error as soon as one of them could not be handed over. The events
// of a project are handed over in order.
func (d *direct) deliver(ctx context.Context, events []prodege.Event) error {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return fmt.Errorf("too many deliveries go to Temporal directly: %w", ctx.Err())
	}
	var order []prodege.ProjectID
	projects := map[prodege.ProjectID][]prodege.Event{}
	for _, e := range events {
		if projects[e.ProjectID] == nil {
			order = append(order, e.ProjectID)
		}
		projects[e.ProjectID] = append(projects[e.ProjectID], e)
	}
	handovers, ctx := errgroup.WithContext(ctx)
	handovers.SetLimit(directProjects)
	for _, id := range order {
		handovers.Go(func() error { return d.project(ctx, id, projects[id]) })
	}
	return handovers.Wait()
}

// project hands over the events of a project in order, while no other delivery does. A panic is an error.
func (d *direct) project(ctx context.Context, id prodege.ProjectID, events []prodege.Event) (err error) {
	turns, _ := d.projects.LoadOrStore(id, make(chan struct{}, 1))
	turn := turns.(chan struct{})
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		<-turn
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	for _, e := range events {
		if err := d.workflows.Deliver(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
