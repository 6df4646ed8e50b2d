package inbox

import (
	"time"

	"go.etcd.io/bbolt"

	"fieldmarshal/prodege"
)

// totals count since the process started. Guarded by Inbox.mu.
type totals struct {
	forwarded uint64
	dead      uint64
	retried   uint64
}

// Stats says how the inbox stands.
type Stats struct {
	Depth       int       `json:"depth"`           // events that wait
	Oldest      time.Time `json:"oldest,omitzero"` // when the oldest of them was appended, UTC
	Forwarded   uint64    `json:"forwarded"`       // handed on since start
	Dead        uint64    `json:"dead"`            // became dead letters since start
	Retried     uint64    `json:"retried"`         // dead letters that were put back since start: each counts as received once more
	DeadLetters int       `json:"dead_letters"`    // that wait for a person now
	Draining    bool      `json:"draining"`        // takes no new events
	Fault       string    `json:"fault,omitempty"` // why the disk refuses now
}

// Stats may be called at any time; it reads no event.
func (in *Inbox) Stats() Stats {
	var s Stats
	var oldest int64
	s.Depth, oldest = in.queue.depth()
	if oldest != 0 {
		s.Oldest = time.Unix(0, oldest).UTC()
	}
	_ = in.view(func(tx *bbolt.Tx) error {
		s.DeadLetters = tx.Bucket([]byte(dead)).Stats().KeyN
		return nil
	})
	in.mu.Lock()
	defer in.mu.Unlock()
	s.Retried = in.totals.retried
	s.Forwarded, s.Dead, s.Draining = in.totals.forwarded, in.totals.dead, in.draining
	if in.disk != nil {
		s.Fault = in.disk.Error()
	}
	return s
}

// Waiting is an event that waits.
type Waiting struct {
	At    time.Time     `json:"at"` // when it was appended, UTC
	Event prodege.Event `json:"event"`
}

// Waiting lists up to most events that wait, oldest first. The last second's may be handed over already.
func (in *Inbox) Waiting(most int) ([]Waiting, error) {
	list := []Waiting{}
	done := map[uint64]bool{}
	in.mu.Lock()
	for _, seq := range in.forgets {
		done[seq] = true
	}
	in.mu.Unlock()
	err := in.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(waiting)).Cursor()
		for k, v := c.First(); k != nil && len(list) < most; k, v = c.Next() {
			var e entry
			if seq, ok := sequence(k); ok && !done[seq] && decode(v, &e) == nil {
				list = append(list, Waiting(e))
			}
		}
		return nil
	})
	return list, err
}
