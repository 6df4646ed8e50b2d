package cards

import (
	"fmt"
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
	a, m := actions{p.Action}, e.Meaning()
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

// over is the alert after the pause.
func (p pause) over() Message {
	l := begin(endTitle(p.End, p.Since), p.Project)
	l.section("It was paused for: "+clean(Reason(p.Event), 150)+".", only(p.End.Reason == prodege.CompleteInactive,
		"Prodege completed it by itself, because there were no clicks for 15 business days."))
	l.section(actions{p.Action}.course()...)
	by := "decided by " + decider(project.Decided{User: p.End.By, From: p.End.From}) + " " + whenNext(p.Since, p.End.Decided)
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
	if quote == nil {
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

// actions words what people can do about a pause from its alert, or did; nil if nothing can be done.
type actions struct{ *project.ActionFacts }

// Cases of an action that are told apart in words only.
const (
	actionMaybeSent     project.Phase = "elsewhere, maybe sent"
	actionCancelledSent project.Phase = "cancelled, maybe sent"
)

// actionStories say what was decided about a pause and how far it is. Without a title it is that of ActionPhase.
var actionStories = map[project.Phase]story{
	project.PhaseApproved: {icon: "⏳", what: "Fieldmarshal reads the project once more first."},
	project.PhaseHeld: {"✋", "{chosen}: held back",
		"Accepting is switched off for all projects. The decision is kept, and nothing has been sent.", switchOn},
	project.PhaseAccepted:  {icon: "☑️", what: "Waiting for Prodege to report the project {awaited}."},
	project.PhaseDryRun:    {icon: "🧪", what: "The decision is recorded; it will not be sent later either. To do it, enter it at Prodege by hand."},
	project.PhaseByHand:    {icon: "✍️", what: "No Prodege API key is set any more, so nothing was sent."},
	project.PhaseCancelled: {"🛑", "cancelled by an operator", "Nothing can be done from here any more.", ""},
	actionCancelledSent: {"🛑", "cancelled by an operator",
		"{what} may have reached Prodege before: look at the project there. Nothing more is sent from here.", ""},
	project.PhaseElsewhere: {"▶️", "the project is live; nothing was sent from here", "", ""},
	actionMaybeSent:        {"▶️", "the project is live", "{what} may have done it: " + cutOff, ""},
	project.PhaseEnded:     {"🏁", "the project is {status}: nothing can be done from here", "", ""},
}

// state says in bold what was decided about the pause and how far it is; empty while nobody decided.
func (a actions) state() string {
	if a.ActionFacts == nil {
		return ""
	}
	chosen, what, awaited := "", "what was decided", prodege.Live
	if d := a.Chosen(); d != nil {
		chosen = doing(*d)
		what = "“" + chosen + "”"
		for _, row := range a.Offers {
			if row.ID == d.Action {
				awaited = row.Status
			}
		}
	}
	phase := a.Phase
	switch {
	case phase == project.PhaseCancelled && a.Chosen() != nil:
		phase = actionCancelledSent
	case phase == project.PhaseElsewhere && a.MaybeSent:
		phase = actionMaybeSent
	}
	s, ok := actionStories[phase]
	switch {
	case phase.Failed():
		s = failedStory(phase, what, others, a.Refusal)
	case !ok:
		return ""
	default:
		s = s.fill("{chosen}", chosen, "{what}", what, "{awaited}", statusWords(awaited), "{status}", statusWords(a.EndStatus))
	}
	if s.title == "" {
		s.title = ActionPhase(a.Phase, a.Chosen())
	}
	return sentences(s.icon, bold(capital(s.title)+"."), s.what, s.todo)
}

// course is who decided what and when, in one line: "<@U1> chose “Raise sample size” (600) 14:09", and their reasons.
func (a actions) course() []string {
	if a.ActionFacts == nil {
		return nil
	}
	var steps, reasons []string
	for _, d := range newest(a.Decisions) {
		steps = append(steps, decisionText(d, nil)+" "+when(d.At))
		reasons = append(reasons, quoted(d.Reason, 400))
	}
	return append([]string{dots(steps...)}, reasons...)
}

// advises reports whether people still have to know what can be done: nothing is under way, and nothing is over.
func (a actions) advises() bool {
	if a.ActionFacts == nil {
		return true
	}
	switch a.Phase {
	case project.PhaseApproved, project.PhaseHeld, project.PhaseAccepted, project.PhaseElsewhere, project.PhaseEnded, project.PhaseLive, project.PhaseDone:
		return false
	}
	return true
}

// buttons are what was offered, after one to try again what did not succeed.
func (a actions) buttons(name project.Name) (all []*slack.ButtonBlockElement) {
	if !a.HasButtons() {
		return nil
	}
	b := Button{Project: name.ID, Name: name.Name, Request: a.ID, Generation: a.Generation, Reason: a.Reason, Figures: deref(a.Figures)}.fitting()
	if a.Phase.Failed() {
		all = append(all, b.element(ActionTryAgain, "", slack.StylePrimary))
	}
	for i, row := range a.Offers {
		style := slack.StyleDefault
		switch {
		case row.Status == prodege.Complete:
			style = slack.StyleDanger
		case i == 0 && a.Phase == project.PhaseOpen:
			style = slack.StylePrimary
		}
		all = append(all, b.labelled(string(row.ID), row.Label+"…", style))
	}
	return all
}

// rules are what those who decide must know.
func (a actions) rules() string {
	if !a.HasButtons() {
		return ""
	}
	who := whoDecides(a.Anyone)
	if a.Nobody {
		who = nobodyDecides
	}
	return dots(actionFigures(deref(a.Figures)), who, only(a.DryRun, "🧪 dry run: decisions are recorded, and nothing is sent"))
}

// actionFigures is what Prodege reports, for the small print.
func actionFigures(f project.Figures) string {
	if f.Clicks {
		return "click limit " + number(f.ClickCap) + ", " + number(f.ClicksLeft) + " left, refilled " + refillWords(f.Refill)
	}
	return only(f.Wanted > 0, "about "+number(f.Completes)+" of "+number(f.Wanted)+" completes"+known(" at", dollars(f.CPI)))
}

func refillWords(r prodege.Refill) string {
	words, known := map[prodege.Refill]string{
		prodege.RefillNever:    "never",
		prodege.RefillHalfHour: "by Prodege every 30 minutes",
		prodege.RefillHour:     "by Prodege every hour",
		prodege.RefillDay:      "by Prodege every 24 hours",
	}[r]
	if !known {
		return "by Prodege, it does not say when"
	}
	return words
}
