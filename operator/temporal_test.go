package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// recorded is a Temporal that answers from memory: lists in pages, and the histories of runs.
type recorded struct {
	client.Client
	pages []*workflowservice.ListWorkflowExecutionsResponse
	runs  map[string][]*historypb.HistoryEvent // by run; the newest is ""
	fault error

	pollers []*taskqueuepb.PollerInfo
}

func (r *recorded) DescribeTaskQueue(context.Context, string, enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: r.pollers}, nil
}

func (r *recorded) ListWorkflow(_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	return r.pages[len(request.GetNextPageToken())], nil // the token's length is the page's number
}

func (r *recorded) GetWorkflowHistory(_ context.Context, _, run string, _ bool, _ enums.HistoryEventFilterType) client.HistoryEventIterator {
	events, found := r.runs[run]
	err := r.fault
	if !found && err == nil {
		err = serviceerror.NewNotFound("forgotten")
	}
	return &oneRun{events, err}
}

type oneRun struct {
	left []*historypb.HistoryEvent
	err  error
}

func (e *oneRun) HasNext() bool { return len(e.left) > 0 || e.err != nil }
func (e *oneRun) Next() (*historypb.HistoryEvent, error) {
	if e.err != nil {
		return nil, e.err
	}
	next := e.left[0]
	e.left = e.left[1:]
	return next, nil
}

func payload(t *testing.T, v any) *commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// startedAfter begins a run that continues another; empty: none.
func startedAfter(run string) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventTime: timestamppb.New(noon), Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{ContinuedExecutionRunId: run}}}
}

func signalled(t *testing.T, name string, v any) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventTime: timestamppb.New(noon), Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
		WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: name, Input: &commonpb.Payloads{Payloads: []*commonpb.Payload{payload(t, v)}}}}}
}

// TestHistoryOfAllRuns: a project that continued as new is read back to its beginning, or to where Temporal
// has forgotten it.
func TestHistoryOfAllRuns(t *testing.T) {
	event := func(id string) *historypb.HistoryEvent {
		return signalled(t, "StatusUpdate", prodege.Event{ID: prodege.EventID(id), ProjectID: theProject, Status: prodege.Live})
	}
	r := &recorded{runs: map[string][]*historypb.HistoryEvent{
		"": {startedAfter("second"), event("e3"), signalled(t, "Decision", project.Decision{}), signalled(t, "PricingUpdate", prodege.Event{ID: "p4", Source: prodege.FromPricing}),
			signalled(t, "StatusUpdate", prodege.Event{ID: "watch-1", Source: prodege.FromCommand})},
		"second": {startedAfter("first"), event("e2")},
		"first":  {startedAfter(""), event("e1")},
	}}
	look := func() (string, bool, error) {
		signals, whole, err := NewTemporal(r, "default", "q").History(t.Context(), theProject)
		var ids []string
		for _, s := range signals {
			ids = append(ids, string(s.Event.ID))
		}
		return strings.Join(ids, " "), whole, err
	}
	if ids, whole, err := look(); ids != "e1 e2 e3 p4" || !whole || err != nil {
		t.Errorf("%s, %t, %v", ids, whole, err)
	}
	delete(r.runs, "first")
	if ids, whole, err := look(); ids != "e2 e3 p4" || whole || err != nil {
		t.Errorf("with the first run forgotten: %s, %t, %v", ids, whole, err)
	}
	r.runs = nil
	if _, _, err := look(); !errors.Is(err, workflows.ErrClosed) {
		t.Errorf("never heard of: %v", err)
	}
	r.fault = errors.New("away")
	if _, _, err := look(); err == nil || errors.Is(err, workflows.ErrClosed) {
		t.Errorf("away: %v", err)
	}
}

func TestRowsOfSeveralPages(t *testing.T) {
	r := &recorded{}
	for page := range 3 {
		answer := &workflowservice.ListWorkflowExecutionsResponse{NextPageToken: []byte(strings.Repeat("x", (page+1)%3))}
		for i := range 2 {
			fields := map[string]*commonpb.Payload{"ProjectId": payload(t, page*2+i+1), "WaitingFor": payload(t, "approval"), "NeedsAttention": payload(t, i == 0),
				"WaitingSince": payload(t, noon.In(time.FixedZone("west", -8*3600))), "Summary": payload(t, "asks")}
			answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{
				Execution: &commonpb.WorkflowExecution{WorkflowId: fmt.Sprintf("project-%d", page*2+i+1)}, Type: &commonpb.WorkflowType{Name: "Project"},
				Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING, StartTime: timestamppb.New(noon), SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields}})
		}
		r.pages = append(r.pages, answer)
	}
	for limit, want := range map[int]struct {
		n    int
		more bool
	}{10: {6, false}, 6: {6, false}, 5: {5, true}, 3: {3, true}, 2: {2, true}} {
		rows, more, err := NewTemporal(r, "default", "q").List(t.Context(), "", limit)
		if err != nil || len(rows) != want.n || more != want.more {
			t.Errorf("limit %d: %d rows, more %t, %v", limit, len(rows), more, err)
			continue
		}
		if got := rows[0]; got.Project != 1 || got.WaitingFor != project.WaitsApproval || !got.NeedsAttention || got.WaitingSince != noon || !got.Open || got.Summary != "asks" {
			t.Errorf("%+v", got)
		}
	}
}

// TestWorkers: a process polls several times; it counts once, if it was seen lately.
func TestWorkers(t *testing.T) {
	seen := func(who string, ago time.Duration) *taskqueuepb.PollerInfo {
		return &taskqueuepb.PollerInfo{Identity: who, LastAccessTime: timestamppb.New(noon.Add(-ago))}
	}
	r := &recorded{pollers: []*taskqueuepb.PollerInfo{seen("b", 71*time.Second), seen("a", 71*time.Second), seen("a", 5*time.Second), seen("c", 70*time.Second)}}
	if n, err := NewTemporal(r, "default", "q").Workers(t.Context(), noon.Add(-70*time.Second)); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
