package workflows

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"
)

// Recorded histories of every workflow replay with this code: a change that would block a workflow in the
// field fails here. New ones are recorded with: go test ./e2e -run TestRecordHistories -record
func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		kinds[name[:strings.IndexByte(name, '.')]] = true
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// Other settings than those recorded: a changed configuration must not take another branch on replay.
			if err := Replay(quiet{}, h, Settings{TaskQueue: "other", HasAPIKey: false, DryRun: true, HistoryLimit: 7}); err != nil {
				t.Error(err)
			}
		})
	}
	for _, kind := range []string{TypeProject, TypeCPIApproval, TypeProjectAction, TypeInvoicing, TypeControl, TypeDigest, TypeReport} {
		if !kinds[kind] {
			t.Errorf("no history of %s is recorded under testdata/histories", kind)
		}
	}
}
