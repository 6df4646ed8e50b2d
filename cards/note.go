package cards

import (
	"fmt"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// note words a reply in a thread, or a message of its own. It names the project either way: a notification shows the
// reply alone. New messages notify and edits don't, so those who must act are mentioned here.
type note struct{ *project.Note }

func (n note) message() Message {
	s := n.story()
	late := ""
	if n.Late {
		late = "⏱️ this came late"
	}
	var quote []string
	if n.Event != nil {
		quote = notes(*n.Event)
	}
	var l layout
	l.section(append([]string{mentions(n.Mention) + bold(s.title), s.what, todo(s.todo)}, quote...)...)
	l.context(late, n.expiry())
	l.small(nameLine(n.Project))
	l.frame(n.Frame, link(n.Link, n.linkWords()))
	return l.message(n.Frame)
}

func (n note) linkWords() string {
	switch n.Kind {
	case project.NoteAsksCPI, project.NoteNewAmount, project.NoteAskedAgain, project.NoteReminder, project.NoteLastReminder, project.NoteExpired:
		return "CPI request"
	}
	return "message"
}

// story tells what the note is for.
func (n note) story() story {
	var e prodege.Event
	if n.Event != nil {
		e = *n.Event
	}
	m := e.Meaning()
	what, advice, reason := clean(m.Meaning, 600), clean(m.Advice, 600), clean(Reason(e), 150)
	switch n.Kind {
	case project.NotePausedAgain:
		return story{title: "⏸️ Paused again: " + reason, what: n.times()}
	case project.NoteOtherReason:
		return story{title: "⏸️ Now paused for another reason: " + reason, what: what, todo: advice}
	case project.NoteAsksCPI:
		return story{title: "💵 A CPI decision is needed now", what: "The project is still paused, now for its CPI.", todo: "Decide in the CPI request."}
	case project.NoteResumed:
		return story{title: "▶️ Live again"}
	case project.NotePendingComplete:
		return story{title: "🔄 Reconciliation under way", what: what, todo: advice}
	case project.NoteReconciliation:
		return story{title: "📝 Reconciliation note from Prodege", what: "The project is " + statusWords(e.Status) + "."}
	case project.NoteUnknown:
		return story{title: "❓ Prodege reports a status that is new here: " + clean(string(e.Status), 60),
			what: "Its reason: " + reason + ". Nothing was done.", todo: "Look at the project at Prodege."}
	case project.NoteAutoComplete:
		return story{title: "⏰ Prodege will complete the project by itself about " + date(n.Deadline),
			what: "It was paused for inactivity " + when(n.Since) + " and has had no clicks since, as far as Prodege reports. COMPLETE can't be undone, and reconciliation is possible only before that.",
			todo: "In the message above, set it live if fieldwork should go on; or reconcile it, then complete it. Only Prodege support can give more time."}
	case project.NoteAutoCompleted:
		return story{title: "🏁 Prodege has completed the project by itself",
			what: "It followed the pause of " + when(n.Since) + ". Nothing about the project can change any more; it will be invoiced as it is.", todo: advice}
	case project.NoteFailed:
		return n.failed()
	case project.NoteOutage:
		return n.outage()
	case project.NoteMore:
		return story{title: "➕ " + number(int64(n.Times)) + " more events", what: "They came faster than Slack accepts messages, so they share one. The newest: " + reason + "."}
	}
	return n.requestStory()
}

// failed tells those who decided that they are needed again. The message says the same, but an edit notifies nobody.
func (n note) failed() story {
	what, instead, where := "an unknown amount", closes, "Both buttons are on the message above."
	switch d := n.Decision; {
	case d == nil:
	case d.Action != "":
		what, instead, where = "“"+decision{*d}.doing()+"”", others, "The buttons are on the alert above."
	default:
		what = amountOr(d.Amount, what)
	}
	s := failedStory(n.Phase, what, instead, n.Refusal)
	return story{title: s.icon + " " + s.title, what: s.what, todo: sentences(s.todo, where)}
}

// outage tells the alerts channel what could not be said in another one.
func (n note) outage() story {
	channel, what := channelName(n.Channel), clean(n.What, 60)
	if !n.Over.IsZero() {
		return story{title: "✅ Slack accepts messages in " + channel + " again",
			what: "From " + when(n.Since) + " until " + when(n.Over) + " it did not accept this project's messages: " + what + "."}
	}
	return story{title: "⚠️ Slack does not accept messages in " + channel + ": " + what, what: sentences("Since "+when(n.Since)+" nobody in that channel has been told.", refusal(n.Refusal)),
		todo: "Fix what Slack names; then the message is posted by itself. Until then, `fieldmarshal state " + n.Project.ID.String() + "` shows what it says."}
}

// requestStory is that of the notes about a CPI request.
func (n note) requestStory() story {
	cpi := amountOr(n.Amount, "an unknown amount")
	switch n.Kind {
	case project.NoteNewAmount:
		s := story{title: "🔁 Prodege asks for " + cpi + " now", what: "Earlier buttons and decisions no longer count.", todo: "Please decide again in the message above."}
		if n.Previous != nil {
			s.title += ", no longer " + n.Previous.Dollars()
			if n.Amount != nil {
				s.what = sentences(sentence(known("that is", change(*n.Previous, *n.Amount))), s.what)
			}
		}
		return s
	case project.NoteAskedAgain:
		s := story{title: "🔁 Asked again: approve " + cpi + "?", todo: "Please decide in the message above."}
		if n.Decision != nil {
			s.what = decision{*n.Decision}.who() + " reopened the request, " + when(n.Decision.At) + "."
		}
		return s
	case project.NoteReminder:
		return story{title: "🔔 Nobody has decided about " + cpi + " yet", what: "The project stays paused until somebody does."}
	case project.NoteLastReminder:
		return story{title: "🔔 Last reminder: nobody has decided about " + cpi, what: "The project stays paused until somebody does."}
	case project.NoteExpired:
		return story{title: "⌛ Expired: nobody decided about " + cpi, what: "The project is still paused.", todo: "“Ask again” on the message above reopens the request."}
	}
	return story{title: clean(string(n.Kind), 60)}
}

func (n note) times() string {
	if n.Times < 2 {
		return ""
	}
	return fmt.Sprintf("%s pauses for this reason within the hour. Further ones are counted in the message above.", number(int64(n.Times)))
}

// expiry says when a request expires.
func (n note) expiry() string {
	if n.Deadline.IsZero() || n.Kind == project.NoteAutoComplete {
		return ""
	}
	return "expires " + when(n.Deadline)
}
