package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// startedWith begins a run that continues another, with a project that has continued so often; a blank one at first.
func startedWith(t *testing.T, after string, runs int) *historypb.HistoryEvent {
	in := workflows.ProjectInput{ProjectID: theProject}
	if after != "" {
		in.State = &project.State{ID: theProject, Runs: runs}
	}
	return &historypb.HistoryEvent{EventTime: timestamppb.New(noon), Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{ContinuedExecutionRunId: after, Input: &commonpb.Payloads{Payloads: []*commonpb.Payload{payload(t, in)}}}}}
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
		"": {startedWith(t, "second", 2), event("e3"), signalled(t, "Decision", project.Decision{}), signalled(t, "PricingUpdate", prodege.Event{ID: "p4", Source: prodege.FromPricing}),
			signalled(t, "StatusUpdate", prodege.Event{ID: "watch-1", Source: prodege.FromCommand})},
		"second": {startedWith(t, "first", 1), event("e2")},
		"first":  {startedWith(t, "", 0), event("e1")},
	}}
	look := func() (string, bool, error) {
		h, err := NewTemporal(r, "default", "q").History(t.Context(), theProject)
		var ids []string
		for _, s := range h.Signals {
			ids = append(ids, string(s.Event.ID))
		}
		if err == nil && (h.Carried == nil || h.Carried.Runs != 2 || !h.CarriedAt.Equal(noon)) {
			t.Errorf("the newest run began with %+v at %s", h.Carried, h.CarriedAt)
		}
		return strings.Join(ids, " "), h.Whole, err
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

// TestPollersOfOneProcess: a process polls several times; what counts is when it was seen last.
func TestPollersOfOneProcess(t *testing.T) {
	seen := func(who string, ago time.Duration) *taskqueuepb.PollerInfo {
		return &taskqueuepb.PollerInfo{Identity: who, LastAccessTime: timestamppb.New(noon.Add(-ago))}
	}
	r := &recorded{pollers: []*taskqueuepb.PollerInfo{seen("b", 2*time.Minute), seen("a", 50*time.Second), seen("a", 5*time.Second), seen("a", 30*time.Second)}}
	got, err := NewTemporal(r, "default", "q").Pollers(t.Context())
	if want := []Poller{{"a", noon.Add(-5 * time.Second)}, {"b", noon.Add(-2 * time.Minute)}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}
