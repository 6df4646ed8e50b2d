package workflows

import (
	"slices"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// Every row of "What each event does": what people see, and what the project then waits for.
func TestWhatEachEventDoes(t *testing.T) {
	note := func(n string) func(*prodege.Event) { return func(e *prodege.Event) { e.RejectionNote = n } }
	described := func(d string) func(*prodege.Event) { return func(e *prodege.Event) { e.Description = d } }
	cases := []struct {
		name    string
		status  prodege.Status
		change  []func(*prodege.Event)
		alert   bool // a pause alert
		reject  bool
		request bool
		note    string
		invoice bool
		waits   Waiting
	}{
		{name: "160", status: prodege.Paused, change: []func(*prodege.Event){cpi("4.25")}, request: true, waits: WaitsApproval},
		{name: "described as CPI", status: prodege.Paused, change: []func(*prodege.Event){described(prodege.DescriptionCPI)}, request: true, waits: WaitsApproval},
		{name: "required_cpi with another reason", status: prodege.Paused, change: []func(*prodege.Event){cpi("4.25"), because(999)}, request: true, waits: WaitsApproval},
		{name: "rejection note", status: prodege.Paused, change: []func(*prodege.Event){because(244), note("redo the ids")}, reject: true, waits: WaitsLive},
		{name: "described as rejection", status: prodege.PendingComplete, change: []func(*prodege.Event){described(prodege.DescriptionRejection)}, reject: true, note: "pending_complete", waits: WaitsReconciliation},
		{name: "113", status: prodege.Paused, change: []func(*prodege.Event){because(113)}, alert: true, waits: WaitsLive},
		{name: "156", status: prodege.Paused, change: []func(*prodege.Event){because(156)}, alert: true, waits: WaitsLive},
		{name: "158", status: prodege.Paused, change: []func(*prodege.Event){because(158)}, alert: true, waits: WaitsLive},
		{name: "207", status: prodege.Paused, change: []func(*prodege.Event){because(207)}, alert: true, waits: WaitsLive},
		{name: "222", status: prodege.Paused, change: []func(*prodege.Event){because(222)}, alert: true, waits: WaitsLive},
		{name: "244", status: prodege.Paused, change: []func(*prodege.Event){because(244)}, alert: true, waits: WaitsLive},
		{name: "999", status: prodege.Paused, change: []func(*prodege.Event){because(999)}, alert: true, waits: WaitsLive},
		{name: "a reason nobody knows", status: prodege.Paused, change: []func(*prodege.Event){because(4711)}, alert: true, waits: WaitsLive},
		{name: "902", status: prodege.PendingComplete, change: []func(*prodege.Event){because(902)}, note: "pending_complete", waits: WaitsReconciliation},
		{name: "903", status: prodege.Complete, change: []func(*prodege.Event){because(903)}, invoice: true, waits: WaitsInvoiced},
		{name: "209", status: prodege.Complete, change: []func(*prodege.Event){because(209)}, invoice: true, waits: WaitsInvoiced},
		{name: "COMPLETE for no reason", status: prodege.Complete, invoice: true, waits: WaitsInvoiced},
		{name: "LIVE", status: prodege.Live, waits: WaitsNothing},
		{name: "PENDING", status: prodege.Pending, waits: WaitsNothing},
		{name: "a status nobody knows", status: "ARCHIVED", note: "unknown", waits: WaitsNothing},
		{name: "DELETED", status: prodege.Deleted, waits: WaitsNothing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.info.Status = c.status // a sweep finds nothing else
			w.info.PausedForCPI = c.request
			w.deliver(time.Minute, "e1", c.status, c.change...)
			w.at(3*time.Minute, func() {
				s := w.state()
				want(t, "status", s.Status, c.status)
				want(t, "waits for", s.Waiting, c.waits)
				alerts, rejections := 0, 0
				for _, m := range w.roots("C0ALERTS") {
					if m.Card.Pause != nil {
						alerts++
					}
					if m.Card.Rejection != nil {
						rejections++
					}
				}
				want(t, "alerts", alerts, count(c.alert))
				want(t, "rejections", rejections, count(c.reject))
				want(t, "requests", len(w.roots("C0APPROVE")), count(c.request))
				want(t, "invoices", len(w.invoices), count(c.invoice))
				if c.note == "" {
					wantList(t, "notes", w.notes())
				} else {
					wantList(t, "notes", w.notes(), c.note)
				}
			})
			w.deliver(10*time.Minute, "end", prodege.Deleted)
			w.run()
		})
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestTheSeedsExampleGivesOneAlert(t *testing.T) {
	w := newWorld(t)
	w.info.Status, w.info.PausedForCPI = prodege.Paused, false
	for i := range 3 { // three deliveries of one event
		w.deliver(time.Minute+time.Duration(i)*time.Second, "644b075404443f2a3c77c7cb", prodege.Paused, because(158), func(e *prodege.Event) { e.Time = time.Date(2026, 3, 2, 8, 0, 0, 0, prodege.Pacific()) })
	}
	w.at(5*time.Minute, func() {
		s := w.state()
		want(t, "counts", s.Counts, Counts{Received: 3, Applied: 1, Duplicate: 2})
		want(t, "alerts", len(w.roots("C0ALERTS")), 1)
		want(t, "name learnt from Prodege", w.roots("C0ALERTS")[0].Card.Pause.Project.Name, "Oat milk study")
	})
	w.deliver(time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestOneDeliveryHandedOverTwiceCountsOnce(t *testing.T) {
	w := newWorld(t)
	var e prodege.Event
	w.at(time.Minute, func() {
		e = w.event("e1", prodege.Live)
		w.env.SignalWorkflow(string(StatusUpdate), e)
		w.env.SignalWorkflow(string(StatusUpdate), e)
	})
	w.at(2*time.Minute, func() { want(t, "counts", w.state().Counts, Counts{Received: 1, Applied: 1}) })
	w.deliver(time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestOnePauseIsOneMessage(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI = false
	w.deliver(1*time.Minute, "e1", prodege.Paused, because(158))
	w.deliver(5*time.Minute, "e2", prodege.Paused, because(244))
	w.at(6*time.Minute, func() {
		want(t, "alerts", len(w.roots("C0ALERTS")), 1)
		wantList(t, "notes", w.notes(), "> other_reason")
		want(t, "moved to", w.roots("C0ALERTS")[0].Card.Pause.Moved.Reason, prodege.SupportAgent)
	})
	w.deliver(20*time.Minute, "e3", prodege.Live)
	w.at(21*time.Minute, func() {
		p := w.roots("C0ALERTS")[0].Card.Pause
		want(t, "ended as", p.End.Status, prodege.Live)
		want(t, "after", p.End.At.Sub(p.Since), 19*time.Minute)
		want(t, "waits for", w.state().Waiting, WaitsNothing)
	})
	w.deliver(time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestFlappingIsCountedInOneMessage(t *testing.T) {
	w := newWorld(t)
	w.info.Status = prodege.Live
	for i := range 5 {
		at := time.Duration(i) * 4 * time.Minute
		w.deliver(at+time.Minute, "pause"+itoa(i), prodege.Paused, because(113))
		w.deliver(at+3*time.Minute, "live"+itoa(i), prodege.Live)
	}
	w.at(30*time.Minute, func() {
		want(t, "alerts", len(w.roots("C0ALERTS")), 1)
		want(t, "times", w.roots("C0ALERTS")[0].Card.Pause.Times, 5)
	})
	w.deliver(2*time.Hour, "much later", prodege.Paused, because(113))
	w.at(3*time.Hour, func() { want(t, "alerts", len(w.roots("C0ALERTS")), 2) })
	w.deliver(4*time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestLateEventsChangeNothingButWhatIsDueOnce(t *testing.T) {
	w := newWorld(t)
	w.info.Status = prodege.Live
	w.deliver(10*time.Minute, "new", prodege.Live)
	w.deliver(11*time.Minute, "old pause", prodege.Paused, cpi("4.25"), earlier(5*time.Minute))
	w.deliver(12*time.Minute, "old rejection", prodege.Paused, earlier(8*time.Minute), func(e *prodege.Event) { e.RejectionNote = "redo" })
	w.deliver(13*time.Minute, "old complete", prodege.Complete, because(903), earlier(9*time.Minute))
	w.at(20*time.Minute, func() {
		s := w.state()
		want(t, "status", s.Status, prodege.Live)
		want(t, "counts", s.Counts, Counts{Received: 4, Applied: 1, Late: 3})
		want(t, "requests", len(w.roots("C0APPROVE")), 0)
		want(t, "late rejection told", w.roots("C0ALERTS")[0].Card.Rejection.Late, true)
		want(t, "invoices", len(w.invoices), 1)
	})
	w.deliver(time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestSlackMustBeMended(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI = false
	w.postFault = func(n int) error {
		if n <= 4 {
			return mend("not_in_channel: invite the app to the channel")
		}
		return nil
	}
	w.deliver(time.Minute, "e1", prodege.Paused, because(158))
	w.at(10*time.Minute, func() {
		want(t, "needs attention", w.state().Messages[0].Fault != "", true)
		want(t, "said", len(w.messages), 0)
	})
	w.at(2*time.Hour, func() {
		want(t, "said", len(w.roots("C0ALERTS")), 1)
		want(t, "fault", w.state().Messages[0].Fault, "")
	})
	w.deliver(3*time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestInvoicedWithoutCompleteInvoicesAfterAWait(t *testing.T) {
	w := newWorld(t)
	w.deliver(time.Minute, "e1", prodege.Invoiced)
	w.at(14*time.Minute, func() { want(t, "invoices", len(w.invoices), 0) })
	w.at(18*time.Minute, func() { want(t, "invoices", len(w.invoices), 1) })
	w.run()
}

func TestContinueAsNewCarriesEverything(t *testing.T) {
	w := newWorld(t)
	w.settings.HistoryLimit = 30
	w.info.PausedForCPI = false
	for i := range 12 {
		w.deliver(time.Duration(i+1)*time.Minute, "e"+itoa(i), prodege.Paused, because(prodege.Reason(113+i)))
	}
	w.at(13*time.Minute, func() { w.env.SetCurrentHistoryLength(31) })
	w.expectContinue(func(s ProjectState) {
		if s.Counts.Received == 0 || s.Counts.Received != s.Counts.Applied {
			t.Errorf("counts carried: %+v", s.Counts)
		}
		want(t, "seen", int64(len(s.Seen)), s.Counts.Received)
		want(t, "pause carried", s.Pause != nil && s.Pause.Alert != "", true)
		for _, m := range s.Messages {
			want(t, "the alert stands", m.TS != "", true)
		}
	})
}

func TestABurstInOnePauseIsToldInOneReply(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI = false
	w.deliver(time.Minute, "first", prodege.Paused, because(158))
	w.at(2*time.Minute, func() {
		for i := range 200 {
			w.env.SignalWorkflow(string(StatusUpdate), w.event("burst"+itoa(1000+i), prodege.Paused, because(prodege.Reason(113+i%2))))
		}
	})
	w.at(10*time.Minute, func() {
		want(t, "applied", w.state().Counts.Applied, 201)
		notes := w.notes()
		want(t, "notes", len(notes), maxUnsaid+1)
		want(t, "the last", notes[len(notes)-1], "> more")
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, m := range w.messages {
			if n := m.Card.Note; n != nil && n.Kind == "more" {
				want(t, "told in one", n.Times, 200-maxUnsaid)
			}
		}
	})
	w.deliver(time.Hour, "end", prodege.Deleted)
	w.run()
}

func TestTheEndOfARejectionsPauseIsShownOnIt(t *testing.T) {
	redo := func(e *prodege.Event) { e.RejectionNote = "redo" }
	for _, status := range []prodege.Status{prodege.Live, prodege.PendingComplete, prodege.Complete, prodege.Deleted} {
		t.Run(string(status), func(t *testing.T) {
			w := newWorld(t)
			w.info.PausedForCPI, w.info.RequiredCPI = false, nil
			w.deliver(time.Minute, "redo", prodege.Paused, redo)
			w.deliver(31*time.Minute, "over", status)
			w.at(32*time.Minute, func() {
				r := w.roots("C0ALERTS")[0].Card.Rejection
				if r == nil || r.End == nil {
					t.Fatalf("shows no end: %+v", r)
				}
				want(t, "status", r.End.Status, status)
				want(t, "lasted", r.End.At.Sub(r.Since), 30*time.Minute)
				want(t, "note", r.Event.RejectionNote, "redo")
				resumed := slices.Contains(w.notes(), "> "+string(activities.NoteResumed))
				want(t, "told in its thread", resumed, status == prodege.Live)
			})
			w.ends(time.Hour)
		})
	}
}

// The next pause has an alert of its own, however often it flaps: the rejection says that its pause is over.
func TestAPauseSoonAfterARejectionHasItsOwnAlert(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.deliver(time.Minute, "redo", prodege.Paused, func(e *prodege.Event) { e.RejectionNote = "redo" })
	w.deliver(2*time.Minute, "live", prodege.Live)
	w.deliver(3*time.Minute, "paused", prodege.Paused) // for no reason that is told
	w.at(4*time.Minute, func() {
		roots := w.roots("C0ALERTS")
		if len(roots) != 2 || roots[1].Card.Pause == nil {
			t.Fatalf("said: %+v", roots)
		}
	})
	w.ends(time.Hour)
}

func TestALatePauseForAnotherReasonIsAskedAbout(t *testing.T) {
	described := func(text string) func(*prodege.Event) { return func(e *prodege.Event) { e.Description = text } }
	for name, c := range map[string]struct {
		shown, late func(*prodege.Event)
		asks        bool
	}{
		"the same":                   {because(158), because(158), false},
		"the same, told by its name": {because(158), described("DISABLED_BY_HAS_REACHED_SAMPLE_SIZE"), false},
		"another":                    {because(158), because(244), true},
		"another, told by its name":  {because(158), described("DISABLED_BY_MAX_CLICKS"), true},
		"for a CPI":                  {because(158), cpi("4.25"), true},
		"no longer for a CPI":        {cpi("4.25"), because(158), true},
		"for another CPI":            {cpi("4.25"), cpi("4.00"), false},
		"rejected":                   {because(158), func(e *prodege.Event) { e.RejectionNote = "redo" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.info.PausedForCPI, w.info.RequiredCPI = false, nil
			w.deliver(10*time.Minute, "shown", prodege.Paused, c.shown)
			before := 0
			w.at(20*time.Minute, func() { before = w.reads })
			for i := range 10 { // no storm: they make one question, and one a minute later
				w.deliver(20*time.Minute+time.Duration(i+1)*time.Millisecond, "late"+itoa(i), prodege.Paused, c.late, earlier(15*time.Minute))
			}
			w.at(30*time.Minute, func() {
				asked := w.reads - before
				if asked > 2 || (asked > 0) != c.asks {
					t.Errorf("asked %d times", asked)
				}
				want(t, "late", w.state().Counts.Late, 10)
				want(t, "shown", w.state().Status, prodege.Paused)
			})
			w.ends(time.Hour)
		})
	}
}

func TestALatePauseThatWasRightIsFound(t *testing.T) {
	w := newWorld(t)
	w.deliver(10*time.Minute, "shown", prodege.Paused, because(158))
	w.deliver(20*time.Minute, "late", prodege.Paused, cpi("4.25"), earlier(15*time.Minute))
	w.at(25*time.Minute, func() { want(t, "asked for", w.request().Required.String(), "4.25") })
	w.ends(time.Hour)
}
