package operator

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
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
	since, asCSV := "30d", false
	cmd := o.command("report", none, func(c *call) error {
		from, err := parseSince(since, c.now())
		if err != nil {
			return err
		}
		return c.report(from, asCSV)
	})
	cmd.Flags().StringVar(&since, "since", since, "how far back: 30d, 12h, or a date like 2026-03-01 (UTC)")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "answer in CSV")
	return cmd
}

// parseSince reads --since: days, a duration, or a date.
func parseSince(text string, now time.Time) (time.Time, error) {
	from := time.Time{}
	if d, err := parseSpan(text); err == nil {
		from = now.Add(-d)
	} else if day, err := time.Parse(time.DateOnly, text); err == nil {
		from = day
	}
	if from.IsZero() || !from.Before(now) {
		return from, usageError("--since %q must be in the past, like 30d, 12h or 2026-03-01", text)
	}
	return from.UTC().Truncate(time.Second), nil
}

func (c *call) report(since time.Time, asCSV bool) error {
	const what = "the pauses of all projects"
	ctx, cancel := context.WithTimeout(c.ctx, reportTime)
	defer cancel()
	if polling, _, err := c.workers(ctx); err == nil && polling == 0 {
		return c.explained(errNoWorker, what) // reading would find out far later
	}
	until := c.now().UTC()
	g, err := c.world.Flows.Gather(ctx, since, c.progress())
	if err != nil {
		return c.explained(err, what)
	}
	r := reportOf(g, since, until)
	for _, note := range r.notes() {
		c.note("%s", note)
	}
	if asCSV {
		return c.showCSV(r.csv())
	}
	return c.show(r, r.text)
}

// progress tells how far the reading is, if it takes longer than people like to wait without a sign.
func (c *call) progress() func(read, of int) {
	const every = 3 * time.Second
	next := time.Now().Add(every)
	return func(read, of int) {
		if now := time.Now(); now.After(next) && read < of {
			next = now.Add(every)
			c.note("%d of %d projects read", read, of)
		}
	}
}

func reportOf(g workflows.Gathered, since, until time.Time) Report {
	sums := g.Report(since, until)
	r := Report{Since: since, Until: until, Reasons: []ReportRow{}, All: reportRow("all", sums.All), Projects: g.Projects, Unread: g.Unread, Forgotten: g.Forgotten}
	if g.Why != nil {
		r.Why = g.Why.Error()
	}
	for _, row := range sums.Rows {
		r.Reasons = append(r.Reasons, reportRow(reason(prodege.Paused, row.Reason, row.Description), row))
	}
	return r
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

// notes say why the sums may be too low.
func (r Report) notes() (notes []string) {
	list := func(ids []string) string {
		const most = 10
		if len(ids) > most {
			return strings.Join(ids[:most], ", ") + fmt.Sprintf(" and %d more", len(ids)-most)
		}
		return strings.Join(ids, ", ")
	}
	if len(r.Unread) > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d projects could not be read and are not in the report: %s (the first: %s)", len(r.Unread), len(r.Unread)+r.Projects, list(r.Unread), r.Why))
	}
	if len(r.Forgotten) > 0 {
		notes = append(notes, fmt.Sprintf("%d projects do not remember all their pauses of that time: %s", len(r.Forgotten), list(r.Forgotten)))
	}
	return notes
}

func (r Report) text(p *page) {
	p.line("Pauses from %s to %s, of %d projects", stamp(r.Since), stamp(r.Until), r.Projects)
	if len(r.Reasons) == 0 {
		p.line("No project was paused.")
		return
	}
	took := func(seconds int64) string { return lasting(time.Duration(seconds) * time.Second) }
	table(p, []string{"REASON", "PAUSES", "STILL PAUSED", "DECIDED", "AFTER (MEDIAN)", "LIVE", "AFTER (MEDIAN)", "HOURS PAUSED", "APPROVED", "REFUSED", ""}, r.rows(), func(one ReportRow) (cells []any) {
		for _, text := range one.cells("-", took, 1) {
			cells = append(cells, text)
		}
		unpriced := ""
		if one.Unpriced > 0 {
			unpriced = strconv.Itoa(one.Unpriced) + " of unknown cost"
		}
		return append(cells, &one.Approved, &one.Refused, unpriced)
	})
}

// rows are the reasons, and then all of them.
func (r Report) rows() []ReportRow { return append(slices.Clone(r.Reasons), r.All) }

func (r Report) csv() [][]string {
	rows := [][]string{{"update_reason", "title", "pauses", "still_paused", "decided", "median_seconds_to_decision", "live_again", "median_seconds_to_live",
		"hours_paused", "approved_usd", "refused_usd", "decisions_of_unknown_cost"}}
	for _, one := range r.rows() {
		row := append([]string{strings.Trim(number(one.Reason), "-")}, one.cells("", func(s int64) string { return strconv.FormatInt(s, 10) }, 2)...)
		rows = append(rows, append(row, one.Approved.String(), one.Refused.String(), strconv.Itoa(one.Unpriced)))
	}
	return rows
}

// cells are the columns that text and CSV share.
func (r ReportRow) cells(unknown string, took func(seconds int64) string, digits int) []string {
	after := func(seconds *int64) string {
		if seconds == nil {
			return unknown
		}
		return took(*seconds)
	}
	return []string{r.Title, strconv.Itoa(r.Pauses), strconv.Itoa(r.Standing), strconv.Itoa(r.Decided), after(r.ToDecision),
		strconv.Itoa(r.Live), after(r.ToLive), strconv.FormatFloat(r.Hours, 'f', digits, 64)}
}
