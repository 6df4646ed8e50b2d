package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
)

// Settings is the configuration that chooses branches in workflows. Workflows never read a field of it
// directly: one recorded read (readSettings) brings it into the history at the start of each run, pause,
// request and invoice. It holds no secret.
type Settings struct {
	TaskQueue string `json:"task_queue"`

	AlertsChannel    string `json:"alerts_channel"`
	ApprovalsChannel string `json:"approvals_channel"`
	FinanceChannel   string `json:"finance_channel"`

	Anyone     bool     `json:"anyone"`               // SLACK_APPROVERS is empty
	Approvers  []string `json:"approvers,omitempty"`  // SLACK_APPROVERS, only to be shown: who may decide is asked when somebody does
	Escalation []string `json:"escalation,omitempty"` // SLACK_ESCALATION

	ApprovalTimeout       time.Duration `json:"approval_timeout"`
	ApprovalReminderEvery time.Duration `json:"approval_reminder_every"`
	ResumeTimeout         time.Duration `json:"resume_timeout"`
	ApprovalHours         string        `json:"approval_hours,omitempty"` // empty: always; checked by config, in the form of ParseHours

	AutoApproveUpTo     *prodege.USD `json:"auto_approve_up_to,omitempty"`
	SecondApproverAbove *prodege.USD `json:"second_approver_above,omitempty"`
	Ceiling             *prodege.USD `json:"ceiling,omitempty"`

	AlertActions bool `json:"alert_actions,omitempty"` // ALERT_ACTIONS: pauses can be acted on from their alert

	DryRun     bool `json:"dry_run"`
	HasAPIKey  bool `json:"has_api_key"`
	HasBilling bool `json:"has_billing"`
	Simulated  bool `json:"simulated"` // Prodege is a simulator: each message says so

	PollEvery     time.Duration `json:"poll_every"` // PRODEGE_POLL_EVERY
	ProjectLinger time.Duration `json:"project_linger"`

	TemporalUIURL string `json:"temporal_ui_url"`
	Namespace     string `json:"namespace"`

	HistoryLimit int `json:"history_limit,omitempty"` // events after which a run continues as new; 0: when the server suggests it
}

// Workflows is what the worker registers: the workflow functions with the settings they read (and record).
type Workflows struct {
	Settings Settings
}

// readSettings is the one recorded read of the configuration. A changed configuration holds from the next
// read on and never changes what a replay does.
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

// sameJSON compares by what would be recorded: amounts that are equal may differ in memory.
func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
