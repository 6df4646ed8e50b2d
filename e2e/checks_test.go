package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/encoding/protojson"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// secrets must not appear in any log or history. "/response/" is part of every response_url of the simulated Slack,
// which anybody can post to.
var secrets = []string{prodegeSecret, prodegeKey, botToken, slackSecret, billingSecret, strings.TrimPrefix(billingSecret, "whsec_"), "/response/", "signature="}

func (w *world) checkLogs() {
	w.t.Helper()
	for _, one := range []*process{w.ingress, w.worker} {
		log := one.log.String()
		for _, secret := range secrets {
			if strings.Contains(log, secret) {
				w.t.Errorf("the log of %s contains %q", one.args[0], secret)
			}
		}
		for line := range strings.Lines(log) {
			var any map[string]json.RawMessage
			if json.Unmarshal([]byte(line), &any) != nil {
				w.t.Errorf("%s logged a line that is not JSON: %s", one.args[0], line)
			}
		}
	}
}

// checkEnd checks what must hold at the end of every test.
func (w *world) checkEnd() {
	w.t.Helper()
	for _, text := range w.slack.Complaints() {
		w.t.Errorf("Slack complains: %s", text)
	}
	for _, text := range w.prodege.Complaints() {
		w.t.Errorf("Prodege complains: %s", text)
	}
	for _, text := range w.billing.Complaints() {
		w.t.Errorf("billing complains: %s", text)
	}
	w.checkMessagesOnce()
	for _, run := range w.runs() {
		if run.kind == bareType {
			continue // not ours
		}
		w.checkHistory(run)
		if run.kind == workflows.TypeProject && run.status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING && w.worker.cmd != nil && !w.worker.exited() {
			w.checkCounts(run.id)
		}
	}
}

// checkMessagesOnce checks that nothing was posted twice: every message has a key of its own.
func (w *world) checkMessagesOnce() {
	w.t.Helper()
	for _, channel := range w.slack.Channels() {
		posted := map[string]bool{}
		for _, m := range w.slack.AllMessages(channel.ID) {
			if m.Metadata == nil {
				continue // posted by the ingress, which does not retry
			}
			key, err := json.Marshal(m.Metadata.EventPayload)
			if err != nil {
				w.t.Fatal(err)
			}
			if posted[string(key)] {
				w.t.Errorf("posted twice in %s (%s): %s", channel.Name, key, m.Text)
			}
			posted[string(key)] = true
		}
	}
}

// checkCounts checks that every event of a project had exactly one disposition.
func (w *world) checkCounts(workflowID string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	id, err := prodege.ParseProjectID(strings.TrimPrefix(workflowID, "project-"))
	if err != nil {
		w.t.Fatal(err)
	}
	state, err := w.flows.Project(ctx, id)
	if err != nil {
		w.t.Errorf("query project %s: %v", id, err)
		return
	}
	if c := state.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable {
		w.t.Errorf("the counts of project %s don't add up: %+v", id, c)
	}
}

// execution is a run of a workflow with its history.
type execution struct {
	id, run, kind string
	status        enums.WorkflowExecutionStatus
	history       *history.History
}

// runs returns every run of every workflow in the namespace.
func (w *world) runs() []execution {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	var all []execution
	var page []byte
	for {
		found, err := w.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: w.namespace, NextPageToken: page, PageSize: 100})
		if err != nil {
			w.t.Errorf("list the workflows: %v", err)
			return all
		}
		for _, e := range found.GetExecutions() {
			one := execution{id: e.GetExecution().GetWorkflowId(), run: e.GetExecution().GetRunId(), kind: e.GetType().GetName(), status: e.GetStatus()}
			one.history = w.history(ctx, one.id, one.run)
			all = append(all, one)
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			return all
		}
	}
}

func (w *world) history(ctx context.Context, id, run string) *history.History {
	w.t.Helper()
	h := &history.History{}
	events := w.temporal.GetWorkflowHistory(ctx, id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			w.t.Errorf("read the history of %s: %v", id, err)
			return h
		}
		h.Events = append(h.Events, e)
	}
	return h
}

// checkHistory looks for secrets, failed workflow tasks and failed workflows, and replays the history.
func (w *world) checkHistory(one execution) {
	w.t.Helper()
	text := historyText(w.t, one.history)
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			w.t.Errorf("the history of %s contains %q", one.id, secret)
		}
	}
	switch one.status {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		if !w.plan.allowCancelled {
			w.t.Errorf("the workflow %s ended as %s", one.id, one.status)
		}
	default:
		w.t.Errorf("the workflow %s ended as %s", one.id, one.status)
	}
	for _, e := range one.history.GetEvents() {
		failed := e.GetWorkflowTaskFailedEventAttributes()
		if failed == nil || serverMade(failed.GetCause()) {
			continue
		}
		w.t.Errorf("a workflow task of %s failed: %s: %s", one.id, failed.GetCause(), failed.GetFailure().GetMessage())
	}
	const minEvents = 3 // up to the start of the first workflow task: a shorter history has nothing to replay
	if len(one.history.GetEvents()) < minEvents {
		return
	}
	if err := replay(one.history); err != nil {
		w.t.Errorf("the history of %s does not replay: %v", one.id, err)
	}
}

// serverMade reports whether a workflow task failed for a reason of the server's: signals arrived while the task ran,
// or more of them than the server buffers.
func serverMade(cause enums.WorkflowTaskFailedCause) bool {
	return cause == enums.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND || cause == enums.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND
}

// replay runs the workflow code against a history, with settings other than those in it.
func replay(h *history.History) error {
	return workflows.Replay(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), h, workflows.Settings{TaskQueue: "other", HistoryLimit: 7, Settings: project.Settings{DryRun: true}})
}

// historyText returns a history as text, with decoded payloads.
func historyText(t *testing.T, h *history.History) string {
	t.Helper()
	raw, err := protojson.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var any any
	if err := json.Unmarshal(raw, &any); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	writeTexts(&b, any)
	return b.String()
}

// writeTexts writes all strings of a JSON value, and the decoded content of those that are Base64.
func writeTexts(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			b.WriteString(name + "\n")
			writeTexts(b, value)
		}
	case []any:
		for _, value := range v {
			writeTexts(b, value)
		}
	case string:
		b.WriteString(v + "\n")
		if raw, err := base64.StdEncoding.DecodeString(v); err == nil {
			b.Write(raw)
			b.WriteString("\n")
		}
	}
}
