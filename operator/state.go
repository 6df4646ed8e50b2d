package operator

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// State is how a project stands, as state answers it in JSON: what the project itself remembers, and beside it what that
// comes to.
type State struct {
	*project.State
	Workflow  string            `json:"workflow"`
	Link      string            `json:"link"`                // in the Temporal UI
	Source    string            `json:"source"`              // where it was read
	Attention string            `json:"attention,omitempty"` // why people must look; empty: they need not
	Summary   string            `json:"summary,omitempty"`
	MaxCPI    *prodege.USD      `json:"max_cpi,omitempty"` // in force at Prodege, as far as it is known
	Inactive  time.Time         `json:"auto_complete_at,omitzero"`
	Messages  map[string]string `json:"messages,omitempty"` // links to the newest messages in Slack: alert, CPI request, invoice
}

// Where a State was read.
const (
	fromWorkflow   = "workflow"          // its query, which a worker answers
	fromAttributes = "search attributes" // no worker answered
)

func (o Options) state() *cobra.Command {
	var lines int
	cmd := o.about("state <project>", true, 1, "the id of a project", func(c *call, id prodege.ProjectID) error {
		s, err := c.readState(id, lines)
		if err != nil {
			return err
		}
		return c.show(s, func(p *page) { c.stateText(p, s) })
	})
	cmd.Flags().IntVar(&lines, "ledger", 10, "how many of the ledger's newest lines are shown")
	return cmd
}

// projectState asks a project's workflow.
func (c *call) projectState(id prodege.ProjectID) (*project.State, error) {
	ctx, cancel := c.within()
	defer cancel()
	s, err := c.world.Flows.Project(ctx, id)
	if errors.Is(err, workflows.ErrClosed) {
		return nil, c.unknownProject(id)
	}
	return s, c.explained(err, fmt.Sprintf("project %s", id))
}

// ledger asks a project's workflow for its ledger.
func (c *call) ledger(id prodege.ProjectID) (workflows.Ledger, error) {
	ctx, cancel := c.within()
	defer cancel()
	l, err := c.world.Flows.Ledger(ctx, id)
	return l, c.explained(err, fmt.Sprintf("the ledger of project %s", id))
}

// readState asks the project's workflow and, if no worker answers, Temporal's list.
func (c *call) readState(id prodege.ProjectID, lines int) (State, error) {
	s := State{Workflow: workflows.ProjectID(id), Link: c.link(workflows.ProjectID(id)), Source: fromWorkflow}
	p, err := c.projectState(id)
	switch {
	case errors.Is(err, errNoWorker):
		ctx, cancel := c.within()
		defer cancel()
		rows, _, listed := c.world.Temporal.List(ctx, fmt.Sprintf("WorkflowId = '%s'", s.Workflow), 1)
		if listed != nil || len(rows) == 0 {
			return State{}, err
		}
		r := rows[0]
		s.State = &project.State{ID: id, Status: r.Status, Waiting: r.WaitingFor, WaitingSince: r.WaitingSince}
		s.Source, s.Summary, s.Inactive = fromAttributes, r.Summary, r.AutoComplete
		if r.NeedsAttention {
			s.Attention = r.Summary
		}
		return s, nil
	case err != nil:
		return State{}, err
	}
	l, err := c.ledger(id)
	if err != nil {
		return State{}, err
	}
	v := p.View()
	s.Attention, s.Summary, s.MaxCPI, s.Inactive = cards.Attention(v.Attention), cards.Summary(v), maxCPI(p.Request), v.Completes
	s.Messages = messages(p)
	shown := *p
	shown.Ledger, shown.Outbox, shown.Handled = newest(l.Lines, lines), nil, nil // how things are said is not of interest here
	s.State = &shown
	return s, nil
}

// messages are links to a project's newest messages in Slack, by what they are.
func messages(p *project.State) map[string]string {
	links := map[string]string{}
	for _, m := range p.Outbox {
		if m.Parent == "" && m.User == "" && m.Link != "" {
			links[m.What] = m.Link
		}
	}
	return links
}

// maxCPI is the maximum CPI in force at Prodege, as far as it was read or set; nil if it is not known.
func maxCPI(q *project.Question) *prodege.USD {
	if q == nil || q.Numbers == nil {
		return nil
	}
	return q.Numbers.MaxCPI
}

// link leads to a workflow in the Temporal UI.
func (c *call) link(workflowID string) string {
	return c.world.Facts.TemporalUIURL + "/namespaces/" + url.PathEscape(c.world.Facts.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}

func (c *call) stateText(p *page, s State) {
	p.line("Project %s  %s", s.ID, joined(", ", s.Name.Name, s.Name.PONumber))
	if s.Source == fromAttributes {
		p.line("No worker answers: this is what Temporal's list knows.")
	}
	p.item("status", c.statusWords(s.State))
	p.item("waits for", fmt.Sprintf("%s: %s, since %s (%s)", cmp.Or(s.Waiting, project.WaitsNothing), cards.Waits(s.Waiting), stamp(s.WaitingSince), c.ago(s.WaitingSince)))
	p.item("summary", s.Summary)
	p.item("ATTENTION", s.Attention)
	if !s.Inactive.IsZero() {
		p.item("inactive", fmt.Sprintf("Prodege completes it by itself about %s (in %s)", stamp(s.Inactive), lasting(s.Inactive.Sub(c.now()))))
	}
	if q := s.Request; q != nil {
		expires := ""
		if q.Phase == project.PhaseOpen || q.Phase == project.PhaseSecond {
			if at := q.Clock.Deadline; !at.IsZero() {
				expires = fmt.Sprintf("expires %s (in %s)", stamp(at), lasting(at.Sub(c.now())))
			}
		}
		p.item("CPI request", joined(", ", cards.RequestLine(q), expires, s.Messages["CPI request"]))
		if s.MaxCPI != nil {
			p.item("max CPI", s.MaxCPI.Dollars()+" in force")
		}
	}
	if q := s.Action; q != nil {
		line := cards.ActionLine(q)
		if q.Phase == project.PhaseOpen {
			line += fmt.Sprintf(" (fieldmarshal act %s)", s.ID)
		}
		p.item("from alert", line)
	}
	p.item("alert", s.Messages["alert"])
	p.item("invoice", joined(", ", invoiceWords(s.State), s.Messages["invoice"]))
	p.item("note", s.Note)
	if s.Life.Old || s.Life.Earlier {
		p.item("earlier life", "it may have been here before, so people are asked before anything is approved by rule or invoiced")
	}
	p.item("not asked", known("Prodege could not be asked: ", s.Poll.Fault))
	if !s.ClosesAt.IsZero() {
		p.item("closes", stamp(s.ClosesAt))
	}
	p.item("workflow", s.Link)
	pastText(p, s)
}

// statusWords is a project's status, since when and why. A further event of the same pause does not make it younger.
func (c *call) statusWords(s *project.State) string {
	text := cmp.Or(string(s.Status), "no status yet")
	switch {
	case s.StatusSince.IsZero():
	case s.Pause != nil && s.Status == prodege.Paused && s.Pause.Since.Before(s.StatusSince):
		text += fmt.Sprintf(" since %s (%s), newest event %s (%s ago)", stamp(s.Pause.Since), c.ago(s.Pause.Since), stamp(s.StatusSince), c.ago(s.StatusSince))
	default:
		text += fmt.Sprintf(" since %s (%s)", stamp(s.StatusSince), c.ago(s.StatusSince))
	}
	if s.Reason != 0 || s.Description != "" {
		text += ": " + reason(s.Status, s.Reason, s.Description)
	}
	return text
}

// invoiceWords says where a project's invoice is; empty if there is none.
func invoiceWords(s *project.State) string {
	if s.Invoice == nil {
		return ""
	}
	return fmt.Sprintf("r%d %s", s.Invoice.Revision, cards.InvoicePhase(s.Invoice.Phase))
}

func pastText(p *page, s State) {
	if s.Source == fromAttributes {
		return
	}
	n := s.Counts
	p.line("\nEvents: %d received = %d applied + %d duplicate + %d late + %d unusable", n.Received, n.Applied, n.Duplicate, n.Late, n.Unusable)
	table(p, []string{"TIME", "EVENT", "STATUS", "REASON", "SOURCE", "BECAME"}, backward(s.Last), func(e project.EventLine) []any {
		return []any{e.Time, e.ID, e.Status, e.Reason, e.Source, cards.Became(e.Disposition)}
	})
	if len(s.Ledger) > 0 {
		p.line("\nLedger, newest first")
	}
	table(p, []string{"TIME", "WHAT", "ABOUT"}, backward(s.Ledger), func(l project.Line) []any { return []any{l.At, lineWords(l), l.Ref} })
}
