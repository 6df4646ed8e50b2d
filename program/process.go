package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/slack-go/slack"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"fieldmarshal/activities"
	"fieldmarshal/config"
	"fieldmarshal/prodege"
)

// drainTimeout is how long requests under way may take once a process is told to stop. The ingress's longest
// answer takes less than ten seconds.
const drainTimeout = 15 * time.Second

// Process is what both processes are made from.
type Process struct {
	Config   config.Config
	Temporal client.Options // how Temporal is reached; logger and metrics are set by the process
	Logger   *slog.Logger

	// Optional.
	HistoryLimit int                  // events after which a workflow's run continues as new; 0: when the server suggests it
	Simulated    bool                 // Prodege is a simulator: each message says so
	Listener     net.Listener         // open already; nil: the process listens where Config says
	Admin        net.Listener         // likewise, for the ingress's readiness and metrics
	Listening    func(address string) // told the address once the process listens
}

// newRegistry is what a process shows at /metrics, beside what its parts add.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo())
	return r
}

// dial gives a client that reaches Temporal with its first call, so that a process starts while it is away.
func (p Process) dial(metrics client.MetricsHandler) (client.Client, error) {
	o := p.Temporal
	o.Logger, o.MetricsHandler = sdklog.NewStructuredLogger(p.Logger), metrics
	c, err := client.NewLazyClient(o)
	if err != nil {
		return nil, fmt.Errorf("make temporal's client: %w", err)
	}
	return c, nil
}

func (p Process) slackAPI() *slack.Client {
	return activities.NewSlackAPI(prodege.Secret(p.Config.Slack.BotToken), p.Config.Slack.APIURL, nil)
}

// approvers is SLACK_APPROVERS.
func (p Process) approvers(api *slack.Client) *activities.Approvers {
	list := p.Config.Slack.Approvers
	if p.Config.Slack.Anyone {
		list = []string{activities.Anyone}
	}
	return activities.NewApprovers(api, list, p.Logger)
}

// listen opens a listener before anything else, unless it is open, so that an address in use ends the process at once. It
// is logged as said.
func (p Process) listen(l net.Listener, who, address, said string) (net.Listener, error) {
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", address); err != nil {
			return nil, fmt.Errorf("listen for the %s: %w", who, err)
		}
	}
	p.Logger.Info(said, "addr", l.Addr().String())
	return l, nil
}

// serve serves until ctx ends, then lets requests under way finish. It returns an error where serving ended
// otherwise.
func (p Process) serve(ctx context.Context, server *http.Server, l net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	if p.Listening != nil {
		p.Listening(l.Addr().String())
	}
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	p.Logger.Info("stopping: no new requests are taken")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		_ = server.Close()
		p.Logger.Warn("requests were cut off while stopping", "error", err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
