package simulator

import (
	"context"
	"fmt"
	"sync"
)

// news tells that something changed, to those who wait for it and to live pages. Safe for concurrent use.
type news struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
}

func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.changed == nil {
		n.changed = make(chan struct{})
	}
	return n.changed
}

func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.changed != nil {
		close(n.changed)
		n.changed = nil
	}
}

// Subscribe gives a channel that receives something after each change, until ctx ends. Changes that follow
// one another closely may come as one.
func (n *news) Subscribe(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	changed := n.next()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				changed = n.next()
				select {
				case out <- struct{}{}:
				default: // one is waiting already
				}
			}
		}
	}()
	return out
}

// await looks at once and after each change, until look is satisfied or ctx ends.
func (n *news) await(ctx context.Context, what string, look func() bool) error {
	for {
		changed := n.next() // before the look, so that nothing falls between
		if look() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}
