// Dev runs everything on one machine, in one process: Temporal with its Web UI, ingress, worker, and stand-ins
// for Slack, Prodege and billing. It needs nothing else:
//
//	go run ./cmd/dev
//	go run ./cmd/dev -demo
//
// Prodege and billing are always simulated, whatever .env holds, unless -real is given. Everything listens on
// 127.0.0.1 only.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
	_ "time/tzdata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, invocation{args: os.Args[1:], dir: ".", environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr}))
}

// invocation is how dev was called.
type invocation struct {
	args     []string
	dir      string // where .env is looked for
	environ  []string
	stdout   io.Writer
	stderr   io.Writer
	ready    func(*stack) // optional: called once everything answers
	limits   limits       // how long this or that may take
	settings []string     // of the program, NAME=value, above all others
}

// limits are how long this or that may take. Zero values are the usual ones; on a busy machine a test takes longer.
type limits struct {
	ready  time.Duration // everything to answer after a start, and Temporal after each; two seconds are usual
	demo   time.Duration // Slack to say something in the demo; a second or two are usual
	breath time.Duration // between two steps of a scenario; the page's own
	step   time.Duration // a step of a scenario; the page's own
	effect time.Duration // what comes of a click on the page; the page's own
	soon   time.Duration // the answer to a delivery that is sent from the page; the page's own
	slack  time.Duration // the simulated Slack to wait for an answer; its own
	live   time.Duration // Prodege to tell of what the program's calls changed
}

// orUsual fills in what is usual. What is left zero has its default elsewhere.
func (l limits) orUsual() limits {
	l.ready = cmp.Or(l.ready, 60*time.Second)
	l.demo = cmp.Or(l.demo, 90*time.Second)
	l.live = cmp.Or(l.live, 2*time.Second)
	return l
}

// flags are what the command line says. Ports are of 127.0.0.1; 0 is a free one.
type flags struct {
	demo, real, verbose  bool
	data                 string
	httpPort, adminPort  int
	workerPort, pagePort int
	temporalPort, uiPort int
}

func parseFlags(args []string, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("dev", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.BoolVar(&f.demo, "demo", false, "start afresh in a folder of its own and play a first scenario: an alert and an open CPI approval")
	set.BoolVar(&f.real, "real", false, "speak to the real Prodege, Slack and billing that the environment or .env names; this spends money")
	set.BoolVar(&f.verbose, "v", false, "show the log")
	set.StringVar(&f.data, "data", "data", "folder for Temporal's database, the inbox and the simulated projects")
	set.IntVar(&f.httpPort, "http", 8080, "port of the ingress; another is taken where one is in use")
	set.IntVar(&f.adminPort, "admin-http", 8082, "port of the ingress's readiness and metrics")
	set.IntVar(&f.workerPort, "worker-http", 8081, "port of the worker's health and metrics")
	set.IntVar(&f.pagePort, "page", 8090, "port of the simulators' page")
	set.IntVar(&f.temporalPort, "temporal", 7233, "port of Temporal")
	set.IntVar(&f.uiPort, "ui", 8233, "port of the Temporal UI")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	switch {
	case set.NArg() > 0:
		return f, fmt.Errorf("unknown argument %q", set.Arg(0))
	case f.demo && f.real:
		return f, errors.New("-demo refuses to run with -real: a demo must never spend money")
	case f.demo:
		f.data = filepath.Join(f.data, "demo")
	}
	return f, nil
}

// run runs everything until ctx ends and returns the exit code: 2 if the command line is wrong, 1 if
// something failed.
func run(ctx context.Context, i invocation) int {
	began := time.Now()
	f, err := parseFlags(i.args, i.stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(i.stderr, "dev:", err)
		return 2
	}
	level := slog.LevelError
	if f.verbose {
		level = slog.LevelInfo
	}
	s := &stack{flags: f, logger: slog.New(slog.NewTextHandler(i.stderr, &slog.HandlerOptions{Level: level}))}
	defer s.stop()
	if err := s.start(ctx, i); err != nil {
		if ctx.Err() != nil {
			return 0 // told to stop while starting
		}
		fmt.Fprintln(i.stderr, "dev:", err)
		return 1
	}
	fmt.Fprint(i.stdout, s.banner(time.Since(began)))
	if f.demo {
		if err := s.demo(ctx, i.stdout); err != nil {
			fmt.Fprintln(i.stderr, "dev: the demo could not be played:", err)
		}
	}
	if i.ready != nil {
		i.ready(s)
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(i.stdout, "\nStopping. What Temporal knows is kept in", f.data)
		return 0
	case err := <-s.ended:
		fmt.Fprintln(i.stderr, "dev:", err)
		return 1
	}
}
