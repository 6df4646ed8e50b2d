package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"fieldmarshal/devserver"
	"fieldmarshal/program"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// parted is what can be stopped while the rest runs.
type parted struct {
	temporal temporalPart
	worker   workerPart
}

// temporalPart is Temporal with its Web UI. It can be stopped while the rest runs, and started again at the same
// addresses with the same database. Safe for concurrent use.
type temporalPart struct {
	options devserver.Options
	mu      sync.Mutex
	server  *devserver.Server // nil while it is stopped
}

// startTemporal starts it for the first time; ports that are in use are replaced by free ones.
func (s *stack) startTemporal(ctx context.Context) error {
	attributes := map[string]enums.IndexedValueType{}
	for _, a := range workflows.Attributes() {
		attributes[a.Name] = a.Type
	}
	part := &s.parted.temporal
	part.options = devserver.Options{
		File: filepath.Join(s.data, "temporal.db"), Port: freeOr(s.temporalPort), UIPort: freeOr(s.uiPort), SearchAttributes: attributes,
	}
	if err := part.start(ctx); err != nil {
		return err
	}
	s.temporal = part.server
	s.stops = append(s.stops, func() { _ = part.stop(context.Background()) })
	return nil
}

func (p *temporalPart) start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return nil
	}
	server, err := devserver.Start(ctx, p.options)
	if err != nil {
		return err
	}
	p.server, p.options.Port, p.options.UIPort = server, server.Port, server.UIPort
	return nil
}

func (p *temporalPart) stop(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		p.server.Stop()
		p.server = nil
	}
	return nil
}

func (p *temporalPart) stopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server == nil
}

// workerPart is the worker, which can be stopped and started again at the same address. Safe for concurrent use.
type workerPart struct {
	process program.Process
	address string
	ended   func(error) // it ended by itself
	mu      sync.Mutex
	cancel  context.CancelFunc // nil while it is stopped
	done    chan struct{}
}

func (p *workerPart) start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		return nil
	}
	process := p.process
	if process.Listener == nil {
		var listen net.ListenConfig
		listener, err := listen.Listen(ctx, "tcp", p.address)
		if err != nil {
			return fmt.Errorf("start the worker again: %w", err)
		}
		process.Listener = listener
	}
	p.process.Listener = nil // the first one is used up
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	p.cancel, p.done = cancel, done
	go func() {
		defer close(done)
		p.ended(process.RunWorker(running))
	}()
	return nil
}

func (p *workerPart) stop(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel == nil {
		return nil
	}
	p.cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		return fmt.Errorf("the worker is still finishing what is under way: %w", ctx.Err())
	}
	p.cancel = nil
	return nil
}

func (p *workerPart) stopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cancel == nil
}

// parts are what the page can stop.
func (s *stack) parts() []simulator.Part {
	return []simulator.Part{
		{ID: "temporal", Name: "Temporal", Stopped: s.parted.temporal.stopped, Stop: s.parted.temporal.stop, Start: s.parted.temporal.start},
		{ID: "worker", Name: "Worker", Stopped: s.parted.worker.stopped, Stop: s.parted.worker.stop, Start: s.parted.worker.start},
	}
}

// waiting is how many deliveries the ingress keeps that Temporal does not have yet, as its /readyz says.
func (s *stack) waiting() int {
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get(address(s.http) + "/readyz")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	var body struct {
		Waiting int `json:"waiting"`
	}
	_ = json.NewDecoder(answer.Body).Decode(&body)
	return body.Waiting
}
