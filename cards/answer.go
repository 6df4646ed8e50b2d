package cards

import "fieldmarshal/prodege"

// message tells one person why a click did nothing.
func (a *Answer) message() Message {
	text := a.words()
	if a.Simulated {
		text = "🧪 simulated: " + text
	}
	var l layout
	l.section(text)
	return Message{Text: text, Blocks: l.blocks}
}

func (a *Answer) words() string {
	what := a.Project.short()
	if a.Project.ID == 0 {
		what = "the project" // whose it was could not be read
	}
	switch a.Kind {
	case AnswerNotAllowed:
		return "Your click did not count: you are not on the list of people who decide about " + what +
			". Ask one of them to click, or ask whoever runs Fieldmarshal to add you (SLACK_APPROVERS)."
	case AnswerNoList:
		return "Your click did not count: the list of approvers can't be read from Slack right now, so it is not certain that you may decide about " + what +
			". Nothing was sent. Please click again in a minute."
	case AnswerNotTaken:
		return "Your click did not count: it could not be recorded right now, so nothing was sent for " + what + ". Please click again in a minute."
	case AnswerForeign:
		return "Your click did not count: about " + what + " only members of the workspace that Fieldmarshal belongs to decide."
	case AnswerDecided:
		return sentences("Your click changed nothing: for "+what+" this is decided already.", a.decision())
	case AnswerSuperseded:
		if a.Amount == nil {
			return "Your click did not count: its button belongs to an older state of " + what + ". Please use the newest message about it."
		}
		return "Your click did not count: its button belongs to an older amount. For " + what + " Prodege asks for " + a.Amount.Dollars() +
			" now. Please look at the message again and decide about that."
	case AnswerExpired:
		return "Your click did not count: the request for " + what + " expired before it, and nothing was sent. “Ask again”, on the message, reopens it."
	case AnswerClosed:
		if a.OfPause {
			return sentences("Your click changed nothing: about this pause of "+what+" nothing is to be done from here any more.", closedPause(a.Phase), a.decision())
		}
		return sentences("Your click changed nothing: the request for "+what+" is closed.", closedWords(a.Phase), a.decision())
	case AnswerSamePerson:
		return "You gave the first approval for " + what + " already. An amount this high (" + amountOr(a.first(), "above the limit") +
			") needs a second, different person: please ask a colleague."
	case AnswerMismatch:
		if a.OfPause {
			return "Your click did not count: it does not fit how " + what + " stands now. Nothing was sent. Please look at its alert again."
		}
		return "Your click did not count: its button does not fit the request for " + what +
			". Nothing was sent. Please use the buttons on the newest message about the project."
	case AnswerOverCeiling:
		return "Your click did not count: for " + what + " nothing above the ceiling" + ofAmount(a.Amount) +
			" can be approved here (CPI_CEILING). Approve less, or reject."
	case AnswerNotNow:
		return "Your click did not count: " + a.notNow() + ". Please look at the message about " + what + " again in a moment."
	}
	return "Your click did not count (" + clean(string(a.Kind), 40) + "), for " + what + "."
}

// first is the amount of the first of two approvals.
func (a *Answer) first() *prodege.USD {
	if a.Decision != nil && a.Decision.Amount != nil {
		return a.Decision.Amount
	}
	return a.Amount
}

func ofAmount(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return " of " + u.Dollars()
}

// decision is "<@U1> approved $4.25, today at 14:09."; empty where it is not told.
func (a *Answer) decision() string {
	if a.Decision == nil {
		return ""
	}
	return a.Decision.words(a.Amount) + ", " + when(a.Decision.At) + "."
}

// closedWords says how a request in that phase ended.
func closedWords(p Phase) string {
	switch p {
	case PhaseLive:
		return "The project is live again."
	case PhaseRejected:
		return "It was rejected."
	case PhaseExpired:
		return "Nobody decided in time."
	case PhaseElsewhere:
		return "The project went live without a decision here."
	case PhaseOther:
		return "The project stands still for another reason now."
	case PhaseEnded:
		return "The project has ended."
	case PhaseCancelled:
		return "Whoever runs Fieldmarshal cancelled it."
	case PhaseDryRun:
		return "It was approved in a dry run, and nothing was sent."
	case PhaseByHand:
		return "It was approved, to be accepted at Prodege by hand."
	}
	return ""
}

// closedPause says why nothing can be done about a pause any more.
func closedPause(p Phase) string {
	switch p {
	case PhaseLive, PhaseElsewhere:
		return "The project is live again."
	case PhaseDone, PhaseEnded:
		return "The project has ended."
	case PhaseOther:
		return "The project stands still for another reason now."
	case PhaseCancelled:
		return "Whoever runs Fieldmarshal cancelled it."
	}
	return ""
}

// notNow says what is under way.
func (a *Answer) notNow() string {
	if a.OfPause {
		return "there is nothing to be done with that button right now"
	}
	switch a.Phase {
	case PhaseApproved, PhaseAccepted:
		return "an approved amount is being accepted at Prodege right now"
	case PhaseHeld:
		return "an approved amount waits until accepting is switched on again"
	case PhaseOther:
		return "the project stands still for another reason now, so there is no CPI to decide about"
	}
	return "there is nothing to do for that button right now"
}
