package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// checkLife checks the seven promises about a project that lived from pause to invoice.
func (w *trapped) checkLife(l *life) {
	w.t.Helper()
	acknowledged, tries := w.deliveries(l.id)
	state := w.waitProject(l.id, func(s *project.State) bool {
		return s.Counts.Applied+s.Counts.Late >= int64(len(acknowledged)) && s.Waiting == project.WaitsNothing
	}, l.String()+": every acknowledged event")
	w.checkDispositions(l, state.Counts, acknowledged, tries)
	w.checkAcceptances(l, state)
	w.checkModel(l, state)
	w.checkInvoicesOf(l)
	w.checkMessages(l)
}

// sent returns the ids of the events that were answered with 200, and how many deliveries Prodege attempted.
func (w *trapped) deliveries(id prodege.ProjectID) (acknowledged []prodege.EventID, tries int) {
	for _, e := range w.prodege.Exchanges() {
		if e.Event.ProjectID != id {
			continue
		}
		tries += len(e.Attempts)
		if e.Status() == http.StatusOK && !slices.Contains(acknowledged, e.Event.ID) {
			acknowledged = append(acknowledged, e.Event.ID)
		}
	}
	return acknowledged, tries
}

// 1. Every acknowledged event has exactly one disposition. A delivery that was cut off may have been kept.
func (w *trapped) checkDispositions(l *life, c project.Counts, acknowledged []prodege.EventID, tries int) {
	w.t.Helper()
	if len(acknowledged) < 4 {
		w.t.Errorf("%s: only %d events were acknowledged: too little happened", l, len(acknowledged))
	}
	first := int(c.Applied + c.Late)
	if first != len(acknowledged) || c.Unusable != 0 || c.Received != c.Applied+c.Duplicate+c.Late || c.Received > int64(tries) {
		w.t.Errorf("%s: %d events acknowledged in %d tries, dispositions %+v", l, len(acknowledged), tries, c)
	}
}

// 2 and 3. One effective acceptance per generation, with a recorded decision for exactly that amount by an approver.
func (w *trapped) checkAcceptances(l *life, state *project.State) {
	w.t.Helper()
	accepted := w.prodege.Acceptances(l.id)
	if len(accepted) != 1 || accepted[0].Params["max_cpi"] != amount.String() {
		w.t.Errorf("%s: effective acceptances %+v, want one of %s", l, accepted, amount)
	}
	decided := slices.ContainsFunc(state.Decisions, func(d project.Decided) bool {
		return d.Verdict == project.Approve && d.Amount != nil && d.Amount.Equal(amount) && (d.User == ann || d.User == ben)
	})
	if !decided || len(state.Decisions) != 1 {
		w.t.Errorf("%s: recorded decisions %+v, want one", l, state.Decisions)
	}
}

// 4. The state is what a sequential model makes of the same events: paused, live, complete, invoiced.
func (w *trapped) checkModel(l *life, state *project.State) {
	w.t.Helper()
	got := fmt.Sprintf("%s, %d generations, last %s, invoice %d %s", state.Status, state.Request.Generation, state.Request.Phase, state.Invoice.Revision, state.Invoice.Phase)
	if want := "INVOICED, 1 generations, last live, invoice 1 done"; got != want {
		w.t.Errorf("%s: it ends as %q, want %q", l, got, want)
	}
	if state.Pause != nil {
		w.t.Errorf("%s: it is still paused: %+v", l, state.Pause)
	}
}

// 5. At most one invoice per revision, and one revision.
func (w *trapped) checkInvoicesOf(l *life) {
	w.t.Helper()
	var keys []string
	for _, i := range w.billing.Invoices() {
		if strings.Contains(i.Key, l.id.String()) {
			keys = append(keys, i.Key)
		}
	}
	if want := []string{project.InvoiceKey(l.id, 1)}; !slices.Equal(keys, want) {
		w.t.Errorf("%s: invoices %v, want %v", l, keys, want)
	}
}

// 6 and 7. No buttons on a closed request, and no message twice.
func (w *trapped) checkMessages(l *life) {
	w.t.Helper()
	count := map[string]int{}
	roots := 0
	for _, channel := range []string{alerts, approvals, finance} {
		for _, m := range w.slack.AllMessages(channel) {
			if !strings.Contains(simulator.PlainText(m)+m.Text, l.id.String()) {
				continue
			}
			if left := buttons(m); slices.ContainsFunc(left, func(id string) bool { return strings.HasPrefix(id, "cpi_") || strings.HasPrefix(id, "invoice_") }) {
				w.t.Errorf("%s: buttons %v are left on\n%s", l, left, simulator.PlainText(m))
			}
			if m.Metadata == nil {
				w.t.Errorf("%s: a message without a key:\n%s", l, simulator.PlainText(m))
				continue
			}
			count[fmt.Sprint(m.Metadata.EventPayload)]++
			if m.Thread == "" && channel == approvals {
				roots++
			}
		}
	}
	for key, n := range count {
		if n > 1 {
			w.t.Errorf("%s: %d messages with the key %s", l, n, key)
		}
	}
	if roots != 1 {
		w.t.Errorf("%s: %d requests stand in the channel, want 1", l, roots)
	}
}
