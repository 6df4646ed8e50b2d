package cards

import "fieldmarshal/project"

// noteStories tell what a note is for. note has the placeholders.
var noteStories = map[project.NoteKind]story{
	project.NotePausedAgain:     {"⏸️", "Paused again: {reason}", "{times}", ""},
	project.NoteOtherReason:     {"⏸️", "Now paused for another reason: {reason}", "{meaning}", "{advice}"},
	project.NoteAsksCPI:         {"💵", "A CPI decision is needed now", "The project is still paused, now for its CPI.", "Decide in the CPI request."},
	project.NoteResumed:         {"▶️", "Live again", "", ""},
	project.NotePendingComplete: {"🔄", "Reconciliation under way", "{meaning}", "{advice}"},
	project.NoteReconciliation:  {"📝", "Reconciliation note from Prodege", "The project is {status}.", ""},
	project.NoteUnknown: {"❓", "Prodege reports a status that is new here: {raw status}", "Its reason: {reason}. Nothing was done.",
		"Look at the project at Prodege."},
	project.NoteAutoComplete: {"⏰", "Prodege will complete the project by itself about {deadline}",
		"It was paused for inactivity {since} and has had no clicks since, as far as Prodege reports. COMPLETE can't be undone, and reconciliation is possible only before that.",
		"In the message above, set it live if fieldwork should go on; or reconcile it, then complete it. Only Prodege support can give more time."},
	project.NoteAutoCompleted: {"🏁", "Prodege has completed the project by itself",
		"It followed the pause of {since}. Nothing about the project can change any more; it will be invoiced as it is.", "{advice}"},
	project.NoteOutage: {"⚠️", "Slack does not accept messages in {channel}: {message}",
		"Since {since} nobody in that channel has been told. {refusal}",
		"Fix what Slack names; then the message is posted by itself. Until then, `fieldmarshal state {project}` shows what it says."},
	project.NoteOutage + "/over": {"✅", "Slack accepts messages in {channel} again",
		"From {since} until {over} it did not accept this project's messages: {message}.", ""},
	project.NoteMore: {"➕", "{count} more events",
		"They came faster than Slack accepts messages, so they share one. The newest: {reason}.", ""},
	project.NoteNewAmount: {"🔁", "Prodege asks for {cpi} now{previous}", "{change} Earlier buttons and decisions no longer count.",
		"Please decide again in the message above."},
	project.NoteAskedAgain:   {"🔁", "Asked again: approve {cpi}?", "{reopened}", "Please decide in the message above."},
	project.NoteReminder:     {"🔔", "Nobody has decided about {cpi} yet", "The project stays paused until somebody does.", ""},
	project.NoteLastReminder: {"🔔", "Last reminder: nobody has decided about {cpi}", "The project stays paused until somebody does.", ""},
	project.NoteExpired: {"⌛", "Expired: nobody decided about {cpi}", "The project is still paused.",
		"“Ask again” on the message above reopens the request."},
}

// noteMessage is a reply in a thread, or a message of its own. It names the project either way: a notification shows the
// reply alone. New messages notify and edits don't, so those who must act are mentioned here.
func noteMessage(n *project.Note) Message {
	s := noteStory(n)
	about := "CPI request"
	if n.Kind == project.NoteOutage {
		about = "message"
	}
	var l layout
	text := []string{mentions(n.Mention) + bold(sentences(s.icon, s.title)), s.what, todo(s.todo)}
	l.section(append(text, notes(deref(n.Event))...)...)
	l.context(only(n.Late, "⏱️ this came late"),
		only(!n.Deadline.IsZero() && n.Kind != project.NoteAutoComplete, "expires "+when(n.Deadline)))
	l.small(nameLine(n.Project))
	return l.end(n.Frame, link(n.Link, about))
}

func noteStory(n *project.Note) story {
	e, d, kind := deref(n.Event), deref(n.Decision), n.Kind
	switch {
	case kind == project.NoteFailed:
		return failedNote(n)
	case kind == project.NoteOutage && !n.Over.IsZero():
		kind += "/over"
	}
	s, ok := noteStories[kind]
	if !ok {
		return story{title: clean(string(kind), 60)}
	}
	m, difference := e.Meaning(), ""
	if n.Previous != nil && n.Amount != nil {
		difference = sentence(known("that is", change(*n.Previous, *n.Amount)))
	}
	return s.fill("{reason}", clean(Reason(e), 150), "{meaning}", clean(m.Meaning, 600), "{advice}", clean(m.Advice, 600),
		"{status}", statusWords(e.Status), "{raw status}", clean(string(e.Status), 60),
		"{times}", only(n.Times > 1, number(n.Times)+" pauses for this reason within the hour. "+
			"Further ones are counted in the message above."),
		"{count}", number(n.Times), "{deadline}", date(n.Deadline), "{since}", when(n.Since), "{over}", when(n.Over),
		"{channel}", channelName(n.Channel), "{message}", clean(n.What, 60), "{refusal}", refusal(n.Refusal),
		"{project}", n.Project.ID.String(), "{cpi}", amountOr(n.Amount, "an unknown amount"),
		"{previous}", known(", no longer", dollars(n.Previous)), "{change}", difference,
		"{reopened}", only(n.Decision != nil, decider(d.From, mention(d.User))+" reopened the request, "+when(d.At)+"."))
}

// failedNote tells those who decided that they are needed again. The message says the same, but an edit notifies nobody.
func failedNote(n *project.Note) story {
	d := deref(n.Decision)
	what, instead, where := amountOr(d.Amount, "an unknown amount"), closes, "Both buttons are on the message above."
	if d.Action != "" {
		what, instead, where = "“"+doing(d)+"”", others, "The buttons are on the alert above."
	}
	s := failedStory(n.Phase, what, instead, n.Refusal)
	s.todo = sentences(s.todo, where)
	return s
}
