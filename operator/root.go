package operator

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Root returns the whole command line: the operator's commands, and beside them the processes that the program runs.
func Root(o Options, processes ...*cobra.Command) *cobra.Command {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, p := range processes {
		p.Args = cobra.MatchAll(arguments, cobra.OnlyValidArgs)
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
	switch {
	case cmd.HasSubCommands() && len(args) > 0:
		return usageError("unknown command %q for %q: see %[2]s --help", args[0], cmd.CommandPath())
	case len(args) < required, len(args) > len(words) && !strings.HasSuffix(cmd.Use, "…"):
		return usageError("wrong number of arguments; usage: %s", cmd.UseLine())
	}
	return nil
}
