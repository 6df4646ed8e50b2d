package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// drainEvery is how often Drain looks whether nothing waits. Events come and go within milliseconds.
const drainEvery = 10 * time.Millisecond

var errWaiting = errors.New("events still wait")

// Drain returns once all that waited was handed on and forgotten on disk. From then on the inbox is empty and stays so:
// INBOX_DIR may be removed once the process has stopped, and Append answers ErrDraining, so that the ingress hands
// deliveries to Temporal directly. While anything waits it takes further events: what it refused would be lost if Temporal
// is away. If ctx ends first, it goes on taking events.
func (in *Inbox) Drain(ctx context.Context) error {
	look := time.NewTicker(drainEvery)
	defer look.Stop()
	for {
		err := in.submit(ctx, &change{barrier: true, do: in.drained})
		if err == nil {
			in.log.Info("the inbox is drained and takes nothing any more")
			return nil
		}
		if errors.Is(err, errWaiting) {
			select {
			case <-look.C:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		return fmt.Errorf("drain the inbox, in which %d events still wait: %w", in.Stats().Depth, err)
	}
}

// drained ends the taking of events if none waits, in memory and on disk. The goroutine that writes calls it, so nothing
// is being written.
func (in *Inbox) drained() error {
	if in.Stats().Depth > 0 {
		return errWaiting
	}
	if err := in.work(func() error { in.events.end(); return in.events.flush(true) }); err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if slices.ContainsFunc(in.pending, func(c *change) bool { return c.bodies != nil }) {
		return errWaiting
	}
	in.stats.Draining = true
	return nil
}
