package inbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"fieldmarshal/prodege"
)

// A hand-over is given up after this, and tried again. A call to a Temporal that answers takes milliseconds.
const handOverTimeout = 10 * time.Second

// An event that has waited so long is worth an alarm.
const waitedLong = time.Minute

// Run hands on what waits and what comes, until ctx ends; then it waits for the calls under way and returns.
// Each project's events go in order, one at a time; at most eight calls are under way. deliver returns nil
// once the other side has the event for good; an error is tried again, but where Options.Final says that it
// is final: such an event becomes a dead letter. Call Run once.
func (in *Inbox) Run(ctx context.Context, deliver func(context.Context, prodege.Event) error) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for ctx.Err() == nil {
		l, first, wait := in.queue.next(time.Now())
		if l != nil {
			underWay.Go(func() { in.handOver(ctx, l, first, deliver) })
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-in.queue.changed:
		case <-due:
		}
	}
}

// handOver tries the first event of a lane once.
func (in *Inbox) handOver(ctx context.Context, l *lane, first ref, deliver func(context.Context, prodege.Event) error) {
	event, err := in.event(first)
	if errors.Is(err, errDamaged) {
		in.bury(ctx, l, first, prodege.Event{}, err)
		return
	}
	if err == nil {
		// A call under way is let finish when the process stops: cut off, it would only be repeated.
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), handOverTimeout)
		err = safely(func() error { return deliver(call, event) })
		cancel()
	}
	switch {
	case err == nil:
		in.forget(first.seq)
		in.queue.succeeded(l)
	case in.options.Final != nil && in.options.Final(err):
		in.bury(ctx, l, first, event, err)
	default:
		in.stays(l, first, event, err)
	}
}

// safely turns a panic of deliver into an error: one bad event must not stop the others.
func safely(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the hand-over panicked: %v", r)
		}
	}()
	return fn()
}

// event is the event of a ref, from memory or from disk.
func (in *Inbox) event(r ref) (prodege.Event, error) {
	if r.event != nil {
		return *r.event, nil
	}
	var e entry
	err := in.view(func(tx *bbolt.Tx) error {
		if err := decode(tx.Bucket([]byte(waiting)).Get(key(r.seq)), &e); err != nil {
			return errDamaged
		}
		return nil
	})
	return e.Event, err
}

// forget notes that an event was handed over; the next commit takes it off the disk.
func (in *Inbox) forget(seq uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.forgets = append(in.forgets, seq)
	in.totals.forwarded++
}

// stays lets an event wait for its next try.
func (in *Inbox) stays(l *lane, r ref, event prodege.Event, err error) {
	if l.failures == 0 {
		in.log.Warn("an event could not be handed on and is tried again", "project_id", r.project, "event_id", event.ID, "error", err)
	}
	in.queue.failed(l, time.Now())
	if waited := in.now().Sub(time.Unix(0, r.at)); r.at != 0 && waited > waitedLong {
		n, _ := in.queue.depth()
		in.alarms.raise("waiting", fmt.Sprintf("Temporal has not taken events for %s; %d wait safely in the inbox and are tried again.", waited.Round(time.Second), n),
			"project_id", r.project, "event_id", event.ID, "error", err.Error())
	}
}

// bury makes an event a dead letter. Where the disk refuses, it stays and is tried again.
func (in *Inbox) bury(ctx context.Context, l *lane, r ref, event prodege.Event, cause error) {
	letter := DeadLetter{ID: r.seq, At: in.now().UTC(), Reason: cut(cause.Error(), 2000), Event: event}
	err := in.submit(context.WithoutCancel(ctx), &change{apply: func(tx *bbolt.Tx) error {
		from := tx.Bucket([]byte(waiting))
		if from.Get(key(r.seq)) == nil && tx.Bucket([]byte(dead)).Get(key(r.seq)) != nil {
			return nil // an earlier try stands after all
		}
		if event.ID == "" {
			letter.Damaged = append([]byte(nil), from.Get(key(r.seq))...)
		}
		value, err := encode(letter)
		if err != nil {
			return err
		}
		if err := tx.Bucket([]byte(dead)).Put(key(r.seq), value); err != nil {
			return err
		}
		return from.Delete(key(r.seq))
	}})
	if err != nil {
		in.stays(l, r, event, err)
		return
	}
	in.mu.Lock()
	in.totals.dead++
	in.mu.Unlock()
	in.queue.succeeded(l)
	in.alarms.raise("dead", fmt.Sprintf("Event %s of project %s can't be handed to Temporal and waits for a person: see `fieldmarshal deadletter`.", event.ID, r.project),
		"project_id", r.project, "event_id", event.ID, "dead_letter", r.seq, "error", cause.Error())
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}
