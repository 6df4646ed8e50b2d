package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
)

const (
	// maxLines is how many lines of the ledger are carried along.
	maxLines = 500
	// maxLineText keeps a line under 300 bytes as JSON.
	maxLineText = 150
)

// LineKind says what a line of the ledger records.
type LineKind string

// What the ledger records: decisions, calls that changed something at Prodege, invoices, pauses.
const (
	LinePause    LineKind = "pause"
	LineResumed  LineKind = "resumed"
	LineRequest  LineKind = "request"
	LineDecision LineKind = "decision"
	LineProdege  LineKind = "prodege"
	LineInvoice  LineKind = "invoice"
	LineEnded    LineKind = "ended"
	LineSweep    LineKind = "sweep"
)

// Line is one line of a project's ledger: what was decided or done, by whom, about how much.
type Line struct {
	At     time.Time    `json:"at"`
	Kind   LineKind     `json:"kind"`
	What   string       `json:"what"`
	Amount *prodege.USD `json:"amount,omitempty"`
	By     string       `json:"by,omitempty"` // Slack user id
	From   string       `json:"from,omitempty"`
	Ref    string       `json:"ref,omitempty"` // event id, or invoice key
	DryRun bool         `json:"dry_run,omitempty"`
}

// Ledger is the newest lines, oldest first.
type Ledger []Line

// add keeps a line and logs it once as the record named audit.
func (l *Ledger) add(ctx workflow.Context, id prodege.ProjectID, line Line) {
	line.What, line.Ref = cutEncoded(line.What, maxLineText), cutEncoded(line.Ref, 40)
	*l = append(*l, line)
	if len(*l) > maxLines {
		*l = append(Ledger(nil), (*l)[len(*l)-maxLines:]...)
	}
	amount := ""
	if line.Amount != nil {
		amount = line.Amount.String()
	}
	workflow.GetLogger(ctx).Info("audit", "project_id", id.String(), "kind", string(line.Kind), "what", line.What,
		"amount", amount, "by", line.By, "from", line.From, "ref", line.Ref, "dry_run", line.DryRun)
}
