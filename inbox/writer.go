package inbox

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// One goroutine writes. While it commits, others gather, and all that is pending at the next turn is one commit, whose
// fsync serves them all.
//
// The disk counts as hung once the work under way is older than a second. Then appends are refused at once, nothing
// queues, and what is pending is withdrawn. That ends when the work has returned and probes have taken less than
// 200 ms for 5 s. A disk that refuses is probed likewise; the first good probe ends that, or the 5 s if it refused again
// within a minute, so that readiness does not flap on a disk that is nearly full.

const (
	patience  = time.Second            // how long an append waits, and how old the work under way may be
	promptly  = 200 * time.Millisecond // how fast a disk answers a probe if it no longer hangs
	wellFor   = 5 * time.Second        // how long it has to
	wellAfter = time.Minute            // how long a disk must have been well for its next fault to count as a first one

	// How often the writer flushes what is finished, saves refused deliveries, and probes a bad disk. A crash repeats at
	// most what was handed on within it.
	lazily = time.Second
)

var errSlow = errors.New("the disk of the inbox did not answer within a second")

// change is something to be made durable: events, or what do does.
type change struct {
	events []prodege.Event
	bodies [][]byte // of their records
	at     time.Time

	do      func() error // called by the goroutine that writes, with its error as the answer
	barrier bool         // passes although the disk refuses, and waits as long as its context

	done chan error // made by submit
}

// health is whether the disk takes events. It is guarded by Inbox.mu.
type health struct {
	begun  time.Time // of the work under way; zero if there is none
	fault  error     // why events are refused; nil if they are taken
	hung   bool      // the work under way took too long since the fault began
	since  time.Time // of the fault
	good   time.Time // of the first in a row of prompt probes
	healed time.Time // when the last fault ended
}

// submit waits until c is durable or refused, for at most a second.
func (in *Inbox) submit(ctx context.Context, c *change) error {
	c.done = make(chan error, 1)
	if !c.barrier {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, in.options.patience, errSlow)
		defer cancel()
	}
	in.mu.Lock()
	var refusal error
	switch {
	case in.closed:
		refusal = ErrClosed
	case in.draining && c.events != nil:
		refusal = ErrDraining
	case in.health.fault != nil && !(c.barrier && !in.health.hung):
		refusal = in.health.fault
	default:
		in.pending = append(in.pending, c)
	}
	in.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	select {
	case in.wake <- struct{}{}:
	default: // it is woken already
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		in.mu.Lock()
		in.pending = slices.DeleteFunc(in.pending, func(other *change) bool { return other == c })
		in.mu.Unlock()
		return context.Cause(ctx)
	}
}

// writeLoop is the one goroutine that writes. It tells opened once whether the inbox can be used.
func (in *Inbox) writeLoop(opened chan<- error) {
	defer close(in.stopped)
	tick := time.NewTicker(in.options.lazily)
	defer tick.Stop()
	for first := true; ; first = false {
		err := in.start()
		if err == nil {
			break
		}
		if first && fatal(err) {
			opened <- err
		} else {
			in.fails(err)
			tell(opened)
		}
		select {
		case <-tick.C:
		case <-in.closing:
			return
		}
	}
	in.treat()
	socket := make(chan struct{})
	go func() { defer close(socket); in.serveControl() }()
	select {
	case <-socket:
	case <-time.After(in.options.patience): // a disk that hangs lets no socket be made either
	}
	tell(opened)
	for {
		select {
		case <-in.wake:
			in.commit()
		case <-tick.C:
			in.flush()
			in.treat()
		case <-in.closing:
			in.commit()
			in.flush()
			in.end()
			return
		}
	}
}

func tell(opened chan<- error) {
	select {
	case opened <- nil:
	default: // it was told before
	}
}

// work touches the disk, and counts it as hung if that takes too long.
func (in *Inbox) work(do func() error) error {
	in.mu.Lock()
	in.health.begun = time.Now()
	in.mu.Unlock()
	watch := time.AfterFunc(in.options.patience, in.hangs)
	err := do()
	watch.Stop()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.health.begun = time.Time{}
	return err
}

// commit commits what is pending.
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
		records, err := in.write(bodies)
		for _, c := range pending {
			if c.events == nil {
				continue
			}
			if err == nil {
				in.queue.add(refsOf(records[:len(c.events)], c))
				records = records[len(c.events):]
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

// write appends records of events durably.
func (in *Inbox) write(bodies [][]byte) (records []record, err error) {
	err = in.work(func() error { records, err = in.events.write(bodies); return err })
	if err != nil {
		in.fails(err)
	}
	return records, err
}

// refsOf is what waits after a change was committed.
func refsOf(records []record, c *change) []ref {
	refs := make([]ref, len(records))
	for i, r := range records {
		refs[i] = ref{record: r, appended: c.at.UnixNano(), project: c.events[i].ProjectID, event: &c.events[i]}
	}
	return refs
}

// flush brings to disk what nobody waits for. What fails is tried again at the next turn, so it is no fault.
func (in *Inbox) flush() {
	steps := []func() error{
		func() error { return in.events.flush(false) },
		func() error { return in.letters.flush(false) },
	}
	if in.Stats().Fault == "" {
		steps = append(steps, in.lot.save)
	}
	for _, do := range steps {
		if err := in.work(do); err != nil {
			in.log.Debug("the inbox could not write what it has done", "error", err)
		}
	}
}

// end closes the files. What is finished was noted before.
func (in *Inbox) end() {
	for _, j := range []*journal{in.events, in.letters, in.lot.journal} {
		_ = in.work(func() error { j.end(); return j.flush(false) })
	}
	_ = in.work(func() error { return in.disk.remove(filepath.Join(in.options.Dir, socketName)) })
}

// treat probes a disk that hangs or refuses, or was not used yet, and ends the fault if it is well.
func (in *Inbox) treat() {
	in.mu.Lock()
	well := in.health.fault == nil
	in.mu.Unlock()
	if well {
		return
	}
	start := time.Now()
	err := in.work(func() error { return in.disk.probe(in.options.Dir) })
	took := time.Since(start)
	if err != nil {
		in.fails(err)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	h := &in.health
	if h.hung || h.since.Sub(h.healed) < wellAfter {
		if took >= in.options.promptly {
			h.good = time.Time{}
			return
		}
		if h.good.IsZero() {
			h.good = start
		}
		if time.Since(h.good) < wellFor {
			return
		}
	}
	if h.fault != errOpening {
		in.log.Info("the inbox takes events again")
		h.healed = time.Now()
	}
	h.fault, h.hung, h.good = nil, false, time.Time{}
}

// fails begins a fault, or goes on with it.
func (in *Inbox) fails(err error) {
	in.mu.Lock()
	in.health.begin(err)
	in.mu.Unlock()
	in.alarms.raise("disk", "The inbox can't write to its disk. Deliveries are handed to Temporal directly as long as that answers.",
		"dir", in.options.Dir, "error", err.Error())
}

// hangs counts the disk as hung if the work under way has taken too long, and withdraws what is pending.
func (in *Inbox) hangs() {
	in.mu.Lock()
	if in.health.begun.IsZero() || time.Since(in.health.begun) < in.options.patience {
		in.mu.Unlock()
		return
	}
	in.health.begin(ErrHung)
	in.health.hung = true
	pending := in.pending
	in.pending = nil
	in.mu.Unlock()
	for _, c := range pending {
		c.done <- ErrHung
	}
	in.alarms.raise("hung", "The disk of the inbox hangs. Deliveries are handed to Temporal directly as long as that answers.", "dir", in.options.Dir)
}

func (h *health) begin(err error) {
	if h.fault == nil {
		h.since = time.Now()
	}
	h.fault, h.good = err, time.Time{}
}

// Writable returns nil if the inbox takes events, or why it does not. It never waits.
func (in *Inbox) Writable() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.closed:
		return ErrClosed
	case in.draining:
		return ErrDraining
	}
	return in.health.fault
}
