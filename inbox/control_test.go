package inbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

func TestCommandsReachARunningInbox(t *testing.T) {
	dir := t.TempDir()
	refusal := errors.New("no")
	in := open(t, dir, func(o *Options) { o.Final = func(err error) bool { return errors.Is(err, refusal) } })
	c, ctx := NewControl(dir), t.Context()
	if info, err := os.Stat(filepath.Join(dir, "control.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket: %v, %v", info, err)
	}
	append1(t, in, event(1, 0), event(2, 0))
	listing, err := c.List(ctx)
	if err != nil || listing.Stats.Depth != 2 || len(listing.Waiting) != 2 || listing.Waiting[0].Event.ID != "p1-0000" {
		t.Fatalf("list: %+v, %v", listing, err)
	}

	k := &taker{refuse: func(e prodege.Event) error {
		if e.ProjectID == 2 {
			return refusal
		}
		return nil
	}}
	run(t, in, k)
	eventually(t, "a dead letter", func() bool { return in.Stats().DeadLetters == 1 })
	letters, err := c.DeadLetters(ctx)
	if err != nil || len(letters) != 1 {
		t.Fatalf("letters: %+v", letters)
	}
	id := letters[0].ID
	if letters[0].Event.ID != "p2-0000" || letters[0].Reason != "no" {
		t.Errorf("letter: %+v", letters[0])
	}
	if err := c.Retry(ctx, id); err != nil {
		t.Error(err)
	}
	if err := c.Retry(ctx, id); !errors.Is(err, ErrNone) {
		t.Errorf("retried twice: %v", err)
	}
	eventually(t, "it is dead again", func() bool {
		letters, _ = c.DeadLetters(ctx)
		s := in.Stats()
		return len(letters) == 1 && letters[0].ID != id && s.Dead == 2 && s.Retried == 1
	})
	if err := c.Drop(ctx, letters[0].ID); err != nil {
		t.Error(err)
	}
	if err := c.Drop(ctx, letters[0].ID); !errors.Is(err, ErrNone) {
		t.Errorf("dropped twice: %v", err)
	}
}

func TestNoIngressRuns(t *testing.T) {
	_, err := NewControl(t.TempDir()).List(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no ingress answers at") {
		t.Errorf("%v", err)
	}
}

func TestAFolderWithALongName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	open(t, dir)
	if _, err := NewControl(dir).List(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDrain(t *testing.T) {
	dir := t.TempDir()
	in, k, c := open(t, dir), &taker{hold: make(chan struct{})}, NewControl(dir)
	for project := 1; project <= 20; project++ {
		append1(t, in, event(project, 0))
	}

	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := c.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("drained with nobody to hand to: %v", err)
	}
	eventually(t, "it takes events again", func() bool { return !in.Stats().Draining })
	append1(t, in, event(1, 1))

	run(t, in, k)
	done := make(chan error, 1)
	go func() { _, err := c.Drain(t.Context()); done <- err }()
	append1(t, in, event(1, 2)) // it accepts events as long as any wait
	select {
	case err := <-done:
		t.Fatalf("drained before all was handed on: %v", err)
	default:
	}
	close(k.hold)
	if err := <-done; err != nil || len(k.ids(0)) != 22 {
		t.Fatalf("%v, %d taken", err, len(k.ids(0)))
	}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 3)}); !errors.Is(err, ErrDraining) {
		t.Errorf("append once it is drained: %v", err)
	}
	if err := in.Writable(); !errors.Is(err, ErrDraining) {
		t.Errorf("writable once it is drained: %v", err)
	}
	// Nothing is left on disk, either.
	if left := in.Waiting(10); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestDrainedStaysDrained: a second drain that is interrupted does not undo the first.
func TestDrainedStaysDrained(t *testing.T) {
	in := open(t, t.TempDir())
	if err := in.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = in.Drain(ended)
	if err := in.Append(t.Context(), []prodege.Event{event(1, 0)}); !errors.Is(err, ErrDraining) {
		t.Errorf("a drained inbox takes an event: %v", err)
	}
}

// TestDrainedAgainWaitsForWhatWasRetriedSince: a dead letter that was put back must not be lost.
func TestDrainedAgainWaitsForWhatWasRetriedSince(t *testing.T) {
	refusal := errors.New("no")
	in, k := open(t, t.TempDir(), func(o *Options) { o.Final = func(err error) bool { return errors.Is(err, refusal) } }), &taker{}
	k.refuse = func(prodege.Event) error { return refusal }
	stop := run(t, in, k)
	append1(t, in, event(1, 0))
	eventually(t, "a dead letter", func() bool { return in.Stats().Depth == 0 && in.Stats().DeadLetters == 1 })
	if err := in.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop() // nothing is handed on any more
	letters := in.DeadLetters()
	if len(letters) != 1 {
		t.Fatal(letters)
	}
	if err := in.Retry(t.Context(), letters[0].ID); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := in.Drain(short); err == nil {
		t.Error("drained, though an event waits")
	}
}

// TestRetryAndDropAreGivenUp is for the race detector: the caller leaves before there is a result.
func TestRetryAndDropAreGivenUp(t *testing.T) {
	in := open(t, t.TempDir())
	for range 200 {
		for _, do := range []func(context.Context, uint64) error{in.Retry, in.Drop} {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			if err := do(ctx, 7); err == nil {
				t.Fatal("there is no letter 7")
			}
		}
	}
}

// TestDrainTakesEventsUntilNoneWaits: refused events would be lost while Temporal is down.
func TestDrainTakesEventsUntilNoneWaits(t *testing.T) {
	dir := t.TempDir()
	in, c := open(t, dir), NewControl(dir)
	append1(t, in, event(1, 0)) // even a single one counts
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := c.Drain(ctx); done <- err }()
	for n := range 20 {
		time.Sleep(10 * time.Millisecond) // spread over the time of the drain
		append1(t, in, event(1, n+1))
		if in.Stats().Draining {
			t.Fatal("it drains with nobody to hand to")
		}
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("drained with nobody to hand to")
	}
}

func TestWhereAFolderLies(t *testing.T) {
	if where := Volatile("/dev/shm"); where != "" && !strings.Contains(where, "memory") {
		t.Errorf("/dev/shm: %s", where)
	}
	if where := Volatile(filepath.Join(t.TempDir(), "missing")); where != "" {
		t.Errorf("a missing folder: %s", where)
	}
}
