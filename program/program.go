// Package program is the production program as a function: its commands, and the wiring of its two processes,
// ingress and worker. The mains start what stands here, main.go all of it and cmd/dev both processes in one,
// and so do the tests, so that they run the very program.
//
// It counts as one of the mains: it alone hands the parts their fields of the configuration. It decides
// nothing, and links neither the Temporal server nor the simulators.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	_ "time/tzdata" // an image from scratch has no time zones

	"github.com/spf13/cobra"

	"fieldmarshal/config"
	"fieldmarshal/operator"
)

// Exit codes of Run.
const (
	ExitOK    = 0
	ExitFault = 1 // something went wrong while running
	ExitUsage = 2 // the command line or the configuration has faults; nothing was done
	// ExitVain is an operator's command whose object is not there, or whose wish did not count.
	ExitVain = operator.ExitVain
)

// Invocation is how the program was called.
type Invocation struct {
	Args   []string // without the program's name
	Dir    string   // where .env is looked for
	Env    []string // as os.Environ gives it
	Stdout io.Writer
	Stderr io.Writer

	Listening func(address string) // optional: told the address once a process listens
}

// Run runs one command until it is done or ctx ends, which ingress and worker take as the order to drain and
// stop. It returns the exit code.
func Run(ctx context.Context, i Invocation) int {
	root := i.root()
	root.SetArgs(i.Args)
	root.SetOut(i.Stdout)
	root.SetErr(i.Stderr)
	err := root.ExecuteContext(ctx)
	var faults *config.Faults
	var failed failure
	var fault *operator.Fault
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &faults):
		fmt.Fprintln(i.Stderr, operator.Printable(faults.Error()))
		return ExitUsage
	case errors.As(err, &fault):
		if fault.Err != nil {
			fmt.Fprintln(i.Stderr, "fieldmarshal:", fault) // fit to be printed, as fault.Err may not be
		}
		return fault.Code
	case errors.As(err, &failed):
		if failed.error != nil {
			fmt.Fprintln(i.Stderr, "fieldmarshal:", operator.Printable(failed.Error()))
		}
		return ExitFault
	}
	fmt.Fprintf(i.Stderr, "fieldmarshal: %s\n", operator.Printable(err.Error()))
	return ExitUsage
}

// failure is a fault while running, as against one of the command line.
type failure struct{ error }

// Unwrap gives the fault.
func (f failure) Unwrap() error { return f.error }

// running marks the faults of a command's work.
func running(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := do(cmd, args)
		var faults *config.Faults
		if err == nil || errors.As(err, &faults) {
			return err
		}
		return failure{err}
	}
}

func (i Invocation) root() *cobra.Command {
	return operator.Root(operator.Options{Open: i.world, Settings: i.settings, Build: build()},
		i.process("ingress", config.Ingress, Process.RunIngress),
		i.worker(),
		i.health(),
	)
}

func (i Invocation) worker() *cobra.Command {
	limit := 0
	cmd := i.process("worker", config.Worker, func(p Process, ctx context.Context) error {
		p.HistoryLimit = limit
		return p.RunWorker(ctx)
	})
	cmd.Flags().IntVar(&limit, "history-limit", 0, "events after which a workflow continues as new; 0: when the server suggests it")
	return cmd
}

func (i Invocation) process(name string, part config.Part, run func(Process, context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: name,
		RunE: running(func(cmd *cobra.Command, _ []string) error {
			p, err := i.load(part)
			if err != nil {
				return err
			}
			return run(p, cmd.Context())
		}),
	}
}
