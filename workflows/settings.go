package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/project"
)

// Settings is the configuration that workflows read: the core's and the driver's. It contains no secrets.
type Settings struct {
	project.Settings
	TaskQueue    string `json:"task_queue"`
	HistoryLimit int    `json:"history_limit,omitempty"` // events after which a run continues as new; 0: when the server suggests it
}

// full reports whether the history is long enough to continue as new.
func (s *Settings) full(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	if s.HistoryLimit > 0 {
		return info.GetCurrentHistoryLength() >= s.HistoryLimit
	}
	return info.GetContinueAsNewSuggested()
}

// Workflows has the workflow functions as methods, with the settings that they read and record.
type Workflows struct {
	Settings Settings
}

// readSettings is the only read of the configuration in a turn, at its beginning. It is recorded, but a marker is written only
// if the settings have changed. A change takes effect with the next turn, and never affects a replay.
func (w *Workflows) readSettings(ctx workflow.Context) Settings {
	var s Settings
	read := workflow.MutableSideEffectWithOptions(ctx, "settings", workflow.MutableSideEffectOptions{Summary: "settings as configured"},
		func(workflow.Context) any { return w.Settings },
		func(a, b any) bool { return sameJSON(a, b) })
	if err := read.Get(&s); err != nil {
		panic(fmt.Errorf("read recorded settings: %w", err)) // fails the workflow task, which is retried; a record we wrote always decodes
	}
	return s
}

// sameJSON compares what would be recorded: equal amounts may differ in memory.
func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
