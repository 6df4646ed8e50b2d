package project_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestStories runs the stories in testdata/stories. Each file is about one project: a line says what happens (an event,
// a click, a response of Slack, Prodege or billing, or time that passes), followed by its effects and what people see.
// The language is described in testdata/README.md.
//
// If a story fails and the difference is an improvement, run
//
//	go test ./project -run TestStories -rewrite
//
// and review the whole difference before committing it.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			rewriting := flag.Lookup("rewrite").Value.String() == "true"
			if raw, err := os.ReadFile(file); err != nil || !rewriting && !strings.HasPrefix(string(raw), "# ") {
				t.Fatalf("a story must begin with a comment that says what it is about: %v", err)
			}
			w := newWorld(t)
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				return w.runLine(t, d)
			})
		})
	}
}
