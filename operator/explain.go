package operator

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Explanation is why something was or was not done, sentence by sentence.
type Explanation struct {
	Project   prodege.ProjectID `json:"project_id"`
	Event     prodege.EventID   `json:"event_id,omitempty"`
	Sentences []Sentence        `json:"sentences"`
}

// Sentence says one thing, and where it was read.
type Sentence struct {
	Text   string    `json:"text"`
	Source string    `json:"source"`
	At     time.Time `json:"at,omitzero"` // when it happened
}

// The sources of sentences.
const (
	srcState   = "state"       // the project as it is now
	srcEvents  = "last events" // the last ten, with what became of each
	srcLedger  = "ledger"      // the newest 500 decisions, Prodege calls, invoices and pauses
	srcHistory = "history"     // what Temporal keeps of the workflow
	srcInbox   = "inbox"       // of the ingress on this machine
	srcSwitch  = "kill switch"
)

const (
	maxTold     = 20          // lines of the ledger that are told
	historyTime = time.Minute // bounds the reading of histories; those of a long project take a while
)

func (e *Explanation) add(source string, at time.Time, format string, args ...any) {
	e.Sentences = append(e.Sentences, Sentence{fmt.Sprintf(format, args...), source, at})
}

func (o Options) explain() *cobra.Command {
	return o.about("explain <project> [event]", func(c *call, id prodege.ProjectID) error {
		e := &Explanation{Project: id}
		s, ledger, err := c.projectWithLedger(id)
		if len(c.args) == 2 {
			e.Event = prodege.EventID(c.args[1])
			c.tellEvent(e, s, ledger)
		} else if err == nil {
			tellProject(e, s, ledger)
		}
		switch {
		case err != nil && len(e.Sentences) == 0:
			return err
		case len(e.Sentences) == 0 && e.Event != "":
			return noEffect("nothing is known of event %s of project %s: it is not among its last ten events, its ledger, Temporal's history, or the inbox on this machine. A refused delivery would be listed by fieldmarshal refused", e.Event, id)
		case err != nil:
			c.note("%v", err) // history and inbox tell something all the same
		default:
			c.tellPresent(e, s)
		}
		return c.show(e, func(p *page) {
			for _, s := range e.Sentences {
				when := ""
				if !s.At.IsZero() {
					when = stamp(s.At) + "  "
				}
				p.line("%s%s  [%s]", when, s.Text, s.Source)
			}
		})
	})
}

// tellProject tells a project's story.
func tellProject(e *Explanation, s *project.State, ledger []project.Line) {
	for _, l := range newest(ledger, maxTold) {
		e.line(l)
	}
	for _, one := range s.Last {
		if one.Disposition != project.Applied {
			e.became(one)
		}
	}
}

// tellEvent tells what became of an event and what was done about it, and whether it waits on this machine. s is nil if the
// project does not answer. No inbox here is no fault.
func (c *call) tellEvent(e *Explanation, s *project.State, ledger []project.Line) {
	ctx, cancel := context.WithTimeout(c.ctx, historyTime)
	defer cancel()
	signals, _, _ := c.world.Temporal.History(ctx, e.Project)
	for _, one := range signals {
		if ev := one.Event; ev.ID == e.Event {
			e.add(srcHistory, one.At, "Temporal received event %s: %s, with the time %s. The ingress had it at %s.", ev.ID, happened(ev.Status, ev.Reason, ev.Description), stamp(ev.Time), stamp(ev.Received))
		}
	}
	if s != nil {
		for _, one := range s.Last {
			if one.ID == e.Event {
				e.became(one)
			}
		}
	}
	for _, l := range ledger {
		if about(l, e.Event) {
			e.line(l)
		}
	}
	if l, err := c.world.Inbox.List(ctx); err == nil {
		for _, w := range l.Waiting {
			if w.Event.ProjectID == e.Project && w.Event.ID == e.Event {
				e.add(srcInbox, w.At, "Event %s waits on disk until Temporal takes it.", e.Event)
			}
		}
	}
	if letters, err := c.world.Inbox.DeadLetters(ctx); err == nil {
		for _, l := range letters {
			if l.Event.ProjectID == e.Project && l.Event.ID == e.Event {
				e.add(srcInbox, l.At, "Event %s is dead letter %d: %s.", e.Event, l.ID, l.Reason)
			}
		}
	}
}

// tellPresent tells how a project stands, and what keeps it from going on.
func (c *call) tellPresent(e *Explanation, s *project.State) {
	tell := func(is bool, format string, args ...any) {
		if is {
			e.add(srcState, time.Time{}, format, args...)
		}
	}
	request, action, attention := standing(s.OpenRequest()), standing(s.OpenAction()), cards.Attention(s.Attention())
	since := s.StatusSince
	if s.Pause != nil && s.Pause.Since.Before(since) { // a further event of the same pause does not make it younger
		since = s.Pause.Since
	}
	tell(true, "It is %s since %s.", cmp.Or(happened(s.Status, s.Reason, s.Description), "of no status yet"), stamp(since))
	tell(true, "It waits for %s, since %s.", cards.Waits(s.Waiting), stamp(s.WaitingSince))
	tell(request != "", "Its CPI request: %s.", request)
	tell(action != "", "From its alert: %s.", action)
	if i := s.Invoice; i != nil {
		tell(true, "Its invoice: r%d %s.", i.Revision, cards.InvoicePhase(i.Phase))
	}
	tell(attention != "", "It needs attention: %s.", attention)
	tell(s.Settings.DryRun, "DRY_RUN was on when it last read its settings: what is decided is told, and nothing is sent.")
	tell(!s.Settings.HasAPIKey, "There was no PRODEGE_API_KEY when it last read its settings: nothing is read or accepted at Prodege.")
	tell(s.Poll.Fault != "", "Prodege could not be asked: %s.", s.Poll.Fault)
	ctx, cancel := c.within()
	defer cancel()
	if last, err := c.world.Flows.LastSwitch(ctx); err == nil && !last.On {
		e.add(srcSwitch, last.At, "Accepting is off for all projects, by %s.", cmp.Or(last.By, "nobody known"))
	}
}

// line adds a line of the ledger.
func (e *Explanation) line(l project.Line) {
	text := lineWords(l)
	if l.Ref != "" {
		text += " (" + l.Ref + ")"
	}
	e.add(srcLedger, l.At, "%s.", text)
}

// became adds what became of an event.
func (e *Explanation) became(one project.EventLine) {
	e.add(srcEvents, one.Time, "Event %s (%s): %s.", one.ID, happened(one.Status, one.Reason, ""), cmp.Or(cards.Became(one.Disposition), "unknown"))
}

// happened is a status and why: "PAUSED, sample size reached (reason 158)".
func happened(status prodege.Status, r prodege.Reason, description string) string {
	if r == 0 && description == "" {
		return string(status)
	}
	return string(status) + ", " + reason(status, r, description)
}

// about reports whether a line of the ledger is about an event; the ledger shortens long ids.
func about(l project.Line, event prodege.EventID) bool {
	id := string(project.SafeID(event))
	cut, shortened := strings.CutSuffix(l.Ref, "…")
	return l.Ref == id || shortened && strings.HasPrefix(id, cut)
}
