package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fieldmarshal/config"
)

// TestFences: only the README and the tutorial have blocks marked sh, which means that a test runs them; and
// no block is marked otherwise than CONTRIBUTING.md explains.
func TestFences(t *testing.T) {
	open := regexp.MustCompile("(?ms)^ *```([^\n`]*)\n.*?^ *```$")
	for _, path := range markdown(t) {
		for _, m := range open.FindAllStringSubmatch(read(t, path), -1) {
			run := path == "../README.md" || path == "../docs/tutorial.md"
			if !slices.Contains([]string{"sh", "console", "text", "json", "mermaid"}, m[1]) || m[1] == "sh" && !run {
				t.Errorf("%s has a block marked %q, which means nothing there: console is shown, sh is run in the README and the tutorial\n%.80s", path, m[1], m[0])
			}
		}
	}
}

// TestTemporalVariables: every TEMPORAL_ variable that a page or .env.example names is read by somebody:
// Temporal's envconfig, or our own configuration.
func TestTemporalVariables(t *testing.T) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk/contrib/envconfig").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := names(t, filepath.Join(strings.TrimSpace(string(folder)), "client_config_load.go"), `"(TEMPORAL_[A-Z_]+)"`)
	if len(known) < 12 {
		t.Fatalf("found %d variables of envconfig only: %v", len(known), known)
	}
	named := regexp.MustCompile(`\bTEMPORAL_[A-Z_]*[A-Z]\b`)
	for _, path := range append(markdown(t), "../.env.example") {
		for _, name := range named.FindAllString(read(t, path), -1) {
			if !known[name] && !slices.Contains(config.Variables(), name) {
				t.Errorf("%s names %s, which nobody reads", path, name)
			}
		}
	}
}
