package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// everything allows all packages of this module.
const everything = "*"

// mayImport lists the packages of this module that each package may import. The core knows only the supplier's
// vocabulary, cards knows the core, and only the mains know the configuration.
var mayImport = map[string][]string{
	"prodege":    {},
	"project":    {"prodege"},
	"cards":      {"project", "prodege"},
	"activities": {"cards", "project", "prodege"},
	"workflows":  {"activities", "cards", "project", "prodege"},
	"worker":     {"workflows", "activities"},
	"inbox":      {"prodege"},
	"ingress":    {"workflows", "cards", "project", "prodege", "inbox"},
	"operator":   {"workflows", "cards", "project", "prodege", "inbox"},
	"config":     {},
	"devserver":  {},
	"simulator":  {"prodege"},
	"docs":       {}, // contains only tests
	"e2e":        {everything},
	// The mains. Package program is the production program as a function; the root only calls it.
	"":        {"program"},
	"program": {"activities", "cards", "config", "inbox", "ingress", "operator", "prodege", "project", "worker", "workflows"},
	"cmd/dev": {everything},
}

// mains are the only packages that read the configuration.
var mains = []string{"", "program", "cmd/dev"}

// onlyIn lists the packages that may import a module directly.
var onlyIn = map[string][]string{
	"github.com/gin-gonic/gin":  {"ingress", "simulator"},
	"github.com/slack-go/slack": append([]string{"cards", "activities", "ingress"}, mains...),
	"go.temporal.io/server":     {"devserver", "e2e", "cmd/dev"},
}

// pure are the packages that know nothing of Temporal.
var pure = []string{"prodege", "project", "cards", "inbox", "config"}

// linksServer are the packages whose binaries and tests may link the Temporal server, which takes minutes to build.
var linksServer = []string{"devserver", "e2e", "cmd/dev"}

const module = "fieldmarshal"

// goList returns the packages in a field of go list, for each package and each test binary.
func goList(t *testing.T, field string, flags ...string) map[string][]string {
	t.Helper()
	args := append(append([]string{"list", "-f", `{{.ImportPath}}|{{join .` + field + ` " "}}`}, flags...), "./...")
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		name, list, _ := strings.Cut(strings.TrimSpace(line), "|")
		all[name] = strings.Fields(list)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

// ours returns a package's path within the module; ok is false if it belongs to another.
func ours(path string) (name string, ok bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func within(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func TestImports(t *testing.T) {
	for path, imports := range goList(t, "Imports") {
		name, _ := ours(path)
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("the package %q has no rule here: what may it import?", name)
			continue
		}
		for _, imported := range imports {
			if of, ok := ours(imported); ok && !slices.Contains(allowed, of) && !slices.Contains(allowed, everything) {
				t.Errorf("%s must not import %s", path, imported)
			}
			if imported == module+"/config" && !slices.Contains(mains, name) {
				t.Errorf("%s reads the configuration; only the mains do", path)
			}
			if slices.Contains(pure, name) && strings.HasPrefix(imported, "go.temporal.io/") {
				t.Errorf("%s must not know of Temporal, and imports %s", path, imported)
			}
			for thing, places := range onlyIn {
				if within(imported, thing) && !slices.Contains(places, name) {
					t.Errorf("%s must not import %s", path, imported)
				}
			}
		}
	}
}

// TestProgramHoldsNoServer: neither the production program nor the tests of other packages link the Temporal server, and
// the production program contains no simulator.
func TestProgramHoldsNoServer(t *testing.T) {
	for path, deps := range goList(t, "Deps", "-test") {
		path, _, _ = strings.Cut(path, " ") // "pkg [pkg.test]" is a package as a test builds it
		name, _ := ours(strings.TrimSuffix(strings.TrimSuffix(path, ".test"), "_test"))
		for _, dep := range deps {
			if within(dep, "go.temporal.io/server") && !slices.Contains(linksServer, name) {
				t.Errorf("%s links the Temporal server, by %s", path, dep)
				break
			}
			if path == module && (dep == module+"/simulator" || dep == module+"/devserver") {
				t.Errorf("the production program contains %s", dep)
			}
		}
	}
}

// TestModuleGroups: the first group of go.mod is what the production program imports, the second what only tests, the
// simulators and cmd/dev do.
func TestModuleGroups(t *testing.T) {
	file, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	groups := strings.Split(string(file), "\nrequire (\n")
	if len(groups) != 4 {
		t.Fatalf("go.mod has %d groups, want production, tests and indirect", len(groups)-1)
	}
	produced := map[string]bool{} // packages that the production program's own packages import
	all := goList(t, "Imports")
	for _, dep := range append(goList(t, "Deps")[module], module) {
		for _, imported := range all[dep] {
			produced[imported] = true
		}
	}
	needed := func(name string) bool {
		for path := range produced {
			if within(path, name) {
				return true
			}
		}
		return false
	}
	for group, want := range map[string]bool{groups[1]: true, groups[2]: false} {
		block, _, _ := strings.Cut(group, "\n)")
		for line := range strings.Lines(block) {
			if name := strings.Fields(line)[0]; needed(name) != want {
				t.Errorf("go.mod: %s is in the wrong group", name)
			}
		}
	}
}
