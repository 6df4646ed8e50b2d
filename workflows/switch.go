package workflows

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// Accepting switches acceptance at Prodege on or off for all projects, and returns the result, which needs a live worker. If
// ctx is done before, the switch is set as soon as a worker runs, and the error says so. The error is ErrNotAllowed if the
// person by may not switch it on.
func (c *Client) Accepting(ctx context.Context, on bool, by string) error {
	if _, err := c.ReviveSwitch(ctx); err != nil { // a terminated one would otherwise start with the new state, unchecked
		return fmt.Errorf("switch accepting: %w", err)
	}
	first := ControlState{On: true} // if it was never set before
	if !on {
		first = ControlState{By: by, At: time.Now().UTC()}
	}
	id := rand.Text()
	if _, err := c.temporal.SignalWithStartWorkflow(ctx, ControlID, string(Accepting), Switch{On: on, By: by, ID: id}, c.startSwitch(first), TypeControl, first); err != nil {
		return fmt.Errorf("switch accepting: %w", err)
	}
	for {
		if now, err := c.LastSwitch(ctx); err == nil {
			for _, done := range now.Switched {
				switch {
				case done.ID == id && done.Why != "":
					return fmt.Errorf("%w: %s", ErrNotAllowed, done.Why)
				case done.ID == id:
					return nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the switch is recorded but no worker has set it yet: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// startSwitch returns the options to start the kill switch with a state.
func (c *Client) startSwitch(state ControlState) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{ID: ControlID, TaskQueue: c.taskQueue, Memo: map[string]any{AcceptingMemo: state.On, SwitchMemo: state},
		StaticSummary: "The kill switch: is anything accepted at Prodege?"}
}

// AcceptingNow reads the kill switch like LastSwitch.
func (c *Client) AcceptingNow(ctx context.Context) (bool, error) {
	last, err := c.LastSwitch(ctx)
	return last.On, err
}

// LastSwitch reads the kill switch without a worker: whether it is on, who set it and when; these are empty if it was never set,
// and then it is on. If it can't be read that is an error and never "on".
func (c *Client) LastSwitch(ctx context.Context) (ControlState, error) {
	info, err := c.describeSwitch(ctx)
	if err != nil || info == nil {
		return ControlState{On: err == nil}, err
	}
	last, found, err := recordedSwitch(info)
	switch {
	case err != nil:
		return ControlState{}, fmt.Errorf("read the kill switch: %w", err)
	case !found:
		return ControlState{}, errors.New("read the kill switch: its memo is missing")
	case last.On:
		if err := c.noSwitchWaits(ctx, info.GetExecution().GetRunId()); err != nil {
			return ControlState{}, err
		}
	}
	return last, nil
}

// describeSwitch describes the kill switch's newest run; nil if it was never set.
func (c *Client) describeSwitch(ctx context.Context) (*workflowpb.WorkflowExecutionInfo, error) {
	got, err := c.temporal.DescribeWorkflowExecution(ctx, ControlID, "")
	switch {
	case errors.Is(closed(err), ErrClosed):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the kill switch: %w", err)
	}
	return got.GetWorkflowExecutionInfo(), nil
}

// recordedSwitch reads the memo of a run of the kill switch: who set it, and, only from AcceptingMemo, whether it is on. found is
// false if that is missing.
func recordedSwitch(info *workflowpb.WorkflowExecutionInfo) (last ControlState, found bool, err error) {
	fields, conv := info.GetMemo().GetFields(), converter.GetDefaultDataConverter()
	if who, ok := fields[SwitchMemo]; ok && conv.FromPayload(who, &last) != nil {
		last = ControlState{} // it is for people only
	}
	last.On = false
	on, found := fields[AcceptingMemo]
	if found {
		err = conv.FromPayload(on, &last.On)
	}
	return last, found, err
}

// ReviveSwitch restarts the kill switch as it was last set, if it has ended, and reports whether it did. A switch that was never
// set is left alone.
func (c *Client) ReviveSwitch(ctx context.Context) (revived bool, err error) {
	info, err := c.describeSwitch(ctx)
	if err != nil || info == nil || info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return false, err
	}
	last, _, err := recordedSwitch(info) // off, unless it says on
	if err != nil {
		return false, fmt.Errorf("read the kill switch that has ended: %w", err)
	}
	if last.On && c.noSwitchWaits(ctx, info.GetExecution().GetRunId()) != nil {
		last = ControlState{} // it may have been switched off, and ended before it handled that
	}
	options := c.startSwitch(last)
	options.WorkflowIDConflictPolicy = enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	if _, err := c.temporal.ExecuteWorkflow(ctx, options, TypeControl, last); err != nil {
		return false, fmt.Errorf("start the kill switch again: %w", err)
	}
	return true, nil
}

// noSwitchWaits returns an error unless the memo reflects every signal. Otherwise the first acceptance after an outage could
// overlook a switch that no worker has handled yet.
func (c *Client) noSwitchWaits(ctx context.Context, runID string) error {
	waits := false
	for events := c.temporal.GetWorkflowHistory(ctx, ControlID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("read the kill switch: %w", err)
		}
		switch event.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			waits = true
		case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			waits = false
		}
	}
	if waits {
		return errors.New("read the kill switch: it has just been switched, and no worker has handled that yet")
	}
	return nil
}
