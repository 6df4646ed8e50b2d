package operator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// history is a Control that was started, with what its first task is said to have done.
func history(more string) string {
	return `{"events": [
  {"eventId": "1", "eventTime": "2026-03-02T12:00:00Z", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "workflowExecutionStartedEventAttributes": {
    "workflowType": {"name": "Control"}, "taskQueue": {"name": "fieldmarshal"}, "input": {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJvbiI6dHJ1ZX0="}]},
    "originalExecutionRunId": "r", "firstExecutionRunId": "r", "attempt": 1}},
  {"eventId": "2", "eventTime": "2026-03-02T12:00:00Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduledEventAttributes": {"taskQueue": {"name": "fieldmarshal"}}},
  {"eventId": "3", "eventTime": "2026-03-02T12:00:00Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED", "workflowTaskStartedEventAttributes": {"scheduledEventId": "2"}}` + more + `]}`
}

// aTimer is what no Control ever starts.
const aTimer = `,
  {"eventId": "4", "eventTime": "2026-03-02T12:00:00Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "2", "startedEventId": "3"}},
  {"eventId": "5", "eventTime": "2026-03-02T12:00:00Z", "eventType": "EVENT_TYPE_TIMER_STARTED", "timerStartedEventAttributes": {"timerId": "5", "startToFireTimeout": "60s", "workflowTaskCompletedEventId": "4"}}`

func TestReplay(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, nil, "", "replay", dir).wants(t, ExitVain, "no history")
	run(t, nil, "", "replay", filepath.Join(dir, "nowhere")).wants(t, ExitUsage)
	write("good.json", history(""))
	write("notes.txt", "no history")
	run(t, nil, "", "replay", dir).wants(t, 0, "ok      ", "1 of 1 histories replay")
	write("other.json", history(aTimer))
	write("torn.json", history("")[:100])
	write("empty.json", "{}")
	a := run(t, nil, "", "replay", dir, "--json")
	a.wants(t, ExitFailed, "3 of 4 histories do not replay")
	var list []Replayed
	if err := json.Unmarshal([]byte(a.out), &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.OK != (filepath.Base(r.File) == "good.json") || r.OK != (r.Fault == "") {
			t.Errorf("%+v", r)
		}
	}
}
