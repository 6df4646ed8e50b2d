package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// TestALongLife sends one project a hundred events per second while its workflow keeps continuing as new. No event may
// be lost or counted twice, and neither histories nor states may grow with the number of events.
func TestALongLife(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	events, limit := 1500, 400 // short histories, so that there are many runs
	var options []func(*plan)
	if *long {
		events, limit = 20000, 4096 // the server's own suggestion
	} else {
		options = append(options, func(p *plan) { p.worker = []string{"--history-limit", fmt.Sprint(limit)} })
	}
	options = append(options, with("PRODEGE_API_KEY", "")) // only events tell the status
	w := newWorld(t, options...)

	const each = 10 * time.Millisecond
	start, repeats := time.Now(), 0
	tick := time.NewTicker(each)
	defer tick.Stop()
	for n := range events {
		if n%50 == 49 { // a worker that falls behind continues as new too late
			w.waitCaughtUp(int64(n + repeats))
		}
		contentType, body := signDelivery(busyEvent(n), prodege.JSON)
		w.postWebhook(contentType, body)
		if n%20 == 7 { // a repeat, as if Prodege had not got the response
			w.postWebhook(contentType, body)
			repeats++
		}
		<-tick.C
	}
	took := time.Since(start)
	all := int64(events + repeats)
	state := &project.State{}
	for deadline := time.Now().Add(2*waitTimeout + took); state.Counts.Received < all && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if s, err := w.flows.Project(w.ctx, theProject); err == nil {
			state = s
		}
	}
	t.Logf("%d deliveries in %s (%.0f per second), all handled %s later, %d runs", all, took.Round(time.Second), float64(all)/took.Seconds(), (time.Since(start) - took).Round(time.Second), state.Runs+1)
	if want := (project.Counts{Received: all, Applied: int64(events), Duplicate: int64(repeats)}); state.Counts != want {
		t.Errorf("dispositions %+v, want %+v", state.Counts, want)
	}
	if want := map[bool]prodege.Status{true: prodege.Live, false: prodege.Paused}[(events-1)%10 != 0]; state.Status != want {
		t.Errorf("the final status is %s, want %s", state.Status, want)
	}
	w.checkSizes(state, limit)
}

// maxBehind is how many deliveries the workflow may lag behind while more are sent.
const maxBehind = 300

// waitCaughtUp waits until the workflow has received all but maxBehind of the deliveries.
func (w *world) waitCaughtUp(sent int64) {
	w.t.Helper()
	await(w.t, "the workflow to catch up", func() bool {
		s, err := w.flows.Project(w.ctx, theProject)
		return err == nil && sent-s.Counts.Received <= maxBehind
	})
}

// busyEvent returns the nth event of a busy project, which pauses at every tenth event. Many have the same second, so
// that their ids decide the order.
func busyEvent(n int) string {
	fields := live
	if n%10 == 0 {
		fields = `,"status":"PAUSED","update_reason":158`
	}
	at := time.Now().In(prodege.Pacific()).Format("2006-01-02 15:04:05")
	return fmt.Sprintf(`{"event_id":"day-%06d","event_time":%q,"project_id":%d%s}`, n, at, theProject, fields)
}

// postWebhook posts a delivery to the ingress and checks that the response is 200.
func (w *world) postWebhook(contentType string, body []byte) {
	w.t.Helper()
	response, err := http.Post(w.ingress.url+statusPath, contentType, strings.NewReader(string(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("a delivery was answered %d", response.StatusCode)
	}
}

// checkSizes checks that the history of each run and the state that it carries over stay small.
func (w *world) checkSizes(state *project.State, limit int) {
	w.t.Helper()
	raw, err := json.Marshal(state)
	if err != nil {
		w.t.Fatal(err)
	}
	runs, longest, carried := 0, 0, 0
	for _, run := range w.runs() {
		if run.kind == workflows.TypeProject {
			runs++
			longest = max(longest, len(run.history.GetEvents()))
			for _, payload := range run.history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads() {
				carried = max(carried, len(payload.GetData()))
			}
		}
	}
	if len(raw) > 256<<10 || carried > 256<<10 {
		w.t.Errorf("the state has %d bytes, and up to %d were carried over", len(raw), carried)
	}
	w.t.Logf("%d runs, the longest history has %d events, up to %d bytes were carried over", runs, longest, carried)
	if runs < 3 || longest > 4*limit {
		w.t.Errorf("%d runs, the longest with %d events: want at least 3, of at most %d events", runs, longest, 4*limit)
	}
}
