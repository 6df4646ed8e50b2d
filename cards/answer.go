package cards

import (
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// answer words what one person is told about a click: that it is recorded, or why it did nothing.
type answer struct{ *project.Answer }

func (a answer) message() Message { return paragraph(a.words(), a.Simulated) }

func (a answer) words() string {
	what := shortName(a.Project)
	if a.Project.ID == 0 {
		what = "a project" // which one could not be read
	}
	if a.Kind == project.AnswerRecorded {
		return "Recorded: " + a.clicked() + ", for " + what + ". The first decision counts; the message will show what comes of it."
	}
	return sentences("Your click for "+what+" did not count: "+a.phrase()+".", a.todo())
}

// AnswerPhrase says why a decision did not count, for the command line.
func AnswerPhrase(k project.AnswerKind, amount *prodege.USD) string {
	return answer{&project.Answer{Kind: k, Amount: amount}}.phrase()
}

// phrase says why a click did not count, to be read after a colon.
func (a answer) phrase() string {
	switch a.Kind {
	case project.AnswerNotAllowed:
		return "only people on the list of approvers (SLACK_APPROVERS) can decide"
	case project.AnswerNobody:
		return "nobody can decide now, because the list of approvers (SLACK_APPROVERS) names no active member"
	case project.AnswerNoList:
		return "the list of approvers can't be read from Slack right now"
	case project.AnswerNotRecorded:
		return "it could not be recorded right now"
	case project.AnswerForeign:
		return "only members of the workspace that Fieldmarshal belongs to can decide"
	case project.AnswerDecided:
		return "it is decided already"
	case project.AnswerSuperseded:
		if a.Amount == nil {
			return "it belongs to an older state of the project"
		}
		return "Prodege asks for another amount now: " + a.Amount.Dollars()
	case project.AnswerExpired:
		return "the request has expired, and nothing was sent"
	case project.AnswerClosed:
		switch {
		case a.OfPause:
			return "there is nothing left to do here about this pause"
		case a.OfInvoice:
			return "the invoice is closed"
		}
		return "the request is closed"
	case project.AnswerSamePerson:
		return "you gave the first approval, and " + amountOr(a.first(), "an amount this high") + " needs a second, different person"
	case project.AnswerMismatch:
		return "it does not fit what is asked now"
	case project.AnswerOverCeiling:
		return "nothing above the ceiling" + known(" of", dollars(a.Amount)) + " can be approved here (CPI_CEILING)"
	case project.AnswerTooMuch:
		if a.OfPause {
			return "the sample size can be doubled at most in one step"
		}
		return "at most twice the required CPI can be approved" + known(":", dollars(a.Amount))
	case project.AnswerNotNow:
		return a.notNow()
	}
	return clean(string(a.Kind), 40)
}

// todo is what the clicker can do instead, and what is known of the decision that counts.
func (a answer) todo() string {
	switch a.Kind {
	case project.AnswerNotAllowed:
		return "Ask one of them to click, or ask an operator of Fieldmarshal to add you."
	case project.AnswerNobody:
		return "An operator of Fieldmarshal must correct it."
	case project.AnswerNoList, project.AnswerNotRecorded:
		return "Nothing was sent. Please click again in a minute."
	case project.AnswerDecided:
		return a.decided()
	case project.AnswerSuperseded, project.AnswerMismatch:
		return "Nothing was sent. Please use the newest message about the project."
	case project.AnswerExpired:
		return "“Ask again” on the message reopens it."
	case project.AnswerClosed:
		return sentences(closedWords[a.Phase], a.decided())
	case project.AnswerSamePerson:
		return "Please ask a colleague."
	case project.AnswerOverCeiling:
		return "Approve less, or reject."
	case project.AnswerTooMuch:
		return "Nothing was sent."
	case project.AnswerNotNow:
		return "Please look at the message again in a moment."
	}
	return ""
}

// clicked names what was clicked, as a noun: it is not yet known whether it decides.
func (a answer) clicked() string {
	var d decision
	if a.Decision != nil {
		d = decision{*a.Decision}
	}
	amount := known(" of", dollars(a.first()))
	verdict := a.Verdict
	if verdict == "" {
		verdict = d.Verdict
	}
	switch {
	case verdict == project.Approve:
		return "your approval" + amount
	case verdict == project.Reject:
		return "your rejection" + amount
	case d.Action != "":
		return "your choice of “" + d.doing() + "”"
	}
	for _, a := range actionTable {
		if a.verdict == verdict && verdict != "" {
			return "your “" + a.words + "”"
		}
	}
	return "your click"
}

// first is the amount of the first of two approvals.
func (a answer) first() *prodege.USD {
	if a.Decision != nil && a.Decision.Amount != nil {
		return a.Decision.Amount
	}
	return a.Amount
}

// decided is "<@U1> approved $4.25, today at 14:09."; empty if it is not known.
func (a answer) decided() string {
	if a.Decision == nil {
		return ""
	}
	return decision{*a.Decision}.words(a.Amount) + ", " + when(a.Decision.At) + "."
}

// closedWords says how a question in that phase ended.
var closedWords = map[project.Phase]string{
	project.PhaseLive:      "The project is live again.",
	project.PhaseElsewhere: "The project went live without a decision here.",
	project.PhaseDone:      "The project has ended.",
	project.PhaseEnded:     "The project has ended.",
	project.PhaseOther:     "The project is paused for another reason now.",
	project.PhaseCancelled: "An operator cancelled it.",
	project.PhaseRejected:  "It was rejected.",
	project.PhaseExpired:   "Nobody decided in time.",
	project.PhaseDryRun:    "It was decided in a dry run, and nothing was sent.",
	project.PhaseByHand:    "It was decided, to be done at Prodege by hand.",
}

// notNow says what is under way.
func (a answer) notNow() string {
	switch {
	case a.OfPause:
	case a.Phase == project.PhaseApproved, a.Phase == project.PhaseAccepted:
		return "an approved amount is being accepted at Prodege right now"
	case a.Phase == project.PhaseHeld:
		return "an approved amount is waiting until accepting is switched on again"
	case a.Phase == project.PhaseOther:
		return "the project is paused for another reason now, so there is no CPI to decide on"
	}
	return "there is nothing for that button to do right now"
}
