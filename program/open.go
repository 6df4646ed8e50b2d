package program

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"fieldmarshal/ingress"
	"fieldmarshal/operator"
	"fieldmarshal/prodege"
)

// directory lists open projects for the slash command and the home tab. It needs no worker, because it reads search
// attributes.
type directory struct{ temporal operator.Temporal }

// Waiting lists all projects that wait for a person, oldest first.
func (d directory) Waiting(ctx context.Context) ([]ingress.OpenItem, error) {
	rows, _, err := d.temporal.List(ctx, operator.WaitingQuery(), math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("list what waits for a person: %w", err)
	}
	items := make([]ingress.OpenItem, len(rows))
	for i, r := range rows {
		items[i] = ingress.OpenItem{Project: r.Project, Waiting: r.WaitingFor, Since: r.WaitingSince, Summary: r.Summary, Attention: r.NeedsAttention}
	}
	slices.SortFunc(items, func(a, b ingress.OpenItem) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Project, b.Project))
	})
	return items, nil
}

// Open lists all open projects in Temporal's order: those that began last come first.
func (d directory) Open(ctx context.Context) ([]prodege.ProjectID, error) {
	rows, _, err := d.temporal.List(ctx, operator.OpenProjects, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("list open projects: %w", err)
	}
	ids := make([]prodege.ProjectID, len(rows))
	for i, r := range rows {
		ids[i] = r.Project
	}
	return ids, nil
}
