package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"fieldmarshal/prodege"
)

// ErrNoLetter says that there is no dead letter of that number (any more).
var ErrNoLetter = errors.New("no such dead letter")

// DeadLetter is an event that was refused for good, or could not be read from disk.
type DeadLetter struct {
	ID      uint64        `json:"id"`
	At      time.Time     `json:"at"` // UTC
	Reason  string        `json:"reason"`
	Event   prodege.Event `json:"event"`
	Damaged []byte        `json:"damaged,omitempty"` // what stood on disk, where it can't be read as an event
}

// DeadLetters lists the dead letters, oldest first.
func (in *Inbox) DeadLetters() ([]DeadLetter, error) {
	letters := []DeadLetter{}
	err := in.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(dead)).ForEach(func(k, v []byte) error {
			letters = append(letters, readLetter(k, v))
			return nil
		})
	})
	return letters, err
}

// DeadLetter gives one, or ErrNoLetter.
func (in *Inbox) DeadLetter(id uint64) (DeadLetter, error) {
	var letter DeadLetter
	err := in.view(func(tx *bbolt.Tx) error {
		v := tx.Bucket([]byte(dead)).Get(key(id))
		if v == nil {
			return ErrNoLetter
		}
		letter = readLetter(key(id), v)
		return nil
	})
	return letter, err
}

func readLetter(k, v []byte) DeadLetter {
	var letter DeadLetter
	if err := decode(v, &letter); err != nil {
		letter = DeadLetter{Reason: err.Error(), Damaged: append([]byte(nil), v...)}
	}
	letter.ID, _ = sequence(k)
	return letter
}

// Retry puts a dead letter back among what waits, behind all of its project.
func (in *Inbox) Retry(ctx context.Context, id uint64) error {
	var back ref
	var refusal error
	err := in.submit(ctx, &change{
		apply: func(tx *bbolt.Tx) error {
			back, refusal = ref{}, nil
			from, to := tx.Bucket([]byte(dead)), tx.Bucket([]byte(waiting))
			v := from.Get(key(id))
			if v == nil {
				refusal = ErrNoLetter
				return nil
			}
			letter := readLetter(key(id), v)
			if letter.Event.ID == "" {
				refusal = errors.New("it can't be read as an event: drop it")
				return nil
			}
			at := in.now().UTC()
			value, err := encode(entry{At: at, Event: letter.Event})
			if err != nil {
				return err
			}
			seq, err := to.NextSequence()
			if err != nil {
				return err
			}
			if err := to.Put(key(seq), value); err != nil {
				return err
			}
			back = ref{seq: seq, at: at.UnixNano(), project: letter.Event.ProjectID, event: &letter.Event}
			return from.Delete(key(id))
		},
		after: func() {
			if back.event != nil {
				in.mu.Lock()
				in.totals.retried++
				in.mu.Unlock()
				in.queue.add([]ref{back}, nil)
			}
		},
	})
	if err == nil {
		err = refusal // apply ran, and done orders it before this
	}
	if err != nil {
		return fmt.Errorf("retry dead letter %d: %w", id, err)
	}
	return nil
}

// Drop forgets a dead letter for good.
func (in *Inbox) Drop(ctx context.Context, id uint64) error {
	var refusal error
	err := in.submit(ctx, &change{apply: func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(dead))
		if refusal = nil; b.Get(key(id)) == nil {
			refusal = ErrNoLetter
		}
		return b.Delete(key(id))
	}})
	if err == nil {
		err = refusal // apply ran, and done orders it before this
	}
	if err != nil {
		return fmt.Errorf("drop dead letter %d: %w", id, err)
	}
	return nil
}
