package workflows

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/activities"
)

const (
	// gatherAtOnce is how many Projects are asked at the same time: a worker replays those it does not hold.
	gatherAtOnce = 8
	// gatherTimeout is how long one may take; a long history is replayed within seconds.
	gatherTimeout = 15 * time.Second
	// hopeless is after how many Projects in a row that could not be asked, from the first on, the rest is not
	// tried: no worker answers.
	hopeless = 2 * gatherAtOnce
	// listPage is how many Projects one call lists; the server's own limit is 1,000.
	listPage = 500
)

// Gathered is what Projects remember of their pauses.
type Gathered struct {
	Paces     []Pace // in no order
	Projects  int
	Unread    []string // workflow ids of Projects that could not be read, in order
	Why       error    // why the first of them could not
	Forgotten []string // workflow ids of Projects that do not remember all pauses of the time
}

// projectRun is one life of a Project, as Temporal lists it.
type projectRun struct{ workflow, run string }

// Gather asks every Project that is open, or closed since then as far as Temporal keeps it, for its pauses. It
// needs a worker. Projects that can't be read are named; where none can, that is an error. progress is told
// after each one, from one goroutine at a time.
func (c *Client) Gather(ctx context.Context, since time.Time, progress func(read, of int)) (Gathered, error) {
	runs, err := c.projectRuns(ctx, since)
	if err != nil {
		return Gathered{}, fmt.Errorf("list projects: %w", err)
	}
	return gather(ctx, runs, since, progress, func(ctx context.Context, r projectRun) (ProjectState, error) {
		return queryRun[ProjectState](ctx, c, r.workflow, r.run)
	})
}

func (c *Client) projectRuns(ctx context.Context, since time.Time) ([]projectRun, error) {
	query := fmt.Sprintf("WorkflowType = '%s' AND (ExecutionStatus = 'Running' OR CloseTime >= '%s')", TypeProject, since.UTC().Format(time.RFC3339))
	var runs []projectRun
	var next []byte
	for {
		got, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: listPage, NextPageToken: next})
		if err != nil {
			return nil, err
		}
		for _, e := range got.GetExecutions() {
			if e.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW { // the run after it remembers it all
				runs = append(runs, projectRun{e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()})
			}
		}
		if next = got.GetNextPageToken(); len(next) == 0 {
			return runs, nil
		}
	}
}

func gather(ctx context.Context, runs []projectRun, since time.Time, progress func(read, of int), read func(context.Context, projectRun) (ProjectState, error)) (Gathered, error) {
	var g Gathered
	var mu sync.Mutex
	done := 0
	var asking errgroup.Group
	asking.SetLimit(gatherAtOnce)
	for _, r := range runs {
		asking.Go(func() error {
			mu.Lock()
			givenUp := ctx.Err() != nil || g.Projects == 0 && len(g.Unread) >= hopeless
			mu.Unlock()
			if givenUp {
				return nil
			}
			one, cancel := context.WithTimeout(ctx, gatherTimeout)
			defer cancel()
			state, err := read(one, r)
			mu.Lock()
			defer mu.Unlock()
			done++
			g.add(r, state, err, since)
			progress(done, len(runs))
			return nil
		})
	}
	_ = asking.Wait() // none fails
	if err := ctx.Err(); err != nil {
		return Gathered{}, err
	}
	if g.Projects == 0 && len(g.Unread) > 0 {
		return Gathered{}, fmt.Errorf("no project could be read: %w", g.Why)
	}
	slices.Sort(g.Unread)
	slices.Sort(g.Forgotten)
	return g, nil
}

func (g *Gathered) add(r projectRun, state ProjectState, err error, since time.Time) {
	if err != nil {
		if g.Why == nil {
			g.Why = err
		}
		g.Unread = append(g.Unread, r.workflow)
		return
	}
	g.Projects++
	g.Paces = append(g.Paces, state.AllPaces()...)
	if state.PacesGone.After(since) {
		g.Forgotten = append(g.Forgotten, r.workflow)
	}
}

// Report sums up what was gathered, from since until before until.
func (g Gathered) Report(since, until time.Time) activities.ReportFacts {
	rows, all := sumPaces(g.Paces, since, until)
	return activities.ReportFacts{Since: since, Until: until, Rows: rows, All: all, Projects: g.Projects, Unread: len(g.Unread), Forgotten: len(g.Forgotten)}
}

// Report gathers and sums up a time and, in one line, as long a time before it.
func (c *Client) Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (activities.ReportFacts, error) {
	before := since.Add(since.Sub(until))
	g, err := c.Gather(ctx, before, progress)
	if err != nil {
		return activities.ReportFacts{}, err
	}
	facts := g.Report(since, until)
	_, sum := sumPaces(g.Paces, before, since)
	facts.Before = &sum
	return facts, nil
}
