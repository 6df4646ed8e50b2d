package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	history "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"fieldmarshal/simulator"
)

const historiesDir = "../workflows/testdata/histories"

// record writes the histories of a scenario's workflows to files, for workflows/replay_test.go to replay with later
// versions of the code:
//
//	go test ./e2e -run TestScenarios -record
//
// Record again to cover something new, not because a history no longer replays: that means that the change would block
// running workflows. To record one scenario, name it: -run TestScenarios/rejected.
func (w *world) record(s simulator.Scenario) {
	w.t.Helper()
	for _, kind := range s.Histories {
		var all []execution
		for _, one := range w.runs() {
			if one.kind == kind {
				all = append(all, one)
			}
		}
		if len(all) == 0 || s.Worker != nil && len(all) == 1 { // these arguments make workflows continue as new
			w.t.Errorf("there are %d runs of %s", len(all), kind)
		}
		slices.SortFunc(all, func(a, b execution) int {
			return a.history.Events[0].GetEventTime().AsTime().Compare(b.history.Events[0].GetEventTime().AsTime())
		})
		w.removeRecorded(kind + "." + s.Name)
		const maxRuns = 2 // of a workflow that continued as new
		for i, one := range all[:min(maxRuns, len(all))] {
			name := kind + "." + s.Name
			if len(all) > 1 {
				name += fmt.Sprintf("-%d", i+1)
			}
			w.writeHistory(name, w.history(w.ctx, one.id, one.run))
		}
	}
}

// removeRecorded removes the files recorded under a name, because the number of runs may have changed.
func (w *world) removeRecorded(name string) {
	w.t.Helper()
	old, err := filepath.Glob(filepath.Join(historiesDir, name+"-[0-9].json"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, file := range append(old, filepath.Join(historiesDir, name+".json")) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.t.Fatal(err)
		}
	}
}

// writeHistory writes a history to a file, one event per line, without details of the machine.
func (w *world) writeHistory(name string, h *history.History) {
	w.t.Helper()
	if err := replay(h); err != nil {
		w.t.Errorf("%s does not replay: %v", name, err)
	}
	var b bytes.Buffer
	var plain strings.Builder // with decoded payloads
	b.WriteString(`{"events":[`)
	for i, e := range h.Events {
		raw, err := protojson.Marshal(e)
		if err != nil {
			w.t.Fatal(err)
		}
		var event any
		if err := json.Unmarshal(raw, &event); err != nil {
			w.t.Fatal(err)
		}
		scrub(event)
		writeTexts(&plain, event)
		line, err := json.Marshal(event)
		if err != nil {
			w.t.Fatal(err)
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n")
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	w.checkAnonymous(name, plain.String())
	if err := os.MkdirAll(historiesDir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(historiesDir, name+".json"), b.Bytes(), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// scrub replaces details of the machine: the worker's identity, and the name of the sticky queue.
func scrub(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["kind"] == "TASK_QUEUE_KIND_STICKY" {
			v["name"] = "sticky"
		}
		for name, value := range v {
			if name == "identity" {
				v[name] = "worker"
				continue
			}
			scrub(value)
		}
	case []any:
		for _, value := range v {
			scrub(value)
		}
	}
}

// checkAnonymous checks that a text contains neither secrets nor names of the machine and its folders.
func (w *world) checkAnonymous(name, text string) {
	w.t.Helper()
	folder, err := filepath.Abs("..")
	if err != nil {
		w.t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, mark := range append([]string{folder, os.TempDir() + "/", "@" + host, host + ":"}, secrets...) {
		if i := strings.Index(text, mark); i >= 0 {
			w.t.Errorf("%s contains %q: …%q…", name, mark, text[max(0, i-100):min(len(text), i+100)])
		}
	}
}
