package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/server/common/dynamicconfig"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// fewSignals is a namespace whose workflow runs accept at most signalLimit signals. Temporal's default is 10,000.
const (
	fewSignals  = "few-signals"
	signalLimit = 40
)

var signalLimits = []dynamicconfig.ConstrainedValue{
	{Constraints: dynamicconfig.Constraints{Namespace: fewSignals}, Value: signalLimit},
	{Value: 10_000},
}

// TestMoreEventsThanARunAccepts checks that events over Temporal's limit of signals, which it refuses as an invalid
// argument, wait in the inbox for the next run and do not become dead letters.
func TestMoreEventsThanARunAccepts(t *testing.T) {
	t.Parallel()
	registerNamespace(t, fewSignals)
	w := newWorld(t, withoutWorker, with("PRODEGE_API_KEY", ""), func(p *plan) {
		p.namespace = fewSignals
		p.worker = []string{"--history-limit", "30"}
	})
	const events = signalLimit + 25
	for n := range events {
		contentType, body := signDelivery(busyEvent(n), prodege.JSON)
		w.postWebhook(contentType, body)
	}
	await(t, "Temporal to refuse the next signal", func() bool {
		return strings.Contains(w.ingress.log.String(), "exceeded workflow execution limit for signal events")
	})
	if depth, dead := w.ingress.metric("fieldmarshal_inbox_depth", ""), w.ingress.metric("fieldmarshal_inbox_dead_letters", ""); depth != events-signalLimit || dead != 0 {
		t.Errorf("%v events wait and %v are dead letters, want %d and 0", depth, dead, events-signalLimit)
	}
	w.worker.launch()
	w.worker.waitReady()
	var state *project.State
	await(t, "all events to be handled", func() bool {
		var err error
		state, err = w.flows.Project(w.ctx, theProject)
		return err == nil && state.Counts.Received == events
	})
	if want := (project.Counts{Received: events, Applied: events}); state.Counts != want {
		t.Errorf("dispositions %+v, want %+v", state.Counts, want)
	}
	await(t, "the inbox to be empty", func() bool { return w.ingress.metric("fieldmarshal_inbox_depth", "") == 0 })
	if dead := w.ingress.metric("fieldmarshal_inbox_dead_letters", ""); dead != 0 {
		t.Errorf("%v dead letters", dead)
	}
}

// TestTemporalRefusesAPayloadPermanently checks that a permanent refusal of the real server is recognized.
func TestTemporalRefusesAPayloadPermanently(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutWorker)
	huge := prodege.Event{ID: "huge", ProjectID: theProject, Status: prodege.Live, Time: time.Now(), Description: strings.Repeat("x", 3<<20)}
	if err := w.flows.Deliver(w.ctx, huge); !errors.Is(err, workflows.ErrRefused) {
		t.Errorf("an event of 3 MiB: %.300s", fmt.Sprint(err))
	}
}
