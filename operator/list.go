package operator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
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

// mostListed bounds what is read before it is put in order: Temporal's own store can't order by these.
const mostListed = 5000

// Listed is what list answers in JSON.
type Listed struct {
	Query    string `json:"query"` // as Temporal was asked; works in its UI, too
	Projects []Row  `json:"projects"`
	More     bool   `json:"more"` // there are more than are listed
}

var waitings = []string{string(workflows.WaitsNothing), string(workflows.WaitsApproval), string(workflows.WaitsLive),
	string(workflows.WaitsReconciliation), string(workflows.WaitsInvoicing), string(workflows.WaitsInvoiced)}

func (o Options) list() *cobra.Command {
	var f filter
	cmd := o.command(words{
		use: "list", short: "List projects, those that have waited longest first",
		long: "List projects by Temporal's search attributes, those that have waited longest first. No worker is needed.\n" +
			"Filters add up. --query adds a condition in Temporal's own list filter language. A pause whose alert has buttons waits\n" +
			"for live here, as Prodege may set it LIVE by itself; what people can do about it (`fieldmarshal act`) stands beside it.",
		example: "  fieldmarshal list --waiting-for approval --longer-than 1h\n" +
			"  fieldmarshal list --attention\n" +
			"  fieldmarshal list --status PAUSED --reason 158\n" +
			"  fieldmarshal list --expires-within 2h\n" +
			"  fieldmarshal list --auto-completes-within 72h\n" +
			"  fieldmarshal list --query \"ProjectStatus = 'PAUSED' AND RequiredCPI > 4\" --json",
	}, cobra.NoArgs, func(c *call) error { return c.list(f) })
	cmd.Flags().StringVar(&f.waitingFor, "waiting-for", "", "what they wait for: "+strings.Join(waitings, ", "))
	cmd.Flags().BoolVar(&f.attention, "attention", false, "only those that people must look at: something failed, ran out of time or is left to people")
	cmd.Flags().StringVar(&f.status, "status", "", "their status at Prodege, such as PAUSED")
	cmd.Flags().IntVar(&f.reason, "reason", 0, "the newest event's update_reason, such as 158")
	cmd.Flags().DurationVar(&f.longerThan, "longer-than", 0, "only those that have waited so long, such as 1h30m")
	cmd.Flags().DurationVar(&f.expires, "expires-within", 0, "only those whose CPI request expires so soon, such as 2h")
	cmd.Flags().DurationVar(&f.inactive, "auto-completes-within", 0, "only those that Prodege completes for inactivity so soon, such as 72h")
	cmd.Flags().StringVar(&f.above, "required-above", "", "only those that ask for a CPI above this amount in dollars")
	cmd.Flags().BoolVar(&f.closed, "closed", false, "those whose workflow is closed, too, as far as Temporal keeps them")
	cmd.Flags().StringVar(&f.query, "query", "", "a further condition, in Temporal's list filter language")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "how many are listed at most")
	choices(cmd, "waiting-for", waitings...)
	choices(cmd, "status", "PENDING", "LIVE", "PAUSED", "PENDING_COMPLETE", "COMPLETE", "INVOICED", "DELETED")
	return noFiles(cmd)
}

// build writes the query.
func (f filter) build(now time.Time) (string, error) {
	if f.waitingFor != "" && !slices.Contains(waitings, f.waitingFor) {
		return "", misused("--waiting-for %q is none of %s", f.waitingFor, strings.Join(waitings, ", "))
	}
	if f.limit < 1 || f.longerThan < 0 || f.expires < 0 || f.inactive < 0 {
		return "", misused("--limit, --longer-than, --expires-within and --auto-completes-within must be above nothing")
	}
	terms := []string{"WorkflowType = '" + workflows.TypeProject + "'"}
	add := func(on bool, format string, args ...any) {
		if on {
			terms = append(terms, fmt.Sprintf(format, args...))
		}
	}
	add(!f.closed, "ExecutionStatus = 'Running'")
	add(f.waitingFor != "", "WaitingFor = '%s'", f.waitingFor)
	add(f.attention, "NeedsAttention = true")
	add(f.status != "", "ProjectStatus = '%s'", strings.ReplaceAll(strings.ToUpper(f.status), "'", "''"))
	add(f.reason != 0, "UpdateReason = %d", f.reason)
	add(f.longerThan > 0, "WaitingSince < '%s'", now.Add(-f.longerThan).UTC().Format(time.RFC3339))
	add(f.expires > 0, "ApprovalDeadline < '%s'", now.Add(f.expires).UTC().Format(time.RFC3339))
	add(f.inactive > 0, "AutoCompleteAt < '%s'", now.Add(f.inactive).UTC().Format(time.RFC3339))
	if f.above != "" {
		above, err := prodege.ParseUSD(f.above)
		if err != nil {
			return "", misused("--required-above: %w", err)
		}
		add(true, "RequiredCPI > %s", above)
	}
	add(f.query != "", "(%s)", f.query)
	return strings.Join(terms, " AND "), nil
}

func (c *call) list(f filter) error {
	query, err := f.build(c.now())
	if err != nil {
		return err
	}
	rows, more, err := c.find(query)
	if err != nil {
		return err
	}
	l := Listed{Query: query, Projects: rows, More: more}
	if len(rows) > f.limit {
		l.Projects, l.More = rows[:f.limit], true
	}
	c.addOffers(l.Projects)
	return c.show(l, func(p *page) {
		if len(l.Projects) == 0 {
			p.line("No project.")
			return
		}
		var table [][]string
		for _, r := range l.Projects {
			mark := ""
			if r.NeedsAttention {
				mark = "!"
			}
			what := r.Summary
			if r.Offers != "" {
				what += " (act: " + r.Offers + ")"
			}
			table = append(table, []string{r.Project.String(), mark, string(r.Status), string(r.WaitingFor), c.ago(r.WaitingSince), what})
		}
		p.table([]string{"PROJECT", "", "STATUS", "WAITS FOR", "FOR", "SUMMARY"}, table)
		if l.More {
			p.line("There are more: give --limit, or a narrower filter.")
		}
	})
}

// openActions is the query for what can be done about pauses, or is.
const openActions = "WorkflowType = '" + workflows.TypeProjectAction + "' AND ExecutionStatus = 'Running'"

// addOffers adds what people can do about the pauses of projects that wait for live, as their ProjectActions sum it
// up ("offers: Set live"): one that is decided on says what instead. Without it the list tells enough.
func (c *call) addOffers(projects []Row) {
	if !slices.ContainsFunc(projects, func(r Row) bool { return r.WaitingFor == workflows.WaitsLive }) {
		return
	}
	ctx, cancel := c.within()
	defer cancel()
	actions, _, err := c.world.Temporal.List(ctx, openActions, mostListed)
	if err != nil {
		return
	}
	offers := map[prodege.ProjectID]string{}
	for _, a := range actions {
		if what, open := strings.CutPrefix(a.Summary, workflows.OffersPrefix); open {
			offers[a.Project] = what
		}
	}
	for i, r := range projects {
		if r.WaitingFor == workflows.WaitsLive {
			projects[i].Offers = offers[r.Project]
		}
	}
}

// find lists what a query finds, oldest wait first.
func (c *call) find(query string) ([]Row, bool, error) {
	ctx, cancel := c.within()
	defer cancel()
	rows, more, err := c.world.Temporal.List(ctx, query, mostListed)
	if err != nil {
		return nil, false, c.reached(err, "list projects")
	}
	if rows == nil {
		rows = []Row{}
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(a.WaitingSince.Compare(b.WaitingSince), cmp.Compare(a.Project, b.Project))
	})
	return rows, more, nil
}

// anyProject is the query for all projects, whether their workflow is open or closed.
func anyProject() string {
	query, _ := filter{closed: true, limit: 1}.build(time.Time{}) // a fixed filter is never wrong
	return query
}

// openApprovals is the query for projects that wait for a decision.
func openApprovals() string {
	query, _ := filter{waitingFor: string(workflows.WaitsApproval), limit: 1}.build(time.Time{}) // a fixed filter is never wrong
	return query
}

// projectOf is a row's project, from its id where the attribute is not set yet.
func projectOf(r Row) prodege.ProjectID {
	if r.Project != 0 {
		return r.Project
	}
	id, _ := prodege.ParseProjectID(strings.TrimPrefix(r.Workflow, "project-"))
	return id
}
