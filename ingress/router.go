package ingress

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
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
	return []route{
		{http.MethodPost, "/webhooks/prodege/project-status", in.delivery(prodege.Data.Events)},
		{http.MethodPost, "/webhooks/prodege/real-time-pricing", in.delivery(prodege.Data.Pricing)},
		{http.MethodPost, "/slack/interactions", in.fromSlack(in.interaction)},
		{http.MethodPost, "/slack/commands", in.fromSlack(in.command)},
		{http.MethodPost, "/slack/events", in.fromSlack(in.slackEvent)},
		{http.MethodGet, "/healthz", in.healthz},
	}
}

// adminRoutes must not be public: they show internal figures, and they call Temporal.
func (in *Ingress) adminRoutes() []route {
	metrics := promhttp.HandlerFor(in.options.Registry, promhttp.HandlerOpts{ErrorLog: nil})
	return []route{
		{http.MethodGet, "/readyz", in.readyz},
		{http.MethodGet, "/metrics", gin.WrapH(metrics)},
	}
}

// router is gin with routes and our middleware, outermost first:
//  1. a request id, which everything that follows can log;
//  2. metrics, which count what the client got, including 404, 405 and panics;
//  3. recovery, inside metrics so that a panic is counted as the 500 that it becomes;
//  4. the body limit, which applies to every route and costs nothing before the body is read.
func (in *Ingress) router(routes []route) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	_ = engine.SetTrustedProxies(nil) // no header is trusted to name the client
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false // a POST that is redirected is lost: few callers follow
	engine.Use(setRequestID, in.metrics.measure, in.recovery, limitBody)
	for _, r := range routes {
		engine.Handle(r.method, r.path, r.handle)
	}
	engine.NoRoute(in.astray(http.StatusNotFound, causeWrongAddress, "there is nothing at this address"))
	engine.NoMethod(in.astray(http.StatusMethodNotAllowed, causeWrongMethod, "the method is not allowed at this address"))
	return engine
}

// setRequestID sets the id of a request for the answer and the log. It ignores an id from outside.
func setRequestID(c *gin.Context) { c.Header("X-Request-Id", rand.Text()) }

func requestID(c *gin.Context) string { return c.Writer.Header().Get("X-Request-Id") }

// recovery turns a panic into a 500, after which Prodege repeats the delivery, and logs the stack. gin's own answers some
// panics with 200.
func (in *Ingress) recovery(c *gin.Context) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r)
		}
		in.log.Error("panic while answering", "request_id", requestID(c), "path", c.FullPath(),
			"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			fail(c, http.StatusInternalServerError, "", "an internal error")
		}
		c.Abort()
	}()
	c.Next()
}

func limitBody(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// astray answers requests that no route matches. What may be a delivery to a misspelled address is kept and counted as
// refused, because nobody would notice it otherwise.
func (in *Ingress) astray(status int, cause, text string) gin.HandlerFunc {
	return func(c *gin.Context) {
		writes := c.Request.Method == http.MethodPost || c.Request.Method == http.MethodPut || c.Request.Method == http.MethodPatch
		if !writes || !strings.HasPrefix(c.Request.URL.Path, "/webhooks/") {
			fail(c, status, "", text)
			return
		}
		body, fault := in.readBody(c)
		defer body.release()
		if fault != errBusy {
			fault = &refusal{status: status, Refusal: prodege.Refusal{Cause: cause, Detail: text}}
		}
		in.refuse(c, fault, body.bytes)
	}
}

// answer is the body of every answer to Prodege, as its contract requires.
type answer struct {
	Success bool         `json:"success"`
	Error   *answerError `json:"error,omitempty"`
}

type answerError struct {
	EventID prodege.EventID `json:"event_id"` // empty if unknown
	Error   string          `json:"error"`
}

// fail answers with an error and ends the request. text must not contain a secret, a signature or a body.
func fail(c *gin.Context, status int, id prodege.EventID, text string) {
	c.AbortWithStatusJSON(status, answer{Error: &answerError{EventID: id, Error: text}})
}
