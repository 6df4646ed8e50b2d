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

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// filter is what list selects by.
type filter struct {
	waitingFor string
	attention  bool
	status     string
	reason     int
	longerThan time.Duration
	expires    time.Duration
	inactive   time.Duration
	above      string
	closed     bool
	query      string
	limit      int
}

// Listed is what list answers in JSON.
type Listed struct {
	Query    string `json:"query"` // as Temporal was asked; works in its UI, too
	Projects []Row  `json:"projects"`
	More     bool   `json:"more"` // there are more than are listed
}

var (
	waitings = []string{string(project.WaitsNothing), string(project.WaitsApproval), string(project.WaitsAction), string(project.WaitsLive),
		string(project.WaitsReconciliation), string(project.WaitsInvoicing), string(project.WaitsInvoiced)}
	statuses = []string{string(prodege.Pending), string(prodege.Live), string(prodege.Paused), string(prodege.PendingComplete),
		string(prodege.Complete), string(prodege.Invoiced), string(prodege.Deleted)}
)

func (o Options) list() *cobra.Command {
	var f filter
	cmd := o.command(help{
		use: "list", short: "List projects: first those that need attention, then those that have waited longest",
		long: "List projects by Temporal's search attributes: first those that need attention, marked with !, then those that have\n" +
			"waited longest. Filters add up. --query adds a condition in Temporal's own list filter language. No worker is needed,\n" +
			"except for the names.",
		example: "  fieldmarshal list --waiting-for action --longer-than 1h\n" +
			"  fieldmarshal list --attention\n" +
			"  fieldmarshal list --status PAUSED --reason 158\n" +
			"  fieldmarshal list --expires-within 2h\n" +
			"  fieldmarshal list --auto-completes-within 72h\n" +
			"  fieldmarshal list --query \"ProjectStatus = 'PAUSED' AND RequiredCPI > 4\" --json",
	}, none, func(c *call) error { return c.list(f) })
	cmd.Flags().StringVar(&f.waitingFor, "waiting-for", "", "what they wait for: "+strings.Join(waitings, ", "))
	cmd.Flags().BoolVar(&f.attention, "attention", false, "only those that people must look at: something failed, ran out of time or is left to people")
	cmd.Flags().StringVar(&f.status, "status", "", "their status at Prodege, such as PAUSED")
	cmd.Flags().IntVar(&f.reason, "reason", 0, "the newest event's update_reason, such as 158")
	cmd.Flags().DurationVar(&f.longerThan, "longer-than", 0, "only those that have waited so long, such as 1h30m")
	cmd.Flags().DurationVar(&f.expires, "expires-within", 0, "only those whose CPI request expires so soon, such as 2h")
	cmd.Flags().DurationVar(&f.inactive, "auto-completes-within", 0, "only those that Prodege completes for inactivity so soon, such as 72h")
	cmd.Flags().StringVar(&f.above, "required-above", "", "only those that ask for a CPI above this amount in dollars")
	cmd.Flags().BoolVar(&f.closed, "closed", false, "also those whose workflow is closed, as far as Temporal keeps them")
	cmd.Flags().StringVar(&f.query, "query", "", "a further condition, in Temporal's list filter language")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "how many are listed at most")
	choices(cmd, "waiting-for", waitings...)
	choices(cmd, "status", statuses...)
	return cmd
}

// build writes the query.
func (f filter) build(now time.Time) (string, error) {
	f.status = strings.ToUpper(f.status)
	if err := cmp.Or(oneOf("--waiting-for", f.waitingFor, waitings), oneOf("--status", f.status, statuses)); err != nil {
		return "", err
	}
	if f.limit < 1 || f.longerThan < 0 || f.expires < 0 || f.inactive < 0 {
		return "", usageError("--limit, --longer-than, --expires-within and --auto-completes-within must be above 0")
	}
	terms := []string{"WorkflowType = '" + workflows.TypeProject + "'"}
	add := func(on bool, format string, args ...any) {
		if on {
			terms = append(terms, fmt.Sprintf(format, args...))
		}
	}
	add(!f.closed, "ExecutionStatus = 'Running'")
	add(f.closed, "ExecutionStatus != 'ContinuedAsNew'") // the run after it remembers it all
	add(f.waitingFor != "", "WaitingFor = '%s'", f.waitingFor)
	add(f.attention, "NeedsAttention = true")
	add(f.status != "", "ProjectStatus = '%s'", f.status)
	add(f.reason != 0, "UpdateReason = %d", f.reason)
	add(f.longerThan > 0, "WaitingSince < '%s'", now.Add(-f.longerThan).UTC().Format(time.RFC3339))
	add(f.expires > 0, "ApprovalDeadline < '%s'", now.Add(f.expires).UTC().Format(time.RFC3339))
	add(f.inactive > 0, "AutoCompleteAt < '%s'", now.Add(f.inactive).UTC().Format(time.RFC3339))
	above, err := optionalUSD("--required-above", f.above)
	add(above != nil, "RequiredCPI > %s", above)
	add(f.query != "", "(%s)", f.query)
	return strings.Join(terms, " AND "), err
}

func (c *call) list(f filter) error {
	l, err := c.find(f)
	if err != nil {
		return err
	}
	return c.show(l, func(p *page) {
		if len(l.Projects) == 0 {
			p.line("No project.")
			return
		}
		var rows [][]string
		for _, r := range l.Projects {
			rows = append(rows, []string{attentionMark(r), r.Project.String(), cmp.Or(r.Name, "-"), string(r.Status), string(r.WaitingFor), c.ago(r.WaitingSince), r.Summary})
		}
		p.table([]string{"", "PROJECT", "NAME", "STATUS", "WAITS FOR", "FOR", "SUMMARY"}, rows)
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

// mostListed bounds what is read before it is put in order: Temporal's own store can't order by these.
const mostListed = 5000

// find lists what a filter finds: first what needs attention, then by how long it has waited.
func (c *call) find(f filter) (Listed, error) {
	query, err := f.build(c.now())
	if err != nil {
		return Listed{}, err
	}
	ctx, cancel := c.within()
	defer cancel()
	rows, more, err := c.world.Temporal.List(ctx, query, mostListed)
	if err != nil {
		return Listed{}, c.explained(err, "list projects")
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(attentionMark(b), attentionMark(a)), a.WaitingSince.Compare(b.WaitingSince), cmp.Compare(a.Project, b.Project))
	})
	l := Listed{Query: query, Projects: rows[:min(f.limit, len(rows))], More: more || len(rows) > f.limit}
	c.complete(l.Projects)
	return l, nil
}

const (
	askAtOnce  = 8               // projects that are asked at the same time
	askTimeout = 3 * time.Second // for all of them together
)

// complete adds to rows what only their projects know, if a worker polls, and as far as they answer in time.
func (c *call) complete(rows []Row) {
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	if polling, _, err := c.workers(ctx); err == nil && polling == 0 {
		return
	}
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for i := range rows {
		asking.Go(func() error {
			s, err := c.world.Flows.Project(ctx, rows[i].Project)
			if err != nil {
				return nil
			}
			rows[i].Name, rows[i].PONumber = s.Name.Name, s.Name.PONumber
			if q := s.OpenRequest(); q != nil {
				rows[i].Generation, rows[i].Required, rows[i].MaxCPI, rows[i].Phase, rows[i].Link = q.Generation, q.Required, maxCPI(q), q.Phase, messages(s)["CPI request"]
			}
			return nil
		})
	}
	_ = asking.Wait() // none fails
}

// pollsWithin is within what time a running worker is seen: its long poll ends after a minute, and the next begins.
const pollsWithin = 70 * time.Second

// workers counts the workers that poll, and returns when Temporal saw one last.
func (c *call) workers(ctx context.Context) (polling int, last time.Time, err error) {
	pollers, err := c.world.Temporal.Pollers(ctx)
	for _, p := range pollers {
		if c.now().Sub(p.Seen) <= pollsWithin {
			polling++
		}
		if p.Seen.After(last) {
			last = p.Seen
		}
	}
	return polling, last, err
}
