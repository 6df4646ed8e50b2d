package project

import (
	"time"

	"fieldmarshal/prodege"
)

// Settings is the configuration that decisions depend on. The driver records it in each turn in which it has changed, so that a
// replay decides like the original run. It contains no secrets.
type Settings struct {
	// Version is the version of the rules: 1 until after the first release. The higher of this one and the state's is in force,
	// so that it never falls while old and new workers take turns.
	Version int `json:"version"`

	AlertsChannel    string `json:"alerts_channel"`
	ApprovalsChannel string `json:"approvals_channel"`
	FinanceChannel   string `json:"finance_channel"`

	Anyone     bool     `json:"anyone,omitempty"`     // SLACK_APPROVERS is anyone
	Approvers  []string `json:"approvers,omitempty"`  // SLACK_APPROVERS, only to be shown: each decision is checked by an activity
	Escalation []string `json:"escalation,omitempty"` // SLACK_ESCALATION

	ApprovalTimeout       time.Duration `json:"approval_timeout"`
	ApprovalReminderEvery time.Duration `json:"approval_reminder_every"`
	ResumeTimeout         time.Duration `json:"resume_timeout"`
	ApprovalHours         string        `json:"approval_hours,omitempty"` // empty: always; checked with ParseHours

	AutoApproveUpTo     *prodege.USD `json:"auto_approve_up_to,omitempty"`
	SecondApproverAbove *prodege.USD `json:"second_approver_above,omitempty"`
	Ceiling             *prodege.USD `json:"ceiling,omitempty"`

	AlertActions bool `json:"alert_actions,omitempty"` // ALERT_ACTIONS: pauses can be acted on from their alert

	DryRun     bool `json:"dry_run,omitempty"`
	HasAPIKey  bool `json:"has_api_key,omitempty"`
	HasBilling bool `json:"has_billing,omitempty"`
	Simulated  bool `json:"simulated,omitempty"` // Prodege is simulated: each message says so

	PollEvery     time.Duration `json:"poll_every"`     // PRODEGE_POLL_EVERY
	ProjectLinger time.Duration `json:"project_linger"` // PROJECT_LINGER

	TemporalUIURL string `json:"temporal_ui_url,omitempty"`
	Namespace     string `json:"namespace,omitempty"`
}

// posts reports whether the workers post in a channel.
func (s *Settings) posts(channel string) bool {
	return channel == s.AlertsChannel || channel == s.ApprovalsChannel || channel == s.FinanceChannel
}
