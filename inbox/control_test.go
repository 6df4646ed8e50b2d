package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		t.Fatalf("letters: %+v, %v", letters, err)
	}
	id := letters[0].ID
	if letter, err := c.DeadLetter(ctx, id); err != nil || letter.Event.ID != "p2-0000" || letter.Reason != "no" {
		t.Errorf("letter: %+v, %v", letter, err)
	}
	if err := c.Retry(ctx, id); err != nil {
		t.Error(err)
	}
	if err := c.Retry(ctx, id); !errors.Is(err, ErrNoLetter) {
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
	if _, err := c.DeadLetter(ctx, letters[0].ID); !errors.Is(err, ErrNoLetter) {
		t.Errorf("show what was dropped: %v", err)
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
	append1(t, in, event(1, 2)) // it takes events as long as nobody takes them off it
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
	// On disk too nothing is left.
	if left, err := in.Waiting(10); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestDrainedStaysDrained: another drain that is broken off does not undo what was promised.
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

// TestDrainedAgainWaitsForWhatWasRetriedSince: it is asked for once more before the folder is removed.
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
	stop() // nobody hands on any more
	letters, err := in.DeadLetters()
	if err != nil || len(letters) != 1 {
		t.Fatal(letters, err)
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

// TestRetryAndDropAreGivenUp is for the race detector: who asked has gone while the answer is found.
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

// TestDrainTakesEventsUntilFewWait: what it refused would be lost while Temporal is away.
func TestDrainTakesEventsUntilFewWait(t *testing.T) {
	dir := t.TempDir()
	in, c := open(t, dir), NewControl(dir)
	append1(t, in, event(1, 0)) // however few they are
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := c.Drain(ctx); done <- err }()
	for n := range 20 {
		time.Sleep(10 * time.Millisecond) // spread over the time in which it is asked to drain
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

func TestRefusedAreKeptWithoutSecrets(t *testing.T) {
	dir := t.TempDir()
	in, c := open(t, dir), NewControl(dir)
	in.Refuse(Refused{Cause: "signature", Remote: "192.0.2.1", Path: "/webhooks/prodege/project-status?apik=SECRET1",
		Header: http.Header{"Authorization": {"Bearer SECRET2"}, "Cookie": {"a=SECRET3"}, "X-Api-Key": {"SECRET4"}, "Content-Type": {"application/json"}},
		Body:   `{"data": {"event_id": "e1"}, "signature" : "SECRET5\"SECRET5", "apik":"SECRET6"}`})
	in.Refuse(Refused{Cause: "signature", Header: http.Header{}, Body: "signature=SECRET7%3D&data=%7B%7D&apik=SECRET8"})
	in.Refuse(Refused{Cause: "malformed", Header: http.Header{}, Body: strings.Repeat("x", 1<<20)})
	list, err := c.Refused(t.Context())
	if err != nil || len(list.Last) != 3 || list.Counts["signature"] != 2 || list.Counts["malformed"] != 1 {
		t.Fatalf("%+v, %v", list.Counts, err)
	}
	if text := fmt.Sprintf("%+v", list); strings.Contains(text, "SECRET") {
		t.Errorf("a secret is kept: %s", text)
	}
	if b := list.Last[0].Body; !strings.Contains(b, `"event_id": "e1"`) || !strings.Contains(b, "[hidden, 16 characters]") {
		t.Errorf("body: %s", b)
	}
	if b := list.Last[1].Body; b != "signature=[hidden, 8 characters]&data=%7B%7D&apik=[hidden, 7 characters]" {
		t.Errorf("body: %s", b)
	}
	if list.Last[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("header: %v", list.Last[0].Header)
	}
	if r := list.Last[2]; !r.Cut || len(r.Body) > 64<<10 {
		t.Errorf("%d bytes of a large body are kept", len(r.Body))
	}
}

func TestTheLastHundredRefusedOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir)
	for n := range 130 {
		in.Refuse(Refused{Cause: "signature", Body: fmt.Sprint("delivery ", n)})
		if n == 50 {
			append1(t, in, event(1, 0)) // a commit they ride along with
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in = open(t, dir)
	in.Refuse(Refused{Cause: "signature", Body: "one more"})
	list := in.Refused()
	if len(list.Last) != 100 || list.Last[0].Body != "delivery 31" || list.Last[99].Body != "one more" || list.Counts["signature"] != 131 {
		t.Errorf("%d kept, first %q, last %q, counts %v", len(list.Last), list.Last[0].Body, list.Last[len(list.Last)-1].Body, list.Counts)
	}
	for i := 1; i < len(list.Last); i++ {
		if list.Last[i].ID <= list.Last[i-1].ID {
			t.Fatalf("ids: %d after %d", list.Last[i].ID, list.Last[i-1].ID)
		}
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
