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

// ErrNotAllowed says that somebody may not do what they asked for.
var ErrNotAllowed = errors.New("not allowed")

// ErrClosed says that a project's workflow is closed, or never was.
var ErrClosed = errors.New("the workflow is closed")

// ErrRefused says that Temporal refuses a payload itself: trying again is no use.
var ErrRefused = errors.New("permanently refused")

// Client is all that others use to reach a workflow. It is safe for concurrent use.
type Client struct {
	temporal  client.Client
	taskQueue string
}

// NewClient reaches workflows through c; workflows are started on taskQueue.
func NewClient(c client.Client, taskQueue string) *Client {
	return &Client{temporal: c, taskQueue: taskQueue}
}

// Deliver hands one event to its Project, starting it if there is none. Once it returns nil, Temporal has the event. An
// error that wraps ErrRefused is final; any other may pass.
func (c *Client) Deliver(ctx context.Context, event prodege.Event) error {
	id := ProjectID(event.ProjectID)
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
	switch {
	case refused(err):
		return fmt.Errorf("deliver event %.128s: %w: %w", event.ID, ErrRefused, err)
	case err != nil:
		return fmt.Errorf("deliver event %.128s: %w", event.ID, err)
	}
	return nil
}

// refused reports whether Temporal refuses the payload itself. It tells that by words alone: the limit of signals per
// run, a history that is full and a wrong task queue are invalid arguments too, and pass.
func refused(err error) bool {
	var invalid *serviceerror.InvalidArgument
	if !errors.As(err, &invalid) {
		return false
	}
	words := strings.ToLower(invalid.Message)
	return strings.Contains(words, "blob data size exceeds limit") || strings.Contains(words, "payload")
}

// Decide hands a decision to its project. ErrClosed if that is closed. The SDK gives a call half of the time that ctx
// has left and does not repeat one that ran out of it; here it is repeated, as a click that arrives twice counts once.
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

// Project asks a Project for its state, without ledger and seen ids; it needs a live worker. ErrClosed if there never
// was one.
func (c *Client) Project(ctx context.Context, id prodege.ProjectID) (*project.State, error) {
	return query[*project.State](ctx, c, ProjectID(id), "", StateQuery)
}

// Ledger asks a Project for its ledger; it needs a live worker. ErrClosed if there never was one.
func (c *Client) Ledger(ctx context.Context, id prodege.ProjectID) (Ledger, error) {
	return query[Ledger](ctx, c, ProjectID(id), "", LedgerQuery)
}

// query asks one run of a workflow, the newest if none is named.
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

// EarlierRuns reports whether there were runs of a workflow id that did not continue into the run of that id: every
// closed run that did not continue as new.
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

// list gives every workflow that a query finds to each, until that returns false.
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
	options := client.StartWorkflowOptions{ID: id, TaskQueue: c.taskQueue, StaticSummary: "Pauses that came faster than Slack takes messages"}
	if _, err := c.temporal.SignalWithStartWorkflow(ctx, id, string(DigestAdd), item, options, TypeDigest, DigestState{Channel: channel}); err != nil {
		return fmt.Errorf("add to the digest of %s: %w", channel, err)
	}
	return nil
}

// ResumeHeld tells every project whose decision is held back that accepting is on again, and returns how many there
// were.
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

// Ended is a Project that Temporal ended: terminated, failed or timed out. It can say nothing any more.
type Ended struct {
	Workflow string
	Run      string
	How      string // "Terminated", …
}

// EndedSince lists the Projects that Temporal ended since then and that no event has opened again.
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
