package operator

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Report is what the pauses of a time come to, as report answers it in JSON.
type Report struct {
	Since     time.Time   `json:"since"`
	Until     time.Time   `json:"until"`
	Reasons   []ReportRow `json:"reasons"` // those paused longest first
	All       ReportRow   `json:"all"`
	Projects  int         `json:"projects_read"`
	Unread    []string    `json:"projects_not_read,omitempty"` // ids of workflows
	Why       string      `json:"not_read_because,omitempty"`  // of the first
	Forgotten []string    `json:"pauses_forgotten,omitempty"`  // ids of workflows whose ledger does not reach back that far
}

// ReportRow is what pauses for one reason come to. Times are medians, from the pause; absent: there was none.
type ReportRow struct {
	Reason     prodege.Reason `json:"update_reason,omitempty"`
	Title      string         `json:"title"`
	Pauses     int            `json:"pauses"`
	Standing   int            `json:"still_paused"`
	Decided    int            `json:"decided"`
	ToDecision *int64         `json:"median_seconds_to_decision,omitempty"`
	Live       int            `json:"live_again"`
	ToLive     *int64         `json:"median_seconds_to_live,omitempty"`
	Hours      float64        `json:"hours_paused"`
	Approved   prodege.USD    `json:"approved_usd"`
	Refused    prodege.USD    `json:"refused_usd"`
	Unpriced   int            `json:"decisions_of_unknown_cost"`
}

// reportTime bounds the reading of all projects.
const reportTime = 30 * time.Minute

func (o Options) report() *cobra.Command {
	since := ""
	cmd := o.command("report", func(c *call) error {
		from, err := parsePast("--since", since, c.now())
		if err != nil {
			return err
		}
		return c.report(from)
	})
	cmd.Flags().StringVar(&since, "since", "30d", "how far back: 30d, 12h, or a date like 2026-03-01 (UTC)")
	return cmd
}

func (c *call) report(since time.Time) error {
	const what = "the pauses of all projects"
	ctx, cancel := context.WithTimeout(c.ctx, reportTime)
	defer cancel()
	if n, err := c.workers(ctx); err == nil && n == 0 {
		return c.explained(errNoWorker, what) // reading would find out far later
	}
	until := c.now().UTC()
	g, err := c.world.Flows.Gather(ctx, since, func(read, of int) {})
	if err != nil {
		return c.explained(err, what)
	}
	sums := g.Report(since, until)
	r := Report{Since: since, Until: until, Reasons: []ReportRow{}, All: reportRow("all", sums.All), Projects: g.Projects, Unread: g.Unread, Forgotten: g.Forgotten}
	for _, row := range sums.Rows {
		r.Reasons = append(r.Reasons, reportRow(reason(prodege.Paused, row.Reason, row.Description), row))
	}
	if len(r.Unread) > 0 {
		r.Why = fmt.Sprint(g.Why)
		c.note("%d of %d projects could not be read and are not in the report: %s (the first: %s)", len(r.Unread), len(r.Unread)+r.Projects, strings.Join(r.Unread, ", "), r.Why)
	}
	if len(r.Forgotten) > 0 {
		c.note("%d projects do not remember all their pauses of that time: %s", len(r.Forgotten), strings.Join(r.Forgotten, ", "))
	}
	return c.show(r, r.text)
}

func reportRow(title string, f project.ReportRow) ReportRow {
	median := func(of int, d time.Duration) *int64 {
		if of == 0 {
			return nil
		}
		s := int64(d.Round(time.Second) / time.Second)
		return &s
	}
	return ReportRow{Reason: f.Reason, Title: title, Pauses: f.Pauses, Standing: f.Standing, Decided: f.Decided, ToDecision: median(f.Decided, f.ToDecision),
		Live: f.Live, ToLive: median(f.Live, f.ToLive), Hours: float64(f.Still.Round(time.Minute)/time.Minute) / 60,
		Approved: f.Approved, Refused: f.Refused, Unpriced: f.Unpriced}
}

func (r Report) text(p *page) {
	p.line("Pauses from %s to %s, of %d projects", stamp(r.Since), stamp(r.Until), r.Projects)
	if len(r.Reasons) == 0 {
		p.line("No project was paused.")
		return
	}
	after := func(seconds *int64) string {
		if seconds == nil {
			return "-"
		}
		return lasting(time.Duration(*seconds) * time.Second)
	}
	const heading = "REASON|PAUSES|STILL PAUSED|DECIDED|AFTER (MEDIAN)|LIVE|AFTER (MEDIAN)|HOURS PAUSED|APPROVED|REFUSED|OF UNKNOWN COST"
	table(p, heading, append(r.Reasons, r.All), func(r ReportRow) []any {
		return []any{r.Title, r.Pauses, r.Standing, r.Decided, after(r.ToDecision), r.Live, after(r.ToLive), strconv.FormatFloat(r.Hours, 'f', 1, 64),
			&r.Approved, &r.Refused, r.Unpriced}
	})
}
