// Package ingress receives what comes by HTTP: deliveries of Prodege's webhooks, which are made durable before they are
// answered, and clicks and commands from people in Slack. A click is signaled to its project before it is answered.
//
// It checks who sends something (signatures, workspace, approvers) and in what form, and decides nothing: what an event or a
// click means is up to the project's workflow, which alone writes the messages in Slack. It never reports success for what
// could be lost, and a response_url or trigger_id never leaves it.
package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"
	"golang.org/x/net/netutil"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Workflows is the part of *workflows.Client that the ingress needs.
type Workflows interface {
	Deliver(ctx context.Context, event prodege.Event) error
	Decide(ctx context.Context, id prodege.ProjectID, d project.Decision) error
	Project(ctx context.Context, id prodege.ProjectID) (*project.State, error)
}

// Approvers is SLACK_APPROVERS.
type Approvers interface {
	// May reports whether a Slack user is one of them. known is false if that is unknown now.
	May(ctx context.Context, user string) (allowed, known bool)
	// Nobody reports whether it is certain that there are none.
	Nobody(ctx context.Context) bool
}

// Options are what an Ingress needs.
type Options struct {
	// Required.
	Logger         *slog.Logger
	Inbox          *inbox.Inbox
	Workflows      Workflows
	ProdegeSecrets []prodege.Secret                                     // one or two, to verify deliveries
	SigningSecrets []prodege.Secret                                     // one or two, to verify Slack's requests
	Slack          *slack.Client                                        // opens modals, posts ephemeral messages
	SlackAPIURL    string                                               // that client's address: a response_url may point to its host
	Team           func(ctx context.Context) (teamID string, err error) // our own workspace; called until it succeeds
	Approvers      Approvers
	Registry       *prometheus.Registry            // shown by /metrics; the ingress adds its metrics
	Temporal       func(ctx context.Context) error // why Temporal can't accept events, in words for those who run the ingress

	// Optional.
	Secrets          []prodege.Secret                                     // further secrets that must never be shown
	Anyone           bool                                                 // every member of our workspace who is in the channel decides
	Simulated        bool                                                 // Prodege is simulated: answers say so
	MaxEventAge      time.Duration                                        // an older event is unusable; 0: none is
	Alert            func(ctx context.Context, text string) error         // posts in the alerts channel; nil: alarms are only logged
	Directory        Directory                                            // lists open projects; nil: the slash command can't
	Guest            func(ctx context.Context, user string) (bool, error) // whether somebody is a guest, who sees no prices; nil: nobody
	ApprovalsChannel string                                               // for answers about a CPI to people on the home tab
	AlertsChannel    string                                               // likewise about a pause
	UILink           func(workflowID string) string                       // link to a workflow in the Temporal UI; nil: no links
	Now              func() time.Time                                     // nil: time.Now
}

// Ingress answers HTTP requests. It is safe for concurrent use.
type Ingress struct {
	options    Options
	log        *slog.Logger
	now        func() time.Time
	handler    http.Handler // what may be public: the addresses that Prodege and Slack call, and /healthz
	admin      http.Handler // /readyz and /metrics, which must not be public
	health     health
	bodies     bodies
	metrics    *metrics
	team       team
	alarms     alarms
	redact     redactor
	direct     *direct
	guests     *memory[string, bool]                    // who is a guest
	names      *memory[prodege.ProjectID, project.Name] // of open projects, of which Temporal only knows the ids
	responses  *http.Client                             // for response_url
	background sync.WaitGroup
}

// New makes an Ingress.
func New(o Options) (*Ingress, error) {
	secrets := slices.Concat(o.ProdegeSecrets, o.SigningSecrets)
	if len(o.ProdegeSecrets) == 0 || len(o.SigningSecrets) == 0 || slices.Contains(secrets, "") {
		return nil, errors.New("make ingress: a secret is missing") // with an empty one anyone could sign
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	in := &Ingress{
		options: o, log: o.Logger, now: o.Now, team: team{ask: o.Team}, direct: newDirect(o.Workflows), bodies: newBodies(),
		guests: newMemory[string, bool](o.Now), names: newMemory[prodege.ProjectID, project.Name](o.Now),
		metrics: newMetrics(o.Registry, o.Inbox), redact: newRedactor(append(secrets, o.Secrets...)),
		responses: &http.Client{
			Timeout:       responseTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	o.Inbox.OnAdmit(in.admitRefused)
	in.handler, in.admin = in.router(in.routes()), in.router(in.adminRoutes())
	return in, nil
}

// maxConnections is how many connections are served concurrently; each may take up to 64 KiB for a body, and its headers.
// Prodege and Slack need a few.
const maxConnections = 1000

// Listener limits the connections to the public address: others wait until one is closed.
func (in *Ingress) Listener(l net.Listener) net.Listener {
	return netutil.LimitListener(l, maxConnections)
}

// Server returns an http.Server for what may be public, whose limits cut off slow and oversized requests. The caller listens,
// serves and shuts it down, and calls Wait after that.
func (in *Ingress) Server() *http.Server { return in.server(in.handler) }

// AdminServer returns an http.Server for /readyz and /metrics, which must not be public.
func (in *Ingress) AdminServer() *http.Server { return in.server(in.admin) }

func (in *Ingress) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second, // 1 MiB, the largest body, in 15 s is 70 kB/s: slower than any real sender
		WriteTimeout:      30 * time.Second, // longer than the longest answer (see persist and decide)
		IdleTimeout:       30 * time.Second, // connections are limited, so idle ones must make room
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(in.log.Handler(), slog.LevelDebug),
	}
}

// Wait returns once all work after answers is done, such as posting an ephemeral message. It takes a few seconds at most, or
// as long as an alarm.
func (in *Ingress) Wait() { in.background.Wait() }

// afterwards runs do in the background, within a time limit, so that it does not delay the answer. A panic in it affects
// nothing else.
func (in *Ingress) afterwards(ctx context.Context, limit time.Duration, do func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	in.background.Go(func() {
		defer cancel()
		defer func() {
			if r := recover(); r != nil {
				in.log.Error("panic after an answer", "panic", fmt.Sprint(r))
			}
		}()
		do(ctx)
	})
}
