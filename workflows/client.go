package workflows

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/prodege"
)

// ErrNotAllowed says that somebody may not do what they asked for.
var ErrNotAllowed = errors.New("not allowed")

// ErrClosed says that the workflow a decision was for is closed (or never was).
var ErrClosed = errors.New("the workflow is closed")

// ErrForGood says that Temporal refuses a payload for good: trying again is no use.
var ErrForGood = errors.New("refused for good")

// Client is all that others use to reach a workflow. It is safe for concurrent use.
type Client struct {
	temporal  client.Client
	taskQueue string
}

// NewClient reaches workflows through c; workflows are started on taskQueue.
func NewClient(c client.Client, taskQueue string) *Client {
	return &Client{temporal: c, taskQueue: taskQueue}
}

// Deliver hands one event to its Project, starting it where there is none. Once it returns nil, Temporal
// has the event. An error that wraps ErrForGood is final; any other may pass.
func (c *Client) Deliver(ctx context.Context, event prodege.Event) error {
	id := ProjectWorkflowID(event.ProjectID)
	signal := StatusUpdate
	if event.Source == prodege.FromPricing {
		signal = PricingUpdate
	}
	// No search attributes at start: an unregistered one would refuse the start. The workflow sets them.
	options := client.StartWorkflowOptions{
		ID: id, TaskQueue: c.taskQueue,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         fmt.Sprintf("Prodege project %s", event.ProjectID),
		StaticDetails:         fmt.Sprintf("The life of Prodege's survey project %s: its events, its CPI requests, its invoice.", event.ProjectID),
	}
	_, err := c.temporal.SignalWithStartWorkflow(ctx, id, string(signal), event, options, TypeProject, ProjectInput{ProjectID: event.ProjectID})
	if ofPayload(err) {
		return fmt.Errorf("deliver event %.128s: %w: %w", event.ID, ErrForGood, err)
	}
	if err != nil {
		return fmt.Errorf("deliver event %.128s: %w", event.ID, err)
	}
	return nil
}

// ofPayload says that Temporal refuses the payload itself. It tells that by words alone: the limit of signals a run,
// a history that is full and a wrong task queue are invalid arguments too, and pass.
func ofPayload(err error) bool {
	var invalid *serviceerror.InvalidArgument
	if !errors.As(err, &invalid) {
		return false
	}
	words := strings.ToLower(invalid.Message)
	return strings.Contains(words, "blob data size exceeds limit") || strings.Contains(words, "payload")
}

// Decide hands a click to the workflow that its button names. ErrClosed where that is closed. The SDK gives a
// call half of the time that ctx has left and does not repeat one that ran out of it; here it is repeated, as a
// click that arrives twice counts once.
func (c *Client) Decide(ctx context.Context, workflowID string, d Decision) error {
	for {
		err := c.temporal.SignalWorkflow(ctx, workflowID, "", string(Decide), d)
		if !outOfTime(err) || ctx.Err() != nil {
			return closed(err)
		}
	}
}

func outOfTime(err error) bool {
	var late *serviceerror.DeadlineExceeded
	return errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded)
}

func closed(err error) error {
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return ErrClosed
	}
	return err
}

// Project asks a Project for its state; it needs a live worker. ErrClosed where there never was one.
func (c *Client) Project(ctx context.Context, id prodege.ProjectID) (ProjectState, error) {
	return query[ProjectState](ctx, c, ProjectWorkflowID(id))
}

// Approval asks a CPIApproval for its state, closed or open; it needs a live worker.
func (c *Client) Approval(ctx context.Context, workflowID string) (ApprovalState, error) {
	return query[ApprovalState](ctx, c, workflowID)
}

// Action asks a ProjectAction for its state, closed or open; it needs a live worker.
func (c *Client) Action(ctx context.Context, workflowID string) (ActionState, error) {
	return query[ActionState](ctx, c, workflowID)
}

// Invoicing asks an Invoicing for its state, closed or open; it needs a live worker.
func (c *Client) Invoicing(ctx context.Context, workflowID string) (InvoicingState, error) {
	return query[InvoicingState](ctx, c, workflowID)
}

func query[T any](ctx context.Context, c *Client, workflowID string) (T, error) {
	return queryRun[T](ctx, c, workflowID, "")
}

// queryRun asks one run, the newest where none is named.
func queryRun[T any](ctx context.Context, c *Client, workflowID, runID string) (T, error) {
	var state T
	got, err := c.temporal.QueryWorkflow(ctx, workflowID, runID, StateQuery)
	if err != nil {
		return state, closed(err)
	}
	return state, got.Get(&state)
}

// Accepting switches all acceptance at Prodege on or off, for every project. It returns once the switch can
// be read as it was set: that takes a live worker. Where ctx ends sooner the switch is set all the same as
// soon as a worker runs, and the error says so. ErrNotAllowed where by may not switch it on.
func (c *Client) Accepting(ctx context.Context, on bool, by string) error {
	if _, err := c.ReviveSwitch(ctx); err != nil { // else one that was terminated would begin anew, as it is asked for here
		return fmt.Errorf("switch accepting: %w", err)
	}
	first := ControlState{On: true} // where it was never turned before
	if !on {
		first = ControlState{By: by, At: time.Now().UTC()}
	}
	options := client.StartWorkflowOptions{
		ID: ControlID, TaskQueue: c.taskQueue, Memo: map[string]any{AcceptingMemo: on, SwitchMemo: first},
		StaticSummary: switchSummary,
	}
	id := rand.Text()
	if _, err := c.temporal.SignalWithStartWorkflow(ctx, ControlID, string(Accepting), Switch{On: on, By: by, ID: id}, options, TypeControl, first); err != nil {
		return fmt.Errorf("switch accepting: %w", err)
	}
	for {
		now, err := c.LastSwitch(ctx)
		switch {
		case err == nil && now.Refused == id:
			return fmt.Errorf("%w: %s", ErrNotAllowed, now.Why)
		case err == nil && now.On == on:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the switch is recorded but no worker has set it yet: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// AcceptingNow reads the kill switch; it needs no worker. A switch that can't be read is an error, never "on";
// one that was never set is on.
func (c *Client) AcceptingNow(ctx context.Context) (bool, error) {
	on, _, err := c.readSwitch(ctx)
	return on, err
}

// readSwitch reads the kill switch once, with all that its memo holds; that is empty where it was never set.
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

// describeSwitch tells of the kill switch's newest run; nil where it was never set.
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

// memoField reads a field of a memo, and says whether there is one.
func memoField[T any](memo map[string]*common.Payload, name string) (v T, found bool, err error) {
	field, found := memo[name]
	if found {
		err = converter.GetDefaultDataConverter().FromPayload(field, &v)
	}
	return v, found, err
}

// ReviveSwitch starts the kill switch again, as it was set last, where somebody terminated it: it says whether
// that was so. One that was never turned is left alone.
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
		last = ControlState{} // it was turned off, perhaps, and ended before it took that
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

// switchSummary is what the Temporal UI says of the kill switch.
const switchSummary = "The kill switch: is anything accepted at Prodege?"

// LastSwitch reads the kill switch as AcceptingNow does, with who set it so and when. These are empty where it
// was never switched, and where a version that did not keep them switched it.
func (c *Client) LastSwitch(ctx context.Context) (ControlState, error) {
	on, memo, err := c.readSwitch(ctx)
	if err != nil {
		return ControlState{}, err
	}
	last, _, err := memoField[ControlState](memo, SwitchMemo)
	if err != nil {
		return ControlState{}, fmt.Errorf("read who set the kill switch: %w", err)
	}
	if last.On != on {
		return ControlState{On: on}, nil // never switched, or last by a version that did not keep who
	}
	return last, nil
}

// noSwitchWaits says whether every switch that was signalled stands in the memo. One that no worker has taken
// yet, after an outage, say, would be overlooked otherwise by the first acceptance that runs again.
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
		return errors.New("read the kill switch: it has just been switched, and no worker has taken that yet")
	}
	return nil
}

// Health says whether Temporal answers.
func (c *Client) Health(ctx context.Context) error {
	_, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}
