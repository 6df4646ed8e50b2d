package workflows

import (
	"errors"

	history "go.temporal.io/api/history/v1"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Replay runs this build's workflows against a recorded history, under the recorded workflow id, which its commands may
// contain. An error means that a workflow with this history would be blocked. Settings need not be those of the recording:
// the history contains what chooses a branch.
func Replay(log sdklog.Logger, h *history.History, settings Settings) error {
	// Whoever waits for the replay notices code that blocks; a busy machine must not look like it.
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		return err
	}
	if len(h.GetEvents()) == 0 || h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes() == nil {
		return errors.New("it does not begin like a workflow history")
	}
	Register(r, &Workflows{Settings: settings})
	started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	options := worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()}}
	return r.ReplayWorkflowHistoryWithOptions(log, h, options)
}
