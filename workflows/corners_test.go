package workflows

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// stop ends a story whose project is not over.
func (w *world) stop(after time.Duration) {
	w.at(after, func() { w.env.CancelWorkflow() })
	w.start()
}

// says changes what Prodege's API tells from then on.
func (w *world) says(after time.Duration, s prodege.Status) {
	w.at(after, w.set(func() { w.info.Status, w.info.PausedForCPI, w.info.RequiredCPI = s, false, nil }))
}

func TestAClosedProjectIsNotAskedAfter(t *testing.T) {
	w := newWorld(t) // its API goes on saying that it is paused for CPI
	w.deliver(time.Minute, "c", prodege.Complete, because(903))
	w.deliver(10*time.Minute, "i", prodege.Invoiced)
	w.deliver(12*time.Minute, "p", prodege.Paused, because(158), earlier(30*time.Minute))
	w.at(20*time.Minute, func() {
		want(t, "status", w.state().Status, prodege.Invoiced)
		want(t, "requests", len(w.roots("C0APPROVE")), 0)
	})
	w.run()
}

func TestFoundTwiceMeansAMinuteApart(t *testing.T) {
	w := newWorld(t)
	w.says(0, prodege.Paused)
	w.deliver(time.Minute, "p", prodege.Paused, because(158))
	w.says(30*time.Minute, prodege.Live)
	w.deliver(30*time.Minute, "l0", prodege.Pending, earlier(60*time.Minute))
	w.deliver(30*time.Minute+5*time.Second, "l1", prodege.Pending, earlier(61*time.Minute))
	w.at(30*time.Minute+20*time.Second, func() { want(t, "after two answers at once", w.state().Status, prodege.Paused) })
	w.at(32*time.Minute, func() { want(t, "after a minute", w.state().Status, prodege.Live) })
	w.stop(33 * time.Minute)
}

func TestAFindingIsForgottenWhenAnEventComes(t *testing.T) {
	w := newWorld(t)
	w.says(0, prodege.Paused)
	w.deliver(time.Minute, "p", prodege.Paused, because(158))
	w.says(30*time.Minute, prodege.Live)
	w.deliver(30*time.Minute, "l0", prodege.Pending, earlier(60*time.Minute))
	w.deliver(30*time.Minute+10*time.Second, "live", prodege.Live)
	w.deliver(30*time.Minute+20*time.Second, "n", prodege.Paused, cpi("4.25"))
	w.at(31*time.Minute+5*time.Second, func() { want(t, "status", w.state().Status, prodege.Paused) })
	w.stop(31*time.Minute + 10*time.Second)
}

func TestOneInvoiceWhoeverTellsOfComplete(t *testing.T) {
	w := newWorld(t)
	w.says(0, prodege.Complete)
	w.deliver(time.Minute, "l", prodege.Live)
	w.at(2*time.Minute, func() {
		w.env.SignalWorkflow(string(StatusUpdate), prodege.Event{Source: prodege.FromCommand, ProjectID: theProject})
	})
	w.deliver(6*time.Minute, "c", prodege.Complete, because(903), earlier(4*time.Minute))
	w.at(10*time.Minute, func() { want(t, "invoices", len(w.invoices), 1) })
	w.stop(11 * time.Minute)
}

func TestAnAcceptanceDoesNotReachTheNextPause(t *testing.T) {
	w := asked(t)
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		if len(w.accepts) == 1 {
			return activities.Acceptance{}, passing(activities.TypeProdegePassing, 20*time.Second)
		}
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved}, nil
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute+5*time.Second, "live", prodege.Live)
	w.deliver(10*time.Minute+10*time.Second, "again", prodege.Paused, cpi("4.10"))
	w.at(12*time.Minute, func() {
		want(t, "tries", len(w.accepts), 1)
		want(t, "the new pause asks", w.request().Required.String(), "4.10")
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
	})
	w.stop(13 * time.Minute)
}

func TestAnApprovedCeilingCoversALowerPrice(t *testing.T) {
	w := asked(t)
	w.click(10*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.UpTo = ptr(prodege.MustUSD("6.00")) })
	w.deliver(10*time.Minute+30*time.Second, "rtp", prodege.Paused, cpi("4.30"))
	w.at(11*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseAccepted)
		want(t, "generation", w.request().Generation, 1)
	})
	w.stop(12 * time.Minute)
}

func TestAskAgainAsksForThePriceOfNow(t *testing.T) {
	w := asked(t)
	w.at(20*time.Hour, w.set(func() { w.info.RequiredCPI = ptr(prodege.MustUSD("5.50")) }))
	w.click(30*time.Hour, "U1", activities.VerdictAskAgain)
	w.at(31*time.Hour, func() { want(t, "required", w.request().Required.String(), "5.50") })
	w.stop(32 * time.Hour)
}

func TestWatchingAnInvoicedProjectSendsNothingUnasked(t *testing.T) {
	w := newWorld(t)
	w.says(0, prodege.Invoiced)
	w.at(time.Minute, func() {
		w.env.SignalWorkflow(string(StatusUpdate), prodege.Event{Source: prodege.FromCommand, ProjectID: theProject})
	})
	w.at(time.Hour, func() { want(t, "invoices", len(w.invoices), 0) })
	w.stop(2 * time.Hour)
}

func TestAShortLingerLosesNoInvoice(t *testing.T) {
	w := newWorld(t)
	w.settings.ProjectLinger, w.settings.HasAPIKey = time.Minute, false
	w.deliver(time.Minute, "i", prodege.Invoiced)
	w.run()
	want(t, "invoices", len(w.invoices), 1)
}

func TestRemindersMissedWhileSlackWasAwayComeAsOne(t *testing.T) {
	w := asked(t)
	w.postFault = func(n int) error {
		if n > 1 && w.env.Now().Before(time.Date(2026, 3, 3, 12, 50, 0, 0, time.UTC)) {
			return mend("invalid_auth")
		}
		return nil
	}
	w.at(20*time.Hour+30*time.Minute, func() { want(t, "reminders", len(w.notes()) <= 2, true) })
	w.stop(21 * time.Hour)
}

func TestAStateStaysSmallWhileSlackIsAway(t *testing.T) {
	w := newWorld(t)
	w.settings.HasAPIKey = false
	w.postFault = func(int) error { return mend("invalid_auth") }
	for i := range 400 {
		w.deliver(time.Minute+time.Duration(i)*10*time.Second, fmt.Sprintf("e%04d", i), prodege.Paused, func(e *prodege.Event) { e.RejectionNote = strings.Repeat("n", 1500) })
	}
	w.at(2*time.Hour, func() {
		s := w.state()
		if size := jsonSize(s); size > maxState {
			t.Errorf("the state has %d bytes", size)
		}
		want(t, "counted", s.Counts.Applied, 400)
	})
	w.stop(3 * time.Hour)
}

func TestAnEditDoesNotWaitForAPost(t *testing.T) {
	w := asked(t)
	w.postFault = func(n int) error {
		if n > 1 { // the reminder stands in a queue
			return passing(activities.TypeSlackPassing, 2*time.Minute)
		}
		return nil
	}
	w.click(4*time.Hour+5*time.Minute, "U1", activities.VerdictApprove)
	w.becomes(4*time.Hour+6*time.Minute, activities.PhaseAccepted)
	w.stop(4*time.Hour + 7*time.Minute)
}
