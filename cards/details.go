package cards

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Accepting is the page of the kill switch in the Temporal UI, as Markdown.
func Accepting(on bool, by string, at time.Time) string {
	text := "### Accepting CPIs at Prodege is ON"
	if !on {
		text = "### Accepting CPIs at Prodege is OFF: decisions are recorded and held back"
	}
	return text + only(by != "", "\nby "+markdown(by)+", "+stamp(at))
}

// Details is the page of a project in the Temporal UI, in Markdown. Continue-as-new drops static summary and details,
// so it begins with what they said.
func Details(s *project.State) string {
	const most = 18 << 10 // Temporal keeps 20 KB of a workflow's current details
	var p page
	p.line("### Prodege project %s", s.ID)
	if s.Name.Name != "" {
		p.line("**%s**\n", commas(markdown(s.Name.Name), markdown(poWords(s.Name))))
	}
	p.status(s)
	p.questions(s)
	p.work(s)
	p.past(s)
	return project.Cut(p.b.String(), most)
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
	p.item("Status", status+known(":", markdown(reasonFor(s.Status, s.Reason, s.Description))))
	p.item("Waits for", markdown(Waits(s.Waiting)+only(s.Waiting != project.WaitsNothing, " since "+stamp(s.WaitingSince))))
	p.item("Needs attention", markdown(Attention(s.Attention())))
	if s.Pause != nil && s.Pause.Inactivity != nil {
		day := s.Pause.Inactivity.At.In(prodege.Pacific()).Format("2006-01-02")
		p.item("Prodege completes it by itself", "about "+day+", because it has no clicks")
	}
	p.item("Earlier life here", only(s.Life.Earlier || s.Life.Old,
		"possible, so people are asked before anything is approved by rule or invoiced"))
	p.item("Cancelled", only(s.Cancelled, "in Temporal: nothing new is begun"))
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
			text += only(!q.Clock.Deadline.IsZero(), ", expires "+stamp(q.Clock.Deadline)) + asked(s.Settings.ApprovalsChannel, s)
		}
		if n := len(q.Decisions); q.Phase == project.PhaseSecond && n > 0 {
			text += "; first " + markdown(DecisionLine(q.Decisions[n-1]))
		}
		p.item("CPI request", commas(text, slackLink(s, requestKey(s))))
	}
	if q := s.Action; q != nil && (!q.Closed || s.Pause != nil) {
		p.item("From the alert", markdown(ActionLine(q))+only(q.Phase == project.PhaseOpen, asked(s.Settings.AlertsChannel, s)))
	}
}

// asked says where and who is asked.
func asked(channel string, s *project.State) string {
	const most = 20
	all := s.Settings.Approvers
	var list []string
	for _, id := range all[:min(most, len(all))] {
		list = append(list, only(strings.HasPrefix(id, "S"), "user group ")+id)
	}
	who := commas(append(list, only(len(all) > most, fmt.Sprintf("%d more", len(all)-most)))...)
	switch {
	case s.Settings.Anyone:
		who = "anyone in the channel"
	case len(all) == 0:
		who = "the approvers"
	}
	return ", asked in " + markdown(channel) + ": " + markdown(who)
}

func (p *page) work(s *project.State) {
	if a := s.Act; a != nil {
		text := fmt.Sprintf("try %d", a.Tries) + only(!a.First.IsZero(), ", the first at "+stamp(a.First))
		if a.Fault != nil {
			text += markdown("; last fault: " + a.Fault.Party + ": " + a.Fault.Text)
		}
		p.item("Under way at Prodege", text)
	}
	if i := s.Invoice; i != nil {
		text := fmt.Sprintf("%s since %s, revision %d, key `%s`", markdown(InvoicePhase(i.Phase)), stamp(i.PhaseAt), i.Revision, i.Key)
		p.item("Invoice", commas(text, slackLink(s, i.Key)))
	}
	p.item("Prodege could not be asked", markdown(s.Poll.Fault))
	for _, m := range s.Outbox {
		if m.Shown < m.Wanted && m.Fault+m.Failure != "" && m.User == "" {
			p.item("Not yet in Slack", markdown(m.What+" since "+stamp(m.Due)+": "+strings.Join(some(m.Fault, m.Failure), "; ")))
		}
	}
}

func (p *page) past(s *project.State) {
	c := s.Counts
	p.line("\nEvents received: %d (applied %d, duplicate %d, late %d, unusable %d)",
		c.Received, c.Applied, c.Duplicate, c.Late, c.Unusable)
	if len(s.Last) > 0 {
		p.line("\nLast events, newest first\n") // a list: the UI gives the cells of a table no room
	}
	for _, e := range slices.Backward(s.Last) {
		what := sentences("**"+markdown(string(e.Status))+"**", markdown(reasonFor(e.Status, e.Reason, "")))
		more := commas(Became(e.Disposition), known("vouched for by", e.Vouched),
			only(e.Source == prodege.FromSweep, "found by asking Prodege"), only(e.Future, "dated ahead of our clock"))
		p.line("- %s %s: %s, event %s", stamp(e.Time), what, markdown(more), markdown(string(e.ID)))
	}
	if len(s.Decisions) > 0 {
		p.line("\nDecisions, newest first\n")
	}
	for _, d := range slices.Backward(s.Decisions) {
		p.line("- %s %s", stamp(d.At), markdown(DecisionLine(d)+known(":", d.Reason)))
	}
}

func slackLink(s *project.State, key string) string {
	link := messageLink(s, key)
	return only(link != "" && !strings.ContainsAny(link, "()<> \n"), "[in Slack]("+link+")")
}

// markdown keeps a text from being read as Markdown; the Temporal UI takes text between two dollar signs for a formula.
func markdown(text string) string { return markdownEscaper.Replace(neutral(text)) }

var markdownEscaper = strings.NewReplacer(
	"\n", " ", "|", `\|`, "*", `\*`, "_", `\_`, "`", "'", "[", `\[`, "<", `\<`, "#", `\#`, "$", `\$`, `\`, `\\`)
