package cards

import (
	"cmp"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// answers say why a click did not count, to be read after a colon, and what the clicker can do instead: {amount} is what
// the core tells beside the kind, {decided} who decided what. A kind with "/pause" or the like is a case of it.
var answers = map[project.AnswerKind]struct{ why, todo string }{
	project.AnswerNotAllowed: {"only people on the list of approvers (SLACK_APPROVERS) can decide",
		"Ask one of them to click, or ask an operator of Fieldmarshal to add you."},
	project.AnswerNobody: {"nobody can decide now, because the list of approvers (SLACK_APPROVERS) names no active member",
		"An operator of Fieldmarshal must correct it."},
	project.AnswerNoList:                {"the list of approvers can't be read from Slack right now", clickAgain},
	project.AnswerNotRecorded:           {"it could not be recorded right now", clickAgain},
	project.AnswerForeign:               {"only members of the workspace that Fieldmarshal belongs to can decide", ""},
	project.AnswerDecided:               {"it is decided already", "{decided}"},
	project.AnswerSuperseded:            {"Prodege asks for another amount now: {amount}", useNewest},
	project.AnswerSuperseded + "/state": {"it belongs to an older state of the project", useNewest},
	project.AnswerMismatch:              {"it does not fit what is asked now", useNewest},
	project.AnswerExpired:               {"the request has expired, and nothing was sent", "“Ask again” on the message reopens it."},
	project.AnswerClosed:                {"the request is closed", "{closed} {decided}"},
	project.AnswerClosed + "/pause":     {"there is nothing left to do here about this pause", "{closed} {decided}"},
	project.AnswerClosed + "/invoice":   {"the invoice is closed", "{closed} {decided}"},
	project.AnswerSamePerson: {"you gave the first approval, and {first} needs a second, different person",
		"Please ask a colleague."},
	project.AnswerOverCeiling:          {"nothing above the ceiling{of} can be approved here (CPI_CEILING)", "Approve less, or reject."},
	project.AnswerTooMuch:              {"at most twice the required CPI can be approved{: amount}", "Nothing was sent."},
	project.AnswerTooMuch + "/pause":   {"the sample size can be doubled at most in one step", "Nothing was sent."},
	project.AnswerNotNow:               {"there is nothing for that button to do right now", lookAgain},
	project.AnswerNotNow + "/approved": {"an approved amount is being accepted at Prodege right now", lookAgain},
	project.AnswerNotNow + "/accepted": {"an approved amount is being accepted at Prodege right now", lookAgain},
	project.AnswerNotNow + "/held":     {"an approved amount is waiting until accepting is switched on again", lookAgain},
	project.AnswerNotNow + "/other":    {"the project is paused for another reason now, so there is no CPI to decide on", lookAgain},
}

const (
	clickAgain = "Nothing was sent. Please click again in a minute."
	useNewest  = "Nothing was sent. Please use the newest message about the project."
	lookAgain  = "Please look at the message again in a moment."
)

// endings say how a question in that phase ended.
var endings = map[project.Phase]string{
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

// answerMessage is what one person is told about a click: that it is recorded, or why it did nothing.
func answerMessage(a *project.Answer) Message {
	what := shortName(a.Project)
	if a.Project.ID == 0 {
		what = "a project" // which one could not be read
	}
	s := answerStory(a)
	text := sentences("Your click for "+what+" did not count: "+s.what+".", s.todo)
	if a.Kind == project.AnswerRecorded {
		text = "Recorded: " + clicked(a) + ", for " + what + ". The first decision counts; the message will show what comes of it."
	}
	return paragraph(text, a.Simulated)
}

// AnswerPhrase says why a decision did not count, for the command line.
func AnswerPhrase(k project.AnswerKind, amount *prodege.USD) string {
	return answerStory(&project.Answer{Kind: k, Amount: amount}).what
}

func answerStory(a *project.Answer) story {
	kind := a.Kind
	switch {
	case kind == project.AnswerSuperseded && a.Amount == nil:
		kind += "/state"
	case a.OfPause && (kind == project.AnswerClosed || kind == project.AnswerTooMuch):
		kind += "/pause"
	case a.OfInvoice && kind == project.AnswerClosed:
		kind += "/invoice"
	case kind == project.AnswerNotNow && !a.OfPause && answers[kind+"/"+project.AnswerKind(a.Phase)].why != "":
		kind += "/" + project.AnswerKind(a.Phase)
	}
	s, ok := answers[kind]
	if !ok {
		s.why = clean(string(kind), 40)
	}
	d, amount := deref(a.Decision), dollars(a.Amount)
	return story{what: s.why, todo: s.todo}.fill("{amount}", amount, "{of}", known(" of", amount), "{: amount}", known(":", amount),
		"{first}", cmp.Or(dollars(first(a)), "an amount this high"), "{closed}", endings[a.Phase],
		"{decided}", only(a.Decision != nil, decisionText(d, a.Amount)+", "+when(d.At)+"."))
}

// first is the amount of the first of two approvals.
func first(a *project.Answer) *prodege.USD { return cmp.Or(deref(a.Decision).Amount, a.Amount) }

// clicked names what was clicked, as a noun: it is not yet known whether it decides.
func clicked(a *project.Answer) string {
	d := deref(a.Decision)
	amount := known(" of", dollars(first(a)))
	verdict := cmp.Or(a.Verdict, d.Verdict)
	switch {
	case verdict == project.Approve:
		return "your approval" + amount
	case verdict == project.Reject:
		return "your rejection" + amount
	case d.Action != "":
		return "your choice of “" + doing(d) + "”"
	}
	for _, a := range actionTable {
		if a.verdict == verdict && verdict != "" {
			return "your “" + a.words + "”"
		}
	}
	return "your click"
}
