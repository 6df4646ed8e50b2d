package activities

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fieldmarshal/project"
)

// queued queues a number of calls in order, and records when each may be made.
func queued(t *turns, order *[]string, mu *sync.Mutex, all *sync.WaitGroup, name string, p priority, n int, within time.Duration) {
	for range n {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), within)
			defer cancel()
			if err := t.wait(ctx, p); err != nil {
				name := "no " + name
				mu.Lock()
				*order = append(*order, name)
				mu.Unlock()
				return
			}
			mu.Lock()
			*order = append(*order, name)
			mu.Unlock()
		})
		synctest.Wait()
	}
}

func TestTurnsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var all sync.WaitGroup
		var order []string
		turns := newTurns(1)
		queued(turns, &order, &mu, &all, "first", forFigures, 1, time.Minute) // takes the only turn at once
		for _, p := range []struct {
			name string
			priority
		}{{"figures", forFigures}, {"poll", forPoll}, {"act", forAct}, {"update", forUpdate}} {
			queued(turns, &order, &mu, &all, p.name, p.priority, 2, time.Minute)
		}
		began := time.Now()
		all.Wait()
		wanted := []string{"first", "update", "update", "act", "act", "poll", "poll", "figures", "figures"}
		for i := range wanted {
			want(t, "turn", order[i], wanted[i])
		}
		want(t, "seconds", time.Since(began).Round(time.Second), 8*time.Second)
		if turns.timer != nil {
			t.Error("a timer runs though nobody waits")
		}
	})
}

// An approved acceptance never waits behind figures, however many want a turn; those whose turn is too far off are
// given up at once, and take no place.
func TestTurnsGiveUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var all sync.WaitGroup
		var order []string
		turns := newTurns(5)
		began := time.Now()
		queued(turns, &order, &mu, &all, "figures", forFigures, 500, 2*time.Second)
		want(t, "seconds until all have a place or none", time.Since(began), 0)
		given := 0
		for _, name := range order {
			if name == "no figures" {
				given++
			}
		}
		want(t, "given up at once", given, 500-5-10) // five at once, then five a second for two seconds
		if err := turns.wait(context.Background(), forAct); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 250*time.Millisecond {
			t.Errorf("an act waited %s behind figures", took)
		}
		all.Wait()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("figures waited for %s", took)
		}
	})
}

// The reading and the update of an acceptance follow each other, though sixty were approved at once.
func TestTurnsLetAnAcceptanceEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(5)
		var mu sync.Mutex
		var longest time.Duration
		var all sync.WaitGroup
		for range 60 {
			all.Go(func() {
				if err := turns.wait(context.Background(), forAct); err != nil {
					t.Error(err)
				}
				read := time.Now()
				if err := turns.wait(context.Background(), forUpdate); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				longest = max(longest, time.Since(read))
			})
		}
		all.Wait()
		if longest > 2*time.Second {
			t.Errorf("an acceptance was read %s before it was sent", longest)
		}
	})
}

// A call that leaves makes room for those behind it.
func TestTurnsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		if err := turns.wait(context.Background(), forPoll); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error, 1)
		go func() { left <- turns.wait(ctx, forPoll) }()
		synctest.Wait()
		cancel()
		want(t, "who left", <-left, errBusy)
		began := time.Now()
		if err := turns.wait(context.Background(), forFigures); err != nil {
			t.Fatal(err)
		}
		want(t, "waited", time.Since(began).Round(10*time.Millisecond), time.Second)
		want(t, "with a context that has ended", turns.wait(ctx, forUpdate), errBusy)
	})
}

// No more calls than the rate allows, and no fewer.
func TestTurnsKeepTheRate(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 5, 33.3, 1000} {
		synctest.Test(t, func(t *testing.T) {
			turns := newTurns(rate)
			began := time.Now()
			calls := int(rate*10) + 10
			for range calls {
				if err := turns.wait(context.Background(), forFigures); err != nil {
					t.Fatal(err)
				}
			}
			burst := float64(turns.limit.Burst())
			wanted := time.Duration((float64(calls) - burst) / rate * float64(time.Second))
			if took := time.Since(began); took < wanted-time.Millisecond || took > wanted+wanted/5+10*time.Millisecond {
				t.Errorf("%d calls at %v a second took %s, want about %s", calls, rate, took, wanted)
			}
		})
	}
}

func TestPriorityOf(t *testing.T) {
	for p, wanted := range map[project.Priority]priority{project.PriorityAct: forAct, project.PriorityPoll: forPoll, project.PriorityFigures: forFigures, "": forFigures} {
		want(t, string(p), priorityOf(p), wanted)
	}
}
