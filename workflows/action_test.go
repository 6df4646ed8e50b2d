package workflows

import (
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// stopped is a world in which a project paused for a reason whose alert offers something.
func stopped(t *testing.T, reason prodege.Reason) *world {
	w := newWorld(t)
	w.settings.AlertActions = true
	w.info.PausedForCPI, w.info.RequiredCPI = false, nil
	w.deliver(time.Minute, "pause", prodege.Paused, because(reason))
	return w
}

// acting is what the newest alert shows of what can be done, or was.
func (w *world) acting() *activities.Acting {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.messages) - 1; i >= 0; i-- {
		if p := w.messages[i].Card.Pause; p != nil {
			return p.Acting
		}
	}
	return nil
}

// do schedules a decision on what the alert offers, with what its button carries then.
func (w *world) do(after time.Duration, user string, id prodege.ActionID, n int64, change ...func(*Decision)) {
	w.at(after, func() {
		a := w.acting()
		if a == nil {
			w.t.Errorf("nothing is offered at %s", after)
			return
		}
		d := Decision{Click: fmt.Sprintf("%s-%s-%s", user, id, after), Verdict: activities.VerdictAct, Generation: a.Generation, Action: id, Number: n,
			User: user, Channel: "C0ALERTS", From: activities.FromSlack, At: w.env.Now()}
		for _, c := range change {
			c(&d)
		}
		if err := w.env.SignalWorkflowByID(a.Workflow, string(Decide), d); err != nil {
			w.t.Errorf("decision not taken: %v", err)
		}
	})
}

func (w *world) stands(after time.Duration, phase activities.Phase) {
	w.at(after, func() {
		if a := w.acting(); a == nil || a.Phase != phase {
			w.t.Errorf("at %s the alert shows %+v, want %s", after, a, phase)
		}
	})
}

func tryAgain(d *Decision) { d.Verdict, d.Action, d.Number = activities.VerdictTryAgain, "", 0 }

func TestRaiseTheSampleSizeFromTheAlert(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.at(2*time.Minute, func() {
		a := w.acting()
		want(t, "id", a.Workflow, "project-29303649-action-pause")
		want(t, "completes", a.Figures.Completes, 312)
		want(t, "wanted", a.Figures.Wanted, 500)
		want(t, "price", a.Figures.CPI.String(), "3.10")
	})
	w.do(10*time.Minute, "U1", prodege.ActSample, 600)
	w.stands(11*time.Minute, activities.PhaseAccepted)
	w.at(11*time.Minute, func() {
		want(t, "acts", len(w.acts), 1)
		want(t, "in", w.acts[0], activities.ActOnProject{Project: theProject, Action: prodege.ActSample, Reason: prodege.SampleSize, Number: 600})
		s := w.state()
		last := s.Ledger[len(s.Ledger)-2]
		want(t, "decision in the ledger", last.What, "Raise sample size 600")
		want(t, "by", last.By, "U1")
		want(t, "sent, in the ledger", s.Ledger[len(s.Ledger)-1].What, "sample_size 600, set LIVE")
		want(t, "waits for", s.Waiting, WaitsLive)
		want(t, "summary", s.Shown.Summary, "PAUSED: reason 158; Raise sample size 600: accepted")
	})
	w.deliver(12*time.Minute, "live", prodege.Live)
	w.stands(13*time.Minute, activities.PhaseLive)
	w.at(13*time.Minute, func() {
		want(t, "one message", len(w.roots("C0ALERTS")), 1)
		want(t, "the pause is over", w.roots("C0ALERTS")[0].Card.Pause.End != nil, true)
	})
	w.ends(time.Hour)
}

func TestWhatEachReasonOffers(t *testing.T) {
	for reason, ids := range map[prodege.Reason][]prodege.ActionID{
		prodege.MaxClicks: {prodege.ActClicks}, prodege.NoUniqueLinks: {prodege.ActLive}, prodege.SampleSize: {prodege.ActSample, prodege.ActComplete},
		prodege.PausedInactive: {prodege.ActLive, prodege.ActComplete}, prodege.HighDropOff: {prodege.ActLive},
		prodege.SupportAgent: nil, prodege.Other: nil, 777: nil,
	} {
		t.Run(fmt.Sprint(reason), func(t *testing.T) {
			w := stopped(t, reason)
			w.at(2*time.Minute, func() {
				a := w.acting()
				if (a != nil) != (ids != nil) {
					t.Fatalf("offered: %+v", a)
				}
				var got []prodege.ActionID
				if a != nil {
					for _, row := range a.Event.Actions() {
						got = append(got, row.ID)
					}
				}
				want(t, "offered", fmt.Sprint(got), fmt.Sprint(ids))
			})
			w.ends(time.Hour)
		})
	}
}

func TestNothingIsOffered(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"switched off": func(s *Settings) { s.AlertActions = false },
		"no key":       func(s *Settings) { s.HasAPIKey = false },
	} {
		t.Run(name, func(t *testing.T) {
			w := stopped(t, prodege.SampleSize)
			change(&w.settings)
			w.at(2*time.Minute, func() { want(t, "offered", w.acting() == nil, true) })
			w.ends(time.Hour)
		})
	}
}

func TestVainDecisionsOnAnAlert(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.outsiders["U9"] = true
	w.do(10*time.Minute, "U9", prodege.ActSample, 600)
	w.do(11*time.Minute, "U1", prodege.ActSample, 500)                                           // not more than now
	w.do(12*time.Minute, "U1", prodege.ActSample, 0)                                             // no number
	w.do(13*time.Minute, "U1", prodege.ActClicks, 100)                                           // of another reason
	w.do(14*time.Minute, "U1", prodege.ActSample, 600, func(d *Decision) { d.Generation = 7 })   // of another generation
	w.do(15*time.Minute, "U1", "", 0, func(d *Decision) { d.Verdict = activities.VerdictClose }) // of a CPI request
	w.do(16*time.Minute, "U1", "", 0, tryAgain)                                                  // nothing has failed
	w.at(17*time.Minute, func() { want(t, "acts", len(w.acts), 0) })
	w.do(18*time.Minute, "U1", prodege.ActSample, 600)
	w.do(19*time.Minute, "U2", prodege.ActComplete, 0)
	w.at(20*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U9: not_allowed", "U1: mismatch", "U1: mismatch", "U1: mismatch", "U1: superseded", "U1: mismatch", "U1: not_now", "U2: decided")
		want(t, "acts", len(w.acts), 1)
	})
	w.ends(time.Hour)
}

func TestCompleteFromTheAlert(t *testing.T) {
	w := stopped(t, prodege.PausedInactive)
	w.do(10*time.Minute, "U1", prodege.ActComplete, 0)
	w.deliver(12*time.Minute, "complete", prodege.Complete, because(prodege.Other))
	w.stands(13*time.Minute, activities.PhaseDone)
	w.at(13*time.Minute, func() {
		want(t, "acts", len(w.acts), 1)
		want(t, "invoices", len(w.invoices), 1)
	})
	w.ends(time.Hour)
}

func TestAnActThatFailedIsTriedAgainOrReplaced(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.act = func(in activities.ActOnProject) (activities.Acceptance, error) {
		if in.Action == prodege.ActSample {
			return activities.Acceptance{}, temporal.NewNonRetryableApplicationError("no", activities.TypeProdegeRefused, nil,
				activities.Refusal{Party: "Prodege", Codes: []int{2017}, Text: "status change not allowed"})
		}
		return activities.Acceptance{Outcome: activities.AcceptSent}, nil
	}
	w.do(10*time.Minute, "U1", prodege.ActSample, 600)
	w.stands(11*time.Minute, activities.PhaseRefused)
	w.at(11*time.Minute, func() {
		want(t, "codes", w.acting().Refusal.Codes[0], 2017)
		want(t, "needs attention", w.state().Shown.Attention, true)
	})
	w.do(12*time.Minute, "U2", "", 0, tryAgain)
	w.at(13*time.Minute, func() { want(t, "acts", len(w.acts), 2) })
	w.do(14*time.Minute, "U2", prodege.ActComplete, 0)
	w.stands(15*time.Minute, activities.PhaseAccepted)
	w.at(15*time.Minute, func() {
		want(t, "acts", len(w.acts), 3)
		want(t, "maybe sent", w.acts[2].MaybeSent, false)
		want(t, "attention is over", w.state().Shown.Attention, false)
	})
	w.stands(20*time.Minute, activities.PhaseStill) // no COMPLETE came, and reading shows none
	w.ends(time.Hour)
}

func TestAnotherReasonIsANewGenerationOfTheAlert(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.deliver(10*time.Minute, "links", prodege.Paused, because(prodege.NoUniqueLinks))
	w.do(12*time.Minute, "U1", prodege.ActComplete, 0) // of the reason before
	w.deliver(15*time.Minute, "support", prodege.Paused, because(prodege.SupportAgent))
	w.stands(16*time.Minute, activities.PhaseOther)
	w.do(17*time.Minute, "U1", prodege.ActLive, 0)
	w.deliver(20*time.Minute, "links again", prodege.Paused, because(prodege.NoUniqueLinks))
	w.stands(21*time.Minute, activities.PhaseOpen)
	w.do(22*time.Minute, "U1", prodege.ActLive, 0)
	w.at(23*time.Minute, func() {
		wantList(t, "answers", w.answers(), "U1: mismatch", "U1: closed")
		want(t, "acts", len(w.acts), 1)
		want(t, "reason", w.acts[0].Reason, prodege.NoUniqueLinks)
		want(t, "generation", w.acting().Generation, 3)
		want(t, "one message", len(w.roots("C0ALERTS")), 1)
	})
	w.ends(time.Hour)
}

func TestACPIPauseTakesTheAlertsButtonsAway(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.deliver(10*time.Minute, "cpi", prodege.Paused, cpi("4.25"))
	w.stands(11*time.Minute, activities.PhaseOther)
	w.at(11*time.Minute, func() { want(t, "asked for", w.request().Required.String(), "4.25") })
	w.click(12*time.Minute, "U1", activities.VerdictApprove)
	w.at(13*time.Minute, func() {
		want(t, "acceptances", len(w.accepts), 1)
		want(t, "acts", len(w.acts), 0)
	})
	w.ends(time.Hour)
}

func TestActingWaitsForTheSwitchAndForNobodyInDryRun(t *testing.T) {
	on := false
	w := stopped(t, prodege.NoUniqueLinks)
	w.act = func(activities.ActOnProject) (activities.Acceptance, error) {
		if !on {
			return activities.Acceptance{Outcome: activities.AcceptHeld}, nil
		}
		return activities.Acceptance{Outcome: activities.AcceptSent}, nil
	}
	w.do(10*time.Minute, "U1", prodege.ActLive, 0)
	w.stands(12*time.Minute, activities.PhaseHeld)
	w.at(13*time.Minute, w.set(func() { on = true }))
	w.stands(15*time.Minute, activities.PhaseAccepted)
	w.ends(time.Hour)

	w = stopped(t, prodege.NoUniqueLinks)
	w.settings.DryRun = true
	w.do(10*time.Minute, "U1", prodege.ActLive, 0)
	w.stands(12*time.Minute, activities.PhaseDryRun)
	w.at(13*time.Minute, func() { want(t, "acts", len(w.acts), 0) })
	w.ends(time.Hour)
}

func TestLiveWithoutAnAct(t *testing.T) {
	w := stopped(t, prodege.NoUniqueLinks)
	w.deliver(10*time.Minute, "live", prodege.Live)
	w.stands(11*time.Minute, activities.PhaseElsewhere)
	w.deliver(20*time.Minute, "again", prodege.Paused, because(prodege.NoUniqueLinks)) // within the hour: the same alert
	w.stands(21*time.Minute, activities.PhaseOpen)
	w.at(21*time.Minute, func() {
		want(t, "the new pause's own workflow", w.acting().Workflow, "project-29303649-action-again")
		want(t, "one message", len(w.roots("C0ALERTS")), 1)
	})
	w.ends(time.Hour)
}

func TestClickSettingsAreRead(t *testing.T) {
	w := stopped(t, prodege.MaxClicks)
	w.at(2*time.Minute, func() {
		f := w.acting().Figures
		want(t, "cap", f.ClickCap, 1000)
		want(t, "refilled", f.Refill, prodege.RefillDay)
	})
	w.do(10*time.Minute, "U1", prodege.ActClicks, 250)
	w.at(11*time.Minute, func() { want(t, "clicks", w.acts[0].Number, 250) })
	w.ends(time.Hour)
}

// However often it is tried again, the alert says what is tried.
func TestTryingAgainKeepsWhatIsDone(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.act = func(activities.ActOnProject) (activities.Acceptance, error) {
		return activities.Acceptance{}, temporal.NewNonRetryableApplicationError("no", activities.TypeProdegeRefused, nil,
			activities.Refusal{Party: "Prodege", Codes: []int{2017}, Text: "status change not allowed"})
	}
	w.do(10*time.Minute, "U1", prodege.ActSample, 600)
	for i := range 7 {
		w.do(time.Duration(11+i)*time.Minute, "U2", "", 0, tryAgain)
	}
	w.at(20*time.Minute, func() {
		want(t, "acts", len(w.acts), 8)
		chosen := w.acting().Chosen()
		want(t, "what is tried", chosen.Action, prodege.ActSample)
		want(t, "with", chosen.Number, 600)
		want(t, "summary", w.state().Shown.Summary, "PAUSED: reason 158; Raise sample size 600: refused. Needs attention: Prodege: status change not allowed")
	})
	w.ends(time.Hour)
}
