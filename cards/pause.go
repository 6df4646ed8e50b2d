package cards

import (
	"fmt"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// pause words the alert about one pause: open, moved to another reason, or over.
type pause struct{ *project.PauseFacts }

func (p pause) actions() actions { return actions{p.Action} }

func (p pause) message() Message {
	var l layout
	if p.End != nil {
		l.header(endTitle(p.End, p.Since))
		l.name(p.Project)
		l.section("It was paused for: "+clean(Reason(p.Event), 150)+".", p.completed())
		l.section(p.acted()...)
		l.context("paused "+when(p.Since), p.decidedBy(), endWords(p.End, p.Since), p.counted())
	} else {
		p.standing(&l)
	}
	l.frame(p.Frame, link(p.Request, "CPI request"))
	if p.End == nil && p.Action != nil {
		l.actions(p.actions().buttons(p.Project)...)
	}
	return l.message(p.Frame)
}

// standing is the alert while the project is paused: for what it was paused, or for what it is now.
func (p pause) standing(l *layout) {
	e, title, since := p.Event, "⏸️ Paused: ", "paused since "+whenAgo(p.Since)
	if p.Moved != nil {
		e, title, since = *p.Moved, "⏸️ Still paused, now: ", "first paused "+when(p.Since)+": "+clean(Reason(p.Event), 150)
	}
	l.header(title + plain(Reason(e), 110))
	l.name(p.Project)
	l.section(p.acted()...)
	l.section(p.explained(e)...)
	l.section(p.completes())
	l.context(append([]string{since, p.counted()}, about(e)...)...)
	if p.Action != nil {
		l.context(p.actions().rules())
	}
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

// completes says when Prodege completes a project that has no clicks by itself.
func (p pause) completes() string {
	if p.AutoComplete.IsZero() {
		return ""
	}
	return "⏰ *Prodege completes it by itself about " + date(p.AutoComplete) + "*, or sooner if it had gone longer without clicks."
}

// completed says that the end was Prodege's own doing.
func (p pause) completed() string {
	if p.End == nil || p.End.Reason != prodege.CompleteInactive {
		return ""
	}
	return "Prodege completed it by itself, because there were no clicks for 15 business days."
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
	return "decided by " + decision{project.Decided{User: p.End.By, From: p.End.From}}.who() + " " + whenNext(p.Since, p.End.Decided)
}

// counted says how often it paused, if more than once.
func (p pause) counted() string {
	if p.Times < 2 {
		return ""
	}
	return fmt.Sprintf("*%s pauses* for this reason within the hour", number(int64(p.Times)))
}

// explained is what the pause means, what can be done if nothing is under way, and what Prodege's people wrote.
func (p pause) explained(e prodege.Event) []string {
	m, advice := e.Meaning(), ""
	if p.actions().advises() {
		advice = todo(clean(m.Advice, 700))
	}
	return append([]string{clean(m.Meaning, 700), advice}, notes(e)...)
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

// about is the small print of an event: urgency, its source, what we don't know.
func about(e prodege.Event) []string {
	parts := []string{urgencyWords(e.Meaning().Urgency)}
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
