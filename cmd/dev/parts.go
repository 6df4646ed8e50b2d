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
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"fieldmarshal/devserver"
	"fieldmarshal/program"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// errClosed says that everything is stopping: a scenario must not start again what it stopped.
var errClosed = errors.New("everything is stopping")

// part is Temporal with its Web UI, or the worker: it can be stopped while the rest runs, and started again at the same
// addresses. Safe for concurrent use.
type part struct {
	turning sync.Mutex                                                         // held while it starts or stops, which takes a while
	begin   func(context.Context) (end func(context.Context) error, err error) // nil until it is known what runs
	end     func(context.Context) error                                        // nil while it is stopped
	runs    atomic.Bool                                                        // for the page, which looks often
	closed  atomic.Bool                                                        // it never starts again
}

// begins says what runs, and starts it for the first time.
func (p *part) begins(ctx context.Context, begin func(context.Context) (func(context.Context) error, error)) error {
	p.turning.Lock()
	p.begin = begin
	p.turning.Unlock()
	return p.start(ctx)
}

func (p *part) start(ctx context.Context) (err error) {
	p.turning.Lock()
	defer p.turning.Unlock()
	switch {
	case p.closed.Load():
		return errClosed
	case p.end != nil:
		return nil
	case p.begin == nil:
		return errors.New("it is not started for the first time yet")
	}
	p.end, err = p.begin(ctx)
	p.runs.Store(err == nil)
	return err
}

func (p *part) stop(ctx context.Context) error {
	p.turning.Lock()
	defer p.turning.Unlock()
	if p.end == nil {
		return nil
	}
	if err := p.end(ctx); err != nil {
		return err
	}
	p.end = nil
	p.runs.Store(false)
	return nil
}

func (p *part) stopped() bool { return !p.runs.Load() }

// close stops it permanently.
func (p *part) close() {
	p.closed.Store(true)
	_ = p.stop(context.Background())
}

// startTemporal starts it for the first time; ports that are in use are replaced by free ones.
func (s *stack) startTemporal(ctx context.Context) error {
	attributes := map[string]enums.IndexedValueType{}
	for _, a := range workflows.Attributes() {
		attributes[a.Name] = a.Type
	}
	options := devserver.Options{
		File: filepath.Join(s.data, "temporal.db"), Port: freeOr(s.temporalPort), UIPort: freeOr(s.uiPort), SearchAttributes: attributes, Timeout: s.limits.ready,
	}
	s.stops = append(s.stops, s.temporalPart.close)
	err := s.temporalPart.begins(ctx, func(ctx context.Context) (func(context.Context) error, error) {
		server, err := devserver.Start(ctx, options)
		if err != nil {
			return nil, err
		}
		options.Port, options.UIPort = server.Port, server.UIPort
		if s.temporal == nil {
			s.temporal = server
		}
		return func(context.Context) error { server.Stop(); return nil }, nil
	})
	if err == nil {
		s.notePort("Temporal", s.temporalPort, s.temporal.Port)
		s.notePort("the Temporal UI", s.uiPort, s.temporal.UIPort)
	}
	return err
}

// startWorker starts it for the first time. The first listener is part of the process, later ones are made.
func (s *stack) startWorker(ctx context.Context, process program.Process) error {
	return s.workerPart.begins(ctx, func(ctx context.Context) (func(context.Context) error, error) {
		if process.Listener == nil {
			listener, err := net.Listen("tcp", s.worker.Addr().String())
			if err != nil {
				return nil, fmt.Errorf("start the worker again: %w", err)
			}
			process.Listener = listener
		}
		running, cancel := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		go func(process program.Process) {
			defer close(done)
			s.end(process.RunWorker(running), "the worker")
		}(process)
		process.Listener = nil // it is used up
		return func(ctx context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("the worker is still finishing what is under way: %w", ctx.Err())
			}
		}, nil
	})
}

// parts are what the page can stop.
func (s *stack) parts() []simulator.Part {
	return []simulator.Part{
		{ID: "temporal", Name: "Temporal", Stopped: s.temporalPart.stopped, Stop: s.temporalPart.stop, Start: s.temporalPart.start},
		{ID: "worker", Name: "Worker", Stopped: s.workerPart.stopped, Stop: s.workerPart.stop, Start: s.workerPart.start},
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
