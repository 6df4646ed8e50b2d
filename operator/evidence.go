package operator

import (
	"cmp"
	"context"
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
	Whole    bool              `json:"events_whole"` // Temporal's histories go back to the project's beginning
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
	cmd := o.about("evidence <project>", func(c *call, id prodege.ProjectID) error {
		s, ledger, err := c.projectWithLedger(id)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.ctx, historyTime)
		defer cancel()
		signals, whole, err := c.world.Temporal.History(ctx, id)
		if err != nil {
			return c.explained(err, fmt.Sprintf("the history of project %s", id))
		}
		e := Evidence{Project: id, Name: s.Name.Name, PONumber: s.Name.PONumber, Status: s.Status, Made: c.now().UTC(), Counts: s.Counts,
			Whole: whole, Events: eventsOf(signals, s.Last), Ledger: append([]project.Line{}, ledger...)}
		if i := s.Invoice; i != nil {
			e.Invoice = &InvoiceBody{i.Revision, i.Key, i.Phase, i.Body}
		}
		if asCSV {
			return c.showCSV(e.rows())
		}
		return c.showJSON(e)
	})
	cmd.Flags().BoolVar(&asCSV, "csv", false, "answer in CSV")
	cmd.MarkFlagsMutuallyExclusive("csv", "json")
	return cmd
}

// eventsOf are the events that came, with what became of them, and those of the last ten that did not come as a signal.
func eventsOf(signals []Signal, last []project.EventLine) []EvidenceEvent {
	list, left := []EvidenceEvent{}, slices.Clone(last)
	// The last ten were signalled last: the newest signal of an id belongs to its newest line.
	for _, s := range slices.Backward(signals) {
		one := EvidenceEvent{Reached: s.At, Event: s.Event}
		for i, l := range slices.Backward(left) {
			if l.ID == s.Event.ID {
				one.Disposition = l.Disposition
				left = slices.Delete(left, i, i+1)
				break
			}
		}
		list = append(list, one)
	}
	slices.Reverse(list)
	for _, l := range left { // a poll found it, or its history is gone
		list = append(list, EvidenceEvent{Disposition: l.Disposition, Event: prodege.Event{ID: l.ID, Time: l.Time, Status: l.Status, Reason: l.Reason, Source: l.Source}})
	}
	slices.SortStableFunc(list, func(a, b EvidenceEvent) int {
		return cmp.Or(a.Reached, a.Event.Time).Compare(cmp.Or(b.Reached, b.Event.Time))
	})
	return list
}

// csvHeading is the first line of the CSV.
var csvHeading = []string{"time_utc", "kind", "what", "amount_usd", "by", "from", "about", "dry_run", "reached_temporal_utc"}

// rows are the events and the ledger's lines by time, which Prodege tells to the second: of one second, events come first.
func (e Evidence) rows() [][]string {
	var rows [][]string
	for _, one := range e.Events {
		ev, code := one.Event, ""
		if ev.Reason != 0 {
			code = strconv.Itoa(int(ev.Reason))
		}
		what := joined(": ", joined(" ", string(ev.Status), code, ev.Description), string(one.Disposition))
		rows = append(rows, []string{rfc3339(ev.Time), "event", what, plainUSD(ev.RequiredCPI), "", cmp.Or(string(ev.Source), "webhook"), string(ev.ID), "", rfc3339(one.Reached)})
	}
	for _, l := range e.Ledger {
		rows = append(rows, []string{rfc3339(l.At), string(l.Kind), lineWords(l), plainUSD(l.Amount), l.By, l.From, l.Ref, strconv.FormatBool(l.DryRun), ""})
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return append([][]string{csvHeading}, rows...)
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func plainUSD(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.String()
}
