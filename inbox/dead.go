package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// ErrNoLetter means that there is no dead letter of that number, or none any more.
var ErrNoLetter = errors.New("no such dead letter")

// DeadLetter is an event that can never be handed on, or could not be read from disk.
type DeadLetter struct {
	ID      uint64        `json:"id"` // the event's number
	At      time.Time     `json:"at"` // UTC
	Reason  string        `json:"reason"`
	Event   prodege.Event `json:"event"`
	Damaged []byte        `json:"damaged,omitempty"` // what stands on disk, if it can't be read as an event
}

// letter is a dead letter and where its record lies.
type letter struct {
	DeadLetter
	record record
}

// loadLetter takes in a dead letter that was found on disk. After a crash one may be there twice; the last counts.
func (in *Inbox) loadLetter(r record, text []byte) {
	var l DeadLetter
	if err := json.Unmarshal(text, &l); err != nil {
		l = DeadLetter{ID: r.number, Reason: errDamaged.Error(), Damaged: slices.Clone(text)}
	}
	in.addLetter(l, r)
}

func (in *Inbox) addLetter(l DeadLetter, r record) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if before, there := in.dead[l.ID]; there {
		in.letters.took(before.record)
	}
	in.dead[l.ID] = letter{l, r}
}

// writeLetter makes a dead letter durable. The goroutine that writes calls it.
func (in *Inbox) writeLetter(l DeadLetter) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	var records []record
	if err := in.work(func() error { records, err = in.letters.write([][]byte{body}); return err }); err != nil {
		in.fails(err)
		return err
	}
	in.addLetter(l, records[0])
	return nil
}

// DeadLetters lists the dead letters, oldest first.
func (in *Inbox) DeadLetters() ([]DeadLetter, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := make([]DeadLetter, 0, len(in.dead))
	for _, l := range slices.SortedFunc(maps.Values(in.dead), func(a, b letter) int { return cmp.Compare(a.ID, b.ID) }) {
		list = append(list, l.DeadLetter)
	}
	return list, nil
}

// DeadLetter returns one, or ErrNoLetter.
func (in *Inbox) DeadLetter(id uint64) (DeadLetter, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	l, there := in.dead[id]
	if !there {
		return DeadLetter{}, ErrNoLetter
	}
	return l.DeadLetter, nil
}

// Retry puts a dead letter back among what waits, behind all of its project.
func (in *Inbox) Retry(ctx context.Context, id uint64) error {
	err := in.submit(ctx, &change{do: func() error {
		l, err := in.DeadLetter(id)
		switch {
		case err != nil:
			return err
		case l.Event.ID == "":
			return errors.New("it can't be read as an event: drop it")
		}
		back := &change{events: []prodege.Event{l.Event}, at: in.now().UTC()}
		body, err := json.Marshal(entry{Delivery: l.Event.Delivery, At: back.at, Event: l.Event})
		if err != nil {
			return err
		}
		records, err := in.write([][]byte{body})
		if err != nil {
			return err
		}
		in.mu.Lock()
		in.totals.retried++
		in.mu.Unlock()
		in.queue.add(refsOf(records, back))
		return in.forgetLetter(id)
	}})
	if err != nil {
		return fmt.Errorf("retry dead letter %d: %w", id, err)
	}
	return nil
}

// Drop forgets a dead letter permanently.
func (in *Inbox) Drop(ctx context.Context, id uint64) error {
	if err := in.submit(ctx, &change{do: func() error { return in.forgetLetter(id) }}); err != nil {
		return fmt.Errorf("drop dead letter %d: %w", id, err)
	}
	return nil
}

// forgetLetter takes a letter off the list, durably. If that fails, the letter may be there again after a restart.
func (in *Inbox) forgetLetter(id uint64) error {
	in.mu.Lock()
	l, there := in.dead[id]
	delete(in.dead, id)
	in.mu.Unlock()
	if !there {
		return ErrNoLetter
	}
	in.letters.took(l.record)
	return in.work(func() error { return in.letters.flush(true) })
}
