package docs_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"fieldmarshal/operator"
)

const commandsPreamble = `# The operator's commands

These are the commands of ` + "`fieldmarshal`" + ` other than ` + "`ingress`" + ` and ` + "`worker`" + `. They read the same configuration and ` + "`.env`" + `. ` + "`go test ./docs -update`" + ` writes this page from the program's own help.

Exit codes: 0 done; 1 something went wrong; 2 the command line or the configuration is wrong, and nothing was done; 3 what you asked for is not there, or did not count. ` + "`--json`" + ` prints JSON, with the same exit codes. ` + "`--as`" + ` is the Slack user id of the person who decides, ` + "`--wait`" + ` how long to wait for the outcome (10 s), and ` + "`--note`" + ` the reason, for the record and the message. A project is named by its id, also as ` + "`project-29303649` or `29,303,649`" + `.

The commands for the inbox (` + "`inbox`, `deadletter`, `refused`" + `) must run where the ingress runs, as its user, with its ` + "`INBOX_DIR`" + `. The others need Temporal, and most of them a live worker.

**Shell completion**, for this shell and for all new ones (` + "`fieldmarshal completion <shell> --help`" + ` covers zsh, fish and PowerShell):

` + "```console" + `
source <(fieldmarshal completion bash)
fieldmarshal completion bash > /etc/bash_completion.d/fieldmarshal
` + "```" + `
`

// TestCommands holds the page to the commands' own help.
func TestCommands(t *testing.T) {
	page := strings.Builder{}
	page.WriteString(commandsPreamble)
	for _, c := range operator.Root(operator.Options{}).Commands() {
		if c.Name() != "help" && c.Name() != "completion" { // cobra's
			describe(&page, c, "##")
		}
	}
	holds(t, "reference/commands.md", page.String(), "the commands' help")
}

// holds holds a page to what is generated, or writes it with -update.
func holds(t *testing.T, path, generated, from string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(generated), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(read(t, path), generated); diff != "" {
		t.Errorf("%s differs from %s (-is +should be); go test ./docs -update writes it:\n%s", path, from, diff)
	}
}

// everywhere are flags that the page's beginning tells of, as they are the same for all that decide.
var everywhere = regexp.MustCompile(`^ *--(json|as string +who decides|note string +why|wait duration +how long to wait for the outcome)\b`)

// describe writes what a command's help says: purpose, use with its flags, examples.
func describe(page *strings.Builder, c *cobra.Command, level string) {
	fmt.Fprintf(page, "\n%s %s\n\n%s\n", level, strings.TrimPrefix(c.CommandPath(), "fieldmarshal "), joined(cmp.Or(c.Long, c.Short)))
	fmt.Fprintf(page, "\n```console\n%s\n", c.UseLine())
	for line := range strings.Lines(c.NonInheritedFlags().FlagUsages()) {
		if !everywhere.MatchString(line) {
			page.WriteString(line)
		}
	}
	if c.Example != "" {
		page.WriteString(unindented(c.Example) + "\n")
	}
	page.WriteString("```\n")
	for _, child := range c.Commands() {
		if !child.Hidden {
			describe(page, child, level+"#")
		}
	}
}

// joined makes one line of each paragraph; what is indented, or a list, stays as it is.
func joined(text string) string {
	var page strings.Builder
	for i, line := range strings.Split(text, "\n") {
		switch own := line == "" || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "-"); {
		case i == 0:
		case own || strings.HasSuffix(page.String(), "\n"):
			page.WriteString("\n")
		default:
			page.WriteString(" ")
		}
		page.WriteString(line)
	}
	return page.String()
}

func unindented(example string) string {
	lines := strings.Split(strings.TrimRight(example, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}
