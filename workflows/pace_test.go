package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// paceAt looks at the last pause that is over.
func (w *world) paceAt(after time.Duration, check func(Pace)) {
	w.at(after, func() {
		s := w.state()
		if len(s.Paces) == 0 {
			w.t.Fatalf("no pause is remembered at %s", after)
		}
		check(*s.Paces[len(s.Paces)-1])
	})
}

// after is how long after its pause a step came.
func (p Pace) after(t time.Time) time.Duration {
	if t.IsZero() {
		return -1
	}
	return t.Sub(p.Paused)
}

func TestHowACPIPauseWent(t *testing.T) {
	w := newWorld(t)
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.click(8*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute, "live", prodege.Live)
	w.paceAt(11*time.Minute, func(p Pace) {
		want(t, "told after", p.after(p.Told), 0)
		want(t, "decided after", p.after(p.Decided), 7*time.Minute)
		want(t, "sent after", p.after(p.Sent), 7*time.Minute)
		want(t, "live after", p.after(p.Ended), 9*time.Minute)
		want(t, "by", p.By, "U1")
		want(t, "for CPI", p.ForCPI, true)
		want(t, "reason", p.Reason, prodege.RealTimePricing)
		want(t, "amount", p.Amount.String(), "4.25")
		want(t, "cost", p.Cost.String(), "94.00") // 188 completes are still wanted, each $0.50 more
	})
	w.ends(time.Hour)
}

func TestHowAPauseThatWasActedOnWent(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.do(11*time.Minute, "U2", prodege.ActSample, 600)
	w.deliver(12*time.Minute, "live", prodege.Live)
	w.at(13*time.Minute, func() {
		end := w.roots("C0ALERTS")[0].Card.Pause.End
		want(t, "the alert tells who", end.By, "U2")
		want(t, "and when", end.Decided.Sub(w.state().Paces[0].Paused), 10*time.Minute)
	})
	w.paceAt(13*time.Minute, func(p Pace) {
		want(t, "told after", p.after(p.Told), 0)
		want(t, "decided after", p.after(p.Decided), 10*time.Minute)
		want(t, "sent after", p.after(p.Sent), 10*time.Minute)
		want(t, "live after", p.after(p.Ended), 11*time.Minute)
		want(t, "for CPI", p.ForCPI, false)
		want(t, "cost", p.Cost.String(), "310.00") // 100 more at $3.10
	})
	w.ends(time.Hour)
}

func TestHowPausesWentThatNobodyDecided(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI = false
	w.deliver(time.Minute, "one", prodege.Paused, because(158))
	w.deliver(5*time.Minute, "live", prodege.Live)
	w.deliver(20*time.Minute, "two", prodege.Paused, because(158)) // flaps: told in the thread of the first
	w.at(21*time.Minute, func() {
		s := w.state()
		all := s.AllPaces()
		want(t, "pauses", len(all), 2)
		want(t, "the present one is told after", all[1].after(all[1].Told), 0)
		want(t, "it is not over", all[1].Ended.IsZero(), true)
		want(t, "nobody decided", all[0].Decided.IsZero() && all[1].Decided.IsZero(), true)
		if end := w.roots("C0ALERTS")[0].Card.Pause.End; end != nil && !end.Decided.IsZero() {
			t.Errorf("the alert says that somebody decided: %+v", end)
		}
	})
	w.ends(time.Hour)
}

// The project is often live before the acceptance that made it so has reported.
func TestAnAcceptanceThatReportsAfterLive(t *testing.T) {
	w := newWorld(t)
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		if len(w.accepts) == 1 {
			return activities.Acceptance{}, passing(activities.TypeProdegePassing, 20*time.Second)
		}
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved, Status: prodege.Paused}, nil
	}
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.click(2*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(2*time.Minute+10*time.Second, "live", prodege.Live)
	w.paceAt(5*time.Minute, func(p Pace) {
		want(t, "live after", p.after(p.Ended), 70*time.Second)
		want(t, "sent after", p.after(p.Sent), 80*time.Second)
	})
	w.ends(time.Hour)
}

func TestMoneyOfADecision(t *testing.T) {
	for name, c := range map[string]struct {
		limit   string
		verdict activities.Verdict
		change  func(*world)
		want    activities.Verdict
	}{
		"rejected":                      {verdict: activities.VerdictReject, want: activities.VerdictReject},
		"approved":                      {verdict: activities.VerdictApprove, want: activities.VerdictApprove},
		"one of two approvals is none":  {verdict: activities.VerdictApprove, limit: "4.00", want: ""},
		"nothing is known of the price": {verdict: activities.VerdictReject, change: func(w *world) { w.info.MaxCPI, w.info.CPI = nil, nil }, want: activities.VerdictReject},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.limit != "" {
				w.settings.SecondApproverAbove = ptr(prodege.MustUSD(c.limit))
			}
			if c.change != nil {
				c.change(w)
			}
			w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
			w.click(3*time.Minute, "U1", c.verdict)
			w.deliver(10*time.Minute, "live", prodege.Live)
			w.paceAt(11*time.Minute, func(p Pace) {
				want(t, "verdict", p.Verdict, c.want)
				want(t, "by", p.By, "U1")
				want(t, "its cost is known", p.Cost != nil, c.want != "" && c.change == nil)
			})
			w.ends(time.Hour)
		})
	}
}

func TestPausesAreForgottenByAge(t *testing.T) {
	p := &project{ProjectState: &ProjectState{}}
	start := time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)
	for i := range 3 * maxPaces {
		p.Paces = append(p.Paces, &Pace{Opened: prodege.EventID(fmt.Sprint(i)), Ended: start.Add(time.Duration(i) * time.Hour)})
	}
	p.forgetPaces(2 * maxPaces)
	want(t, "kept", len(p.Paces), maxPaces)
	want(t, "the newest", p.Paces[maxPaces-1].Opened, "599")
	want(t, "forgotten until", p.PacesGone, p.Paces[0].Ended.Add(-time.Hour))
	for len(p.Ledger) < maxLines { // so much of the rest that they must go
		p.Ledger = append(p.Ledger, Line{What: string(make([]byte, 2000))})
	}
	p.boundPaces()
	if n := len(p.Paces); n > fewestPaces || n == 0 {
		t.Errorf("%d are kept", n)
	}
}

func TestSumsCountEachThingWhenItHappened(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC) }
	usd := func(s string) *prodege.USD { return ptr(prodege.MustUSD(s)) }
	paces := []Pace{
		{Opened: "before", Reason: 158, Paused: at(1), Decided: at(11), Verdict: activities.VerdictAct, Cost: usd("10"), Ended: at(12), EndStatus: prodege.Live},
		{Opened: "within", Reason: 160, ForCPI: true, Paused: at(12), Decided: at(13), Verdict: activities.VerdictApprove, Cost: usd("100"), Ended: at(14), EndStatus: prodege.Live},
		{Opened: "refused", Reason: 160, ForCPI: true, Paused: at(12), Decided: at(15), Verdict: activities.VerdictReject, Ended: at(16), EndStatus: prodege.Complete},
		{Opened: "dry", Reason: 160, ForCPI: true, Paused: at(13), Decided: at(14), Verdict: activities.VerdictApprove, Cost: usd("999"), DryRun: true, Ended: at(14), EndStatus: prodege.Live},
		{Opened: "lasts", Reason: 207, Paused: at(18)},
		{Opened: "later", Reason: 207, Paused: at(21), Ended: at(22), EndStatus: prodege.Live},
	}
	rows, all := sumPaces(paces, at(10), at(20))
	want(t, "rows", len(rows), 3)
	want(t, "longest", rows[0].Reason, prodege.RealTimePricing)
	want(t, "pauses", all.Pauses, 4)
	want(t, "standing", all.Standing, 1)
	want(t, "decided", all.Decided, 4)
	want(t, "to decision", all.ToDecision, 2*time.Hour) // of 10, 1, 3 and 1
	want(t, "live", all.Live, 3)
	want(t, "to live", all.ToLive, 2*time.Hour) // of 11, 2 and 1
	want(t, "still", all.Still, (2+2+4+1+2)*time.Hour)
	want(t, "approved", all.Approved.String(), "110.00")
	want(t, "refused", all.Refused.String(), "0.00")
	want(t, "unpriced", all.Unpriced, 1)

	// What two reports that follow each other hold is what one over both holds.
	_, before := sumPaces(paces, at(0), at(10))
	_, whole := sumPaces(paces, at(0), at(20))
	want(t, "pauses in all", before.Pauses+all.Pauses, whole.Pauses)
	want(t, "still in all", before.Still+all.Still, whole.Still)
}

func TestGather(t *testing.T) {
	var runs []projectRun
	for i := range 50 {
		runs = append(runs, projectRun{fmt.Sprintf("project-%d", i), "run"})
	}
	since := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	read := func(fails func(string) bool) (g Gathered, told int, err error) {
		g, err = gather(t.Context(), runs, since, func(n, of int) { told = n }, func(_ context.Context, r projectRun) (ProjectState, error) {
			if fails(r.workflow) {
				return ProjectState{}, errors.New("history is gone")
			}
			return ProjectState{Paces: []*Pace{{Opened: prodege.EventID(r.workflow)}}, PacesGone: since.Add(time.Hour)}, nil
		})
		return g, told, err
	}
	g, told, err := read(func(id string) bool { return id == "project-7" })
	if err != nil || g.Projects != 49 || len(g.Paces) != 49 || !slices.Equal(g.Unread, []string{"project-7"}) || g.Why == nil || len(g.Forgotten) != 49 || told != 50 {
		t.Errorf("one that can't be read: %d projects, %d pauses, unread %v, %v, told %d", g.Projects, len(g.Paces), g.Unread, err, told)
	}
	if _, told, err := read(func(string) bool { return true }); err == nil || told >= 50 {
		t.Errorf("none can be read: %v after %d", err, told)
	}
}

func TestTheReportIsPosted(t *testing.T) {
	w := newWorld(t)
	w.settings.Simulated = true
	asked := activities.GatherReport{}
	w.env.RegisterActivityWithOptions(func(_ context.Context, in activities.GatherReport) (activities.ReportFacts, error) {
		asked = in
		return activities.ReportFacts{Since: in.Since, Until: in.Until, All: PauseSum{Pauses: 3}}, nil
	}, activity.RegisterOptions{Name: "GatherReport"})
	w.postFault = func(n int) error {
		if n == 1 {
			return mend("not in the channel")
		}
		return nil
	}
	Register(w.env, &Workflows{Settings: w.settings})
	w.env.SetStartWorkflowOptions(startOptions(ReportID + "-2026-03-02T17:00:00Z"))
	w.env.ExecuteWorkflow(TypeReport)
	if err := w.env.GetWorkflowError(); err != nil || !w.env.IsWorkflowCompleted() {
		t.Fatalf("it did not complete: %v", err)
	}
	roots := w.roots("C0ALERTS")
	if len(roots) != 1 || roots[0].Card.Report == nil {
		t.Fatalf("said: %+v", roots)
	}
	want(t, "pauses", roots[0].Card.Report.All.Pauses, 3)
	want(t, "simulated", roots[0].Card.Report.Simulated, true)
	want(t, "days", asked.Until.Sub(asked.Since), 7*24*time.Hour)
}

func TestPausesAreCarriedOver(t *testing.T) {
	w := newWorld(t)
	w.settings.HistoryLimit = 60
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.click(2*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(3*time.Minute, "live", prodege.Live)
	w.at(10*time.Minute, func() { w.env.SetCurrentHistoryLength(61) })
	w.deliver(11*time.Minute, "again", prodege.Live)
	w.expectContinue(func(s ProjectState) {
		if len(s.Paces) != 1 || s.Paces[0].By != "U1" || s.Paces[0].Sent.IsZero() {
			t.Errorf("carried over: %+v", s.Paces)
		}
	})
}

// The bound holds for pauses that say all they can.
func TestPausesStaySmall(t *testing.T) {
	at, amount := time.Date(2026, 3, 2, 17, 0, 0, 123456789, time.UTC), ptr(prodege.MustUSD("123456.789"))
	pause := PauseState{Opened: "644b075404443f2a3c77c7cb", Since: at, Event: prodege.Event{Status: prodege.Paused, Description: strings.Repeat("x", 2000)}, Request: "r"}
	pace := *pause.pace()
	pace.Told, pace.Decided, pace.Sent, pace.Ended = at, at, at, at
	pace.EndStatus, pace.By, pace.From, pace.Verdict, pace.Amount, pace.Cost = prodege.PendingComplete, "U0123456789", activities.FromCommand, activities.VerdictApprove, amount, amount
	if size := jsonSize(pace); size*maxPaces > maxState/2 {
		t.Errorf("%d of %d bytes each would fill more than half of the state", maxPaces, size)
	}
}
