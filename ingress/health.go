package ingress

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	askTemporalEvery   = time.Second
	askTemporalTimeout = time.Second

	// unready is how long neither the disk nor Temporal must have accepted events before the ingress says that it isn't
	// ready: if a load balancer removes the only ingress, deliveries are lost that Temporal would have accepted a moment later.
	unready = 5 * time.Second
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

// health is what /readyz remembers between calls.
type health struct {
	mu     sync.Mutex
	asked  time.Time // when Temporal was asked
	fault  error     // why it could not accept events then
	outage time.Time // since when neither the disk nor Temporal has accepted events; zero: one of them does
}

// readyz says ready while the disk or Temporal accepts events: deliveries can be made durable in either. Temporal is asked at
// most once per second, however often readyz is called, and a caller that disconnects does not affect the others.
func (in *Ingress) readyz(c *gin.Context) {
	h := &in.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked.IsZero() || in.now().Sub(h.asked).Abs() >= askTemporalEvery {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), askTemporalTimeout)
		defer cancel()
		h.fault, h.asked = in.options.Temporal(ctx), in.now()
	}
	disk, stats, now := in.options.Inbox.Writable(), in.options.Inbox.Stats(), in.now()
	body := readiness{Ready: true, Inbox: "writable", Temporal: "answers", Waiting: stats.Depth, Oldest: stats.Oldest, Stuck: stats.Stuck}
	var degraded []string
	if disk != nil {
		body.Inbox = disk.Error()
		degraded = append(degraded, body.Inbox)
	}
	if h.fault != nil {
		body.Temporal = h.fault.Error()
		degraded = append(degraded, "Temporal: "+body.Temporal)
	}
	body.Degraded = strings.Join(degraded, "; ")
	if len(degraded) < 2 {
		h.outage = time.Time{}
	} else if h.outage.IsZero() {
		h.outage = now
	}
	status := http.StatusOK
	if !h.outage.IsZero() && now.Sub(h.outage) >= unready {
		body.Ready, status = false, http.StatusServiceUnavailable
	}
	c.JSON(status, body)
}
