package e2e

import (
	"context"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// allowCancelled allows a test's workflows to end as canceled.
func allowCancelled(p *plan) { p.allowCancelled = true }

// cancelWorkflow cancels a workflow, as an operator might in Temporal's UI, and waits until it has ended as canceled.
func (w *world) cancelWorkflow(id string) {
	w.t.Helper()
	if err := w.temporal.CancelWorkflow(w.ctx, id, ""); err != nil {
		w.t.Fatal(err)
	}
	await(w.t, id+" to end as cancelled", func() bool {
		got, err := w.temporal.DescribeWorkflowExecution(w.ctx, id, "")
		return err == nil && got.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_CANCELED
	})
}

// TestCancelledInTemporal cancels the project while it waits for a decision, while it offers actions, and while people
// make its invoice.
func TestCancelledInTemporal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allowCancelled, with("BILLING_URL", "", "BILLING_SIGNING_SECRET", ""))
	m := w.pauseForCPI(amount)
	w.cancelWorkflow(workflows.ProjectID(theProject))
	closed := w.waitUpdated(m, "Cancelled by an operator")
	if left := buttons(closed); len(left) > 0 {
		w.t.Errorf("a cancelled request keeps its buttons %v", left)
	}
	w.click(ann, m, approve) // on a screen that still shows the buttons
	w.waitEphemeral(ann, "closed")
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	alert := w.pauseWithActions(prodege.SampleSize, actSample, actComplete)
	w.cancelWorkflow(workflows.ProjectID(theProject))
	w.waitUpdated(alert, "Cancelled by an operator")
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	invoice := w.waitRoot(finance, "may have been invoiced") // the cancelled workflows may have sent it
	w.click(eve, invoice, invoiceSend)
	w.waitUpdated(invoice, "Invoice to make")
	w.cancelWorkflow(workflows.ProjectID(theProject))
	w.waitUpdated(invoice, "cancelled by an operator")
	if n := len(w.prodege.Updates(theProject)); n > 0 {
		w.t.Errorf("%d updates were sent to Prodege", n)
	}
}

// TestCancelledAfterContinueAsNew checks that a cancelled workflow closes the messages of earlier runs.
func TestCancelledAfterContinueAsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allowCancelled, func(p *plan) { p.worker = []string{"--history-limit", "60"} })
	m := w.pauseForCPI(amount)
	for n := int64(2); w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Applied >= n-1 }, "all events").Runs == 0; n++ {
		w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, amount))
	}
	w.cancelWorkflow(workflows.ProjectID(theProject))
	w.waitUpdated(m, "Cancelled by an operator")
}

// TestTerminatedProjectIsReported checks that the worker and doctor report a terminated project, which can't do so
// itself.
func TestTerminatedProjectIsReported(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t, allowCancelled)
	m := w.pauseForCPI(amount)
	w.waitRequest(func(q *project.Question) bool { return !q.Clock.From.IsZero() }, "the request to be recorded as posted")
	if err := w.temporal.TerminateWorkflow(w.ctx, workflows.ProjectID(theProject), "", "by mistake"); err != nil {
		t.Fatal(err)
	}
	w.waitRoot(alerts, "was ended in Temporal")
	w.click(ann, m, approve)
	w.waitEphemeral(ann, "closed")
	w.checkAcceptances(0)
	checkContains(t, w.run(0, "doctor"), theProject.String(), "terminated", "/archives/"+approvals)
}

// TestTerminatedKillSwitchRestarts checks that a terminated kill switch is restarted as it was last set.
func TestTerminatedKillSwitchRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allowCancelled)
	w.setAccepting(false)
	if err := w.temporal.TerminateWorkflow(w.ctx, workflows.ControlID, "", "by mistake"); err != nil {
		t.Fatal(err)
	}
	if on, err := w.flows.AcceptingNow(w.ctx); on {
		t.Errorf("a terminated switch is read as on (%v)", err)
	}
	w.worker.stop()
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	if err := w.flows.Accepting(ctx, true, eve); err == nil { // no worker can check whether eve is an approver
		t.Error("a non-approver switched accepting on")
	}
	w.worker.launch()
	await(t, "the switch to run again and be off", func() bool {
		got, err := w.temporal.DescribeWorkflowExecution(w.ctx, workflows.ControlID, "")
		now, readErr := w.flows.LastSwitch(w.ctx)
		return err == nil && got.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING && readErr == nil && !now.On && now.By != ""
	})
}
