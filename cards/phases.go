package cards

import (
	"cmp"
	"slices"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// The words of this file are the same on every surface: Slack, the Temporal UI, the command line. They are plain text,
// not escaped; each surface escapes them as it needs.

var waits = map[project.Waiting]string{
	project.WaitsApproval:       "approval of its CPI",
	project.WaitsAction:         "somebody to take action",
	project.WaitsLive:           "Prodege to report it live",
	project.WaitsReconciliation: "its reconciliation to be completed",
	project.WaitsInvoicing:      "invoicing to be done",
	project.WaitsInvoiced:       "Prodege to report it invoiced",
}

// Waits is what a project waits for, to be read after "waits for".
func Waits(w project.Waiting) string {
	return cmp.Or(waits[w], string(w), string(project.WaitsNothing))
}

var attentions = map[project.AttentionKind]string{
	project.AttentionSlack:        "a message can't be posted in Slack until somebody fixes it",
	project.AttentionOverdue:      "a message has not reached Slack for five minutes",
	project.AttentionPlain:        "Slack refused the buttons of a message: decide on the command line",
	project.AttentionNobody:       "nobody can decide: the list of approvers (SLACK_APPROVERS) names no active member",
	project.AttentionCeiling:      "the required CPI is above the ceiling (CPI_CEILING)",
	project.AttentionHeld:         "what was decided is held back: accepting is switched off",
	project.AttentionExpired:      "nobody decided in time",
	project.AttentionRefused:      "what was decided was refused",
	project.AttentionStopped:      "what was decided did not succeed within 30 minutes",
	project.AttentionStill:        "what was decided was accepted, but the project is still paused",
	project.AttentionByHand:       "what was decided must be entered at Prodege by hand",
	project.AttentionInvoice:      "billing refused the invoice",
	project.AttentionInvoiceSlow:  "billing has not accepted the invoice for an hour",
	project.AttentionInvoiceAsked: "somebody must decide whether to send the invoice",
	project.AttentionMissing:      "Prodege has not reported INVOICED by the 7th",
}

// Attention says why people must look at a project; empty if they need not.
func Attention(a project.Attention) string {
	text, because := cmp.Or(attentions[a.Kind], string(a.Kind)), strings.TrimRight(a.Text, ".")
	return text + only(because != "" && text != "", " ("+because+")")
}

// HeldBack begins the summary of a project whose decision waits for accepting to be switched on.
const HeldBack = "held back"

// Became is what became of an event.
func Became(d project.Disposition) string {
	return cmp.Or(map[project.Disposition]string{
		project.Duplicate: "duplicate, known already",
		project.Late:      "late, a newer one was known",
	}[d], string(d))
}

// summarized are the kinds of attention for which the summary itself says why people must look.
var summarized = []project.AttentionKind{
	project.AttentionNone, project.AttentionCeiling, project.AttentionHeld, project.AttentionExpired, project.AttentionStill,
	project.AttentionByHand, project.AttentionInvoiceSlow, project.AttentionInvoiceAsked,
}

// Summary is a project in one line of the Temporal UI's list: "asks to accept $4.25, now $3.75".
func Summary(v project.View) string {
	const most = 200 // bytes, what Temporal keeps of a Keyword that we write
	text := summary(v)
	if !slices.Contains(summarized, v.Attention.Kind) {
		text += ". Needs attention: " + Attention(v.Attention)
	}
	return project.Cut(neutral(text), most)
}

func summary(v project.View) string {
	switch {
	case v.Request != "":
		return RequestPhase(v.Request, v.Required, v.Approved, v.MaxCPI)
	case v.Action == project.PhaseHeld:
		return ActionPhase(v.Action, v.Chosen)
	case v.Event != nil:
		text := string(v.Status) + ": " + Reason(*v.Event)
		if v.Chosen != nil {
			text += "; " + ActionPhase(v.Action, v.Chosen)
		}
		return text
	case v.Status == prodege.Complete && v.Invoice != "":
		return string(v.Status) + ", invoice " + InvoicePhase(v.Invoice)
	case v.Status == prodege.PendingComplete:
		return string(v.Status) + ", reconciliation under way"
	case v.Status == "":
		return "no event yet"
	}
	return string(v.Status)
}
