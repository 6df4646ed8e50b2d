package workflows

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// ErrNotAllowed means that somebody may not do what they asked for.
var ErrNotAllowed = errors.New("not allowed")

// ErrClosed means that a project's workflow is closed, or never existed.
var ErrClosed = errors.New("the workflow is closed")

// ErrRefused means that Temporal refuses a payload permanently.
var ErrRefused = errors.New("permanently refused")

// Client is the only way for other packages to reach a workflow. It is safe for concurrent use.
type Client struct {
	temporal  client.Client
	taskQueue string
}

// NewClient returns a Client that uses c, and starts workflows on taskQueue.
func NewClient(c client.Client, taskQueue string) *Client {
	return &Client{temporal: c, taskQueue: taskQueue}
}

// Deliver hands an event to its Project, starting it if there is none. Once it returns nil, Temporal has the event. An error
// that wraps ErrRefused is final; any other may be temporary.
func (c *Client) Deliver(ctx context.Context, event prodege.Event) error {
	id := ProjectID(event.ProjectID)
	signal := StatusUpdate
	if event.Source == prodege.FromPricing {
		signal = PricingUpdate
	}
	// The workflow sets the search attributes: with one that is not registered the start would be refused.
	options := client.StartWorkflowOptions{
		ID: id, TaskQueue: c.taskQueue,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         fmt.Sprintf("Prodege project %s", event.ProjectID),
		StaticDetails:         fmt.Sprintf("The life of Prodege's survey project %s: its events, its CPI requests, its invoice.", event.ProjectID),
	}
	_, err := c.temporal.SignalWithStartWorkflow(ctx, id, string(signal), event, options, TypeProject, ProjectInput{ProjectID: event.ProjectID})
	switch {
	case refused(err):
		return fmt.Errorf("deliver event %.128s: %w: %w", event.ID, ErrRefused, err)
	case err != nil:
		return fmt.Errorf("deliver event %.128s: %w", event.ID, err)
	}
	return nil
}

// refused reports whether Temporal refuses the payload itself. Only the words tell: the limit of signals per run, a full
// history and a wrong task queue are invalid arguments, too, and temporary.
func refused(err error) bool {
	var invalid *serviceerror.InvalidArgument
	if !errors.As(err, &invalid) {
		return false
	}
	words := strings.ToLower(invalid.Message)
	return strings.Contains(words, "blob data size exceeds limit") || strings.Contains(words, "payload")
}

// Decide hands a decision to its project. The error is ErrClosed if that is closed. The SDK gives a call half of ctx's
// remaining time and does not repeat one that exceeds it; Decide does, because a click that arrives twice counts once.
func (c *Client) Decide(ctx context.Context, id prodege.ProjectID, d project.Decision) error {
	for {
		err := c.temporal.SignalWorkflow(ctx, ProjectID(id), "", string(Decide), d)
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

// Project queries a project's state, without ledger and seen ids. It needs a live worker. The error is ErrClosed if there
// never was such a project.
func (c *Client) Project(ctx context.Context, id prodege.ProjectID) (*project.State, error) {
	return query[*project.State](ctx, c, ProjectID(id), "", StateQuery)
}

// Ledger queries a project's ledger. It needs a live worker. The error is ErrClosed if there never was such a project.
func (c *Client) Ledger(ctx context.Context, id prodege.ProjectID) (Ledger, error) {
	return query[Ledger](ctx, c, ProjectID(id), "", LedgerQuery)
}

// query queries a run of a workflow, or the newest one if runID is empty.
func query[T any](ctx context.Context, c *Client, workflowID, runID, name string) (T, error) {
	var answer T
	got, err := c.temporal.QueryWorkflow(ctx, workflowID, runID, name)
	if err != nil {
		return answer, closed(err)
	}
	return answer, got.Get(&answer)
}

// Health returns an error unless Temporal answers.
func (c *Client) Health(ctx context.Context) error {
	_, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

// EarlierRuns reports whether a workflow id has runs other than runID that are closed and did not continue as new.
func (c *Client) EarlierRuns(ctx context.Context, workflowID, runID string) (found bool, err error) {
	err = c.list(ctx, fmt.Sprintf("WorkflowId = '%s'", workflowID), func(e *workflowpb.WorkflowExecutionInfo) bool {
		switch e.GetStatus() {
		case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
			return true
		}
		found = e.GetExecution().GetRunId() != runID
		return !found
	})
	if err != nil {
		return false, fmt.Errorf("look for earlier runs of %s: %w", workflowID, err)
	}
	return found, nil
}

// list calls each with every workflow that a query finds, until it returns false.
func (c *Client) list(ctx context.Context, query string, each func(*workflowpb.WorkflowExecutionInfo) bool) error {
	const page = 500 // the server's own limit is 1,000
	var next []byte
	for {
		got, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: page, NextPageToken: next})
		if err != nil {
			return err
		}
		for _, e := range got.GetExecutions() {
			if !each(e) {
				return nil
			}
		}
		if next = got.GetNextPageToken(); len(next) == 0 {
			return nil
		}
	}
}

// AddToDigest adds an alert to a channel's digest, starting it if none runs.
func (c *Client) AddToDigest(ctx context.Context, channel string, item project.DigestItem) error {
	id := DigestID(channel)
	options := client.StartWorkflowOptions{ID: id, TaskQueue: c.taskQueue, StaticSummary: "Pauses that came faster than Slack accepts messages"}
	if _, err := c.temporal.SignalWithStartWorkflow(ctx, id, string(DigestAdd), item, options, TypeDigest, DigestState{Channel: channel}); err != nil {
		return fmt.Errorf("add to the digest of %s: %w", channel, err)
	}
	return nil
}

// ResumeHeld tells every project whose decision is held back that accepting is on again, and returns how many it told.
func (c *Client) ResumeHeld(ctx context.Context) (told int, err error) {
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND Summary STARTS_WITH '%s'", TypeProject, cards.HeldBack)
	var failed error
	err = c.list(ctx, query, func(e *workflowpb.WorkflowExecutionInfo) bool {
		d := project.Decision{ID: "resume-" + rand.Text(), Verdict: project.Resume}
		if err := c.temporal.SignalWorkflow(ctx, e.GetExecution().GetWorkflowId(), "", string(Decide), d); err != nil && !errors.Is(closed(err), ErrClosed) {
			failed = err
			return ctx.Err() == nil
		}
		told++
		return true
	})
	return told, errors.Join(err, failed)
}

// Ended is a Project whose workflow ended without closing its messages: it was terminated, failed or timed out.
type Ended struct {
	Workflow string
	Run      string
	How      string // "Terminated", …
}

// EndedSince lists the Projects that were terminated, failed or timed out since a time.
func (c *Client) EndedSince(ctx context.Context, since time.Time) (ended []Ended, err error) {
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut') AND CloseTime >= '%s'", TypeProject, since.UTC().Format(time.RFC3339))
	err = c.list(ctx, query, func(e *workflowpb.WorkflowExecutionInfo) bool {
		ended = append(ended, Ended{Workflow: e.GetExecution().GetWorkflowId(), Run: e.GetExecution().GetRunId(), How: e.GetStatus().String()})
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("list ended projects: %w", err)
	}
	return ended, nil
}
