package ingress

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fieldmarshal/prodege"
)

// slowTemporal takes 20 ms for each event, and remembers what it took.
type slowTemporal struct {
	Workflows
	mu    sync.Mutex
	busy  map[prodege.ProjectID]bool
	calls int // under way
	most  int
	twice bool // two events of one project at a time
	took  map[prodege.ProjectID][]prodege.EventID
}

func (s *slowTemporal) Deliver(ctx context.Context, e prodege.Event) error {
	s.mu.Lock()
	s.twice = s.twice || s.busy[e.ProjectID]
	s.busy[e.ProjectID] = true
	s.calls++
	s.most = max(s.most, s.calls)
	s.mu.Unlock()
	var err error
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[e.ProjectID] = false
	s.calls--
	if err == nil {
		s.took[e.ProjectID] = append(s.took[e.ProjectID], e.ID)
	}
	return err
}

func newSlowTemporal() *slowTemporal {
	return &slowTemporal{busy: map[prodege.ProjectID]bool{}, took: map[prodege.ProjectID][]prodege.EventID{}}
}

// TestManyEventsGoDirectlyWithinTheirTime: 1,000 events of 200 projects would take 20 s in sequence.
func TestManyEventsGoDirectlyWithinTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		temporal := newSlowTemporal()
		var events []prodege.Event
		for n := range 1000 {
			events = append(events, prodege.Event{ID: prodege.EventID(rune('a' + n/200)), ProjectID: prodege.ProjectID(1 + n%200)})
		}
		ctx, cancel := context.WithTimeout(t.Context(), directTimeout)
		defer cancel()
		if err := newDirect(temporal).deliver(ctx, events); err != nil {
			t.Fatal(err)
		}
		for id, got := range temporal.took {
			if len(got) != 5 || got[0] != "a" || got[4] != "e" {
				t.Errorf("project %d got %v", id, got)
			}
		}
		if temporal.twice || temporal.most != directProjects {
			t.Errorf("two of a project at a time: %t; %d calls at a time", temporal.twice, temporal.most)
		}
	})
}

// TestDirectDeliveriesOfOneProjectTakeTurns, and those that don't get theirs in time fail.
func TestDirectDeliveriesOfOneProjectTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		temporal := newSlowTemporal()
		d := newDirect(temporal)
		var failed int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), directTimeout)
				defer cancel()
				if err := d.deliver(ctx, []prodege.Event{{ID: "e", ProjectID: 7}}); errors.Is(err, context.DeadlineExceeded) {
					mu.Lock()
					defer mu.Unlock()
					failed++
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// 3 s are enough for 150 calls of 20 ms; the one in progress then is cut off.
		if n := len(temporal.took[7]); temporal.twice || n < 149 || n > 150 || failed != 200-n {
			t.Errorf("%d were taken, %d failed, two at a time: %t", n, failed, temporal.twice)
		}
	})
}

func TestSixtyFourDirectDeliveriesAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		temporal := newSlowTemporal()
		d := newDirect(temporal)
		var all sync.WaitGroup
		for n := range 300 {
			all.Go(func() {
				if err := d.deliver(t.Context(), []prodege.Event{{ID: "e", ProjectID: prodege.ProjectID(1 + n)}}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if temporal.most != directDeliveries || len(temporal.took) != 300 {
			t.Errorf("%d at a time, %d taken", temporal.most, len(temporal.took))
		}
	})
}

func TestOneRefusedEventFailsTheDelivery(t *testing.T) {
	refusal := errors.New("unavailable")
	d := newDirect(refusing{err: refusal})
	if err := d.deliver(t.Context(), []prodege.Event{{ID: "a", ProjectID: 1}, {ID: "b", ProjectID: 2}}); !errors.Is(err, refusal) {
		t.Errorf("%v", err)
	}
	d.projects.Range(func(id, turn any) bool {
		if n := len(turn.(chan struct{})); n != 0 {
			t.Errorf("project %v is held", id)
		}
		return true
	})
	if len(d.slots) != 0 {
		t.Errorf("%d slots are held", len(d.slots))
	}
}

type refusing struct {
	Workflows
	err error
}

func (r refusing) Deliver(context.Context, prodege.Event) error { return r.err }
