package inbox

import (
	"errors"
	"time"
)

// The disk counts as hung once an operation has taken more than a second. Then appends are refused at once instead of
// queued, and pending ones are withdrawn, until the operation has returned and probes have taken less than 200 ms for 5 s.
// A disk that fails is probed as well: it counts as healthy after one good probe, or after those 5 s if it had failed
// within the minute before, so that readiness does not flap on a disk that is nearly full.

const (
	diskTimeout  = time.Second            // how long an append waits, and how long an operation may take
	probeLimit   = 200 * time.Millisecond // how long a probe may take if the disk no longer hangs
	healthyFor   = 5 * time.Second        // how long probes must be good
	healthyAfter = time.Minute            // how long after a fault the next one counts as a repetition
)

var (
	errSlow    = errors.New("the disk of the inbox did not answer within a second")
	errOpening = errors.New("the inbox is not open yet")
)

// health says whether the disk accepts events. It is guarded by Inbox.mu.
type health struct {
	begun  time.Time // start of the operation in progress; zero if there is none
	fault  error     // why events are refused; nil if they are accepted
	hung   bool      // an operation has taken too long since the fault began
	since  time.Time // start of the fault
	good   time.Time // start of the first in a row of good probes
	healed time.Time // when the last fault ended
}

func (h *health) begin(err error) {
	if h.fault == nil {
		h.since = time.Now()
	}
	h.fault, h.good = err, time.Time{}
}

// Writable returns nil if the inbox accepts events, or else why it does not. It never blocks.
func (in *Inbox) Writable() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.closed:
		return ErrClosed
	case in.stats.Draining:
		return ErrDraining
	}
	return in.health.fault
}

// work runs an operation on the disk, which counts as hung if that takes too long. The goroutine that writes calls it.
func (in *Inbox) work(do func() error) error {
	in.mu.Lock()
	in.health.begun = time.Now()
	in.mu.Unlock()
	watch := time.AfterFunc(in.options.diskTimeout, in.hangs)
	err := do()
	watch.Stop()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.health.begun = time.Time{}
	return err
}

// hangs marks the disk as hung if the operation in progress has taken too long, and withdraws what is pending.
func (in *Inbox) hangs() {
	in.mu.Lock()
	if in.health.begun.IsZero() || time.Since(in.health.begun) < in.options.diskTimeout {
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
	in.raise("hung", "The disk of the inbox hangs. Deliveries are handed to Temporal directly as long as that answers.",
		"dir", in.options.Dir)
}

// fails records a fault of the disk, or that it continues.
func (in *Inbox) fails(err error) {
	in.mu.Lock()
	in.health.begin(err)
	in.mu.Unlock()
	in.raise("disk", "The inbox can't write to its disk. Deliveries are handed to Temporal directly as long as that answers.",
		"dir", in.options.Dir, "error", err.Error())
}

// recoverDisk probes a disk that has failed, hung, or not been used yet, and ends the fault if it is healthy. The goroutine
// that writes calls it.
func (in *Inbox) recoverDisk() {
	if in.Stats().Fault == "" {
		return
	}
	start := time.Now()
	if err := in.work(func() error { return in.disk.probe(in.options.Dir) }); err != nil {
		in.fails(err)
		return
	}
	slow := time.Since(start) >= in.options.probeLimit
	in.mu.Lock()
	defer in.mu.Unlock()
	h := &in.health
	if h.hung || h.since.Sub(h.healed) < healthyAfter {
		if slow {
			h.good = time.Time{}
			return
		}
		if h.good.IsZero() {
			h.good = start
		}
		if time.Since(h.good) < healthyFor {
			return
		}
	}
	if h.fault != errOpening {
		in.log.Info("the inbox accepts events again")
		h.healed = time.Now()
	}
	h.fault, h.hung, h.good = nil, false, time.Time{}
}
