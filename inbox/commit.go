package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// How long a handed-over event, or a refused delivery, waits for a commit to ride along with, before it
	// gets one of its own. So a crash repeats at most what was handed over within it.
	lazily = time.Second

	// How often a file that can't be opened is tried again: often enough to follow a mended disk, seldom
	// enough that the answer to a delivery stays prompt.
	reopenEvery = time.Second
)

// change is something to be made durable.
type change struct {
	apply       func(*bbolt.Tx) error
	after       func()     // once durable, in the order of commits; may be nil
	done        chan error // made by submit
	fromOutside bool       // an event: refused while the inbox is drained
	proves      bool       // it shows that the disk takes events: only such a one ends a fault of the disk
}

// submit waits until c is durable, or refused, or ctx ends.
func (in *Inbox) submit(ctx context.Context, c *change) error {
	c.done = make(chan error, 1)
	in.mu.Lock()
	switch {
	case in.closed:
		in.mu.Unlock()
		return ErrClosed
	case in.draining && c.fromOutside:
		in.mu.Unlock()
		return ErrDraining
	}
	in.changes = append(in.changes, c)
	in.mu.Unlock()
	in.signal()
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *Inbox) signal() {
	select {
	case in.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// commitLoop is the one goroutine that writes. While it commits, others gather: all that waits at the next
// turn is one commit, and its fsync serves them all.
func (in *Inbox) commitLoop() {
	defer close(in.stopped)
	lazy := time.NewTicker(lazily)
	defer lazy.Stop()
	var closedAt time.Time // when opening the file failed last
	for {
		select {
		case <-in.wake:
			in.commit(&closedAt, false)
		case <-lazy.C:
			in.commit(&closedAt, true)
		case <-in.closing:
			in.commit(&closedAt, true)
			return
		}
	}
}

// commit commits the changes that wait, with what rides along; without any, only when it is the turn of
// what waits lazily.
func (in *Inbox) commit(closedAt *time.Time, lazy bool) {
	if lazy {
		in.heal(closedAt)
	}
	in.mu.Lock()
	changes, forgets, notes := in.changes, in.forgets, in.refused.unsaved()
	if len(changes) == 0 && (!lazy || len(forgets)+len(notes) == 0) {
		in.mu.Unlock()
		return
	}
	in.changes = nil
	in.mu.Unlock()

	err := in.write(closedAt, func(tx *bbolt.Tx) error {
		for _, c := range changes {
			if err := c.apply(tx); err != nil {
				return err
			}
		}
		b := tx.Bucket([]byte(waiting))
		for _, seq := range forgets {
			if err := b.Delete(key(seq)); err != nil {
				return err
			}
		}
		return saveRefused(tx, notes)
	})

	proves := slices.ContainsFunc(changes, func(c *change) bool { return c.proves })
	in.mu.Lock()
	if err != nil || proves {
		in.disk = err
	}
	if err == nil {
		in.forgets = in.forgets[len(forgets):] // more may have come meanwhile
		if len(in.forgets) == 0 {
			in.forgets = nil
		}
		in.refused.saved(notes)
	}
	in.mu.Unlock()
	if err != nil {
		in.tellRefusal(err)
	}
	for _, c := range changes {
		if err == nil && c.after != nil {
			c.after()
		}
		c.done <- err
	}
}

// heal looks whether a fault of the disk is over: what waits in a file that could not be opened, and who reads how
// the inbox stands, must not wait for the next delivery.
func (in *Inbox) heal(closedAt *time.Time) {
	in.mu.Lock()
	well := in.disk == nil
	in.mu.Unlock()
	if well || in.opened(closedAt) != nil || in.write(closedAt, touch) != nil {
		return
	}
	_ = in.write(closedAt, untouch)
	in.mu.Lock()
	in.disk = nil
	in.mu.Unlock()
}

func (in *Inbox) tellRefusal(err error) {
	in.alarms.raise("disk", "The inbox can't write to its disk; deliveries are handed to Temporal directly as long as that answers.",
		"dir", in.options.Dir, "error", err.Error())
}

// opened opens the file where it isn't open, but not more often than reopenEvery.
func (in *Inbox) opened(closedAt *time.Time) error {
	if in.store != nil {
		return nil
	}
	if since := time.Since(*closedAt); since < reopenEvery {
		return errors.New("the inbox file can't be opened")
	}
	*closedAt = time.Now()
	if err := in.reopen(); err != nil {
		return fmt.Errorf("the inbox file can't be opened: %w", err)
	}
	return nil
}

// write commits, and opens the file first where it isn't open.
func (in *Inbox) write(closedAt *time.Time, fn func(*bbolt.Tx) error) error {
	if err := in.opened(closedAt); err != nil {
		return err
	}
	err := in.store.update(fn)
	if errors.Is(err, errUnsure) {
		// The commit may stand, so what was refused may be handed on all the same: harmless, as a repeat is.
		in.setStore(nil)
		if err := in.reopen(); err != nil {
			in.log.Error("the inbox file can't be opened anew", "error", err)
			*closedAt = time.Now()
		}
	}
	return err
}
