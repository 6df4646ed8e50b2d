package workflows

import (
	"errors"

	history "go.temporal.io/api/history/v1"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Replay runs this build's workflows against a recorded history, under the id of its workflow: what a workflow
// says of itself holds that id. An error says that a workflow with this history would be blocked. Settings need
// not be those of the recording: what chooses a branch was recorded.
func Replay(log sdklog.Logger, h *history.History, settings Settings) error {
	// Code that blocks is found by those who wait for the replay; a busy machine must not be taken for it.
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		return err
	}
	if len(h.GetEvents()) == 0 || h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes() == nil {
		return errors.New("it does not begin as a history does")
	}
	Register(r, &Workflows{Settings: settings})
	options := worker.ReplayWorkflowHistoryOptions{}
	if started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes(); started.GetWorkflowId() != "" {
		options.OriginalExecution = workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()}
	}
	return r.ReplayWorkflowHistoryWithOptions(log, h, options)
}
