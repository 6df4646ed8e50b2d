// Package docs_test holds the documentation to the code: names that people search for, links, generated pages.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

// TestNamesAreDocumented: whatever the code calls by a name that people meet, the documentation has.
func TestNamesAreDocumented(t *testing.T) {
	cases := []struct {
		what    string
		source  string // a file, or a folder of Go code, tests left out
		pattern string // whose first group is the name
		page    string
		fewest  int // so that a pattern that finds nothing is a fault
	}{
		{"route", "../ingress/router.go", `"(/[a-z/-]+)", (?:in|gin)\.`, "reference/http.md", 8},
		{"metric", "..", `"(fieldmarshal_[a-z_]+)"`, "reference/metrics.md", 15},
		{"signal", "../workflows/names.go", `Signal\[[^\]]+\] = "([A-Za-z]+)"`, "reference/messages.md", 5},
		{"query", "../workflows/names.go", `Query\s+= "([A-Za-z]+)"`, "reference/messages.md", 2},
		{"workflow type", "../workflows/names.go", `Type[A-Za-z]+\s+= "([A-Za-z]+)"`, "reference/messages.md", 4},
		{"activity", "../workflows", `Steps\.([A-Z][A-Za-z]+)`, "reference/messages.md", 10},
		{"search attribute", "../workflows/attributes.go", `NewSearchAttributeKey[A-Za-z0-9]+\("([A-Za-z]+)"\)`, "reference/messages.md", 10},
		{"kind of ledger line", "../project/ledger.go", `LineKind = "([a-z_]+)"`, "reference/messages.md", 14},
		{"disposition", "../project/state.go", `Disposition = "([a-z]+)"`, "reference/messages.md", 4},
		{"what is waited for", "../project/state.go", `Waiting = "([a-z]+)"`, "reference/messages.md", 7},
		{"error type", "../activities/errors.go", `Type[A-Za-z]+\s+= "([A-Za-z]+)"`, "runbook.md", 9},
		{"outcome of a call", "../activities/errors.go", `return "([a-z_]+)"`, "reference/metrics.md", 5},
		{"outcome of an act", "../project/task.go", `Outcome = "([a-z_]+)"`, "reference/metrics.md", 9},
		{"scope of the Slack app", "../slack-manifest.yaml", `(?m)^\s+- ([a-z]+(?::[a-z.]+)?)(?: #.*)?$`, "how-to.md", 8},
		{"cause of a refused delivery", "../prodege/refusal.go", `= "([a-z_]+)"`, "runbook.md", 8},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			page := read(t, c.page)
			found := names(t, c.source, c.pattern)
			if len(found) < c.fewest {
				t.Fatalf("found %d names in %s, expected at least %d: has the code moved?", len(found), c.source, c.fewest)
			}
			for name := range found {
				if !strings.Contains(page, name) {
					t.Errorf("docs/%s does not name the %s %s", c.page, c.what, name)
				}
			}
		})
	}
}

// names finds names in a file, or in the Go code of a folder.
func names(t *testing.T, source, pattern string) map[string]bool {
	t.Helper()
	found, re := map[string]bool{}, regexp.MustCompile(pattern)
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		code := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		if err != nil || entry.IsDir() || !code && path != source {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range re.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestFoldersAreListed: the README's table has a row for each folder of Go code.
func TestFoldersAreListed(t *testing.T) {
	readme := read(t, "../README.md")
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, file := range files {
		if folder := filepath.Base(filepath.Dir(file)); !strings.Contains(readme, "| `"+folder+"/` |") {
			missing[folder] = true
		}
	}
	for folder := range missing {
		t.Errorf("README.md's table of folders has no row for %s/", folder)
	}
}

// TestSignedExample: the signature that the page shows is right, and the delivery it makes is authentic.
func TestSignedExample(t *testing.T) {
	page := read(t, "reference/http.md")
	value := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("the page has nothing like %s", pattern)
		}
		return m[1]
	}
	secret, data := prodege.Secret(value(`(?m)^SECRET='(.*)'$`)), value(`(?m)^DATA='(.*)'$`)
	signature := value("it prints:\n\n```text\n(.*)\n```")
	if want := prodege.Sign(secret, map[string]string{"data": data}); signature != want {
		t.Errorf("the page shows %s, right is %s", signature, want)
	}
	envelope, err := prodege.ReadEnvelope("application/json", []byte(`{"data":`+data+`,"signature":"`+signature+`"}`))
	if err == nil {
		_, err = envelope.Verify([]prodege.Secret{secret})
	}
	if err != nil {
		t.Errorf("the example is refused: %v", err)
	}
}

// TestFilesAreThere: a path in a page's text that begins with a folder of ours, such as `config/reader.go`, is one
// of a file or a folder.
func TestFilesAreThere(t *testing.T) {
	path := regexp.MustCompile("`([a-z][a-z0-9_.]*/[A-Za-z0-9_./-]*)`")
	seen := 0
	for _, page := range markdown(t) {
		for _, m := range path.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			folder, _, _ := strings.Cut(m[1], "/")
			if _, err := os.Stat(filepath.Join("..", folder)); err != nil || folder == "data" || folder == "bin" {
				continue // none of ours, or made by running
			}
			seen++
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
	if seen < 30 {
		t.Errorf("found %d paths only", seen)
	}
}

// TestHops: the walks of an event and of a click in CONTRIBUTING.md name files that are there, each with a function
// that it has.
func TestHops(t *testing.T) {
	hop := regexp.MustCompile("(?m)^\\| `([a-z]+/[a-z_]+\\.go)` \\| `([A-Za-z]+)` \\|")
	hops := hop.FindAllStringSubmatch(read(t, "../CONTRIBUTING.md"), -1)
	if len(hops) < 25 {
		t.Errorf("found %d hops only", len(hops))
	}
	for _, m := range hops {
		if function := regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?` + m[2] + `[\[(]`); !function.MatchString(read(t, "../"+m[1])) {
			t.Errorf("CONTRIBUTING.md: %s has no function %s", m[1], m[2])
		}
	}
}

// TestDependenciesAreExplained: each direct dependency of go.mod has its reason on the page.
func TestDependenciesAreExplained(t *testing.T) {
	page, direct := read(t, "decisions/dependencies.md"), 0
	for _, m := range regexp.MustCompile(`(?m)^\t([a-z][^ ]*) v[^ ]+$`).FindAllStringSubmatch(read(t, "../go.mod"), -1) {
		direct++
		name := m[1][strings.LastIndex(strings.TrimSuffix(m[1], "/v2"), "/")+1:]
		if !strings.Contains(page, name+"`") {
			t.Errorf("decisions/dependencies.md lacks %s", m[1])
		}
	}
	if direct < 20 {
		t.Errorf("found %d only", direct)
	}
}

// TestTestsAreThere: a test that a page names is one that there is.
func TestTestsAreThere(t *testing.T) {
	there := map[string]bool{}
	for _, pattern := range []string{"../*_test.go", "../*/*_test.go", "../*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+|Fuzz\w+)\(`).FindAllStringSubmatch(read(t, file), -1) {
				there[m[1]] = true
			}
		}
	}
	named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`)
	for _, page := range markdown(t) {
		for _, name := range named.FindAllString(read(t, page), -1) {
			begins := false
			for is := range there {
				begins = begins || strings.HasPrefix(is, name) // as -run takes it
			}
			if !begins {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
	}
}
