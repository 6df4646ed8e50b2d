package operator

import (
	_ "embed"
	"strings"

	"github.com/spf13/cobra"
)

// helpText is what help says of each command: "# name", a line for the list of commands, what the command does, and
// examples, which are indented.
//
//go:embed help.txt
var helpText string

// addHelp gives commands their help.
func addHelp(root *cobra.Command) {
	for section := range strings.SplitSeq("\n"+helpText, "\n# ") {
		title, text, _ := strings.Cut(section, "\n")
		cmd, rest, err := root.Find(strings.Fields(title))
		if err != nil || len(rest) > 0 || cmd == root {
			continue // of a process that is not run here
		}
		var about, examples []string
		for _, line := range strings.Split(text, "\n")[1:] {
			if strings.HasPrefix(line, "  ") {
				examples = append(examples, line)
			} else {
				about = append(about, line)
			}
		}
		cmd.Short, _, _ = strings.Cut(text, "\n")
		cmd.Long, cmd.Example = strings.TrimSpace(strings.Join(about, "\n")), strings.Join(examples, "\n")
	}
}
