package workflows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// TestProjectLife runs a project's whole life: paused for CPI, approved, live, complete, invoiced, and closed after
// PROJECT_LINGER.
func TestProjectLife(t *testing.T) {
	w := newWorld(t)
	w.run(w.cpi("e1", 0, "4.25"), func() {
		w.after(time.Minute, func() { w.signal(Decide, approve("e1", "c1", "4.25")) })
		w.after(2*time.Minute, func() { w.signal(StatusUpdate, w.event("e2", 0, prodege.Live, 0)) })
		w.after(time.Hour, func() {
			if s := w.state(); s.Request.Phase != project.PhaseLive || s.Waiting != project.WaitsNothing {
				t.Errorf("the request is %s, the project waits for %s", s.Request.Phase, s.Waiting)
			}
			w.info.Status, w.info.PausedForCPI = prodege.Complete, false
			w.signal(StatusUpdate, w.event("e3", 0, prodege.Complete, prodege.ReconciliationComplete))
		})
		w.after(2*time.Hour, func() { w.signal(StatusUpdate, w.event("e4", 0, prodege.Invoiced, 0)) })
	})
	if err := w.env.GetWorkflowError(); err != nil || !w.env.IsWorkflowCompleted() {
		t.Fatalf("completed %v: %v", w.env.IsWorkflowCompleted(), err)
	}
	if len(w.accepted) != 1 || w.accepted[0].Approved.String() != "4.25" {
		t.Errorf("accepted: %+v", w.accepted)
	}
	if len(w.invoices) != 1 || w.invoices[0].Key != "project-29303649-invoice-r1" {
		t.Errorf("invoices: %+v", w.invoices)
	}
}

// TestEventsOfOneTurn checks that events signalled together are processed in one turn, in their order, and that
// messages show only the final state.
func TestEventsOfOneTurn(t *testing.T) {
	w := newWorld(t)
	w.run(w.event("e0", 0, prodege.Paused, prodege.SampleSize), func() {
		w.after(time.Minute, func() {
			w.mu.Lock()
			w.posts, w.edits = nil, nil
			w.mu.Unlock()
			for i := range 100 {
				status := prodege.Live
				if i%2 == 1 {
					status = prodege.Paused
				}
				w.signal(StatusUpdate, w.event(fmt.Sprintf("f%03d", i), time.Duration(i)*time.Second, status, prodege.SampleSize))
			}
		})
		w.after(time.Hour, func() {
			s := w.state()
			if s.Counts.Applied != 101 || s.Status != prodege.Paused {
				t.Errorf("%+v, %s", s.Counts, s.Status)
			}
			w.env.CancelWorkflow()
		})
	})
	roots := 0
	for _, p := range w.posts {
		if p.Thread == "" {
			roots++
		}
	}
	if roots > 6 {
		t.Errorf("%d root messages were posted for one burst", roots)
	}
}

// TestContinueAsNewAwaitsAcceptance checks that a run with a long history awaits an acceptance before it continues as
// new.
func TestContinueAsNewAwaitsAcceptance(t *testing.T) {
	w := newWorld(t)
	suggested := w.suggestContinueAsNewOn("AcceptCPI")
	w.accept = func(ctx context.Context, in project.AcceptCPI) (project.Acceptance, error) {
		return project.Acceptance{Outcome: project.OutcomeSent, Sent: &in.Approved, Status: prodege.Paused}, nil
	}
	w.run(w.cpi("e1", 0, "4.25"), func() {
		w.after(time.Minute, func() { w.signal(Decide, approve("e1", "c1", "4.25")) })
	})
	var next *workflow.ContinueAsNewError
	if err := w.env.GetWorkflowError(); !*suggested || !errors.As(err, &next) {
		t.Fatalf("the workflow ended with %v", w.env.GetWorkflowError())
	}
	in := continuedInput(t, next)
	if in.State.Act != nil || in.State.Request.Phase != project.PhaseAccepted {
		t.Errorf("the act is %+v, the request %s", in.State.Act, in.State.Request.Phase)
	}
}

// TestContinueAsNewAbandonsARead checks that continue-as-new abandons a read, and that the next run starts it again.
func TestContinueAsNewAbandonsARead(t *testing.T) {
	w := newWorld(t)
	w.suggestContinueAsNewOn("ReadProject")
	w.read = func(ctx context.Context, in project.Read) (project.Reading, error) {
		return project.Reading{}, errors.New("no answer")
	}
	w.run(w.cpi("e1", 0, "4.25"), func() {
		w.after(time.Second, func() { w.signal(StatusUpdate, w.cpi("e2", time.Second, "4.50")) })
	})
	var next *workflow.ContinueAsNewError
	if err := w.env.GetWorkflowError(); !errors.As(err, &next) {
		t.Fatalf("the workflow ended with %v", err)
	}
	in := continuedInput(t, next)
	in.State.Step(project.Turn{Now: w.env.Now().Add(time.Minute), Settings: w.flows.Settings.Settings})
	if tasks := in.State.Wanted(); len(tasks) == 0 {
		t.Errorf("the next run wants no tasks: %+v", in.State.Request)
	}
}

// continuedInput returns the input of the next run.
func continuedInput(t *testing.T, next *workflow.ContinueAsNewError) ProjectInput {
	t.Helper()
	var in ProjectInput
	if err := conv.FromPayloads(next.Input, &in); err != nil || in.State == nil || in.Shown == nil {
		t.Fatalf("the input of the next run is %+v, %v", in, err)
	}
	return in
}

// TestCancelled cancels the workflow at several points of a request: it must end as cancelled, without live buttons.
func TestCancelled(t *testing.T) {
	for _, at := range []time.Duration{time.Second, 30 * time.Second, 61 * time.Second, 90 * time.Second, 5 * time.Hour} {
		t.Run(at.String(), func(t *testing.T) {
			w := newWorld(t)
			w.run(w.cpi("e1", 0, "4.25"), func() {
				w.after(time.Minute, func() { w.signal(Decide, approve("e1", "c1", "4.25")) })
				w.after(at, w.env.CancelWorkflow)
			})
			if err := w.env.GetWorkflowError(); !temporal.IsCanceledError(err) {
				t.Fatalf("the workflow ended with %v", err)
			}
			w.checkNoLiveButtons()
		})
	}
}

// checkNoLiveButtons checks that the last version of the request has no live buttons.
func (w *world) checkNoLiveButtons() {
	w.t.Helper()
	var last *project.RequestFacts
	for _, p := range w.posts {
		if p.Card.Request != nil {
			last = p.Card.Request
		}
	}
	for _, e := range w.edits {
		if e.Card.Request != nil {
			last = e.Card.Request
		}
	}
	if last != nil && (last.Phase.Decidable() || last.Phase.Failed()) && !last.Closed {
		w.t.Errorf("the request has live buttons in phase %s", last.Phase)
	}
}

// TestEventsAfterACancel checks that a cancelled workflow continues as new if events arrive after the cancellation.
func TestEventsAfterACancel(t *testing.T) {
	w := newWorld(t)
	w.post = func(ctx context.Context, in project.Post) (project.Posted, error) {
		return project.Posted{Channel: in.Channel, TS: "1.1"}, nil
	}
	w.run(w.cpi("e1", 0, "4.25"), func() {
		w.after(time.Minute, func() {
			w.env.CancelWorkflow()
			w.signal(StatusUpdate, w.cpi("e2", time.Minute, "4.25"))
		})
	})
	var next *workflow.ContinueAsNewError
	if err := w.env.GetWorkflowError(); !errors.As(err, &next) {
		t.Fatalf("the workflow ended with %v", err)
	}
	in := continuedInput(t, next)
	in.State.Step(project.Turn{Now: w.env.Now(), Settings: w.flows.Settings.Settings})
	if in.State.Cancelled || in.State.Counts.Applied != 2 || in.State.Waiting != project.WaitsApproval || in.State.Request.Generation != 2 {
		t.Errorf("cancelled %v, %+v, waits for %s, generation %d", in.State.Cancelled, in.State.Counts, in.State.Waiting, in.State.Request.Generation)
	}
}

// TestTaskThatNeverEnds checks that a task that never ends does not block anything else.
func TestTaskThatNeverEnds(t *testing.T) {
	w := newWorld(t)
	w.env.SetActivityTaskQueue("elsewhere", "Post") // a queue without a worker
	w.run(w.event("e1", 0, prodege.Paused, prodege.SampleSize), func() {
		w.after(time.Minute, func() {
			w.signal(StatusUpdate, w.event("e2", time.Minute, prodege.Complete, prodege.ReconciliationComplete))
		})
		w.after(24*time.Hour, func() {
			if s := w.state(); s.Invoice == nil || s.Invoice.Phase != project.InvoiceSent {
				t.Errorf("the invoice is %+v", s.Invoice)
			}
			w.env.CancelWorkflow()
		})
	})
	if len(w.invoices) != 1 {
		t.Errorf("%d invoices were sent", len(w.invoices))
	}
}

// TestSettingsChange checks that changed settings apply from the next turn.
func TestSettingsChange(t *testing.T) {
	w := newWorld(t)
	w.run(w.cpi("e1", 0, "4.25"), func() {
		w.after(time.Minute, func() {
			w.flows.Settings.Ceiling = new(prodege.MustUSD("4.00"))
			w.signal(Decide, approve("e1", "c1", "4.25"))
		})
		w.after(time.Hour, func() {
			if s := w.state(); s.Request.Phase != project.PhaseOverLimit || len(s.Answers) != 1 || s.Answers[0].Kind != project.AnswerOverCeiling {
				t.Errorf("the request is %s, answers %+v", s.Request.Phase, s.Answers)
			}
			w.env.CancelWorkflow()
		})
	})
	if len(w.accepted) != 0 {
		t.Errorf("an amount was accepted: %+v", w.accepted)
	}
}

// TestNewerRules checks that a worker makes no decisions under rules of a newer version than it knows.
func TestNewerRules(t *testing.T) {
	w := newWorld(t)
	w.flows.Settings.Version = project.CurrentVersion + 1
	w.run(w.event("e1", 0, prodege.Live, 0), nil)
	if err := w.env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("the workflow ended with %v", err)
	}
}
