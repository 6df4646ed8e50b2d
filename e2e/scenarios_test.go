package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// TestScenarios plays the simulators' table of scenarios end to end, each in an installation of its own. With -record
// it records their histories; see world.record.
func TestScenarios(t *testing.T) {
	skipIfShort(t)
	for _, s := range simulator.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if s.Slow && !*record && !*long {
				t.Skip("takes more than a minute: -long or -record")
			}
			w := newWorld(t, scenarioPlan(s))
			stage := w.stage()
			if s.Slow {
				stage.StepLimit = 4 * waitTimeout // the limit of the whole test
			}
			s.Env, s.Worker = nil, nil // applied by scenarioPlan
			if missing := stage.Lacks(s); missing != "" {
				t.Skip("needs " + missing)
			}
			w.play(stage, s)
			w.waitAllIdle()
			if *record {
				w.record(s)
			}
		})
	}
}

// scenarioPlan returns the plan of the installation that a scenario needs.
func scenarioPlan(s simulator.Scenario) func(*plan) {
	return func(p *plan) {
		for _, setting := range s.Env {
			name, value, _ := strings.Cut(setting, "=")
			p.env[name] = value
		}
		p.worker, p.allowCancelled = s.Worker, s.Name == "cancelled"
	}
}

// stage returns the stage on which scenarios are played in this world.
func (w *world) stage() *simulator.Stage {
	return &simulator.Stage{
		Slack: w.slack, Prodege: w.prodege, Billing: w.billing, StepLimit: waitTimeout, Waiting: w.inboxDepth,
		Cast: simulator.Cast{Approver: ann, Second: ben, Outsider: eve, Alerts: alerts, Approvals: approvals, Finance: finance, FirstProject: theProject + 1},
		Operator: &simulator.Operator{
			Accepting: func(ctx context.Context, on bool) error { return w.flows.Accepting(ctx, on, ann) },
			Cancel: func(_ context.Context, id prodege.ProjectID) error {
				w.cancelWorkflow(workflows.ProjectID(id))
				return nil
			},
			Report: func(context.Context) error { w.triggerReport(); return nil },
		},
	}
}

// play plays a scenario. The failure of a step includes all messages posted so far.
func (w *world) play(stage *simulator.Stage, s simulator.Scenario) {
	w.t.Helper()
	var step int
	if err := stage.Play(w.ctx, s, func(p simulator.Progress) { step = p.Step }); err != nil {
		var messages strings.Builder
		for _, channel := range []string{alerts, approvals, finance} {
			for _, m := range w.slack.AllMessages(channel) {
				fmt.Fprintf(&messages, "--- %s\n%s\n", channel, simulator.PlainText(m))
			}
		}
		w.t.Fatalf("step %d (%s): %v; messages so far:\n%s", step+1, s.Steps[step].Says, err, messages.String())
	}
}

// inboxDepth returns how many deliveries in the ingress Temporal does not have yet, or 1 if that is unknown.
func (w *world) inboxDepth() int {
	var body struct {
		Waiting int `json:"waiting"`
	}
	if _, text := w.ingress.get("/readyz"); json.Unmarshal([]byte(text), &body) != nil {
		return 1
	}
	return body.Waiting
}

// waitAllIdle waits until Temporal has every delivery and no workflow has anything in progress, so that no history ends
// in the middle of a task.
func (w *world) waitAllIdle() {
	w.t.Helper()
	await(w.t, "the inbox to be empty", func() bool { return w.inboxDepth() == 0 })
	await(w.t, "every workflow to be idle", func() bool {
		found, err := w.temporal.ListWorkflow(w.ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: w.namespace, Query: "ExecutionStatus = 'Running'"})
		if err != nil {
			return false
		}
		for _, one := range found.GetExecutions() {
			got, err := w.temporal.DescribeWorkflowExecution(w.ctx, one.GetExecution().GetWorkflowId(), "")
			if err != nil {
				return false
			}
			running := got.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
			if running && (len(got.GetPendingActivities()) > 0 || got.GetPendingWorkflowTask() != nil) || one.GetType().GetName() == workflows.TypeDigest || one.GetType().GetName() == workflows.TypeReport {
				return false
			}
		}
		return true
	})
}

// setAccepting sets the kill switch.
func (w *world) setAccepting(on bool) {
	w.t.Helper()
	if err := w.flows.Accepting(w.waitContext(), on, ann); err != nil {
		w.t.Fatal(err)
	}
}
