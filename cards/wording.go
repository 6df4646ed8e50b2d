package cards

import (
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// The words of this file are the same on every surface: Slack, the Temporal UI, the command line. They are plain text,
// not escaped; each surface escapes them as it needs.

// or returns the words of a value, or the value itself if it has none.
func or[T ~string](words map[T]string, value T) string {
	if text, ok := words[value]; ok {
		return text
	}
	return string(value)
}

var waits = map[project.Waiting]string{
	"":                          "nothing",
	project.WaitsNothing:        "nothing",
	project.WaitsApproval:       "approval of its CPI",
	project.WaitsAction:         "somebody to take action",
	project.WaitsLive:           "Prodege to report it live",
	project.WaitsReconciliation: "its reconciliation to be completed",
	project.WaitsInvoicing:      "invoicing to be done",
	project.WaitsInvoiced:       "Prodege to report it invoiced",
}

// Waits is what a project waits for, to be read after "waits for".
func Waits(w project.Waiting) string { return or(waits, w) }

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
	text := or(attentions, a.Kind)
	if because := strings.TrimRight(a.Text, "."); because != "" && text != "" {
		text += " (" + because + ")"
	}
	return text
}

// Became is what became of an event.
func Became(d project.Disposition) string {
	return or(map[project.Disposition]string{
		project.Duplicate: "duplicate, known already",
		project.Late:      "late, a newer one was known",
	}, d)
}

// RequestPhase says where a CPI request is.
func RequestPhase(p project.Phase, required, approved, maxCPI *prodege.USD) string {
	cpi := amountOr(required, "an amount that Prodege has not given")
	yes, now := amountOr(approved, cpi), known(", now", dollars(maxCPI))
	switch p {
	case project.PhaseOpen, "":
		return "asks to accept " + cpi + now
	case project.PhaseSecond:
		return "asks a second person to accept " + cpi + now
	case project.PhaseApproved:
		return "accepting " + yes + " at Prodege" + now
	case project.PhaseHeld:
		return HeldBack + ": " + yes + " approved, accepting is off"
	case project.PhaseAccepted:
		return "Prodege accepted " + yes + ", not live yet"
	case project.PhaseLive:
		return "live again at " + yes
	case project.PhaseStill:
		return "Prodege accepted " + yes + ", but the project is still paused"
	case project.PhaseRefused:
		return yes + " was refused, still paused"
	case project.PhaseStopped:
		return yes + " could not be accepted within 30 minutes"
	case project.PhaseRejected:
		return cpi + " was rejected"
	case project.PhaseExpired:
		return "nobody decided about " + cpi + " in time"
	case project.PhaseElsewhere:
		return "live again without a decision here"
	case project.PhaseOther:
		return "closed: paused for another reason now"
	case project.PhaseEnded:
		return "closed: the project has ended"
	case project.PhaseDryRun:
		return yes + " approved in a dry run, nothing sent"
	case project.PhaseByHand:
		return yes + " approved, to be accepted at Prodege by hand"
	case project.PhaseOverLimit:
		return cpi + " is above the ceiling, nothing can be approved here"
	case project.PhaseCancelled:
		return "cancelled by an operator"
	}
	return "CPI " + cpi + ", " + string(p)
}

// ActionPhase says where a decision from a pause's alert is; chosen is nil while there is none.
func ActionPhase(p project.Phase, chosen *project.Decided) string {
	if chosen == nil {
		switch p {
		case project.PhaseOpen, "":
			return "nobody has acted yet"
		case project.PhaseElsewhere:
			return "live again, nothing was sent from here"
		case project.PhaseOther, project.PhaseEnded, project.PhaseCancelled:
			return RequestPhase(p, nil, nil, nil)
		}
		return string(p)
	}
	what := decision{*chosen}.doing()
	switch p {
	case project.PhaseApproved:
		return what + ": sending it to Prodege"
	case project.PhaseHeld:
		return HeldBack + ": " + what + " chosen, accepting is off"
	case project.PhaseAccepted:
		return what + ": accepted by Prodege, not in effect yet"
	case project.PhaseLive:
		return what + ": live again"
	case project.PhaseDone:
		return what + ": done"
	case project.PhaseStill:
		return what + ": accepted, but the project is still paused"
	case project.PhaseRefused:
		return what + ": refused"
	case project.PhaseStopped:
		return what + ": no success within 30 minutes"
	case project.PhaseDryRun:
		return what + ": nothing sent (dry run)"
	case project.PhaseByHand:
		return what + ": to be done at Prodege by hand"
	case project.PhaseElsewhere, project.PhaseOther, project.PhaseEnded, project.PhaseCancelled:
		return what + ": " + RequestPhase(p, nil, nil, nil)
	}
	return what + ": " + string(p)
}

var invoicePhases = map[project.InvoicePhase]string{
	project.InvoiceDue:       "being sent to billing",
	project.InvoiceSending:   "being sent to billing",
	project.InvoiceByHand:    "made by hand",
	project.InvoiceHeld:      "held until the project is complete again",
	project.InvoiceDryRun:    "not sent (dry run)",
	project.InvoiceAsks:      "waits for somebody to send it",
	project.InvoiceAsked:     "waits for somebody to send it",
	project.InvoiceSlow:      "not accepted by billing for an hour, still trying",
	project.InvoiceRefused:   "refused by billing",
	project.InvoiceSent:      "handed to billing",
	project.InvoiceMarked:    "marked as invoiced",
	project.InvoiceMissing:   "missing at Prodege",
	project.InvoiceReplaced:  "replaced by a newer revision",
	project.InvoiceDone:      "done, Prodege reports INVOICED",
	project.InvoiceDeleted:   "closed, the project was deleted at Prodege",
	project.InvoiceCancelled: "cancelled by an operator",
}

// InvoicePhase says where an invoice is, to be read after "invoice".
func InvoicePhase(p project.InvoicePhase) string { return or(invoicePhases, p) }
