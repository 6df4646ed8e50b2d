package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// TestABacklog sends one project thousands of events, with a worker running and without. Each must be counted once, no
// history may grow too long, and what is due must be done.
func TestABacklog(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	events := 3000
	if *long {
		events = 20000
	}
	for _, working := range []bool{true, false} {
		t.Run(map[bool]string{true: "with a worker", false: "without a worker"}[working], func(t *testing.T) {
			w := prepareWorld(t, server.HostPort, with("PRODEGE_API_KEY", ""))
			w.ingress.launch()
			w.ingress.waitReady()
			if working {
				w.worker.launch()
				w.worker.waitReady()
			}
			const each = 100 // events per delivery
			for n := 0; n < events; n += each {
				var list []string
				for i := range each {
					list = append(list, backlogEvent(n+i, events))
				}
				contentType, body := signDelivery("["+strings.Join(list, ",")+"]", prodege.JSON)
				w.postWebhook(contentType, body)
			}
			if !working {
				w.worker.launch()
				w.worker.waitReady()
			}
			var last *project.State
			for counted := int64(0); counted < int64(events); counted = last.Counts.Received {
				await(t, fmt.Sprintf("more than %d of the events to be counted", counted), func() bool {
					s, err := w.flows.Project(w.ctx, theProject)
					last = s
					return err == nil && s.Counts.Received > counted
				})
			}
			if c := last.Counts; c.Duplicate != 0 || c.Unusable != 0 || c.Applied+c.Late != int64(events) {
				t.Errorf("dispositions %+v", c)
			}
			w.waitInvoice(project.InvoiceKey(theProject, 1)) // due even though LIVE follows COMPLETE in the same turn
			w.checkLengths()
		})
	}
}

// backlogEvent returns the nth of a number of events, in which the project pauses and resumes and is COMPLETE once.
func backlogEvent(n, of int) string {
	fields := live
	switch {
	case n == of/2:
		fields = `,"status":"COMPLETE","update_reason":903`
	case n%2 == 0:
		fields = `,"status":"PAUSED","update_reason":158`
	}
	return fmt.Sprintf(`{"event_id":"log-%06d","event_time":"2026-11-30 %02d:%02d:%02d","project_id":%d%s}`, n, n/3600, n/60%60, n%60, theProject, fields)
}

// checkLengths checks that no history has more than 12,000 events or 48 MiB.
func (w *world) checkLengths() {
	w.t.Helper()
	for _, run := range w.runs() {
		raw, err := json.Marshal(run.history)
		if err != nil {
			w.t.Fatal(err)
		}
		if n := len(run.history.GetEvents()); n > 12000 || len(raw) > 48<<20 {
			w.t.Errorf("a history of %s has %d events and about %d bytes", run.id, n, len(raw))
		}
		if run.kind == workflows.TypeProject {
			w.t.Logf("a run of %d events", len(run.history.GetEvents()))
		}
	}
}
