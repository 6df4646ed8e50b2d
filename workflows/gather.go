package workflows

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/project"
)

const (
	gatherAtOnce  = 8                // concurrent queries: a worker replays projects that it does not have in its cache
	gatherTimeout = 15 * time.Second // per project; a long history is replayed within seconds
	// giveUpAfter is after how many projects the rest is not tried if none of them could be read: no worker answers.
	giveUpAfter = 2 * gatherAtOnce
)

// Gathered is what projects' ledgers say about their pauses.
type Gathered struct {
	PauseHistories []project.PauseHistory // in no order
	Projects       int
	Unread         []string // workflow ids of projects that could not be read, in order
	Why            error    // why the first of them could not be read
	Forgotten      []string // workflow ids of projects whose ledger no longer reaches back so far
}

// Gather queries the ledger of every Project that is open, or was closed since a time and is still in Temporal. It needs a
// worker. Projects that can't be read are listed; if none can, that is an error. progress is called after each one, by one
// goroutine at a time.
func (c *Client) Gather(ctx context.Context, since time.Time, progress func(read, of int)) (Gathered, error) {
	var runs []*common.WorkflowExecution
	q := fmt.Sprintf("WorkflowType = '%s' AND (ExecutionStatus = 'Running' OR CloseTime >= '%s')", TypeProject, since.UTC().Format(time.RFC3339))
	err := c.list(ctx, q, func(e *workflowpb.WorkflowExecutionInfo) bool {
		if e.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW { // the run that continues it has everything
			runs = append(runs, e.GetExecution())
		}
		return true
	})
	if err != nil {
		return Gathered{}, fmt.Errorf("list projects: %w", err)
	}
	var g Gathered
	var mu sync.Mutex
	done := 0
	var asking errgroup.Group
	asking.SetLimit(gatherAtOnce)
	for _, r := range runs {
		asking.Go(func() error {
			mu.Lock()
			givenUp := ctx.Err() != nil || g.Projects == 0 && len(g.Unread) >= giveUpAfter
			mu.Unlock()
			if givenUp {
				return nil
			}
			one, cancel := context.WithTimeout(ctx, gatherTimeout)
			defer cancel()
			ledger, err := query[Ledger](one, c, r.GetWorkflowId(), r.GetRunId(), LedgerQuery)
			mu.Lock()
			defer mu.Unlock()
			done++
			g.add(r.GetWorkflowId(), ledger, err, since)
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

func (g *Gathered) add(workflow string, ledger Ledger, err error, since time.Time) {
	if err != nil {
		g.Why = cmp.Or(g.Why, err)
		g.Unread = append(g.Unread, workflow)
		return
	}
	g.Projects++
	g.PauseHistories = append(g.PauseHistories, project.PauseHistories(ledger.Lines)...)
	if ledger.Cut.After(since) {
		g.Forgotten = append(g.Forgotten, workflow)
	}
}

// Report sums up what was gathered, from since (inclusive) to until (exclusive).
func (g Gathered) Report(since, until time.Time) project.Report {
	rows, all := project.Sum(g.PauseHistories, since, until)
	return project.Report{Since: since, Until: until, Rows: rows, All: all, Projects: g.Projects, Unread: len(g.Unread), Forgotten: len(g.Forgotten)}
}

// Report sums up a period and, in one line, an equally long one before it.
func (c *Client) Report(ctx context.Context, since, until time.Time, progress func(read, of int)) (project.Report, error) {
	before := since.Add(since.Sub(until))
	g, err := c.Gather(ctx, before, progress)
	if err != nil {
		return project.Report{}, err
	}
	facts := g.Report(since, until)
	_, sum := project.Sum(g.PauseHistories, before, since)
	facts.Before = &sum
	return facts, nil
}
