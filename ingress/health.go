package ingress

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

func (in *Ingress) healthz(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

// readiness is the body of /readyz.
type readiness struct {
	Ready    bool      `json:"ready"`
	Degraded string    `json:"degraded,omitempty"` // what does not accept events, and why; empty if both do
	Inbox    string    `json:"inbox"`              // "writable", or why not
	Temporal string    `json:"temporal"`           // "answers", or what is wrong
	Waiting  int       `json:"waiting"`            // events that Temporal does not have yet
	Oldest   time.Time `json:"oldest,omitzero"`
	Stuck    int       `json:"stuck,omitempty"` // those of them that Temporal has not accepted for a day; they don't affect readiness
}

// unready is how long neither the disk nor Temporal must have accepted events before the ingress says that it isn't ready: if a
// load balancer removes the only ingress, deliveries are lost that Temporal would have accepted a moment later.
const unready = 5 * time.Second

// outage remembers since when neither the disk nor Temporal has accepted events, as far as /readyz was called.
type outage struct {
	mu    sync.Mutex
	since time.Time
}

// lasts records whether there is an outage now, and reports whether it has lasted.
func (o *outage) lasts(now time.Time, out bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !out {
		o.since = time.Time{}
	} else if o.since.IsZero() {
		o.since = now
	}
	return out && now.Sub(o.since) >= unready
}

// TemporalFault is the error that says why Temporal can't accept events, for the people who run the ingress.
type TemporalFault struct {
	Text string // "does not answer at temporal:7233", or what to do
	Err  error  // the error of the call
}

// Error returns the text and the error of the call.
func (e *TemporalFault) Error() string { return e.Text + ": " + e.Err.Error() }

// Unwrap returns the error of the call.
func (e *TemporalFault) Unwrap() error { return e.Err }

const (
	askTemporalEvery   = time.Second
	askTemporalTimeout = time.Second
)

// temporalHealth checks Temporal at most once per second, however often it is asked.
type temporalHealth struct {
	mu    sync.Mutex
	asked time.Time
	said  error
}

// ask returns why Temporal can't accept events now; nil if it can. A caller that disconnects does not affect the others.
func (t *temporalHealth) ask(ctx context.Context, now func() time.Time, ask func(context.Context) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked.IsZero() || now().Sub(t.asked).Abs() >= askTemporalEvery {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTemporalTimeout)
		defer cancel()
		t.said, t.asked = ask(ctx), now()
	}
	return t.said
}

// readyz says ready while the disk or Temporal accepts events: deliveries can be made durable in either.
func (in *Ingress) readyz(c *gin.Context) {
	disk, temporal := in.options.Inbox.Writable(), in.temporal.ask(c.Request.Context(), in.now, in.options.Temporal)
	stats := in.options.Inbox.Stats()
	body := readiness{Ready: true, Inbox: "writable", Temporal: "answers", Waiting: stats.Depth, Oldest: stats.Oldest, Stuck: stats.Stuck}
	var degraded []string
	if disk != nil {
		body.Inbox = disk.Error()
		degraded = append(degraded, body.Inbox)
	}
	if temporal != nil {
		body.Temporal = "does not answer"
		if fault := new(TemporalFault); errors.As(temporal, &fault) {
			body.Temporal = fault.Text
		}
		degraded = append(degraded, "Temporal: "+body.Temporal)
	}
	body.Degraded = strings.Join(degraded, "; ")
	status := http.StatusOK
	if in.outage.lasts(in.now(), disk != nil && temporal != nil) {
		body.Ready, status = false, http.StatusServiceUnavailable
	}
	c.JSON(status, body)
}
