package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// call is one run of a command.
type call struct {
	ctx   context.Context
	cmd   *cobra.Command
	args  []string
	world *World
	now   func() time.Time
	json  bool
}

// make makes a command with --json.
func (o Options) make(use string, run func(*call) error) *cobra.Command {
	c := &call{now: o.Now}
	cmd := &cobra.Command{
		Use: use, Args: arguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.ctx, c.cmd, c.args = cmd.Context(), cmd, args
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

// open makes a command that needs the world, whatever is wrong with the configuration.
func (o Options) open(use string, run func(*call) error) *cobra.Command {
	return o.make(use, func(c *call) error {
		world, done, err := o.Open(c.ctx)
		if err != nil {
			return &Fault{ExitUsage, err}
		}
		defer done()
		c.world = world
		return run(c)
	})
}

// command makes a command that needs the world. A fault of the configuration ends it first.
func (o Options) command(use string, run func(*call) error) *cobra.Command {
	return o.open(use, func(c *call) error {
		if c.world.Wrong != nil {
			return &Fault{ExitUsage, c.world.Wrong}
		}
		return run(c)
	})
}

// about makes a command about one project, its first argument.
func (o Options) about(use string, run func(*call, prodege.ProjectID) error) *cobra.Command {
	return o.command(use, func(c *call) error {
		id, err := prodege.TypedProjectID(c.args[0])
		if err != nil {
			return usageError("%q is not the id of a project, such as 29303649", c.args[0])
		}
		return run(c, id)
	})
}

// within bounds calls to Temporal and its workers.
func (c *call) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.ctx, callTimeout)
}

// choice adds a flag that takes one of several words, which shell completion offers.
func choice(cmd *cobra.Command, at *string, flag, usage string, words ...string) {
	cmd.Flags().Func(flag, usage+": "+strings.Join(words, ", "), func(text string) error {
		i := slices.IndexFunc(words, func(word string) bool { return strings.EqualFold(word, text) })
		if i < 0 {
			return fmt.Errorf("it must be one of %s%s", strings.Join(words, ", "), didYouMean("", text, words))
		}
		*at = words[i]
		return nil
	})
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist: a fault of this package, found by any test
	}
}
