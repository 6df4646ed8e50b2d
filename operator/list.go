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

// person is what --waiting-for takes beside the values of the search attribute.
const person = "person"

// WaitingQuery finds the projects that wait for a person: to decide, to act on a pause, to make an invoice by hand, or to
// put something right. Whether an invoice is made by hand stands in the summary alone.
func WaitingQuery() string { return OpenProjects + " AND " + waitsForPerson() }

func waitsForPerson() string {
	byHand := cards.Summary(project.View{Status: prodege.Complete, Invoice: project.InvoiceByHand})
	return fmt.Sprintf("(WaitingFor = '%s' OR WaitingFor = '%s' OR NeedsAttention = true OR WaitingFor = '%s' AND Summary STARTS_WITH '%s')",
		project.WaitsApproval, project.WaitsAction, project.WaitsInvoicing, byHand)
}

var (
	waitings = []string{person, string(project.WaitsNothing), string(project.WaitsApproval), string(project.WaitsAction), string(project.WaitsLive),
		string(project.WaitsReconciliation), string(project.WaitsInvoicing), string(project.WaitsInvoiced)}
	statuses = []string{string(prodege.Pending), string(prodege.Live), string(prodege.Paused), string(prodege.PendingComplete),
		string(prodege.Complete), string(prodege.Invoiced), string(prodege.Deleted)}
)

func (o Options) list() *cobra.Command {
	var f filter
	cmd := o.command("list", none, func(c *call) error { return c.list(f) })
	flags := cmd.Flags()
	flags.StringVar(&f.waitingFor, "waiting-for", "", "what they wait for: "+strings.Join(waitings, ", "))
	flags.BoolVar(&f.attention, "attention", false, "only those that people must look at: something failed, ran out of time or is left to people")
	flags.StringVar(&f.status, "status", "", "their status at Prodege, such as PAUSED")
	flags.IntVar(&f.reason, "reason", 0, "the newest event's update_reason, such as 158")
	spanFlag(cmd, &f.longerThan, "longer-than", "only those that have waited so long, such as 1h30m or 3d")
	spanFlag(cmd, &f.expires, "expires-within", "only those whose CPI request expires so soon, such as 2h")
	spanFlag(cmd, &f.inactive, "auto-completes-within", "only those that Prodege completes for inactivity so soon, such as 3d")
	flags.StringVar(&f.above, "required-above", "", "only those that ask for a CPI above this amount in dollars")
	flags.BoolVar(&f.closed, "closed", false, "also those whose workflow is closed, as far as Temporal keeps them")
	flags.StringVar(&f.query, "query", "", "a further condition, in Temporal's list filter language")
	flags.IntVar(&f.limit, "limit", 100, "how many are listed at most")
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
	if f.limit < 1 {
		return "", usageError("--limit must be above 0")
	}
	terms := []string{"WorkflowType = '" + workflows.TypeProject + "'"}
	add := func(on bool, format string, args ...any) {
		if on {
			terms = append(terms, fmt.Sprintf(format, args...))
		}
	}
	add(!f.closed, "ExecutionStatus = 'Running'")
	add(f.closed, "ExecutionStatus != 'ContinuedAsNew'") // the run after it remembers it all
	add(f.waitingFor == person, "%s", waitsForPerson())
	add(f.waitingFor != "" && f.waitingFor != person, "WaitingFor = '%s'", f.waitingFor)
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
		heading, cells := []string{"STATUS", "WAITS FOR", "FOR"}, func(r Row) []any {
			return []any{r.Status, r.WaitingFor, c.ago(r.WaitingSince)}
		}
		if f.waitingFor == string(project.WaitsApproval) {
			heading, cells = []string{"REQUIRED", "MAX CPI", "RISE", "WAITS", "EXPIRES"}, c.approvalCells
		}
		table(p, slices.Concat([]string{"", "PROJECT", "NAME"}, heading, []string{"SUMMARY"}), l.Projects, func(r Row) []any {
			return slices.Concat([]any{attentionMark(r), r.Project, cmp.Or(r.Name, "-")}, cells(r), []any{r.Summary})
		})
		if l.More {
			p.line("There are more: give --limit, or a narrower filter.")
		}
		if f.waitingFor == string(project.WaitsApproval) {
			p.line("\nfieldmarshal approve <project> --as U… --amount <required>   or   fieldmarshal reject <project> --as U…")
		}
	})
}

// approvalCells tell of a CPI request.
func (c *call) approvalCells(r Row) []any {
	expires, rise := "-", "-"
	if !r.Deadline.IsZero() {
		expires = "in " + lasting(r.Deadline.Sub(c.now()))
	}
	if r.MaxCPI != nil && r.Required != nil {
		rise = r.Required.Sub(*r.MaxCPI).Dollars()
		if percent, ok := r.Required.PercentOf(*r.MaxCPI); ok {
			rise += fmt.Sprintf(" (%d %%)", percent)
		}
	}
	return []any{r.Required, r.MaxCPI, rise, c.ago(r.WaitingSince), expires}
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
