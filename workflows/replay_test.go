package workflows

import (
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	history "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/encoding/protojson"

	"fieldmarshal/project"
)

var histories = flag.String("histories", "testdata/histories", "replay the histories (*.json) in this folder, such as those of open workflows before the rollout of a new build")

var conv = converter.GetDefaultDataConverter()

// TestReplayRecordedHistories checks that every recorded history replays, whatever the worker's settings. If one does
// not, the change would block running workflows and needs a new version of the rules (docs/how-to.md).
func TestReplayRecordedHistories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(*histories, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded histories in %s: %v", *histories, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(raw) {
				t.Fatal("the history is not JSON")
			}
			h := &history.History{}
			if err := protojson.Unmarshal(raw, h); err != nil {
				t.Fatal(err)
			}
			other := Settings{TaskQueue: "other", HistoryLimit: 7, Settings: project.Settings{DryRun: true}}
			if err := Replay(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), h, other); err != nil {
				t.Error(err)
			}
		})
	}
}
