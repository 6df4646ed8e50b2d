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

// TestScenarios plays the simulators' table of scenarios end to end, each on an installation of its own. With -record
// it writes their histories down; see record.
func TestScenarios(t *testing.T) {
	slow(t)
	for _, s := range simulator.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if s.Slow && !*record && !*long {
				t.Skip("takes more than a minute: -long or -record")
			}
			w := newWorld(t, scenarioPlan(s))
			stage := w.stage()
			if s.Slow {
				stage.StepLimit = 4 * waitTimeout // as long as the world lasts
			}
			s.Env, s.Worker = nil, nil // this world runs with them
			if lacks := stage.Lacks(s); lacks != "" {
				t.Skip("it needs " + lacks)
			}
			w.play(stage, s)
			w.waitAllIdle()
			if *record {
				w.record(s)
			}
		})
	}
}

// planOf is the installation that a scenario needs.
func scenarioPlan(s simulator.Scenario) func(*plan) {
	return func(p *plan) {
		for _, setting := range s.Env {
			name, value, _ := strings.Cut(setting, "=")
			p.env[name] = value
		}
		p.worker, p.allowCancelled = s.Worker, s.Name == "cancelled"
	}
}

// stage is where scenarios are played in this world.
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

// play plays a scenario. A step that fails is told with its words.
func (w *world) play(stage *simulator.Stage, s simulator.Scenario) {
	w.t.Helper()
	var step int
	if err := stage.Play(w.ctx, s, func(p simulator.Progress) { step = p.Step }); err != nil {
		var said strings.Builder
		for _, channel := range []string{alerts, approvals, finance} {
			for _, m := range w.slack.AllMessages(channel) {
				fmt.Fprintf(&said, "--- %s\n%s\n", channel, simulator.PlainText(m))
			}
		}
		w.t.Fatalf("step %d (%s): %v; said so far:\n%s", step+1, s.Steps[step].Says, err, said.String())
	}
}

// waiting is how many deliveries the ingress keeps that Temporal does not have yet; 1 if it can't be asked.
func (w *world) inboxDepth() int {
	var body struct {
		Waiting int `json:"waiting"`
	}
	if _, text := w.ingress.get("/readyz"); json.Unmarshal([]byte(text), &body) != nil {
		return 1
	}
	return body.Waiting
}

// atRest waits until Temporal has every delivery and no workflow has anything under way, so that no history ends in
// the middle of a task.
func (w *world) waitAllIdle() {
	w.t.Helper()
	await(w.t, "the inbox to be empty", func() bool { return w.inboxDepth() == 0 })
	await(w.t, "every workflow to be at rest", func() bool {
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

func (w *world) setAccepting(on bool) {
	w.t.Helper()
	if err := w.flows.Accepting(w.within(), on, ann); err != nil {
		w.t.Fatal(err)
	}
}
