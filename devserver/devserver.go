// Package devserver runs Temporal and its Web UI inside the current process, for cmd/dev and for tests: no container,
// no download, ready in about half a second. It listens on 127.0.0.1 only and is not for production. A process may run
// several.
package devserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/temporal"
)

const (
	localhost      = "127.0.0.1"
	defaultTimeout = 30 * time.Second // half a second is usual
	pollInterval   = 10 * time.Millisecond
)

// Options say what to run. Zero values are sensible.
type Options struct {
	File             string                            // SQLite file, created with its folder if missing; empty: everything is in memory
	Port             int                               // of Temporal's frontend; 0: a free one
	UIPort           int                               // of the Web UI; 0: a free one, negative: no UI
	Namespaces       []string                          // created if missing; empty: "default"
	Retention        time.Duration                     // of closed workflows in new namespaces; 0: 60 days, because a Project lingers for 30
	SearchAttributes map[string]enums.IndexedValueType // of new namespaces; a worker adds missing ones, but that takes seconds
	Logger           *slog.Logger                      // for Temporal's log, which contains errors whenever it starts and stops; nil: none
	Dynamic          map[dynamicconfig.Key]any         // dynamic configuration
	Timeout          time.Duration                     // for Temporal to answer, and then for its UI; 0: 30 s
}

// Server is Temporal running in this process.
type Server struct {
	HostPort string // of the frontend
	UIURL    string // empty if there is no UI
	Port     int    // of the frontend
	UIPort   int    // negative if there is no UI
	server   temporal.Server
	ui       *uiserver.Server
}

// Start starts Temporal and returns once its namespaces and its UI answer. If ctx ends first, or Options.Timeout passes,
// it stops what it started and returns an error.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	server, err := o.build()
	if err != nil {
		return nil, fmt.Errorf("build temporal: %w", err)
	}
	s := &Server{HostPort: fmt.Sprintf("%s:%d", localhost, o.Port), Port: o.Port, UIPort: o.UIPort, server: server}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start temporal: %w", err)
	}
	err = s.awaitNamespaces(ctx, o)
	if err == nil && o.UIPort > 0 {
		err = s.startUI(ctx, o)
	}
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Stop stops the UI and Temporal. Options.File is kept for the next start.
func (s *Server) Stop() {
	if s.ui != nil {
		s.ui.Stop()
	}
	_ = s.server.Stop() // the only error is that it was stopped already
}

func (o *Options) fill() error {
	if o.Retention == 0 {
		o.Retention = 60 * 24 * time.Hour
	}
	if len(o.Namespaces) == 0 {
		o.Namespaces = []string{client.DefaultNamespace}
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, port := range []*int{&o.Port, &o.UIPort} {
		if *port == 0 {
			free, err := FreePort()
			if err != nil {
				return err
			}
			*port = free
		}
	}
	return nil
}

// awaitNamespaces returns once the frontend knows every namespace.
func (s *Server) awaitNamespaces(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	c, err := client.NewNamespaceClient(client.Options{HostPort: s.HostPort, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return fmt.Errorf("reach temporal: %w", err)
	}
	defer c.Close()
	for _, name := range o.Namespaces {
		err := await(ctx, func() error {
			_, err := c.Describe(ctx, name)
			return err
		})
		if err != nil {
			return fmt.Errorf("await temporal's namespace %s: %w", name, err)
		}
	}
	return nil
}

// startUI starts the Web UI. The UI exits the process if its port is taken, so that is checked before.
func (s *Server) startUI(ctx context.Context, o Options) error {
	address := fmt.Sprintf("%s:%d", localhost, o.UIPort)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("start temporal's ui: %w", err)
	}
	_ = l.Close()
	s.UIURL = "http://" + address
	s.ui = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host: localhost, Port: o.UIPort, TemporalGRPCAddress: s.HostPort, EnableUI: true, HideLogs: true,
		CORS: uiconfig.CORS{CookieInsecure: true}, DisableNewsFetch: true,
	}))
	go func() {
		if err := s.ui.Start(); err != nil {
			o.Logger.Error("temporal's ui stopped", "error", err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	err = await(ctx, func() error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("await temporal's ui: %w", err)
	}
	return nil
}

// await calls ask until it succeeds or ctx is done.
func await(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pollInterval):
		}
	}
}
