package cards

import "fieldmarshal/project"

// rejection words the alert that a reconciliation was rejected and must be redone.
type rejection struct{ *project.RejectionFacts }

func (r rejection) message() Message {
	var l layout
	if r.End != nil {
		l.header(endTitle(r.End, r.Since))
		l.name(r.Project)
		l.section(append([]string{"The reconciliation had been rejected."}, notes(r.Event)...)...)
		l.context("paused "+when(r.Since), endWords(r.End, r.Since))
	} else {
		r.redo(&l)
	}
	l.frame(r.Frame)
	return l.message(r.Frame)
}

func (r rejection) redo(l *layout) {
	m, late, quote := r.Event.Meaning(), "", notes(r.Event)
	if r.Late {
		late = "⏱️ this came late: check the project before you act"
	}
	if quote == nil {
		quote = []string{"There is no note from Prodege support."}
	}
	l.header("🔁 Reconciliation rejected: redo it")
	l.name(r.Project)
	l.section(clean(m.Meaning, 700))
	l.section(quote...)
	l.section(todo(clean(m.Advice, 700)))
	l.context(late, "rejected "+when(r.Event.Time), "the project is "+statusWords(r.Event.Status))
	l.context(about(r.Event)...)
}
