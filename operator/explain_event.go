package operator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// explainEvent looks for an event wherever it can be, and says what became of it.
func (c *call) explainEvent(id prodege.ProjectID, event prodege.EventID) (list []Sentence, found bool, err error) {
	p, err := c.projectState(id)
	if vain := new(Fault); errors.As(err, &vain) && vain.Code == ExitVain {
		list = append(list, c.inInbox(id, event)...)
		if list == nil {
			return nil, false, err
		}
		return list, true, nil
	}
	if errors.Is(err, errNoWorker) {
		if list = c.eventFromHistory(id, event); list != nil {
			return list, true, nil
		}
	}
	if err != nil {
		return nil, false, err
	}
	list = append(inHistory(c.history(id), event), inState(p, event)...)
	if s, known := seen(p, event); known && !toldOf(list) {
		list = append(list, s)
	}
	list = append(list, c.inInbox(id, event)...)
	if len(list) == 0 {
		return []Sentence{{Text: fmt.Sprintf("Nothing is known of event %s of project %s: it is not among its last ten events, its ledger, the ids it remembers, Temporal's history, or the inbox on this machine. A refused delivery would be listed by fieldmarshal refused.", event, id), Source: srcState}}, false, nil
	}
	return append(list, c.standing(p)...), true, nil
}

// inState says what a project tells of an event: what became of it, and what was done about it.
func inState(p workflows.ProjectState, event prodege.EventID) []Sentence {
	var list []Sentence
	for _, e := range p.Last {
		if e.ID == event {
			list = append(list, eventSentence(e))
		}
	}
	for _, l := range p.Ledger {
		if l.Ref != "" && refOf(event) == l.Ref {
			list = append(list, ledgerSentence(l))
		}
	}
	return list
}

// toldOf says whether sentences tell of an event itself, not only of what was done about it.
func toldOf(list []Sentence) bool {
	return slices.ContainsFunc(list, func(s Sentence) bool { return s.Source == srcHistory || s.Source == srcEvents })
}

// refOf is an event's id as the ledger keeps it, which cuts long ones.
func refOf(event prodege.EventID) string {
	const most, mark = 40, "…"
	if len(event) <= most {
		return string(event)
	}
	end := most - len(mark)
	for end > 0 && event[end]&0xC0 == 0x80 {
		end--
	}
	return string(event[:end]) + mark
}

// seen says whether the project remembers the id, when what became of it is no longer listed.
func seen(p workflows.ProjectState, event prodege.EventID) (Sentence, bool) {
	for _, known := range p.Seen {
		if known.Key == string(event) {
			return Sentence{Text: fmt.Sprintf("The project knows event %s: it was applied, or came late. It is no longer among the last ten, so which of the two is not kept.", event),
				Source: srcSeen, At: time.Unix(known.Unix, 0).UTC()}, true
		}
	}
	return Sentence{}, false
}

// inHistory says when Temporal had the event, as often as it came.
func inHistory(h History, event prodege.EventID) []Sentence {
	var list []Sentence
	for _, s := range h.Signals {
		if s.Event.ID == event {
			list = append(list, tookSentence(s))
		}
	}
	return list
}

// tookSentence says that Temporal had an event.
func tookSentence(s Signalled) Sentence {
	text := fmt.Sprintf("Temporal took event %s: %s, %s, with the time %s.", s.Event.ID, s.Event.Status, s.Event.Meaning().Title, stamp(s.Event.Time))
	if !s.Event.Received.IsZero() {
		text = fmt.Sprintf("%s The ingress had it at %s.", text, stamp(s.Event.Received))
	}
	return Sentence{Text: text, Source: srcHistory, At: s.At}
}

// inInbox says whether the event waits on this machine still, or is dead. No inbox here is no fault.
func (c *call) inInbox(id prodege.ProjectID, event prodege.EventID) []Sentence {
	ctx, cancel := c.within()
	defer cancel()
	var list []Sentence
	if l, err := c.world.Inbox.List(ctx); err == nil {
		for _, w := range l.Waiting {
			if w.Event.ProjectID == id && w.Event.ID == event {
				list = append(list, Sentence{Text: fmt.Sprintf("Event %s waits on disk until Temporal takes it.", event), Source: srcInbox, At: w.At})
			}
		}
	}
	if letters, err := c.world.Inbox.DeadLetters(ctx); err == nil {
		for _, l := range letters {
			if l.Event.ProjectID == id && l.Event.ID == event {
				list = append(list, Sentence{Text: fmt.Sprintf("Event %s is dead letter %d: %s.", event, l.ID, l.Reason), Source: srcInbox, At: l.At})
			}
		}
	}
	return list
}
