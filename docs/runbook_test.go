package docs_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// TestRunbookHasEveryCause: every alarm of the ingress, and every reason for which a worker is not ready, is in the
// runbook.
func TestRunbookHasEveryCause(t *testing.T) {
	runbook := read(t, "runbook.md")
	section := func(title string) string {
		_, rest, found := strings.Cut(runbook, "\n## "+title+"\n")
		if !found {
			t.Fatalf("runbook.md has no section %s", title)
		}
		text, _, _ := strings.Cut(rest, "\n## ")
		return text
	}
	for _, c := range []struct {
		what, source, pattern, section string
		fewest                         int
	}{
		{"alarm", "..", `(?:raise\(|"alarm", )"([a-z]+)"`, "Alarms", 4},
		{"reason of a worker that is not ready", "../worker", `(?:Errorf|errors\.New)\("((?:temporal|search attributes|namespace) [^"%]*?)[ :]*[%(:"\\]`, "A process is not ready", 5},
	} {
		found := names(t, c.source, c.pattern)
		if len(found) < c.fewest {
			t.Errorf("found only %d of %s, expected at least %d: has the code moved? %v", len(found), c.what, c.fewest, found)
		}
		for name := range found {
			if !strings.Contains(section(c.section), name) {
				t.Errorf("runbook.md, %s, does not have the %s %q", c.section, c.what, name)
			}
		}
	}
}

// TestRunbookHasEveryAttention: whatever may stand behind NeedsAttention has a heading in the runbook, in the words
// that people see, and its kind below.
func TestRunbookHasEveryAttention(t *testing.T) {
	kinds := names(t, "../project/view.go", `AttentionKind = "([a-z_]+)"`)
	if len(kinds) < 13 {
		t.Fatalf("found %d kinds only: has the code moved?", len(kinds))
	}
	_, rest, _ := strings.Cut(read(t, "runbook.md"), "\n## NeedsAttention\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	for kind := range kinds {
		words := html.UnescapeString(cards.Attention(project.Attention{Kind: project.AttentionKind(kind)}))
		heading := "\n### " + strings.ToUpper(words[:1]) + words[1:] + "\n\n`" + kind + "`"
		if !strings.Contains(section, heading) {
			t.Errorf("runbook.md, NeedsAttention, lacks%s", heading)
		}
	}
}

// TestRunbookHasEveryAlert: each alert that the page of metrics says to set leads to a heading of the runbook.
// That the heading is there is checked with all links.
func TestRunbookHasEveryAlert(t *testing.T) {
	_, table, found := strings.Cut(read(t, "reference/metrics.md"), "\n## Alerts to set\n")
	if !found {
		t.Fatal("the page of metrics has no alerts to set")
	}
	alerts := 0
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| ---") && !strings.HasPrefix(line, "| alert |") {
			if alerts++; !strings.Contains(line, "](../runbook.md#") {
				t.Errorf("the runbook does not say what to do: %s", line)
			}
		}
	}
	if alerts < 8 {
		t.Errorf("found %d alerts only", alerts)
	}
}

// TestRunbookHasEveryReason: what a pause is told with has a row, with Prodege's number and how soon people
// should look.
func TestRunbookHasEveryReason(t *testing.T) {
	runbook, known := read(t, "runbook.md"), 0
	soon := map[prodege.Urgency]string{prodege.Routine: "routine", prodege.Soon: "look soon", prodege.Now: "act now"}
	for r := prodege.Reason(1); r < 1000; r++ {
		m := prodege.Event{Status: prodege.Paused, Reason: r}.Meaning()
		if strings.Contains(m.Title, "Unknown") {
			continue
		}
		known++
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| %s[^|]* \| %d \| %s\b`, regexp.QuoteMeta(m.Title), r, soon[m.Urgency]))
		if !row.MatchString(runbook) {
			t.Errorf("runbook.md has no row for %q, reason %d, %s", m.Title, r, soon[m.Urgency])
		}
	}
	if known < 10 {
		t.Errorf("%d reasons only are known", known)
	}
}
