package ingress

import (
	"context"
	"fmt"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

const (
	alertTimeout = 3 * time.Minute // Slack may ask to wait; the process tells less long once it stops

	// The first of each kind in an hour is told: a misread signature would be a silent, total loss. Whoever knows the
	// address can post there, and must not be able to bury what matters.
	tellEvery = time.Hour
	// More events than this in an hour that are dated ahead of our clock mean that a zone is misread.
	toleratedFuture = 3
)

// alarms remembers what was told when.
type alarms struct {
	mu     sync.Mutex
	told   map[string]time.Time
	untold map[string]int // since then

	future []time.Time // when the newest events came that are dated ahead of our clock
}

// add counts something that people should know of, and reports whether they are told of it now, and how many there
// were since they were told last.
func (a *alarms) add(now time.Time, kind string) (untold int, tell bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told == nil {
		a.told, a.untold = map[string]time.Time{}, map[string]int{}
	}
	if last, before := a.told[kind]; before && now.Sub(last).Abs() < tellEvery {
		a.untold[kind]++
		return 0, false
	}
	untold = a.untold[kind]
	a.told[kind], a.untold[kind] = now, 0
	return untold, true
}

// addFuture notes an event that is dated ahead of our clock, and reports whether there were too many in an hour.
func (a *alarms) addFuture(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.future = append(a.future, now)
	a.future = a.future[max(0, len(a.future)-toleratedFuture-1):]
	return len(a.future) > toleratedFuture && now.Sub(a.future[0]) < time.Hour
}

// raise tells people, after the answer, unless they were told of the same cause of the same kind within an hour. more
// is a sentence about those that they were not told of, or empty.
func (in *Ingress) raise(kind, cause string, ctx context.Context, text func(more string) string) {
	untold, tell := in.alarms.add(in.now(), kind+" "+cause)
	if !tell {
		return
	}
	more := ""
	if untold > 0 {
		more = fmt.Sprintf(" %d more came since this was told last.", untold)
	}
	said := text(more + " Further ones are told in an hour.")
	in.log.Error(said, "alarm", kind)
	if in.options.Alert == nil {
		return
	}
	in.afterwards(ctx, alertTimeout, func(ctx context.Context) {
		if err := in.options.Alert(ctx, said); err != nil {
			in.log.Error("the alerts channel could not be told", "error", err)
		}
	})
}

// raiseUnusable tells of an event that is authentic and can't be used.
func (in *Ingress) raiseUnusable(ctx context.Context, u prodege.Unusable) {
	in.raise("unusable", u.Cause, ctx, func(more string) string {
		project := "a project that can't be read"
		if u.Project != 0 {
			project = "project " + u.Project.String()
		}
		return fmt.Sprintf("An event of Prodege's for %s can't be used: %s (event %.100q). Prodege does not send it again: look at the project there.%s", project, u.Error, u.EventID, more)
	})
}

// raiseFailed tells of a delivery that was answered 500. Prodege sends it again a few times within a quarter of a minute;
// nobody else knows of it then.
func (in *Ingress) raiseFailed(ctx context.Context, cause, why string) {
	in.raise("failed", cause, ctx, func(more string) string {
		return fmt.Sprintf("A delivery of Prodege's webhook could not be kept: %s. Prodege sends it again up to three times, within about 14 seconds, and then no more: look at the project there.%s", why, more)
	})
}

// raiseDated tells of events that are dated ahead of our clock.
func (in *Ingress) raiseDated(ctx context.Context, events []prodege.Event) {
	for _, e := range events {
		switch {
		case e.Future && in.alarms.addFuture(in.now()):
			in.raise("future", "", ctx, func(more string) string {
				return fmt.Sprintf("More than %d events within an hour are dated ahead of this machine's clock: the newest, %s. A time zone may be misread. Such events are ordered by their receipt.%s", toleratedFuture, dated(e), more)
			})
		case e.AheadOf(e.Received):
			in.raise("clock", "", ctx, func(more string) string {
				return fmt.Sprintf("The clock of the ingress's machine is behind: %s, and its id says the same. Set the clock.%s", dated(e), more)
			})
		}
	}
}

func dated(e prodege.Event) string {
	return fmt.Sprintf("event %.100q of project %s, received at %s, is dated %s", string(e.ID), e.ProjectID, e.Received.Format(time.RFC3339), e.Time.UTC().Format(time.RFC3339))
}
