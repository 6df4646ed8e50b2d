package worker_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"fieldmarshal/activities"
	"fieldmarshal/worker"
	"fieldmarshal/workflows"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// TestTemporalAway: without Temporal the process runs, is not ready and says why, serves metrics, and stops when told to.
func TestTemporalAway(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	registry := prometheus.NewRegistry()
	handler, err := worker.Metrics(registry, quiet)
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: sdklog.NewStructuredLogger(quiet), MetricsHandler: handler})
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	slackAPI := activities.NewSlackAPI("xoxb", "http://127.0.0.1:1/", nil)
	billing, err := activities.NewBilling(activities.BillingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.New(worker.Options{
		Client: nobody, Namespace: "default", TaskQueue: "q", Workflows: &workflows.Workflows{},
		Slack:   activities.NewSlack(activities.SlackOptions{API: slackAPI, Approvers: activities.NewApprovers(slackAPI, nil, quiet)}),
		Prodege: activities.NewProdege(activities.ProdegeOptions{}), Billing: billing, Flows: activities.NewFlows(workflows.NewClient(nobody, "q")),
		Channels: []string{"C1"}, PostsPerSecond: 1, Logger: quiet, Registry: registry, PollInterval: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()

	deadline := time.Now().Add(time.Minute)
	for {
		status, body := get(t, w.Handler(), "/readyz")
		var said struct {
			Ready bool
			Why   string
		}
		if err := json.Unmarshal([]byte(body), &said); err != nil || said.Ready || status != http.StatusServiceUnavailable {
			t.Fatalf("/readyz: %d %s", status, body)
		}
		if strings.Contains(said.Why, "temporal does not answer") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("/readyz still says %s", body)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if status, body := get(t, w.Handler(), "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, body)
	}
	handler.WithTags(map[string]string{"disposition": "late"}).Counter("fieldmarshal_events").Inc(2)
	if status, body := get(t, w.Handler(), "/metrics"); status != http.StatusOK || !strings.Contains(body, `fieldmarshal_events_total{disposition="late"} 2`) {
		t.Errorf("/metrics: %d, without the counter:\n%s", status, body)
	}
	// Pauses last hours and calls milliseconds, so each needs its own buckets.
	handler.Timer(workflows.MetricPause).Record(5 * time.Hour)
	handler.Timer("temporal_request_latency").Record(20 * time.Millisecond)
	_, body := get(t, w.Handler(), "/metrics")
	for _, line := range []string{`fieldmarshal_pause_seconds_bucket{le="14400"} 0`, `fieldmarshal_pause_seconds_bucket{le="28800"} 1`,
		`temporal_request_latency_seconds_bucket{le="0.01"} 0`, `temporal_request_latency_seconds_bucket{le="0.025"} 1`} {
		if !strings.Contains(body, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("stopping: %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it does not stop")
	}
}
