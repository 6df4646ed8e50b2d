package cards

import (
	"fmt"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// maxDetails stays under what Temporal keeps of a workflow's current details, 20 KB.
const maxDetails = 18 << 10

// Details is the page of a project in the Temporal UI, in Markdown. Continue-as-new drops static summary and details,
// so it begins with what they said.
func Details(s *project.State) string {
	var p page
	p.line("### Prodege project %s", s.ID)
	if s.Name.Name != "" {
		p.line("**%s**\n", strings.Join(some(markdown(s.Name.Name), markdown(poWords(s.Name))), ", "))
	}
	p.status(s)
	p.questions(s)
	p.work(s)
	p.past(s)
	return cutBytes(p.b.String(), maxDetails)
}

// page is Markdown that is being written. Everything from outside goes through markdown.
type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// item is a named line of a list; one without a value is left out.
func (p *page) item(name, value string) {
	if value != "" {
		p.line("- **%s** %s", name, value)
	}
}

// status is the project's status, what it waits for and what people must look at.
func (p *page) status(s *project.State) {
	status := "not known yet"
	if s.Status != "" {
		status = markdown(string(s.Status)) + " since " + stamp(s.StatusSince)
	}
	if s.Reason != 0 || s.Description != "" {
		status += ": " + markdown(Reason(prodege.Event{Status: s.Status, Reason: s.Reason, Description: s.Description}))
	}
	p.item("Status", status)
	waits := Waits(s.Waiting)
	if s.Waiting != project.WaitsNothing {
		waits += " since " + stamp(s.WaitingSince)
	}
	p.item("Waits for", markdown(waits))
	p.item("Needs attention", markdown(Attention(s.Attention())))
	if s.Pause != nil && s.Pause.Inactivity != nil {
		p.item("Prodege completes it by itself", "about "+s.Pause.Inactivity.At.In(prodege.Pacific()).Format("2006-01-02")+", because it has no clicks")
	}
	if s.Life.Earlier || s.Life.Old {
		p.item("Earlier life here", "possible, so people are asked before anything is approved by rule or invoiced")
	}
	p.item("Cancelled", map[bool]string{true: "in Temporal: nothing new is begun"}[s.Cancelled])
}

// questions is what people are asked, and whom.
func (p *page) questions(s *project.State) {
	if s.Pause != nil {
		p.item("Paused", "since "+stamp(s.Pause.Since)+": "+markdown(Reason(s.Pause.Event)))
		p.item("Alert", slackLink(s, s.Pause.Alert))
	}
	if q := s.Request; q != nil && (!q.Closed || s.Pause != nil) {
		text := markdown(RequestLine(q))
		if q.Phase == project.PhaseOpen || q.Phase == project.PhaseSecond {
			if !q.Clock.Deadline.IsZero() {
				text += ", expires " + stamp(q.Clock.Deadline)
			}
			text += ", asked in " + markdown(s.Settings.ApprovalsChannel) + ": " + markdown(approvers(s.Settings))
		}
		if n := len(q.Decisions); q.Phase == project.PhaseSecond && n > 0 {
			text += "; first " + markdown(DecisionLine(q.Decisions[n-1]))
		}
		p.item("CPI request", strings.Join(some(text, slackLink(s, requestKey(s))), ", "))
	}
	if q := s.Action; q != nil && (!q.Closed || s.Pause != nil) {
		text := markdown(ActionLine(q))
		if q.Phase == project.PhaseOpen {
			text += ", asked in " + markdown(s.Settings.AlertsChannel) + ": " + markdown(approvers(s.Settings))
		}
		p.item("From the alert", text)
	}
}

// RequestLine says where a CPI request is.
func RequestLine(q *project.Question) string {
	var maxCPI *prodege.USD
	if q.Numbers != nil {
		maxCPI = q.Numbers.MaxCPI
	}
	return RequestPhase(q.Phase, q.Required, q.Approved, maxCPI)
}

// ActionLine says where a decision from an alert is, or what is offered.
func ActionLine(q *project.Question) string {
	if n := len(q.Decisions); n > 0 {
		return ActionPhase(q.Phase, &q.Decisions[n-1])
	}
	text := ActionPhase(q.Phase, nil)
	if q.Phase == project.PhaseOpen {
		var labels []string
		for _, row := range q.Offers {
			labels = append(labels, row.Label)
		}
		text += known("; offered:", strings.Join(labels, ", "))
	}
	return text
}

// work is what is under way.
func (p *page) work(s *project.State) {
	if a := s.Act; a != nil {
		text := fmt.Sprintf("try %d", a.Tries)
		if !a.First.IsZero() {
			text += ", the first at " + stamp(a.First)
		}
		p.item("Under way at Prodege", text+markdown(known("; last fault:", faultText(a.Fault))))
	}
	if i := s.Invoice; i != nil {
		text := fmt.Sprintf("%s since %s, revision %d, key `%s`", markdown(InvoicePhase(i.Phase)), stamp(i.PhaseAt), i.Revision, i.Key)
		p.item("Invoice", strings.Join(some(text, slackLink(s, i.Key)), ", "))
	}
	p.item("Prodege could not be asked", markdown(s.Poll.Fault))
	for _, m := range s.Outbox {
		if m.Shown < m.Wanted && m.Fault+m.Failure != "" && m.User == "" {
			p.item("Not yet in Slack", markdown(m.What+" since "+stamp(m.Due)+": "+strings.Join(some(m.Fault, m.Failure), "; ")))
		}
	}
}

func faultText(f *project.Refusal) string {
	if f == nil {
		return ""
	}
	return f.Party + ": " + f.Text
}

// past is what happened, newest first.
func (p *page) past(s *project.State) {
	c := s.Counts
	p.line("\nEvents received: %d (applied %d, duplicate %d, late %d, unusable %d)", c.Received, c.Applied, c.Duplicate, c.Late, c.Unusable)
	if len(s.Last) > 0 {
		p.line("\nLast events, newest first\n") // a list: the UI gives the cells of a table no room
	}
	for i := len(s.Last) - 1; i >= 0; i-- {
		e := s.Last[i]
		text := stamp(e.Time) + " **" + markdown(string(e.Status)) + "**"
		if e.Reason != 0 {
			text += " " + markdown(Reason(prodege.Event{Status: e.Status, Reason: e.Reason}))
		}
		more := some(Became(e.Disposition), known("vouched for by", e.Vouched))
		if e.Source == prodege.FromSweep {
			more = append(more, "found by asking Prodege")
		}
		if e.Future {
			more = append(more, "dated ahead of our clock")
		}
		p.line("- %s: %s, event %s", text, markdown(strings.Join(more, ", ")), markdown(string(e.ID)))
	}
	if len(s.Decisions) > 0 {
		p.line("\nDecisions, newest first\n")
	}
	for i := len(s.Decisions) - 1; i >= 0; i-- {
		d := s.Decisions[i]
		p.line("- %s %s", stamp(d.At), markdown(strings.Join(some(DecisionLine(d), d.Reason), ": ")))
	}
}

// approvers says who is asked, to be read.
func approvers(s project.Settings) string {
	const most = 20
	if s.Anyone {
		return "anyone in the channel"
	}
	var list []string
	for i, id := range s.Approvers {
		if i == most {
			list = append(list, fmt.Sprintf("%d more", len(s.Approvers)-most))
			break
		}
		if strings.HasPrefix(id, "S") {
			id = "user group " + id
		}
		list = append(list, id)
	}
	if list == nil {
		return "the approvers"
	}
	return strings.Join(list, ", ")
}
