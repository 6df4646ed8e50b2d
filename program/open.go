package program

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/cards"
	"fieldmarshal/ingress"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// directory lists open projects for the slash command and the home tab. It needs no worker: the search attributes hold
// what it tells.
type directory struct{ temporal lister }

// lister is what a directory needs of Temporal; client.Client has it.
type lister interface {
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
}

const openProjects = "WorkflowType = '" + workflows.TypeProject + "' AND ExecutionStatus = 'Running'"

// waitingQuery finds the projects that wait for a person: to decide, to act on a pause, to make an invoice by hand, or
// to put something right. Whether an invoice is made by hand stands in the summary alone.
func waitingQuery() string {
	byHand := cards.Summary(project.View{Status: prodege.Complete, Invoice: project.InvoiceByHand})
	return fmt.Sprintf("%s AND (WaitingFor = '%s' OR WaitingFor = '%s' OR NeedsAttention = true OR WaitingFor = '%s' AND Summary STARTS_WITH '%s')",
		openProjects, project.WaitsApproval, project.WaitsAction, project.WaitsInvoicing, byHand)
}

// Waiting lists all projects that wait for a person, oldest first.
func (d directory) Waiting(ctx context.Context) ([]ingress.OpenItem, error) {
	var items []ingress.OpenItem
	err := d.each(ctx, waitingQuery(), func(e *workflowpb.WorkflowExecutionInfo) {
		fields := e.GetSearchAttributes().GetIndexedFields()
		items = append(items, ingress.OpenItem{
			Project:   prodege.ProjectID(field[int64](fields, "ProjectId")),
			Waiting:   project.Waiting(field[string](fields, "WaitingFor")),
			Since:     field[time.Time](fields, "WaitingSince"),
			Summary:   field[string](fields, "Summary"),
			Attention: field[bool](fields, "NeedsAttention"),
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list what waits for a person: %w", err)
	}
	slices.SortFunc(items, func(a, b ingress.OpenItem) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Project, b.Project))
	})
	return items, nil
}

// Open lists all open projects, in the order in which Temporal lists them: those that began last come first.
func (d directory) Open(ctx context.Context) ([]prodege.ProjectID, error) {
	var ids []prodege.ProjectID
	err := d.each(ctx, openProjects, func(e *workflowpb.WorkflowExecutionInfo) {
		if id := field[int64](e.GetSearchAttributes().GetIndexedFields(), "ProjectId"); id > 0 {
			ids = append(ids, prodege.ProjectID(id))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list open projects: %w", err)
	}
	return ids, nil
}

// each gives every workflow that a query finds to do, page after page.
func (d directory) each(ctx context.Context, query string, do func(*workflowpb.WorkflowExecutionInfo)) error {
	const page = 1000 // the server's own limit
	var next []byte
	for {
		got, err := d.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: page, NextPageToken: next})
		if err != nil {
			return err
		}
		for _, e := range got.GetExecutions() {
			do(e)
		}
		if next = got.GetNextPageToken(); len(next) == 0 {
			return nil
		}
	}
}

// field reads a search attribute; the zero value if it is not set.
func field[T any](fields map[string]*commonpb.Payload, name string) T {
	var v T
	if p := fields[name]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &v)
	}
	return v
}
