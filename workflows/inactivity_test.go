package workflows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// The world starts on Monday, March 2, 2026, 9:00 in California.

func TestTheInactivityClock(t *testing.T) {
	w := newWorld(t)
	w.settings.Escalation = []string{"S0OPS"}
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.deliver(time.Hour, "idle", prodege.Paused, because(prodege.PausedInactive))
	end := time.Date(2026, 3, 16, 10, 0, 0, 0, prodege.Pacific()) // ten business days later
	w.at(time.Hour+time.Minute, func() {
		s := w.state()
		want(t, "completed at", s.Shown.Completes.Equal(end), true)
		want(t, "told on the alert", w.roots("C0ALERTS")[0].Card.Pause.AutoComplete.Equal(end), true)
		want(t, "remind at", s.Pause.Inactivity.Remind.Equal(time.Date(2026, 3, 12, 9, 0, 0, 0, prodege.Pacific())), true)
	})
	const days = 24 * time.Hour
	w.at(9*days, func() { wantList(t, "before", w.notes()) })
	w.at(10*days+time.Hour, func() {
		wantList(t, "two business days before", w.notes(), "> auto_complete")
		n := w.messages[len(w.messages)-1].Card.Note
		want(t, "of the pause", n.Since.Equal(w.state().Pause.Since), true)
		want(t, "mentions", strings.Join(n.Mention, ","), "S0OPS")
	})
	w.deliver(14*days+3*time.Hour, "completed", prodege.Complete, because(prodege.CompleteInactive))
	w.at(14*days+4*time.Hour, func() {
		wantList(t, "in the end", w.notes(), "> auto_complete", "> auto_completed")
		s := w.state()
		want(t, "clock is over", s.Shown.Completes.IsZero(), true)
		found := ""
		for _, l := range s.Ledger {
			if l.Kind == LineEnded {
				found = l.What
			}
		}
		want(t, "ledger", found, "completed by Prodege for inactivity, after the pause of Mon 2026-03-02")
		want(t, "the alert is closed", w.roots("C0ALERTS")[0].Card.Pause.End.Reason, prodege.CompleteInactive)
	})
	w.ends(15 * days)
}

func TestTheInactivityClockStops(t *testing.T) {
	for name, c := range map[string]struct {
		status prodege.Status
		change []func(*prodege.Event)
	}{
		"live":              {prodege.Live, nil},
		"another reason":    {prodege.Paused, []func(*prodege.Event){because(prodege.SupportAgent)}},
		"for CPI":           {prodege.Paused, []func(*prodege.Event){cpi("4.25")}},
		"pending complete":  {prodege.PendingComplete, []func(*prodege.Event){because(prodege.ReconciliationTried)}},
		"completed by hand": {prodege.Complete, []func(*prodege.Event){because(prodege.ReconciliationComplete)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.info.PausedForCPI, w.info.RequiredCPI = false, nil
			w.deliver(time.Hour, "idle", prodege.Paused, because(prodege.PausedInactive))
			w.deliver(26*time.Hour, "idle again", prodege.Paused, because(prodege.PausedInactive)) // the same pause: no new clock
			w.at(27*time.Hour, func() {
				want(t, "still the first", w.state().Pause.Inactivity.Paused.Day(), 2)
			})
			w.deliver(48*time.Hour, "change", c.status, c.change...)
			w.at(49*time.Hour, func() { want(t, "stopped", w.state().Shown.Completes.IsZero(), true) })
			w.at(12*24*time.Hour, func() {
				for _, n := range w.notes() {
					if strings.Contains(n, "auto_complete") {
						t.Errorf("reminded all the same: %s", n)
					}
				}
			})
			w.ends(20 * 24 * time.Hour)
		})
	}
}

// A 207 that reaches us when its time is up already reminds nobody; Prodege is asked instead.
func TestAnOldInactivityPause(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.deliver(time.Hour, "idle", prodege.Paused, because(prodege.PausedInactive), earlier(15*24*time.Hour))
	w.at(2*time.Hour, func() {
		want(t, "rung", w.state().Pause.Inactivity.Rung, true)
		wantList(t, "notes", w.notes())
	})
	w.ends(24 * time.Hour)
}

func TestTheInactivityClockIsCarriedOver(t *testing.T) {
	w := newWorld(t)
	w.settings.HistoryLimit = 60
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.deliver(time.Hour, "idle", prodege.Paused, because(prodege.PausedInactive))
	w.at(2*time.Hour, func() { w.env.SetCurrentHistoryLength(61) })
	w.deliver(3*time.Hour, "again", prodege.Paused, because(prodege.PausedInactive))
	w.expectContinue(func(s ProjectState) {
		if s.Pause == nil || s.Pause.Inactivity == nil || s.Pause.Inactivity.Remind.IsZero() {
			t.Errorf("carried over: %+v", s.Pause)
		}
	})
}

func TestAnInactiveProjectThatFlapsKeepsItsClock(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.deliver(time.Hour, "idle", prodege.Paused, because(prodege.PausedInactive))
	w.deliver(50*time.Hour, "live", prodege.Live)
	w.deliver(50*time.Hour+30*time.Minute, "idle again", prodege.Paused, because(prodege.PausedInactive))
	w.at(51*time.Hour, func() { want(t, "paused", w.state().Pause.Inactivity.Paused.Day(), 2) })
	w.deliver(52*time.Hour, "live again", prodege.Live)
	w.deliver(60*time.Hour, "idle later", prodege.Paused, because(prodege.PausedInactive))
	w.at(61*time.Hour, func() { want(t, "a new clock", w.state().Pause.Inactivity.Paused.Day(), 5) })
	w.ends(70 * time.Hour)
}

// TestCompletedAfterAnotherReason: the pause moved on from inactivity, and Prodege completed the project all the same.
func TestCompletedAfterAnotherReason(t *testing.T) {
	w := newWorld(t)
	w.deliver(time.Minute, "idle", prodege.Paused, because(prodege.PausedInactive))
	w.deliver(time.Hour, "clicks", prodege.Paused, because(prodege.MaxClicks))
	w.deliver(2*time.Hour, "done", prodege.Complete, because(prodege.CompleteInactive))
	w.deliver(3*time.Hour, "end", prodege.Invoiced)
	w.run()
	notes := w.notes()
	if !slices.Contains(notes, "> "+string(activities.NoteAutoCompleted)) {
		t.Errorf("nothing tells which pause it followed: %q", notes)
	}
}

// The reminder is said though the alert became a line of a digest, however crowded the channel is.
func TestTheReminderOfAFoldedAlertIsSaid(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.postFault = func(n int) error {
		if n == 1 || n == 3 {
			return crowded()
		}
		return nil
	}
	w.deliver(time.Hour, "idle", prodege.Paused, because(prodege.PausedInactive))
	w.at(2*time.Hour, func() {
		roots := w.roots("C0ALERTS")
		if len(roots) != 1 || roots[0].Card.Digest == nil {
			t.Fatalf("said: %+v", roots)
		}
	})
	w.at(11*24*time.Hour, func() {
		wantList(t, "reminded", w.notes(), "> auto_complete")
		want(t, "the alert stands", len(w.roots("C0ALERTS")), 2)
	})
	w.ends(15 * 24 * time.Hour)
}

func TestAFailedActOnAFoldedAlertIsSaid(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.postFault = func(n int) error {
		if n == 1 {
			return crowded()
		}
		return nil
	}
	w.act = func(activities.ActOnProject) (activities.Acceptance, error) {
		return activities.Acceptance{}, refusal()
	}
	w.at(10*time.Minute, func() { // on the command line: the alert has no buttons
		d := Decision{Click: "c", Verdict: activities.VerdictAct, Generation: 1, Action: prodege.ActSample, Number: 600, User: "U1", From: activities.FromCommand, At: w.env.Now()}
		if err := w.env.SignalWorkflowByID(ActionWorkflowID(theProject, "pause"), string(Decide), d); err != nil {
			t.Errorf("decision not taken: %v", err)
		}
	})
	w.at(12*time.Minute, func() { wantList(t, "failures", w.failures(), "refused: U1") })
	w.ends(time.Hour)
}
