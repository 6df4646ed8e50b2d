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

// drainTimeout is how long requests may take once a process has been told to stop. The ingress's longest takes less than
// ten seconds.
const drainTimeout = 15 * time.Second

// Process holds what both processes need.
type Process struct {
	Config   config.Config
	Temporal client.Options // logger and metrics are set by the process
	Logger   *slog.Logger

	// Optional.
	HistoryLimit int                  // events after which a workflow continues as new; 0: when the server suggests it
	Simulated    bool                 // Prodege is simulated: each message says so
	Listener     net.Listener         // an open listener; nil: the process listens on the address in Config
	Admin        net.Listener         // likewise for the ingress's readiness and metrics
	Listening    func(address string) // called with the address once the process listens
}

// newRegistry returns the metrics that every process has.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo())
	return r
}

// dial returns a client that connects to Temporal with its first call, so that a process starts even if Temporal is down.
func (p Process) dial(metrics client.MetricsHandler) (client.Client, error) {
	o := p.Temporal
	o.Logger, o.MetricsHandler = sdklog.NewStructuredLogger(p.Logger), metrics
	c, err := client.NewLazyClient(o)
	if err != nil {
		return nil, fmt.Errorf("create temporal client: %w", err)
	}
	return c, nil
}

func (p Process) slackAPI() *slack.Client {
	return activities.NewSlackAPI(prodege.Secret(p.Config.Slack.BotToken), p.Config.Slack.APIURL, nil)
}

// prodegeAPI returns a client of Prodege's API; nil if there are no credentials.
func (p Process) prodegeAPI() *prodege.Client {
	c := p.Config.Prodege
	if c.APIKey == "" || len(c.SecretKeys) == 0 {
		return nil
	}
	return prodege.NewClient(prodege.Options{APIKey: prodege.Secret(c.APIKey), SecretKey: prodege.Secret(c.SecretKeys[0]), BaseURL: c.BaseURL})
}

// approvers returns who may approve, from SLACK_APPROVERS.
func (p Process) approvers(api *slack.Client) *activities.Approvers {
	list := p.Config.Slack.Approvers
	if p.Config.Slack.Anyone {
		list = []string{activities.Anyone}
	}
	return activities.NewApprovers(api, list, p.Logger)
}

// listen opens a listener unless there is one, before anything else, so that the process ends at once if the address is in
// use. It logs the address with the message said.
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

// serve serves until ctx is done, then lets the last requests finish. It returns an error if serving ends in any other
// way.
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
	p.Logger.Info("stopping: no new requests are accepted")
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
