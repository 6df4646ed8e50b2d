package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/prodege"
)

func TestMain(m *testing.M) {
	if child := os.Getenv("INBOX_TEST_CHILD"); child != "" {
		runChild(child)
		return
	}
	os.Exit(m.Run())
}

func open(t testing.TB, dir string, change ...func(*Options)) *Inbox {
	t.Helper()
	options := Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&logs{t: t}, nil)), diskTimeout: time.Minute, flushInterval: 20 * time.Millisecond, probeLimit: 10 * time.Second}
	for _, c := range change {
		c(&options)
	}
	in, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return in
}

// logs passes log lines to the test until it ends.
type logs struct {
	t    testing.TB
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func event(project, n int) prodege.Event {
	amount := prodege.MustUSD("4.25")
	return prodege.Event{ID: prodege.EventID(fmt.Sprintf("p%d-%04d", project, n)), ProjectID: prodege.ProjectID(project),
		Status: prodege.Paused, RequiredCPI: &amount, Time: time.Date(2023, 4, 27, 23, 37, 56, 0, time.UTC)}
}

func append1(t testing.TB, in *Inbox, events ...prodege.Event) {
	t.Helper()
	if err := in.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// taker is the other side: it remembers what it took, in order.
type taker struct {
	mu     sync.Mutex
	took   []prodege.Event
	busy   int
	most   int
	refuse func(prodege.Event) error // may be nil
	hold   chan struct{}             // if not nil, each call waits until it is closed
}

func (k *taker) deliver(ctx context.Context, e prodege.Event) error {
	k.mu.Lock()
	k.busy++
	k.most = max(k.most, k.busy)
	hold, refuse := k.hold, k.refuse
	k.mu.Unlock()
	if hold != nil {
		<-hold
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy--
	if refuse != nil {
		if err := refuse(e); err != nil {
			return err
		}
	}
	k.took = append(k.took, e)
	return nil
}

func (k *taker) ids(project int) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := []string{}
	for _, e := range k.took {
		if project == 0 || e.ProjectID == prodege.ProjectID(project) {
			ids = append(ids, string(e.ID))
		}
	}
	return ids
}

// run runs the forwarder until the test ends or stop is called.
func run(t testing.TB, in *Inbox, k *taker) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); in.Run(ctx, k.deliver) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestHandsOnWholeEventsInOrder(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	run(t, in, k)
	first := event(1, 0)
	first.Unknown = []prodege.Field{{Name: "new", Value: "thing"}}
	first.Delivery, first.Received = "d-1", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	append1(t, in, first, event(1, 1), event(2, 0))
	append1(t, in, event(1, 2))
	eventually(t, "all handed on", func() bool { return in.Stats().Forwarded == 4 && in.Stats().Depth == 0 })
	if diff := cmp.Diff([]string{"p1-0000", "p1-0001", "p1-0002"}, k.ids(1)); diff != "" {
		t.Errorf("project 1 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(first, k.took[0], cmp.Comparer(func(a, b prodege.USD) bool { return a.Equal(b) })); diff != "" && string(k.took[0].ID) == "p1-0000" {
		t.Errorf("the event changed (-want +got):\n%s", diff)
	}
	if s := in.Stats(); len(k.ids(0)) != 4 || s.Depth != 0 || s.Forwarded != 4 || !s.Oldest.IsZero() {
		t.Errorf("%d taken, stats: %+v", len(k.ids(0)), s)
	}
}

func TestWhatIsNotHandedOnIsThereAfterRestart(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	in := open(t, dir, func(o *Options) { o.Now = func() time.Time { return at } })
	for n := 0; n < 2000; n += 100 { // more than is kept in memory
		var events []prodege.Event
		for i := n; i < n+100; i++ {
			events = append(events, event(1+i%3, i/3))
		}
		append1(t, in, events...)
	}
	if s := in.Stats(); s.Depth != 2000 || !s.Oldest.Equal(at) {
		t.Fatalf("stats: %+v", s)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in, k := open(t, dir), &taker{}
	if s := in.Stats(); s.Depth != 2000 || !s.Oldest.Equal(at) {
		t.Fatalf("stats after restart: %+v", s)
	}
	stop := run(t, in, k)
	eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
	for project := 1; project <= 3; project++ {
		for n, id := range k.ids(project) {
			if want := string(event(project, n).ID); id != want {
				t.Fatalf("project %d: event %d is %s, want %s", project, n, id, want)
			}
		}
	}
	stop()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if in = open(t, dir); in.Stats().Depth != 0 {
		t.Error("what was handed on is there again after an orderly stop")
	}
}

// TestAProjectsEventsComeWhileOneIsHandedOn is for the race detector: a lane grows while its first event is handed on.
func TestAProjectsEventsComeWhileOneIsHandedOn(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	run(t, in, k)
	const each = 300
	var senders sync.WaitGroup
	for project := 1; project <= 2; project++ {
		senders.Go(func() {
			for n := range each {
				if err := in.Append(t.Context(), []prodege.Event{event(project, n)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	eventually(t, "all taken", func() bool { return len(k.ids(0)) == 2*each })
	for project := 1; project <= 2; project++ {
		if ids := k.ids(project); len(ids) != each || !slices.IsSorted(ids) {
			t.Errorf("project %d: %d taken, in order: %t", project, len(ids), slices.IsSorted(ids))
		}
	}
}

func TestEightCallsAtMostAndOneAProject(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{hold: make(chan struct{})}
	for project := 1; project <= 20; project++ {
		append1(t, in, event(project, 0), event(project, 1))
	}
	run(t, in, k)
	eventually(t, "eight under way", func() bool { k.mu.Lock(); defer k.mu.Unlock(); return k.busy == 8 })
	close(k.hold)
	eventually(t, "all taken", func() bool { return len(k.ids(0)) == 40 })
	if k.most != 8 {
		t.Errorf("%d calls at a time", k.most)
	}
	for project := 1; project <= 20; project++ {
		if ids := k.ids(project); ids[0] >= ids[1] {
			t.Errorf("out of order: %v", ids)
		}
	}
}

func TestATroubledProjectHoldsUpNoOther(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	fixed := false // guarded by k.mu
	k.refuse = func(e prodege.Event) error {
		if e.ID == "p1-0000" && !fixed {
			return errors.New("busy workflow")
		}
		return nil
	}
	append1(t, in, event(1, 0), event(1, 1), event(2, 0))
	run(t, in, k)
	eventually(t, "the other project's event taken", func() bool { return len(k.ids(2)) == 1 })
	if ids := k.ids(1); len(ids) != 0 {
		t.Fatalf("taken before the one in front: %v", ids)
	}
	k.mu.Lock()
	fixed = true
	k.mu.Unlock()
	eventually(t, "all taken", func() bool { return len(k.ids(1)) == 2 })
	if diff := cmp.Diff([]string{"p1-0000", "p1-0001"}, k.ids(1)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestAfterAnOutageNobodyWaits(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	away, tries := true, 0 // guarded by k.mu
	k.refuse = func(prodege.Event) error {
		tries++
		if away {
			return errors.New("unavailable")
		}
		return nil
	}
	for project := 1; project <= 100; project++ {
		append1(t, in, event(project, 0))
	}
	run(t, in, k)
	eventually(t, "it is known for an outage", func() bool { k.mu.Lock(); defer k.mu.Unlock(); return tries > 20 })
	k.mu.Lock()
	away = false
	k.mu.Unlock()
	eventually(t, "all taken", func() bool { return len(k.ids(0)) == 100 })
}

func TestAPanicOfTheOtherSideIsAFailure(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	panicked := false
	append1(t, in, event(1, 0))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.Run(ctx, func(ctx context.Context, e prodege.Event) error {
			if !panicked {
				panicked = true
				panic("bad event")
			}
			return k.deliver(ctx, e)
		})
	}()
	eventually(t, "taken at the second try", func() bool { return len(k.ids(0)) == 1 })
	cancel()
	<-done
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second open: %v", err)
	}
}

func TestClosedTakesNothing(t *testing.T) {
	in := open(t, t.TempDir())
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 0)}); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := in.Writable(); !errors.Is(err, ErrClosed) {
		t.Errorf("writable: %v", err)
	}
}

func TestDeadLetters(t *testing.T) {
	refusal := errors.New("invalid argument: payload")
	told := make(chan string, 10)
	dir := t.TempDir()
	setUp := func(o *Options) {
		o.Final = func(err error) bool { return errors.Is(err, refusal) }
		o.Alarm = func(text string) { told <- text }
	}
	in, k := open(t, dir, setUp), &taker{}
	bad := true // guarded by k.mu
	k.refuse = func(e prodege.Event) error {
		if e.ProjectID == 1 && e.ID != "p1-0001" && bad {
			return fmt.Errorf("deliver: %w", refusal)
		}
		return nil
	}
	stop := run(t, in, k)
	append1(t, in, event(1, 0), event(1, 1), event(1, 2))
	eventually(t, "the good one taken, two dead", func() bool { return len(k.ids(1)) == 1 && in.Stats().DeadLetters == 2 })
	if text := <-told; !strings.Contains(text, "fieldmarshal deadletter") {
		t.Errorf("alarm: %s", text)
	}
	letters := in.DeadLetters()
	if len(letters) != 2 || letters[0].Event.ID != "p1-0000" || !strings.Contains(letters[0].Reason, "invalid argument") {
		t.Fatalf("letters: %+v", letters)
	}
	stop()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}

	in = open(t, dir, setUp)
	run(t, in, k)
	if s := in.Stats(); s.DeadLetters != 2 || s.Depth != 0 {
		t.Fatalf("after restart: %+v", s)
	}
	k.mu.Lock()
	bad = false
	k.mu.Unlock()
	if err := in.Retry(t.Context(), letters[0].ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the retried one taken", func() bool { return len(k.ids(1)) == 2 })
	if err := in.Drop(t.Context(), letters[1].ID); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"retry": in.Retry(t.Context(), letters[0].ID), "drop": in.Drop(t.Context(), letters[1].ID),
	} {
		if !errors.Is(err, ErrNone) {
			t.Errorf("%s what is gone: %v", what, err)
		}
	}
	eventually(t, "nothing left", func() bool { s := in.Stats(); return s.DeadLetters == 0 && s.Depth == 0 })
}
