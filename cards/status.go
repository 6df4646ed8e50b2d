package cards

import (
	"slices"

	"fieldmarshal/project"
)

// Status is how one project is, for one person who asked. The newest event comes first.
func Status(s *project.State, f project.Frame) Message {
	f.Project = s.Name
	f.Project.ID = s.ID
	status, question, alert := "no event has come yet", "", ""
	if s.Status != "" {
		status = statusWords(s.Status) + " since " + when(s.StatusSince)
	}
	waits := clean(Waits(s.Waiting), 100) +
		only(s.Waiting != project.WaitsNothing && !s.WaitingSince.IsZero(), ", since "+when(s.WaitingSince))
	attention := clean(Attention(s.Attention()), 300)
	if q := s.OpenRequest(); q != nil {
		question = sentence("CPI request: " + clean(RequestLine(q), 200))
	} else if q := s.OpenAction(); q != nil && len(q.Decisions) > 0 {
		question = sentence(clean(ActionLine(q), 200))
	}
	if s.Pause != nil {
		alert = messageLink(s, s.Pause.Alert)
	}
	var l layout
	l.name(f.Project)
	l.section(sentence(status, clean(reasonFor(s.Status, s.Reason, s.Description), 200)), "Waits for "+waits+".", question,
		only(attention != "", "⚠️ Needs attention: "+attention+"."))
	l.section(lastEvents(s.Last)...)
	return l.end(f, link(messageLink(s, requestKey(s)), "CPI request"), link(alert, "pause alert"))
}

// messageLink is the address of the message with a key; empty if it is not in Slack.
func messageLink(s *project.State, key string) string {
	for _, m := range s.Outbox {
		if key != "" && m.Key == key {
			return m.Link
		}
	}
	return ""
}

// requestKey is the key of the message of the newest CPI request.
func requestKey(s *project.State) string {
	for _, m := range s.Outbox {
		if r := m.Card.Request; r != nil && s.Request != nil && r.ID == s.Request.ID {
			return m.Key
		}
	}
	return ""
}

// lastEvents is a line per event, under a title.
func lastEvents(last []project.EventLine) (texts []string) {
	const most = 10
	for _, e := range slices.Backward(last[max(0, len(last)-most):]) {
		what := statusWords(e.Status) + known(":", clean(reasonFor(e.Status, e.Reason, ""), 100))
		texts = append(texts, dots("• "+when(e.Time), what, clean(Became(e.Disposition), 60)))
	}
	return append([]string{only(texts != nil, bold("Last events"))}, texts...)
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
