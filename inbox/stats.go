package inbox

import (
	"errors"
	"os"
	"time"

	"fieldmarshal/prodege"
)

// Stats is the state of the inbox.
type Stats struct {
	Depth       int       `json:"depth"`           // events that wait
	Stuck       int       `json:"stuck"`           // events that Temporal has not taken for a day, though it takes others
	Oldest      time.Time `json:"oldest,omitzero"` // when the oldest was appended, UTC
	Forwarded   uint64    `json:"forwarded"`       // handed on since start
	Dead        uint64    `json:"dead"`            // became dead letters since start
	Retried     uint64    `json:"retried"`         // dead letters put back since start; each counts as received once more
	DeadLetters int       `json:"dead_letters"`    // dead letters that wait for a person now
	Draining    bool      `json:"draining"`        // it is drained and accepts no events
	Fault       string    `json:"fault,omitempty"` // why the disk accepts nothing now
	Hung        bool      `json:"hung,omitempty"`  // the disk does not answer
}

// Stats returns the state of the inbox. It never waits for the disk.
func (in *Inbox) Stats() Stats {
	depth, stuck, oldest := in.queue.depth()
	in.mu.Lock()
	defer in.mu.Unlock()
	s := in.stats
	s.Depth, s.Stuck, s.DeadLetters, s.Hung = depth, stuck, len(in.dead), in.health.hung
	if oldest != 0 {
		s.Oldest = time.Unix(0, oldest).UTC()
	}
	if in.health.fault != nil {
		s.Fault = in.health.fault.Error()
	}
	return s
}

func (in *Inbox) count(add func(*Stats)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	add(&in.stats)
}

// Waiting is an event that waits.
type Waiting struct {
	At    time.Time     `json:"at"` // when it was appended, UTC
	Event prodege.Event `json:"event"`
	Error string        `json:"error,omitempty"` // why the last attempt to hand it on failed
	Stuck bool          `json:"stuck,omitempty"` // see Stats
}

// Waiting lists up to limit events that wait, oldest first. Of those that can't be read from disk now, only the project is
// known.
func (in *Inbox) Waiting(limit int) []Waiting {
	list := []Waiting{}
	unreadable := false
	for _, s := range in.queue.oldest(limit) {
		w := Waiting{At: time.Unix(0, s.appended).UTC(), Event: prodege.Event{ProjectID: s.project}, Error: s.refused, Stuck: s.stuck}
		if s.event != nil || !unreadable {
			e, _, err := in.event(s.ref)
			switch {
			case errors.Is(err, os.ErrNotExist):
				continue // handed on in the meantime, and its file deleted
			case err != nil:
				unreadable = true
			default:
				w.Event = e
			}
		}
		list = append(list, w)
	}
	return list
}
