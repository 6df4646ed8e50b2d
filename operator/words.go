package operator

import (
	"fmt"
	"regexp"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// The vocabulary of requests and decisions as this package writes it. It is that of cards, which the commands
// do not import: wording for a terminal is not wording for Slack. A test holds the two together.
const (
	verdictApprove  = "approve"
	verdictReject   = "reject"
	verdictAskAgain = "ask_again"
	verdictTryAgain = "try_again"
	verdictClose    = "close"
	verdictAct      = "act"
	fromCommand     = "command line"
)

// phases is what a request's phase means to an operator.
var phases = map[string]string{
	"open":      "waits for a decision",
	"second":    "one of two approvals is given, waits for another person's",
	"approved":  "approved, is being accepted at Prodege",
	"held":      "approved, but held back: accepting is switched off (fieldmarshal accepting on)",
	"accepted":  "accepted at Prodege, waits for the project to go LIVE",
	"live":      "live again after our acceptance",
	"still":     "accepted, but the project still stands still (fieldmarshal try-again, or close)",
	"refused":   "Prodege refused the acceptance (fieldmarshal try-again, or close)",
	"stopped":   "the acceptance was given up after 30 minutes of passing faults (fieldmarshal try-again, or close)",
	"rejected":  "rejected",
	"expired":   "nobody decided in time (fieldmarshal ask-again, or Ask again in Slack)",
	"elsewhere": "closed: the project went live without us",
	"other":     "the project stands still for another reason now",
	"ended":     "closed: the project has ended",
	"cancelled": "closed: its workflow was cancelled in Temporal",
	"lost":      "gone: its workflow was terminated in Temporal",
	"dryrun":    "approved in a dry run: nothing is sent to Prodege",
	"byhand":    "approved; without an API key somebody must accept it by hand at Prodege",
	"overlimit": "above CPI_CEILING: nothing can be approved here",
}

// verdictWords is a verdict as a person reads it.
func verdictWords(verdict string) string { return strings.ReplaceAll(verdict, "_", " ") }

// decisionWords is a ledger's line about a decision, which begins with its verdict, as a person reads it.
func decisionWords(what string) string {
	verdict, reason, given := strings.Cut(what, ": ")
	if given {
		return verdictWords(verdict) + ": " + reason
	}
	return verdictWords(verdict)
}

// acts is what a phase means of what is done from an alert, where that is other than of a request.
var acts = map[string]string{
	"open":     "waits for somebody to do something",
	"approved": "decided, is being done at Prodege",
	"held":     "decided, but held back: accepting is switched off (fieldmarshal accepting on)",
	"accepted": "taken by Prodege, waits for its effect",
	"live":     "live again after what was done",
	"done":     "done: the project has the status that was set",
	"still":    "taken by Prodege, but the project still stands still",
	"refused":  "Prodege refused it",
	"stopped":  "given up after 30 minutes of passing faults",
	"dryrun":   "decided in a dry run: nothing is sent to Prodege",
	"byhand":   "decided; without an API key somebody must do it by hand at Prodege",
}

// actWords says where a ProjectAction stands.
func actWords(phase string) string { return or(acts[phase], phaseWords(phase)) }

// phaseWords says where a request stands; a phase that is new here is shown as it came.
func phaseWords(phase string) string {
	if phase == "" {
		phase = "open"
	}
	return or(phases[phase], phase)
}

// invoices is what an invoice's phase means to an operator.
var invoices = map[string]string{
	"due":     "about to be made",
	"byhand":  "put before people in the finance channel, who mark it",
	"held":    "held until the project is COMPLETE again",
	"dryrun":  "held back by DRY_RUN",
	"asks":    "held back in a dry run that is over: asks whether to send",
	"slow":    "billing has not taken it for an hour; it is tried further",
	"refused": "refused by billing",
	"sent":    "taken by billing",
	"marked":  "marked as invoiced by a person",
	"asked":   "asks people before it is sent: the project may have been invoiced in an earlier life",
	"missing": "made, but INVOICED has not come by the 7th",
	"done":    "done: Prodege says INVOICED",

	"deleted":   "closed: the project was deleted at Prodege",
	"cancelled": "closed: its workflow was cancelled in Temporal",
	"lost":      "gone: its workflow was terminated in Temporal",
}

func invoiceWords(phase string) string { return or(invoices[phase], phase) }

// answers is why a decision did not count.
var answers = map[string]string{
	"not_allowed":  "not among SLACK_APPROVERS",
	"no_list":      "the list of approvers can't be had from Slack now; try again",
	"decided":      "it is decided already",
	"superseded":   "the amount is another now",
	"expired":      "nobody decided in time; fieldmarshal ask-again, or Ask again in Slack, opens it anew",
	"closed":       "the request is closed",
	"same_person":  "a second person must approve",
	"mismatch":     "it does not fit what is asked for",
	"over_ceiling": "it is above CPI_CEILING",
	"not_now":      "nothing is to be done in this phase",
}

// answerWords says why a decision did not count, with the amount that matters.
func answerWords(a workflows.Answered) string {
	text := or(answers[string(a.Kind)], string(a.Kind))
	switch {
	case a.Amount == nil:
	case a.Kind == "superseded":
		text += ": " + a.Amount.Dollars()
	case a.Kind == "over_ceiling":
		text += " of " + a.Amount.Dollars()
	}
	return text
}

// Around the words of a fault Temporal's SDK says which activity it was, and our own retry policy.
var (
	faultHead = regexp.MustCompile(`^activity error \(type: \w+[^)]*\): `)
	faultTail = regexp.MustCompile(` \(type: \w+, retryable: (true|false)\)$`)
)

// faultWords is what went wrong, without what only helps who reads histories.
func faultWords(fault string) string {
	return faultTail.ReplaceAllString(faultHead.ReplaceAllString(fault, ""), "")
}

// dispositions is what became of an event, and why.
func dispositionWords(d workflows.Disposition) string {
	switch d {
	case workflows.Applied:
		return "was applied: it was the newest event of the project"
	case workflows.Duplicate:
		return "was a duplicate: an event of this id was known already, so nothing was done"
	case workflows.Late:
		return "came late: a newer event was known already, so status and requests stayed as they were; only what is due once in a project's life was done"
	case workflows.Unusable:
		return "was unusable: it lacked what an event can't be without"
	}
	return fmt.Sprintf("became %q", d)
}

// waitsFor says what a project waits for: a person, too, where the alert of its pause offers something to do.
func waitsFor(p workflows.ProjectState) string {
	if len(offersNow(p)) > 0 {
		return waitsForActs
	}
	return waitingWords(p.Waiting, p.Status)
}

// waitsForActs is what a paused project waits for that people can do something about from here.
const waitsForActs = "a person to act on its alert, or Prodege to set it LIVE again"

// waitingWords says what a project waits for, as Temporal's list knows it.
func waitingWords(w workflows.Waiting, s prodege.Status) string {
	switch w {
	case workflows.WaitsApproval:
		return "a person's decision on the required CPI"
	case workflows.WaitsLive:
		return "Prodege to set it LIVE again"
	case workflows.WaitsReconciliation:
		return "Prodege to finish the reconciliation"
	case workflows.WaitsInvoicing:
		return "our invoice to be made"
	case workflows.WaitsInvoiced:
		return "Prodege to say INVOICED"
	}
	if s == prodege.Live {
		return "nothing: it is in the field"
	}
	return "nothing"
}
