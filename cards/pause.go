package cards

import (
	"fmt"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// pause words the alert about one pause: open, moved to another reason, or over.
type pause struct{ *project.PauseFacts }

func (p pause) actions() actions { return actions{p.Action} }

func (p pause) message() Message {
	m := p.Event.Meaning()
	var l layout
	switch {
	case p.End != nil:
		l.header(endTitle(p.End, p.Since))
		l.section(nameLine(p.Project))
		l.section("It was paused for: "+clean(why(m), 150)+".", p.completed())
		l.section(p.acted()...)
		l.context("paused "+when(p.Since), p.decidedBy(), endWords(p.End, p.Since), p.counted(), reasonWords(p.Event.Reason, p.Event.Description))
	case p.Moved != nil:
		l.header("⏸️ Still paused, now: " + plain(why(p.Moved.Meaning()), 100))
		l.section(nameLine(p.Project))
		l.section(p.acted()...)
		l.section(p.explained(*p.Moved)...)
		l.section(p.completes())
		l.context("first paused "+when(p.Since)+": "+clean(why(m), 150), p.counted())
		l.context(about(*p.Moved)...)
	default:
		l.header("⏸️ Paused: " + plain(why(m), 100))
		l.section(nameLine(p.Project))
		l.section(p.acted()...)
		l.section(p.explained(p.Event)...)
		l.section(p.completes())
		l.context("paused since "+whenAgo(p.Since), p.counted())
		l.context(about(p.Event)...)
	}
	open := p.Action != nil && p.End == nil
	if open {
		l.context(p.actions().rules())
	}
	l.frame(p.Frame, link(p.Request, "CPI request"))
	if open {
		l.actions(p.actions().buttons(p.Project)...)
	}
	return Message{Text: p.text(), Blocks: l.blocks}
}

func (p pause) text() string {
	m := p.Event.Meaning()
	title := clean(why(m), 150)
	switch {
	case p.End != nil:
		_, words, _ := strings.Cut(endTitle(p.End, p.Since), " ")
		return fallback(p.Frame, words+".", "It was paused "+utc(p.Since)+": "+title+".", p.completed(), p.decidedText())
	case p.Moved != nil:
		now := p.Moved.Meaning()
		return fallback(p.Frame, "still paused, now: "+clean(why(now), 150)+".", p.actions().text(), p.completesText(), clean(now.Meaning, 600), p.advice(now))
	}
	return fallback(p.Frame, "paused: "+title+" ("+reasonWords(p.Event.Reason, p.Event.Description)+"), since "+utc(p.Since)+".",
		p.actions().text(), p.completesText(), clean(m.Meaning, 600), p.advice(m), urgencyWords(m.Urgency))
}

// acted is what people did about the pause and how far that is; at its end, who did what.
func (p pause) acted() []string {
	switch {
	case p.Action == nil:
		return nil
	case p.End != nil:
		return p.actions().course()
	}
	return append([]string{p.actions().state()}, p.actions().course()...)
}

// decidedText is who did what last, for the fallback line of a pause that is over.
func (p pause) decidedText() string {
	switch d := p.Action.Chosen(); {
	case d != nil:
		return decision{*d}.words(nil) + ", " + utc(d.At) + "."
	case p.End.Decided.IsZero():
		return ""
	}
	return "Decided by " + decider(p.End) + ", " + utc(p.End.Decided) + "."
}

func (p pause) advice(m prodege.Meaning) string {
	if !p.actions().advises() {
		return ""
	}
	return clean(m.Advice, 600)
}

// completes says when Prodege completes a project that has no clicks by itself.
func (p pause) completes() string {
	if p.AutoComplete.IsZero() {
		return ""
	}
	return "⏰ *Prodege completes it by itself about " + date(p.AutoComplete) + "*, or sooner if it was live without clicks before."
}

// completesText is the same for the fallback line.
func (p pause) completesText() string {
	if p.AutoComplete.IsZero() {
		return ""
	}
	return "Prodege completes it by itself about " + p.AutoComplete.UTC().Format("Jan 2, 2006") + "."
}

// completed says that the end was Prodege's own doing.
func (p pause) completed() string {
	if p.End == nil || p.End.Reason != prodege.CompleteInactive {
		return ""
	}
	return "Prodege completed it by itself, because there was no click for 15 business days."
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
	if e.Status == prodege.Live {
		return "live " + whenNext(first, e.At)
	}
	reason := ""
	if e.Reason != 0 {
		reason = fmt.Sprintf(" (reason %d)", e.Reason)
	}
	return statusWords(e.Status) + " " + whenNext(first, e.At) + reason
}

// decidedBy says who was the first to decide about the pause, and when; empty if nobody did.
func (p pause) decidedBy() string {
	if p.End.Decided.IsZero() {
		return ""
	}
	return "decided by " + decider(p.End) + " " + whenNext(p.Since, p.End.Decided)
}

func decider(e *project.End) string {
	if e.From == project.FromRule {
		return "the rule (CPI_AUTO_APPROVE_UP_TO)"
	}
	return person(e.By)
}

// counted says how often it paused, if more than once.
func (p pause) counted() string {
	if p.Times < 2 {
		return ""
	}
	return fmt.Sprintf("*%s pauses* for this reason within the hour", number(int64(p.Times)))
}

// explained is what the pause means, and what can be done if nothing is under way.
func (p pause) explained(e prodege.Event) []string {
	if p.actions().advises() {
		return explained(e)
	}
	return append([]string{clean(e.Meaning().Meaning, 700)}, notes(e)...)
}

// explained is what an event means, what can be done, and what Prodege's people wrote with it.
func explained(e prodege.Event) []string {
	m := e.Meaning()
	return append([]string{clean(m.Meaning, 700), todo(clean(m.Advice, 700))}, notes(e)...)
}

// todo marks what people can do.
func todo(advice string) string {
	if advice == "" {
		return ""
	}
	return "*What to do:* " + advice
}

// notes quotes what Prodege's people wrote.
func notes(e prodege.Event) (texts []string) {
	if q := quoted(e.RejectionNote, 1500); q != "" {
		texts = append(texts, "*Prodege support wrote:*", q)
	}
	if q := quoted(e.ReconciliationNote, 1500); q != "" {
		texts = append(texts, "*Reconciliation note:*", q)
	}
	return texts
}

// about is the small print of an event: urgency, Prodege's own reason, its source, what we don't know.
func about(e prodege.Event) []string {
	parts := []string{urgencyWords(e.Meaning().Urgency), reasonWords(e.Reason, e.Description)}
	switch e.Source {
	case prodege.FromSweep:
		parts = append(parts, "found by asking Prodege, no webhook came")
	case prodege.FromPricing:
		parts = append(parts, "from the Real Time Pricing webhook")
	case prodege.FromCommand:
		parts = append(parts, "opened by hand")
	}
	if e.TimeGuessed {
		parts = append(parts, "Prodege gave no readable time, so the time is a guess")
	}
	if e.Truncated {
		parts = append(parts, "long texts were cut")
	}
	const most = 5
	for i, f := range e.Unknown {
		if i == most {
			return append(parts, fmt.Sprintf("and %d more fields", len(e.Unknown)-most))
		}
		parts = append(parts, clean(f.Name, 40)+": "+clean(f.Value, 100))
	}
	return parts
}
