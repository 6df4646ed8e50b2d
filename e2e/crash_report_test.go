package e2e

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

var report = flag.Bool("report", false, "write the results of TestCrashMatrix, TestCrashOfAnAct and TestFigures to docs/reliability.md")

const reliability = "../docs/reliability.md"

// matrix collects the outcome of each crash.
type matrix struct {
	victims []string
	mu      sync.Mutex
	count   map[string]int // by cell
}

func newMatrix(victims []string) *matrix { return &matrix{victims: victims, count: map[string]int{}} }

// add counts a crash of a victim at a step, unless the test has failed.
func (m *matrix) add(victim string, s step, after bool, t *testing.T) {
	if t.Failed() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count[cellKey(s.name, after, victim)]++
}

// cellKey returns the key of a step and a victim in the matrix.
func cellKey(step string, after bool, victim string) string {
	return fmt.Sprintf("%s/%t/%s", step, after, victim)
}

// write writes the matrix as a table to a section of the documentation.
func (m *matrix) write(t *testing.T, section string, steps []step) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "| step | killed | %s |\n| --- | --- |%s\n", strings.Join(m.victims, " | "), strings.Repeat(" --- |", len(m.victims)))
	crashes := 0
	for _, s := range steps {
		for _, after := range []bool{false, true} {
			fmt.Fprintf(&b, "| %s | %s |", s.name, map[bool]string{false: "before", true: "after"}[after])
			for _, victim := range m.victims {
				text := "–"
				if n := m.count[cellKey(s.name, after, victim)]; n > 0 {
					crashes += n
					text = fmt.Sprintf("%d held", n)
				}
				fmt.Fprintf(&b, " %s |", text)
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "\n%d crashes; 0 events lost, 0 effects doubled. A dash means that the process is not involved in the step.\n", crashes)
	writeSection(t, section, b.String())
}

var writing sync.Mutex

// writeSection replaces the text between two markers in the documentation.
func writeSection(t *testing.T, name, text string) {
	t.Helper()
	writing.Lock()
	defer writing.Unlock()
	page, err := os.ReadFile(reliability)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->\n"
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no markers for %s", reliability, name)
	}
	if err := os.WriteFile(reliability, []byte(before+begin+text+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
