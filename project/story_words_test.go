package project_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// The stories describe messages by their facts. The wording of the messages is in package cards and tested there.

// log adds a line to the output. It counts consecutive repetitions instead of repeating the line.
func (w *world) log(text string) {
	if text == w.lastLine {
		w.repeats++
		w.lastRepeat = w.now
		return
	}
	w.flush()
	w.lastLine = text
	w.lines = append(w.lines, w.formatTime(w.now)+" "+text)
}

func (w *world) flush() {
	if w.repeats > 0 {
		w.lines = append(w.lines, fmt.Sprintf("%s … %d times in all", w.formatTime(w.lastRepeat), w.repeats+1))
	}
	w.lastLine, w.repeats = "", 0
}

// formatTime formats a time, with the date unless it is on the story's first day.
func (w *world) formatTime(t time.Time) string {
	t = t.UTC()
	if t.YearDay() == w.day.YearDay() && t.Year() == w.day.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("Jan 2 15:04:05")
}

// status describes what the project waits for, why it needs attention, and when it wakes next.
func (w *world) status() string {
	if w.ended {
		return "= closed"
	}
	v := w.s.View()
	text := "= waits for " + string(v.Waiting)
	if v.Waiting != project.WaitsNothing {
		text += " since " + w.formatTime(v.Since)
	}
	if v.Attention.Kind != "" {
		text += "; NEEDS ATTENTION: " + attentionWords(v.Attention)
	}
	if at, why := w.s.Wake(); !at.IsZero() {
		text += "; next at " + w.formatTime(at) + ": " + why
	}
	return text
}

func attentionWords(a project.Attention) string {
	words := map[project.AttentionKind]string{
		project.AttentionSlack:        "Slack does not accept a message",
		project.AttentionOverdue:      "a message has been due for five minutes",
		project.AttentionPlain:        "a message is shown without its buttons",
		project.AttentionNobody:       "nobody can decide",
		project.AttentionCeiling:      "the required amount is above the ceiling",
		project.AttentionHeld:         "the decision is held back",
		project.AttentionExpired:      "nobody decided in time",
		project.AttentionRefused:      "the decision was refused",
		project.AttentionStopped:      "the decision failed for half an hour",
		project.AttentionStill:        "the decision had no effect",
		project.AttentionByHand:       "the decision must be carried out at Prodege by hand",
		project.AttentionInvoice:      "billing refused the invoice",
		project.AttentionInvoiceSlow:  "billing has not accepted the invoice for an hour",
		project.AttentionInvoiceAsked: "somebody must decide whether to send the invoice",
		project.AttentionMissing:      "INVOICED is overdue",
	}[a.Kind]
	if words == "" {
		words = "unknown: " + string(a.Kind)
	}
	return words + inParens(a.Text)
}

func inParens(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// taskWords describes a task.
func (w *world) taskWords(t project.Task) string {
	switch {
	case t.Post != nil && t.Post.Thread != "":
		root := w.slack.find(func(m *slackMessage) bool { return m.ts == t.Post.Thread })
		about := "deleted message"
		if root != nil {
			about = cardTitle(root.card)
		}
		return "replies to the " + about + ": " + w.cardWords(t.Post.Card)
	case t.Post != nil:
		again := ""
		if !t.Post.Tried.IsZero() {
			again = ", unless posted since " + w.formatTime(t.Post.Tried)
		}
		return "posts in " + t.Post.Channel + again + ": " + w.cardWords(t.Post.Card)
	case t.Edit != nil:
		return "edits: " + w.cardWords(t.Edit.Card)
	case t.Invoice != nil:
		var body struct{ Data struct{ Supersedes string } }
		if err := json.Unmarshal([]byte(t.Invoice.Body), &body); err != nil {
			w.t.Fatal(err)
		}
		if s := body.Data.Supersedes; s != "" {
			return t.Summary + ", superseding " + s
		}
		return t.Summary
	case t.Ephemeral != nil:
		return "answers " + t.Ephemeral.User + " only: " + answerWords(*t.Ephemeral.Card.Answer)
	case t.Digest != nil:
		i := t.Digest.Item
		text := "adds to the digest of " + t.Digest.Channel + ": paused for " + reasonWords(i.Reason, i.Description)
		if i.End != nil {
			text += ", over: " + string(i.End.Status)
		}
		return text
	}
	return t.Summary
}

// infoWords describes the project as Prodege's API returns it.
func infoWords(i prodege.ProjectInfo) string {
	text := string(i.Status)
	if i.PausedForCPI {
		text += " for CPI"
		if i.RequiredCPI != nil {
			text += ", requires " + i.RequiredCPI.Dollars()
		}
	}
	if i.MaxCPI != nil {
		text += ", max CPI " + i.MaxCPI.Dollars()
	}
	return text
}

func eventWords(e project.EventLine) string {
	text := "event " + cmp.Or(string(e.ID), "without id") + " " + string(e.Status)
	if e.Source == prodege.FromSweep {
		text = "poll finding " + string(e.Status)
	}
	if e.Reason != 0 {
		text += fmt.Sprintf(" %d", e.Reason)
	}
	text += " is " + string(e.Disposition)
	if e.Future {
		text += ", dated ahead and ordered by its receipt"
	}
	return text
}

// manyEventsWords summarizes the events of a turn.
func manyEventsWords(events []project.EventLine) string {
	count := map[project.Disposition]int{}
	for _, e := range events {
		count[e.Disposition]++
	}
	text := fmt.Sprintf("%d events:", len(events))
	for _, d := range []project.Disposition{project.Applied, project.Duplicate, project.Late, project.Unusable} {
		if count[d] > 0 {
			text += fmt.Sprintf(" %d %s", count[d], d)
		}
	}
	return text
}

func lineWords(l project.Line) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	add("%s", strings.ReplaceAll(string(l.Kind), "_", " "))
	if l.Verdict != "" {
		if l.Verdict != project.ChooseAction {
			add("%s", strings.ReplaceAll(string(l.Verdict), "_", " "))
		}
	}
	if l.Action != "" {
		add("%s", l.Action.Row().Label)
	}
	if l.Number != 0 {
		add("%d", l.Number)
	}
	if l.Amount != nil {
		add("%s", l.Amount.Dollars())
	}
	if l.Status != "" && l.Kind != project.LineLive {
		add("%s", l.Status)
	}
	if l.Reason != 0 {
		add("for %d", l.Reason)
	}
	if l.By != "" {
		add("by %s", l.By)
	}
	if l.From != "" && l.From != project.FromSlack {
		add("(%s)", l.From)
	}
	if l.Cost != nil && !l.Cost.IsZero() {
		add("costs about %s", l.Cost.Dollars())
	}
	if l.Second {
		add("(first of two approvals)")
	}
	if l.DryRun {
		add("(dry run)")
	}
	text := strings.Join(parts, " ")
	if l.Text != "" {
		text += ": " + l.Text
	}
	if l.Kind == project.LineInvoice {
		text += " [" + l.Ref + "]"
	}
	return text
}

// cardTitle returns the kind of a message.
func cardTitle(c project.Card) string {
	switch {
	case c.Request != nil:
		return "CPI request"
	case c.Pause != nil:
		return "alert"
	case c.Rejection != nil:
		return "rejection"
	case c.Invoice != nil:
		return "invoice"
	}
	return "note"
}

// cardWords describes a message in one line, with its buttons.
func (w *world) cardWords(c project.Card) string {
	text := cardTitle(c) + ": "
	switch {
	case c.Request != nil:
		text += w.requestWords(c.Request)
	case c.Pause != nil:
		text += w.pauseWords(c.Pause)
	case c.Rejection != nil:
		text += "the reconciliation was rejected" + inParens(c.Rejection.Event.RejectionNote) + late(c.Rejection.Late)
		if c.Rejection.End != nil {
			text += ", over since " + w.formatTime(c.Rejection.End.At) + ": " + string(c.Rejection.End.Status)
		}
	case c.Invoice != nil:
		text += w.invoiceWords(c.Invoice)
	case c.Note != nil:
		text = w.noteWords(c.Note)
	}
	for _, b := range buttons(c) {
		text += " [" + b + "]"
	}
	return text
}

func late(is bool) string {
	if is {
		return ", late"
	}
	return ""
}

func mustString(a *prodege.USD) string {
	if a == nil {
		return ""
	}
	return a.String()
}

func amountWords(a *prodege.USD) string {
	if a == nil {
		return "an unknown amount"
	}
	return a.Dollars()
}

// deciders returns those who made the last decision, or both approvals of it.
func deciders(decisions []project.Decided) string {
	var names []string
	for _, d := range decisions {
		last := decisions[len(decisions)-1]
		if last.Verdict == project.Reject && d.Verdict != project.Reject || mustString(d.Amount) != mustString(last.Amount) {
			continue
		}
		if n := cmp.Or(d.User, "rule"); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

func (w *world) requestWords(r *project.RequestFacts) string {
	var text string
	decided := r.Required
	if n := len(r.Decisions); n > 0 {
		decided = r.Decisions[n-1].Amount
	}
	by := deciders(r.Decisions)
	switch r.Phase {
	case project.PhaseOpen:
		text = "approve " + amountWords(r.Required) + "?"
		if r.Numbers != nil && r.Numbers.MaxCPI != nil {
			text += " Max CPI is " + r.Numbers.MaxCPI.Dollars()
		}
		if r.Required != nil {
			if cost := project.CostOf(*r.Required, r.Numbers); cost != nil {
				text += ", it costs about " + cost.Dollars()
			}
		}
		text += w.until(r.Deadline)
	case project.PhaseSecond:
		text = by + " approved " + amountWords(decided) + ", a second person is needed" + w.until(r.Deadline)
	case project.PhaseApproved:
		text = by + " approved " + amountWords(decided) + ", being sent"
	case project.PhaseHeld:
		text = by + " approved " + amountWords(decided) + ", held back: accepting is off"
	case project.PhaseAccepted:
		text = "Prodege accepted " + amountWords(cmp.Or(r.Sent, decided)) + ", approved by " + by + ", waiting for LIVE"
		if r.SentUnread {
			text += " (sent without reading the project)"
		}
	case project.PhaseLive:
		text = "live again, " + amountWords(decided) + " approved by " + by
	case project.PhaseStill:
		text = "Prodege accepted what " + by + " approved, but the project is still paused"
	case project.PhaseRefused:
		text = refusalWords(r.Refusal) + " refused what " + by + " approved"
	case project.PhaseStopped:
		text = "abandoned after half an hour: " + r.Refusal.Text
	case project.PhaseRejected:
		text = by + " rejected " + amountWords(r.Required)
		if last := r.Decisions[len(r.Decisions)-1]; last.Verdict == project.Close {
			text = last.User + " closed it"
		}
	case project.PhaseExpired:
		text = "expired, nobody decided about " + amountWords(r.Required)
	case project.PhaseElsewhere:
		text = "live without a decision here"
		if r.MaybeSent {
			text += ", or by an attempt whose response was lost"
		}
	case project.PhaseOther:
		text = "paused for another reason now"
		if r.Other != nil {
			text += ": " + reasonWords(r.Other.Reason, r.Other.Description)
		}
	case project.PhaseEnded:
		text = "the project is " + string(r.EndStatus)
	case project.PhaseDryRun:
		text = by + " approved " + amountWords(decided) + ", dry run, nothing is sent"
	case project.PhaseByHand:
		text = by + " approved " + amountWords(decided) + ", to be entered at Prodege by hand"
	case project.PhaseOverLimit:
		text = amountWords(r.Required) + " is above the ceiling of " + amountWords(r.Ceiling) + ": nothing can be approved here"
	case project.PhaseCancelled:
		text = "cancelled in Temporal"
	default:
		text = "unknown phase " + string(r.Phase)
	}
	if r.Generation > 1 {
		text += fmt.Sprintf(" (generation %d", r.Generation)
		if r.Previous != nil {
			text += ", previously " + r.Previous.Dollars()
		}
		text += ")"
	}
	if r.DryRun && r.Phase != project.PhaseDryRun {
		text += ", dry run"
	}
	if r.Nobody {
		text += ", NOBODY CAN DECIDE"
	}
	if r.NoAPIKey {
		text += ", no API key"
	}
	return text
}

func refusalWords(r *project.Refusal) string {
	if r == nil {
		return "somebody"
	}
	if len(r.Codes) > 0 {
		return fmt.Sprintf("%s (%d)", r.Party, r.Codes[0])
	}
	return r.Party
}

func (w *world) until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", until " + w.formatTime(t)
}

func reasonWords(r prodege.Reason, description string) string {
	if r == 0 {
		return cmp.Or(description, "no reason given")
	}
	return fmt.Sprint(int(r))
}

func (w *world) pauseWords(p *project.PauseFacts) string {
	text := "paused for " + reasonWords(p.Event.Reason, p.Event.Description) + " since " + w.formatTime(p.Since)
	if p.Project.Name != "" {
		text = p.Project.Name + " " + text
	}
	if p.Times > 1 {
		text += fmt.Sprintf(", %d times within the hour", p.Times)
	}
	if p.Moved != nil {
		text += ", now for " + reasonWords(p.Moved.Reason, p.Moved.Description)
	}
	if !p.AutoComplete.IsZero() {
		text += ", completed by Prodege about " + w.formatTime(p.AutoComplete)
	}
	if p.End != nil {
		text += ", over since " + w.formatTime(p.End.At) + ": " + string(p.End.Status)
	}
	if p.Action != nil && (p.Action.Phase != project.PhaseOpen || p.Action.DryRun) {
		text += "; " + actionWords(p.Action)
	}
	if p.Action != nil && p.Action.Nobody {
		text += "; NOBODY CAN DECIDE"
	}
	return text
}

func actionWords(a *project.ActionFacts) string {
	chosen := "no action chosen"
	if d := a.Chosen(); d != nil {
		chosen = deciders(a.Decisions) + " chose " + d.Action.Row().Label
		if d.Number > 0 {
			chosen += fmt.Sprintf(" %d", d.Number)
		}
	}
	switch a.Phase {
	case project.PhaseOpen:
		return "dry run"
	case project.PhaseApproved:
		return chosen + ", being sent"
	case project.PhaseHeld:
		return chosen + ", held back: accepting is off"
	case project.PhaseAccepted:
		return chosen + ", accepted by Prodege, waiting for its effect"
	case project.PhaseLive, project.PhaseDone:
		return chosen + ", done"
	case project.PhaseStill:
		return chosen + ", accepted by Prodege, but the project is still paused"
	case project.PhaseRefused:
		return chosen + ", refused by " + refusalWords(a.Refusal)
	case project.PhaseStopped:
		return chosen + ", abandoned after half an hour: " + a.Refusal.Text
	case project.PhaseElsewhere:
		return chosen + ", live without a decision here"
	case project.PhaseOther:
		return chosen + ", paused for another reason now"
	case project.PhaseEnded:
		return chosen + ", the project is " + string(a.EndStatus)
	case project.PhaseDryRun:
		return chosen + ", dry run, nothing is sent"
	case project.PhaseByHand:
		return chosen + ", to be done at Prodege by hand"
	case project.PhaseCancelled:
		return chosen + ", cancelled in Temporal"
	}
	return "unknown phase " + string(a.Phase)
}

func (w *world) invoiceWords(i *project.InvoiceFacts) string {
	words := map[project.InvoicePhase]string{
		project.InvoiceSending:   "is being sent to billing",
		project.InvoiceByHand:    "is to be made by hand",
		project.InvoiceHeld:      "is held until COMPLETE",
		project.InvoiceDryRun:    "is not sent, dry run",
		project.InvoiceAsks:      "was held back by a dry run: send it?",
		project.InvoiceSlow:      "has not been accepted by billing for an hour, still trying",
		project.InvoiceRefused:   "was refused by billing",
		project.InvoiceSent:      "was accepted by billing",
		project.InvoiceMarked:    "was marked as invoiced by " + i.By,
		project.InvoiceAsked:     "may exist already: send it?",
		project.InvoiceReplaced:  "was replaced by a newer revision",
		project.InvoiceMissing:   "INVOICED has not come by the 7th",
		project.InvoiceDone:      "is done, Prodege says INVOICED",
		project.InvoiceDeleted:   "is not needed, the project was deleted",
		project.InvoiceCancelled: "is abandoned, cancelled in Temporal",
	}[i.Phase]
	text := i.Key + " " + cmp.Or(words, "unknown phase "+string(i.Phase))
	if i.Refusal != nil && i.Phase == project.InvoiceRefused {
		text += inParens(i.Refusal.Text)
	}
	if i.Vouched != "" {
		text += ", " + i.Vouched + " vouched for the COMPLETE"
	}
	if i.Conflict {
		text += " (billing answered 409 twice)"
	}
	return text
}

func (w *world) noteWords(n *project.Note) string {
	event := ""
	if n.Event != nil {
		event = string(n.Event.Status) + " " + reasonWords(n.Event.Reason, n.Event.Description)
		if n.Event.ReconciliationNote != "" {
			event += inParens(n.Event.ReconciliationNote)
		}
	}
	var text string
	switch n.Kind {
	case project.NotePausedAgain:
		text = "paused again, for " + reasonWords(n.Event.Reason, n.Event.Description)
	case project.NoteOtherReason:
		text = "the same pause, now for " + reasonWords(n.Event.Reason, n.Event.Description)
	case project.NoteAsksCPI:
		text = "CPI decision needed"
	case project.NoteResumed:
		text = "resumed"
	case project.NotePendingComplete:
		text = "reconciliation is in progress: " + event
	case project.NoteReconciliation:
		text = "a note about reconciliation: " + event
	case project.NoteNewAmount:
		text = amountWords(n.Amount) + " is required now"
		if n.Previous != nil {
			text += " instead of " + n.Previous.Dollars()
		}
		text += ", decide again"
	case project.NoteAskedAgain:
		text = n.Decision.User + " asks again for " + amountWords(n.Amount)
	case project.NoteReminder:
		text = "reminder: nobody has decided about " + amountWords(n.Amount) + w.until(n.Deadline)
	case project.NoteLastReminder:
		text = "last reminder: nobody has decided about " + amountWords(n.Amount) + w.until(n.Deadline)
	case project.NoteExpired:
		text = "expired, nobody decided about " + amountWords(n.Amount)
	case project.NoteUnknown:
		text = "unknown status: " + event
	case project.NoteMore:
		text = fmt.Sprintf("%d more events, the newest: %s", n.Times, event)
	case project.NoteFailed:
		text = "the decision failed: " + string(n.Phase)
		if n.Refusal != nil {
			text += inParens(n.Refusal.Text)
		}
	case project.NoteAutoComplete:
		text = "Prodege completes the project automatically about " + w.formatTime(n.Deadline)
	case project.NoteAutoCompleted:
		text = "Prodege completed the project for inactivity, paused since " + w.formatTime(n.Since)
	case project.NoteOutage:
		text = "Slack has not accepted a message in " + n.Channel + " since " + w.formatTime(n.Since) + ": " + n.What + inParens(n.Refusal.Text)
		if !n.Over.IsZero() {
			text += ", until " + w.formatTime(n.Over)
		}
	default:
		text = "unknown note " + string(n.Kind)
	}
	if len(n.Mention) > 0 {
		text += " @" + strings.Join(n.Mention, " @")
	}
	return text + late(n.Late)
}

func answerWords(a project.Answer) string {
	switch a.Kind {
	case project.AnswerNobody:
		return "not counted, there are no approvers"
	case project.AnswerNotAllowed:
		return "not counted, you are not among the approvers"
	case project.AnswerNoList:
		return "not counted, the list of approvers is unavailable"
	case project.AnswerDecided:
		return "decided already"
	case project.AnswerSuperseded:
		if a.Amount == nil {
			return "superseded"
		}
		return "superseded, " + a.Amount.Dollars() + " is required now"
	case project.AnswerExpired:
		return "expired"
	case project.AnswerClosed:
		return "closed"
	case project.AnswerSamePerson:
		return "a second person must approve"
	case project.AnswerMismatch:
		return "does not match the request"
	case project.AnswerOverCeiling:
		return "above the ceiling of " + amountWords(a.Amount)
	case project.AnswerTooMuch:
		return "too much, at most " + amountWords(a.Amount) + " can be approved"
	case project.AnswerNotNow:
		return "not now"
	case project.AnswerNotRecorded:
		return "could not be recorded"
	}
	return "unknown answer " + string(a.Kind)
}

// buttons returns the labels of a message's buttons.
func buttons(c project.Card) (labels []string) {
	switch {
	case c.Request != nil && !c.Request.Closed:
		return requestButtons(c.Request)
	case c.Pause != nil && c.Pause.End == nil && c.Pause.Action.HasButtons():
		if c.Pause.Action.Phase.Failed() {
			labels = append(labels, "Try again")
		}
		for _, row := range c.Pause.Action.Offers {
			labels = append(labels, row.Label)
		}
	case c.Invoice != nil:
		switch c.Invoice.Phase {
		case project.InvoiceByHand:
			return []string{"Mark as invoiced"}
		case project.InvoiceRefused:
			return []string{"Try again"}
		case project.InvoiceAsks, project.InvoiceAsked:
			return []string{"Send now"}
		}
	}
	return labels
}

func requestButtons(r *project.RequestFacts) (labels []string) {
	switch r.Phase {
	case project.PhaseOpen, project.PhaseSecond:
		amount := r.Required
		if r.Phase == project.PhaseSecond {
			amount = r.Decisions[len(r.Decisions)-1].Amount
		}
		if amount != nil && (r.Ceiling == nil || amount.Cmp(*r.Ceiling) <= 0) {
			labels = append(labels, "Approve "+amount.Dollars())
		}
		return append(labels, "Approve up to", "Reject")
	case project.PhaseOverLimit:
		return []string{"Reject"}
	case project.PhaseExpired, project.PhaseRejected:
		if r.CanAskAgain() {
			return []string{"Ask again"}
		}
	case project.PhaseRefused, project.PhaseStopped, project.PhaseStill:
		return []string{"Try again", "Close"}
	}
	return nil
}
