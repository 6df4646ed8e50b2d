package operator

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Root returns the whole command line: the operator's commands, and beside them the processes that the program runs.
func Root(o Options, processes ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use: "fieldmarshal", Short: "Turns Prodege's project status webhooks into durable work: alerts, CPI approvals, invoices",
		SilenceUsage: true, SilenceErrors: true, Args: noCommand, RunE: showHelp,
	}
	sections := o.sections(processes)
	for _, s := range sections {
		root.AddCommand(s.commands...)
	}
	for _, p := range processes {
		p.Args = none
		if len(p.ValidArgs) > 0 {
			p.Args = oneOfValid
		}
	}
	root.AddCommand(o.version())
	addHelp(root)
	root.SetFlagErrorFunc(flagFault)
	root.SetHelpCommand(helpCommand())
	root.InitDefaultCompletionCmd("completion") // cobra's own, which would take any word for a shell
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = noCommand, showHelp
	}
	standard := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd == root {
			_, _ = io.WriteString(cmd.OutOrStdout(), overview(sections))
			return
		}
		standard(cmd, args)
	})
	return root
}

// section is what a person wants, and the commands for it.
type section struct {
	title    string
	commands []*cobra.Command
}

func (o Options) sections(processes []*cobra.Command) []section {
	if o.Now == nil {
		o.Now = now
	}
	return []section{
		{"Look", []*cobra.Command{o.list(), o.state(), o.explain(), o.report(), o.evidence()}},
		{"Decide", []*cobra.Command{o.approve(), o.reject(), o.act(), o.accepting()}},
		{"Repair", []*cobra.Command{o.doctor(), o.watch(), o.refused(), o.deadletter(), o.inbox(), o.send()}},
		{"Run", append(processes[:len(processes):len(processes)], o.config())},
	}
}

// overview is the help of the whole program. It fits a terminal of 80 columns and 24 lines.
func overview(sections []section) string {
	var b strings.Builder
	b.WriteString("Fieldmarshal turns Prodege's project status webhooks into durable work.\n\n")
	for _, s := range sections {
		title := s.title
		for _, cmd := range s.commands {
			fmt.Fprintf(&b, "%-8s%-12s%s\n", title, cmd.Name(), cmd.Short)
			title = ""
		}
	}
	b.WriteString("\nAlso: version, completion <shell>. <command> --help has flags and examples.\n" +
		"Exit codes: 0 done, 1 failed, 2 wrong call or settings, 3 not there or no effect\n")
	return b.String()
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

func helpCommand() *cobra.Command {
	return &cobra.Command{Use: "help [command]", Short: "Help about any command", Hidden: true, RunE: func(cmd *cobra.Command, args []string) error {
		about, _, err := cmd.Root().Find(args)
		if err == nil && (about != cmd.Root() || len(args) == 0) {
			return about.Help()
		}
		return noCommand(cmd.Root(), args)
	}}
}

// noCommand takes no argument: what stands there is a command that does not exist.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names, shown []string
	for _, child := range cmd.Commands() {
		if names = append(names, child.Name()); !child.Hidden {
			shown = append(shown, child.Name())
		}
	}
	has := ": it has " + strings.Join(shown, ", ")
	if !cmd.HasParent() {
		has = ": see fieldmarshal --help"
	}
	return usageError("%s has no command %q%s%s", cmd.CommandPath(), args[0], has, didYouMean("", args[0], names))
}

// none takes no argument.
func none(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError("%s takes no arguments, but got %q%s", name(cmd), args[0], didYouMean("--", args[0], flagNames(cmd)))
}

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

// oneOfValid takes one of the arguments that are valid.
func oneOfValid(cmd *cobra.Command, args []string) error {
	what := strings.Join(cmd.ValidArgs, " or ")
	if err := between(1, 1, what)(cmd, args); err != nil {
		return err
	}
	return oneOf(name(cmd), args[0], cmd.ValidArgs)
}

// name is a command as it is typed, without the program before it.
func name(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// flagFault says what is wrong with a flag, and which was probably meant.
func flagFault(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 { // the flag is of a command that does not exist
		return noCommand(cmd, args)
	}
	var unknown interface {
		error
		GetSpecifiedName() string
		GetSpecifiedShortnames() string
	}
	if errors.As(err, &unknown) {
		word := unknown.GetSpecifiedShortnames() // as in -json
		dashes := "-"
		if word == "" {
			word, dashes = unknown.GetSpecifiedName(), "--"
		}
		if !cmd.HasParent() && word == "version" {
			return usageError("%s has no flag --version; did you mean %[1]s version?", cmd.CommandPath())
		}
		return usageError("%s has no flag %s%s%s", cmd.CommandPath(), dashes, word, didYouMean("--", word, flagNames(cmd)))
	}
	var value, flag string
	if _, scan := fmt.Sscanf(err.Error(), "invalid argument %q for %q flag:", &value, &flag); scan == nil {
		if f := cmd.Flags().Lookup(strings.TrimPrefix(flag, "--")); f != nil {
			return usageError("%s must be %s, not %q", flag, map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a time such as 90s, 1h30m or 3d"}[f.Value.Type()], value)
		}
	}
	return usageError("%w", err)
}

func flagNames(cmd *cobra.Command) (names []string) {
	for word := range strings.FieldsSeq(cmd.Flags().FlagUsages()) {
		if name, is := strings.CutPrefix(word, "--"); is {
			names = append(names, name)
		}
	}
	return names
}
