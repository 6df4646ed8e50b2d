package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/config"
	"fieldmarshal/program"
)

// variableRow is a row of the page's table: variable, default, used by, what for, and what a value must be.
var variableRow = regexp.MustCompile("(?m)^(\\| `([A-Z_]+)` \\| ([^|]*) \\| [^|]* \\| [^|]* \\|) ?[^|]*\\|$")

// TestConfiguration holds the table to the variables that there are, and to what the configuration says of a wrong
// value.
func TestConfiguration(t *testing.T) {
	const path = "reference/configuration.md"
	page, listed := read(t, path), []string{}
	for _, row := range variableRow.FindAllStringSubmatch(page, -1) {
		listed = append(listed, row[2])
	}
	sorted := slices.Sorted(slices.Values(config.Variables()))
	if got := slices.Sorted(slices.Values(listed)); !slices.Equal(got, sorted) {
		t.Fatalf("the page has rows for\n%q, and the variables are\n%q", got, sorted)
	}
	holds(t, path, variableRow.ReplaceAllStringFunc(page, func(row string) string {
		m := variableRow.FindStringSubmatch(row)
		return strings.TrimRight(m[1]+" "+ruleOf(m[2]), " ") + " |"
	}), "what the configuration says")
}

// TestDefaults: setting a variable to the default that its row shows changes nothing.
func TestDefaults(t *testing.T) {
	load := func(name, value string) config.Config {
		c, err := config.Load(config.Environment{name: value}.Get, config.Operator)
		if err != nil {
			t.Errorf("the default of %s: %v", name, err)
		}
		return c
	}
	plain, shown := load("", ""), 0
	for _, m := range variableRow.FindAllStringSubmatch(read(t, "reference/configuration.md"), -1) {
		name, value := m[2], strings.Trim(m[3], "`")
		if value == m[3] {
			continue // none, or told in words
		}
		shown++
		if diff := cmp.Diff(plain, load(name, value)); diff != "" {
			t.Errorf("the page says that the default of %s is %s, and setting it changes (-default +set):\n%s", name, value, diff)
		}
	}
	if shown < 12 {
		t.Errorf("found %d defaults only", shown)
	}
}

// ruleOf is what the configuration says of a value that is none; empty where any text will do.
func ruleOf(name string) string {
	const wrong = "no such, value"
	_, faults := program.Load(config.Environment{name: wrong}, config.Operator)
	for _, f := range faults {
		if f.Variable == name {
			rule, _, _ := strings.Cut(f.Text, `: "no`)
			return strings.ReplaceAll(rule, `, which "no such" is not`, "")
		}
	}
	return ""
}
