package cards

import (
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// answer words what one person is told about a click: that it is recorded, or why it did nothing.
type answer struct{ *project.Answer }

func (a answer) message() Message {
	text := a.words()
	if a.Simulated {
		text = "🧪 simulated: " + text
	}
	return paragraph(text, false)
}

func (a answer) words() string {
	what := shortName(a.Project)
	if a.Project.ID == 0 {
		what = "the project" // which one could not be read
	}
	switch a.Kind {
	case project.AnswerRecorded:
		return "Recorded: " + a.clicked() + ", for " + what + ". The first decision counts; the message shows what came of it."
	case project.AnswerNotAllowed:
		return "Your click did not count: you are not on the list of people who decide about " + what +
			". Ask one of them to click, or ask an operator of Fieldmarshal to add you (SLACK_APPROVERS)."
	case project.AnswerNoList:
		return "Your click did not count: the list of approvers can't be read from Slack right now, so it is not certain that you may decide about " + what +
			". Nothing was sent. Please click again in a minute."
	case project.AnswerNotTaken:
		return "Your click did not count: it could not be recorded right now, so nothing was sent for " + what + ". Please click again in a minute."
	case project.AnswerForeign:
		return "Your click did not count: only members of the workspace that Fieldmarshal belongs to decide about " + what + "."
	case project.AnswerDecided:
		return sentences("Your click changed nothing: for "+what+" this is decided already.", a.decided())
	case project.AnswerSuperseded:
		if a.Amount == nil {
			return "Your click did not count: its button belongs to an older state of " + what + ". Please use the newest message about it."
		}
		return "Your click did not count: its button belongs to an older amount. For " + what + " Prodege asks for " + a.Amount.Dollars() +
			" now. Please look at the message again and decide about that."
	case project.AnswerExpired:
		return "Your click did not count: the request for " + what + " had expired, and nothing was sent. “Ask again”, on the message, opens it again."
	case project.AnswerClosed:
		if a.OfPause {
			return sentences("Your click changed nothing: there is nothing left to do here about this pause of "+what+".", closedWords[a.Phase], a.decided())
		}
		return sentences("Your click changed nothing: the "+a.subject()+what+" is closed.", closedWords[a.Phase], a.decided())
	case project.AnswerSamePerson:
		return "You gave the first approval for " + what + " already. An amount this high (" + amountOr(a.first(), "above the limit") +
			") needs a second, different person: please ask a colleague."
	case project.AnswerMismatch:
		if a.OfPause {
			return "Your click did not count: it does not fit the present state of " + what + ". Nothing was sent. Please look at its alert again."
		}
		return "Your click did not count: its button does not fit the " + a.subject() + what +
			". Nothing was sent. Please use the buttons on the newest message about the project."
	case project.AnswerOverCeiling:
		return "Your click did not count: for " + what + " nothing above the ceiling" + known(" of", dollars(a.Amount)) +
			" can be approved here (CPI_CEILING). Approve less, or reject."
	case project.AnswerTooMuch:
		return "Your click did not count: for " + what + " " + a.tooMuch() + " Nothing was sent."
	case project.AnswerNotNow:
		return "Your click did not count: " + a.notNow() + ". Please look at the message about " + what + " again in a moment."
	}
	return "Your click did not count (" + clean(string(a.Kind), 40) + "), for " + what + "."
}

func (a answer) subject() string {
	if a.OfInvoice {
		return "invoice of "
	}
	return "request for "
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

func (a answer) tooMuch() string {
	if a.OfPause {
		return "the sample size can at most be doubled at once from here."
	}
	return "at most twice the required CPI can be approved" + known(":", dollars(a.Amount)) + "."
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
		return "an approved amount waits until accepting is switched on again"
	case a.Phase == project.PhaseOther:
		return "the project is paused for another reason now, so there is no CPI to decide about"
	}
	return "that button has nothing to do right now"
}
