package workflows

import (
	"fmt"
	"strings"

	"fieldmarshal/activities"
)

// status is where the action stands, with all that the alert shows of it.
func (a *action) status() ChildStatus {
	attention := ""
	if a.failed() {
		attention = "“" + actionWords(*a.decided()) + "” did not do it"
		if a.Refusal != nil {
			attention = a.Refusal.Party + ": " + a.Refusal.Text
		}
	}
	if fault := a.board.fault(); fault != "" {
		attention = "Slack: " + fault
	}
	return ChildStatus{Phase: string(a.Phase), Waits: WaitsLive, Attention: cut(attention, 200), Busy: a.acting != nil, Closed: a.over(), Acting: a.facts()}
}

// facts are what the alert shows. They are copied: the Project keeps them.
func (a *action) facts() *activities.Acting {
	return &activities.Acting{Workflow: a.board.workflow, Generation: a.Generation, Event: a.Event, Phase: a.Phase, PhaseAt: a.PhaseAt,
		Decisions: lastOf(a.Decisions, 5), Refusal: a.Refusal, EndStatus: a.EndStatus, Figures: a.Figures,
		MaybeSent: a.MaybeSent && a.Phase == activities.PhaseElsewhere, DryRun: a.Settings.DryRun, Anyone: a.Settings.Anyone}
}

// lastOf copies the last n of a list.
func lastOf[T any](list []T, n int) []T {
	return append([]T(nil), list[max(0, len(list)-n):]...)
}

func (a *action) seen(ChildStatus) view { return view{Summary: a.summary()} }

// OffersPrefix begins the summary of a ProjectAction on which nobody has decided; the labels of what it offers follow.
const OffersPrefix = "offers: "

// summary is the one line of the list.
func (a *action) summary() string {
	if d := a.decided(); d != nil {
		return actionWords(*d) + ": " + string(a.Phase)
	}
	if a.Phase != activities.PhaseOpen {
		return "nothing to be done here: " + string(a.Phase)
	}
	var labels []string
	for _, row := range a.Event.Actions() {
		labels = append(labels, row.Label)
	}
	return OffersPrefix + strings.Join(labels, ", ")
}

// describe is the page's Markdown.
func (a *action) describe(s ChildStatus) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### What can be done about the pause of project %s\n", a.Project.ID)
	if a.Project.Name != "" {
		fmt.Fprintf(&b, "**%s**\n", markdown(a.Project.Name))
	}
	fmt.Fprintf(&b, "\n- **Paused** %s, %s\n- **Stands** %s since %s, generation %d\n", markdown(reasonText(a.Event)), stamp(a.Event.Time), markdown(a.summary()), stamp(a.PhaseAt), a.Generation)
	fmt.Fprintf(&b, "- **Asks** %s\n", askedIn(a.Settings.AlertsChannel, a.Settings))
	if s.Attention != "" {
		fmt.Fprintf(&b, "- **Needs attention** %s\n", markdown(s.Attention))
	}
	for _, d := range a.Decisions {
		fmt.Fprintf(&b, "- %s %s %s by %s (%s) %s\n", stamp(d.At), d.Verdict, numbered(d), markdown(d.User), d.From, markdown(d.Reason))
	}
	fmt.Fprintf(&b, "\nPart of the workflow %s, whose alert has the buttons\n", ProjectWorkflowID(a.Project.ID))
	return b.String()
}

// numbered names the action of a decision, with its number; empty where it is of none.
func numbered(d activities.Decided) string {
	if d.Number == 0 {
		return string(d.Action)
	}
	return fmt.Sprintf("%s %d", d.Action, d.Number)
}
