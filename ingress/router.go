package ingress

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"fieldmarshal/prodege"
)

type route struct {
	method, path string
	handle       gin.HandlerFunc
}

func (in *Ingress) routes() []route {
	metrics := promhttp.HandlerFor(in.options.Registry, promhttp.HandlerOpts{ErrorLog: nil})
	return []route{
		{http.MethodPost, "/webhooks/prodege/project-status", in.delivery(prodege.Data.Events)},
		{http.MethodPost, "/webhooks/prodege/real-time-pricing", in.delivery(prodege.Data.Pricing)},
		{http.MethodPost, "/slack/interactions", in.fromSlack(in.interaction)},
		{http.MethodPost, "/slack/commands", in.fromSlack(in.command)},
		{http.MethodPost, "/slack/events", in.fromSlack(in.slackEvent)},
		{http.MethodGet, "/healthz", in.healthz},
		{http.MethodGet, "/readyz", in.readyz},
		{http.MethodGet, "/metrics", gin.WrapH(metrics)},
	}
}

// router is gin with our middleware, outermost first:
//  1. a request id, so that all that follows can name the request;
//  2. metrics, which count what the client got, 404, 405 and panics included;
//  3. recovery, within metrics so that a panic is counted as the 500 it becomes;
//  4. the body limit, which holds for every route and costs nothing before the body is read.
func (in *Ingress) router() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	_ = engine.SetTrustedProxies(nil) // no header tells who the client is
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false // a redirect of a POST is a loss: few callers follow it
	engine.Use(requestID, in.metrics.measure, in.recovery, limitBody)
	for _, r := range in.routes() {
		engine.Handle(r.method, r.path, r.handle)
	}
	engine.NoRoute(in.astray(http.StatusNotFound, causeWrongAddress, "there is nothing at this address"))
	engine.NoMethod(in.astray(http.StatusMethodNotAllowed, causeWrongMethod, "the method is not allowed at this address"))
	return engine
}

// astray answers what no route takes. What may be a delivery that was sent to a mistyped address is kept and
// counted as refused: nobody would know of it else.
func (in *Ingress) astray(status int, cause, text string) gin.HandlerFunc {
	return func(c *gin.Context) {
		writes := c.Request.Method == http.MethodPost || c.Request.Method == http.MethodPut || c.Request.Method == http.MethodPatch
		if !writes || !strings.HasPrefix(c.Request.URL.Path, "/webhooks/") {
			fail(c, status, "", text)
			return
		}
		body, fault := in.readBody(c)
		defer body.release()
		if fault == errBusy {
			in.busy(c)
			return
		}
		in.refuse(c, status, "", &prodege.Refusal{Cause: cause, Detail: text}, body.bytes)
	}
}

// requestID names the request in logs and in the answer. An id from outside is not taken over.
func requestID(c *gin.Context) {
	id := rand.Text()
	c.Set("request_id", id)
	c.Header("X-Request-Id", id)
}

func limitBody(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}
