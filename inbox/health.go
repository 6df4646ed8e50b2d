package inbox

import (
	"errors"
	"time"
)

// The disk counts as hung once the work under way is older than a second. Then appends are refused at once, nothing
// queues, and what is pending is withdrawn. That ends when the work has returned and probes have taken less than
// 200 ms for 5 s. A disk that refuses is probed likewise; the first good probe ends that, or the 5 s if it refused again
// within a minute, so that readiness does not flap on a disk that is nearly full.

const (
	patience  = time.Second            // how long an append waits, and how old the work under way may be
	promptly  = 200 * time.Millisecond // how fast a disk answers a probe if it no longer hangs
	wellFor   = 5 * time.Second        // how long it has to
	wellAfter = time.Minute            // how long a disk must have been well for its next fault to count as a first one
)

var (
	errSlow    = errors.New("the disk of the inbox did not answer within a second")
	errOpening = errors.New("the inbox is not open yet")
)

// health is whether the disk takes events. It is guarded by Inbox.mu.
type health struct {
	begun  time.Time // of the work under way; zero if there is none
	fault  error     // why events are refused; nil if they are taken
	hung   bool      // the work under way took too long since the fault began
	since  time.Time // of the fault
	good   time.Time // of the first in a row of prompt probes
	healed time.Time // when the last fault ended
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
	case in.stats.Draining:
		return ErrDraining
	}
	return in.health.fault
}

// work touches the disk, and counts it as hung if that takes too long. The goroutine that writes calls it.
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

// hangs counts the disk as hung if the work under way has taken too long, and withdraws what is pending.
func (in *Inbox) hangs() {
	in.mu.Lock()
	if in.health.begun.IsZero() || time.Since(in.health.begun) < in.options.patience {
		in.mu.Unlock()
		return
	}
	in.health.begin(ErrHung)
	in.health.hung = true
	in.mu.Unlock()
	for _, c := range in.takePending() {
		c.done <- ErrHung
	}
	in.alarms.raise("hung", "The disk of the inbox hangs. Deliveries are handed to Temporal directly as long as that answers.", "dir", in.options.Dir)
}

// fails begins a fault, or goes on with it.
func (in *Inbox) fails(err error) {
	in.mu.Lock()
	in.health.begin(err)
	in.mu.Unlock()
	in.alarms.raise("disk", "The inbox can't write to its disk. Deliveries are handed to Temporal directly as long as that answers.",
		"dir", in.options.Dir, "error", err.Error())
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
	if err := in.work(func() error { return in.disk.probe(in.options.Dir) }); err != nil {
		in.fails(err)
		return
	}
	took := time.Since(start)
	in.mu.Lock()
	defer in.mu.Unlock()
	h := &in.health
	if h.hung || h.since.Sub(h.healed) < wellAfter {
		switch {
		case took >= in.options.promptly:
			h.good = time.Time{}
			return
		case h.good.IsZero():
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
