package worker

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"fieldmarshal/workflows"
)

// seconds are the buckets of the SDK's latencies. OpenTelemetry's defaults start at 5, but the SDK's unit is the second.
var seconds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}

// pauses are the buckets, in seconds, of how long a pause lasts until something is done about it: from an automatic
// approval to the ten business days after which Prodege completes a project by itself.
var pauses = []float64{5, 30, 60, 120, 300, 600, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600, 14 * 24 * 3600}

// buckets is a view that gives each histogram suitable buckets.
func buckets(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
	bounds := seconds
	if i.Name == workflows.MetricPause {
		bounds = pauses
	}
	return sdkmetric.Stream{Name: i.Name, Description: i.Description, Unit: i.Unit,
		Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: bounds}}, i.Kind == sdkmetric.InstrumentKindHistogram
}

// Metrics returns a handler for client.Options that exports the SDK's metrics, and those of workflows and activities, to
// the registry.
func Metrics(registry prometheus.Registerer, log *slog.Logger) (client.MetricsHandler, error) {
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("make metrics: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(buckets))
	report := func(err error) { log.Error("a metric could not be recorded", "error", err) }
	return counters{opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: provider.Meter("fieldmarshal"), OnError: report}), report}, nil
}

// counters exports the SDK's counters as counters. The SDK's handler exports them as gauges, because in theory one may
// decrease; none of ours does.
type counters struct {
	opentelemetry.MetricsHandler
	report func(error)
}

// WithTags implements client.MetricsHandler.
func (c counters) WithTags(tags map[string]string) client.MetricsHandler {
	return counters{c.MetricsHandler.WithTags(tags).(opentelemetry.MetricsHandler), c.report}
}

// Counter implements client.MetricsHandler.
func (c counters) Counter(name string) client.MetricsCounter {
	counter, err := c.GetMeter().Int64Counter(name)
	if err != nil {
		c.report(err)
		return client.MetricsNopHandler.Counter(name)
	}
	return count{counter, metric.WithAttributeSet(c.GetAttributes())}
}

type count struct {
	metric.Int64Counter
	attributes metric.AddOption
}

// Inc implements client.MetricsCounter.
func (c count) Inc(n int64) { c.Add(context.Background(), n, c.attributes) }
