package ingress

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

func (in *Ingress) healthz(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

// readiness is the body of /readyz.
type readiness struct {
	Ready    bool      `json:"ready"`
	Inbox    string    `json:"inbox"`    // "writable", or why not
	Temporal string    `json:"temporal"` // "answers" or "does not answer"
	Waiting  int       `json:"waiting"`  // events that Temporal does not have yet
	Oldest   time.Time `json:"oldest,omitzero"`
}

// readyz is ready while deliveries can be made durable on disk. Temporal may be away: that is what the inbox
// is for, so it is only told.
func (in *Ingress) readyz(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), time.Second)
	defer cancel()
	err := in.options.Inbox.Writable()
	stats := in.options.Inbox.Stats()
	body := readiness{Ready: err == nil, Inbox: "writable", Temporal: "does not answer", Waiting: stats.Depth, Oldest: stats.Oldest}
	status := http.StatusOK
	if err != nil {
		body.Inbox, status = err.Error(), http.StatusServiceUnavailable
	}
	if in.options.Workflows.Health(ctx) == nil {
		body.Temporal = "answers"
	}
	c.JSON(status, body)
}
