package ingress

import (
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

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

	causeBusy = "busy" // not a refusal: answered with 500
)

func newMetrics(registry *prometheus.Registry, box *inbox.Inbox) (*metrics, error) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fieldmarshal_events_total",
		Help: "Events that ended in the ingress, by disposition; the worker counts applied, duplicate and late ones."}, []string{"disposition"})
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fieldmarshal_deliveries_total",
			Help: "Deliveries of Prodege's webhooks, by outcome."}, []string{"webhook", "outcome"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fieldmarshal_refused_deliveries_total",
			Help: "Refused deliveries, by cause."}, []string{"cause"}),
		unusable: events.WithLabelValues("unusable"),
		clicks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fieldmarshal_clicks_total",
			Help: "Clicks on buttons and submitted modals, by outcome: recorded, or why they did not count."}, []string{"outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "fieldmarshal_http_request_seconds",
			Help: "How long requests took to answer.", Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}, []string{"route", "status"}),
	}
	received := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "fieldmarshal_events_received_total",
		Help: "Events of authentic deliveries that were answered with 200, including unusable ones, and dead letters that were retried."},
		func() float64 { return float64(m.received.Load()) + float64(box.Stats().Retried) })
	for _, cause := range append([]string{causeTooLarge, causeUnreadable, causeCompressed, causeWrongAddress, causeWrongMethod}, prodege.Causes...) {
		m.refused.WithLabelValues(cause) // starts at zero, so that the first one shows in a rate
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.deliveries, m.refused, received, m.clicks, m.seconds, &eventCounts{events, box}, &inboxGauges{box}} {
		errs = append(errs, registry.Register(c))
	}
	return m, errors.Join(errs...)
}

// measure times each request. Unknown addresses share a label.
func (m *metrics) measure(c *gin.Context) {
	start := time.Now()
	c.Next()
	path := c.FullPath()
	if path == "" {
		path = "other"
	}
	m.seconds.WithLabelValues(path, strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}

// eventCounts combines unusable events, which the ingress counts, with dead ones, which the inbox counts.
type eventCounts struct {
	counted *prometheus.CounterVec
	box     *inbox.Inbox
}

var deadEvents = prometheus.NewDesc("fieldmarshal_events_total",
	"Events that ended in the ingress, by disposition; the worker counts applied, duplicate and late ones.", []string{"disposition"}, nil)

func (e *eventCounts) Describe(ch chan<- *prometheus.Desc) { e.counted.Describe(ch) }

func (e *eventCounts) Collect(ch chan<- prometheus.Metric) {
	e.counted.Collect(ch)
	ch <- prometheus.MustNewConstMetric(deadEvents, prometheus.CounterValue, float64(e.box.Stats().Dead), "dead")
}

// inboxGauges reads the inbox at each scrape.
type inboxGauges struct{ box *inbox.Inbox }

var (
	inboxDepth     = prometheus.NewDesc("fieldmarshal_inbox_depth", "Events on disk that Temporal does not have yet.", nil, nil)
	inboxOldest    = prometheus.NewDesc("fieldmarshal_inbox_oldest_seconds", "Age in seconds of the oldest of them; 0 if none waits.", nil, nil)
	inboxStuck     = prometheus.NewDesc("fieldmarshal_inbox_stuck", "Events that Temporal has not accepted for a day, though it accepted others of their kind.", nil, nil)
	inboxForwarded = prometheus.NewDesc("fieldmarshal_inbox_forwarded_total", "Events handed to Temporal.", nil, nil)
	inboxDead      = prometheus.NewDesc("fieldmarshal_inbox_dead_letters", "Dead letters that wait for a person.", nil, nil)
	inboxFault     = prometheus.NewDesc("fieldmarshal_inbox_disk_refuses", "1 while the disk accepts no events, for whatever reason.", nil, nil)
	inboxHung      = prometheus.NewDesc("fieldmarshal_inbox_disk_hung", "1 while the disk does not answer.", nil, nil)
)

func (g *inboxGauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inboxDepth, inboxOldest, inboxStuck, inboxForwarded, inboxDead, inboxFault, inboxHung} {
		ch <- d
	}
}

func (g *inboxGauges) Collect(ch chan<- prometheus.Metric) {
	s := g.box.Stats()
	gauge := func(d *prometheus.Desc, kind prometheus.ValueType, v float64) {
		ch <- prometheus.MustNewConstMetric(d, kind, v)
	}
	gauge(inboxDepth, prometheus.GaugeValue, float64(s.Depth))
	age := 0.0
	if !s.Oldest.IsZero() {
		age = max(0, time.Since(s.Oldest).Seconds())
	}
	gauge(inboxOldest, prometheus.GaugeValue, age)
	gauge(inboxStuck, prometheus.GaugeValue, float64(s.Stuck))
	gauge(inboxForwarded, prometheus.CounterValue, float64(s.Forwarded))
	gauge(inboxDead, prometheus.GaugeValue, float64(s.DeadLetters))
	flag := func(d *prometheus.Desc, on bool) {
		if on {
			gauge(d, prometheus.GaugeValue, 1)
		} else {
			gauge(d, prometheus.GaugeValue, 0)
		}
	}
	flag(inboxFault, s.Fault != "")
	flag(inboxHung, s.Hung)
}
