package cards

import (
	"cmp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// request words the message that asks to accept a required CPI. While people decide it is short: what is asked, what
// it costs, by when, who can decide; every other figure is behind Details. Afterwards the outcome comes first.
type request struct{ *project.RequestFacts }

func (r request) message() Message {
	s := r.story()
	l := begin(s.icon+" "+s.title, r.Project)
	alert := link(r.Alert, "pause alert")
	if r.asksPrice() {
		deadline := only(r.waits() && !r.Deadline.IsZero(), "*Decide by* "+when(r.Deadline)+".")
		l.section(s.what, r.price(), r.cost(), deadline, todo(s.todo))
		l.section(r.rules()...)
	} else {
		l.section(s.what, todo(s.todo))
	}
	if r.waits() {
		l.section(course("", r.Decisions, r.Required, when, "")...)
		l.actions(r.buttons()...)
		l.context("paused "+whenAgo(r.PausedAt), only(!r.Nobody, whoDecides(r.Anyone, false))) // the rules say that nobody can
		l.context(r.earlier())
		return l.end(r.Frame, alert)
	}
	l.section(r.course()...)
	if !r.asksPrice() {
		l.context(r.shortNumbers()...)
	}
	l.frame(r.Frame, alert)
	l.actions(r.buttons()...)
	return l.message(r.Frame)
}

// waits reports whether the request waits for a first or second approval.
func (r request) waits() bool {
	return !r.Closed && (r.Phase == project.PhaseOpen || r.Phase == project.PhaseSecond)
}

// asksPrice reports whether the price still has to be judged: people decide, may ask to decide again, or must decide
// elsewhere.
func (r request) asksPrice() bool {
	return r.waits() || !r.Closed && (r.Phase == project.PhaseExpired || r.Phase == project.PhaseOverLimit)
}

// whoDecides says who may click the buttons of a message.
func whoDecides(anyone, nobody bool) string {
	switch {
	case nobody:
		return "⚠️ *Nobody can decide here:* the list of approvers (SLACK_APPROVERS) names no active member. " +
			"An operator of Fieldmarshal must correct it."
	case anyone:
		return "anyone in this channel can decide"
	}
	return "only listed approvers can decide"
}

// rules are the limits and conditions that bear on the decision.
func (r request) rules() []string {
	two := r.Phase == project.PhaseOpen && r.SecondAbove != nil && (r.Required == nil || r.Required.Cmp(*r.SecondAbove) > 0)
	approvable := r.Phase != project.PhaseOverLimit
	return []string{
		only(r.Nobody && r.waits(), whoDecides(r.Anyone, r.Nobody)),
		only(two, "👥 Amounts above "+dollars(r.SecondAbove)+" need two different people."),
		only(r.NoAPIKey && approvable, "✍️ No Prodege API key is set, so approving only records your decision; then "+
			r.byHand(amountOr(r.offered(), "what was approved"))+"."),
		only(r.DryRun && approvable, "🧪 Dry run: decisions are recorded, and nothing is sent to Prodege."),
	}
}

// byHand is what somebody must enter at Prodege.
func (r request) byHand(amount string) string {
	return "somebody must open project " + r.Project.ID.String() + " at Prodege and set max CPI to " +
		strings.TrimPrefix(amount, "$") + " and the status to LIVE"
}

// course is what happened, once it is decided: "Paused 14:02 · <@U1> approved $4.25 14:09 · live 14:10".
func (r request) course() []string {
	reached := phaseVerbs[r.Phase]
	if r.Phase == project.PhaseEnded {
		reached = statusWords(r.EndStatus)
	}
	at := func(t time.Time) string { return whenNext(r.PausedAt, t) }
	last := only(reached != "" && !r.PhaseAt.IsZero(), reached+" "+at(r.PhaseAt))
	return course("Paused "+when(r.PausedAt), r.Decisions, r.Required, at, last)
}

// phaseVerbs say that a phase began.
var phaseVerbs = map[project.Phase]string{
	project.PhaseAccepted:  "accepted by Prodege",
	project.PhaseLive:      "live",
	project.PhaseElsewhere: "live",
	project.PhaseStill:     "checked",
	project.PhaseRefused:   "refused",
	project.PhaseStopped:   "stopped",
	project.PhaseExpired:   "expired",
	project.PhaseOther:     "paused for another reason",
	project.PhaseCancelled: "closed",
	project.PhaseByHand:    "handed over",
}

// earlier is the project's last three decisions before this request, in one line.
func (r request) earlier() string {
	const most = 3
	var texts []string
	for _, d := range r.Earlier[:min(most, len(r.Earlier))] {
		reason := clean(d.Reason, 120)
		texts = append(texts, decisionText(d, d.Amount)+" "+date(d.At)+only(reason != "", " ("+reason+")"))
	}
	return known("earlier:", strings.Join(texts, "; "))
}

// approved is the amount that people (or the rule) approved; nil if none was, or the request was opened again since.
func (r request) approved() *prodege.USD {
	for i := len(r.Decisions) - 1; i >= 0; i-- {
		switch d := r.Decisions[i]; d.Verdict {
		case project.Approve:
			return d.Amount
		case project.Reject, project.AskAgain:
			return nil
		}
	}
	return nil
}

// offered is the amount that the next approval would accept: what the first of two people approved, else what Prodege
// requires.
func (r request) offered() *prodege.USD {
	if first := r.approved(); r.Phase == project.PhaseSecond && first != nil {
		return first
	}
	return r.Required
}

// buttons are those of the phase; none if nothing is left to decide.
func (r request) buttons() []*slack.ButtonBlockElement {
	if !r.HasButtons() {
		return nil
	}
	b := Button{Project: r.Project.ID, Name: r.Project.Name, Request: r.ID, Generation: r.Generation,
		Amount: r.Required, Ceiling: r.Ceiling, Numbers: deref(r.Numbers)}.fitting()
	switch {
	case r.CanAskAgain():
		return b.elements(ActionAskAgain)
	case r.Phase == project.PhaseOverLimit:
		return b.elements(ActionReject)
	case r.Phase.Failed():
		return b.elements(ActionTryAgain, ActionClose)
	}
	return append(r.approveButtons(b), b.elements(ActionReject, ActionDetails)...)
}

// approveButtons offers no amount above the ceiling, and with an unknown amount only "Approve up to…". The second of
// two people is offered the amount that the first approved, which may be above the required CPI. Approve has no dialog
// in between: its label says the amount, and large amounts need a second person.
func (r request) approveButtons(b Button) (buttons []*slack.ButtonBlockElement) {
	offer, amount, words := b, r.offered(), "Approve "
	if amount != nil && (r.Required == nil || !amount.Equal(*r.Required)) {
		offer.UpTo, words = amount, "Approve up to "
	}
	if amount != nil && (r.Ceiling == nil || amount.Cmp(*r.Ceiling) <= 0) {
		buttons = append(buttons, offer.element(ActionApprove, words+amount.Dollars(), slack.StylePrimary))
	}
	if r.Ceiling == nil || r.Required == nil || r.Ceiling.Cmp(*r.Required) > 0 {
		buttons = append(buttons, b.elements(ActionApproveUpTo)...)
	}
	return buttons
}

const askedAgain = "If Prodege asks for a CPI again, a request appears here again."

// requestPhases tell the phases of a request, each for someone who sees the message for the first time. {cpi} is the
// required amount, {yes} the approved one, {now} the max CPI; story has the other placeholders.
var requestPhases = map[project.Phase]phase{
	project.PhaseOpen:            {"asks to accept {cpi}{now}", story{"💵", "Approve a CPI of {cpi}?", "", ""}},
	project.PhaseOpen + "/newer": {"", story{"💵", "Approve a newer CPI of {cpi}?", "", ""}},
	project.PhaseOpen + "/unknown": {"", story{"💵", "Approve a higher CPI? Prodege gave no amount",
		"Prodege paused the project because its CPI reached the maximum{odd}.",
		"Look up the required CPI at Prodege, then click “Approve up to…” and enter the most a complete may cost, or reject."}},
	project.PhaseSecond: {"asks a second person to accept {cpi}{now}", story{"👥", "One of two approvals given for {yes}",
		"Amounts above {second} need two different people. Nothing has been sent to Prodege yet.",
		"Somebody else must approve {yes} as well, or reject it."}},
	project.PhaseApproved: {"accepting {yes} at Prodege{now}", story{"⏳", "Approved {yes}, accepting it at Prodege now",
		"Fieldmarshal reads the project once more, then sets max CPI to {yes} and the project live.", ""}},
	project.PhaseHeld: {HeldBack + ": {yes} approved, accepting is off", story{"✋", "Approved {yes}, but held back",
		"Accepting is switched off for all projects. The approval is kept, and nothing has been sent; the project stays paused.", switchOn}},
	project.PhaseAccepted: {"Prodege accepted {yes}, not live yet", story{"☑️", "Prodege accepted {yes}, not live yet",
		"{sent} Waiting for Prodege to report the project live.", ""}},
	project.PhaseLive:    {"live again at {yes}", story{"✅", "Live again at {yes}{after}", "{sent}", ""}},
	project.PhaseStill:   {"Prodege accepted {yes}, but the project is still paused", story{}}, // see failures
	project.PhaseRefused: {"{yes} was refused, still paused", story{}},
	project.PhaseStopped: {"{yes} could not be accepted within 30 minutes", story{}},
	project.PhaseDryRun: {"{yes} approved in a dry run, nothing sent", story{"🧪", "Approved {yes}, nothing sent (dry run)",
		"Dry run is on: the decision is recorded, and Prodege was not called. It will not be sent later either.",
		"To resume the project, set max CPI to {yes} and the status to LIVE at Prodege by hand."}},
	project.PhaseByHand: {"{yes} approved, to be accepted at Prodege by hand", story{"✍️", "Approved {yes}, accept it by hand",
		"No Prodege API key is set, so nothing was sent.",
		"{by hand}. This message changes when Prodege reports the project live."}},
	project.PhaseRejected: {"{cpi} was rejected", story{"⛔", "Rejected: {cpi}", "Nothing was sent to Prodege{stays}.",
		"Close the project at Prodege, or change its settings there so that a lower CPI is enough."}},
	project.PhaseRejected + "/closed": {"", story{"⛔", "Closed: {cpi} was not accepted",
		"Accepting it failed, and the request was closed. The project stays as it is at Prodege.",
		"Decide at Prodege what happens next."}},
	project.PhaseExpired: {"nobody decided about {cpi} in time", story{"⌛", "Expired: nobody decided about {cpi}",
		"Nothing was sent to Prodege{stays}.", ""}},
	project.PhaseElsewhere: {"live again without a decision here", story{"▶️", "Live again without a decision here{after}",
		"It was resolved at Prodege, or the required CPI fell below max CPI. Nothing was sent from here.", ""}},
	project.PhaseElsewhere + "/sent": {"", story{"▶️", "Live again{after}",
		"The approval here may have done it: " + cutOff, "Check max CPI at Prodege."}},
	project.PhaseOther: {"closed: paused for another reason now", story{"⏸️", "No CPI to decide on now. Paused: {other}", "{meaning}",
		"See the pause alert. If Prodege asks for a CPI again, this request comes back."}},
	project.PhaseEnded: {"closed: the project has ended", story{"🏁", "Closed: the project is {status}",
		"There is nothing left to decide about {cpi}.", ""}},
	project.PhaseCancelled: {"cancelled by an operator", story{"🛑", "Request for {cpi} cancelled by an operator",
		"The project's workflow was cancelled in Temporal. Nothing more is sent from here; the project stays as it is at Prodege.",
		"Decide at Prodege what happens next. " + askedAgain}},
	project.PhaseCancelled + "/sent": {"", story{"🛑", "Request for {cpi} cancelled by an operator",
		"The project's workflow was cancelled in Temporal. The approved {yes} may have reached Prodege before; nothing more is sent from here.",
		"Look at the project at Prodege. " + askedAgain}},
	project.PhaseOverLimit: {"{cpi} is above the ceiling, nothing can be approved here", story{"🚫",
		"{cpi} is above the ceiling of {ceiling}", "Nothing above the ceiling is ever sent from here, whoever approves it.",
		"Before it can be approved here, an operator of Fieldmarshal must raise the ceiling (CPI_CEILING) to at least {cpi}, or Prodege must ask for less. Otherwise reject it, or accept it at Prodege by hand."}},
}

// RequestPhase says where a CPI request is.
func RequestPhase(p project.Phase, required, approved, maxCPI *prodege.USD) string {
	cpi := amountOr(required, "an amount that Prodege has not given")
	return strings.NewReplacer("{cpi}", cpi, "{yes}", amountOr(approved, cpi), "{now}", known(", now", dollars(maxCPI))).
		Replace(cmp.Or(requestPhases[p].line, string(p)))
}

// RequestLine says where a CPI request is.
func RequestLine(q *project.Question) string {
	return RequestPhase(q.Phase, q.Required, q.Approved, deref(q.Numbers).MaxCPI)
}

// reopening says how a request is opened again.
var reopening = map[project.Phase]string{
	project.PhaseRejected:             "If this was a mistake, click “Ask again”.",
	project.PhaseRejected + "/closed": "“Ask again” reopens this request.",
	project.PhaseExpired:              "Click “Ask again” to reopen the request.",
}

const (
	// switchOn is what to do about a decision that is held back.
	switchOn = "An operator of Fieldmarshal must switch it on again (`fieldmarshal accepting on`)."
	// cutOff is why it is not certain what an act came to.
	cutOff = "the call to Prodege was cut off before its answer came."
)

// told is the phase as it is told.
func (r request) told() project.Phase {
	n := len(r.Decisions)
	switch {
	case r.Phase == project.PhaseOpen && r.Required == nil:
		return r.Phase + "/unknown"
	case r.Phase == project.PhaseOpen && r.Generation > 1:
		return r.Phase + "/newer"
	case r.Phase == project.PhaseRejected && n > 0 && r.Decisions[n-1].Verdict == project.Close:
		return r.Phase + "/closed"
	case r.Phase == project.PhaseElsewhere && r.MaybeSent, r.Phase == project.PhaseCancelled && r.approved() != nil:
		return r.Phase + "/sent"
	}
	return r.Phase
}

// story tells the phase of the request. Once the pause is over, nothing is left to do about what people decided or did
// not decide.
func (r request) story() story {
	cpi := amountOr(r.Required, "an unknown amount")
	yes, ceiling := amountOr(r.approved(), cpi), amountOr(r.Ceiling, "this installation")
	phase := r.told()
	s := requestPhases[phase].story
	switch {
	case r.Phase.Failed():
		s = failedStory(r.Phase, yes, closes, r.Refusal)
		s.what = sentences(only(r.Phase == project.PhaseStill, r.sent()), s.what)
	case s.title == "":
		s = story{"💵", "Required CPI " + cpi, "State: " + clean(string(r.Phase), 40) + ".", ""}
	default:
		odd, other, meaning := ", but did not say which CPI it requires", "another reason", ""
		if r.RequiredText != "" {
			odd = ". What it requires can't be read as an amount: “" + clean(r.RequiredText, 100) + "”"
		}
		if r.Other != nil {
			other, meaning = plain(Reason(*r.Other), 100), clean(r.Other.Meaning().Meaning, 600)
		}
		s = s.fill("{cpi}", cpi, "{yes}", yes, "{ceiling}", ceiling, "{second}", amountOr(r.SecondAbove, "the limit"), "{odd}", odd,
			"{sent}", r.sent(), "{after}", after(r.PausedAt, r.PhaseAt), "{by hand}", capital(r.byHand(yes)),
			"{status}", statusWords(r.EndStatus), "{stays}", only(!r.Closed, "; the project stays paused"), "{other}", other, "{meaning}", meaning)
	}
	if how := reopening[phase]; r.CanAskAgain() {
		s.todo = sentences(s.todo, how)
	} else if how != "" { // what nobody could approve is not opened again
		s.todo = sentences(s.todo, "It is above the ceiling of "+ceiling+
			", so it can't be reopened unless an operator of Fieldmarshal raises that (CPI_CEILING).")
	}
	if r.Closed && (r.Phase.Decidable() || r.Phase.Failed() || r.Phase == project.PhaseDryRun || r.Phase == project.PhaseByHand) {
		s.what, s.todo = sentences(s.what, "The pause is over now."), ""
	}
	return s
}

func (r request) sent() string {
	text := "Max CPI was high enough already, so only the status was set to LIVE."
	if r.Sent != nil {
		text = "Max CPI is now " + r.Sent.Dollars() + "."
	}
	return text + only(r.SentUnread, " Prodege did not let Fieldmarshal read the project first.")
}
