package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// Row is a workflow as Temporal's list shows it. It needs no worker.
type Row struct {
	Workflow       string            `json:"workflow"`
	Type           string            `json:"type"`
	Project        prodege.ProjectID `json:"project_id,omitempty"`
	Status         prodege.Status    `json:"status,omitempty"`
	WaitingFor     workflows.Waiting `json:"waiting_for,omitempty"`
	WaitingSince   time.Time         `json:"waiting_since,omitzero"`
	Deadline       time.Time         `json:"approval_deadline,omitzero"`
	AutoComplete   time.Time         `json:"auto_complete_at,omitzero"` // Prodege completes it about then, for inactivity
	NeedsAttention bool              `json:"needs_attention"`
	Summary        string            `json:"summary,omitempty"`
	Offers         string            `json:"offers,omitempty"` // what people can do about its pause, from the alert or with act
	Open           bool              `json:"open"`
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
	var rows []Row
	var next []byte
	for {
		got, err := t.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: t.namespace, Query: query, PageSize: pageSize, NextPageToken: next})
		if err != nil {
			return nil, false, err
		}
		for _, e := range got.GetExecutions() {
			fields := e.GetSearchAttributes().GetIndexedFields()
			rows = append(rows, Row{
				Workflow: e.GetExecution().GetWorkflowId(), Type: e.GetType().GetName(),
				Project: prodege.ProjectID(field[int64](fields, "ProjectId")), Status: prodege.Status(field[string](fields, "ProjectStatus")),
				WaitingFor: workflows.Waiting(field[string](fields, "WaitingFor")), WaitingSince: field[time.Time](fields, "WaitingSince").UTC(),
				Deadline: field[time.Time](fields, "ApprovalDeadline").UTC(), NeedsAttention: field[bool](fields, "NeedsAttention"),
				AutoComplete: field[time.Time](fields, "AutoCompleteAt").UTC(), Summary: field[string](fields, "Summary"), Started: e.GetStartTime().AsTime(),
				Open: e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
			})
		}
		next = got.GetNextPageToken()
		if len(rows) > limit || len(next) == 0 {
			break
		}
	}
	if len(rows) > limit {
		return rows[:limit], true, nil
	}
	return rows, false, nil
}

// field reads a search attribute; the zero value where it is not set.
func field[T any](fields map[string]*commonpb.Payload, name string) T {
	var v T
	if p := fields[name]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &v)
	}
	return v
}

// maxRuns bounds how many runs of one project are read: each holds thousands of events.
const maxRuns = 200

func (t *temporal) History(ctx context.Context, project prodege.ProjectID) (History, error) {
	var h History
	run := ""
	for range maxRuns {
		one, err := t.historyOf(ctx, workflows.ProjectWorkflowID(project), run)
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) {
			if run == "" {
				return History{}, workflows.ErrClosed
			}
			return h, nil // Temporal has forgotten the runs before
		}
		if err != nil {
			return History{}, err
		}
		h.Signals = append(one.signals, h.Signals...)
		if run == "" && one.carried != nil {
			h.Carried, h.CarriedAt = one.carried, one.began
		}
		if h.Whole = one.before == ""; h.Whole {
			return h, nil
		}
		run = one.before
	}
	return h, nil
}

// projectRun is what the history of one run tells.
type projectRun struct {
	signals []Signalled
	before  string // the run that it continues
	began   time.Time
	carried *workflows.ProjectState // with what it began
}

// historyOf reads one run, the newest where run is empty.
func (t *temporal) historyOf(ctx context.Context, id, run string) (r projectRun, err error) {
	events := t.client.GetWorkflowHistory(ctx, id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return projectRun{}, err
		}
		if started := e.GetWorkflowExecutionStartedEventAttributes(); started != nil {
			var in workflows.ProjectInput
			r.before, r.began = started.GetContinuedExecutionRunId(), e.GetEventTime().AsTime()
			if converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), &in) == nil {
				r.carried = in.State
			}
		}
		signal := e.GetWorkflowExecutionSignaledEventAttributes()
		if name := signal.GetSignalName(); name != string(workflows.StatusUpdate) && name != string(workflows.PricingUpdate) {
			continue
		}
		s := Signalled{At: e.GetEventTime().AsTime()}
		if converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &s.Event) == nil && s.Event.Source != prodege.FromCommand {
			r.signals = append(r.signals, s)
		}
	}
	return r, nil
}

func (t *temporal) Namespace(ctx context.Context) (Namespace, error) {
	got, err := t.client.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.namespace})
	if err != nil {
		return Namespace{}, err
	}
	return Namespace{Retention: got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()}, nil
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

func (t *temporal) Schedule(ctx context.Context) (*Schedule, error) {
	got, err := t.client.ScheduleClient().GetHandle(ctx, workflows.ReportID).Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil, nil
	case err != nil:
		return nil, err
	}
	s := &Schedule{Paused: got.Schedule.State != nil && got.Schedule.State.Paused}
	if next := got.Info.NextActionTimes; len(next) > 0 && !s.Paused {
		s.Next = next[0]
	}
	return s, nil
}

func (t *temporal) Pollers(ctx context.Context) ([]Poller, error) {
	got, err := t.client.DescribeTaskQueue(ctx, t.queue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return nil, err
	}
	// One process polls several times under one identity.
	seen := map[string]time.Time{}
	for _, p := range got.GetPollers() {
		if at := p.GetLastAccessTime().AsTime(); at.After(seen[p.GetIdentity()]) {
			seen[p.GetIdentity()] = at
		}
	}
	var all []Poller
	for who, at := range seen {
		all = append(all, Poller{who, at})
	}
	slices.SortFunc(all, func(a, b Poller) int { return b.Seen.Compare(a.Seen) })
	return all, nil
}
