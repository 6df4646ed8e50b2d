package cards

import (
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Status is how one project is, for one person who asked. The newest event comes first.
func Status(s *project.State, f project.Frame) Message {
	f.Project = s.Name
	f.Project.ID = s.ID
	status, reason := "no event has come yet", ""
	if s.Status != "" {
		status = statusWords(s.Status) + " since " + when(s.StatusSince)
	}
	if s.Reason != 0 || s.Description != "" {
		reason = clean(Reason(prodege.Event{Status: s.Status, Reason: s.Reason, Description: s.Description}), 200)
	}
	status = sentence(status, reason)
	waits := clean(Waits(s.Waiting), 100)
	if s.Waiting != project.WaitsNothing && !s.WaitingSince.IsZero() {
		waits += ", since " + when(s.WaitingSince)
	}
	waits = "Waits for " + waits + "."
	attention, question := known("⚠️ Needs attention:", clean(Attention(s.Attention()), 300)), ""
	if attention != "" {
		attention += "."
	}
	if q := s.OpenRequest(); q != nil {
		question = sentence("CPI request: " + clean(RequestLine(q), 200))
	} else if q := s.OpenAction(); q != nil && len(q.Decisions) > 0 {
		question = sentence(clean(ActionLine(q), 200))
	}
	var l layout
	l.name(f.Project)
	l.section(status, waits, question, attention)
	l.section(lastEvents(s.Last)...)
	alert := ""
	if s.Pause != nil {
		alert = messageLink(s, s.Pause.Alert)
	}
	l.frame(f, link(messageLink(s, requestKey(s)), "CPI request"), link(alert, "pause alert"))
	return l.message(f)
}

// lastEvents is a line per event, under a title.
func lastEvents(last []project.EventLine) []string {
	const most = 10
	var texts []string
	for i := len(last) - 1; i >= 0 && len(texts) < most; i-- {
		e := last[i]
		what := statusWords(e.Status)
		if e.Reason != 0 {
			what += ": " + clean(Reason(prodege.Event{Status: e.Status, Reason: e.Reason}), 100)
		}
		texts = append(texts, dots("• "+when(e.Time), what, clean(Became(e.Disposition), 60)))
	}
	if texts == nil {
		return nil
	}
	return append([]string{bold("Last events")}, texts...)
}

// Alarm is what the ingress itself has to say to the team that runs it.
func Alarm(text string, simulated bool) Message {
	return paragraph("🚨 "+clean(text, 1000), simulated)
}

// Sorry says why a question could not be answered.
func Sorry(why string) Message { return paragraph(clean(why, 500), false) }

// Help says what the slash command can do.
func Help(command string) Message {
	c := clean(command, 40)
	return paragraph(lines(
		"`"+c+" status <project>`: how a project is, what it waits for, and its last events. A project is named by its id, its PO number, or part of its name.",
		"`"+c+" open`: what waits for a person, oldest first.",
		"`"+c+" help`: this.",
	), false)
}
