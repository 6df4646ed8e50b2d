package operator

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// Report is what the pauses of a time come to, as report answers it in JSON.
type Report struct {
	Since     time.Time   `json:"since"`
	Until     time.Time   `json:"until"`
	Reasons   []ReportRow `json:"reasons"` // those that stood still longest first
	All       ReportRow   `json:"all"`
	Projects  int         `json:"projects_read"`
	Unread    []string    `json:"projects_not_read"`          // ids of workflows
	Why       string      `json:"not_read_because,omitempty"` // of the first
	Forgotten []string    `json:"pauses_forgotten"`           // ids of workflows whose older pauses are not remembered
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
	StillHours float64        `json:"hours_stood_still"`
	Approved   prodege.USD    `json:"approved_usd"`
	Refused    prodege.USD    `json:"refused_usd"`
	Unpriced   int            `json:"decisions_of_unknown_cost"`
}

// reportTime bounds the reading of all projects.
const reportTime = 30 * time.Minute

const pausesOfAll = "the pauses of all projects"

func (o Options) report() *cobra.Command {
	since, asCSV := "30d", false
	cmd := o.command(words{
		use: "report", short: "Sum up pauses by reason: how many, how long, what it cost",
		long: "Sum up the pauses of a time by reason: how many began, the median time from a pause to the first decision and to live\n" +
			"again, the hours that projects stood still, and the extra cost that was approved and refused (about, as far as Prodege\n" +
			"told figures). Everything counts when it happened: a pause when it began, a decision when it was made, an end when it came.\n\n" +
			"All projects are asked that are open, or closed within that time as far as Temporal keeps them; it needs a worker. Those\n" +
			"that can't be read are named on standard error. A project remembers its newest 200 pauses.",
		example: "  fieldmarshal report\n  fieldmarshal report --since 7d\n  fieldmarshal report --since 2026-03-01 --csv > march.csv\n" +
			"  fieldmarshal report --json | jq '.reasons[] | {title, median_seconds_to_live}'",
	}, cobra.NoArgs, func(c *call) error {
		if c.json && asCSV {
			return misused("--json and --csv can't go together")
		}
		from, err := sinceWhen(since, c.now())
		if err != nil {
			return err
		}
		return c.report(from, asCSV)
	})
	cmd.Flags().StringVar(&since, "since", since, "how far back: 30d, 12h, or a date like 2026-03-01 (UTC)")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "answer in CSV")
	return noFiles(cmd)
}

// sinceWhen reads --since: days, a duration, or a date.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	from := time.Time{}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			from = now.AddDate(0, 0, -n)
		}
	} else if d, err := time.ParseDuration(text); err == nil {
		from = now.Add(-d)
	} else if day, err := time.Parse(time.DateOnly, text); err == nil {
		from = day
	}
	if from.IsZero() || !from.Before(now) {
		return from, misused("--since %q must be in the past, like 30d, 12h or 2026-03-01", text)
	}
	return from.UTC().Truncate(time.Second), nil
}

func (c *call) report(since time.Time, asCSV bool) error {
	if c.away() { // reading would find out far later
		return c.reached(errNoWorker, pausesOfAll)
	}
	ctx, cancel := context.WithTimeout(c.ctx, reportTime)
	defer cancel()
	until := c.now().UTC()
	g, err := c.world.Flows.Gather(ctx, since, c.progress())
	if err != nil {
		return c.reached(err, pausesOfAll)
	}
	r := reportOf(g, since, until)
	for _, note := range r.notes() {
		fmt.Fprintln(c.cmd.ErrOrStderr(), printable(note))
	}
	if asCSV {
		return c.reportCSV(r)
	}
	return c.show(r, r.text)
}

// progress tells how far the reading is, where it takes longer than people like to wait without a sign.
func (c *call) progress() func(read, of int) {
	const every = 3 * time.Second
	next := time.Now().Add(every)
	return func(read, of int) {
		if now := time.Now(); now.After(next) && read < of {
			next = now.Add(every)
			fmt.Fprintf(c.cmd.ErrOrStderr(), "%d of %d projects read\n", read, of)
		}
	}
}

func reportOf(g workflows.Gathered, since, until time.Time) Report {
	facts := g.Report(since, until)
	r := Report{Since: since, Until: until, Reasons: []ReportRow{}, Projects: g.Projects, Unread: listed(g.Unread), Forgotten: listed(g.Forgotten)}
	if g.Why != nil {
		r.Why = g.Why.Error()
	}
	for _, f := range facts.Rows {
		r.Reasons = append(r.Reasons, rowOf(reason(prodege.Paused, f.Reason, f.Description), f))
	}
	r.All = rowOf("all", facts.All)
	return r
}

func rowOf(title string, f workflows.PauseSum) ReportRow {
	return ReportRow{Reason: f.Reason, Title: title, Pauses: f.Pauses, Standing: f.Standing, Decided: f.Decided, ToDecision: median(f.Decided, f.ToDecision),
		Live: f.Live, ToLive: median(f.Live, f.ToLive), StillHours: float64(f.Still.Round(time.Minute)/time.Minute) / 60,
		Approved: f.Approved, Refused: f.Refused, Unpriced: f.Unpriced}
}

func listed(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}

// median is in whole seconds; nil where it is of nothing.
func median(of int, d time.Duration) *int64 {
	if of == 0 {
		return nil
	}
	s := int64(d.Round(time.Second) / time.Second)
	return &s
}

// notes say why the sums may be too low.
func (r Report) notes() (notes []string) {
	const most = 10
	list := func(ids []string) string {
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
		p.line("No project stood still.")
		return
	}
	var rows [][]string
	for _, one := range append(r.Reasons[:len(r.Reasons):len(r.Reasons)], r.All) {
		unpriced := ""
		if one.Unpriced > 0 {
			unpriced = strconv.Itoa(one.Unpriced) + " of unknown cost"
		}
		rows = append(rows, []string{one.Title, strconv.Itoa(one.Pauses), strconv.Itoa(one.Standing), strconv.Itoa(one.Decided), took(one.ToDecision),
			strconv.Itoa(one.Live), took(one.ToLive), strconv.FormatFloat(one.StillHours, 'f', 1, 64), one.Approved.Dollars(), one.Refused.Dollars(), unpriced})
	}
	p.table([]string{"REASON", "PAUSES", "STILL PAUSED", "DECIDED", "AFTER (MEDIAN)", "LIVE", "AFTER (MEDIAN)", "HOURS STILL", "APPROVED", "REFUSED", ""}, rows)
}

func took(seconds *int64) string {
	if seconds == nil {
		return "-"
	}
	return lasting(time.Duration(*seconds) * time.Second)
}

func (c *call) reportCSV(r Report) error {
	w := csv.NewWriter(c.cmd.OutOrStdout())
	rows := [][]string{{"update_reason", "title", "pauses", "still_paused", "decided", "median_seconds_to_decision", "live_again", "median_seconds_to_live",
		"hours_stood_still", "approved_usd", "refused_usd", "decisions_of_unknown_cost"}}
	seconds := func(s *int64) string {
		if s == nil {
			return ""
		}
		return strconv.FormatInt(*s, 10)
	}
	for _, one := range append(r.Reasons[:len(r.Reasons):len(r.Reasons)], r.All) {
		code := ""
		if one.Reason != 0 {
			code = number(one.Reason)
		}
		rows = append(rows, []string{code, cell(one.Title), strconv.Itoa(one.Pauses), strconv.Itoa(one.Standing), strconv.Itoa(one.Decided), seconds(one.ToDecision),
			strconv.Itoa(one.Live), seconds(one.ToLive), strconv.FormatFloat(one.StillHours, 'f', 2, 64), one.Approved.String(), one.Refused.String(), strconv.Itoa(one.Unpriced)})
	}
	_ = w.WriteAll(rows) // Error says
	return w.Error()
}
