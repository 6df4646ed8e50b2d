package cards

import (
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// message asks for a decision about a required CPI, or tells what became of it. While people decide it shows
// every number that bears on the decision; afterwards the outcome comes first and the numbers are one line.
func (r *Request) message() Message {
	s := r.story()
	var l layout
	l.header(s.icon + " " + s.title)
	l.section(r.Project.label())
	l.section(s.what, todo(s.todo))
	if r.decidable() {
		l.fields(r.numbers()...)
		l.section(r.cost())
		l.section(r.rules()...)
		l.section(r.decided()...)
		l.section(r.earlier()...)
		l.context(r.times()...)
	} else {
		l.section(r.course()...)
		l.context(r.shortNumbers()...)
	}
	l.frame(r.Frame, link(r.Alert, "pause alert"))
	l.actions(r.buttons()...)
	return Message{Text: r.text(s), Blocks: l.blocks}
}

// decidable says whether people still decide, or may ask to decide again, about the amount.
func (r *Request) decidable() bool {
	switch r.Phase {
	case PhaseOpen, PhaseSecond, PhaseExpired, PhaseOverLimit:
		return true
	}
	return false
}

// text is the whole request in one line.
func (r *Request) text(s story) string {
	cost, rules, times, by := "", "", "", ""
	if r.decidable() {
		cost = strings.ReplaceAll(r.cost(), "*", "")
		rules = sentences(r.rules()...)
		times = "Paused since " + utc(r.PausedAt) + "."
	}
	if r.waits() && !r.Deadline.IsZero() {
		times += " Expires " + utc(r.Deadline) + "."
	}
	if d := r.deciding(); d != nil {
		by = d.words(r.Required) + ", " + utc(d.At) + "."
	}
	facts := sentence(known("Required CPI", dollars(r.Required)), r.overMax("max CPI"),
		known("current CPI", dollars(r.given().CPI)), known("completes", r.completes()))
	return r.line(mark(s.title), s.what, s.todo, facts, cost, rules, by, times)
}

// waits says whether the request waits for a first or second approval.
func (r *Request) waits() bool { return r.Phase == PhaseOpen || r.Phase == PhaseSecond }

// mark ends a title as a sentence.
func mark(title string) string {
	if strings.HasSuffix(title, "?") {
		return title
	}
	return title + "."
}

// rules are the limits and conditions that whoever decides must know.
func (r *Request) rules() []string {
	var rules []string
	if r.Phase == PhaseOpen && r.SecondAbove != nil && (r.Required == nil || r.Required.Cmp(*r.SecondAbove) > 0) {
		rules = append(rules, "👥 Amounts above "+r.SecondAbove.Dollars()+" need two different people.")
	}
	if r.NoAPIKey && r.Phase != PhaseOverLimit {
		rules = append(rules, "✍️ There is no Prodege API key here: approving only records your decision. Then "+r.byHand(amountOr(r.offered(), "what was approved"))+".")
	}
	if r.DryRun && r.Phase != PhaseOverLimit {
		rules = append(rules, "🧪 Dry run: approving is recorded, nothing is sent to Prodege.")
	}
	return rules
}

// times are those that matter while people decide.
func (r *Request) times() []string {
	since := "standing still since " + whenAgo(r.PausedAt)
	if !r.waits() {
		return []string{since, r.reached(), r.asOf()}
	}
	expires := ""
	if !r.Deadline.IsZero() {
		expires = "expires " + when(r.Deadline)
	}
	who := "only listed approvers decide"
	if r.Anyone {
		who = "anyone in this channel decides"
	}
	return []string{since, expires, who, r.asOf()}
}

// reached says when the phase began, in the phase's own word.
func (r *Request) reached() string {
	verbs := map[Phase]string{
		PhaseAccepted: "accepted by Prodege", PhaseLive: "live", PhaseElsewhere: "live", PhaseStill: "looked at",
		PhaseRefused: "refused", PhaseStopped: "stopped", PhaseExpired: "expired", PhaseOther: "paused for another reason",
		PhaseEnded: statusWords(r.EndStatus), PhaseCancelled: "closed", PhaseByHand: "handed over",
	}
	verb := verbs[r.Phase]
	if verb == "" || r.PhaseAt.IsZero() {
		return ""
	}
	return verb + " " + whenNext(r.PausedAt, r.PhaseAt)
}

// latest is what was decided on this generation, newest last; of many, the last five.
func (r *Request) latest() []Decision {
	const most = 5 // with their reasons they fit one section
	return r.Decisions[max(0, len(r.Decisions)-most):]
}

// decided is a line a decision, while people still decide.
func (r *Request) decided() []string {
	var texts []string
	for _, d := range r.latest() {
		texts = append(texts, d.words(r.Required)+", "+when(d.At), quoted(d.Reason, 400))
	}
	return texts
}

// course is what happened, once it is decided: "Paused 14:02 · <@U1> approved $4.25 14:09 · live 14:10", and
// below it the reasons that people gave.
func (r *Request) course() []string {
	steps := []string{"Paused " + when(r.PausedAt)}
	var reasons []string
	for _, d := range r.latest() {
		steps = append(steps, d.words(r.Required)+" "+whenNext(r.PausedAt, d.At))
		reasons = append(reasons, quoted(d.Reason, 400))
	}
	return append([]string{dots(append(steps, r.reached())...)}, reasons...)
}

// earlier is the project's last three decisions before this request.
func (r *Request) earlier() []string {
	const most = 3
	if len(r.Earlier) == 0 {
		return nil
	}
	texts := []string{"*Earlier on this project*"}
	for _, d := range r.Earlier[:min(most, len(r.Earlier))] {
		line := "• " + d.words(d.Amount) + ", " + when(d.At)
		if reason := clean(d.Reason, 120); reason != "" {
			line += ": " + reason
		}
		texts = append(texts, line)
	}
	return texts
}

// deciding is the decision that counts: the last one, an approval before anything that followed it.
func (r *Request) deciding() *Decision {
	for i := len(r.Decisions) - 1; i >= 0; i-- {
		if v := r.Decisions[i].Verdict; v == Approve || v == Reject {
			return &r.Decisions[i]
		}
	}
	return nil
}

// approved is the amount that people (or the rule) approved; nil where none was.
func (r *Request) approved() *prodege.USD {
	if d := r.deciding(); d != nil && d.Verdict == Approve {
		return d.Amount
	}
	return nil
}

// buttons are those of the phase; none where nothing is left to decide.
func (r *Request) buttons() []*slack.ButtonBlockElement {
	b := Button{Workflow: r.Workflow, Project: r.Project.ID, Generation: r.Generation, Amount: r.Required, Ceiling: r.Ceiling}
	reject := b.element(ActionReject, "", slack.StyleDanger)
	switch r.Phase {
	case PhaseOpen, PhaseSecond:
		return append(r.approveButtons(b), reject)
	case PhaseOverLimit:
		return []*slack.ButtonBlockElement{reject}
	case PhaseExpired:
		return []*slack.ButtonBlockElement{b.element(ActionAskAgain, "", slack.StyleDefault)}
	case PhaseRefused, PhaseStopped, PhaseStill:
		closing := b.element(ActionClose, "", slack.StyleDefault)
		if closing != nil {
			closing.WithConfirm(confirm("Close this request?", "Nothing more is sent to Prodege for it. The project stays as it is there.", "Close it"))
		}
		return []*slack.ButtonBlockElement{b.element(ActionTryAgain, "", slack.StylePrimary), closing}
	}
	return nil
}

// approveButtons offers no amount above the ceiling, and with an unknown amount only "Approve up to…". The
// second of two people is offered the amount that the first approved, which may be above the required CPI.
// Approve has no dialog in between: its label says the amount, and large amounts need a second person.
func (r *Request) approveButtons(b Button) []*slack.ButtonBlockElement {
	offer := b
	if first := r.approved(); r.Phase == PhaseSecond && first != nil && (r.Required == nil || !first.Equal(*r.Required)) {
		offer.UpTo = first
	}
	amount := offer.UpTo
	if amount == nil {
		amount = offer.Amount
	}
	var buttons []*slack.ButtonBlockElement
	if amount != nil && (r.Ceiling == nil || amount.Cmp(*r.Ceiling) <= 0) {
		suffix := " " + amount.Dollars()
		if offer.UpTo != nil {
			suffix = " up to" + suffix
		}
		buttons = append(buttons, offer.element(ActionApprove, suffix, slack.StylePrimary))
	}
	if r.Ceiling == nil || r.Required == nil || r.Ceiling.Cmp(*r.Required) > 0 {
		buttons = append(buttons, b.element(ActionApproveUpTo, "", slack.StyleDefault))
	}
	return buttons
}

func confirm(title, text, yes string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(label(title, 100), label(text, 300), label(yes, 30), label("Back", 30))
}
