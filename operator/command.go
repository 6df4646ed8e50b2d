package operator

import (
	"context"
	"errors"
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

// GroupID is the cobra group that the commands belong to. Whoever adds them to a root adds the group.
const GroupID = "operator"

// Commands returns all commands, to be added to the program's root.
func Commands(o Options) []*cobra.Command {
	if o.Now == nil {
		o.Now = time.Now
	}
	return append(o.further(),
		o.state(), o.list(), o.approvals(), o.report(), o.explain(), o.evidence(), o.approve(), o.reject(), o.act(), o.accepting(), o.watch(),
		o.inbox(), o.deadletter(), o.refused(), o.send(), o.doctor(), o.config(), o.version(), o.replay())
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

// help is what help says of a command.
type help struct {
	use, short, long, example string
}

// command makes a command that needs the world. A fault of the configuration ends it first.
func (o Options) command(h help, args cobra.PositionalArgs, run func(*call) error) *cobra.Command {
	return o.make(h, args, func(c *call) error {
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

// make makes a command with --json. Shell completion offers files only for arguments that are files.
func (o Options) make(h help, args cobra.PositionalArgs, run func(*call) error) *cobra.Command {
	c := &call{now: o.Now}
	cmd := &cobra.Command{
		Use: h.use, Short: h.short, Long: h.long, Example: h.example, Args: args, GroupID: GroupID, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.ctx, c.cmd, c.args = cmd.Context(), cmd, args
			err := run(c)
			if err != nil && !errors.As(err, new(*Fault)) {
				err = &Fault{ExitFailed, err}
			}
			return err
		},
	}
	cmd.SetFlagErrorFunc(flagFault)
	cmd.Flags().BoolVar(&c.json, "json", false, "answer in JSON")
	return cmd
}

// group makes a command that holds others. By itself it does what the first of them does.
func group(h help, first *cobra.Command, others ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: h.use, Short: h.short, Long: h.long, Example: h.example, GroupID: GroupID, RunE: first.RunE,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			var names []string
			for _, child := range cmd.Commands() {
				names = append(names, child.Name())
			}
			return usageError("%s has no command %q%s; it has %s", name(cmd), args[0], didYouMean("", args[0], names), strings.Join(names, ", "))
		},
	}
	cmd.SetFlagErrorFunc(flagFault)
	cmd.Flags().AddFlagSet(first.Flags())
	for _, child := range append([]*cobra.Command{first}, others...) {
		child.GroupID = ""
		cmd.AddCommand(child)
	}
	return cmd
}

// name is a command as it is typed, without the program before it.
func name(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// within bounds calls to Temporal and its workers.
func (c *call) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.ctx, callTimeout)
}

// project reads the first argument.
func (c *call) project() (prodege.ProjectID, error) {
	id, err := prodege.ParseProjectID(c.args[0])
	if err != nil {
		return 0, &Fault{ExitUsage, err}
	}
	return id, nil
}

// none takes no argument.
func none(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError("%s takes no arguments, but got %q%s", name(cmd), args[0], didYouMean("--", args[0], flagNames(cmd)))
}

// one takes one argument, and says what it is if it is missing.
func one(what string) cobra.PositionalArgs { return between(1, 1, what) }

func between(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usageError("%s needs %s", name(cmd), what)
		case len(args) > most:
			return usageError("%s takes %s and nothing more, but got %q", name(cmd), what, args[most])
		}
		return nil
	}
}

// choices offers a flag's values in shell completion.
func choices(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist: a fault of this package, found by any test
	}
}
