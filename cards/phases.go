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
			todo: "Somebody else approves " + yes + " too, or rejects."}
	case project.PhaseApproved:
		return story{icon: "⏳", title: "Approved " + yes + ", accepting it at Prodege now",
			what: "The project is read once more, then max CPI is set to " + yes + " and the project to live."}
	case project.PhaseHeld:
		return story{icon: "✋", title: "Approved " + yes + ", but held back",
			what: "Accepting is switched off for all projects. The approval is kept and nothing has been sent; the project stays paused.",
			todo: switchOn}
	case project.PhaseAccepted:
		return story{icon: "☑️", title: "Prodege accepted " + yes + ", not live yet", what: sentences(r.sent(), "Waiting for Prodege to report the project live.")}
	case project.PhaseLive:
		return story{icon: "✅", title: "Live again at " + yes + after(r.PausedAt, r.PhaseAt), what: r.sent()}
	case project.PhaseStill:
		s := failedStory(r.Phase, yes, r.Refusal)
		s.what = sentences(r.sent(), s.what)
		return s
	case project.PhaseRefused, project.PhaseStopped:
		return failedStory(r.Phase, yes, r.Refusal)
	case project.PhaseDryRun:
		return story{icon: "🧪", title: "Approved " + yes + ", nothing sent (dry run)",
			what: "Dry run is on: the decision is recorded and Prodege was not called. It is not sent later either.",
			todo: "To resume the project, set max CPI to " + yes + " and the status to LIVE at Prodege by hand."}
	case project.PhaseByHand:
		return story{icon: "✍️", title: "Approved " + yes + ", accept it by hand",
			what: "No Prodege API key is set, so nothing was sent.", todo: capital(r.byHand(yes)) + ". This message changes when Prodege reports it live."}
	}
	return r.closedStory(cpi)
}

// switchOn is what to do about a decision that is held back.
const switchOn = "An operator of Fieldmarshal switches it on again (`fieldmarshal accepting on`)."

// openStory asks.
func (r request) openStory() story {
	if r.Required == nil {
		what := "Prodege paused the project because its CPI reached the maximum, but did not say which CPI it requires."
		if r.RequiredText != "" {
			what = "Prodege paused the project because its CPI reached the maximum. What it requires can't be read as an amount: “" + clean(r.RequiredText, 100) + "”."
		}
		return story{icon: "💵", title: "Approve a higher CPI? Prodege gave no amount", what: what,
			todo: "Look up the required CPI at Prodege, then click “Approve up to…” and enter the most you accept, or reject."}
	}
	s := story{icon: "💵", title: "Approve a CPI of " + r.Required.Dollars() + "?", what: r.resumesAt()}
	if r.Generation > 1 {
		s.title = "Approve a newer CPI of " + r.Required.Dollars() + "?"
	}
	return s
}

func (r request) resumesAt() string {
	return "Prodege paused the project: it resumes only at " + amountOr(r.Required, "a higher CPI") + " per complete."
}

// closedStory tells how a request ended, or why nothing can be approved.
func (r request) closedStory(cpi string) story {
	switch r.Phase {
	case project.PhaseRejected:
		if n := len(r.Decisions); n > 0 && r.Decisions[n-1].Verdict == project.Close {
			return story{icon: "⛔", title: "Closed: " + cpi + " is given up",
				what: "Accepting it did not succeed, and the request was closed. The project stays as it is at Prodege.",
				todo: sentences("Look at the project at Prodege and decide there what happens next.", r.reopens("“Ask again” opens the request again."))}
		}
		return story{icon: "⛔", title: "Rejected: " + cpi + " is not accepted",
			what: "Nothing was sent to Prodege" + r.stays(),
			todo: sentences("Close the project at Prodege, or change its settings there so that a lower CPI is enough.", r.reopens("If this was a mistake, click “Ask again”."))}
	case project.PhaseExpired:
		return story{icon: "⌛", title: "Expired: nobody decided about " + cpi,
			what: "Nothing was sent to Prodege" + r.stays(),
			todo: r.reopens("Click “Ask again” to open the request again.")}
	case project.PhaseElsewhere:
		if r.MaybeSent {
			return story{icon: "▶️", title: "Live again" + after(r.PausedAt, r.PhaseAt),
				what: "Whether the approval here did it is not certain: the call to Prodege was cut off before its answer came.", todo: "Check max CPI at Prodege."}
		}
		return story{icon: "▶️", title: "Live again without a decision here" + after(r.PausedAt, r.PhaseAt),
			what: "It was resolved at Prodege, or the required CPI fell below max CPI. Nothing was sent from here."}
	case project.PhaseOther:
		title, what := "another reason", ""
		if r.Other != nil {
			m := r.Other.Meaning()
			title, what = plain(why(m), 100), clean(m.Meaning, 600)
		}
		return story{icon: "⏸️", title: "CPI no longer asked, now paused: " + title, what: what,
			todo: "See the pause alert. If Prodege asks for a CPI again, this request returns."}
	case project.PhaseEnded:
		return story{icon: "🏁", title: "Closed: the project is " + statusWords(r.EndStatus),
			what: "There is nothing left to decide about " + cpi + "."}
	case project.PhaseCancelled:
		s := story{icon: "🛑", title: "Cancelled by an operator: " + cpi, what: "The project's workflow was cancelled in Temporal. Nothing more is sent from here; the project stays as it is at Prodege.",
			todo: "Decide at Prodege what happens next. If Prodege asks for a CPI again, it is asked here again."}
		if yes := r.approved(); yes != nil {
			s.what = "The project's workflow was cancelled in Temporal. Whether the approved " + yes.Dollars() + " reached Prodege is not certain; nothing more is sent from here."
			s.todo = "Look at the project at Prodege. If Prodege asks for a CPI again, it is asked here again."
		}
		return s
	case project.PhaseOverLimit:
		return story{icon: "🚫", title: cpi + " is above the ceiling of " + amountOr(r.Ceiling, "this installation"),
			what: r.resumesAt() + " Nothing above the ceiling is ever sent from here, whoever approves it.",
			todo: "For this to be approved here, an operator of Fieldmarshal must raise CPI_CEILING to at least " + cpi + ", or Prodege must ask for less. Otherwise reject it, or accept it at Prodege by hand."}
	}
	return story{icon: "💵", title: "Required CPI " + cpi, what: "State: " + clean(string(r.Phase), 40) + "."}
}

// reopens is how the request is opened again; what nobody could approve is not.
func (r request) reopens(how string) string {
	if r.CanAskAgain() || r.Closed {
		return how
	}
	return "It is above the ceiling of " + amountOr(r.Ceiling, "this installation") + ", so it can't be asked for again unless an operator of Fieldmarshal raises CPI_CEILING."
}

func (r request) stays() string {
	if r.Closed {
		return "."
	}
	return "; the project stays paused."
}

// failedStory tells of an acceptance that did not succeed, on the request itself and in its thread.
func failedStory(phase project.Phase, yes string, fault *project.Refusal) story {
	s := story{icon: "⚠️"}
	switch phase {
	case project.PhaseStill:
		s.title, s.what = "Accepted "+yes+", but not live", "Prodege accepted it, but has not reported the project live in time."
		s.todo = "Look at the project at Prodege: it may be paused for something else. “Try again” sends the same amount once more, “Close” ends this request."
	case project.PhaseRefused:
		switch {
		case fault != nil && fault.Party == project.PartyCeiling:
			return story{icon: s.icon, title: yes + " is above the ceiling that applies now", what: "CPI_CEILING was lowered after it was approved. Nothing was sent; the project stays paused.",
				todo: "An operator of Fieldmarshal can raise it; then click “Try again”. “Close” ends this request without accepting."}
		case isOurs(fault):
			s.title = "Could not send " + yes + " to Prodege"
			s.todo = "When that is fixed, click “Try again”. “Close” ends this request without accepting."
		default:
			s.title = "Prodege refused " + yes
			s.todo = "Fix what Prodege names, then click “Try again”. “Close” ends this request without accepting."
		}
		s.what = "The project stays paused."
	case project.PhaseStopped:
		s.title, s.what = "Could not accept "+yes+" at Prodege", "It was tried for 30 minutes. Whether the last try arrived is not certain; the project is read before each new one."
		s.todo = "Check that Prodege's API can be reached, then click “Try again”. “Close” ends this request."
	}
	s.what = sentences(refusal(fault), s.what)
	return s
}

// sent says what Prodege was sent.
func (r request) sent() string {
	text := "Max CPI was high enough already, so only the status was set to LIVE."
	if r.Sent != nil {
		text = "Max CPI is now " + r.Sent.Dollars() + "."
	}
	if r.SentUnread {
		text += " Prodege did not let us read the project first."
	}
	return text
}
