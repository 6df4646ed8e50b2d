package operator

import (
	"errors"
	"fmt"

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
	Attention string            `json:"attention,omitempty"` // why people must look; empty: they need not
	Summary   string            `json:"summary,omitempty"`
	Messages  map[string]string `json:"messages,omitempty"` // links to the newest messages in Slack: alert, CPI request, invoice
}

func (o Options) state() *cobra.Command {
	var lines int
	cmd := o.about("state <project>", func(c *call, id prodege.ProjectID) error {
		s, ledger, err := c.projectWithLedger(id)
		switch {
		case errors.Is(err, errNoWorker):
			return c.listedState(id, err)
		case err != nil:
			return err
		}
		v := s.View()
		shown := *s
		shown.Ledger, shown.Outbox, shown.Handled = newest(ledger, lines), nil, nil // how things are said is not of interest here
		workflow := workflows.ProjectID(id)
		return c.show(State{&shown, workflow, c.world.UILink(workflow), cards.Attention(v.Attention), cards.Summary(v), messages(s)}, func(p *page) {
			p.markdown(cards.Details(s))
			if len(shown.Ledger) > 0 {
				p.block("\nLedger, newest first")
			}
			table(p, "TIME|WHAT|ABOUT", backward(shown.Ledger), func(l project.Line) []any { return []any{l.At, lineWords(l), l.Ref} })
			p.line("%s", c.world.UILink(workflow))
		})
	})
	cmd.Flags().IntVar(&lines, "ledger", 10, "how many of the ledger's newest lines to show")
	return cmd
}

// listedState shows what Temporal's list knows of a project that no worker answers for.
func (c *call) listedState(id prodege.ProjectID, noWorker error) error {
	ctx, cancel := c.within()
	defer cancel()
	rows, _, err := c.world.Temporal.List(ctx, fmt.Sprintf("WorkflowId = '%s'", workflows.ProjectID(id)), 1)
	if err != nil || len(rows) == 0 {
		return noWorker
	}
	r := rows[0]
	c.note("No worker answers: this is what Temporal's list knows.")
	return c.show(r, func(p *page) {
		p.line("Prodege project %s", id)
		p.line("- Status %s", r.Status)
		p.line("- Waits for %s since %s", cards.Waits(r.WaitingFor), stamp(r.WaitingSince))
		p.line("- Summary %s", r.Summary)
		p.line("%s", c.world.UILink(r.Workflow))
	})
}

// projectState asks a project's workflow.
func (c *call) projectState(id prodege.ProjectID) (*project.State, error) {
	ctx, cancel := c.within()
	defer cancel()
	s, err := c.world.Flows.Project(ctx, id)
	if errors.Is(err, workflows.ErrClosed) {
		return nil, noEffect("project %s is not known here: no event of it has come, or it closed longer ago than Temporal remembers. `fieldmarshal watch %[1]s` opens it", id)
	}
	return s, c.explained(err, fmt.Sprintf("project %s", id))
}

// projectWithLedger asks a project's workflow for its ledger, too.
func (c *call) projectWithLedger(id prodege.ProjectID) (*project.State, []project.Line, error) {
	s, err := c.projectState(id)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := c.within()
	defer cancel()
	l, err := c.world.Flows.Ledger(ctx, id)
	return s, l.Lines, c.explained(err, fmt.Sprintf("the ledger of project %s", id))
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
