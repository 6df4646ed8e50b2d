package operator

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
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
	At     time.Time `json:"at,omitzero"` // what it tells of happened then
}

// The sources of sentences.
const (
	srcState    = "state"        // how the project stands now
	srcEvents   = "last events"  // the last ten, with what became of each
	srcLedger   = "ledger"       // the newest 500 decisions, Prodege calls, invoices and pauses
	srcSeen     = "seen ids"     // ids of the newest thousand events
	srcHistory  = "history"      // what Temporal keeps of the workflow
	srcCarried  = "carried over" // ledger and last events as the workflow's newest run began with them
	srcInbox    = "inbox"        // of the ingress on this machine
	srcSwitch   = "kill switch"
	mostLines   = 20               // of the ledger, or of the history
	explainTime = 30 * time.Second // histories of a long project take a while
)

func (o Options) explain() *cobra.Command {
	return noFiles(o.command(words{
		use: "explain <project> [event]", short: "Say in sentences why something was or was not done",
		long: "Say in sentences how a project came to stand as it does, or what became of one event and why. Each sentence names its\n" +
			"source: the project's state, its last events, its ledger, Temporal's history where it still exists, or the inbox on\n" +
			"this machine. Where no worker answers, it is told what histories alone tell: which events reached Temporal, and the\n" +
			"ledger as the newest run of the project's workflow began with it.",
		example: "  fieldmarshal explain 29303649\n  fieldmarshal explain 29303649 644b075404443f2a3c77c7cb",
	}, between(1, 2, "the id of a project, and perhaps of an event"), (*call).explain))
}

func (c *call) explain() error {
	id, err := c.project()
	if err != nil {
		return err
	}
	e := Explanation{Project: id}
	found := true
	if len(c.args) == 2 {
		e.Event = prodege.EventID(c.args[1])
		e.Sentences, found, err = c.explainEvent(id, e.Event)
	} else {
		e.Sentences, err = c.explainProject(id)
	}
	if err != nil {
		return err
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
		return said(ExitVain)
	}
	return err
}

// explainProject tells the story of the project and why it stands as it does.
func (c *call) explainProject(id prodege.ProjectID) ([]Sentence, error) {
	p, err := c.projectState(id)
	if errors.Is(err, errNoWorker) {
		if list := c.projectFromHistory(id); list != nil {
			return list, nil
		}
	}
	if err != nil {
		return nil, err
	}
	var all []Sentence
	for _, line := range newest(p.Ledger, mostLines) {
		all = append(all, ledgerSentence(line))
	}
	for _, e := range p.Last {
		if e.Disposition != workflows.Applied {
			all = append(all, eventSentence(e))
		}
	}
	return append(all, c.standing(p)...), nil
}

// standing says how the project stands and what keeps it from going on.
func (c *call) standing(p workflows.ProjectState) []Sentence {
	now := func(format string, args ...any) Sentence {
		return Sentence{Text: fmt.Sprintf(format, args...), Source: srcState}
	}
	if p.Status == "" {
		return []Sentence{now("No event has told how the project stands yet.")}
	}
	stands := string(p.Status)
	if p.Reason != 0 || p.Description != "" {
		stands += ": " + reason(p.Status, p.Reason, p.Description)
	}
	since := p.StatusSince
	if from := pausedSince(p); !from.IsZero() && from.Before(since) {
		stands += fmt.Sprintf("; the newest event is of %s", stamp(since))
		since = from
	}
	list := []Sentence{
		{Text: fmt.Sprintf("Since then it is %s.", stands), Source: srcState, At: since},
		now("It waits for %s, since %s.", waitsFor(p), stamp(p.WaitingSince)),
	}
	if offers := offersNow(p); len(offers) > 0 {
		list = append(list, now("Its alert offers %s.", offerWords(p.ProjectID, offers)))
	} else if r := p.OpenAction(); r != nil && r.Status.Acting != nil {
		list = append(list, now("What can be done from its alert stands so: %s.", actWords(r.Status.Phase)))
	}
	if r := p.OpenRequest(); r != nil {
		list = append(list, now("Its CPI request for %s stands so: %s.", dollars(r.Status.Required), phaseWords(r.Status.Phase)))
	}
	if p.Invoicing != nil {
		list = append(list, now("Its invoice r%d stands so: %s.", p.Invoicing.Status.Revision, invoiceWords(p.Invoicing.Status.Phase)))
	}
	if why := p.Attention(); why != "" {
		list = append(list, now("People must look: %s.", why))
	}
	if p.Settings.DryRun {
		list = append(list, now("DRY_RUN was on when it last read its settings: what is decided is told, and nothing is sent."))
	}
	if !p.Settings.HasAPIKey {
		list = append(list, now("The worker had no PRODEGE_API_KEY: nothing is read or accepted at Prodege."))
	}
	if p.Sweep.Fault != "" {
		list = append(list, now("Prodege could not be asked: %s.", faultWords(p.Sweep.Fault)))
	}
	ctx, cancel := c.within()
	defer cancel()
	if last, err := c.world.Flows.LastSwitch(ctx); err == nil && !last.On {
		text := "Accepting is switched off for all projects"
		if last.By != "" {
			text += ", by " + last.By
		}
		list = append(list, Sentence{Text: text + ".", Source: srcSwitch, At: last.At})
	}
	return list
}

func ledgerSentence(l workflows.Line) Sentence {
	text := l.What
	if l.Kind == workflows.LineDecision {
		text = "decision: " + decisionWords(text)
	}
	if l.Kind == workflows.LineProdege {
		text = "at Prodege: " + text
	}
	if l.Kind == workflows.LineInvoice {
		text = "invoice: " + text
	}
	if l.Amount != nil {
		text += ", " + l.Amount.Dollars()
	}
	if l.By != "" || l.From != "" {
		text += fmt.Sprintf(", by %s from %s", or(l.By, "nobody in particular"), or(l.From, "here"))
	}
	if l.DryRun {
		text += ", in a dry run"
	}
	if l.Ref != "" {
		text += fmt.Sprintf(" (%s)", l.Ref)
	}
	return Sentence{Text: text + ".", Source: srcLedger, At: l.At}
}

func eventSentence(e workflows.EventLine) Sentence {
	what := string(e.Status)
	if e.Reason != 0 {
		what += ", " + reason(e.Status, e.Reason, "")
	}
	return Sentence{Text: fmt.Sprintf("Event %s (%s) %s.", e.ID, what, dispositionWords(e.Disposition)), Source: srcEvents, At: e.Time}
}
