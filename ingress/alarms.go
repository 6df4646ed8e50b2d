package ingress

import (
	"context"
	"fmt"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

const (
	alertTimeout = 3 * time.Minute // Slack may ask to wait; while the process stops there is less time

	// alarmInterval is between two alarms of the same kind. A misread signature must not stay unnoticed, but anyone who
	// knows the address can post to it, and must not be able to flood the channel.
	alarmInterval = time.Hour
	// toleratedFuture is how many events per hour may be dated ahead of our clock. More mean that a zone is misread.
	toleratedFuture = 3
)

// alarms remembers when each kind of alarm was last raised. Its zero value is ready to use.
type alarms struct {
	mu     sync.Mutex
	last   map[string]alarm
	future []time.Time // when the last events came that are dated ahead of our clock
}

type alarm struct {
	raised  time.Time
	skipped int // since then
}

// add counts an alarm, and reports whether it should be raised now, and how many were skipped since the last one.
func (a *alarms) add(now time.Time, kind string) (skipped int, raise bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last = map[string]alarm{}
	}
	last, before := a.last[kind]
	if before && now.Sub(last.raised).Abs() < alarmInterval {
		a.last[kind] = alarm{last.raised, last.skipped + 1}
		return 0, false
	}
	a.last[kind] = alarm{raised: now}
	return last.skipped, true
}

// addFuture counts an event that is dated ahead of our clock, and reports whether there were too many within an hour.
func (a *alarms) addFuture(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.future = append(a.future, now)
	a.future = a.future[max(0, len(a.future)-toleratedFuture-1):]
	return len(a.future) > toleratedFuture && now.Sub(a.future[0]) < time.Hour
}

// raise raises an alarm after the answer, unless there was one of the same kind and cause within the hour.
func (in *Ingress) raise(ctx context.Context, kind, cause, text string) {
	skipped, raise := in.alarms.add(in.now(), kind+" "+cause)
	if !raise {
		return
	}
	if skipped > 0 {
		text += fmt.Sprintf(" There have been %d more since the last such alarm.", skipped)
	}
	text += " The next alarm of this kind comes after an hour at the earliest."
	in.log.Error(text, "alarm", kind)
	if in.options.Alert == nil {
		return
	}
	in.afterwards(ctx, alertTimeout, func(ctx context.Context) {
		if err := in.options.Alert(ctx, text); err != nil {
			in.log.Error("an alarm could not be posted in the alerts channel", "error", err)
		}
	})
}

// raiseUnusable reports an authentic event that can't be used.
func (in *Ingress) raiseUnusable(ctx context.Context, u prodege.Unusable) {
	project := "an unknown project"
	if u.Project != 0 {
		project = "project " + u.Project.String()
	}
	in.raise(ctx, "unusable", u.Cause, fmt.Sprintf("An event from Prodege for %s can't be used: %s (event %.100q). "+
		"Prodege does not send it again: look at the project there.", project, u.Error, u.EventID))
}

// raiseFailed reports a delivery that was answered with 500. Prodege repeats it a few times within 14 seconds; if those fail,
// too, it is lost.
func (in *Ingress) raiseFailed(ctx context.Context, cause, why string) {
	in.raise(ctx, "failed", cause, fmt.Sprintf("A delivery of Prodege's webhook could not be kept: %s. "+
		"Prodege repeats it up to three times within about 14 seconds, and then gives up: look at the project there.", why))
}

// raiseDated reports events that are dated ahead of our clock.
func (in *Ingress) raiseDated(ctx context.Context, events []prodege.Event) {
	for _, e := range events {
		tooMany := e.Future && in.alarms.addFuture(in.now())
		if !tooMany && !e.AheadOf(e.Received) {
			continue
		}
		dated := fmt.Sprintf("event %.100q of project %s, received at %s, is dated %s", string(e.ID), e.ProjectID,
			e.Received.Format(time.RFC3339), e.Time.UTC().Format(time.RFC3339))
		if tooMany {
			in.raise(ctx, "future", "", fmt.Sprintf("More than %d events within an hour are dated ahead of this machine's clock. "+
				"The newest: %s. A time zone may be misread. Such events are ordered by their time of receipt.", toleratedFuture, dated))
		} else {
			in.raise(ctx, "clock", "", fmt.Sprintf("The clock of the ingress's machine is behind: %s, "+
				"and the event's id agrees. Set the clock.", dated))
		}
	}
}
