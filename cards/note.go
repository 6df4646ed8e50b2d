package cards

import (
	"fmt"

	"fieldmarshal/prodege"
)

// message is a reply in a thread, or a message of its own. It names the project either way: a notification
// shows the reply alone. New messages notify, edits don't, so whoever must act is mentioned here.
func (n *Note) message() Message {
	s := n.story()
	late := ""
	if n.Late {
		late = "⏱️ this came late"
	}
	var l layout
	l.section(append([]string{mentions(n.Mention) + bold(s.title), s.what, todo(s.todo)}, n.quote()...)...)
	expires, expiresUTC := n.expiry()
	l.context(late, expires, n.Project.label())
	l.frame(n.Frame, link(n.Link, n.linkWords()))
	return Message{Text: n.line(mentions(n.Mention)+mark(s.title), s.what, s.todo, quoteLine(n.Event), expiresUTC, late), Blocks: l.blocks}
}

// quote is what Prodege's people wrote with the event.
func (n *Note) quote() []string {
	if n.Event == nil {
		return nil
	}
	return notes(*n.Event)
}

// quoteLine is the note of an event on one line.
func quoteLine(e *prodege.Event) string {
	if e == nil {
		return ""
	}
	return clean(sentences(e.RejectionNote, e.ReconciliationNote), 1000)
}

func (n *Note) linkWords() string {
	switch n.Kind {
	case NoteAsksCPI, NoteNewAmount, NoteReminder, NoteLastReminder, NoteExpired:
		return "CPI request"
	}
	return "message"
}

// story tells what the note is for.
func (n *Note) story() story {
	var e prodege.Event
	if n.Event != nil {
		e = *n.Event
	}
	m := e.Meaning()
	what, advice, reason := clean(m.Meaning, 600), clean(m.Advice, 600), clean(why(m), 150)
	switch n.Kind {
	case NotePausedAgain:
		return story{title: "⏸️ Paused again: " + reason, what: n.times()}
	case NoteOtherReason:
		return story{title: "⏸️ Now paused for another reason: " + reason, what: what, todo: advice}
	case NoteAsksCPI:
		return story{title: "💵 Now it needs a CPI decision", what: "The same pause waits for a required CPI now. Decide in the CPI request."}
	case NoteResumed:
		return story{title: "▶️ Live again"}
	case NotePendingComplete:
		return story{title: "🔄 Reconciliation under way", what: what, todo: advice}
	case NoteReconciliation:
		return story{title: "📝 Reconciliation note from Prodege", what: "The project is " + statusWords(e.Status) + "."}
	case NoteUnknown:
		return story{title: "❓ A status that is not known here: " + clean(string(e.Status), 60),
			what: "Prodege sent it (" + reasonWords(e.Reason, e.Description) + "). Nothing was done.", todo: "Look at the project at Prodege."}
	case NoteAutoComplete:
		return story{title: "⏰ Prodege completes the project by itself about " + date(n.Deadline),
			what: "It was paused for inactivity " + when(n.Since) + " and has had no clicks since, as far as Prodege told. COMPLETE can't be undone, and reconciliation applies only before it.",
			todo: "Set it live if the field should go on, or reconcile and complete it, in the message above. More time is to be had only from Prodege's support."}
	case NoteAutoCompleted:
		return story{title: "🏁 Prodege has completed the project by itself (reason 209)",
			what: "It followed the pause of " + when(n.Since) + ". Nothing of the project changes any more; it will be invoiced as it stands.", todo: advice}
	case NoteFailed:
		return n.failed()
	case NoteMore:
		return story{title: "➕ " + number(int64(n.Times)) + " more events", what: "They came faster than Slack takes messages, so they are told in one. The newest: " + reason + "."}
	}
	return n.requestStory()
}

// failed tells whoever decided that it needs them again. The message says the same, but an edit notifies nobody.
func (n *Note) failed() story {
	var d Decision
	if n.Decision != nil {
		d = *n.Decision
	}
	s := failedStory(n.Phase, amountOr(d.Amount, "an unknown amount"), n.Refusal)
	where := "Both buttons are on the message above."
	if d.Action != "" {
		s, where = failedAct(n.Phase, d.doing(), n.Refusal), "The buttons are on the alert above."
	}
	return story{title: s.icon + " " + s.title, what: s.what, todo: sentences(s.todo, where)}
}

// requestStory is that of the notes about a CPI request.
func (n *Note) requestStory() story {
	cpi := amountOr(n.Amount, "an unknown amount")
	switch n.Kind {
	case NoteNewAmount:
		s := story{title: "🔁 Prodege asks for " + cpi + " now", what: "Earlier buttons and decisions no longer count.", todo: "Please decide again in the message above."}
		if n.Previous != nil {
			s.title += ", no longer " + n.Previous.Dollars()
			if n.Amount != nil {
				s.what = sentences(sentence(known("that is", change(*n.Previous, *n.Amount))), s.what)
			}
		}
		return s
	case NoteReminder:
		return story{title: "🔔 Nobody has decided about " + cpi + " yet", what: "The project stands still until somebody does."}
	case NoteLastReminder:
		return story{title: "🔔 Last reminder: " + cpi + " waits for a decision", what: "The project stands still until somebody decides."}
	case NoteExpired:
		return story{title: "⌛ Expired: nobody decided about " + cpi, what: "The project is still paused.", todo: "“Ask again”, on the message above, reopens the request."}
	}
	return story{title: clean(string(n.Kind), 60)}
}

func (n *Note) times() string {
	if n.Times < 2 {
		return ""
	}
	return fmt.Sprintf("%s pauses for this reason within the hour. Further ones are counted in the message above.", number(int64(n.Times)))
}

// expiry says when a request expires, for the blocks and for the fallback text.
func (n *Note) expiry() (blocks, text string) {
	if n.Deadline.IsZero() || n.Kind == NoteAutoComplete {
		return "", ""
	}
	return "expires " + when(n.Deadline), "Expires " + utc(n.Deadline) + "."
}
