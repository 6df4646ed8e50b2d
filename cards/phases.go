package cards

import (
	"slices"
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
	text, because := or(attentions, a.Kind), strings.TrimRight(a.Text, ".")
	return text + only(because != "" && text != "", " ("+because+")")
}

// Became is what became of an event.
func Became(d project.Disposition) string {
	return or(map[project.Disposition]string{
		project.Duplicate: "duplicate, known already",
		project.Late:      "late, a newer one was known",
	}, d)
}

// requestPhases say where a CPI request is: {cpi} is the required amount, {yes} the approved one, {now} the max CPI.
var requestPhases = map[project.Phase]string{
	"":                     "asks to accept {cpi}{now}",
	project.PhaseOpen:      "asks to accept {cpi}{now}",
	project.PhaseSecond:    "asks a second person to accept {cpi}{now}",
	project.PhaseApproved:  "accepting {yes} at Prodege{now}",
	project.PhaseHeld:      HeldBack + ": {yes} approved, accepting is off",
	project.PhaseAccepted:  "Prodege accepted {yes}, not live yet",
	project.PhaseLive:      "live again at {yes}",
	project.PhaseStill:     "Prodege accepted {yes}, but the project is still paused",
	project.PhaseRefused:   "{yes} was refused, still paused",
	project.PhaseStopped:   "{yes} could not be accepted within 30 minutes",
	project.PhaseRejected:  "{cpi} was rejected",
	project.PhaseExpired:   "nobody decided about {cpi} in time",
	project.PhaseElsewhere: "live again without a decision here",
	project.PhaseOther:     "closed: paused for another reason now",
	project.PhaseEnded:     "closed: the project has ended",
	project.PhaseDryRun:    "{yes} approved in a dry run, nothing sent",
	project.PhaseByHand:    "{yes} approved, to be accepted at Prodege by hand",
	project.PhaseOverLimit: "{cpi} is above the ceiling, nothing can be approved here",
	project.PhaseCancelled: "cancelled by an operator",
}

// HeldBack begins the summary of a project whose decision waits for accepting to be switched on.
const HeldBack = "held back"

// RequestPhase says where a CPI request is.
func RequestPhase(p project.Phase, required, approved, maxCPI *prodege.USD) string {
	cpi := amountOr(required, "an amount that Prodege has not given")
	return strings.NewReplacer("{cpi}", cpi, "{yes}", amountOr(approved, cpi), "{now}", known(", now", dollars(maxCPI))).Replace(or(requestPhases, p))
}

// RequestLine says where a CPI request is.
func RequestLine(q *project.Question) string {
	return RequestPhase(q.Phase, q.Required, q.Approved, deref(q.Numbers).MaxCPI)
}

// actionPhases say where an action from a pause's alert is.
var actionPhases = map[project.Phase]string{
	project.PhaseApproved:  "{what}: sending it to Prodege",
	project.PhaseHeld:      HeldBack + ": {what} chosen, accepting is off",
	project.PhaseAccepted:  "{what}: accepted by Prodege, not in effect yet",
	project.PhaseLive:      "{what}: live again",
	project.PhaseDone:      "{what}: done",
	project.PhaseStill:     "{what}: accepted, but the project is still paused",
	project.PhaseRefused:   "{what}: refused",
	project.PhaseStopped:   "{what}: no success within 30 minutes",
	project.PhaseDryRun:    "{what}: nothing sent (dry run)",
	project.PhaseByHand:    "{what}: to be done at Prodege by hand",
	project.PhaseElsewhere: "{what}: " + requestPhases[project.PhaseElsewhere],
	project.PhaseOther:     "{what}: " + requestPhases[project.PhaseOther],
	project.PhaseEnded:     "{what}: " + requestPhases[project.PhaseEnded],
	project.PhaseCancelled: "{what}: " + requestPhases[project.PhaseCancelled],
}

// undecidedPhases say the same while nobody has chosen an action.
var undecidedPhases = map[project.Phase]string{
	"":                     "nobody has acted yet",
	project.PhaseOpen:      "nobody has acted yet",
	project.PhaseElsewhere: "live again, nothing was sent from here",
	project.PhaseOther:     requestPhases[project.PhaseOther],
	project.PhaseEnded:     requestPhases[project.PhaseEnded],
	project.PhaseCancelled: requestPhases[project.PhaseCancelled],
}

// ActionPhase says where a decision from a pause's alert is; chosen is nil while there is none.
func ActionPhase(p project.Phase, chosen *project.Decided) string {
	if chosen == nil {
		return or(undecidedPhases, p)
	}
	return strings.ReplaceAll(or(actionPhases, p), "{what}", doing(*chosen))
}

// ActionLine says where a decision from an alert is, or what is offered.
func ActionLine(q *project.Question) string {
	if n := len(q.Decisions); n > 0 {
		return ActionPhase(q.Phase, &q.Decisions[n-1])
	}
	var labels []string
	for _, row := range q.Offers {
		labels = append(labels, row.Label)
	}
	return ActionPhase(q.Phase, nil) + only(q.Phase == project.PhaseOpen, known("; offered:", strings.Join(labels, ", ")))
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
	return cutBytes(neutral(text), most)
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
