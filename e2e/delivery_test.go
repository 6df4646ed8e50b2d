package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// exampleEvent is the example of an event in Prodege's documentation.
const exampleEvent = `{
"event_id": "644b075404443f2a3c77c7cb",
"event_time": "2023-04-27 16:37:56",
"status": "PAUSED",
"update_reason": 158,
"description": "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE",
"project_id": 29303649
}`

// TestExampleEventInEveryEncoding checks that three deliveries of one event in different encodings cause one alert.
func TestExampleEventInEveryEncoding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *plan) { // in a namespace without search attributes
		p.namespace = fmt.Sprintf("bare-%d", time.Now().UnixNano())
		registerNamespace(t, p.namespace)
	})
	if _, err := w.prodege.Pause(w.ctx, theProject, prodege.SampleSize, simulator.How{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	for _, encoding := range prodege.Encodings {
		e := w.checkDelivered(w.prodege.Deliver(w.ctx, []byte(exampleEvent), simulator.How{Encoding: encoding}))
		if body := e.Attempts[0].Body; body != `{"success":true}` {
			t.Errorf("a delivery as %s was answered %s", encoding, body)
		}
	}
	state := w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Received == 3 }, "three events")
	if want := (project.Counts{Received: 3, Applied: 1, Duplicate: 2}); state.Counts != want {
		t.Errorf("counts %+v, want %+v", state.Counts, want)
	}
	w.waitRoot(alerts, "sample size reached")
	if all := w.slack.AllMessages(alerts); len(all) != 1 {
		t.Errorf("%d messages in the alerts channel, want 1", len(all))
	}
	if status, _ := w.ingress.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d", status)
	}
}
