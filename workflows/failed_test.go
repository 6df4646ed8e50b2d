package workflows

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// failures are the notes that what was decided needs people again, in order, as "phase: whom it names".
func (w *world) failures() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if n := m.Card.Note; n != nil && n.Kind == activities.NoteFailed {
			if m.Thread == "" {
				w.t.Errorf("not in a thread: %+v", n)
			}
			list = append(list, string(n.Phase)+": "+strings.Join(n.Mention, " "))
		}
	}
	return list
}

// refusal is what Prodege's no becomes.
func refusal() error {
	return temporal.NewNonRetryableApplicationError("refused", activities.TypeProdegeRefused, nil, activities.Refusal{Party: "Prodege", Codes: []int{2014}, Text: "project is complete"})
}

func TestARefusalIsToldInTheThreadEachTime(t *testing.T) {
	w := asked(t)
	w.settings.SecondApproverAbove = ptr(prodege.MustUSD("4"))
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) { return activities.Acceptance{}, refusal() }
	w.click(10*time.Minute, "U9", activities.VerdictApprove, func(d *Decision) { d.UpTo = ptr(prodege.MustUSD("5")) }) // of another amount
	w.click(11*time.Minute, "U1", activities.VerdictApprove)
	w.at(12*time.Minute, func() { wantList(t, "not yet", w.failures()) })
	w.click(13*time.Minute, "U2", activities.VerdictApprove)
	w.at(14*time.Minute, func() {
		wantList(t, "refused", w.failures(), "refused: U1 U2")
		n := w.messages[len(w.messages)-1].Card.Note
		want(t, "code", n.Refusal.Codes[0], 2014)
		want(t, "amount", n.Decision.Amount.String(), "4.25")
	})
	w.click(20*time.Minute, "U3", activities.VerdictTryAgain)
	w.at(21*time.Minute, func() { wantList(t, "refused anew", w.failures(), "refused: U1 U2", "refused: U1 U2 U3") })
	w.ends(time.Hour)
}

func TestAProjectThatStandsStillIsToldInTheThread(t *testing.T) {
	w := asked(t)
	w.settings.AutoApproveUpTo = ptr(prodege.MustUSD("4.50"))
	w.becomes(2*time.Minute, activities.PhaseAccepted)
	w.at(7*time.Minute, func() { wantList(t, "by rule", w.failures(), "still: ") })
	w.click(10*time.Minute, "U1", activities.VerdictTryAgain)
	w.at(16*time.Minute, func() { wantList(t, "after trying again", w.failures(), "still: ", "still: U1") })
	w.ends(time.Hour)
}

func TestWhereARuleDecidedTheEscalationIsCalled(t *testing.T) {
	w := asked(t)
	w.settings.AutoApproveUpTo, w.settings.Escalation = ptr(prodege.MustUSD("4.50")), []string{"S0OPS"}
	w.becomes(2*time.Minute, activities.PhaseAccepted)
	w.at(7*time.Minute, func() { wantList(t, "by rule", w.failures(), "still: S0OPS") })
	w.ends(time.Hour)
}

// TestAFailureThatCouldNotBeToldInTimeIsNotToldLater: by then it is live.
func TestAFailureThatCouldNotBeToldInTimeIsNotToldLater(t *testing.T) {
	w := asked(t)
	tries := 0
	w.accept = func(in activities.AcceptCPI) (activities.Acceptance, error) {
		if tries++; tries == 1 {
			return activities.Acceptance{}, refusal()
		}
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved, Status: prodege.Paused}, nil
	}
	w.at(9*time.Minute, func() {
		said := w.posts
		w.postFault = func(n int) error {
			if n == said+1 {
				return mend("not_in_channel")
			}
			return nil
		}
	})
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.click(12*time.Minute, "U2", activities.VerdictTryAgain)
	w.deliver(13*time.Minute, "live", prodege.Live)
	w.at(40*time.Minute, func() {
		want(t, "posts that Slack refused", tries, 2)
		wantList(t, "told", w.failures())
	})
	w.ends(2 * time.Hour)
}

func TestGivingUpIsToldInTheThread(t *testing.T) {
	w := asked(t)
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
		return activities.Acceptance{}, passing(activities.TypeProdegePassing, 4*time.Minute)
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.at(42*time.Minute, func() { wantList(t, "stopped", w.failures(), "stopped: U1") })
	w.ends(time.Hour)
}

// What ended with its pause, or was overtaken by a newer amount, needs nobody.
func TestAFailureThatIsOverIsNotTold(t *testing.T) {
	for name, change := range map[string][]func(*prodege.Event){"another amount": {cpi("5")}, "another reason": {because(prodege.SupportAgent)}} {
		t.Run(name, func(t *testing.T) {
			w := asked(t)
			n := 0
			w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
				if n++; n < 4 {
					return activities.Acceptance{}, passing(activities.TypeProdegePassing, 5*time.Second)
				}
				return activities.Acceptance{}, refusal()
			}
			w.click(10*time.Minute, "U1", activities.VerdictApprove)
			w.deliver(10*time.Minute+3*time.Second, "news", prodege.Paused, change...)
			w.at(12*time.Minute, func() {
				want(t, "acceptances", len(w.accepts), 4)
				wantList(t, "failures", w.failures())
			})
			w.ends(time.Hour)
		})
	}
}

func TestAFailedActIsToldInTheAlertsThread(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	refuses := true
	w.act = func(activities.ActOnProject) (activities.Acceptance, error) {
		if refuses {
			return activities.Acceptance{}, refusal()
		}
		return activities.Acceptance{Outcome: activities.AcceptSent}, nil
	}
	w.do(10*time.Minute, "U1", prodege.ActSample, 600)
	w.at(11*time.Minute, func() {
		wantList(t, "refused", w.failures(), "refused: U1")
		n := w.messages[len(w.messages)-1].Card.Note
		want(t, "what", n.Decision.Action, prodege.ActSample)
		want(t, "number", n.Decision.Number, 600)
	})
	w.do(12*time.Minute, "U2", "", 0, tryAgain)
	w.at(13*time.Minute, func() { wantList(t, "refused anew", w.failures(), "refused: U1", "refused: U1 U2") })
	w.at(14*time.Minute, w.set(func() { refuses = false }))
	w.do(15*time.Minute, "U3", prodege.ActComplete, 0)
	w.at(22*time.Minute, func() { wantList(t, "no COMPLETE came", w.failures(), "refused: U1", "refused: U1 U2", "still: U3") })
	w.ends(time.Hour)
}
