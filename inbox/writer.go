package inbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// flushInterval is how often the writer lists finished records on disk, saves refused deliveries, and probes a bad disk.
// After a crash, at most what was handed on within that time is repeated.
const flushInterval = time.Second

// change is something to be made durable: records of events, all or none of them, or the effect of do.
type change struct {
	bodies [][]byte       // of the records
	added  func([]record) // called once they are durable

	do      func() error // called by the goroutine that writes; its error is the result
	barrier bool         // accepted although the disk fails, and not limited to a second

	done chan error // set by submit
}

// submit waits until c is durable or refused, for at most a second.
func (in *Inbox) submit(ctx context.Context, c *change) error {
	c.done = make(chan error, 1)
	in.mu.Lock()
	err := in.health.fault
	switch {
	case in.closed:
		err = ErrClosed
	case in.stats.Draining && c.bodies != nil:
		err = ErrDraining
	case c.barrier && !in.health.hung:
		err = nil
	}
	if err == nil {
		in.pending = append(in.pending, c)
	}
	in.mu.Unlock()
	if err != nil {
		return err
	}
	wake(in.wake)
	var timeout <-chan time.Time
	if !c.barrier {
		timeout = time.After(in.options.diskTimeout)
	}
	select {
	case err := <-c.done:
		return err
	case <-timeout:
		err = errSlow
	case <-ctx.Done():
		err = ctx.Err()
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pending = slices.DeleteFunc(in.pending, func(other *change) bool { return other == c })
	return err
}

// wake wakes up the goroutine that waits for c, unless a wake-up is pending already.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// writeLoop is the only goroutine that writes. Changes that arrive during a commit form the next one, so that one fsync
// serves them all. It sends to opened once, whether the inbox can be used.
func (in *Inbox) writeLoop(opened chan<- error) {
	defer close(in.stopped)
	tick := time.NewTicker(in.options.flushInterval)
	defer tick.Stop()
	tell := func(err error) {
		if opened != nil {
			opened <- err
		}
		opened = nil
	}
	for err := in.start(); err != nil; err = in.start() {
		// These come from how the program was started and not from the disk.
		fatal := errors.Is(err, errBusy) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR)
		if opened != nil && fatal {
			tell(err)
		} else {
			in.fails(err)
			tell(nil)
		}
		select {
		case <-tick.C:
		case <-in.closing:
			return
		}
	}
	in.recoverDisk()
	socket := make(chan struct{})
	go func() { defer close(socket); in.serveControl() }()
	select {
	case <-socket:
	case <-time.After(in.options.diskTimeout): // a disk that hangs blocks the creation of the socket, too
	}
	tell(nil)
	for {
		select {
		case <-in.wake:
			in.commit()
		case <-tick.C:
			in.flush()
			in.recoverDisk()
		case <-in.closing:
			in.commit()
			in.flush()
			for _, j := range []*journal{in.events, in.letters, in.lots.journal} {
				_ = in.work(func() error { j.end(); return j.flush(false) })
			}
			_ = in.work(func() error { return in.disk.remove(filepath.Join(in.options.Dir, socketName)) })
			return
		}
	}
}

// commit commits what is pending: first the events, in one batch.
func (in *Inbox) commit() {
	in.mu.Lock()
	pending := in.pending
	in.pending = nil
	in.mu.Unlock()
	var bodies [][]byte
	for _, c := range pending {
		bodies = append(bodies, c.bodies...)
	}
	if len(bodies) > 0 {
		records, err := in.write(in.events, bodies)
		for _, c := range pending {
			if c.bodies == nil {
				continue
			}
			if err == nil {
				c.added(records[:len(c.bodies)])
				records = records[len(c.bodies):]
			}
			c.done <- err
		}
	}
	for _, c := range pending {
		if c.do != nil {
			c.done <- c.do()
		}
	}
}

// write appends records durably.
func (in *Inbox) write(j *journal, bodies [][]byte) (records []record, err error) {
	err = in.work(func() error { records, err = j.write(bodies); return err })
	if err != nil {
		in.fails(err)
	}
	return records, err
}

// flush writes what nobody waits for. What fails is tried again the next time, so it is no fault.
func (in *Inbox) flush() {
	steps := []func() error{
		func() error { return in.events.flush(false) },
		func() error { return in.letters.flush(false) },
	}
	if in.Stats().Fault == "" {
		steps = append(steps, in.lots.save)
	}
	for _, do := range steps {
		if err := in.work(do); err != nil {
			in.log.Debug("the inbox could not list what is finished", "error", err)
		}
	}
}

// drainInterval is how often Drain checks whether anything waits. Events come and go within milliseconds.
const drainInterval = 10 * time.Millisecond

var errWaiting = errors.New("events still wait")

// Drain returns once everything that waited has been handed on and deleted from disk. From then on the inbox stays empty:
// INBOX_DIR may be removed once the process has stopped, and Append returns ErrDraining, so that the ingress hands
// deliveries to Temporal directly. Until then the inbox accepts events, because those that it refused would be lost if
// Temporal is down. If ctx ends first, the inbox continues as before.
func (in *Inbox) Drain(ctx context.Context) error {
	for {
		err := in.submit(ctx, &change{barrier: true, do: in.drained})
		if err == nil {
			in.log.Info("the inbox is drained and takes nothing any more")
			return nil
		}
		if errors.Is(err, errWaiting) {
			select {
			case <-time.After(drainInterval):
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
