package operator

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// State is how a project stands, as state answers it in JSON.
type State struct {
	Project      prodege.ProjectID      `json:"project_id"`
	Name         string                 `json:"name,omitempty"`
	PONumber     string                 `json:"po_number,omitempty"`
	Workflow     string                 `json:"workflow"`
	Link         string                 `json:"link"` // in the Temporal UI
	Source       string                 `json:"source"`
	Status       prodege.Status         `json:"status,omitempty"`
	Reason       prodege.Reason         `json:"update_reason,omitempty"`
	Description  string                 `json:"description,omitempty"`
	StatusSince  time.Time              `json:"status_since,omitzero"`
	PausedSince  time.Time              `json:"paused_since,omitzero"` // when the pause began, of which the status' event may be a later one
	Note         string                 `json:"reconciliation_note,omitempty"`
	WaitingFor   workflows.Waiting      `json:"waiting_for,omitempty"`
	WaitingSince time.Time              `json:"waiting_since,omitzero"`
	Offers       []Offer                `json:"offers,omitempty"`    // what people can do about its pause, from the alert or with act
	Attention    string                 `json:"attention,omitempty"` // why people must look; empty: they need not
	Summary      string                 `json:"summary,omitempty"`
	SecondLife   bool                   `json:"second_life,omitempty"`
	Counts       *workflows.Counts      `json:"counts,omitempty"`
	Events       []workflows.EventLine  `json:"last_events,omitempty"`
	Inactive     time.Time              `json:"auto_complete_at,omitzero"` // Prodege completes it about then, for inactivity
	Requests     []Request              `json:"requests,omitempty"`
	Actions      []Request              `json:"actions,omitempty"` // what can be done about pauses from their alerts, or was
	Invoice      *workflows.ChildStatus `json:"invoice,omitempty"`
	Ledger       workflows.Ledger       `json:"ledger,omitempty"`
	SweepFault   string                 `json:"prodege_could_not_be_asked,omitempty"`
	ClosesAt     time.Time              `json:"closes_at,omitzero"`
}

// Request is one CPI request of a project.
type Request struct {
	Workflow string `json:"workflow"`
	Started  bool   `json:"started"` // not yet while another's acceptance is in flight
	workflows.ChildStatus
}

// Where a State was read.
const (
	fromWorkflow   = "workflow"          // its query, which a worker answers
	fromAttributes = "search attributes" // no worker answered
)

func (o Options) state() *cobra.Command {
	var lines int
	cmd := o.command(words{
		use: "state <project>", short: "Show how a project stands",
		long: "Show what a project waits for and since when, its last events and what became of each, its CPI requests,\n" +
			"its invoice and the newest lines of its ledger. Where no worker answers, what Temporal's list knows is shown.",
		example: "  fieldmarshal state 29303649\n  fieldmarshal state 29303649 --ledger 500\n  fieldmarshal state 29303649 --json | jq .waiting_for",
	}, one("the id of a project"), func(c *call) error { return c.showState(lines) })
	cmd.Flags().IntVar(&lines, "ledger", 10, "how many of the ledger's newest lines are shown")
	return noFiles(cmd)
}

func (c *call) showState(lines int) error {
	id, err := c.project()
	if err != nil {
		return err
	}
	s, err := c.readState(id, lines)
	if err != nil {
		return err
	}
	return c.show(s, func(p *page) { c.stateText(p, s) })
}

// readState asks the project's workflow, and where no worker answers, Temporal's list.
func (c *call) readState(id prodege.ProjectID, lines int) (State, error) {
	p, err := c.projectState(id)
	if err == nil {
		return c.stateOf(p, lines), nil
	}
	if !errors.Is(err, errNoWorker) {
		return State{}, err
	}
	ctx, cancel := c.within()
	defer cancel()
	rows, _, listed := c.world.Temporal.List(ctx, fmt.Sprintf("WorkflowId = '%s'", workflows.ProjectWorkflowID(id)), 1)
	if listed != nil || len(rows) == 0 {
		return State{}, err
	}
	r := rows[0]
	return State{Project: id, Workflow: r.Workflow, Link: c.link(r.Workflow), Source: fromAttributes, Status: r.Status,
		WaitingFor: r.WaitingFor, WaitingSince: r.WaitingSince, Inactive: r.AutoComplete, Summary: r.Summary, Attention: map[bool]string{true: r.Summary}[r.NeedsAttention]}, nil
}

// projectState asks a project's workflow.
func (c *call) projectState(id prodege.ProjectID) (workflows.ProjectState, error) {
	ctx, cancel := c.within()
	defer cancel()
	p, err := c.world.Flows.Project(ctx, id)
	if errors.Is(err, workflows.ErrClosed) {
		return p, inVain("project %s is not known here: no event of it has come, or it closed longer ago than Temporal remembers. `fieldmarshal watch %s` opens it", id, id)
	}
	return p, c.reached(err, fmt.Sprintf("project %s", id))
}

func (c *call) stateOf(p workflows.ProjectState, lines int) State {
	s := State{
		Project: p.ProjectID, Name: p.Name.Name, PONumber: p.Name.PONumber,
		Workflow: workflows.ProjectWorkflowID(p.ProjectID), Link: c.link(workflows.ProjectWorkflowID(p.ProjectID)), Source: fromWorkflow,
		Status: p.Status, Reason: p.Reason, Description: p.Description, StatusSince: p.StatusSince, Note: p.Note,
		WaitingFor: p.Waiting, WaitingSince: p.WaitingSince, Offers: offersNow(p), Attention: p.Attention(), SecondLife: p.SecondLife,
		Counts: &p.Counts, Events: p.Last, Ledger: newest(p.Ledger, lines), SweepFault: p.Sweep.Fault, ClosesAt: p.ClosesAt,
	}
	if p.Shown != nil {
		s.Summary = p.Shown.Summary
	}
	s.PausedSince = pausedSince(p)
	if p.Pause != nil && p.Pause.Inactivity != nil {
		s.Inactive = p.Pause.Inactivity.At
	}
	for _, r := range p.Requests {
		to := &s.Requests
		if r.Action {
			to = &s.Actions
		}
		*to = append(*to, Request{r.Workflow, r.Started, r.Status})
	}
	if p.Invoicing != nil {
		s.Invoice = &p.Invoicing.Status
	}
	return s
}

// pausedSince is when the present pause began; zero where the project is not paused.
func pausedSince(p workflows.ProjectState) time.Time {
	if p.Pause == nil || p.Status != prodege.Paused {
		return time.Time{}
	}
	return p.Pause.Since
}

func newest[S ~[]E, E any](all S, n int) S {
	if n < 0 {
		n = 0
	}
	return all[max(0, len(all)-n):]
}

// link leads to a workflow in the Temporal UI.
func (c *call) link(workflowID string) string {
	return c.world.Facts.TemporalUIURL + "/namespaces/" + url.PathEscape(c.world.Facts.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}
