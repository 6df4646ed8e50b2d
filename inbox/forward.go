package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

// A handover is given up after this, and tried again. A call to a Temporal that answers takes milliseconds.
const handoverTimeout = 10 * time.Second

// An event that has waited this long is worth an alarm.
const waitedLong = time.Minute

// Run hands on what waits and what comes, until ctx ends. Then it waits for the calls under way and returns. Each
// project's events go in order, one at a time; at most eight calls are under way. deliver returns nil once the other
// side has the event durably. An error is tried again unless Options.Final reports that it is final: such an event
// becomes a dead letter. Call Run once.
func (in *Inbox) Run(ctx context.Context, deliver func(context.Context, prodege.Event) error) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for ctx.Err() == nil {
		if l, first := in.queue.next(); l != nil {
			underWay.Go(func() { in.handover(ctx, l, first, deliver) })
			continue
		}
		select {
		case <-ctx.Done():
		case <-in.queue.changed:
		}
	}
}

// handover tries the first event of a lane once.
func (in *Inbox) handover(ctx context.Context, l *lane, first ref, deliver func(context.Context, prodege.Event) error) {
	event, raw, err := in.event(first)
	if errors.Is(err, errDamaged) {
		in.bury(ctx, l, first, DeadLetter{Damaged: raw}, err)
		return
	}
	if err == nil {
		// A call under way may finish when the process stops: cut off, it would only be repeated.
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), handoverTimeout)
		err = safely(func() error { return deliver(call, event) })
		cancel()
	}
	switch {
	case err == nil:
		in.count(func(s *Stats) { s.Forwarded++ })
		in.events.finish(first.record)
		in.queue.done(l, event.Source, true)
	case in.options.Final != nil && in.options.Final(err):
		in.bury(ctx, l, first, DeadLetter{Event: event}, err)
	default:
		in.stays(l, first, event, err)
	}
}

// safely turns a panic of deliver into an error: one bad event must not stop the others.
func safely(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handover panicked: %v", r)
		}
	}()
	return fn()
}

// event returns the event of a ref, from memory or from disk, with what is on disk if it can't be read as an event.
func (in *Inbox) event(r ref) (e prodege.Event, raw []byte, err error) {
	if r.event != nil {
		return *r.event, nil, nil
	}
	text, err := in.read(r.record)
	if err != nil {
		return prodege.Event{}, text, err
	}
	var found entry
	if err := json.Unmarshal(text, &found); err != nil {
		return prodege.Event{}, text, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return found.Event, nil, nil
}

// read reads a record's text. One at a time reads, and a disk that hangs holds nobody up for longer than a second.
func (in *Inbox) read(r record) ([]byte, error) {
	late := time.After(in.options.patience)
	select {
	case in.reading <- struct{}{}:
	case <-late:
		return nil, errSlow
	}
	type result struct {
		text []byte
		err  error
	}
	found := make(chan result, 1)
	go func() {
		defer func() { <-in.reading }()
		text, err := in.disk.readRecord(r)
		found <- result{text, err}
	}()
	select {
	case r := <-found:
		return r.text, r.err
	case <-late:
		return nil, errSlow
	}
}

// stays lets an event wait for its next try, and tells people if it waits too long.
func (in *Inbox) stays(l *lane, r ref, event prodege.Event, err error) {
	refused, stuck := in.queue.failed(l, event.Source, err)
	args := []any{"project_id", r.project, "event_id", event.ID, "error", err.Error()}
	if refused.times == 1 {
		in.log.Warn("an event could not be handed on and is tried again", args...)
	}
	waited := in.now().Sub(time.Unix(0, r.appended)).Round(time.Second)
	switch {
	case stuck:
		in.alarms.raise("stuck", fmt.Sprintf("Event %s of project %s is stuck: Temporal has not taken it for %s, though it takes others. It is tried again. "+
			"See `fieldmarshal inbox`, and the project's workflow.", event.ID, r.project, waited), args...)
	case r.appended == 0 || waited <= waitedLong || refused.told:
	case refused.alone:
		in.alarms.raise("waiting", fmt.Sprintf("Temporal has not taken event %s of project %s for %s, though it takes others. It waits safely in the inbox and is tried again.",
			event.ID, r.project, waited), args...)
	default:
		n, _, _ := in.queue.depth()
		in.alarms.raise("waiting", fmt.Sprintf("Temporal has not taken events for %s; %d wait safely in the inbox and are tried again.", waited, n), args...)
	}
}

// bury makes an event a dead letter. If the disk refuses, the event stays and is tried again.
func (in *Inbox) bury(ctx context.Context, l *lane, r ref, dead DeadLetter, cause error) {
	dead.ID, dead.At, dead.Reason = r.number, in.now().UTC(), cut(cause.Error(), 2000)
	if err := in.submit(context.WithoutCancel(ctx), &change{do: func() error { return in.writeLetter(dead) }}); err != nil {
		in.stays(l, r, dead.Event, err)
		return
	}
	in.count(func(s *Stats) { s.Dead++ })
	in.events.finish(r.record)
	in.queue.done(l, dead.Event.Source, false)
	in.alarms.raise("dead", fmt.Sprintf("Event %s of project %s can't be handed to Temporal and waits for a person: see `fieldmarshal deadletter`.", dead.Event.ID, r.project),
		"project_id", r.project, "event_id", dead.Event.ID, "dead_letter", r.number, "error", cause.Error())
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
