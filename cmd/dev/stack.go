package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"fieldmarshal/config"
	"fieldmarshal/devserver"
	"fieldmarshal/program"
	"fieldmarshal/simulator"
)

// stack is everything that runs.
type stack struct {
	flags
	limits limits
	logger *slog.Logger

	http, admin  net.Listener      // of the ingress
	worker, page net.Listener      // of worker and simulators
	temporal     *devserver.Server // as it was started first; its addresses stay
	temporalPart part
	workerPart   part
	slack        *simulator.Slack   // nil with a real Slack
	prodege      *simulator.Prodege // nil with -real
	billing      *simulator.Billing // nil with -real

	portsTaken []string   // of each port that was in use: which one is used instead
	ended      chan error // a part ended by itself
	stops      []func()   // what to stop, in the order of starting
}

// start brings everything up, the world outside first, and returns once it answers.
func (s *stack) start(ctx context.Context, i invocation) error {
	s.ended = make(chan error, 3)
	s.limits = i.limits.orUsual()
	given := config.Read(i.dir, i.environ)
	if err := given.Err(); err != nil {
		return err
	}
	for _, warning := range given.Warnings {
		fmt.Fprintf(i.stderr, "dev: %s %s\n", warning.Variable, warning.Text)
	}
	env := given.Environment
	if s.real && (env["SLACK_BOT_TOKEN"] == "" || env["PRODEGE_SECRET_KEY"] == "") {
		return errors.New("-real needs a real Slack and a real Prodege: set SLACK_BOT_TOKEN and PRODEGE_SECRET_KEY in the environment or .env")
	}
	for _, step := range []func() error{s.claim, s.listen, s.tellPort, func() error { return s.startTemporal(ctx) }} {
		if err := step(); err != nil {
			return err
		}
	}
	env, err := s.simulate(env)
	if err != nil {
		return err
	}
	for _, setting := range i.settings {
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	if err := s.startParts(ctx, env); err != nil {
		return err
	}
	return s.await(ctx)
}

// listen takes the ports at once, or others if they are in use, so that every address is known.
func (s *stack) listen() error {
	for _, one := range []struct {
		listener *net.Listener
		port     int
		who      string
	}{{&s.http, s.httpPort, "the ingress"}, {&s.admin, s.adminPort, "the ingress's readiness and metrics"}, {&s.worker, s.workerPort, "the worker"}, {&s.page, s.pagePort, "the simulators' page"}} {
		l, err := listenAt(one.port)
		if err != nil {
			return err
		}
		s.notePort(one.who, one.port, port(l))
		*one.listener = l
		s.stops = append(s.stops, func() { _ = l.Close() }) // closed already if it was served
	}
	return nil
}

// notePort notes that a port was in use.
func (s *stack) notePort(who string, wanted, got int) {
	if wanted != 0 && wanted != got {
		s.portsTaken = append(s.portsTaken, fmt.Sprintf("Port %d is in use: %s is at %d instead.", wanted, who, got))
	}
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// listenAt listens at a port, or at a free one if that is 0 or in use. It may be left and listened at again, so
// it must not be one that the system would lend to a connection meanwhile.
func listenAt(port int) (net.Listener, error) {
	if port != 0 {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l, nil
		}
	}
	free, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", free))
}

// freeOr is a port, or 0 for a free one, which devserver finds, if it is in use.
func freeOr(port int) int {
	if port == 0 {
		return 0
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return 0
	}
	_ = l.Close()
	return port
}

// startParts starts worker and ingress as the two processes do.
func (s *stack) startParts(ctx context.Context, env config.Environment) error {
	c, faults := program.Load(env, config.Ingress|config.Worker)
	if len(faults) > 0 {
		return &config.Faults{List: faults}
	}
	p := program.Process{
		Config: c, Temporal: client.Options{HostPort: s.temporal.HostPort, Namespace: client.DefaultNamespace},
		Logger: s.logger, Simulated: s.prodege != nil,
	}
	worker, ingress := p, p
	worker.Listener, ingress.Listener, ingress.Admin = s.worker, s.http, s.admin
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	parts.Go(func() { s.end(ingress.RunIngress(running), "the ingress") })
	s.stops = append(s.stops, func() {
		cancel()
		s.workerPart.close()
		parts.Wait()
	})
	return s.startWorker(ctx, worker)
}

func (s *stack) end(err error, who string) {
	if err != nil {
		s.ended <- fmt.Errorf("%s stopped: %w", who, err)
	}
}

// await returns once the worker polls and the ingress answers.
func (s *stack) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.limits.ready)
	defer cancel()
	for {
		err := answers(ctx, address(s.worker)+"/readyz")
		if err == nil {
			err = answers(ctx, address(s.admin)+"/readyz")
		}
		if err == nil {
			return nil
		}
		select {
		case failed := <-s.ended:
			return failed
		case <-ctx.Done():
			return fmt.Errorf("not ready in time: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", url, answer.StatusCode)
	}
	return nil
}

// address is where a listener is reached, without a slash at the end.
func address(l net.Listener) string { return "http://" + l.Addr().String() }

// stop stops everything, in the reverse order of starting: ingress and worker finish what is under way while
// the world outside still answers.
func (s *stack) stop() {
	for len(s.stops) > 0 {
		last := len(s.stops) - 1
		s.stops[last]()
		s.stops = s.stops[:last]
	}
}
