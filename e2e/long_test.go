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

// TestALongLife sends one project a hundred events per second while its workflow keeps continuing as new: none is lost or
// counted twice, and neither histories nor memory grow with them.
func TestALongLife(t *testing.T) {
	slow(t)
	t.Parallel()
	events, limit := 1500, 400 // in a short test histories are limited, so that there are many runs
	var options []func(*plan)
	if *long {
		events, limit = 20000, 4096 // the server's own suggestion
	} else {
		options = append(options, func(p *plan) { p.worker = []string{"--history-limit", fmt.Sprint(limit)} })
	}
	options = append(options, with("PRODEGE_API_KEY", "")) // only events tell the status
	w := prepareWorld(t, server.HostPort, "", options...)
	w.begin()

	const each = 10 * time.Millisecond
	start, repeats := time.Now(), 0
	tick := time.NewTicker(each)
	defer tick.Stop()
	for n := range events {
		if n%50 == 49 { // a worker that can't keep up would get more and more at once, and its runs would end late
			w.waitCaughtUp(int64(n + repeats))
		}
		contentType, body := signed(busyEvent(n), prodege.JSON)
		w.postWebhook(contentType, body)
		if n%20 == 7 { // Prodege did not see our answer
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
	t.Logf("%d deliveries in %s (%.0f a second), all handled %s later, %d runs", all, took.Round(time.Second), float64(all)/took.Seconds(), (time.Since(start) - took).Round(time.Second), state.Runs+1)
	if want := (project.Counts{Received: all, Applied: int64(events), Duplicate: int64(repeats)}); state.Counts != want {
		t.Errorf("dispositions %+v, want %+v", state.Counts, want)
	}
	if want := map[bool]prodege.Status{true: prodege.Live, false: prodege.Paused}[(events-1)%10 != 0]; state.Status != want {
		t.Errorf("it ends as %s, want %s", state.Status, want)
	}
	w.checkSizes(state, limit)
}

// maxBehind is how many deliveries the workflow may be behind while more are sent.
const maxBehind = 300

// keepsUp waits until the workflow has nearly everything that was sent.
func (w *world) waitCaughtUp(sent int64) {
	w.t.Helper()
	await(w.t, "the workflow to keep up", func() bool {
		s, err := w.flows.Project(w.ctx, theProject)
		return err == nil && sent-s.Counts.Received <= maxBehind
	})
}

// aDay returns the nth event of a busy project, which pauses at every tenth. Many have the same second, so that their ids
// decide the order.
func busyEvent(n int) string {
	fields := live
	if n%10 == 0 {
		fields = `,"status":"PAUSED","update_reason":158`
	}
	at := time.Now().In(prodege.Pacific()).Format("2006-01-02 15:04:05")
	return fmt.Sprintf(`{"event_id":"day-%06d","event_time":%q,"project_id":%d%s}`, n, at, theProject, fields)
}

func (w *world) postWebhook(contentType string, body []byte) {
	w.t.Helper()
	answer, err := http.Post(w.ingress.url+statusPath, contentType, strings.NewReader(string(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		w.t.Fatalf("a delivery was answered %d", answer.StatusCode)
	}
}

// checkBounds checks that each run's history, and the state that it hands on, stay small.
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
		w.t.Errorf("the state has %d bytes, and %d were carried over", len(raw), carried)
	}
	w.t.Logf("%d runs, the longest history has %d events; at most %d bytes were carried over", runs, longest, carried)
	if runs < 3 || longest > 4*limit {
		w.t.Errorf("%d runs, the longest with %d events: want some, of at most %d", runs, longest, 4*limit)
	}
}
