package workflows

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// switchSummary is the kill switch's summary in the Temporal UI.
const switchSummary = "The kill switch: is anything accepted at Prodege?"

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
	options := client.StartWorkflowOptions{ID: ControlID, TaskQueue: c.taskQueue, Memo: map[string]any{AcceptingMemo: on, SwitchMemo: first}, StaticSummary: switchSummary}
	id := rand.Text()
	if _, err := c.temporal.SignalWithStartWorkflow(ctx, ControlID, string(Accepting), Switch{On: on, By: by, ID: id}, options, TypeControl, first); err != nil {
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

// AcceptingNow reads the kill switch without a worker. If it can't be read that is an error and never "on"; if it was never
// set it is on.
func (c *Client) AcceptingNow(ctx context.Context) (bool, error) {
	on, _, err := c.readSwitch(ctx)
	return on, err
}

// LastSwitch reads the kill switch like AcceptingNow, with who set it and when; these are empty if it was never set.
func (c *Client) LastSwitch(ctx context.Context) (ControlState, error) {
	on, memo, err := c.readSwitch(ctx)
	if err != nil {
		return ControlState{}, err
	}
	last, _, err := memoField[ControlState](memo, SwitchMemo)
	if err != nil {
		return ControlState{}, fmt.Errorf("read who set the kill switch: %w", err)
	}
	last.On = on
	return last, nil
}

// readSwitch reads the kill switch with its whole memo, which is empty if it was never set.
func (c *Client) readSwitch(ctx context.Context) (on bool, memo map[string]*common.Payload, err error) {
	info, err := c.describeSwitch(ctx)
	if err != nil || info == nil {
		return err == nil, nil, err
	}
	memo = info.GetMemo().GetFields()
	on, found, err := memoField[bool](memo, AcceptingMemo)
	switch {
	case err != nil:
		return false, nil, fmt.Errorf("read the kill switch: %w", err)
	case !found:
		return false, nil, errors.New("read the kill switch: its memo is missing")
	case on:
		err = c.noSwitchWaits(ctx, info.GetExecution().GetRunId())
	}
	return on, memo, err
}

// describeSwitch describes the kill switch's newest run; nil if it was never set.
func (c *Client) describeSwitch(ctx context.Context) (*workflowpb.WorkflowExecutionInfo, error) {
	got, err := c.temporal.DescribeWorkflowExecution(ctx, ControlID, "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the kill switch: %w", err)
	}
	return got.GetWorkflowExecutionInfo(), nil
}

// memoField reads a field of a memo, and reports whether there is one.
func memoField[T any](memo map[string]*common.Payload, name string) (v T, found bool, err error) {
	field, found := memo[name]
	if found {
		err = converter.GetDefaultDataConverter().FromPayload(field, &v)
	}
	return v, found, err
}

// ReviveSwitch restarts the kill switch as it was last set, if it has ended, and reports whether it did. A switch that was never
// set is left alone.
func (c *Client) ReviveSwitch(ctx context.Context) (revived bool, err error) {
	info, err := c.describeSwitch(ctx)
	if err != nil || info == nil || info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return false, err
	}
	fields := info.GetMemo().GetFields()
	last := ControlState{}
	if last.On, _, err = memoField[bool](fields, AcceptingMemo); err != nil { // off, unless it says on
		return false, fmt.Errorf("read the kill switch that has ended: %w", err)
	}
	if whole, _, err := memoField[ControlState](fields, SwitchMemo); err == nil && whole.On == last.On {
		last = whole
	}
	if last.On && c.noSwitchWaits(ctx, info.GetExecution().GetRunId()) != nil {
		last = ControlState{} // it may have been switched off, and ended before it handled that
	}
	options := client.StartWorkflowOptions{
		ID: ControlID, TaskQueue: c.taskQueue, Memo: map[string]any{AcceptingMemo: last.On, SwitchMemo: last},
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            switchSummary,
	}
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
