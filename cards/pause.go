package cards

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// pause words the alert about one pause: open, moved to another reason, or over.
type pause struct{ *project.PauseFacts }

func (p pause) message() Message {
	if p.End != nil {
		return p.over()
	}
	e, title, since := p.Event, "⏸️ Paused: ", "paused since "+whenAgo(p.Since)
	if p.Moved != nil {
		e, title, since = *p.Moved, "⏸️ Still paused, now: ", "first paused "+when(p.Since)+": "+clean(Reason(p.Event), 150)
	}
	a, m := actions{deref(p.Action)}, e.Meaning()
	l := begin(title+plain(Reason(e), 110), p.Project)
	l.section(append([]string{a.state()}, a.course()...)...)
	l.section(append([]string{clean(m.Meaning, 700), only(a.advises(), todo(clean(m.Advice, 700)))}, notes(e)...)...)
	l.section(only(!p.AutoComplete.IsZero(),
		"⏰ *Prodege completes it by itself about "+date(p.AutoComplete)+"*, or sooner if it had gone longer without clicks."))
	l.context(append([]string{since, p.counted()}, about(e)...)...)
	l.context(a.rules())
	l.frame(p.Frame, link(p.Request, "CPI request"))
	l.actions(a.buttons(p.Project)...)
	return l.message(p.Frame)
}

func (p pause) over() Message {
	l := begin(endTitle(p.End, p.Since), p.Project)
	l.section("It was paused for: "+clean(Reason(p.Event), 150)+".", only(p.End.Reason == prodege.CompleteInactive,
		"Prodege completed it by itself, because there were no clicks for 15 business days."))
	l.section(actions{deref(p.Action)}.course()...)
	by := "decided by " + decider(p.End.From, mention(p.End.By)) + " " + whenNext(p.Since, p.End.Decided)
	l.context("paused "+when(p.Since), only(!p.End.Decided.IsZero(), by), endWords(p.End, p.Since), p.counted())
	return l.end(p.Frame, link(p.Request, "CPI request"))
}

// endTitle says how a pause that began then ended, in the words of what the project is now.
func endTitle(e *project.End, since time.Time) string {
	lasted := after(since, e.At)
	if e.Status == prodege.Live {
		return "▶️ Live again" + lasted
	}
	return "🏁 Pause over" + lasted + ": the project is " + statusWords(e.Status)
}

// endWords says how and when the pause ended, beside a time from before.
func endWords(e *project.End, first time.Time) string {
	code := only(e.Status != prodege.Live && e.Reason != 0, " ("+reasonCode(e.Reason)+")")
	return statusWords(e.Status) + " " + whenNext(first, e.At) + code
}

// counted says how often it paused, if more than once.
func (p pause) counted() string {
	return only(p.Times > 1, "*"+number(p.Times)+" pauses* for this reason within the hour")
}

// notes quotes what Prodege's people wrote.
func notes(e prodege.Event) []string {
	rejection, reconciliation := quoted(e.RejectionNote, 1500), quoted(e.ReconciliationNote, 1500)
	return some(only(rejection != "", "*Prodege support wrote:*"), rejection,
		only(reconciliation != "", "*Reconciliation note:*"), reconciliation)
}

var sources = map[prodege.Source]string{
	prodege.FromSweep:   "found by asking Prodege, no webhook came",
	prodege.FromPricing: "from the Real Time Pricing webhook",
	prodege.FromCommand: "opened by hand",
}

// about is the small print of an event: urgency, its source, what we don't know.
func about(e prodege.Event) []string {
	const most = 5
	parts := []string{urgencies[e.Meaning().Urgency], sources[e.Source],
		only(e.TimeGuessed, "Prodege gave no readable time, so the time is a guess"), only(e.Truncated, "long texts were cut")}
	for _, f := range e.Unknown[:min(most, len(e.Unknown))] {
		parts = append(parts, clean(f.Name, 40)+": "+clean(f.Value, 100))
	}
	return append(parts, only(len(e.Unknown) > most, fmt.Sprintf("and %d more fields", len(e.Unknown)-most)))
}

// rejectionMessage is the alert that a reconciliation was rejected and must be redone.
func rejectionMessage(r *project.RejectionFacts) Message {
	quote := notes(r.Event)
	if r.End != nil {
		l := begin(endTitle(r.End, r.Since), r.Project)
		l.section(append([]string{"The reconciliation had been rejected."}, quote...)...)
		l.context("paused "+when(r.Since), endWords(r.End, r.Since))
		return l.end(r.Frame)
	}
	if len(quote) == 0 {
		quote = []string{"There is no note from Prodege support."}
	}
	m := r.Event.Meaning()
	l := begin("🔁 Reconciliation rejected: redo it", r.Project)
	l.section(clean(m.Meaning, 700))
	l.section(quote...)
	l.section(todo(clean(m.Advice, 700)))
	l.context(only(r.Late, "⏱️ this came late: check the project before you act"), "rejected "+when(r.Event.Time),
		"the project is "+statusWords(r.Event.Status))
	l.context(about(r.Event)...)
	return l.end(r.Frame)
}

// actions words what people can do about a pause from its alert, or did; empty if nothing can be done.
type actions struct{ project.ActionFacts }

// actionPhases say what was decided about a pause and how far it is: {what} is the action, and {chosen} the same in
// quotation marks. A story without a title has the line for one; without an icon the phase is not told.
var actionPhases = map[project.Phase]phase{
	project.PhaseOpen:     {"nobody has acted yet", story{}},
	project.PhaseApproved: {"{what}: sending it to Prodege", story{icon: "⏳", what: "Fieldmarshal reads the project once more first."}},
	project.PhaseHeld: {HeldBack + ": {what} chosen, accepting is off", story{"✋", "{what}: held back",
		"Accepting is switched off for all projects. The decision is kept, and nothing has been sent.", switchOn}},
	project.PhaseAccepted: {"{what}: accepted by Prodege, not in effect yet",
		story{icon: "☑️", what: "Waiting for Prodege to report the project {awaited}."}},
	project.PhaseLive:    {"{what}: live again", story{}},
	project.PhaseDone:    {"{what}: done", story{}},
	project.PhaseStill:   {"{what}: accepted, but the project is still paused", story{}}, // see failures
	project.PhaseRefused: {"{what}: refused", story{}},
	project.PhaseStopped: {"{what}: no success within 30 minutes", story{}},
	project.PhaseDryRun: {"{what}: nothing sent (dry run)",
		story{icon: "🧪", what: "The decision is recorded; it will not be sent later either. To do it, enter it at Prodege by hand."}},
	project.PhaseByHand: {"{what}: to be done at Prodege by hand",
		story{icon: "✍️", what: "No Prodege API key is set any more, so nothing was sent."}},
	project.PhaseCancelled: {"{what}: cancelled by an operator",
		story{"🛑", "cancelled by an operator", "Nothing can be done from here any more.", ""}},
	project.PhaseCancelled + "/sent": {"", story{"🛑", "cancelled by an operator",
		"{chosen} may have reached Prodege before: look at the project there. Nothing more is sent from here.", ""}},
	project.PhaseElsewhere: {"{what}: live again without a decision here",
		story{"▶️", "the project is live; nothing was sent from here", "", ""}},
	project.PhaseElsewhere + "/sent": {"", story{"▶️", "the project is live", "{chosen} may have done it: " + cutOff, ""}},
	project.PhaseOther:               {"{what}: closed: paused for another reason now", story{}},
	project.PhaseEnded: {"{what}: closed: the project has ended",
		story{"🏁", "the project is {status}: nothing can be done from here", "", ""}},
}

// ActionPhase says where a decision from a pause's alert is; chosen is nil while there is none.
func ActionPhase(p project.Phase, chosen *project.Decided) string {
	line := cmp.Or(actionPhases[p].line, string(p))
	if chosen == nil {
		return strings.TrimPrefix(line, "{what}: ")
	}
	return strings.ReplaceAll(line, "{what}", doing(*chosen))
}

// ActionLine says where a decision from an alert is, or what is offered.
func ActionLine(q *project.Question) string {
	if n := len(q.Decisions); n > 0 {
		return ActionPhase(q.Phase, &q.Decisions[n-1])
	}
	var labels []string
	for _, row := range q.Offers {
		labels = append(labels, row.Label)
	}
	return ActionPhase(q.Phase, nil) + only(q.Phase == project.PhaseOpen, known("; offered:", strings.Join(labels, ", ")))
}

// state says in bold what was decided about the pause and how far it is; empty while nobody decided.
func (a actions) state() string {
	d, key, awaited := a.Chosen(), a.Phase, prodege.Live
	for _, row := range a.Offers {
		if d != nil && row.ID == d.Action {
			awaited = row.Status
		}
	}
	if key == project.PhaseCancelled && d != nil || key == project.PhaseElsewhere && a.MaybeSent {
		key += "/sent"
	}
	what, chosen := doing(deref(d)), "what was decided"
	if d != nil {
		chosen = "“" + what + "”"
	}
	s := actionPhases[key].fill("{what}", what, "{chosen}", chosen,
		"{awaited}", statusWords(awaited), "{status}", statusWords(a.EndStatus))
	if a.Phase.Failed() {
		s = failedStory(a.Phase, chosen, others, a.Refusal)
	}
	if s.icon == "" {
		return ""
	}
	return sentences(s.icon, bold(capital(cmp.Or(s.title, ActionPhase(a.Phase, d)))+"."), s.what, s.todo)
}

// course is who decided what and when, and their reasons.
func (a actions) course() []string { return course("", a.Decisions, nil, when, "") }

// advises reports whether people still have to know what can be done: nothing is under way, and nothing is over.
func (a actions) advises() bool {
	return !slices.Contains([]project.Phase{project.PhaseApproved, project.PhaseHeld, project.PhaseAccepted,
		project.PhaseElsewhere, project.PhaseEnded, project.PhaseLive, project.PhaseDone}, a.Phase)
}

// buttons are what was offered, after one to try again what did not succeed.
func (a actions) buttons(name project.Name) (all []*slack.ButtonBlockElement) {
	if !a.HasButtons() {
		return nil
	}
	b := Button{Project: name.ID, Name: name.Name, Request: a.ID, Generation: a.Generation,
		Reason: a.Reason, Figures: deref(a.Figures)}.fitting()
	if a.Phase.Failed() {
		all = b.elements(ActionTryAgain)
	}
	for i, row := range a.Offers {
		style := slack.StyleDefault
		switch {
		case row.Status == prodege.Complete:
			style = slack.StyleDanger
		case i == 0 && a.Phase == project.PhaseOpen:
			style = slack.StylePrimary
		}
		all = append(all, b.element(string(row.ID), row.Label+"…", style))
	}
	return all
}

func (a actions) rules() string {
	if !a.HasButtons() {
		return ""
	}
	return dots(actionFigures(deref(a.Figures)), whoDecides(a.Anyone, a.Nobody),
		only(a.DryRun, "🧪 dry run: decisions are recorded, and nothing is sent"))
}

// actionFigures is what Prodege reports, for the small print.
func actionFigures(f project.Figures) string {
	if f.Clicks {
		return "click limit " + number(f.ClickCap) + ", " + number(f.ClicksLeft) + " left, refilled " + refillWords(f.Refill)
	}
	return only(f.Wanted > 0, "about "+number(f.Completes)+" of "+number(f.Wanted)+" completes"+known(" at", dollars(f.CPI)))
}

func refillWords(r prodege.Refill) string {
	return cmp.Or(map[prodege.Refill]string{
		prodege.RefillNever:    "never",
		prodege.RefillHalfHour: "by Prodege every 30 minutes",
		prodege.RefillHour:     "by Prodege every hour",
		prodege.RefillDay:      "by Prodege every 24 hours",
	}[r], "by Prodege, it does not say when")
}
