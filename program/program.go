// Package program is the production program as a function: its commands, and the wiring of its two processes, ingress and
// worker. main.go runs all of it, cmd/dev runs both processes in one, and tests start it in the same way.
//
// It is the only package that passes the parts their fields of the configuration. It decides nothing, and links neither
// the Temporal server nor the simulators.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	_ "time/tzdata" // the image has no time zone database

	"github.com/spf13/cobra"

	"fieldmarshal/config"
	"fieldmarshal/operator"
)

// Exit codes of Run.
const (
	ExitOK       = 0
	ExitFault    = operator.ExitFailed
	ExitUsage    = operator.ExitUsage
	ExitNoEffect = operator.ExitNoEffect
)

// Invocation holds the arguments and the environment of a call of the program.
type Invocation struct {
	Args   []string // without the program's name
	Dir    string   // the folder of .env
	Env    []string // as returned by os.Environ
	Stdout io.Writer
	Stderr io.Writer

	Listening func(address string) // optional: called with the address once a process listens
}

// Run runs a command until it ends or ctx is done, which tells ingress and worker to drain and stop. It returns the exit
// code.
func Run(ctx context.Context, i Invocation) int {
	root := i.root()
	root.SetArgs(i.Args)
	root.SetOut(i.Stdout)
	root.SetErr(i.Stderr)
	err := root.ExecuteContext(ctx)
	var faults *config.Faults
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
	}
	fmt.Fprintln(i.Stderr, "fieldmarshal:", operator.Printable(err.Error()))
	return ExitUsage
}

// running marks the errors of a process as such, as opposed to those of the command line and of the configuration.
func running(err error) error {
	if err == nil || errors.As(err, new(*config.Faults)) {
		return err
	}
	return &operator.Fault{Code: ExitFault, Err: err}
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
	return &cobra.Command{Use: name, RunE: func(cmd *cobra.Command, _ []string) error {
		p, err := i.load(part)
		if err == nil {
			err = run(p, cmd.Context())
		}
		return running(err)
	}}
}

// healthTimeout is how long to wait for an answer; both processes answer within two seconds.
const healthTimeout = 4 * time.Second

// health asks a process on this machine whether it is ready: for containers, whose image contains no other program that
// could.
func (i Invocation) health() *cobra.Command {
	return &cobra.Command{Use: "health <ingress|worker>", ValidArgs: []string{"ingress", "worker"}, RunE: func(cmd *cobra.Command, args []string) error {
		p, err := i.load(config.Operator)
		if err != nil {
			return err
		}
		address := p.Config.IngressAdminAddr
		if args[0] == "worker" {
			address = p.Config.WorkerHTTPAddr
		}
		client := http.Client{Timeout: healthTimeout}
		answer, err := client.Get(localURL(address) + "/readyz")
		if err != nil {
			return running(fmt.Errorf("nothing answers: %w", err))
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
		fmt.Fprintln(cmd.OutOrStdout(), operator.Printable(strings.TrimSpace(string(body))))
		if answer.StatusCode != http.StatusOK {
			return running(fmt.Errorf("the %s is not ready (HTTP %d)", args[0], answer.StatusCode))
		}
		return nil
	}}
}
