package inbox

import (
	"errors"
	"os"
	"time"

	"fieldmarshal/prodege"
)

// totals count since the process started. They are guarded by Inbox.mu.
type totals struct {
	forwarded uint64
	dead      uint64
	retried   uint64
}

// Stats is the state of the inbox.
type Stats struct {
	Depth       int       `json:"depth"`           // events that wait
	Oldest      time.Time `json:"oldest,omitzero"` // when the oldest of them was appended, UTC
	Forwarded   uint64    `json:"forwarded"`       // handed on since start
	Dead        uint64    `json:"dead"`            // became dead letters since start
	Retried     uint64    `json:"retried"`         // dead letters that were put back since start: each counts as received once more
	DeadLetters int       `json:"dead_letters"`    // that wait for a person now
	Draining    bool      `json:"draining"`        // takes no new events
	Fault       string    `json:"fault,omitempty"` // why the disk takes nothing now
	Hung        bool      `json:"hung,omitempty"`  // the disk does not answer
}

// Stats may be called at any time. It never waits for the disk.
func (in *Inbox) Stats() Stats {
	var s Stats
	var oldest int64
	s.Depth, oldest = in.queue.depth()
	if oldest != 0 {
		s.Oldest = time.Unix(0, oldest).UTC()
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	s.Forwarded, s.Dead, s.Retried = in.totals.forwarded, in.totals.dead, in.totals.retried
	s.DeadLetters, s.Draining, s.Hung = len(in.dead), in.draining, in.health.hung
	if in.health.fault != nil {
		s.Fault = in.health.fault.Error()
	}
	return s
}

// Waiting is an event that waits.
type Waiting struct {
	At    time.Time     `json:"at"` // when it was appended, UTC
	Event prodege.Event `json:"event"`
}

// Waiting lists up to most events that wait, oldest first. Of those that the disk does not give away now only the
// project is known.
func (in *Inbox) Waiting(most int) ([]Waiting, error) {
	list := []Waiting{}
	var fault error
	for _, r := range in.queue.oldest(most) {
		w := Waiting{At: time.Unix(0, r.appended).UTC(), Event: prodege.Event{ProjectID: r.project}}
		if r.event != nil || fault == nil {
			e, _, err := in.event(r)
			switch {
			case errors.Is(err, os.ErrNotExist):
				continue // handed on meanwhile, and its file deleted
			case err != nil:
				fault = err
			default:
				w.Event = e
			}
		}
		list = append(list, w)
	}
	return list, nil
}
