package cards

import (
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// request words the message that asks to accept a required CPI. While people decide it is short: what is asked, what
// it costs, by when, who can decide; every other figure is behind Details. Afterwards the outcome comes first.
type request struct{ *project.RequestFacts }

func (r request) message() Message {
	s := r.story()
	var l layout
	l.header(s.icon + " " + s.title)
	l.name(r.Project)
	if r.asksPrice() {
		l.section(s.what, r.price(), r.cost(), r.deadline(), todo(s.todo))
		l.section(r.rules()...)
	} else {
		l.section(s.what, todo(s.todo))
	}
	if r.waits() {
		l.section(r.decided()...)
		l.actions(r.buttons()...)
		l.context("paused "+whenAgo(r.PausedAt), r.who())
		l.context(r.earlier())
		l.frame(r.Frame, link(r.Alert, "pause alert"))
		return l.message(r.Frame)
	}
	l.section(r.course()...)
	if !r.asksPrice() {
		l.context(r.shortNumbers()...)
	}
	l.frame(r.Frame, link(r.Alert, "pause alert"))
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

// deadline says by when to decide.
func (r request) deadline() string {
	if r.Deadline.IsZero() || !r.waits() {
		return ""
	}
	return "*Decide by* " + when(r.Deadline) + "."
}

// who says who may decide. That the list is empty is said among the rules.
func (r request) who() string {
	if r.Nobody {
		return ""
	}
	return whoDecides(r.Anyone)
}

func whoDecides(anyone bool) string {
	if anyone {
		return "anyone in this channel can decide"
	}
	return "only listed approvers can decide"
}

// nobodyDecides is said on a message whose buttons nobody may click.
const nobodyDecides = "⚠️ *Nobody can decide here:* the list of approvers (SLACK_APPROVERS) names no active member. An operator of Fieldmarshal must correct it."

// rules are the limits and conditions that bear on the decision.
func (r request) rules() []string {
	var rules []string
	if r.Nobody && r.waits() {
		rules = append(rules, nobodyDecides)
	}
	if r.Phase == project.PhaseOpen && r.SecondAbove != nil && (r.Required == nil || r.Required.Cmp(*r.SecondAbove) > 0) {
		rules = append(rules, "👥 Amounts above "+r.SecondAbove.Dollars()+" need two different people.")
	}
	if r.NoAPIKey && r.Phase != project.PhaseOverLimit {
		rules = append(rules, "✍️ No Prodege API key is set, so approving only records your decision; then "+r.byHand(amountOr(r.offered(), "what was approved"))+".")
	}
	if r.DryRun && r.Phase != project.PhaseOverLimit {
		rules = append(rules, "🧪 Dry run: decisions are recorded, and nothing is sent to Prodege.")
	}
	return rules
}

// byHand is what somebody must enter at Prodege.
func (r request) byHand(amount string) string {
	return "somebody must open project " + r.Project.ID.String() + " at Prodege and set max CPI to " + strings.TrimPrefix(amount, "$") + " and the status to LIVE"
}

// decided is a line per decision, while people still decide.
func (r request) decided() []string {
	var texts []string
	for _, d := range newest(r.Decisions) {
		texts = append(texts, decision{d}.words(r.Required)+", "+when(d.At), quoted(d.Reason, 400))
	}
	return texts
}

// course is what happened, once it is decided: "Paused 14:02 · <@U1> approved $4.25 14:09 · live 14:10", and below it
// the reasons that people gave.
func (r request) course() []string {
	steps := []string{"Paused " + when(r.PausedAt)}
	var reasons []string
	for _, d := range newest(r.Decisions) {
		steps = append(steps, decision{d}.words(r.Required)+" "+whenNext(r.PausedAt, d.At))
		reasons = append(reasons, quoted(d.Reason, 400))
	}
	return append([]string{dots(append(steps, r.reached())...)}, reasons...)
}

// reached says when the phase began, in the phase's own word.
func (r request) reached() string {
	verbs := map[project.Phase]string{
		project.PhaseAccepted: "accepted by Prodege", project.PhaseLive: "live", project.PhaseElsewhere: "live",
		project.PhaseStill: "checked", project.PhaseRefused: "refused", project.PhaseStopped: "stopped",
		project.PhaseExpired: "expired", project.PhaseOther: "paused for another reason",
		project.PhaseEnded: statusWords(r.EndStatus), project.PhaseCancelled: "closed", project.PhaseByHand: "handed over",
	}
	verb := verbs[r.Phase]
	if verb == "" || r.PhaseAt.IsZero() {
		return ""
	}
	return verb + " " + whenNext(r.PausedAt, r.PhaseAt)
}

// earlier is the project's last three decisions before this request, in one line.
func (r request) earlier() string {
	const most = 3
	var texts []string
	for _, d := range r.Earlier[:min(most, len(r.Earlier))] {
		text := decision{d}.words(d.Amount) + " " + date(d.At)
		if reason := clean(d.Reason, 120); reason != "" {
			text += " (" + reason + ")"
		}
		texts = append(texts, text)
	}
	return known("earlier:", strings.Join(texts, "; "))
}

// deciding is the decision that counts: the newest approval or rejection, unless the request was opened again since.
func (r request) deciding() *project.Decided {
	for i := len(r.Decisions) - 1; i >= 0; i-- {
		switch r.Decisions[i].Verdict {
		case project.Approve, project.Reject:
			return &r.Decisions[i]
		case project.AskAgain:
			return nil
		}
	}
	return nil
}

// approved is the amount that people (or the rule) approved; nil if none was.
func (r request) approved() *prodege.USD {
	if d := r.deciding(); d != nil && d.Verdict == project.Approve {
		return d.Amount
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
