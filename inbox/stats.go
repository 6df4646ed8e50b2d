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
	Stuck       int       `json:"stuck"`           // events that Temporal has not accepted for a day, though it accepts others
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

// count increments one of the counters of Stats.
func (in *Inbox) count(counter *uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	*counter++
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
		w := Waiting{At: time.Unix(0, s.appended).UTC(), Event: prodege.Event{ProjectID: s.project}, Error: s.why, Stuck: s.stuck}
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

const (
	alarmLogEvery  = time.Minute      // at most one log line per kind of alarm, except for those in alarmLogAlways
	alarmPostEvery = 10 * time.Minute // at most one call of Options.Alarm per kind of alarm
)

// alarmLogAlways are the alarms that may each mean the loss of another event.
var alarmLogAlways = map[string]bool{"dead": true, "damaged": true, "stuck": true}

// alarm says when an alarm was last logged, and passed to Options.Alarm.
type alarm struct{ logged, posted time.Time }

// raise logs an alarm and passes it to Options.Alarm, but not too often.
func (in *Inbox) raise(kind, text string, args ...any) {
	in.mu.Lock()
	now, last := time.Now(), in.alarms[kind]
	log := alarmLogAlways[kind] || now.Sub(last.logged) >= alarmLogEvery
	if log {
		last.logged = now
	}
	post := in.options.Alarm != nil && now.Sub(last.posted) >= alarmPostEvery
	if post {
		last.posted = now
	}
	in.alarms[kind] = last
	in.mu.Unlock()
	if log {
		in.log.Error(text, append([]any{"alarm", kind}, args...)...)
	}
	if post {
		in.posts.Go(func() { in.options.Alarm(text) })
	}
}
