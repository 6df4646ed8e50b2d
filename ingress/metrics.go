package ingress

import (
	"cmp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

// metrics counts what came and its outcome. All labels are from fixed lists.
type metrics struct {
	deliveries *prometheus.CounterVec // by webhook and outcome
	refused    *prometheus.CounterVec // by cause
	received   atomic.Int64
	unusable   prometheus.Counter
	clicks     *prometheus.CounterVec // by outcome
	seconds    *prometheus.HistogramVec
}

// Outcomes of a delivery.
const (
	outcomeAccepted = "accepted" // on disk
	outcomeDirect   = "direct"   // in Temporal, because the disk refused
	outcomeUnusable = "unusable" // authentic, but at least one event can't be used; the others are on disk or in Temporal
	outcomeRefused  = "refused"  // 400, 404, 405, 413, 415, and 500 for a body that was cut off
	outcomeFailed   = "failed"   // 500
)

// Causes of a refusal in addition to prodege.Causes.
const (
	causeTooLarge     = "too_large"
	causeUnreadable   = "unreadable"
	causeCompressed   = "compressed"
	causeWrongAddress = "wrong_address"
	causeWrongMethod  = "wrong_method"
)

// newMetrics adds our metrics to a registry that has none of them. Those of the inbox are read at each scrape.
func newMetrics(registry *prometheus.Registry, box *inbox.Inbox) *metrics {
	add := promauto.With(registry)
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return add.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	events := func(disposition string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "fieldmarshal_events_total", ConstLabels: prometheus.Labels{"disposition": disposition},
			Help: "Events that ended in the ingress, by disposition; the worker counts applied, duplicate and late ones."}
	}
	m := &metrics{
		deliveries: counters("fieldmarshal_deliveries_total", "Deliveries of Prodege's webhooks, by outcome.", "webhook", "outcome"),
		refused:    counters("fieldmarshal_refused_deliveries_total", "Refused deliveries, by cause.", "cause"),
		unusable:   add.NewCounter(events("unusable")),
		clicks: counters("fieldmarshal_clicks_total",
			"Clicks on buttons and submitted modals, by outcome: recorded, or why they did not count.", "outcome"),
		seconds: add.NewHistogramVec(prometheus.HistogramOpts{Name: "fieldmarshal_http_request_seconds",
			Help:    "How long requests took to answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}, []string{"route", "status"}),
	}
	ours := []string{causeTooLarge, causeUnreadable, causeCompressed, causeWrongAddress, causeWrongMethod}
	for _, cause := range append(ours, prodege.Causes...) {
		m.refused.WithLabelValues(cause) // starts at zero, so that the first one shows in a rate
	}
	add.NewCounterFunc(events("dead"), func() float64 { return float64(box.Stats().Dead) })
	add.NewCounterFunc(prometheus.CounterOpts{Name: "fieldmarshal_events_received_total",
		Help: "Events of authentic deliveries that were answered with 200, including unusable ones, and dead letters that were retried."},
		func() float64 { return float64(m.received.Load()) + float64(box.Stats().Retried) })
	add.NewCounterFunc(prometheus.CounterOpts{Name: "fieldmarshal_inbox_forwarded_total", Help: "Events handed to Temporal."},
		func() float64 { return float64(box.Stats().Forwarded) })
	for _, g := range []struct {
		name, help string
		value      func(inbox.Stats) float64
	}{
		{"fieldmarshal_inbox_depth", "Events on disk that Temporal does not have yet.",
			func(s inbox.Stats) float64 { return float64(s.Depth) }},
		{"fieldmarshal_inbox_oldest_seconds", "Age in seconds of the oldest of them; 0 if none waits.", func(s inbox.Stats) float64 {
			if s.Oldest.IsZero() {
				return 0
			}
			return max(0, time.Since(s.Oldest).Seconds())
		}},
		{"fieldmarshal_inbox_stuck", "Events that Temporal has not accepted for a day, though it accepted others of their kind.",
			func(s inbox.Stats) float64 { return float64(s.Stuck) }},
		{"fieldmarshal_inbox_dead_letters", "Dead letters that wait for a person.",
			func(s inbox.Stats) float64 { return float64(s.DeadLetters) }},
		{"fieldmarshal_inbox_disk_refuses", "1 while the disk accepts no events, for whatever reason.",
			func(s inbox.Stats) float64 { return flag(s.Fault != "") }},
		{"fieldmarshal_inbox_disk_hung", "1 while the disk does not answer.", func(s inbox.Stats) float64 { return flag(s.Hung) }},
	} {
		add.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help}, func() float64 { return g.value(box.Stats()) })
	}
	return m
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// measure times each request. Unknown addresses share a label.
func (m *metrics) measure(c *gin.Context) {
	start := time.Now()
	c.Next()
	m.seconds.WithLabelValues(cmp.Or(c.FullPath(), "other"), strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}
