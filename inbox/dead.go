package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// DeadLetter is an event that Temporal refuses permanently, or that could not be read from disk. It waits for a person.
type DeadLetter struct {
	ID      uint64        `json:"id"` // the event's number
	At      time.Time     `json:"at"` // UTC
	Reason  string        `json:"reason"`
	Event   prodege.Event `json:"event"`
	Damaged []byte        `json:"damaged,omitempty"` // what is on disk, if it can't be read as an event
}

// letter is a dead letter and its record.
type letter struct {
	DeadLetter
	record record
}

// DeadLetters lists the dead letters, oldest first.
func (in *Inbox) DeadLetters() []DeadLetter {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := make([]DeadLetter, 0, len(in.dead))
	for _, id := range slices.Sorted(maps.Keys(in.dead)) {
		list = append(list, in.dead[id].DeadLetter)
	}
	return list
}

// Retry puts a dead letter back into the queue, behind the other events of its project. The error is ErrNone if there is
// none of that number.
func (in *Inbox) Retry(ctx context.Context, id uint64) error {
	return in.submit(ctx, &change{do: func() error {
		in.mu.Lock()
		l, there := in.dead[id]
		in.mu.Unlock()
		switch {
		case !there:
			return ErrNone
		case l.Event.ID == "":
			return errors.New("it can't be read as an event: drop it")
		}
		back, err := in.appending([]prodege.Event{l.Event})
		if err != nil {
			return err
		}
		records, err := in.write(in.events, back.bodies)
		if err != nil {
			return err
		}
		in.count(&in.stats.Retried)
		back.added(records)
		return in.forgetLetter(id)
	}})
}

// Drop deletes a dead letter permanently. The error is ErrNone if there is none of that number.
func (in *Inbox) Drop(ctx context.Context, id uint64) error {
	return in.submit(ctx, &change{do: func() error { return in.forgetLetter(id) }})
}

// loadLetter adds a dead letter that was found on disk.
func (in *Inbox) loadLetter(r record, text []byte) {
	var l DeadLetter
	if err := json.Unmarshal(text, &l); err != nil {
		l = DeadLetter{ID: r.number, Reason: errDamaged.Error(), Damaged: slices.Clone(text)}
	}
	in.addLetter(l, r)
}

// writeLetter makes a dead letter durable. The goroutine that writes calls it.
func (in *Inbox) writeLetter(l DeadLetter) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	records, err := in.write(in.letters, [][]byte{body})
	if err != nil {
		return err
	}
	in.addLetter(l, records[0])
	return nil
}

// addLetter adds a letter to the list. After a crash one may be on disk twice; the last one counts.
func (in *Inbox) addLetter(l DeadLetter, r record) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if before, there := in.dead[l.ID]; there {
		in.letters.finish(before.record)
	}
	in.dead[l.ID] = letter{l, r}
}

// forgetLetter removes a letter from the list, durably. If that fails, the letter may be back after a restart. The
// goroutine that writes calls it.
func (in *Inbox) forgetLetter(id uint64) error {
	in.mu.Lock()
	l, there := in.dead[id]
	delete(in.dead, id)
	in.mu.Unlock()
	if !there {
		return ErrNone
	}
	in.letters.finish(l.record)
	return in.work(func() error { return in.letters.flush(true) })
}
