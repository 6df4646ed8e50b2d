package inbox

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// stubborn takes all events except those of project 1, for which it returns BUSY_WORKFLOW and counts the calls.
func stubborn(k *taker) (refused *atomic.Int64) {
	refused = &atomic.Int64{}
	k.refuse = func(e prodege.Event) error {
		if e.ProjectID == 1 {
			refused.Add(1)
			return errors.New("BUSY_WORKFLOW")
		}
		return nil
	}
	return refused
}

// hurried has a short delay before the next attempt.
func hurried(o *Options) { o.maxDelay = 10 * time.Millisecond }

// refusedMore waits until project 1 has been refused twice more: the first may have begun before the clock was set.
func refusedMore(t *testing.T, refused *atomic.Int64) {
	t.Helper()
	before := refused.Load()
	eventually(t, "refused again", func() bool { return refused.Load() > before+1 })
}

// oneRefused is an inbox whose only event has been refused.
func oneRefused(t *testing.T, c *clock) (in *Inbox, k *taker, refused *atomic.Int64) {
	t.Helper()
	in, k = open(t, t.TempDir(), c.set, hurried), &taker{}
	refused = stubborn(k)
	append1(t, in, event(1, 0))
	run(t, in, k)
	refusedMore(t, refused)
	return in, k, refused
}

func TestAnEventThatIsRefusedForADayIsStuck(t *testing.T) {
	t.Parallel()
	var c clock
	told := make(chan string, 10)
	in, k := open(t, t.TempDir(), c.set, hurried, func(o *Options) { o.Alarm = func(text string) { told <- text } }), &taker{}
	refused := stubborn(k)
	append1(t, in, event(1, 0), event(1, 1))
	stop := run(t, in, k)
	refusedMore(t, refused)
	append1(t, in, event(2, 0))
	eventually(t, "another gets through", func() bool { return len(k.ids(2)) == 1 })
	c.pass(2 * time.Minute)
	refusedMore(t, refused)
	c.pass(24*time.Hour - 2*time.Minute - time.Second)
	refusedMore(t, refused)
	if s := in.Stats(); s.Stuck != 0 {
		t.Errorf("stuck before a day has passed: %+v", s)
	}
	c.pass(time.Second)
	refusedMore(t, refused)
	if s := in.Stats(); s.Stuck != 1 || s.Depth != 2 {
		t.Errorf("a day has passed: %+v", s)
	}
	waiting := in.Waiting(10)
	if len(waiting) != 2 || !waiting[0].Stuck || waiting[0].Error != "BUSY_WORKFLOW" || waiting[1].Stuck || waiting[1].Error != "" {
		t.Errorf("waiting: %+v", waiting)
	}
	c.pass(24 * time.Hour)
	refusedMore(t, refused)

	k.mu.Lock()
	k.refuse = nil
	k.mu.Unlock()
	eventually(t, "taken", func() bool { return len(k.ids(1)) == 2 })
	stop()
	if s := in.Stats(); s.Stuck != 0 {
		t.Errorf("taken, and stuck: %+v", s)
	}
	if err := in.Close(); err != nil { // waits for alarms
		t.Error(err)
	}
	close(told)
	var alarms []string
	for text := range told {
		alarms = append(alarms, text)
	}
	slices.Sort(alarms)
	if len(alarms) != 2 || !strings.HasPrefix(alarms[0], "Event p1-0000 of project 1 is stuck") || !strings.Contains(alarms[0], "fieldmarshal inbox") ||
		!strings.HasPrefix(alarms[1], "Temporal has not accepted event p1-0000 of project 1 for 2m0s, though it accepts others") {
		t.Errorf("told: %q", alarms)
	}
}

// TestAnOutageMakesNothingStuck, however long it lasts, because nothing else gets through; nor does the first refusal after
// it.
func TestAnOutageMakesNothingStuck(t *testing.T) {
	t.Parallel()
	var c clock
	in, k, refused := oneRefused(t, &c)
	c.pass(48 * time.Hour)
	refusedMore(t, refused)
	if s := in.Stats(); s.Stuck != 0 {
		t.Errorf("stuck while Temporal is away: %+v", s)
	}
	append1(t, in, event(2, 0))
	eventually(t, "another gets through", func() bool { return len(k.ids(2)) == 1 })
	refusedMore(t, refused)
	if s := in.Stats(); s.Stuck != 0 {
		t.Errorf("stuck as soon as Temporal is back: %+v", s)
	}
	c.pass(stuckGrace)
	refusedMore(t, refused)
	if s := in.Stats(); s.Stuck != 1 {
		t.Errorf("refused for two days, while others get through for an hour: %+v", s)
	}
}

// TestOthersOfItsKind: that prices get through proves nothing about status updates.
func TestOthersOfItsKind(t *testing.T) {
	t.Parallel()
	var c clock
	in, k, refused := oneRefused(t, &c)
	price := event(2, 0)
	price.Source = prodege.FromPricing
	append1(t, in, price)
	eventually(t, "a price gets through", func() bool { return len(k.ids(2)) == 1 })
	for range 2 {
		c.pass(24 * time.Hour)
		refusedMore(t, refused)
	}
	if s := in.Stats(); s.Stuck != 0 {
		t.Errorf("stuck: %+v", s)
	}
}

// TestStuckAfterARestart: the day continues, but the hour in which others get through starts again.
func TestStuckAfterARestart(t *testing.T) {
	t.Parallel()
	var c clock
	dir := t.TempDir()
	in := open(t, dir, c.set)
	append1(t, in, event(1, 0))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	c.pass(23 * time.Hour)
	in, k := open(t, dir, hurried, func(o *Options) { o.Now = func() time.Time { return time.Unix(0, c.at.Load()) } }), &taker{}
	refused := stubborn(k)
	run(t, in, k)
	refusedMore(t, refused)
	append1(t, in, event(2, 0))
	eventually(t, "another gets through", func() bool { return len(k.ids(2)) == 1 })
	refusedMore(t, refused)
	c.pass(time.Hour)
	refusedMore(t, refused)
	if s := in.Stats(); s.Stuck != 1 {
		t.Errorf("not stuck: %+v", s)
	}
}
