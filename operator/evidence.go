package operator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Evidence is all that is known of a project, for a dispute.
type Evidence struct {
	Project  prodege.ProjectID `json:"project_id"`
	Name     string            `json:"name,omitempty"`
	PONumber string            `json:"po_number,omitempty"`
	Status   prodege.Status    `json:"status"`
	Made     time.Time         `json:"made_at"`
	Counts   project.Counts    `json:"counts"`
	Whole    bool              `json:"events_whole"`          // Temporal's histories go back to the project's beginning
	AsOf     time.Time         `json:"ledger_as_of,omitzero"` // no worker answered: the time of status, counts and ledger
	NotShown string            `json:"not_shown,omitempty"`   // because no worker answered
	Events   []EvidenceEvent   `json:"events"`
	Ledger   []project.Line    `json:"ledger"`
	Invoice  *InvoiceBody      `json:"invoice,omitempty"` // the newest revision
}

// EvidenceEvent is one event as it came, and what became of it.
type EvidenceEvent struct {
	Reached     time.Time           `json:"reached_at,omitzero"`   // when Temporal had it; absent: its history is gone, or a poll found it
	Disposition project.Disposition `json:"disposition,omitempty"` // of the last ten only
	Event       prodege.Event       `json:"event"`
}

// InvoiceBody is what was, or will be, sent to billing.
type InvoiceBody struct {
	Revision int                  `json:"revision"`
	Key      string               `json:"key"`
	Phase    project.InvoicePhase `json:"phase"`
	Body     string               `json:"body,omitempty"` // byte for byte
}

func (o Options) evidence() *cobra.Command {
	asCSV := false
	cmd := o.about("evidence <project>", true, 1, "the id of a project", func(c *call, id prodege.ProjectID) error { return c.evidence(id, asCSV) })
	cmd.Flags().BoolVar(&asCSV, "csv", false, "answer in CSV")
	return cmd
}

func (c *call) evidence(id prodege.ProjectID, asCSV bool) error {
	r, err := c.record(id)
	if err == nil {
		err = c.explained(r.historyErr, fmt.Sprintf("the history of project %s", id))
	}
	if err != nil {
		return err
	}
	e := Evidence{Project: id, Made: c.now().UTC(), Whole: r.history.Whole, AsOf: r.asOf, NotShown: r.notShown, Events: r.events(), Ledger: append([]project.Line{}, r.ledger...)}
	if s := r.state; s != nil {
		e.Name, e.PONumber, e.Status, e.Counts = s.Name.Name, s.Name.PONumber, s.Status, s.Counts
		if i := s.Invoice; i != nil {
			e.Invoice = &InvoiceBody{i.Revision, i.Key, i.Phase, i.Body}
		}
	}
	if e.NotShown != "" {
		c.note("%s", e.NotShown)
	}
	if asCSV {
		return c.showCSV(append([][]string{csvHeading}, e.rows()...))
	}
	return c.showJSON(e)
}

// events are the events that came, with what became of them, and those of the last ten that did not come as a signal.
func (r record) events() []EvidenceEvent {
	list, left := []EvidenceEvent{}, slices.Clone(r.last())
	// The last ten were signalled last: the newest signal of an id belongs to its newest line.
	for _, s := range slices.Backward(r.history.Signals) {
		one := EvidenceEvent{Reached: s.At, Event: s.Event}
		if r.asOf.IsZero() || s.At.Before(r.asOf) {
			for i := len(left) - 1; i >= 0; i-- {
				if left[i].ID == s.Event.ID {
					one.Disposition = left[i].Disposition
					left = slices.Delete(left, i, i+1)
					break
				}
			}
		}
		list = append(list, one)
	}
	slices.Reverse(list)
	for _, l := range left { // a poll found it, or its history is gone
		list = append(list, EvidenceEvent{Disposition: l.Disposition, Event: prodege.Event{ID: l.ID, Time: l.Time, Status: l.Status, Reason: l.Reason, Source: l.Source}})
	}
	slices.SortStableFunc(list, func(a, b EvidenceEvent) int { return a.at().Compare(b.at()) })
	return list
}

// at is when we had an event, as far as that is known.
func (e EvidenceEvent) at() time.Time {
	if e.Reached.IsZero() {
		return e.Event.Time
	}
	return e.Reached
}

// csvHeading is the first line of the CSV.
var csvHeading = []string{"time_utc", "kind", "what", "amount_usd", "by", "from", "about", "dry_run", "reached_temporal_utc"}

// rows are the events and the ledger's lines by time, which Prodege tells to the second: of one second, events come first.
func (e Evidence) rows() (rows [][]string) {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	for _, one := range e.Events {
		ev, reached := one.Event, ""
		if !one.Reached.IsZero() {
			reached = at(one.Reached)
		}
		code := ""
		if ev.Reason != 0 {
			code = number(ev.Reason)
		}
		what := joined(": ", joined(" ", string(ev.Status), code, ev.Description), string(one.Disposition))
		rows = append(rows, []string{at(ev.Time), "event", what, plainUSD(ev.RequiredCPI), "", cmp.Or(string(ev.Source), "webhook"), string(ev.ID), "", reached})
	}
	for _, l := range e.Ledger {
		rows = append(rows, []string{at(l.At), string(l.Kind), lineWords(l), plainUSD(l.Amount), l.By, l.From, l.Ref, strconv.FormatBool(l.DryRun), ""})
	}
	if e.NotShown != "" {
		rows = append(rows, []string{at(e.Made), "note", e.NotShown, "", "", "", "", "", ""})
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return rows
}

func plainUSD(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.String()
}
