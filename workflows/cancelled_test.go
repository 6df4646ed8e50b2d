package workflows

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// cancel has somebody cancel a workflow in Temporal's UI.
func (w *world) cancel(after time.Duration, id string) {
	w.at(after, func() { w.env.CancelWorkflowByID(id, "") })
}

func TestACancelledRequestSaysSo(t *testing.T) {
	w := newWorld(t)
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.cancel(10*time.Minute, "project-29303649-cpi-pause")
	w.at(11*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseCancelled)
		s := w.state()
		want(t, "closed", s.Requests[0].Status.Closed, true)
		want(t, "waiting", s.Waiting, WaitsLive)
		want(t, "ledger", s.Ledger[len(s.Ledger)-1].What, "given up: its workflow was cancelled")
	})
	w.deliver(20*time.Minute, "asks-again", prodege.Paused, cpi("4.25")) // in the same pause
	w.at(21*time.Minute, func() {
		want(t, "asked anew", w.request().Workflow, "project-29303649-cpi-asks-again")
		want(t, "phase", w.request().Phase, activities.PhaseOpen)
	})
	w.deliver(time.Hour, "gone", prodege.Deleted)
	w.run()
	want(t, "sent", len(w.accepts), 0)
}

func TestACancelledRequestBreaksOffItsAcceptance(t *testing.T) {
	w := newWorld(t)
	w.accept = func(activities.AcceptCPI) (activities.Acceptance, error) {
		return activities.Acceptance{}, passing(activities.TypeProdegePassing, time.Minute)
	}
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.cancel(11*time.Minute+30*time.Second, "project-29303649-cpi-pause")
	w.at(12*time.Minute+10*time.Second, func() {
		want(t, "phase", w.request().Phase, activities.PhaseCancelled)
		want(t, "busy", w.state().Requests[0].Status.Busy, false)
	})
	tries := 0
	w.at(12*time.Minute+20*time.Second, w.set(func() { tries = len(w.accepts) }))
	w.deliver(time.Hour, "gone", prodege.Deleted)
	w.run()
	want(t, "tries after it was cancelled", len(w.accepts)-tries, 0)
	if tries == 0 {
		t.Error("nothing was in flight")
	}
}

// TestCancelledWhileSlackRefuses: what was to be said is said once Slack takes it, and posted once.
func TestCancelledWhileSlackRefuses(t *testing.T) {
	w := newWorld(t)
	refuses := true
	w.postFault = func(int) error {
		if refuses {
			return mend("the app is not in the channel")
		}
		return nil
	}
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.cancel(10*time.Minute, "project-29303649-cpi-pause")
	w.at(20*time.Minute, w.set(func() { refuses = false }))
	w.at(30*time.Minute, func() {
		want(t, "messages", len(w.roots("C0APPROVE")), 1)
		want(t, "phase", w.request().Phase, activities.PhaseCancelled)
	})
	w.deliver(time.Hour, "gone", prodege.Deleted)
	w.run()
}

// TestACancelledRequestEndsThoughSlackIsAway: whoever cancels it does not wait for Slack for ever.
func TestACancelledRequestEndsThoughSlackIsAway(t *testing.T) {
	w := newWorld(t)
	w.postFault = func(int) error { return passing(activities.TypeSlackPassing, time.Minute) }
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.cancel(10*time.Minute, "project-29303649-cpi-pause")
	w.at(11*time.Minute, func() { want(t, "closed", w.state().Requests[0].Status.Closed, true) })
	w.at(10*time.Minute+lastWordsFor+time.Minute, func() {
		if err := w.env.SignalWorkflowByID("project-29303649-cpi-pause", string(Decide), Decision{}); err == nil {
			t.Error("it still runs")
		}
	})
	w.deliver(3*time.Hour, "gone", prodege.Deleted)
	w.run()
}

func TestACancelledActionSaysSo(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.cancel(10*time.Minute, "project-29303649-action-pause")
	w.stands(11*time.Minute, activities.PhaseCancelled)
	w.deliver(time.Hour, "gone", prodege.Deleted)
	w.run()
	want(t, "sent", len(w.acts), 0)
}

func TestACancelledInvoicingSaysSo(t *testing.T) {
	w := newWorld(t)
	w.settings.HasBilling = false
	w.deliver(time.Minute, "complete", prodege.Complete, because(prodege.ReconciliationComplete))
	w.cancel(10*time.Minute, "project-29303649-invoicing")
	w.at(11*time.Minute, func() {
		messages := w.roots("C0FINANCE")
		want(t, "messages", len(messages), 1)
		want(t, "phase", messages[0].Card.Invoice.Phase, activities.PhaseInvoiceCancelled)
		want(t, "closed", w.state().Invoicing.Status.Closed, true)
	})
	w.deliver(20*time.Minute, "again", prodege.Complete, because(prodege.ReconciliationComplete)) // says nothing new
	w.deliver(time.Hour, "invoiced", prodege.Invoiced)
	w.run()
	want(t, "messages", len(w.roots("C0FINANCE")), 1)
}

// TestACancelledProjectTakesItsChildrenWithIt: nobody would tell them any more that the pause is over.
func TestACancelledProjectTakesItsChildrenWithIt(t *testing.T) {
	w := newWorld(t)
	w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
	w.cancel(10*time.Minute, ProjectWorkflowID(theProject))
	w.start()
	var cancelled *temporal.CanceledError
	if err := w.env.GetWorkflowError(); !errors.As(err, &cancelled) {
		t.Errorf("the project ended with %v", err)
	}
	want(t, "the request's phase", w.request().Phase, activities.PhaseCancelled)
}

// TestTheKillSwitchOutlivesACancel, with what was switched in the same moment.
func TestTheKillSwitchOutlivesACancel(t *testing.T) {
	w := newWorld(t)
	w.flows = &Workflows{Settings: w.settings}
	Register(w.env, w.flows)
	w.at(time.Minute, func() {
		w.env.SignalWorkflowSkippingWorkflowTask(string(Accepting), Switch{On: false, By: "U1"})
		w.env.CancelWorkflow()
	})
	w.env.ExecuteWorkflow(TypeControl, ControlState{On: true})
	var next *workflow.ContinueAsNewError
	if !errors.As(w.env.GetWorkflowError(), &next) {
		t.Fatalf("it ended with %v", w.env.GetWorkflowError())
	}
	var state ControlState
	if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &state); err != nil {
		t.Fatal(err)
	}
	want(t, "on", state.On, false)
	want(t, "by", state.By, "U1")
}

// TestAcceptingGoesOnByAnApproversWord: anybody stops it, nobody but an approver starts it again.
func TestAcceptingGoesOnByAnApproversWord(t *testing.T) {
	w := newWorld(t)
	w.outsiders["U9"] = true
	w.flows = &Workflows{Settings: w.settings}
	Register(w.env, w.flows)
	now := func() (s ControlState) {
		got, err := w.env.QueryWorkflow(StateQuery)
		if err == nil {
			err = got.Get(&s)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	turn := func(after time.Duration, on bool, by string) {
		w.at(after, func() { w.env.SignalWorkflow(string(Accepting), Switch{On: on, By: by, ID: "id-" + by}) })
	}
	turn(time.Minute, false, "U9")
	w.at(2*time.Minute, func() { want(t, "on", now().On, false) })
	turn(3*time.Minute, true, "U9")
	w.at(4*time.Minute, func() {
		want(t, "on", now().On, false)
		want(t, "refused", now().Refused, "id-U9")
		want(t, "why", now().Why, "U9 is not among SLACK_APPROVERS")
	})
	turn(5*time.Minute, true, "U1")
	w.at(6*time.Minute, func() {
		want(t, "on", now().On, true)
		want(t, "by", now().By, "U1")
	})
	w.at(7*time.Minute, func() { w.env.CancelWorkflow() })
	w.env.ExecuteWorkflow(TypeControl, ControlState{On: true})
}

// TestOffBeatsAnOnThatIsBeingJudged: it holds at once, and is not lost where the switch is cancelled meanwhile.
func TestOffBeatsAnOnThatIsBeingJudged(t *testing.T) {
	w := newWorld(t)
	w.flows = &Workflows{Settings: w.settings}
	Register(w.env, w.flows)
	w.env.OnActivity("MayDecide", mock.Anything, mock.Anything).After(20*time.Second).Return(activities.Permission{Allowed: true, Known: true}, nil)
	w.at(time.Minute, func() { w.env.SignalWorkflow(string(Accepting), Switch{On: true, By: "U1", ID: "on"}) })
	w.at(time.Minute+5*time.Second, func() { w.env.SignalWorkflow(string(Accepting), Switch{On: false, By: "U2", ID: "off"}) })
	w.at(time.Minute+6*time.Second, func() {
		got, err := w.env.QueryWorkflow(StateQuery)
		var now ControlState
		if err == nil {
			err = got.Get(&now)
		}
		if err != nil || now.On || now.By != "U2" || now.Refused != "on" {
			t.Errorf("a second after OFF it is %+v (%v)", now, err)
		}
		w.env.CancelWorkflow()
	})
	w.env.ExecuteWorkflow(TypeControl, ControlState{On: true})
	var next *workflow.ContinueAsNewError
	var state ControlState
	if !errors.As(w.env.GetWorkflowError(), &next) || converter.GetDefaultDataConverter().FromPayloads(next.Input, &state) != nil || state.On {
		t.Errorf("it goes on as %+v: %v", state, w.env.GetWorkflowError())
	}
}
