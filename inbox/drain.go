package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// drainInterval is how often Drain checks whether anything waits. Events come and go within milliseconds.
const drainInterval = 10 * time.Millisecond

var errWaiting = errors.New("events still wait")

// Drain returns once everything that waited has been handed on and deleted from disk. From then on the inbox stays empty:
// INBOX_DIR may be removed once the process has stopped, and Append returns ErrDraining, so that the ingress hands
// deliveries to Temporal directly. Until then the inbox accepts events, because those that it refused would be lost if
// Temporal is down. If ctx ends first, the inbox continues as before.
func (in *Inbox) Drain(ctx context.Context) error {
	tick := time.NewTicker(drainInterval)
	defer tick.Stop()
	for {
		err := in.submit(ctx, &change{barrier: true, do: in.drained})
		if err == nil {
			in.log.Info("the inbox is drained and takes nothing any more")
			return nil
		}
		if errors.Is(err, errWaiting) {
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		return fmt.Errorf("drain the inbox, in which %d events still wait: %w", in.Stats().Depth, err)
	}
}

// drained stops the inbox from accepting events if none waits, in memory or on disk. The goroutine that writes calls it, so
// nothing is being written.
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
