package program

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/ingress"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// mostOpen bounds a list for people; who has more to do than this does not read on.
const mostOpen = 200

// openItems lists the projects that wait for a person: first those with a decision to take, an invoice to make or
// something to mend, then those that stand still for a reason that people see to; each the oldest first. It needs no
// worker: the search attributes tell.
func openItems(c client.Client) func(ctx context.Context) ([]ingress.OpenItem, error) {
	running := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflows.TypeProject)
	first := fmt.Sprintf("%s AND (WaitingFor = '%s' OR NeedsAttention = true OR WaitingFor = '%s' AND Summary STARTS_WITH '%s')",
		running, workflows.WaitsApproval, workflows.WaitsInvoicing, workflows.SummaryByHand)
	then := fmt.Sprintf("%s AND ProjectStatus = '%s' AND WaitingFor = '%s' AND NeedsAttention = false", running, prodege.Paused, workflows.WaitsLive)
	return func(ctx context.Context) ([]ingress.OpenItem, error) {
		items, err := openOf(ctx, c, first)
		if err != nil {
			return nil, err
		}
		paused, err := openOf(ctx, c, then)
		return append(items, paused...), err
	}
}

func openOf(ctx context.Context, c client.Client, query string) ([]ingress.OpenItem, error) {
	got, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: mostOpen})
	if err != nil {
		return nil, fmt.Errorf("list what waits for a person: %w", err)
	}
	var items []ingress.OpenItem
	for _, e := range got.GetExecutions() {
		fields := e.GetSearchAttributes().GetIndexedFields()
		items = append(items, ingress.OpenItem{
			Workflow: e.GetExecution().GetWorkflowId(),
			Project:  prodege.ProjectID(field[int64](fields, "ProjectId")),
			Summary:  field[string](fields, "Summary"),
			Since:    field[time.Time](fields, "WaitingSince"),
			Decision: field[string](fields, "WaitingFor") == string(workflows.WaitsApproval),
		})
	}
	slices.SortFunc(items, func(a, b ingress.OpenItem) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Project, b.Project))
	})
	return items, nil
}

// field reads a search attribute; the zero value where it is not set.
func field[T any](fields map[string]*commonpb.Payload, name string) T {
	var v T
	if p := fields[name]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &v)
	}
	return v
}
