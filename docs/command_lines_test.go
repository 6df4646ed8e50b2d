package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"fieldmarshal/operator"
)

var (
	// inLine and inBlock are where pages call the program. What follows a comment, a pipe or a redirection is
	// the shell's.
	inLine  = regexp.MustCompile("`(?:bin/)?fieldmarshal ([a-z][^`]*)`")
	inBlock = regexp.MustCompile(`(?m)^(?:[A-Z_]+=\S+ |docker compose exec ingress /usr/local/)*(?:bin/)?fieldmarshal ([a-z].*)$`)
	// placeholder is what a reader puts a value of their own for.
	placeholder = regexp.MustCompile(`<[a-z][^>]*>|\[[a-z]+\]`)
	words       = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
)

// TestCommandLines: every call of the program that a page shows is one that it understands: the command is
// there, and its flags; in a block its arguments, too.
func TestCommandLines(t *testing.T) {
	seen := 0
	for _, path := range markdown(t) {
		page := read(t, path)
		for _, block := range fenced.FindAllString(page, -1) {
			for _, m := range inBlock.FindAllStringSubmatch(block, -1) {
				seen++
				understood(t, path, m[1], true)
			}
		}
		for _, m := range inLine.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
			seen++
			understood(t, path, m[1], false)
		}
	}
	if seen < 60 {
		t.Errorf("found %d command lines only", seen)
	}
}

func understood(t *testing.T, path, line string, whole bool) {
	t.Helper()
	root := operator.Root(operator.Options{})
	args := words.FindAllString(placeholder.ReplaceAllString(line, "7"), -1)
	if end := slices.IndexFunc(args, func(word string) bool { return strings.Contains("# | > < &&", word) }); end >= 0 {
		args = args[:end]
	}
	if len(args) == 0 || slices.Contains([]string{"ingress", "worker", "health", "completion"}, args[0]) {
		return // of package program; cobra's own
	}
	cmd, rest, err := root.Find(args)
	if err != nil || cmd == root {
		t.Errorf("%s: fieldmarshal %s: there is no such command", path, line)
		return
	}
	if strings.Contains(line, "…") || strings.Contains(line, "[flags]") {
		return // abridged, or a line of use, which the help wrote
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: fieldmarshal %s: %v", path, line, err)
		return
	}
	if whole {
		if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
			t.Errorf("%s: fieldmarshal %s: %v", path, line, err)
		}
	}
}
