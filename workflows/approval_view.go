package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// draw writes the request's message as it stands now.
func (a *approval) draw(ctx workflow.Context) {
	if a.Deadline.IsZero() && a.asking() {
		a.Deadline = hoursOf(a.Settings).Add(workflow.Now(ctx), a.Settings.ApprovalTimeout)
	}
	card := activities.Card{Request: a.card(ctx)}
	if m := a.board.find(requestMessage); m == nil || !sameJSON(m.Card, card) {
		a.board.post(requestMessage, a.Settings.ApprovalsChannel, card, "CPI request")
	}
}

// rewrite has the message written once more as it is.
func (a *approval) rewrite(workflow.Context) { a.board.again(requestMessage) }

func (a *approval) reply(_ workflow.Context, r Reply) {
	a.board.reply(requestMessage, r.Key, activities.Card{Note: &r.Note}, failedWhat)
}

func (a *approval) card(ctx workflow.Context) *activities.Request {
	s := a.Settings
	r := &activities.Request{Frame: a.frame(ctx), Workflow: workflow.GetInfo(ctx).WorkflowExecution.ID, Generation: a.Generation,
		Required: a.Required, Previous: a.Previous, Numbers: a.Numbers, PausedAt: a.PausedAt, Phase: a.Phase, PhaseAt: a.PhaseAt,
		Decisions: a.Decisions, Sent: a.Sent, SentUnread: a.Unread, MaybeSent: a.MaybeSent && a.Phase == activities.PhaseElsewhere, Refusal: a.Refusal, EndStatus: a.EndStatus, Alert: a.Alert,
		Ceiling: s.Ceiling, SecondAbove: s.SecondApproverAbove, NoAPIKey: !s.HasAPIKey, DryRun: s.DryRun, Anyone: s.Anyone}
	if a.asking() {
		r.Deadline = a.Deadline
	}
	if a.Phase == activities.PhaseOther {
		r.Other = a.Other
	}
	for i := len(a.Earlier) - 1; i >= 0 && len(r.Earlier) < 3; i-- {
		r.Earlier = append(r.Earlier, a.Earlier[i])
	}
	return r
}

func (a *approval) note(ctx workflow.Context, kind activities.NoteKind) activities.Card {
	n := &activities.Note{Frame: a.frame(ctx), Kind: kind, Amount: a.Required, Deadline: a.Deadline}
	switch kind {
	case activities.NoteNewAmount:
		n.Previous = a.Previous
	case activities.NoteLastReminder, activities.NoteExpired:
		n.Mention = a.Settings.Escalation
	}
	return activities.Card{Note: n}
}

func (a *approval) status() ChildStatus {
	waits, attention := a.waits()
	if fault := a.board.fault(); fault != "" {
		attention = "Slack: " + fault
	}
	s := ChildStatus{Phase: string(a.Phase), Waits: waits, Required: a.Required, Previous: a.Previous, Attention: attention,
		Link: a.board.link(requestMessage), Busy: a.acting != nil, Closed: a.over()}
	if a.Numbers != nil {
		s.MaxCPI = a.Numbers.MaxCPI
	}
	if a.asking() {
		s.Deadline = a.Deadline
	}
	return s
}

func (a *approval) seen(s ChildStatus) view {
	return view{Deadline: s.Deadline, Required: s.Required, Summary: requestSummary(s)}
}

func (a *approval) describe(s ChildStatus) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### CPI request for project %s\n", a.Project.ID)
	if a.Project.Name != "" {
		fmt.Fprintf(&b, "**%s**\n", markdown(a.Project.Name))
	}
	fmt.Fprintf(&b, "\n- **Stands** %s since %s\n- generation %d, paused since %s\n", markdown(requestSummary(s)), stamp(a.PhaseAt), a.Generation, stamp(a.PausedAt))
	if !s.Deadline.IsZero() {
		fmt.Fprintf(&b, "- **Expires** %s\n", stamp(s.Deadline))
	}
	whom := askedIn(a.Settings.ApprovalsChannel, a.Settings)
	if s.Link != "" {
		fmt.Fprintf(&b, "- **Asked** [in Slack](%s) %s\n", s.Link, whom)
	} else {
		fmt.Fprintf(&b, "- **Asks** %s; the message does not stand yet\n", whom)
	}
	if a.Phase == activities.PhaseSecond {
		fmt.Fprintf(&b, "- **Asks a second person** %s\n", firstApproval(a.Decisions))
	}
	if s.Attention != "" {
		fmt.Fprintf(&b, "- **Needs attention** %s\n", markdown(s.Attention))
	}
	for _, d := range a.Decisions {
		fmt.Fprintf(&b, "- %s %s by %s (%s) %s\n", stamp(d.At), d.Verdict, markdown(d.User), d.From, markdown(d.Reason))
	}
	fmt.Fprintf(&b, "\nPart of the workflow %s\n", ProjectWorkflowID(a.Project.ID))
	return b.String()
}
