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

// checkLife checks the seven guarantees for a project that went from pause to invoice.
func (w *trapped) checkLife(l *life) {
	w.t.Helper()
	acknowledged, attempts := w.deliveries(l.id)
	state := w.waitProject(l.id, func(s *project.State) bool {
		return s.Counts.Applied+s.Counts.Late >= int64(len(acknowledged)) && s.Waiting == project.WaitsNothing
	}, l.String()+": every acknowledged event")
	w.checkDispositions(l, state.Counts, acknowledged, attempts)
	w.checkAcceptances(l, state)
	w.checkModel(l, state)
	w.checkInvoicesOf(l)
	w.checkMessages(l)
}

// deliveries returns the ids of the events that were answered with 200, and how many deliveries Prodege attempted.
func (w *world) deliveries(id prodege.ProjectID) (acknowledged []prodege.EventID, attempts int) {
	for _, e := range w.prodege.Exchanges() {
		if e.Event.ProjectID != id {
			continue
		}
		attempts += len(e.Attempts)
		if e.Status() == http.StatusOK && !slices.Contains(acknowledged, e.Event.ID) {
			acknowledged = append(acknowledged, e.Event.ID)
		}
	}
	return acknowledged, attempts
}

// checkDispositions checks guarantee 1: every acknowledged event has exactly one disposition. An unacknowledged
// delivery may have been accepted.
func (w *trapped) checkDispositions(l *life, c project.Counts, acknowledged []prodege.EventID, attempts int) {
	w.t.Helper()
	if len(acknowledged) < 4 {
		w.t.Errorf("%s: only %d events were acknowledged, want at least 4", l, len(acknowledged))
	}
	counted := int(c.Applied + c.Late)
	if counted != len(acknowledged) || c.Unusable != 0 || c.Received != c.Applied+c.Duplicate+c.Late || c.Received > int64(attempts) {
		w.t.Errorf("%s: %d events acknowledged in %d attempts, dispositions %+v", l, len(acknowledged), attempts, c)
	}
}

// checkAcceptances checks guarantees 2 and 3: one effective acceptance per generation, with a recorded decision by an
// approver for exactly that amount.
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

// checkModel checks guarantee 4: the state is the same as after processing the events in sequence without a crash.
func (w *trapped) checkModel(l *life, state *project.State) {
	w.t.Helper()
	got := fmt.Sprintf("%s, %d generations, last %s, invoice %d %s", state.Status, state.Request.Generation, state.Request.Phase, state.Invoice.Revision, state.Invoice.Phase)
	if want := "INVOICED, 1 generations, last live, invoice 1 done"; got != want {
		w.t.Errorf("%s: the final state is %q, want %q", l, got, want)
	}
	if state.Pause != nil {
		w.t.Errorf("%s: the project is still paused: %+v", l, state.Pause)
	}
}

// checkInvoicesOf checks guarantee 5: at most one invoice per revision, and only one revision.
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

// checkMessages checks guarantees 6 and 7: no buttons on a closed request, and only one request. That no message was
// posted twice is checked at the end of every test.
func (w *trapped) checkMessages(l *life) {
	w.t.Helper()
	requests := 0
	for _, channel := range []string{alerts, approvals, finance} {
		for _, m := range w.slack.AllMessages(channel) {
			if !strings.Contains(simulator.PlainText(m)+m.Text, l.id.String()) {
				continue
			}
			if left := buttons(m); slices.ContainsFunc(left, func(id string) bool { return strings.HasPrefix(id, "cpi_") || strings.HasPrefix(id, "invoice_") }) {
				w.t.Errorf("%s: buttons %v are left on\n%s", l, left, simulator.PlainText(m))
			}
			if m.Metadata == nil {
				w.t.Errorf("%s: a message has no key:\n%s", l, simulator.PlainText(m))
				continue
			}
			if m.Thread == "" && channel == approvals {
				requests++
			}
		}
	}
	if requests != 1 {
		w.t.Errorf("%s: %d requests in the channel, want 1", l, requests)
	}
}
