package cards

import (
	"fmt"
	"strings"

	"fieldmarshal/prodege"
)

// story is what a phase tells: a title, what happened, what to do. Plain words without times, so that the
// blocks and the fallback text can share them.
type story struct {
	icon, title, what, todo string
}

// story tells the phase a request is in. Each is written for someone who sees the message for the first time.
func (r *Request) story() story {
	cpi := amountOr(r.Required, "an unknown amount")
	yes := amountOr(r.approved(), cpi)
	switch r.Phase {
	case PhaseOpen:
		return r.openStory()
	case PhaseSecond:
		return story{icon: "👥", title: "One of two approvals given for " + yes,
			what: "Amounts above " + amountOr(r.SecondAbove, "the limit") + " need two different people. Nothing has been sent to Prodege yet.",
			todo: "Somebody else approves " + yes + " too, or rejects."}
	case PhaseApproved:
		return story{icon: "⏳", title: "Approved " + yes + ", accepting it at Prodege now",
			what: "The project is read once more, then max CPI is set to " + yes + " and the project to live."}
	case PhaseHeld:
		return story{icon: "✋", title: "Approved " + yes + ", but held back",
			what: "Accepting is switched off for all projects. The approval is kept and nothing has been sent; the project stays paused.",
			todo: "Whoever runs Fieldmarshal switches it on again (`fieldmarshal accepting on`)."}
	case PhaseAccepted:
		return story{icon: "☑️", title: "Prodege accepted " + yes + ", not live yet", what: sentences(r.sent(), "Waiting for Prodege to report the project live.")}
	case PhaseLive:
		return story{icon: "✅", title: "Live again at " + yes + after(r.PausedAt, r.PhaseAt), what: r.sent()}
	case PhaseStill:
		s := failedStory(r.Phase, yes, r.Refusal)
		s.what = sentences(r.sent(), s.what)
		return s
	case PhaseRefused, PhaseStopped:
		return failedStory(r.Phase, yes, r.Refusal)
	case PhaseDryRun:
		return story{icon: "🧪", title: "Approved " + yes + ", nothing sent (dry run)",
			what: "Dry run is on: the decision is recorded, Prodege was not called, and it is not made up for later.",
			todo: "To resume the project, set max CPI " + yes + " and status LIVE at Prodege by hand."}
	case PhaseByHand:
		return story{icon: "✍️", title: "Approved " + yes + ", accept it by hand",
			what: "There is no Prodege API key here, so nothing was sent.", todo: "Now " + r.byHand(yes) + ". This message follows when Prodege reports it live."}
	}
	return r.closedStory(cpi)
}

// openStory asks.
func (r *Request) openStory() story {
	if r.Required == nil {
		return story{icon: "💵", title: "Approve a higher CPI? Prodege told no amount",
			what: "Prodege paused the project because its CPI reached the maximum, but told no required CPI.",
			todo: "Look up the required CPI at Prodege, then click “Approve up to…” and write the most you accept, or reject."}
	}
	s := story{icon: "💵", title: "Approve a CPI of " + r.Required.Dollars() + "?",
		what: "Prodege paused the project: it resumes only at " + r.Required.Dollars() + " a complete. Approving sets max CPI to that and the project live."}
	if n := r.Numbers; n != nil && n.MaxCPI != nil && n.MaxCPI.Cmp(*r.Required) >= 0 { // it was never to be lowered
		s.what = "Prodege paused the project: it resumes only at " + r.Required.Dollars() + " a complete. Max CPI is " + n.MaxCPI.Dollars() + " already, so approving only sets the project live."
	}
	if r.NoAPIKey {
		s.what = "Prodege paused the project: it resumes only at " + r.Required.Dollars() + " a complete."
	}
	if r.Generation > 1 {
		s.title = "Approve a newer CPI of " + r.Required.Dollars() + "?"
	}
	return s
}

// closedStory tells how a request ended, or why nothing can be approved.
func (r *Request) closedStory(cpi string) story {
	switch r.Phase {
	case PhaseRejected:
		if n := len(r.Decisions); n > 0 && r.Decisions[n-1].Verdict == Close {
			return story{icon: "⛔", title: "Closed: " + cpi + " is given up",
				what: "Accepting it did not succeed, and the request was closed. The project stays as it is at Prodege.",
				todo: "Look at the project at Prodege and decide there how it goes on."}
		}
		return story{icon: "⛔", title: "Rejected: " + cpi + " is not accepted",
			what: "Nothing was sent to Prodege; the project stays paused.",
			todo: "Close the project at Prodege, or change its settings there so that it gets by with a lower CPI."}
	case PhaseExpired:
		return story{icon: "⌛", title: "Expired: nobody decided about " + cpi,
			what: "Nothing was sent to Prodege; the project is still paused.",
			todo: "Click “Ask again” to open the request once more."}
	case PhaseElsewhere:
		if r.MaybeSent {
			return story{icon: "▶️", title: "Live again" + after(r.PausedAt, r.PhaseAt),
				what: "Whether by what was approved here is not certain: the call to Prodege was broken off before its answer came. Look at max CPI there."}
		}
		return story{icon: "▶️", title: "Live again without a decision here" + after(r.PausedAt, r.PhaseAt),
			what: "It was resolved at Prodege, or the required CPI fell below max CPI. Nothing was sent from here."}
	case PhaseOther:
		title, what := "another reason", ""
		if r.Other != nil {
			m := r.Other.Meaning()
			title, what = plain(why(m), 100), clean(m.Meaning, 600)
		}
		return story{icon: "⏸️", title: "CPI no longer asked, now paused: " + title, what: what,
			todo: "See the pause alert. If Prodege asks for a CPI again, this request returns."}
	case PhaseEnded:
		return story{icon: "🏁", title: "Closed: the project is " + statusWords(r.EndStatus),
			what: "There is nothing left to decide about " + cpi + "."}
	case PhaseCancelled:
		s := story{icon: "🛑", title: "Closed by whoever runs Fieldmarshal: " + cpi, what: "The request was cancelled. Nothing more is sent from here; the project stays as it is at Prodege.",
			todo: "Decide at Prodege how the project goes on. The next time Prodege asks for a CPI, it is asked here again."}
		if yes := r.approved(); yes != nil {
			s.what = "The request was cancelled. Whether the approved " + yes.Dollars() + " had reached Prodege is not certain; nothing more is sent from here."
			s.todo = "Look at the project at Prodege. The next time Prodege asks for a CPI, it is asked here again."
		}
		return s
	case PhaseOverLimit:
		return story{icon: "🚫", title: cpi + " is above the ceiling of " + amountOr(r.Ceiling, "this installation"),
			what: "Prodege paused the project: it resumes only at " + cpi + " a complete. Nothing above the ceiling is ever sent from here, whoever approves.",
			todo: "Reject it, or decide outside Slack and accept it at Prodege by hand. Whoever runs Fieldmarshal can raise CPI_CEILING."}
	}
	return story{icon: "💵", title: "Required CPI " + cpi, what: "State: " + clean(string(r.Phase), 40) + "."}
}

// failedStory tells of an acceptance that did not come to its end, on the request itself and in its thread.
func failedStory(phase Phase, yes string, fault *Refusal) story {
	s := story{icon: "⚠️"}
	switch phase {
	case PhaseStill:
		s.title, s.what = "Accepted "+yes+", but not live", "Prodege took it, but has not reported the project live in time."
		s.todo = "Look at the project at Prodege: it may be paused for something else. “Try again” sends the same amount once more, “Close” ends this request."
	case PhaseRefused:
		if fault != nil && fault.Party == PartyCeiling {
			return story{icon: s.icon, title: yes + " is above the ceiling that holds now", what: "CPI_CEILING was lowered since it was approved. Nothing was sent; the project stays paused.",
				todo: "Whoever runs Fieldmarshal can raise it; then click “Try again”. “Close” ends this request without accepting."}
		}
		s.title, s.what = "Prodege refused "+yes, "The project stays paused."
		s.todo = "Mend what Prodege names, then click “Try again”. “Close” ends this request without accepting."
	case PhaseStopped:
		s.title, s.what = "Could not accept "+yes+" at Prodege", "It was tried for 30 minutes. Whether the last try arrived is not certain; the project is read before each new one."
		s.todo = "Look whether Prodege's API is reachable, then click “Try again”. “Close” ends this request."
	}
	s.what = sentences(fault.words(), s.what)
	return s
}

// sent says what Prodege was sent.
func (r *Request) sent() string {
	var text string
	if r.Sent == nil {
		text = "Max CPI was high enough already, so only the status was set to LIVE."
	} else {
		text = "Max CPI is now " + r.Sent.Dollars() + "."
	}
	if r.SentUnread {
		text += " Prodege did not let us read the project first."
	}
	return text
}

// byHand is what to enter at Prodege.
func (r *Request) byHand(amount string) string {
	return fmt.Sprintf("somebody must open project %s at Prodege and set max CPI to %s and the status to LIVE",
		r.Project.ID, strings.TrimPrefix(amount, "$"))
}

// words says what a counterparty refused, with its codes.
func (f *Refusal) words() string {
	const most = 5
	if f == nil {
		return ""
	}
	text := strings.Replace(clean(f.Party, 40), "billing", "Billing", 1) + " said: " + strings.TrimRight(clean(f.Text, 500), ".")
	var codes []string
	for _, c := range f.Codes[:min(most, len(f.Codes))] {
		codes = append(codes, count(c))
	}
	if codes != nil {
		text += " (code " + strings.Join(codes, ", ") + ")"
	}
	return text + "."
}

// words says who decided what: "<@U1> approved $4.25". asked is the required CPI at the time.
func (d Decision) words(asked *prodege.USD) string {
	who := person(d.User)
	if d.From == FromRule {
		who = "The rule (CPI_AUTO_APPROVE_UP_TO)"
	}
	text := who + " " + d.did(asked)
	if d.From == FromCommand {
		text += " on the command line"
	}
	if d.DryRun {
		text += " (dry run)"
	}
	return text
}

// chose says what was decided to be done: "chose “Raise sample size” (1,200)".
func (d Decision) chose() string { return "chose “" + d.label() + "”" + d.count() }

// doing names the same: "Raise sample size (1,200)".
func (d Decision) doing() string { return d.label() + d.count() }

func (d Decision) label() string {
	if text := prodege.ActionLabel(d.Action); text != "" {
		return text
	}
	return clean(string(d.Action), 40)
}

func (d Decision) count() string {
	if d.Number == 0 {
		return ""
	}
	return " (" + number(d.Number) + ")"
}

func (d Decision) did(asked *prodege.USD) string {
	amount := ""
	if d.Amount != nil {
		amount = " " + d.Amount.Dollars()
		if d.Verdict == Approve && asked != nil && d.Amount.Cmp(*asked) > 0 {
			amount = " up to" + amount
		}
	}
	switch d.Verdict {
	case Approve:
		return "approved" + amount
	case Reject:
		return "rejected" + amount
	case AskAgain:
		return "asked again"
	case TryAgain:
		return "asked to try again"
	case Close:
		return "closed it"
	case Act:
		return d.chose()
	case MarkInvoiced:
		return "marked it as invoiced"
	case SendInvoice:
		return "asked to send the invoice"
	}
	return "decided " + clean(string(d.Verdict), 40)
}
