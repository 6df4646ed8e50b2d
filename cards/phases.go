package cards

import "fieldmarshal/project"

// story is what a message tells: a title, what happened, what to do. Plain words without times, so that the blocks and
// the fallback text can share them.
type story struct {
	icon, title, what, todo string
}

// story tells the phase of a request. Each is written for someone who sees the message for the first time. Once the
// pause is over, nothing is left to do about what people decided or did not decide.
func (r request) story() story {
	s := r.phaseStory()
	switch r.Phase {
	case project.PhaseRejected, project.PhaseExpired, project.PhaseOverLimit, project.PhaseDryRun, project.PhaseByHand,
		project.PhaseRefused, project.PhaseStopped, project.PhaseStill:
		if r.Closed {
			s.what, s.todo = sentences(s.what, "The pause is over now."), ""
		}
	}
	return s
}

func (r request) phaseStory() story {
	cpi := amountOr(r.Required, "an unknown amount")
	yes := amountOr(r.approved(), cpi)
	switch r.Phase {
	case project.PhaseOpen:
		return r.openStory()
	case project.PhaseSecond:
		return story{icon: "👥", title: "One of two approvals given for " + yes,
			what: "Amounts above " + amountOr(r.SecondAbove, "the limit") + " need two different people. Nothing has been sent to Prodege yet.",
			todo: "Somebody else must approve " + yes + " as well, or reject it."}
	case project.PhaseApproved:
		return story{icon: "⏳", title: "Approved " + yes + ", accepting it at Prodege now",
			what: "Fieldmarshal reads the project once more, then sets max CPI to " + yes + " and the project live."}
	case project.PhaseHeld:
		return story{icon: "✋", title: "Approved " + yes + ", but held back",
			what: "Accepting is switched off for all projects. The approval is kept, and nothing has been sent; the project stays paused.", todo: switchOn}
	case project.PhaseAccepted:
		return story{icon: "☑️", title: "Prodege accepted " + yes + ", not live yet", what: sentences(r.sent(), "Waiting for Prodege to report the project live.")}
	case project.PhaseLive:
		return story{icon: "✅", title: "Live again at " + yes + after(r.PausedAt, r.PhaseAt), what: r.sent()}
	case project.PhaseStill, project.PhaseRefused, project.PhaseStopped:
		s := failedStory(r.Phase, yes, closes, r.Refusal)
		if r.Phase == project.PhaseStill {
			s.what = sentences(r.sent(), s.what)
		}
		return s
	case project.PhaseDryRun:
		return story{icon: "🧪", title: "Approved " + yes + ", nothing sent (dry run)",
			what: "Dry run is on: the decision is recorded, and Prodege was not called. It will not be sent later either.",
			todo: "To resume the project, set max CPI to " + yes + " and the status to LIVE at Prodege by hand."}
	case project.PhaseByHand:
		return story{icon: "✍️", title: "Approved " + yes + ", accept it by hand",
			what: "No Prodege API key is set, so nothing was sent.", todo: capital(r.byHand(yes)) + ". This message changes when Prodege reports the project live."}
	}
	return r.closedStory(cpi)
}

// switchOn is what to do about a decision that is held back.
const switchOn = "An operator of Fieldmarshal must switch it on again (`fieldmarshal accepting on`)."

// openStory asks.
func (r request) openStory() story {
	if r.Required == nil {
		what := "Prodege paused the project because its CPI reached the maximum, but did not say which CPI it requires."
		if r.RequiredText != "" {
			what = "Prodege paused the project because its CPI reached the maximum. What it requires can't be read as an amount: “" + clean(r.RequiredText, 100) + "”."
		}
		return story{icon: "💵", title: "Approve a higher CPI? Prodege gave no amount", what: what,
			todo: "Look up the required CPI at Prodege, then click “Approve up to…” and enter the most a complete may cost, or reject."}
	}
	if r.Generation > 1 {
		return story{icon: "💵", title: "Approve a newer CPI of " + r.Required.Dollars() + "?"}
	}
	return story{icon: "💵", title: "Approve a CPI of " + r.Required.Dollars() + "?"}
}

const askedAgain = "If Prodege asks for a CPI again, a request appears here again."

// closedStory tells how a request ended, or why nothing can be approved.
func (r request) closedStory(cpi string) story {
	switch r.Phase {
	case project.PhaseRejected:
		if n := len(r.Decisions); n > 0 && r.Decisions[n-1].Verdict == project.Close {
			return story{icon: "⛔", title: "Closed: " + cpi + " was not accepted",
				what: "Accepting it failed, and the request was closed. The project stays as it is at Prodege.",
				todo: sentences("Decide at Prodege what happens next.", r.reopens("“Ask again” reopens this request."))}
		}
		return story{icon: "⛔", title: "Rejected: " + cpi,
			what: "Nothing was sent to Prodege" + r.stays(),
			todo: sentences("Close the project at Prodege, or change its settings there so that a lower CPI is enough.", r.reopens("If this was a mistake, click “Ask again”."))}
	case project.PhaseExpired:
		return story{icon: "⌛", title: "Expired: nobody decided about " + cpi,
			what: "Nothing was sent to Prodege" + r.stays(), todo: r.reopens("Click “Ask again” to reopen the request.")}
	case project.PhaseElsewhere:
		if r.MaybeSent {
			return story{icon: "▶️", title: "Live again" + after(r.PausedAt, r.PhaseAt), what: "The approval here may have done it: " + cutOff, todo: "Check max CPI at Prodege."}
		}
		return story{icon: "▶️", title: "Live again without a decision here" + after(r.PausedAt, r.PhaseAt),
			what: "It was resolved at Prodege, or the required CPI fell below max CPI. Nothing was sent from here."}
	case project.PhaseOther:
		title, what := "another reason", ""
		if r.Other != nil {
			title, what = plain(Reason(*r.Other), 100), clean(r.Other.Meaning().Meaning, 600)
		}
		return story{icon: "⏸️", title: "No CPI to decide on now. Paused: " + title, what: what,
			todo: "See the pause alert. If Prodege asks for a CPI again, this request comes back."}
	case project.PhaseEnded:
		return story{icon: "🏁", title: "Closed: the project is " + statusWords(r.EndStatus), what: "There is nothing left to decide about " + cpi + "."}
	case project.PhaseCancelled:
		s := story{icon: "🛑", title: "Request for " + cpi + " cancelled by an operator", what: "The project's workflow was cancelled in Temporal. Nothing more is sent from here; the project stays as it is at Prodege.",
			todo: "Decide at Prodege what happens next. " + askedAgain}
		if yes := r.approved(); yes != nil {
			s.what = "The project's workflow was cancelled in Temporal. The approved " + yes.Dollars() + " may have reached Prodege before; nothing more is sent from here."
			s.todo = "Look at the project at Prodege. " + askedAgain
		}
		return s
	case project.PhaseOverLimit:
		return story{icon: "🚫", title: cpi + " is above the ceiling of " + amountOr(r.Ceiling, "this installation"),
			what: "Nothing above the ceiling is ever sent from here, whoever approves it.",
			todo: "Before it can be approved here, an operator of Fieldmarshal must raise the ceiling (CPI_CEILING) to at least " + cpi + ", or Prodege must ask for less. Otherwise reject it, or accept it at Prodege by hand."}
	}
	return story{icon: "💵", title: "Required CPI " + cpi, what: "State: " + clean(string(r.Phase), 40) + "."}
}

// cutOff is why it is not certain what an act came to.
const cutOff = "the call to Prodege was cut off before its answer came."

// reopens is how the request is opened again; what nobody could approve is not.
func (r request) reopens(how string) string {
	if r.CanAskAgain() || r.Closed {
		return how
	}
	return "It is above the ceiling of " + amountOr(r.Ceiling, "this installation") + ", so it can't be reopened unless an operator of Fieldmarshal raises that (CPI_CEILING)."
}

func (r request) stays() string {
	if r.Closed {
		return "."
	}
	return "; the project stays paused."
}

// What can be done instead of trying again, on a request and on an alert.
const (
	closes = "“Close” ends this request without accepting."
	others = "You can also do something else."
)

// failedStory tells of an act that did not succeed, on the message itself and in its thread: the acceptance of an
// amount, or an action. instead is what people can do but try again.
func failedStory(phase project.Phase, what, instead string, fault *project.Refusal) story {
	s := story{icon: "⚠️", what: sentences(refusal(fault), "The project stays paused.")}
	switch {
	case phase == project.PhaseStill:
		s.title, s.what = "Prodege accepted "+what+", but the project is not live", refusal(fault)
		s.todo = "Look at the project at Prodege: it may be paused for something else. “Try again” sends the same once more."
	case phase == project.PhaseStopped:
		s.title = "Sending " + what + " to Prodege did not succeed within 30 minutes"
		s.what = sentences(refusal(fault), "The last attempt may have reached Prodege; the project is read before each new one.")
		s.todo = "Check that Prodege's API can be reached, then click “Try again”."
	case fault != nil && fault.Party == project.PartyCeiling:
		s.title, s.what = what+" is above the ceiling that applies now", "The ceiling (CPI_CEILING) was lowered after the approval. Nothing was sent; the project stays paused."
		s.todo = "An operator of Fieldmarshal can raise it; then click “Try again”."
	case isOurs(fault):
		s.title, s.todo = "Could not send "+what+" to Prodege", "When that is fixed, click “Try again”."
	default:
		s.title, s.todo = "Prodege refused "+what, "Fix what Prodege objects to, then click “Try again”."
	}
	s.todo = sentences(s.todo, instead)
	return s
}

// sent says what Prodege was sent.
func (r request) sent() string {
	text := "Max CPI was high enough already, so only the status was set to LIVE."
	if r.Sent != nil {
		text = "Max CPI is now " + r.Sent.Dollars() + "."
	}
	if r.SentUnread {
		text += " Prodege did not let Fieldmarshal read the project first."
	}
	return text
}
