package ingress

import (
	"context"
	"fmt"
	"sync"

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

	mu   sync.Mutex
	busy map[prodege.ProjectID]chan struct{} // closed when the project is free
}

func newDirect(w Workflows) *direct {
	return &direct{workflows: w, slots: make(chan struct{}, directDeliveries), busy: map[prodege.ProjectID]chan struct{}{}}
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	todo := make(chan prodege.ProjectID, len(order))
	for _, id := range order {
		todo <- id
	}
	close(todo)
	var working sync.WaitGroup
	var first sync.Once
	var failed error
	var panicked any
	for range min(directProjects, len(order)) {
		working.Go(func() {
			var err error
			defer func() {
				r := recover()
				if r != nil || err != nil {
					first.Do(func() { failed, panicked = err, r })
					cancel()
				}
			}()
			for id := range todo {
				if err = d.project(ctx, id, projects[id]); err != nil {
					return
				}
			}
		})
	}
	working.Wait()
	if panicked != nil {
		panic(panicked) // in the goroutine of the request, where recovery answers it
	}
	return failed
}

// project hands over the events of a project in order.
func (d *direct) project(ctx context.Context, id prodege.ProjectID, events []prodege.Event) error {
	free, err := d.take(ctx, id)
	if err != nil {
		return err
	}
	defer free()
	for _, e := range events {
		if err := d.workflows.Deliver(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// take waits until no other delivery hands over events of the project. free must be called afterwards.
func (d *direct) take(ctx context.Context, id prodege.ProjectID) (free func(), err error) {
	for {
		d.mu.Lock()
		other := d.busy[id]
		if other == nil {
			mine := make(chan struct{})
			d.busy[id] = mine
			d.mu.Unlock()
			return func() {
				d.mu.Lock()
				delete(d.busy, id)
				d.mu.Unlock()
				close(mine)
			}, nil
		}
		d.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
