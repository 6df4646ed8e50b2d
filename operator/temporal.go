package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// Row is a project as Temporal's list shows it. Only its name and PO number need a worker.
type Row struct {
	Project        prodege.ProjectID `json:"project_id"`
	Name           string            `json:"name,omitempty"`
	PONumber       string            `json:"po_number,omitempty"`
	Workflow       string            `json:"workflow"`
	Status         prodege.Status    `json:"status,omitempty"`
	WaitingFor     project.Waiting   `json:"waiting_for,omitempty"`
	WaitingSince   time.Time         `json:"waiting_since,omitzero"`
	Deadline       time.Time         `json:"approval_deadline,omitzero"`
	AutoComplete   time.Time         `json:"auto_complete_at,omitzero"` // Prodege completes it about then, for inactivity
	NeedsAttention bool              `json:"needs_attention"`
	Summary        string            `json:"summary,omitempty"`
	Open           bool              `json:"open"`
	Ended          string            `json:"ended,omitempty"` // how its workflow ended: Terminated, Failed, Completed, …
	Started        time.Time         `json:"started"`
}

// temporal is Temporal as client.Client reaches it.
type temporal struct {
	client    client.Client
	namespace string
	queue     string
}

// NewTemporal asks Temporal through c about a namespace and its main task queue.
func NewTemporal(c client.Client, namespace, taskQueue string) Temporal {
	return &temporal{c, namespace, taskQueue}
}

// pageSize is how many workflows one call lists; the server's own limit is 1,000.
const pageSize = 500

func (t *temporal) List(ctx context.Context, query string, limit int) ([]Row, bool, error) {
	rows := []Row{}
	var next []byte
	for {
		got, err := t.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: t.namespace, Query: query, PageSize: pageSize, NextPageToken: next})
		if err != nil {
			return nil, false, err
		}
		for _, e := range got.GetExecutions() {
			rows = append(rows, rowOf(e))
		}
		if next = got.GetNextPageToken(); len(rows) > limit || len(next) == 0 {
			return rows[:min(limit, len(rows))], len(rows) > limit, nil
		}
	}
}

func rowOf(e *workflowpb.WorkflowExecutionInfo) Row {
	fields := e.GetSearchAttributes().GetIndexedFields()
	r := Row{
		Workflow: e.GetExecution().GetWorkflowId(), Started: e.GetStartTime().AsTime(), Open: e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
		Project: prodege.ProjectID(field[int64](fields, "ProjectId")), Status: prodege.Status(field[string](fields, "ProjectStatus")),
		WaitingFor: project.Waiting(field[string](fields, "WaitingFor")), WaitingSince: field[time.Time](fields, "WaitingSince").UTC(),
		Deadline: field[time.Time](fields, "ApprovalDeadline").UTC(), AutoComplete: field[time.Time](fields, "AutoCompleteAt").UTC(),
		NeedsAttention: field[bool](fields, "NeedsAttention"), Summary: field[string](fields, "Summary"),
	}
	if !r.Open {
		r.Ended = e.GetStatus().String()
	}
	if r.Project == 0 { // its attributes are not set yet
		r.Project, _ = prodege.ParseProjectID(strings.TrimPrefix(r.Workflow, "project-"))
	}
	return r
}

// field reads a search attribute; the zero value if it is not set.
func field[T any](fields map[string]*commonpb.Payload, name string) T {
	var v T
	if p := fields[name]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &v)
	}
	return v
}

// maxRuns bounds how many runs of one project are read: each holds thousands of events.
const maxRuns = 200

func (t *temporal) History(ctx context.Context, id prodege.ProjectID) (signals []Signal, whole bool, err error) {
	run := ""
	for n := range maxRuns {
		one, before, err := t.readRun(ctx, workflows.ProjectID(id), run)
		var missing *serviceerror.NotFound
		switch {
		case errors.As(err, &missing) && n == 0:
			return nil, false, workflows.ErrClosed
		case errors.As(err, &missing):
			return signals, false, nil // Temporal has forgotten the runs before
		case err != nil:
			return nil, false, err
		}
		if signals = append(one, signals...); before == "" {
			return signals, true, nil
		}
		run = before
	}
	return signals, false, nil
}

// readRun returns the events that reached one run, and the run that it continues.
func (t *temporal) readRun(ctx context.Context, workflow, run string) (signals []Signal, before string, err error) {
	events := t.client.GetWorkflowHistory(ctx, workflow, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return nil, "", err
		}
		if started := e.GetWorkflowExecutionStartedEventAttributes(); started != nil {
			before = started.GetContinuedExecutionRunId()
		}
		signal := e.GetWorkflowExecutionSignaledEventAttributes()
		if name := signal.GetSignalName(); name != string(workflows.StatusUpdate) && name != string(workflows.PricingUpdate) {
			continue
		}
		s := Signal{At: e.GetEventTime().AsTime()}
		if converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &s.Event) == nil && s.Event.Source != prodege.FromCommand {
			signals = append(signals, s)
		}
	}
	return signals, before, nil
}

func (t *temporal) Retention(ctx context.Context) (time.Duration, error) {
	got, err := t.client.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.namespace})
	return got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), err
}

func (t *temporal) Attributes(ctx context.Context) (map[string]string, error) {
	got, err := t.client.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: t.namespace})
	if err != nil {
		return nil, fmt.Errorf("list search attributes: %w", err)
	}
	types := map[string]string{}
	for name, kind := range got.GetCustomAttributes() {
		types[name] = kind.String()
	}
	return types, nil
}

func (t *temporal) Workers(ctx context.Context, since time.Time) (int, error) {
	got, err := t.client.DescribeTaskQueue(ctx, t.queue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	seen := map[string]bool{} // one process polls several times under one identity
	for _, p := range got.GetPollers() {
		if !p.GetLastAccessTime().AsTime().Before(since) {
			seen[p.GetIdentity()] = true
		}
	}
	return len(seen), err
}
