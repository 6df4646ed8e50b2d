package workflows

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// look writes what people see of the project in the Temporal UI: search attributes for the list, current
// details for the page.
func (p *project) look(ctx workflow.Context) {
	waiting := p.waiting()
	if waiting != p.Waiting {
		p.Waiting, p.WaitingSince = waiting, workflow.Now(ctx)
		if !p.changedAt.IsZero() && p.changedAt.Before(p.WaitingSince) {
			p.WaitingSince = p.changedAt // it has waited since the event, however late the event reached us
		}
	}
	p.changedAt = time.Time{}
	v := view{Project: p.ProjectID, Status: p.Status, Reason: p.Reason, Waiting: p.Waiting, Since: p.WaitingSince,
		Completes: p.autoCompleteAt(), Attention: p.Attention() != "", Summary: p.summary()}
	if r := p.OpenRequest(); r != nil && waiting == WaitsApproval {
		v.Deadline, v.Required = r.Status.Deadline, r.Status.Required
	}
	v.show(ctx, p.Shown)
	p.Shown = &v
	if details := p.describe(); details != p.details {
		p.details = details
		workflow.SetCurrentDetails(p.root, details)
	}
}

// waiting says what the project waits for.
func (p *project) waiting() Waiting {
	switch p.Status {
	case prodege.PendingComplete:
		return WaitsReconciliation
	case prodege.Complete:
		if p.Invoicing != nil && p.Invoicing.Status.Waits == WaitsInvoiced {
			return WaitsInvoiced
		}
		return WaitsInvoicing
	case prodege.Invoiced, prodege.Deleted, prodege.Live:
		return WaitsNothing
	}
	if p.Pause == nil {
		return WaitsNothing
	}
	if r := p.OpenRequest(); r != nil && p.Pause.ForCPI && r.Status.Waits != "" {
		return r.Status.Waits
	}
	return WaitsLive
}

const invoiceSummary = "COMPLETE, invoice "

// SummaryByHand begins the Summary of a project whose invoice people make.
const SummaryByHand = invoiceSummary + string(activities.PhaseInvoiceByHand)

// summary is the one line of the list.
func (p *project) summary() string {
	text := string(p.Status)
	if p.Pause != nil {
		text = fmt.Sprintf("%s: %s", p.Status, reasonText(p.Pause.Event))
	}
	if r := p.OpenAction(); r != nil && !p.Pause.ForCPI && r.Status.Acting.Chosen() != nil {
		text += "; " + actionSummary(r.Status)
	}
	if r := p.OpenRequest(); r != nil && p.Pause.ForCPI {
		text = requestSummary(r.Status)
	} else if p.Status == prodege.Complete && p.Invoicing != nil {
		text = invoiceSummary + p.Invoicing.Status.Phase
	}
	if why := p.Attention(); why != "" {
		text += ". Needs attention: " + why
	}
	return text
}

// requestSummary says in a few words where a request stands: "asks to accept $4.25, now $3.75".
func requestSummary(s ChildStatus) string {
	amount := "an amount Prodege has not told"
	if s.Required != nil {
		amount = s.Required.Dollars()
	}
	now := ""
	if s.MaxCPI != nil {
		now = ", now " + s.MaxCPI.Dollars()
	}
	switch s.Phase {
	case "open", "":
		return "asks to accept " + amount + now
	case "second":
		return "asks a second person to accept " + amount + now
	case "expired":
		return "nobody decided on " + amount + " in time"
	}
	return fmt.Sprintf("CPI %s: %s", amount, s.Phase)
}

// actionSummary says in a few words where a ProjectAction stands: "Raise sample size 500: accepted".
func actionSummary(s ChildStatus) string {
	d := s.Acting.Chosen()
	if d == nil {
		return s.Phase
	}
	return actionWords(*d) + ": " + s.Phase
}

// describe is the page's Markdown. Continue-as-new drops static summary and details, so it begins with them.
func (p *project) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Prodege project %s\n", p.ProjectID)
	if p.Name.Name != "" {
		fmt.Fprintf(&b, "**%s**", markdown(p.Name.Name))
		b.WriteString(poText(p.Name.PONumber))
		b.WriteString("\n\n")
	}
	fmt.Fprintf(&b, "- **Status** %s since %s", p.Status, stamp(p.StatusSince))
	if p.Reason != 0 || p.Description != "" {
		fmt.Fprintf(&b, " (%s)", markdown(reasonText(prodege.Event{Reason: p.Reason, Description: p.Description})))
	}
	fmt.Fprintf(&b, "\n- **Waits for** %s since %s\n", p.Waiting, stamp(p.WaitingSince))
	if why := p.Attention(); why != "" {
		fmt.Fprintf(&b, "- **Needs attention** %s\n", markdown(why))
	}
	if at := p.autoCompleteAt(); !at.IsZero() {
		fmt.Fprintf(&b, "- **Prodege completes it by itself** about %s, as it has no clicks\n", day(at))
	}
	if p.SecondLife {
		b.WriteString("- **May have had a life here before**: it began with an event older than PROJECT_LINGER, so Prodege, or people, are asked before an invoice\n")
	}
	p.describeWork(&b)
	p.describePast(&b)
	return cut(b.String(), 18<<10) // the server keeps 20 KB
}

func (p *project) describeWork(b *strings.Builder) {
	if p.Pause != nil && p.board.link(p.Pause.Alert) != "" {
		fmt.Fprintf(b, "- **Alert** [in Slack](%s)\n", p.board.link(p.Pause.Alert))
	}
	for _, r := range p.Requests {
		if r.Status.Closed && p.Pause == nil {
			continue
		}
		if r.Action {
			fmt.Fprintf(b, "- **Actions from the alert** `%s`: %s\n", r.Workflow, markdown(actionSummary(r.Status)))
			continue
		}
		p.describeRequest(b, r)
	}
	if i := p.Invoicing; i != nil {
		fmt.Fprintf(b, "- **Invoicing** `%s`: %s, revision %d", InvoicingWorkflowID(p.ProjectID), i.Status.Phase, i.Status.Revision)
		if i.Status.Link != "" {
			fmt.Fprintf(b, ", [in Slack](%s)", i.Status.Link)
		}
		b.WriteString("\n")
	}
	if p.Sweep.Fault != "" {
		fmt.Fprintf(b, "- **Prodege could not be asked** %s\n", markdown(p.Sweep.Fault))
	}
}

// describeRequest says where a CPI request stands and whom it asks.
func (p *project) describeRequest(b *strings.Builder, r *RequestState) {
	fmt.Fprintf(b, "- **CPI request** `%s`: %s", r.Workflow, markdown(requestSummary(r.Status)))
	if !r.Status.Deadline.IsZero() {
		fmt.Fprintf(b, ", expires %s", stamp(r.Status.Deadline))
	}
	if r.Status.Link != "" {
		fmt.Fprintf(b, ", asked [in Slack](%s) %s", r.Status.Link, askedIn(p.Settings.ApprovalsChannel, p.Settings))
	}
	if first := firstApproval(p.Decisions); first != "" && activities.Phase(r.Status.Phase) == activities.PhaseSecond {
		fmt.Fprintf(b, "; %s", first)
	}
	b.WriteString("\n")
}

func (p *project) describePast(b *strings.Builder) {
	fmt.Fprintf(b, "\nEvents received %d: applied %d, duplicate %d, late %d, unusable %d\n", p.Counts.Received, p.Counts.Applied, p.Counts.Duplicate, p.Counts.Late, p.Counts.Unusable)
	if len(p.Last) > 0 {
		b.WriteString("\nThe last events, newest first\n\n") // a list: the UI gives the cells of a table no room
		for i := len(p.Last) - 1; i >= 0; i-- {
			e := p.Last[i]
			reason := ""
			if e.Reason != 0 {
				reason = fmt.Sprintf(" (%d)", e.Reason)
			}
			fmt.Fprintf(b, "- %s **%s**%s %s, event %s\n", stamp(e.Time), markdown(string(e.Status)), reason, e.Disposition, markdown(string(e.ID)))
		}
	}
	if len(p.Decisions) > 0 {
		b.WriteString("\nDecisions\n\n")
		for i := len(p.Decisions) - 1; i >= 0; i-- {
			d := p.Decisions[i]
			who := d.User
			if who == "" {
				who = d.From
			}
			amount := ""
			if d.Amount != nil {
				amount = " " + markdown(d.Amount.Dollars())
			}
			if d.Action != "" {
				amount = " " + numbered(d)
			}
			fmt.Fprintf(b, "- %s %s%s by %s %s\n", stamp(d.At), d.Verdict, amount, markdown(who), markdown(d.Reason))
		}
	}
}

// stamp is a time as engineers read it, to the second, with its zone.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}

// poText is ", PO 4711" in Markdown; many write "PO" in front of the number themselves.
func poText(po string) string {
	switch {
	case po == "":
		return ""
	case strings.HasPrefix(strings.ToUpper(po), "PO"):
		return ", " + markdown(po)
	}
	return ", PO " + markdown(po)
}

// markdown keeps a text from being read as Markdown; the Temporal UI takes what stands between two dollar signs
// for a formula.
func markdown(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "|", "\\|", "*", "\\*", "_", "\\_", "`", "'", "[", "\\[", "<", "\\<", "#", "\\#", "$", "\\$").Replace(text)
}

func jsonSize(v any) int {
	raw, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(raw)
}
