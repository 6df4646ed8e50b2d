package cards

import (
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// The words of this file are the same on every surface: Slack, the Temporal UI, the command line. They are plain text,
// not escaped; each surface escapes them as it needs.

// Waits is what a project waits for, to be read after "waits for".
func Waits(w project.Waiting) string {
	switch w {
	case project.WaitsNothing, "":
		return "nothing"
	case project.WaitsApproval:
		return "a decision about its CPI"
	case project.WaitsAction:
		return "somebody to act on its pause"
	case project.WaitsLive:
		return "what was decided to take effect"
	case project.WaitsReconciliation:
		return "its reconciliation to be completed"
	case project.WaitsInvoicing:
		return "its invoice to be made"
	case project.WaitsInvoiced:
		return "Prodege to report it invoiced"
	}
	return string(w)
}

// Attention says why people must look at a project; empty if they need not.
func Attention(a project.Attention) string {
	text := strings.TrimRight(a.Text, ".")
	because := ""
	if text != "" {
		because = " (" + text + ")"
	}
	switch a.Kind {
	case project.AttentionNone:
		return ""
	case project.AttentionSlack:
		return "a message can't be posted in Slack until somebody fixes it" + because
	case project.AttentionUnsaid:
		return "a message has not reached Slack for five minutes" + because
	case project.AttentionPlain:
		return "Slack refused the buttons of a message: decide on the command line"
	case project.AttentionNobody:
		return "nobody can decide: SLACK_APPROVERS names no active member"
	case project.AttentionExpired:
		return "nobody decided in time"
	case project.AttentionRefused:
		return "what was decided was refused" + because
	case project.AttentionStopped:
		return "what was decided did not succeed within 30 minutes" + because
	case project.AttentionStill:
		return "what was decided was accepted, but the project is still paused" + because
	case project.AttentionByHand:
		return "what was decided must be entered at Prodege by hand"
	case project.AttentionInvoice:
		return "billing refused the invoice" + because
	case project.AttentionInvoiceSlow:
		return "billing has not taken the invoice for an hour"
	case project.AttentionInvoiceAsked:
		return "somebody must say whether the invoice is sent"
	case project.AttentionMissing:
		return "Prodege has not reported INVOICED by the 7th"
	}
	return string(a.Kind) + because
}

// Became is what became of an event.
func Became(d project.Disposition) string {
	switch d {
	case project.Applied:
		return "applied"
	case project.Duplicate:
		return "duplicate, known already"
	case project.Late:
		return "late, a newer one was known"
	case project.Unusable:
		return "unusable"
	}
	return string(d)
}

// RequestPhase says where a CPI request is.
func RequestPhase(p project.Phase, required, approved, maxCPI *prodege.USD) string {
	cpi := amountOr(required, "an amount that Prodege has not told")
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
		return what + ": accepted, not in effect yet"
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

// InvoicePhase says where an invoice is, to be read after "invoice".
func InvoicePhase(p project.InvoicePhase) string {
	switch p {
	case project.InvoiceDue, project.InvoiceSending:
		return "being sent to billing"
	case project.InvoiceByHand:
		return "made by hand"
	case project.InvoiceHeld:
		return "held until the project is complete again"
	case project.InvoiceDryRun:
		return "not sent (dry run)"
	case project.InvoiceAsks, project.InvoiceAsked:
		return "waits for somebody to send it"
	case project.InvoiceSlow:
		return "not taken by billing for an hour, still trying"
	case project.InvoiceRefused:
		return "refused by billing"
	case project.InvoiceSent:
		return "handed to billing"
	case project.InvoiceMarked:
		return "marked as invoiced"
	case project.InvoiceMissing:
		return "missing at Prodege"
	case project.InvoiceDone:
		return "done, Prodege reports INVOICED"
	case project.InvoiceDeleted:
		return "closed, the project was deleted at Prodege"
	case project.InvoiceCancelled:
		return "cancelled by an operator"
	}
	return string(p)
}

// AnswerPhrase says why a decision did not count, for the command line.
func AnswerPhrase(k project.AnswerKind, amount *prodege.USD) string {
	switch k {
	case project.AnswerRecorded:
		return "recorded"
	case project.AnswerNotAllowed:
		return "not among SLACK_APPROVERS"
	case project.AnswerNoList:
		return "the list of approvers can't be read from Slack now; try again"
	case project.AnswerDecided:
		return "it is decided already"
	case project.AnswerSuperseded:
		return "the amount is another one now" + known(":", dollars(amount))
	case project.AnswerExpired:
		return "nobody decided in time; ask again to open it again"
	case project.AnswerClosed:
		return "the request is closed"
	case project.AnswerSamePerson:
		return "a second, different person must approve"
	case project.AnswerMismatch:
		return "it does not fit what is asked for"
	case project.AnswerOverCeiling:
		return "it is above CPI_CEILING" + known(" of", dollars(amount))
	case project.AnswerTooMuch:
		return "it is more than twice what is required" + known("; at most", dollars(amount))
	case project.AnswerNotNow:
		return "there is nothing to do in this phase"
	case project.AnswerNotTaken:
		return "it could not be recorded; try again"
	case project.AnswerForeign:
		return "not a member of Fieldmarshal's workspace"
	}
	return string(k)
}
