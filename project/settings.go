package project

import (
	"time"

	"fieldmarshal/prodege"
)

// Settings is the configuration that chooses branches. The driver records it with each turn in which it changed,
// so that a replay decides as the first run did. It holds no secret.
type Settings struct {
	// Version is the version of the rules: 1 until after the first release. In force is the higher of this one and
	// the state's, so that it never falls while old and new workers take turns.
	Version int `json:"version"`

	AlertsChannel    string `json:"alerts_channel"`
	ApprovalsChannel string `json:"approvals_channel"`
	FinanceChannel   string `json:"finance_channel"`

	Anyone     bool     `json:"anyone,omitempty"`     // SLACK_APPROVERS is the word anyone
	Approvers  []string `json:"approvers,omitempty"`  // SLACK_APPROVERS, only to be shown: who may decide is asked when somebody does
	Escalation []string `json:"escalation,omitempty"` // SLACK_ESCALATION

	ApprovalTimeout       time.Duration `json:"approval_timeout"`
	ApprovalReminderEvery time.Duration `json:"approval_reminder_every"`
	ResumeTimeout         time.Duration `json:"resume_timeout"`
	ApprovalHours         string        `json:"approval_hours,omitempty"` // empty: always; config checked it with ParseHours

	AutoApproveUpTo     *prodege.USD `json:"auto_approve_up_to,omitempty"`
	SecondApproverAbove *prodege.USD `json:"second_approver_above,omitempty"`
	Ceiling             *prodege.USD `json:"ceiling,omitempty"`

	AlertActions bool `json:"alert_actions,omitempty"` // ALERT_ACTIONS: pauses can be acted on from their alert

	DryRun     bool `json:"dry_run,omitempty"`
	HasAPIKey  bool `json:"has_api_key,omitempty"`
	HasBilling bool `json:"has_billing,omitempty"`
	Simulated  bool `json:"simulated,omitempty"` // Prodege is a simulator: each message says so

	PollEvery     time.Duration `json:"poll_every"`     // PRODEGE_POLL_EVERY
	ProjectLinger time.Duration `json:"project_linger"` // PROJECT_LINGER

	TemporalUIURL string `json:"temporal_ui_url,omitempty"`
	Namespace     string `json:"namespace,omitempty"`
}

// posts reports whether a channel is one that today's workers post in.
func (s *Settings) posts(channel string) bool {
	return channel == s.AlertsChannel || channel == s.ApprovalsChannel || channel == s.FinanceChannel
}
