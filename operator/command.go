package operator

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
)

const (
	// callTimeout bounds what a command waits for Temporal or a worker; one that answers needs milliseconds.
	callTimeout = 10 * time.Second
	// healthTimeout bounds the one call that finds out why another timed out.
	healthTimeout = 2 * time.Second
)

// Options are what the commands need of the program.
type Options struct {
	// Open reads the configuration and returns what commands reach, and what closes it. Most commands call it once,
	// after the command line has been read.
	Open func(ctx context.Context) (*World, func(), error)

	// Settings returns the configuration in force, and what is wrong with it.
	Settings func() ([]Setting, error)
	Build    Build // what runs

	Now func() time.Time // nil: time.Now
}

func now() time.Time { return time.Now() }

// call is one run of a command.
type call struct {
	ctx   context.Context
	cmd   *cobra.Command
	args  []string
	world *World
	now   func() time.Time
	json  bool
}

// command makes a command that needs the world. A fault of the configuration ends it first.
func (o Options) command(use string, args cobra.PositionalArgs, run func(*call) error) *cobra.Command {
	return o.make(use, args, func(c *call) error {
		world, done, err := o.Open(c.ctx)
		if err != nil {
			return &Fault{ExitUsage, err}
		}
		defer done()
		if c.world = world; world.Wrong != nil {
			return &Fault{ExitUsage, world.Wrong}
		}
		return run(c)
	})
}

// about makes a command about one project, the first of at most so many arguments. One that looks takes its name, too.
func (o Options) about(use string, looks bool, most int, what string, run func(*call, prodege.ProjectID) error) *cobra.Command {
	cmd := o.command(use, between(1, most, what), func(c *call) error {
		id, err := c.project(looks)
		if err != nil {
			return err
		}
		return run(c, id)
	})
	cmd.ValidArgsFunction = o.completeProjects
	return cmd
}

// make makes a command with --json. Shell completion offers files only for arguments that are files.
func (o Options) make(use string, args cobra.PositionalArgs, run func(*call) error) *cobra.Command {
	c := &call{now: o.Now}
	cmd := &cobra.Command{
		Use: use, Args: args, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.ctx, c.cmd, c.args = cmd.Context(), cmd, args
			if c.json && cmd.Flags().Changed("csv") {
				return usageError("--json and --csv can't go together")
			}
			err := run(c)
			if err != nil && !errors.As(err, new(*Fault)) {
				err = failed("%w", err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "answer in JSON")
	return cmd
}

// group has a command hold others. By itself it shows what they are about; people type a word for that, too.
func group(cmd *cobra.Command, shows string, others ...*cobra.Command) *cobra.Command {
	same := &cobra.Command{Use: shows, Hidden: true, Args: none, RunE: cmd.RunE}
	same.Flags().AddFlagSet(cmd.Flags())
	cmd.Args = noCommand
	cmd.AddCommand(append(others, same)...)
	return cmd
}

// within bounds calls to Temporal and its workers.
func (c *call) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.ctx, callTimeout)
}

// choices offers a flag's values in shell completion.
func choices(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist: a fault of this package, found by any test
	}
}
