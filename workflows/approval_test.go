package workflows

import (
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// asked begins a story: a CPI pause a minute after the start.
func asked(t *testing.T) *world {
	w := newWorld(t)
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	return w
}

// becomes checks where the request stands at a time.
func (w *world) becomes(after time.Duration, phase activities.Phase) {
	w.at(after, func() {
		w.t.Helper()
		if r := w.request(); r == nil || r.Phase != phase {
			w.t.Errorf("after %s the request stands as %+v, want %s", after, r, phase)
		}
	})
}

func (w *world) ends(after time.Duration) {
	w.deliver(after, "end", prodege.Deleted)
	w.run()
}

// goesLive has Prodege send LIVE as soon as an acceptance is taken, as the real one does.
func (w *world) goesLive() {
	take := w.accept
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		got, err := take(in)
		w.info.Status = prodege.Live
		w.at(2*time.Second, func() {})
		w.env.RegisterDelayedCallback(func() { w.env.SignalWorkflow(string(StatusUpdate), w.event("live", prodege.Live)) }, time.Second)
		return got, err
	}
}

func TestApproved(t *testing.T) {
	w := asked(t)
	w.goesLive()
	w.becomes(2*time.Minute, activities.PhaseOpen)
	w.at(2*time.Minute, func() {
		r := w.request()
		want(t, "name", r.Project.Name, "Oat milk study")
		want(t, "wanted", r.Numbers.Wanted, 500)
		want(t, "completes", r.Numbers.Completes, 312)
		s := w.state()
		want(t, "waits for", s.Waiting, WaitsApproval)
		want(t, "summary", s.summaryForTest(), "asks to accept $4.25, now $3.75")
	})
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.click(10*time.Minute+100*time.Millisecond, "U2", activities.VerdictReject)
	w.becomes(15*time.Minute, activities.PhaseLive)
	w.at(16*time.Minute, func() {
		want(t, "acceptances", len(w.accepts), 1)
		want(t, "amount", w.accepts[0].Approved.String(), "4.25")
		wantList(t, "answers", w.answers(), "U2: decided")
		s := w.state()
		want(t, "waits for", s.Waiting, WaitsNothing)
		want(t, "decision in the ledger", s.Decisions[0].User, "U1")
	})
	w.ends(time.Hour)
}

func (s ProjectState) summaryForTest() string {
	return s.Shown.Summary
}

func TestRejected(t *testing.T) {
	w := asked(t)
	w.click(10*time.Minute, "U1", activities.VerdictReject, func(d *Decision) { d.Reason = "over budget" })
	w.becomes(11*time.Minute, activities.PhaseRejected)
	w.click(12*time.Minute, "U2", activities.VerdictApprove)
	w.at(13*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U2: decided")
		want(t, "acceptances", len(w.accepts), 0)
		want(t, "reason", w.request().Decisions[0].Reason, "over budget")
		want(t, "waits for", w.state().Waiting, WaitsLive)
	})
	w.ends(time.Hour)
}

func TestWhoMayNotDecide(t *testing.T) {
	w := asked(t)
	w.outsiders["U9"] = true
	w.click(10*time.Minute, "U9", activities.VerdictApprove)
	w.at(11*time.Minute, w.set(func() { w.unknown = true }))
	w.click(12*time.Minute, "U1", activities.VerdictApprove)
	w.at(13*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U9: not_allowed", "U1: no_list")
		want(t, "acceptances", len(w.accepts), 0)
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "decisions", len(w.request().Decisions), 0)
	})
	w.ends(time.Hour)
}

func TestAButtonIsBoundToItsAmount(t *testing.T) {
	w := asked(t)
	w.click(10*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.Amount = ptr(prodege.MustUSD("9.99")) })
	w.deliver(12*time.Minute, "newer", prodege.Paused, cpi("5.00"))
	w.click(13*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.Generation, d.Amount = 1, ptr(prodege.MustUSD("4.25")) })
	w.at(14*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U1: mismatch", "U1: superseded")
		want(t, "acceptances", len(w.accepts), 0)
		r := w.request()
		want(t, "generation", r.Generation, 2)
		want(t, "required", r.Required.String(), "5.00")
		want(t, "previous", r.Previous.String(), "4.25")
		want(t, "one message", len(w.roots("C0APPROVE")), 1)
		wantList(t, "notes", w.notes(), "> new_amount")
	})
	w.deliver(15*time.Minute, "same again", prodege.Paused, cpi("5.00"))
	w.click(16*time.Minute, "U1", activities.VerdictApprove)
	w.at(17*time.Minute, func() {
		want(t, "generation", w.request().Generation, 2)
		want(t, "accepted", w.accepts[0].Approved.String(), "5.00")
	})
	w.ends(time.Hour)
}

func TestTheSameClickTwiceCountsOnce(t *testing.T) {
	w := asked(t)
	w.settings.SecondApproverAbove = ptr(prodege.MustUSD("4"))
	w.click(10*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.Click = "the very same" })
	w.click(11*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.Click = "the very same" })
	w.at(12*time.Minute, func() {
		want(t, "decisions", len(w.request().Decisions), 1)
		wantList(t, "answers", w.answers())
	})
	w.ends(time.Hour)
}

func TestTwoPeople(t *testing.T) {
	w := asked(t)
	w.settings.SecondApproverAbove = ptr(prodege.MustUSD("4"))
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.becomes(11*time.Minute, activities.PhaseSecond)
	w.click(12*time.Minute, "U1", activities.VerdictApprove)
	w.at(13*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U1: same_person")
		want(t, "acceptances", len(w.accepts), 0)
	})
	w.click(14*time.Minute, "U2", activities.VerdictApprove)
	w.at(15*time.Minute, func() { want(t, "acceptances", len(w.accepts), 1) })
	w.ends(time.Hour)
}

func TestAnotherAmountIsANewFirstApproval(t *testing.T) {
	w := asked(t)
	w.settings.SecondApproverAbove = ptr(prodege.MustUSD("4"))
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.click(12*time.Minute, "U2", activities.VerdictApprove, func(d *Decision) { d.UpTo = ptr(prodege.MustUSD("5")) })
	w.becomes(13*time.Minute, activities.PhaseSecond)
	w.click(14*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.UpTo = ptr(prodege.MustUSD("5")) })
	w.at(15*time.Minute, func() { want(t, "accepted", w.accepts[0].Approved.String(), "5.00") })
	w.ends(time.Hour)
}

func TestNothingAboveTheCeiling(t *testing.T) {
	w := asked(t)
	w.settings.Ceiling = ptr(prodege.MustUSD("4"))
	w.becomes(5*time.Minute, activities.PhaseOverLimit)
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.at(11*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U1: over_ceiling")
		want(t, "acceptances", len(w.accepts), 0)
	})
	w.click(12*time.Minute, "U1", activities.VerdictReject)
	w.becomes(13*time.Minute, activities.PhaseRejected)
	w.ends(time.Hour)
}

func TestRemindersThenExpiryThenAskAgain(t *testing.T) {
	w := asked(t)
	w.settings.Escalation = []string{"S0ONCALL"}
	w.click(25*time.Hour+10*time.Minute, "U1", activities.VerdictApprove)
	w.at(25*time.Hour, func() {
		want(t, "phase", w.request().Phase, activities.PhaseExpired)
		wantList(t, "notes", w.notes(), "> reminder", "> reminder", "> reminder", "> reminder", "> last_reminder", "> expired")
		want(t, "needs attention", w.state().Shown.Attention, true)
		want(t, "still waits for a person", w.state().Waiting, WaitsApproval)
	})
	w.at(26*time.Hour, func() { wantList(t, "answers", w.answers(), "U1: expired") })
	w.click(27*time.Hour, "U1", activities.VerdictAskAgain)
	w.at(27*time.Hour+time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "generation", w.request().Generation, 2)
	})
	w.click(28*time.Hour, "U1", activities.VerdictApprove)
	w.at(28*time.Hour+time.Minute, func() { want(t, "acceptances", len(w.accepts), 1) })
	w.ends(30 * time.Hour)
}

func TestReminderAndExpiryCountOnlyApprovalHours(t *testing.T) {
	w := newWorld(t)
	w.env.SetStartTime(time.Date(2026, 3, 6, 21, 0, 0, 0, time.UTC)) // Friday 16:00 in New York, and the clocks change on Sunday
	w.settings.ApprovalHours = "Mon-Fri 08:00-19:00 America/New_York"
	w.settings.ApprovalTimeout, w.settings.ApprovalReminderEvery = 6*time.Hour, 0
	w.deliver(0, "pause", prodege.Paused, cpi("4.25"))
	newYork, _ := time.LoadLocation("America/New_York")
	w.at(10*time.Minute, func() {
		// three hours on Friday, three on Monday
		got := w.request().Deadline.In(newYork)
		if d := got.Sub(time.Date(2026, 3, 9, 11, 0, 0, 0, newYork)).Abs(); d > time.Minute {
			t.Errorf("expires %s, want Monday 11:00 in New York", got)
		}
	})
	w.ends(5 * 24 * time.Hour)
}

func TestResolvedElsewhere(t *testing.T) {
	w := asked(t)
	w.deliver(10*time.Minute, "live", prodege.Live)
	w.becomes(11*time.Minute, activities.PhaseElsewhere)
	w.ends(time.Hour)
}

func TestEndedWithTheProject(t *testing.T) {
	w := asked(t)
	w.info.Status = prodege.PendingComplete
	w.deliver(10*time.Minute, "pending", prodege.PendingComplete)
	w.becomes(11*time.Minute, activities.PhaseEnded)
	w.ends(time.Hour)
}

func TestAnotherPauseTakesTheButtonsAway(t *testing.T) {
	w := asked(t)
	w.deliver(10*time.Minute, "support", prodege.Paused, because(244))
	w.becomes(11*time.Minute, activities.PhaseOther)
	w.at(11*time.Minute, func() {
		want(t, "other reason", w.request().Other.Reason, prodege.SupportAgent)
		want(t, "alerts", len(w.roots("C0ALERTS")), 1)
		want(t, "waits for", w.state().Waiting, WaitsLive)
	})
	w.deliver(20*time.Minute, "cpi again", prodege.Paused, cpi("4.25"))
	w.at(21*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "generation", w.request().Generation, 2)
		want(t, "one message", len(w.roots("C0APPROVE")), 1)
	})
	w.ends(time.Hour)
}

func TestWhatAcceptingFinds(t *testing.T) {
	usd := func(s string) *prodege.USD { return ptr(prodege.MustUSD(s)) }
	refused := func() error {
		return temporal.NewNonRetryableApplicationError("refused", activities.TypeProdegeRefused, nil, activities.Refusal{Party: "Prodege", Codes: []int{2014}, Text: "project is complete"})
	}
	cases := []struct {
		name   string
		answer activities.Acceptance
		err    error
		phase  activities.Phase
	}{
		{"live already", activities.Acceptance{Outcome: activities.AcceptAlreadyLive}, nil, activities.PhaseElsewhere},
		{"ended", activities.Acceptance{Outcome: activities.AcceptEnded, Status: prodege.Complete}, nil, activities.PhaseEnded},
		{"another reason", activities.Acceptance{Outcome: activities.AcceptOther}, nil, activities.PhaseOther},
		{"price has risen", activities.Acceptance{Outcome: activities.AcceptRisen, Required: usd("6")}, nil, activities.PhaseOpen},
		{"held", activities.Acceptance{Outcome: activities.AcceptHeld}, nil, activities.PhaseHeld},
		{"dry run at the act", activities.Acceptance{Outcome: activities.AcceptDryRun}, nil, activities.PhaseDryRun},
		{"no key at the act", activities.Acceptance{Outcome: activities.AcceptNoKey}, nil, activities.PhaseByHand},
		{"ceiling at the act", activities.Acceptance{Outcome: activities.AcceptOverLimit}, nil, activities.PhaseRefused},
		{"refused by Prodege", activities.Acceptance{}, refused(), activities.PhaseRefused},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := asked(t)
			w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) { return c.answer, c.err }
			w.click(10*time.Minute, "U1", activities.VerdictApprove)
			w.becomes(10*time.Minute+30*time.Second, c.phase)
			w.at(10*time.Minute+30*time.Second, func() {
				if c.name == "price has risen" {
					want(t, "required", w.request().Required.String(), "6.00")
					want(t, "generation", w.request().Generation, 2)
				}
			})
			w.ends(20 * time.Minute)
		})
	}
}

func TestRefusedThenTriedAgain(t *testing.T) {
	w := asked(t)
	n := 0
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		if n++; n == 1 {
			return activities.Acceptance{}, temporal.NewNonRetryableApplicationError("refused", activities.TypeProdegeRefused, nil, activities.Refusal{Party: "Prodege", Codes: []int{2013}, Text: "status change not allowed"})
		}
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved}, nil
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.at(11*time.Minute, func() {
		want(t, "code shown", w.request().Refusal.Codes[0], 2013)
		want(t, "needs attention", w.state().Shown.Attention, true)
	})
	w.click(12*time.Minute, "U2", activities.VerdictTryAgain)
	w.becomes(13*time.Minute, activities.PhaseAccepted)
	w.at(13*time.Minute, func() { want(t, "attention is over", w.state().Shown.Attention, false) })
	w.ends(time.Hour)
}

func TestPassingFaultsStopAfterHalfAnHour(t *testing.T) {
	w := asked(t)
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
		return activities.Acceptance{}, passing(activities.TypeProdegePassing, 4*time.Minute)
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.becomes(35*time.Minute, activities.PhaseApproved)
	w.becomes(42*time.Minute, activities.PhaseStopped)
	w.click(45*time.Minute, "U1", activities.VerdictClose)
	w.becomes(46*time.Minute, activities.PhaseRejected)
	w.ends(time.Hour)
}

func TestAcceptedButNotLive(t *testing.T) {
	w := asked(t)
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.becomes(11*time.Minute, activities.PhaseAccepted)
	w.becomes(16*time.Minute, activities.PhaseStill)
	w.deliver(30*time.Minute, "live", prodege.Live)
	w.becomes(31*time.Minute, activities.PhaseLive)
	w.ends(time.Hour)
}

func TestHeldUntilTheSwitchIsOn(t *testing.T) {
	w := asked(t)
	on := false
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		if !on {
			return activities.Acceptance{Outcome: activities.AcceptHeld}, nil
		}
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved}, nil
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.becomes(15*time.Minute, activities.PhaseHeld)
	w.at(16*time.Minute, w.set(func() { on = true }))
	w.becomes(18*time.Minute, activities.PhaseAccepted)
	w.ends(time.Hour)
}

func TestANewerAmountWaitsForTheAcceptanceInFlight(t *testing.T) {
	w := asked(t)
	n := 0
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		if n++; n < 6 {
			return activities.Acceptance{}, passing(activities.TypeProdegePassing, 3*time.Second)
		}
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved}, nil
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute+5*time.Second, "newer", prodege.Paused, cpi("5"))
	w.at(10*time.Minute+10*time.Second, func() { want(t, "generation", w.request().Generation, 1) })
	w.at(12*time.Minute, func() {
		want(t, "generation", w.request().Generation, 2)
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
	})
	w.ends(time.Hour)
}

func TestDryRunAndNoKeySendNothing(t *testing.T) {
	for name, set := range map[string]struct {
		change func(*Settings)
		phase  activities.Phase
	}{
		"dry run": {func(s *Settings) { s.DryRun = true }, activities.PhaseDryRun},
		"no key":  {func(s *Settings) { s.HasAPIKey = false }, activities.PhaseByHand},
	} {
		t.Run(name, func(t *testing.T) {
			w := asked(t)
			set.change(&w.settings)
			w.click(10*time.Minute, "U1", activities.VerdictApprove)
			w.becomes(11*time.Minute, set.phase)
			w.at(12*time.Minute, func() { want(t, "acceptances", len(w.accepts), 0) })
			w.ends(time.Hour)
		})
	}
}

func TestAutomaticApprovalWithinItsGuards(t *testing.T) {
	limit := func(s *Settings) { s.AutoApproveUpTo = ptr(prodege.MustUSD("4.50")) }
	cases := []struct {
		name   string
		change func(w *world)
		event  []func(*prodege.Event)
		auto   bool
	}{
		{"within", func(*world) {}, []func(*prodege.Event){cpi("4.25")}, true},
		{"above", func(*world) {}, []func(*prodege.Event){cpi("4.51")}, false},
		{"not read", func(w *world) {
			w.readErr = temporal.NewNonRetryableApplicationError("101", activities.TypeProdegeRefused, nil)
		}, []func(*prodege.Event){cpi("4.25")}, false},
		{"risen meanwhile", func(w *world) { w.info.RequiredCPI = ptr(prodege.MustUSD("5")) }, []func(*prodege.Event){cpi("4.25")}, false},
		{"old", func(*world) {}, []func(*prodege.Event){cpi("4.25"), earlier(2 * time.Hour)}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			limit(&w.settings)
			c.change(w)
			w.deliver(time.Minute, "pause", prodege.Paused, c.event...)
			w.at(3*time.Minute, func() {
				want(t, "acceptances", len(w.accepts), count(c.auto))
				if c.auto {
					want(t, "by", w.request().Decisions[0].From, activities.FromRule)
					want(t, "must be read", w.accepts[0].MustRead, true)
				}
			})
			w.ends(time.Hour)
		})
	}
}

func TestAtMostThreeAutomaticApprovalsADay(t *testing.T) {
	w := newWorld(t)
	w.settings.AutoApproveUpTo = ptr(prodege.MustUSD("4.50"))
	for i := range 5 {
		at := time.Duration(i+1) * time.Hour
		w.deliver(at, "pause"+itoa(i), prodege.Paused, cpi("4.25"))
		w.deliver(at+10*time.Minute, "live"+itoa(i), prodege.Live)
	}
	w.at(6*time.Hour, func() { want(t, "acceptances", len(w.accepts), 3) })
	w.ends(7 * time.Hour)
}

func TestTheClockWaitsForSlack(t *testing.T) {
	w := asked(t)
	w.postFault = func(n int) error {
		if n <= 8 {
			return mend("channel_not_found")
		}
		return nil
	}
	w.at(24*time.Hour, func() {
		if r := w.request(); r == nil || r.Phase != activities.PhaseOpen {
			t.Errorf("stands as %+v", r)
		}
	})
	w.ends(25 * time.Hour)
}

func TestAClickAtTheDeadlineIsDecidedOneWay(t *testing.T) {
	for _, off := range []time.Duration{-time.Second, 0, time.Millisecond, time.Second} {
		t.Run(off.String(), func(t *testing.T) {
			w := asked(t)
			w.at(2*time.Minute, func() {
				w.click(w.request().Deadline.Sub(w.env.Now())+off, "U1", activities.VerdictApprove)
			})
			w.at(25*time.Hour, func() {
				accepted, expired := len(w.accepts) == 1, len(w.answers()) == 1 && w.answers()[0] == "U1: expired"
				if accepted == expired {
					t.Errorf("accepted %t, told that it expired %t: %v", accepted, expired, w.answers())
				}
			})
			w.ends(26 * time.Hour)
		})
	}
}

func TestNumbersOfTheSecondWebhookAreDrawn(t *testing.T) {
	w := asked(t)
	w.at(3*time.Minute, func() {
		e := w.event("rtp", prodege.Paused, cpi("4.25"))
		e.Source, e.Pricing = prodege.FromPricing, &prodege.Pricing{ActualIR: "7"}
		w.env.SignalWorkflow(string(PricingUpdate), e)
	})
	w.at(4*time.Minute, func() {
		want(t, "actual IR", w.request().Numbers.ActualIR, "7")
		want(t, "edits", w.roots("C0APPROVE")[0].Edits, 1)
		want(t, "generation", w.request().Generation, 1)
	})
	w.ends(time.Hour)
}
