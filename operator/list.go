package operator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// OpenProjects finds the projects whose workflow is open.
const OpenProjects = "WorkflowType = '" + workflows.TypeProject + "' AND ExecutionStatus = 'Running'"

// WaitingQuery finds the projects that wait for a person: to decide, to act on a pause, to make an invoice by hand, or to
// put something right. Whether an invoice is made by hand stands in the summary alone.
func WaitingQuery() string { return OpenProjects + " AND " + waitsForPerson() }

func waitsForPerson() string {
	byHand := cards.Summary(project.View{Status: prodege.Complete, Invoice: project.InvoiceByHand})
	return fmt.Sprintf("(WaitingFor = '%s' OR WaitingFor = '%s' OR NeedsAttention = true OR WaitingFor = '%s' AND Summary STARTS_WITH '%s')",
		project.WaitsApproval, project.WaitsAction, project.WaitsInvoicing, byHand)
}

// filter is what list selects by.
type filter struct {
	waitingFor, status, longerThan, query string
	attention, closed                     bool
	limit                                 int
}

// Listed is what list answers in JSON.
type Listed struct {
	Query    string `json:"query"` // as Temporal was asked; works in its UI, too
	Projects []Row  `json:"projects"`
	More     bool   `json:"more"` // there are more than are listed
}

// person is what --waiting-for takes beside the values of the search attribute.
const person = "person"

var statuses = []string{string(prodege.Pending), string(prodege.Live), string(prodege.Paused), string(prodege.PendingComplete),
	string(prodege.Complete), string(prodege.Invoiced), string(prodege.Deleted)}

func (o Options) list() *cobra.Command {
	var f filter
	cmd := o.command("list", func(c *call) error { return c.list(f) })
	choice(cmd, &f.waitingFor, "waiting-for", "what they wait for", person, string(project.WaitsNothing), string(project.WaitsApproval), string(project.WaitsAction),
		string(project.WaitsLive), string(project.WaitsReconciliation), string(project.WaitsInvoicing), string(project.WaitsInvoiced))
	choice(cmd, &f.status, "status", "their status at Prodege", statuses...)
	flags := cmd.Flags()
	flags.BoolVar(&f.attention, "attention", false, "only those that need a person: something failed, ran out of time or must be done by hand")
	flags.StringVar(&f.longerThan, "longer-than", "", "only those that have waited for at least this long, such as 12h or 3d")
	flags.BoolVar(&f.closed, "closed", false, "also those whose workflow is closed, if Temporal still keeps it")
	flags.StringVar(&f.query, "query", "", "a further condition, in Temporal's list filter language")
	flags.IntVar(&f.limit, "limit", 100, "how many to list at most")
	return cmd
}

// build writes the query.
func (f filter) build(now time.Time) (string, error) {
	terms := []string{OpenProjects}
	if f.closed {
		terms = []string{"WorkflowType = '" + workflows.TypeProject + "' AND ExecutionStatus != 'ContinuedAsNew'"} // the run after it remembers it all
	}
	add := func(on bool, format string, args ...any) {
		if on {
			terms = append(terms, fmt.Sprintf(format, args...))
		}
	}
	add(f.waitingFor == person, "%s", waitsForPerson())
	add(f.waitingFor != "" && f.waitingFor != person, "WaitingFor = '%s'", f.waitingFor)
	add(f.attention, "NeedsAttention = true")
	add(f.status != "", "ProjectStatus = '%s'", f.status)
	if f.longerThan != "" {
		since, err := parsePast("--longer-than", f.longerThan, now)
		if err != nil {
			return "", err
		}
		add(true, "WaitingSince < '%s'", since.Format(time.RFC3339))
	}
	add(f.query != "", "(%s)", f.query)
	return strings.Join(terms, " AND "), nil
}

// mostListed bounds what is read before it is put in order: Temporal's own store can't order by these.
const mostListed = 5000

// list shows first what needs attention, then what has waited longest.
func (c *call) list(f filter) error {
	query, err := f.build(c.now())
	switch {
	case err != nil:
		return err
	case f.limit < 1:
		return usageError("--limit must be above 0")
	}
	ctx, cancel := c.within()
	defer cancel()
	rows, more, err := c.world.Temporal.List(ctx, query, mostListed)
	if err != nil {
		return c.explained(err, "list projects")
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(attentionMark(b), attentionMark(a)), a.WaitingSince.Compare(b.WaitingSince), cmp.Compare(a.Project, b.Project))
	})
	l := Listed{Query: query, Projects: rows[:min(f.limit, len(rows))], More: more || len(rows) > f.limit}
	c.addNames(l.Projects)
	return c.show(l, func(p *page) {
		if len(l.Projects) == 0 {
			p.line("No project.")
		}
		table(p, "|PROJECT|NAME|STATUS|WAITS FOR|FOR|SUMMARY", l.Projects, func(r Row) []any {
			return []any{attentionMark(r), r.Project, cmp.Or(r.Name, "-"), r.Status, r.WaitingFor, lasting(c.now().Sub(r.WaitingSince)), r.Summary}
		})
		if l.More {
			p.line("There are more: give --limit, or a narrower filter.")
		}
	})
}

func attentionMark(r Row) string {
	if r.NeedsAttention {
		return "!"
	}
	return ""
}

const (
	askAtOnce  = 8               // projects that are asked at the same time
	askTimeout = 3 * time.Second // for all of them together
)

// addNames adds to rows what their projects are called, if a worker polls, and as far as they answer in time.
func (c *call) addNames(rows []Row) {
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	if n, err := c.workers(ctx); err == nil && n == 0 {
		return
	}
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for i := range rows {
		asking.Go(func() error {
			if s, err := c.world.Flows.Project(ctx, rows[i].Project); err == nil {
				rows[i].Name, rows[i].PONumber = s.Name.Name, s.Name.PONumber
			}
			return nil
		})
	}
	_ = asking.Wait() // none fails
}

// pollsWithin is within what time a running worker is seen: its long poll ends after a minute, and the next begins.
const pollsWithin = 70 * time.Second

// workers counts the workers that poll.
func (c *call) workers(ctx context.Context) (int, error) {
	return c.world.Temporal.Workers(ctx, c.now().Add(-pollsWithin))
}
