package main

import (
	"context"
	"encoding/json"
	"errors"
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

// errClosed says that everything is stopping: a scenario must not start again what it stopped.
var errClosed = errors.New("everything is stopping")

// temporalPart is Temporal with its Web UI. It can be stopped while the rest runs, and started again at the same
// addresses with the same database. Safe for concurrent use.
type temporalPart struct {
	options devserver.Options
	turning sync.Mutex        // held while it starts or stops, which takes a while
	mu      sync.Mutex        // for what follows, and never held for long: the page looks often
	server  *devserver.Server // nil while it is stopped
	closed  bool              // for good
}

// startTemporal starts it for the first time; ports that are in use are replaced by free ones.
func (s *stack) startTemporal(ctx context.Context) error {
	attributes := map[string]enums.IndexedValueType{}
	for _, a := range workflows.Attributes() {
		attributes[a.Name] = a.Type
	}
	part := &s.parted.temporal
	part.options = devserver.Options{
		File: filepath.Join(s.data, "temporal.db"), Port: freeOr(s.temporalPort), UIPort: freeOr(s.uiPort), SearchAttributes: attributes, Timeout: s.limits.ready,
	}
	if err := part.start(ctx); err != nil {
		return err
	}
	s.temporal = part.running()
	s.notePort("Temporal", s.temporalPort, s.temporal.Port)
	s.notePort("the Temporal UI", s.uiPort, s.temporal.UIPort)
	s.stops = append(s.stops, part.close)
	return nil
}

func (p *temporalPart) running() *devserver.Server {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

func (p *temporalPart) stopped() bool { return p.running() == nil }

// set notes that it runs, or not; false if it must not any more.
func (p *temporalPart) set(server *devserver.Server) (may bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed && server != nil {
		return false
	}
	p.server = server
	return true
}

func (p *temporalPart) start(ctx context.Context) error {
	p.turning.Lock()
	defer p.turning.Unlock()
	p.mu.Lock()
	runs, closed := p.server != nil, p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case runs:
		return nil
	}
	server, err := devserver.Start(ctx, p.options)
	if err != nil {
		return err
	}
	p.options.Port, p.options.UIPort = server.Port, server.UIPort
	if !p.set(server) { // closed meanwhile
		server.Stop()
		return errClosed
	}
	return nil
}

func (p *temporalPart) stop(context.Context) error {
	p.turning.Lock()
	defer p.turning.Unlock()
	if server := p.running(); server != nil {
		server.Stop()
		p.set(nil)
	}
	return nil
}

// close stops it for good.
func (p *temporalPart) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.stop(context.Background())
}

// workerPart is the worker, which can be stopped and started again at the same address. Safe for concurrent use.
type workerPart struct {
	turning sync.Mutex // held while it starts or stops, which takes a while; for process, address and ended too
	process program.Process
	address string
	ended   func(error) // it ended by itself; nil before it is known what runs

	mu     sync.Mutex         // for what follows, and never held for long: the page looks often
	cancel context.CancelFunc // nil while it is stopped
	done   chan struct{}
	closed bool // for good
}

// runs says what it runs and starts that. The first listener is part of the process, later ones are made.
func (p *workerPart) runs(ctx context.Context, process program.Process, ended func(error)) error {
	p.turning.Lock()
	p.process, p.address, p.ended = process, process.Listener.Addr().String(), ended
	p.turning.Unlock()
	return p.start(ctx)
}

func (p *workerPart) start(ctx context.Context) error {
	p.turning.Lock()
	defer p.turning.Unlock()
	p.mu.Lock()
	runs, closed := p.cancel != nil, p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case runs:
		return nil
	case p.ended == nil:
		return errors.New("the worker is not started for the first time yet")
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
	done, ended := make(chan struct{}), p.ended
	p.mu.Lock()
	p.cancel, p.done = cancel, done
	p.mu.Unlock()
	go func() {
		defer close(done)
		ended(process.RunWorker(running))
	}()
	return nil
}

func (p *workerPart) stop(ctx context.Context) error {
	p.turning.Lock()
	defer p.turning.Unlock()
	p.mu.Lock()
	cancel, done := p.cancel, p.done
	p.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("the worker is still finishing what is under way: %w", ctx.Err())
	}
	p.mu.Lock()
	p.cancel = nil
	p.mu.Unlock()
	return nil
}

// close stops it for good.
func (p *workerPart) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.stop(context.Background())
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
	answer, err := client.Get(address(s.admin) + "/readyz")
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
