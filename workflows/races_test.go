package workflows

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/temporal"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// slowOnce makes the first call to Prodege's acceptance take 25 s; later ones end as told.
func (w *world) slowOnce(then activities.Acceptance) {
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
		if len(w.accepts) == 1 {
			return activities.Acceptance{}, passing(activities.TypeProdegePassing, 25*time.Second)
		}
		return then, nil
	}
}

var standsForOther = activities.Acceptance{Outcome: activities.AcceptOther, Status: prodege.Paused}

// TestChangesAreHeededInTheirOrder: three amounts come while the first of them is being read about; what is asked
// for in the end is the newest, not the dearest.
func TestChangesAreHeededInTheirOrder(t *testing.T) {
	w := asked(t)
	slow := false
	w.env.OnActivity("ReadProject", mock.Anything, mock.Anything).Return(func(context.Context, activities.ReadProject) (activities.Reading, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if slow = !slow && w.env.Now().Hour() == 17 && w.env.Now().Minute() >= 9; slow { // each reading takes 5 s
			return activities.Reading{}, passing(activities.TypeProdegePassing, 5*time.Second)
		}
		return activities.Reading{Asked: w.env.Now().UTC(), Info: w.info, Quotas: &prodege.Quotas{Completes: 312, Wanted: 500}}, nil
	})
	w.deliver(10*time.Minute, "p1", prodege.Paused, cpi("5.00"))
	w.deliver(10*time.Minute+time.Second, "p2", prodege.Paused, cpi("6.00"))
	w.deliver(10*time.Minute+2*time.Second, "p3", prodege.Paused, cpi("7.00"))
	w.at(10*time.Minute+7*time.Second, w.set(func() { w.info.RequiredCPI = ptr(prodege.MustUSD("4.50")) }))
	w.deliver(10*time.Minute+8*time.Second, "p4", prodege.Paused, cpi("4.50"))
	w.click(13*time.Minute, "U1", activities.VerdictApprove)
	w.ends(3 * time.Hour)
	if len(w.accepts) != 1 || w.accepts[0].Approved.String() != "4.50" {
		t.Errorf("accepted %+v, want the newest amount", w.accepts)
	}
}

// TestAsksAnewWhereTheActFoundItOtherwise: paused for CPI again while an act was in flight that then found the
// project paused for something else.
func TestAsksAnewWhereTheActFoundItOtherwise(t *testing.T) {
	w := asked(t)
	w.slowOnce(standsForOther)
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute+5*time.Second, "other", prodege.Paused, because(113))
	w.deliver(10*time.Minute+15*time.Second, "again", prodege.Paused, cpi("4.25"))
	w.at(11*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "generation", w.request().Generation, 2)
	})
	w.ends(30 * time.Hour)
}

func TestAsksAnewWhereTheActFoundItLive(t *testing.T) {
	w := asked(t)
	w.slowOnce(activities.Acceptance{Outcome: activities.AcceptAlreadyLive, Status: prodege.Live})
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute+15*time.Second, "again", prodege.Paused, cpi("4.00"))
	w.at(10*time.Minute+16*time.Second, w.set(func() { w.info.RequiredCPI = ptr(prodege.MustUSD("4.00")) }))
	w.at(11*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "asks for", w.request().Required.String(), "4.00")
	})
	w.ends(30 * time.Hour)
}

// TestTheNewestWordWaitsForTheAct: a newer amount and then another reason come while an act is in flight. The
// project stands still for the other reason, so nothing is asked.
func TestTheNewestWordWaitsForTheAct(t *testing.T) {
	for name, end := range map[string]func() (activities.Acceptance, error){
		"found otherwise": func() (activities.Acceptance, error) { return standsForOther, nil },
		"refused": func() (activities.Acceptance, error) {
			return activities.Acceptance{}, temporal.NewNonRetryableApplicationError("2013", activities.TypeProdegeRefused, nil, activities.Refusal{Party: "Prodege", Text: "no"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := asked(t)
			w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
				if len(w.accepts) == 1 {
					return activities.Acceptance{}, passing(activities.TypeProdegePassing, 25*time.Second)
				}
				return end()
			}
			w.click(10*time.Minute, "U1", activities.VerdictApprove)
			w.at(10*time.Minute+4*time.Second, w.set(func() { w.info.PausedForCPI, w.info.RequiredCPI = false, nil }))
			w.deliver(10*time.Minute+5*time.Second, "newer", prodege.Paused, cpi("5.00"))
			w.deliver(10*time.Minute+15*time.Second, "other", prodege.Paused, because(113))
			w.at(11*time.Minute, func() {
				want(t, "phase", w.request().Phase, activities.PhaseOther)
				want(t, "generation", w.request().Generation, 1)
				want(t, "reason", w.request().Other.Reason, 113)
			})
			w.ends(30 * time.Hour)
		})
	}
}

// TestARequestThoughtOverIsFoundAgain: an act found the project paused for something else, but no event says so,
// and Prodege goes on asking for the CPI.
func TestARequestThoughtOverIsFoundAgain(t *testing.T) {
	w := asked(t)
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) { return standsForOther, nil }
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.at(11*time.Minute, func() { want(t, "phase", w.request().Phase, activities.PhaseOther) })
	w.at(15*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "generation", w.request().Generation, 2)
		want(t, "waits", w.state().Waiting, WaitsApproval)
	})
	w.ends(30 * time.Hour)
}

// TestAutomaticApprovalsAreCountedAtOnce: the third of a day is told by its request in the very moment the next
// pause comes.
func TestAutomaticApprovalsAreCountedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.settings.AutoApproveUpTo = ptr(prodege.MustUSD("5.00"))
	w.flows = &Workflows{Settings: w.settings}
	Register(w.env, w.flows)
	w.env.SetStartWorkflowOptions(startOptions(ProjectWorkflowID(theProject)))
	w.at(0, func() {
		w.env.SignalWorkflow(string(ChildOutcome), Outcome{Child: "project-29303649-cpi-x", Automatic: true, Status: ChildStatus{Phase: "approved", Busy: true}})
		w.env.SignalWorkflow(string(StatusUpdate), w.event("fourth", prodege.Paused, cpi("4.25")))
	})
	w.at(10*time.Minute, func() { want(t, "phase", w.request().Phase, activities.PhaseOpen) })
	w.deliver(time.Hour, "gone", prodege.Deleted)
	now := w.env.Now()
	w.env.ExecuteWorkflow(TypeProject, ProjectInput{ProjectID: theProject, State: &ProjectState{ProjectID: theProject, Name: activities.ProjectName{ID: theProject}, Runs: 1, Automatic: []time.Time{now, now}}})
	want(t, "accepted", len(w.accepts), 0)
}

// TestAnAmountThatReachesACancelledRequestIsAskedAnew: the Project told it before it knew of the cancel.
func TestAnAmountThatReachesACancelledRequestIsAskedAnew(t *testing.T) {
	w := asked(t)
	w.cancel(10*time.Minute, "project-29303649-cpi-pause")
	w.deliver(10*time.Minute, "newer", prodege.Paused, cpi("5.00"))
	w.at(20*time.Minute, func() {
		want(t, "workflow", w.request().Workflow, "project-29303649-cpi-newer")
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
	})
	w.ends(3 * time.Hour)
}

// TestAnActBrokenOffStandsInTheLedger: LIVE comes while the call has no answer; whether it came of the call nobody
// knows, and the message does not say that nothing was sent.
func TestAnActBrokenOffStandsInTheLedger(t *testing.T) {
	w := asked(t)
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
		return activities.Acceptance{}, passing(activities.TypeProdegePassing, 5*time.Minute)
	}
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute+5*time.Second, "live", prodege.Live)
	w.at(20*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseElsewhere)
		want(t, "may have been sent", w.request().MaybeSent, true)
		l := w.state().Ledger
		want(t, "ledger", l[len(l)-1].What, "broken off as the pause ended; it may have arrived")
	})
	w.ends(30 * time.Hour)
}

func TestTwoReasonsOfOneSecondAreAskedAbout(t *testing.T) {
	for _, first := range []string{"a-cpi", "z-cpi"} { // before the other reason by its id, and after it: late
		w := newWorld(t)
		at := time.Date(2026, 3, 2, 17, 0, 50, 0, time.UTC)
		then := func(e *prodege.Event) { e.Time = at }
		w.deliver(time.Minute, first, prodege.Paused, cpi("4.25"), then)
		before := 0
		w.at(5*time.Minute, func() { before = w.state().Sweep.Asked })
		w.deliver(6*time.Minute, "m-other", prodege.Paused, because(113), then)
		w.at(7*time.Minute, func() { want(t, first+": asked since", w.state().Sweep.Asked > before, true) })
		w.ends(30 * time.Hour)
	}
}

// TestTheInvoiceHeedsWhatComesWhileProdegeIsRead: the facts are being read when the project goes back to
// reconciliation, or is deleted.
func TestTheInvoiceHeedsWhatComesWhileProdegeIsRead(t *testing.T) {
	for _, status := range []prodege.Status{prodege.PendingComplete, prodege.Deleted} {
		for _, billing := range []bool{true, false} {
			w := completed(t)
			w.settings.HasBilling = billing
			w.readErr = passing(activities.TypeProdegePassing, 20*time.Second)
			w.at(time.Minute+10*time.Second, w.set(func() { w.readErr = nil }))
			w.deliver(time.Minute+5*time.Second, "then", status)
			w.at(10*time.Minute, func() {
				want(t, string(status)+": invoices", len(w.invoices), 0)
				want(t, string(status)+": made by hand", len(w.roots("C0FINANCE")) > 0 && w.invoice().Phase == activities.PhaseInvoiceByHand, false)
			})
			if status == prodege.PendingComplete {
				w.deliver(time.Hour, "again", prodege.Complete, because(903))
				w.at(2*time.Hour, func() { want(t, "invoices once it is complete", len(w.invoices), map[bool]int{true: 1}[billing]) })
				w.deliver(3*time.Hour, "end", prodege.Invoiced)
			}
			w.run()
		}
	}
}

// TestWhatADryRunHeldBackIsNeverSentUnasked, whatever comes between.
func TestWhatADryRunHeldBackIsNeverSentUnasked(t *testing.T) {
	for name, story := range map[string]func(*world){
		"other facts before the look": func(w *world) {
			w.deliver(22*time.Minute, "c2", prodege.Complete, because(903), note("other note"))
		},
		"back to reconciliation": func(w *world) {
			w.deliver(61*time.Minute, "p2", prodege.PendingComplete, because(902))
			w.deliver(62*time.Minute, "c2", prodege.Complete, because(903), note("12 rejected"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := completed(t)
			w.settings.DryRun = true
			w.at(20*time.Minute, func() { w.flows.Settings.DryRun = false })
			story(w)
			w.at(90*time.Minute, func() {
				want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceAsks)
				want(t, "invoices", len(w.invoices), 0)
			})
			w.press(100*time.Minute, activities.VerdictSendInvoice)
			w.at(110*time.Minute, func() { want(t, "invoices", len(w.invoices), 1) })
			w.deliver(3*time.Hour, "end", prodege.Invoiced)
			w.run()
		})
	}
}

func TestAnInvoiceTriedAgainIsHeldWhileReconciliationGoesOn(t *testing.T) {
	w := completed(t)
	w.bill = func(n int) (activities.InvoiceSent, error) {
		if n == 1 {
			return activities.InvoiceSent{}, refusedByBilling()
		}
		return activities.InvoiceSent{Status: 202}, nil
	}
	w.deliver(10*time.Minute, "pending", prodege.PendingComplete, because(902))
	w.press(20*time.Minute, activities.VerdictTryAgain)
	w.at(30*time.Minute, func() {
		want(t, "invoices", len(w.invoices), 1)
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceHeld)
	})
	w.deliver(40*time.Minute, "again", prodege.Complete, because(903), note("12 rejected"))
	w.at(50*time.Minute, func() {
		want(t, "invoices", len(w.invoices), 2)
		want(t, "the same bytes", w.invoices[0].Body == w.invoices[1].Body, true)
	})
	w.deliver(3*time.Hour, "end", prodege.Invoiced)
	w.run()
}

func refusedByBilling() error {
	return temporal.NewNonRetryableApplicationError("422", activities.TypeBillingRefused, nil, activities.Refusal{Party: "billing", Text: "no"})
}

// TestADeletedProjectsInvoiceSaysSo in each phase, and nothing is sent after.
func TestADeletedProjectsInvoiceSaysSo(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"refused": func(w *world) {
			w.bill = func(int) (activities.InvoiceSent, error) { return activities.InvoiceSent{}, refusedByBilling() }
		},
		"asks": func(w *world) {
			w.settings.DryRun = true
			w.at(30*time.Minute, func() { w.flows.Settings.DryRun = false })
		},
		"by hand": func(w *world) { w.settings.HasBilling = false },
		"slow": func(w *world) {
			w.bill = func(int) (activities.InvoiceSent, error) {
				return activities.InvoiceSent{}, passing(activities.TypeBillingPassing, 15*time.Minute)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := completed(t)
			prepare(w)
			tries := 0
			w.deliver(100*time.Minute, "gone", prodege.Deleted)
			w.at(101*time.Minute, func() {
				tries = len(w.invoices)
				want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceDeleted)
				want(t, "closed", w.state().Invoicing.Status.Closed, true)
			})
			w.run()
			want(t, "tries since", len(w.invoices)-tries, 0)
		})
	}
}

// TestWhatIsMarkedStaysMarkedWhereItIsCancelled: only Prodege says INVOICED.
func TestWhatIsMarkedStaysMarkedWhereItIsCancelled(t *testing.T) {
	w := completed(t)
	w.settings.HasBilling = false
	w.press(6*time.Minute, activities.VerdictMarkInvoiced)
	w.cancel(10*time.Minute, InvoicingWorkflowID(theProject))
	w.at(20*time.Minute, func() { want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceMarked) })
	w.deliver(40*time.Minute, "gone", prodege.Deleted)
	w.run()
}

// TestEventsThatComeWithTheCancelAreTakenOn: nobody hands them over again, so the project goes on with them; what
// it had open is given up.
func TestEventsThatComeWithTheCancelAreTakenOn(t *testing.T) {
	for name, late := range map[string]time.Duration{"with it": 0, "while the last words are said": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.postFault = func(n int) error {
				if n < 5 {
					return passing(activities.TypeSlackPassing, 4*time.Minute)
				}
				return nil
			}
			w.deliver(time.Minute, "pause", prodege.Paused, because(158))
			w.at(10*time.Minute, func() {
				if late == 0 {
					w.env.SignalWorkflowSkippingWorkflowTask(string(StatusUpdate), w.event("last", prodege.Live))
				}
				w.env.CancelWorkflow()
			})
			if late > 0 {
				w.deliver(10*time.Minute+late, "last", prodege.Live)
			}
			w.expectContinue(func(s ProjectState) {
				want(t, "received", s.Counts.Received+int64(len(s.Came)), 2)
			})
		})
	}
}

// TestARevisedCompleteWhileProdegeIsRead: the draft it overtook is made anew at once.
func TestARevisedCompleteWhileProdegeIsRead(t *testing.T) {
	for _, billing := range []bool{true, false} {
		w := completed(t)
		w.settings.HasBilling = billing
		w.readErr = passing(activities.TypeProdegePassing, 20*time.Second)
		w.at(time.Minute+10*time.Second, w.set(func() { w.readErr = nil }))
		w.deliver(time.Minute+5*time.Second, "revised", prodege.Complete, because(903), note("13 rejected"))
		w.at(10*time.Minute, func() {
			want(t, "invoices", len(w.invoices), map[bool]int{true: 1}[billing])
			want(t, "made by hand", len(w.roots("C0FINANCE")), map[bool]int{false: 1}[billing])
		})
		w.deliver(100*time.Hour, "gone", prodege.Invoiced)
		w.run()
	}
}

// TestARevisionOfWhatADryRunHeldBackAsksToo, though the body before was made already.
func TestARevisionOfWhatADryRunHeldBackAsksToo(t *testing.T) {
	w := completed(t)
	w.bill = func(n int) (activities.InvoiceSent, error) {
		return activities.InvoiceSent{DryRun: n == 1, Status: 202}, nil // DRY_RUN was on at the very act
	}
	w.deliver(40*time.Minute, "c2", prodege.Complete, because(903), note("13 rejected"))
	w.at(50*time.Minute, func() {
		want(t, "phase", w.invoice().Phase, activities.PhaseInvoiceAsks)
		want(t, "calls", len(w.invoices), 1)
	})
	w.deliver(3*time.Hour, "end", prodege.Deleted)
	w.run()
}

// TestWhatWaitedForAnActIsOvertaken: another reason waits for an act that finds the price risen; while that is read
// about, the project is paused for CPI again.
func TestWhatWaitedForAnActIsOvertaken(t *testing.T) {
	w := asked(t)
	w.slowOnce(activities.Acceptance{Outcome: activities.AcceptRisen, Required: ptr(prodege.MustUSD("5.00")), Status: prodege.Paused})
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.deliver(10*time.Minute+5*time.Second, "other", prodege.Paused, because(113))
	w.at(10*time.Minute+20*time.Second, w.set(func() {
		w.readErr = passing(activities.TypeProdegePassing, 10*time.Second)
		w.info.RequiredCPI = ptr(prodege.MustUSD("6.00"))
	}))
	w.deliver(10*time.Minute+28*time.Second, "again", prodege.Paused, cpi("6.00"))
	w.at(10*time.Minute+32*time.Second, w.set(func() { w.readErr = nil }))
	w.at(12*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "asks for", w.request().Required.String(), "6.00")
	})
	w.ends(30 * time.Hour)
}

// TestAPostThatIsFoundShowsWhatIsTrueNow: its answer was lost, and what it says changed before it was looked for.
func TestAPostThatIsFoundShowsWhatIsTrueNow(t *testing.T) {
	w := completed(t)
	w.settings.HasBilling = false
	w.lost = true
	w.cancel(3*time.Minute, InvoicingWorkflowID(theProject))
	w.at(20*time.Minute, func() {
		want(t, "messages", len(w.roots("C0FINANCE")), 1)
		want(t, "shows", w.invoice().Phase, activities.PhaseInvoiceCancelled)
	})
	w.deliver(time.Hour, "gone", prodege.Deleted)
	w.run()
}

// TestATerminatedRequestIsAskedAnew: it can't say so, but it does not take a sign of life either.
func TestATerminatedRequestIsAskedAnew(t *testing.T) {
	w := newWorld(t)
	gone := "project-29303649-cpi-pause"
	w.flows = &Workflows{Settings: w.settings}
	Register(w.env, w.flows)
	w.env.SetStartWorkflowOptions(startOptions(ProjectWorkflowID(theProject)))
	w.env.OnSignalExternalWorkflow(mock.Anything, gone, mock.Anything, mock.Anything, mock.Anything).Return(&temporal.UnknownExternalWorkflowExecutionError{})
	w.at(20*time.Hour, func() {
		want(t, "asked by", strings.HasPrefix(w.request().Workflow, "project-29303649-cpi-sweep-"), true)
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
		want(t, "waits", w.state().Waiting, WaitsApproval)
	})
	w.deliver(30*time.Hour, "gone", prodege.Deleted)
	paused := w.event("pause", prodege.Paused, cpi("4.25"))
	w.env.ExecuteWorkflow(TypeProject, ProjectInput{ProjectID: theProject, State: &ProjectState{
		ProjectID: theProject, Name: activities.ProjectName{ID: theProject}, Runs: 1, Status: prodege.Paused, StatusSince: paused.Time, Sweep: SweepState{Next: w.env.Now().Add(time.Hour)},
		Pause:    &PauseState{Opened: "pause", Since: paused.Time, Event: paused, ForCPI: true, Request: gone},
		Requests: []*RequestState{{Workflow: gone, Event: paused, Started: true, Status: ChildStatus{Phase: "open", Waits: WaitsApproval}}},
	}})
}

// TestASecondsButtonApprovesNothingAlone: the sum that a button carries for a second person counts only where the
// message offers it.
func TestASecondsButtonApprovesNothingAlone(t *testing.T) {
	w := asked(t)
	w.click(10*time.Minute, "U1", activities.VerdictApprove, func(d *Decision) { d.UpTo, d.Second = ptr(prodege.MustUSD("500.00")), true })
	w.at(11*time.Minute, func() { want(t, "phase", w.request().Phase, activities.PhaseOpen) })
	w.ends(3 * time.Hour)
	wantList(t, "answers", w.answers(), "U1: mismatch")
	want(t, "accepted", len(w.accepts), 0)
}
