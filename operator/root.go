package operator

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Root returns the whole command line: the operator's commands, and beside them the processes that the program runs.
func Root(o Options, processes ...*cobra.Command) *cobra.Command {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, p := range processes {
		p.Args = arguments
	}
	sections := []section{
		{"Look", []*cobra.Command{o.list(), o.state(), o.explain(), o.report(), o.evidence()}},
		{"Decide", []*cobra.Command{o.approve(), o.reject(), o.act(), o.accepting()}},
		{"Repair", []*cobra.Command{o.doctor(), o.watch(), o.refused(), o.deadletter(), o.inbox(), o.send()}},
		{"Run", append(processes, o.config())},
	}
	root := &cobra.Command{
		Use: "fieldmarshal", Short: "Turns Prodege's project status webhooks into durable work: alerts, CPI approvals, invoices",
		SilenceUsage: true, SilenceErrors: true,
	}
	for _, s := range sections {
		root.AddCommand(s.commands...)
	}
	root.AddCommand(o.version())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown interface{ GetSpecifiedName() string }
		if errors.As(err, &unknown) {
			return usageError("%w%s", err, didYouMean("--", unknown.GetSpecifiedName(), flagNames(cmd)))
		}
		return usageError("%w", err)
	})
	addHelp(root)
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

// arguments checks how many arguments a command is given against its line of use: <one> is required, [one] is not, and
// <one>… may be repeated.
func arguments(cmd *cobra.Command, args []string) error {
	words := strings.Fields(cmd.Use)[1:]
	required := 0
	for _, word := range words {
		if strings.HasPrefix(word, "<") {
			required++
		}
	}
	if len(cmd.ValidArgs) > 0 && len(args) > 0 && !slices.Contains(cmd.ValidArgs, args[0]) {
		return usageError("%q is none of %s%s", args[0], strings.Join(cmd.ValidArgs, ", "), didYouMean("", args[0], cmd.ValidArgs))
	}
	switch {
	case cmd.HasSubCommands() && len(args) > 0:
		return usageError("unknown command %q for %q: see %[2]s --help", args[0], cmd.CommandPath())
	case len(args) < required:
		return usageError("an argument is missing; usage: %s", cmd.UseLine())
	case len(args) > len(words) && !strings.HasSuffix(cmd.Use, "…"):
		return usageError("unexpected argument %q; usage: %s", args[len(words)], cmd.UseLine())
	}
	return nil
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// didYouMean returns "; did you mean …?" if a word is near one of those known, as cobra judges it for commands.
func didYouMean(prefix, word string, known []string) string {
	var list cobra.Command
	for _, name := range known {
		list.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	list.SuggestionsMinimumDistance = 2
	if near := list.SuggestionsFor(word); len(near) > 0 {
		return "; did you mean " + prefix + near[0] + "?"
	}
	return ""
}
