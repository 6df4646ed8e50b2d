package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"fieldmarshal/operator"
)

// TestAcceptingIsOff: what is on or off is accepting. A kill switch that is off reads as if it stopped nothing.
func TestAcceptingIsOff(t *testing.T) {
	misread := regexp.MustCompile(`(?i)switch(?: \([^)]*\))? is o(?:n|ff)\b`)
	for _, page := range append(markdown(t), "../operator/accepting.go", "../operator/words.go", "../operator/doctor_temporal.go") {
		for _, text := range misread.FindAllString(read(t, page), -1) {
			t.Errorf("%s says %q: say that accepting is on or off", page, text)
		}
	}
}

// TestContents: the contents of a page that begins with them name its headings, in order.
func TestContents(t *testing.T) {
	contents := regexp.MustCompile(`(?m)^- \[([^\]]+)\]\(#[^)]+\)$`)
	headings := regexp.MustCompile(`(?m)^## (.+)$`)
	page := read(t, "how-to.md")
	listed, _, _ := strings.Cut(page, "\n## ")
	if got, want := found(contents, listed), found(headings, fenced.ReplaceAllString(page, "")); !slices.Equal(got, want) {
		t.Errorf("the contents of how-to.md are\n%q, its headings\n%q", got, want)
	}
}

// TestCallsOfProdege: every call that we make of Prodege's is in the reference.
func TestCallsOfProdege(t *testing.T) {
	calls := found(regexp.MustCompile(`(?m)^\tcall\w+ += "([a-z-]+)"$`), read(t, "../prodege/client.go"))
	if len(calls) < 5 {
		t.Fatalf("found %q only", calls)
	}
	for _, call := range calls {
		if !strings.Contains(read(t, "reference/http.md"), "/"+call+"`") {
			t.Errorf("reference/http.md lacks %s", call)
		}
	}
}

// TestWhoMayDecide: every command that acts in somebody's name is among those that SECURITY.md warns of.
func TestWhoMayDecide(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| anyone who can run `fieldmarshal .*$").FindString(read(t, "../SECURITY.md"))
	for _, c := range operator.Root(operator.Options{}).Commands() {
		acts := slices.ContainsFunc(append(c.Commands(), c), func(one *cobra.Command) bool { return one.Flags().Lookup("as") != nil })
		if acts && !strings.Contains(row, c.Name()+"`") {
			t.Errorf("SECURITY.md does not name %s among the commands that decide", c.Name())
		}
	}
}

// found are the first groups of all matches.
func found(pattern *regexp.Regexp, text string) (all []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}
