package workflows

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/project"
)

const (
	gatherAtOnce  = 8                // projects asked at the same time: a worker replays those it does not hold
	gatherTimeout = 15 * time.Second // for one; a long history is replayed within seconds
	// hopeless is after how many projects in a row that could not be asked, from the first on, the rest is not tried: no
	// worker answers.
	hopeless = 2 * gatherAtOnce
)

// Gathered is what projects' ledgers tell of their pauses.
type Gathered struct {
	Courses   []project.Course // in no order
	Projects  int
	Unread    []string // workflow ids of projects that could not be read, in order
	Why       error    // why the first of them could not
	Forgotten []string // workflow ids of projects whose ledger no longer reaches back so far
}

// projectRun is one life of a project, as Temporal lists it.
type projectRun struct{ workflow, run string }

// Gather asks every Project that is open, or closed since then as far as Temporal keeps it, for its ledger. It needs a
// worker. Projects that can't be read are named; if none can, that is an error. progress is told after each one, from
// one goroutine at a time.
func (c *Client) Gather(ctx context.Context, since time.Time, progress func(read, of int)) (Gathered, error) {
	var runs []projectRun
	q := fmt.Sprintf("WorkflowType = '%s' AND (ExecutionStatus = 'Running' OR CloseTime >= '%s')", TypeProject, since.UTC().Format(time.RFC3339))
	err := c.list(ctx, q, func(e *workflowpb.WorkflowExecutionInfo) bool {
		if e.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW { // the run after it remembers it all
			runs = append(runs, projectRun{e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()})
		}
		return true
	})
	if err != nil {
		return Gathered{}, fmt.Errorf("list projects: %w", err)
	}
	return gather(ctx, runs, since, progress, func(ctx context.Context, r projectRun) (Ledger, error) {
		return query[Ledger](ctx, c, r.workflow, r.run, LedgerQuery)
	})
}

func gather(ctx context.Context, runs []projectRun, since time.Time, progress func(read, of int), read func(context.Context, projectRun) (Ledger, error)) (Gathered, error) {
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
			ledger, err := read(one, r)
			mu.Lock()
			defer mu.Unlock()
			done++
			g.add(r, ledger, err, since)
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

func (g *Gathered) add(r projectRun, ledger Ledger, err error, since time.Time) {
	if err != nil {
		if g.Why == nil {
			g.Why = err
		}
		g.Unread = append(g.Unread, r.workflow)
		return
	}
	g.Projects++
	g.Courses = append(g.Courses, project.Courses(ledger.Lines)...)
	if ledger.Cut.After(since) {
		g.Forgotten = append(g.Forgotten, r.workflow)
	}
}

// Report sums up what was gathered, from since until before until.
func (g Gathered) Report(since, until time.Time) project.Report {
	rows, all := project.Sum(g.Courses, since, until)
	return project.Report{Since: since, Until: until, Rows: rows, All: all, Projects: g.Projects, Unread: len(g.Unread), Forgotten: len(g.Forgotten)}
}

// Report gathers and sums up a time and, in one line, as long a time before it.
func (c *Client) Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (project.Report, error) {
	before := since.Add(since.Sub(until))
	g, err := c.Gather(ctx, before, progress)
	if err != nil {
		return project.Report{}, err
	}
	facts := g.Report(since, until)
	_, sum := project.Sum(g.Courses, before, since)
	facts.Before = &sum
	return facts, nil
}
