package operator

import (
	"fmt"
	"slices"
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

// The sources of sentences. Without a worker, ledger and last events are as the project's newest run began with them.
const (
	srcState   = "state"       // the project as it is now
	srcEvents  = "last events" // the last ten, with what became of each
	srcLedger  = "ledger"      // the newest 500 decisions, Prodege calls, invoices and pauses
	srcHistory = "history"     // what Temporal keeps of the workflow
	srcInbox   = "inbox"       // of the ingress on this machine
	srcSwitch  = "kill switch"
)

// maxTold is how many lines of the ledger, or of the history, are told.
const maxTold = 20

func (o Options) explain() *cobra.Command {
	return o.about("explain <project> [event]", true, 2, "the id of a project, and perhaps of an event", (*call).explain)
}

func (c *call) explain(id prodege.ProjectID) error {
	e := Explanation{Project: id}
	found := true
	r, err := c.record(id)
	if len(c.args) == 2 {
		e.Event = prodege.EventID(c.args[1])
		inInbox := c.inInbox(id, e.Event)
		if err != nil && inInbox == nil {
			return err
		}
		if e.Sentences = append(eventSentences(r, e.Event), inInbox...); len(e.Sentences) == 0 {
			found = false
			e.Sentences = []Sentence{{Text: fmt.Sprintf("Nothing is known of event %s of project %s: it is not among its last ten events, its ledger, Temporal's history, or the inbox on this machine. A refused delivery would be listed by fieldmarshal refused.", e.Event, id), Source: srcState}}
		}
	} else if e.Sentences = projectSentences(r); err != nil {
		return err
	}
	switch {
	case r.notShown != "":
		e.Sentences = append(e.Sentences, Sentence{Text: r.notShown, Source: srcHistory})
	case err == nil && found:
		e.Sentences = append(e.Sentences, c.presentSentences(r.state)...)
	}
	err = c.show(e, func(p *page) {
		for _, s := range e.Sentences {
			when := ""
			if !s.At.IsZero() {
				when = stamp(s.At) + "  "
			}
			p.line("%s%s  [%s]", when, s.Text, s.Source)
		}
	})
	if err == nil && !found {
		return &Fault{Code: ExitNoEffect}
	}
	return err
}

// projectSentences tells a project's story.
func projectSentences(r record) (list []Sentence) {
	for _, l := range newest(r.ledger, maxTold) {
		list = append(list, lineSentence(l))
	}
	for _, e := range r.last() {
		if e.Disposition != project.Applied {
			list = append(list, Sentence{became(e), srcEvents, e.Time})
		}
	}
	if r.notShown == "" {
		return list
	}
	for _, s := range newest(r.history.Signals, maxTold) {
		list = append(list, signalSentence(s))
	}
	slices.SortStableFunc(list, func(a, b Sentence) int { return a.At.Compare(b.At) })
	return list
}

// eventSentences tells what became of an event, and what was done about it.
func eventSentences(r record, event prodege.EventID) (list []Sentence) {
	for _, s := range r.history.Signals {
		if s.Event.ID == event {
			list = append(list, signalSentence(s))
		}
	}
	for _, e := range r.last() {
		if e.ID == event {
			list = append(list, Sentence{became(e), srcEvents, e.Time})
		}
	}
	for _, l := range r.ledger {
		if about(l, event) {
			list = append(list, lineSentence(l))
		}
	}
	return list
}

func lineSentence(l project.Line) Sentence {
	return Sentence{lineWords(l) + bracketed(l.Ref) + ".", srcLedger, l.At}
}

// signalSentence says that Temporal had an event.
func signalSentence(s Signal) Sentence {
	text := fmt.Sprintf("Temporal received event %s: %s, with the time %s.", s.Event.ID, joined(", ", string(s.Event.Status), reason(s.Event.Status, s.Event.Reason, s.Event.Description)), stamp(s.Event.Time))
	if !s.Event.Received.IsZero() {
		text += " The ingress had it at " + stamp(s.Event.Received) + "."
	}
	return Sentence{text, srcHistory, s.At}
}

// presentSentences say what a project's present state is, and what keeps it from going on.
func (c *call) presentSentences(s *project.State) (list []Sentence) {
	for _, text := range []string{
		"It is " + c.statusWords(s),
		"It waits for " + cards.Waits(s.Waiting) + ", since " + stamp(s.WaitingSince),
		known("Its CPI request: ", standing(s.OpenRequest())),
		known("From its alert: ", standing(s.OpenAction())),
		known("Its invoice: ", invoiceWords(s)),
		known("It needs attention: ", cards.Attention(s.Attention())),
		map[bool]string{true: "DRY_RUN was on when it last read its settings: what is decided is told, and nothing is sent"}[s.Settings.DryRun],
		map[bool]string{true: "The worker had no PRODEGE_API_KEY: nothing is read or accepted at Prodege"}[!s.Settings.HasAPIKey],
		known("Prodege could not be asked: ", s.Poll.Fault),
	} {
		if text != "" {
			list = append(list, Sentence{Text: strings.TrimSuffix(text, ".") + ".", Source: srcState})
		}
	}
	ctx, cancel := c.within()
	defer cancel()
	if last, err := c.world.Flows.LastSwitch(ctx); err == nil && !last.On {
		list = append(list, Sentence{"Accepting is off for all projects" + known(", by ", last.By) + ".", srcSwitch, last.At})
	}
	return list
}

// inInbox says whether an event still waits on this machine, or is a dead letter. No inbox here is no fault.
func (c *call) inInbox(id prodege.ProjectID, event prodege.EventID) (list []Sentence) {
	ctx, cancel := c.within()
	defer cancel()
	if l, err := c.world.Inbox.List(ctx); err == nil {
		for _, w := range l.Waiting {
			if w.Event.ProjectID == id && w.Event.ID == event {
				list = append(list, Sentence{fmt.Sprintf("Event %s waits on disk until Temporal takes it.", event), srcInbox, w.At})
			}
		}
	}
	if letters, err := c.world.Inbox.DeadLetters(ctx); err == nil {
		for _, l := range letters {
			if l.Event.ProjectID == id && l.Event.ID == event {
				list = append(list, Sentence{fmt.Sprintf("Event %s is dead letter %d: %s.", event, l.ID, l.Reason), srcInbox, l.At})
			}
		}
	}
	return list
}
