package project_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// The stories in testdata/stories tell how projects go, one file per story: a line that says what happens (an event, a
// click, an answer of Slack, Prodege or billing, time that passes), then what follows from it and what people see. Read
// testdata/README.md for the language.
//
// If a story fails, read the difference as an operations person would. If it is an improvement, run
//
//	go test ./project -run TestStories -rewrite
//
// and look at the whole difference again before it is committed.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			rewriting := flag.Lookup("rewrite").Value.String() == "true"
			if raw, err := os.ReadFile(file); err != nil || !rewriting && !strings.HasPrefix(string(raw), "# ") {
				t.Fatalf("a story begins with a comment that says what it is about: %v", err)
			}
			w := newWorld(t)
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				return w.runLine(t, d)
			})
		})
	}
}
