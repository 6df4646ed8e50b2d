package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// Workflow types.
const (
	TypeProject       = "Project"
	TypeCPIApproval   = "CPIApproval"
	TypeProjectAction = "ProjectAction"
	TypeInvoicing     = "Invoicing"
	TypeControl       = "Control"
)

// TaskQueue is the default of TEMPORAL_TASK_QUEUE.
const TaskQueue = "fieldmarshal"

// SlackQueue is the task queue on which a channel's posts run, so that one rate holds across all workers.
func SlackQueue(base, channel string) string { return base + "-slack-" + channel }

// ControlID is the id of the one Control workflow, the kill switch.
const ControlID = "fieldmarshal-control"

// ProjectWorkflowID is the workflow id of a project.
func ProjectWorkflowID(id prodege.ProjectID) string { return "project-" + id.String() }

// ApprovalWorkflowID is the workflow id of the CPI request for the pause that an event opened.
func ApprovalWorkflowID(id prodege.ProjectID, opened prodege.EventID) string {
	return ProjectWorkflowID(id) + "-cpi-" + idSafe(opened)
}

// ActionWorkflowID is the workflow id of what people do about the pause that an event opened, from its alert.
func ActionWorkflowID(id prodege.ProjectID, opened prodege.EventID) string {
	return ProjectWorkflowID(id) + "-action-" + idSafe(opened)
}

// InvoicingWorkflowID is the workflow id of a project's invoicing.
func InvoicingWorkflowID(id prodege.ProjectID) string { return ProjectWorkflowID(id) + "-invoicing" }

// InvoiceKey is the idempotency key of one revision of a project's invoice.
func InvoiceKey(id prodege.ProjectID, revision int) string {
	return ProjectWorkflowID(id) + "-invoice-r" + itoa(revision)
}

// idSafe keeps an event id that is short and plain; any other is replaced by its SHA-256.
func idSafe(id prodege.EventID) string {
	plain := strings.IndexFunc(string(id), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}) < 0
	if plain && len(id) <= 128 && id != "" {
		return string(id)
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// Decision is a click, or its like from the command line, as it reaches a CPIApproval, a ProjectAction or an
// Invoicing.
// It is a claim: the workflow checks who, which amount and which generation before it records anything.
type Decision struct {
	Click      string             `json:"click"` // unique for each click, so that one handed over twice counts once
	Verdict    activities.Verdict `json:"verdict"`
	Generation int                `json:"generation"`         // what the button was bound to
	Amount     *prodege.USD       `json:"amount,omitempty"`   // the amount the button was bound to
	UpTo       *prodege.USD       `json:"up_to,omitempty"`    // "Approve up to…": the ceiling the person wrote
	Second     bool               `json:"second,omitempty"`   // UpTo is what the button offers a second person: the sum that the first approved
	Revision   int                `json:"revision,omitempty"` // of an invoice
	User       string             `json:"user"`               // Slack user id
	Reason     string             `json:"reason,omitempty"`
	Channel    string             `json:"channel,omitempty"` // where to answer the clicker alone
	Action     prodege.ActionID   `json:"action,omitempty"`  // with VerdictAct: which
	Number     int64              `json:"number,omitempty"`  // the clicks or the sample size that it asks for
	From       string             `json:"from"`              // cards.FromSlack, cards.FromCommand
	At         time.Time          `json:"at"`                // when the ingress had it, UTC
}

// maxClicks is how many handled clicks are remembered.
const maxClicks = 200

// Clicks are the newest handled clicks, so that one handed over twice counts once.
type Clicks []string

// first says whether a click is new, and remembers it.
func (c *Clicks) first(click string) bool {
	if slices.Contains(*c, click) {
		return false
	}
	if *c = append(*c, click); len(*c) > maxClicks {
		*c = (*c)[len(*c)-maxClicks:]
	}
	return true
}
