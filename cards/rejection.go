package cards

import (
	"strings"

	"fieldmarshal/project"
)

// rejection words the alert that a reconciliation was rejected and must be redone.
type rejection struct{ *project.RejectionFacts }

// over words the end of the pause that a rejection opened.
func (r rejection) over() Message {
	const what = "The reconciliation had been rejected."
	title := endTitle(r.End, r.Since)
	var l layout
	l.header(title)
	l.section(nameLine(r.Project))
	l.section(append([]string{what}, notes(r.Event)...)...)
	l.context("paused "+when(r.Since), endWords(r.End, r.Since), reasonWords(r.Event.Reason, r.Event.Description))
	l.frame(r.Frame)
	_, words, _ := strings.Cut(title, " ")
	return Message{Text: fallback(r.Frame, words+".", what, "It was paused "+utc(r.Since)+".", clean(r.Event.RejectionNote, 1000)), Blocks: l.blocks}
}

func (r rejection) message() Message {
	if r.End != nil {
		return r.over()
	}
	m := r.Event.Meaning()
	late := ""
	if r.Late {
		late = "⏱️ this came late: check the project before you act"
	}
	var l layout
	l.header("🔁 Reconciliation rejected: redo it")
	l.section(nameLine(r.Project))
	l.section(clean(m.Meaning, 700))
	if quote := notes(r.Event); quote != nil {
		l.section(quote...)
	} else {
		l.section("There is no note from Prodege support.")
	}
	l.section(todo(clean(m.Advice, 700)))
	l.context(late, "rejected "+when(r.Event.Time), "project "+statusWords(r.Event.Status))
	l.context(about(r.Event)...)
	l.frame(r.Frame)
	text := fallback(r.Frame, "the reconciliation was rejected and must be redone.", clean(r.Event.RejectionNote, 1000), clean(m.Advice, 600), late)
	return Message{Text: text, Blocks: l.blocks}
}
