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
	Degraded string    `json:"degraded,omitempty"` // what does not take events, and why; empty if both do
	Inbox    string    `json:"inbox"`              // "writable", or why not
	Temporal string    `json:"temporal"`           // "answers", or what it lacks
	Waiting  int       `json:"waiting"`            // events that Temporal does not have yet
	Oldest   time.Time `json:"oldest,omitzero"`
	Stuck    int       `json:"stuck,omitempty"` // of them, that Temporal has not taken for a day; this door's state is another thing
}

// unready is how long neither the disk nor Temporal must have taken events before the ingress says that it isn't ready:
// a balancer that takes away the only door loses what Temporal would have taken a moment later.
const unready = 5 * time.Second

// outage remembers since when neither the disk nor Temporal has taken events, as far as anybody asked.
type outage struct {
	mu    sync.Mutex
	since time.Time
}

// lasts notes whether there is an outage now, and reports whether it has lasted.
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

// TemporalFault says why Temporal can't take events, in words for whoever runs the ingress.
type TemporalFault struct {
	Text string // "does not answer at temporal:7233", or what to do
	Err  error  // what came of asking
}

// Error is the text, and what came of asking.
func (e *TemporalFault) Error() string { return e.Text + ": " + e.Err.Error() }

// Unwrap gives what came of asking.
func (e *TemporalFault) Unwrap() error { return e.Err }

const (
	askTemporalEvery   = time.Second
	askTemporalTimeout = time.Second
)

// temporalHealth asks Temporal how it is, once a second however often it is asked itself.
type temporalHealth struct {
	mu    sync.Mutex
	asked time.Time
	said  error
}

// ask says why Temporal can't take events now; nil if it can. A caller that goes away does not spoil the answer for
// the others.
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

// readyz is ready while the disk or Temporal takes events: deliveries can be made durable in either.
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
