package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// block is one fenced block of a page that is run: one marked sh. One marked text that follows it in the same
// section is what it prints. A block of any other kind is neither.
type block struct {
	line     int
	text     string
	expected string // empty: anything
}

var (
	// fence is a block with its kind. Prose may stand between what is run and what it prints, a heading may not.
	fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)\n```$")
	// looks are the commands that change nothing: they are run again until they show what the page says.
	looks = regexp.MustCompile(`^bin/fieldmarshal (?:(?:state|list|explain|evidence|refused|doctor)\b|(?:inbox|accepting)$)`)
	// spaces vary with what stands in a column.
	spaces = regexp.MustCompile(`[ \t]+`)
)

// blocks are those of a page that are run, in their order.
func blocks(page string) []block {
	var found []block
	kind, end := "", 0
	for _, m := range fence.FindAllStringSubmatchIndex(page, -1) {
		before, same := kind, !strings.Contains(page[end:m[0]], "\n#")
		kind, end = page[m[2]:m[3]], m[1]
		text := page[m[4]:m[5]]
		switch {
		case kind == "sh":
			found = append(found, block{line: 2 + strings.Count(page[:m[0]], "\n"), text: text})
		case kind == "text" && before == "sh" && same:
			found[len(found)-1].expected = text
		}
	}
	return found
}

// commands are the commands of a block: one a line, longer ones continued by a backslash. Comments are none.
func (b block) commands() []string {
	var all []string
	for line := range strings.SplitSeq(strings.ReplaceAll(b.text, "\\\n", "\x00"), "\n") {
		line = strings.ReplaceAll(line, "\x00", "\\\n")
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "#") {
			all = append(all, line)
		}
	}
	return all
}

// deciding are the commands that wait for what comes of a decision, in one line.
var deciding = regexp.MustCompile(`(?m)^bin/fieldmarshal (?:approve|reject|act) [^\n\\|>#]*$`)

// patiently has them wait for longer than the ten seconds that a reader's machine needs at most.
func patiently(text string) string { return deciding.ReplaceAllString(text, "$0 --wait 90s") }

// looksOnly reports whether a block changes nothing.
func (b block) looksOnly() bool {
	for _, c := range b.commands() {
		if !looks.MatchString(c) {
			return false
		}
	}
	return true
}

// shows reports whether an output is what a page shows: … stands for anything within a line, and alone on a line
// for any lines. How many spaces there are does not matter.
func shows(expected, output string) bool {
	var pattern strings.Builder
	pattern.WriteString(`^`)
	for line := range strings.Lines(tidy(expected)) {
		if line = strings.TrimSuffix(line, "\n"); line == "…" {
			pattern.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern.WriteString(strings.Join(parts, `[^\n]*`) + `\n`)
	}
	return regexp.MustCompile(pattern.String() + `$`).MatchString(tidy(output))
}

// tidy makes spaces one, and ends the text with one newline.
func tidy(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		b.WriteString(strings.TrimSpace(spaces.ReplaceAllString(line, " ")) + "\n")
	}
	return b.String()
}

// shell runs the commands of one page, one after another, in one sh and in a folder of its own. A call of go is
// made in the repository, and what it builds goes into that folder.
type shell struct {
	in   io.Writer
	out  *bufio.Reader
	done string // what is printed after each command, with its exit code
}

// standIn is what runs in the place of go.
const standIn = `#!/bin/sh
here=$PWD
[ "$1 $2 $3" = 'build -o bin/' ] || { echo "where pages are run go only builds into bin/, and not: go $*" >&2; exit 1; }
shift 3
cd '%s' && exec '%s' build -o "$here/bin/" "$@"
`

// goNeeds are the variables that a build needs: where things are kept and fetched, and how C is compiled.
var goNeeds = regexp.MustCompile(`^(HOME|TMPDIR|XDG_CACHE_HOME|XDG_CONFIG_HOME|GO[A-Z0-9_]*|CGO_[A-Z_]+|CC|CXX|PKG_CONFIG[A-Z_]*|SSL_CERT_(FILE|DIR)|(?i:https?|all)_(?i:proxy))$`)

// newShell starts a shell that ends with the test, with nothing of this process's environment but what go needs.
func newShell(t *testing.T, dir string, env ...string) *shell {
	t.Helper()
	for _, tool := range []string{"sh", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("pages need %s, and this machine has none", tool)
		}
	}
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	tools := t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "go"), fmt.Appendf(nil, standIn, repository, compiler), 0o700); err != nil {
		t.Fatal(err)
	}
	direct := "127.0.0.1,localhost," + os.Getenv("NO_PROXY") + "," + os.Getenv("no_proxy") // what runs here is asked without a proxy
	env = append(env, "NO_PROXY="+direct, "no_proxy="+direct)
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); goNeeds.MatchString(name) {
			env = append(env, pair)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	cmd := exec.CommandContext(ctx, "sh")
	cmd.Dir, cmd.Env = dir, append(env, "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = in.Close(); _ = cmd.Wait() })
	return &shell{in: in, out: bufio.NewReader(out), done: "done-" + rand.Text()}
}

// run runs a command and gives what it printed, and its exit code, which the next command may ask for.
func (s *shell) run(command string) (string, string, error) {
	if _, err := fmt.Fprintf(s.in, "{ %s\n} </dev/null 2>&1\n_code=$?; printf '\\n%s %%s\\n' $_code; (exit $_code)\n", command, s.done); err != nil {
		return "", "", err
	}
	var out strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return out.String(), "", fmt.Errorf("the shell ended: %w", err)
		}
		if exit, ok := strings.CutPrefix(line, s.done+" "); ok {
			return strings.TrimSuffix(out.String(), "\n"), strings.TrimSpace(exit), nil
		}
		out.WriteString(line)
	}
}

// play runs a block and says what went otherwise than the page says; nil if all is well. A command may fail
// only if the next one prints its exit code.
func (s *shell) play(b block) error {
	var said strings.Builder
	commands := b.commands()
	for i, command := range commands {
		out, exit, err := s.run(command)
		said.WriteString(out)
		asked := i+1 < len(commands) && strings.Contains(commands[i+1], "$?")
		if err != nil || exit != "0" && !asked {
			return fmt.Errorf("%s\nended with code %s (%v), and printed:\n%s", command, exit, err, out)
		}
	}
	if b.expected != "" && !shows(b.expected, said.String()) {
		return fmt.Errorf("%s\nprints:\n%s\nand the page says:\n%s", b.text, said.String(), b.expected)
	}
	return nil
}

// settled is how long what a page says may take to come about; an acceptance takes about three seconds.
const settled = 90 * time.Second

// playUntil plays a block; if it only looks, until it shows what the page says.
func (s *shell) playUntil(b block) error {
	for deadline := time.Now().Add(settled); ; time.Sleep(100 * time.Millisecond) {
		err := s.play(b)
		if err == nil || !b.looksOnly() || time.Now().After(deadline) {
			return err
		}
	}
}
