package operator

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// Evidence is all that is known of a project, for a dispute.
type Evidence struct {
	Project  prodege.ProjectID `json:"project_id"`
	Name     string            `json:"name,omitempty"`
	PONumber string            `json:"po_number,omitempty"`
	Status   prodege.Status    `json:"status"`
	Made     time.Time         `json:"made_at"`
	Counts   workflows.Counts  `json:"counts"`
	Whole    bool              `json:"events_whole"`          // Temporal's histories go back to the project's beginning
	AsOf     time.Time         `json:"ledger_as_of,omitzero"` // no worker answered: status, counts and ledger are of then
	NotShown string            `json:"not_shown,omitempty"`   // because no worker answered

	Events       []EvidenceEvent  `json:"events"`
	Requests     workflows.Ledger `json:"requests"`
	Decisions    workflows.Ledger `json:"decisions"`
	ProdegeCalls workflows.Ledger `json:"prodege_calls"`
	Invoices     workflows.Ledger `json:"invoices"`
	Course       workflows.Ledger `json:"course"` // pauses and their ends, findings of sweeps

	Invoice *InvoiceBody `json:"invoice,omitempty"` // the newest revision
}

// EvidenceEvent is one event as it came, and what became of it.
type EvidenceEvent struct {
	Reached     time.Time             `json:"reached_at,omitzero"`   // when Temporal had it; absent: its history is gone
	Disposition workflows.Disposition `json:"disposition,omitempty"` // of the last ten only
	Event       prodege.Event         `json:"event"`

	took time.Time // when we took it, as near as that is known: the order in which things caused one another
}

// InvoiceBody is what was, or will be, sent to billing.
type InvoiceBody struct {
	Revision int    `json:"revision"`
	Key      string `json:"key"`
	Phase    string `json:"phase"`
	Body     string `json:"body,omitempty"` // byte for byte
}

// evidenceTime bounds the reading of histories.
const evidenceTime = 2 * time.Minute

func (o Options) evidence() *cobra.Command {
	asCSV := false
	cmd := o.command(words{
		use: "evidence <project>", short: "Give all that is known of a project, for a dispute",
		long: "Give a project's events, decisions, Prodege calls and invoices, from its ledger and from Temporal's histories as far as\n" +
			"they are kept (the namespace's retention). JSON, or with --csv one line for each thing, in the order of time. Where no\n" +
			"worker answers, histories alone are read, and it says so: the ledger is that of the newest run's beginning, or absent.",
		example: "  fieldmarshal evidence 29303649 > 29303649.json\n  fieldmarshal evidence 29303649 --csv > 29303649.csv",
	}, one("the id of a project"), func(c *call) error {
		if c.json && asCSV {
			return misused("--json and --csv can't go together")
		}
		return c.evidence(asCSV)
	})
	cmd.Flags().BoolVar(&asCSV, "csv", false, "answer in CSV")
	return noFiles(cmd)
}

func (c *call) evidence(asCSV bool) error {
	id, err := c.project()
	if err != nil {
		return err
	}
	p, err := c.projectState(id)
	alone := errors.Is(err, errNoWorker)
	if err != nil && !alone {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, evidenceTime)
	defer cancel()
	h, read := c.world.Temporal.History(ctx, id)
	switch {
	case alone && (read != nil || len(h.Signals) == 0 && h.Carried == nil):
		return err
	case read != nil:
		return c.reached(read, fmt.Sprintf("the history of project %s", id))
	}
	var e Evidence
	if alone {
		e = gatherFromHistory(id, h)
		fmt.Fprintln(c.cmd.ErrOrStderr(), e.NotShown)
	} else {
		e = gather(p, h.Signals)
	}
	e.Made, e.Whole = c.now().UTC(), h.Whole
	if p.Invoicing != nil {
		asking, stop := c.within()
		defer stop()
		i, err := c.world.Flows.Invoicing(asking, workflows.InvoicingWorkflowID(id))
		if err != nil {
			return c.reached(err, fmt.Sprintf("the invoice of project %s", id))
		}
		e.Invoice = &InvoiceBody{i.Invoice.Revision, i.Invoice.Key, string(i.Invoice.Phase), i.Invoice.Body}
	}
	if asCSV {
		return c.writeCSV(e)
	}
	return c.showJSON(e)
}

// gather sorts the ledger by what a line is about, and puts what became of them beside the events.
func gather(p workflows.ProjectState, signals []Signalled) Evidence {
	e := Evidence{Project: p.ProjectID, Name: p.Name.Name, PONumber: p.Name.PONumber, Status: p.Status, Counts: p.Counts, Events: []EvidenceEvent{},
		Requests: workflows.Ledger{}, Decisions: workflows.Ledger{}, ProdegeCalls: workflows.Ledger{}, Invoices: workflows.Ledger{}, Course: workflows.Ledger{}}
	became := map[prodege.EventID][]int{} // places in the last ten
	for i, l := range p.Last {
		became[l.ID] = append(became[l.ID], i)
	}
	// The last ten were signalled last: the newest signal of an id goes with its newest line.
	reached := map[int]time.Time{}
	for _, s := range slices.Backward(signals) {
		one := EvidenceEvent{Reached: s.At, Event: s.Event, took: s.At}
		if left := became[s.Event.ID]; len(left) > 0 {
			line := left[len(left)-1]
			one.Disposition, became[s.Event.ID], reached[line] = p.Last[line].Disposition, left[:len(left)-1], s.At
		}
		e.Events = append(e.Events, one)
	}
	slices.Reverse(e.Events)
	took := time.Time{}
	for i, l := range p.Last {
		at, known := reached[i]
		if !known {
			at = l.Time
		}
		if at.After(took) {
			took = at
		}
		if !known { // found by a sweep, or its history is gone
			e.Events = append(e.Events, EvidenceEvent{Disposition: l.Disposition, took: took,
				Event: prodege.Event{ID: l.ID, Time: l.Time, ProjectID: p.ProjectID, Status: l.Status, Reason: l.Reason, Source: l.Source}})
		}
	}
	slices.SortStableFunc(e.Events, func(a, b EvidenceEvent) int { return a.took.Compare(b.took) })
	for _, l := range p.Ledger {
		to := &e.Course
		switch l.Kind {
		case workflows.LineRequest:
			to = &e.Requests
		case workflows.LineDecision:
			to = &e.Decisions
		case workflows.LineProdege:
			to = &e.ProdegeCalls
		case workflows.LineInvoice:
			to = &e.Invoices
		}
		*to = append(*to, l)
	}
	return e
}

// csvHeading is the first line of the CSV.
var csvHeading = []string{"time_utc", "kind", "what", "amount_usd", "by", "from", "ref", "dry_run", "reached_temporal_utc"}

func (c *call) writeCSV(e Evidence) error {
	w := csv.NewWriter(c.cmd.OutOrStdout())
	rows := e.rows()
	for _, row := range append([][]string{csvHeading}, rows...) {
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// rows are the events and the ledger's lines, oldest first. Prodege tells times to the second: of one second, what
// we took first comes first, so that what caused an event stands above it.
func (e Evidence) rows() [][]string {
	type row struct {
		took  time.Time
		cells []string
	}
	var all []row
	for _, ev := range e.Events {
		what := string(ev.Event.Status)
		if ev.Event.Reason != 0 {
			what += " " + number(ev.Event.Reason)
		}
		if ev.Event.Description != "" {
			what += " " + ev.Event.Description
		}
		if ev.Disposition != "" {
			what += ": " + string(ev.Disposition)
		}
		reached := ""
		if !ev.Reached.IsZero() {
			reached = ev.Reached.UTC().Format(time.RFC3339)
		}
		all = append(all, row{ev.took, []string{ev.Event.Time.UTC().Format(time.RFC3339), "event", what, plain(ev.Event.RequiredCPI), "", or(string(ev.Event.Source), "webhook"), string(ev.Event.ID), "", reached}})
	}
	for _, list := range []workflows.Ledger{e.Course, e.Requests, e.Decisions, e.ProdegeCalls, e.Invoices} {
		for _, l := range list {
			all = append(all, row{l.At, []string{l.At.UTC().Format(time.RFC3339), string(l.Kind), l.What, plain(l.Amount), l.By, l.From, l.Ref, strconv.FormatBool(l.DryRun), ""}})
		}
	}
	if e.NotShown != "" {
		all = append(all, row{e.Made, []string{e.Made.UTC().Format(time.RFC3339), "note", e.NotShown, "", "", "", "", "", ""}})
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Or(strings.Compare(a.cells[0], b.cells[0]), a.took.Compare(b.took)) })
	var rows [][]string
	for _, r := range all {
		rows = append(rows, r.cells)
	}
	return rows
}

func plain(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.String()
}

// cell keeps a spreadsheet from taking a text from outside for a formula, and a terminal from obeying it.
func cell(text string) string {
	text = printable(text)
	if text != "" && strings.ContainsRune("=+-@\t", rune(text[0])) {
		return "'" + text
	}
	return text
}
