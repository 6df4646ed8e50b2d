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

// handoverTimeout is when a handover is given up, to be tried again. If Temporal is up it takes milliseconds.
const handoverTimeout = 10 * time.Second

// alarmAfter is how long an event may wait before there is an alarm.
const alarmAfter = time.Minute

// Run hands on events until ctx is done; then it waits for the calls in progress and returns. The events of a project are
// handed on in order, one at a time; at most eight calls are in progress. deliver must return nil once the other side has
// the event durably. An event whose handover fails is tried again, or becomes a dead letter if Options.Final reports that
// the error is final. Run must be called once.
func (in *Inbox) Run(ctx context.Context, deliver func(context.Context, prodege.Event) error) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for ctx.Err() == nil {
		if l, first := in.queue.next(); l != nil {
			calls.Go(func() { in.handover(ctx, l, first, deliver) })
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
	// When the process stops, what is in progress may finish: if it were cut off it would only be repeated.
	ctx = context.WithoutCancel(ctx)
	event, raw, err := in.event(first)
	damaged := errors.Is(err, errDamaged)
	if err == nil {
		err = callDeliver(ctx, deliver, event)
	}
	switch {
	case err == nil:
		in.count(&in.stats.Forwarded)
		in.events.finish(first.record)
		in.queue.done(l, event.Source, true)
	case damaged || in.options.Final != nil && in.options.Final(err):
		in.deadLetter(ctx, l, first, DeadLetter{Event: event, Damaged: raw}, err)
	default:
		in.retryLater(l, first, event, err)
	}
}

// callDeliver turns a panic of deliver into an error: one bad event must not stop the others.
func callDeliver(ctx context.Context, deliver func(context.Context, prodege.Event) error, e prodege.Event) (err error) {
	ctx, cancel := context.WithTimeout(ctx, handoverTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handover panicked: %v", r)
		}
	}()
	return deliver(ctx, e)
}

// event returns the event of a ref, from memory or from disk. If the error is errDamaged, raw is what is on disk.
func (in *Inbox) event(r ref) (e prodege.Event, raw []byte, err error) {
	if r.event != nil {
		return *r.event, nil, nil
	}
	text, err := in.read(r.record)
	if err != nil {
		return e, text, err
	}
	var found entry
	if err := json.Unmarshal(text, &found); err != nil {
		return e, text, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return found.Event, nil, nil
}

// read reads a record's text. Only one goroutine reads at a time, and a disk that hangs blocks no caller for longer than a
// second.
func (in *Inbox) read(r record) ([]byte, error) {
	timeout := time.After(in.options.diskTimeout)
	select {
	case in.reading <- struct{}{}:
	case <-timeout:
		return nil, errSlow
	}
	var text []byte
	var err error
	done := make(chan struct{})
	go func() {
		defer func() { <-in.reading }()
		defer close(done)
		text, err = in.disk.readRecord(r)
	}()
	select {
	case <-done:
		return text, err
	case <-timeout:
		return nil, errSlow
	}
}

// retryLater lets an event wait for its next attempt, and raises an alarm if it has waited too long.
func (in *Inbox) retryLater(l *lane, r ref, event prodege.Event, err error) {
	refused, stuck := in.queue.failed(l, event.Source, err)
	args := []any{"project_id", r.project, "event_id", event.ID, "error", err.Error()}
	if refused.times == 1 {
		in.log.Warn("an event could not be handed on and is tried again", args...)
	}
	waited := in.now().Sub(time.Unix(0, r.appended)).Round(time.Second)
	switch {
	case stuck:
		in.raise("stuck", fmt.Sprintf("Event %s of project %s is stuck: Temporal has not accepted it for %s, though it accepts others. "+
			"It is tried again. See `fieldmarshal inbox`, and the project's workflow.", event.ID, r.project, waited), args...)
	case r.appended == 0 || waited <= alarmAfter || refused.reported:
	case refused.othersPass:
		in.raise("waiting", fmt.Sprintf("Temporal has not accepted event %s of project %s for %s, though it accepts others. "+
			"It waits safely in the inbox and is tried again.", event.ID, r.project, waited), args...)
	default:
		n, _, _ := in.queue.depth()
		in.raise("waiting", fmt.Sprintf("Temporal has not accepted events for %s; %d wait safely in the inbox and are tried again.",
			waited, n), args...)
	}
}

// deadLetter turns an event into a dead letter. If the disk fails, the event stays in the queue and is tried again.
func (in *Inbox) deadLetter(ctx context.Context, l *lane, r ref, dead DeadLetter, cause error) {
	dead.ID, dead.At, dead.Reason = r.number, in.now().UTC(), cut(cause.Error(), 2000)
	if err := in.submit(ctx, &change{do: func() error { return in.writeLetter(dead) }}); err != nil {
		in.retryLater(l, r, dead.Event, err)
		return
	}
	in.count(&in.stats.Dead)
	in.events.finish(r.record)
	in.queue.done(l, dead.Event.Source, false)
	in.raise("dead", fmt.Sprintf("Event %s of project %s can't be handed to Temporal and waits for a person: see `fieldmarshal deadletter`.",
		dead.Event.ID, r.project), "project_id", r.project, "event_id", dead.Event.ID, "dead_letter", r.number, "error", cause.Error())
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
