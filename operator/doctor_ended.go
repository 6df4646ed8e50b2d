package operator

import (
	"context"
	"fmt"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// A project whose workflow was terminated or failed can say nothing any more: its messages may still have buttons, and
// what it had begun is not finished.

const (
	endedProjects = "WorkflowType = '" + workflows.TypeProject + "' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut')"
	maxEnded      = 20 // projects that are told of
)

// ended lists projects that ended otherwise than by themselves or by a cancel, and that no event has opened again.
func (e *examination) ended() {
	const what = "ended projects"
	ctx, cancel := context.WithTimeout(e.ctx, checkTime)
	defer cancel()
	rows, _, err := e.world.Temporal.List(ctx, endedProjects, mostListed)
	if err != nil {
		e.add(Warning, what, "see the list of workflows in the Temporal UI", "can't be listed: %v", err)
		return
	}
	told := map[prodege.ProjectID]bool{}
	for _, r := range rows {
		if told[r.Project] || len(told) == maxEnded || e.reopened(ctx, r) {
			continue
		}
		told[r.Project] = true
		do := fmt.Sprintf("delete its messages in Slack; then fieldmarshal watch %s opens it again, and what it is paused for is told anew", r.Project)
		if s, err := e.world.Flows.Project(ctx, r.Project); err == nil {
			if links := withButtons(s); links != nil {
				do = fmt.Sprintf("delete in Slack what has buttons (%s); then fieldmarshal watch %s opens it again, and what it is paused for is told anew", strings.Join(links, ", "), r.Project)
			} else {
				do = fmt.Sprintf("no message of it has buttons; fieldmarshal watch %s opens it again", r.Project)
			}
		}
		e.add(Warning, fmt.Sprintf("project %s", r.Project), do, "its workflow ended (%s) at %q: it can say nothing any more, and clicks on its messages have no effect", strings.ToLower(r.Ended), r.Summary)
	}
	if len(told) == 0 {
		e.add(Fine, what, "", "no project was terminated or failed")
	}
}

// reopened reports whether a newer run of a project is under way.
func (e *examination) reopened(ctx context.Context, r Row) bool {
	open, _, err := e.world.Temporal.List(ctx, OpenProjects+fmt.Sprintf(" AND WorkflowId = '%s'", r.Workflow), 1)
	return err == nil && len(open) > 0
}

// withButtons are the links to a project's messages that may have buttons.
func withButtons(s *project.State) (links []string) {
	for _, m := range s.Outbox {
		var buttons bool
		switch card := m.Card; {
		case card.Request != nil:
			buttons = card.Request.Phase.Decidable() || card.Request.Phase.Failed()
		case card.Pause != nil:
			buttons = card.Pause.End == nil && card.Pause.Action.HasButtons()
		case card.Invoice != nil:
			switch card.Invoice.Phase {
			case project.InvoiceByHand, project.InvoiceAsks, project.InvoiceAsked, project.InvoiceRefused:
				buttons = true
			}
		}
		if buttons && m.Link != "" {
			links = append(links, m.Link)
		}
	}
	return links
}
