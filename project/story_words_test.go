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

// The words of the stories are short and their own: what a message says to people is worded in package cards, and tested
// there. Here only the facts count.

// say notes what happens; what happens again and again is counted.
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
		w.lines = append(w.lines, fmt.Sprintf("%s … that makes %d times", w.formatTime(w.lastRepeat), w.repeats+1))
	}
	w.lastLine, w.repeats = "", 0
}

// clock tells a time, with its date if that is not the story's first day.
func (w *world) formatTime(t time.Time) string {
	t = t.UTC()
	if t.YearDay() == w.day.YearDay() && t.Year() == w.day.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("Jan 2 15:04:05")
}

// closing tells what the project waits for in the end, why people must look, and when it wakes next.
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
		project.AttentionSlack:        "Slack does not take a message",
		project.AttentionOverdue:      "a message has been due for five minutes",
		project.AttentionPlain:        "a message stands without its buttons",
		project.AttentionNobody:       "nobody can decide",
		project.AttentionCeiling:      "what is asked is above the ceiling",
		project.AttentionHeld:         "what was decided is held back",
		project.AttentionExpired:      "nobody decided in time",
		project.AttentionRefused:      "what was decided was refused",
		project.AttentionStopped:      "what was decided failed for half an hour",
		project.AttentionStill:        "what was decided had no effect",
		project.AttentionByHand:       "what was decided must be done at Prodege by hand",
		project.AttentionInvoice:      "billing refused the invoice",
		project.AttentionInvoiceSlow:  "billing has not accepted the invoice for an hour",
		project.AttentionInvoiceAsked: "people must say whether the invoice is sent",
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

// doing tells what a task does.
func (w *world) taskWords(t project.Task) string {
	switch {
	case t.Post != nil && t.Post.Thread != "":
		root := w.slack.find(func(m *slackMessage) bool { return m.ts == t.Post.Thread })
		about := "message that is gone"
		if root != nil {
			about = cardTitle(root.card)
		}
		return "replies to the " + about + ": " + w.cardWords(t.Post.Card)
	case t.Post != nil:
		again := ""
		if !t.Post.Tried.IsZero() {
			again = ", if it does not stand there since " + w.formatTime(t.Post.Tried)
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
		return "tells " + t.Ephemeral.User + " alone: " + answerWords(*t.Ephemeral.Card.Answer)
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

// infoWords is what Prodege's API tells.
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
		text = "a poll counts as if it were an event: " + string(e.Status)
	}
	if e.Reason != 0 {
		text += fmt.Sprintf(" %d", e.Reason)
	}
	text += " is " + string(e.Disposition)
	if e.Future {
		text += ", dated ahead and not believed"
	}
	return text
}

// manyEventsWords sums up the events of a turn.
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
		add("(the first of two)")
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

// cardTitle names the kind of a message.
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

// cardWords is a message's facts in one line, with its buttons.
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
		return ", told late"
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
		return "an amount that Prodege has not told"
	}
	return a.Dollars()
}

// people are those who decided what was decided last.
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
		text = by + " approved " + amountWords(decided) + ", it is being sent"
	case project.PhaseHeld:
		text = by + " approved " + amountWords(decided) + ", held back: accepting is switched off"
	case project.PhaseAccepted:
		text = "Prodege took " + amountWords(cmp.Or(r.Sent, decided)) + " as " + by + " approved, waiting for LIVE"
		if r.SentUnread {
			text += " (sent without reading)"
		}
	case project.PhaseLive:
		text = "live again, as " + by + " approved " + amountWords(decided)
	case project.PhaseStill:
		text = "Prodege took what " + by + " approved, but the project still stands still"
	case project.PhaseRefused:
		text = refusalWords(r.Refusal) + " refused what " + by + " approved"
	case project.PhaseStopped:
		text = "given up after half an hour: " + r.Refusal.Text
	case project.PhaseRejected:
		text = by + " rejected " + amountWords(r.Required)
		if last := r.Decisions[len(r.Decisions)-1]; last.Verdict == project.Close {
			text = last.User + " closed it"
		}
	case project.PhaseExpired:
		text = "expired, nobody decided about " + amountWords(r.Required)
	case project.PhaseElsewhere:
		text = "live without us"
		if r.MaybeSent {
			text += ", or by our try whose answer was lost"
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
			text += ", before " + r.Previous.Dollars()
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
		text += ", completed by itself about " + w.formatTime(p.AutoComplete)
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
	chosen := "nobody chose anything"
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
		return chosen + ", it is being sent"
	case project.PhaseHeld:
		return chosen + ", held back: accepting is switched off"
	case project.PhaseAccepted:
		return chosen + ", Prodege took it, waiting for its effect"
	case project.PhaseLive, project.PhaseDone:
		return chosen + ", and so it is"
	case project.PhaseStill:
		return chosen + ", Prodege took it, but the project still stands still"
	case project.PhaseRefused:
		return chosen + ", refused by " + refusalWords(a.Refusal)
	case project.PhaseStopped:
		return chosen + ", given up after half an hour: " + a.Refusal.Text
	case project.PhaseElsewhere:
		return chosen + ", live without us"
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
		project.InvoiceSent:      "is with billing",
		project.InvoiceMarked:    "was marked as invoiced by " + i.By,
		project.InvoiceAsked:     "may have been made before: send it?",
		project.InvoiceReplaced:  "was replaced by a newer revision",
		project.InvoiceMissing:   "INVOICED has not come by the 7th",
		project.InvoiceDone:      "is done, Prodege says INVOICED",
		project.InvoiceDeleted:   "is off, the project was deleted",
		project.InvoiceCancelled: "is given up, cancelled in Temporal",
	}[i.Phase]
	text := i.Key + " " + cmp.Or(words, "unknown phase "+string(i.Phase))
	if i.Refusal != nil && i.Phase == project.InvoiceRefused {
		text += inParens(i.Refusal.Text)
	}
	if i.Vouched != "" {
		text += ", " + i.Vouched + " vouched for the COMPLETE"
	}
	if i.Conflict {
		text += " (billing said 409 twice)"
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
		text = "reconciliation is under way: " + event
	case project.NoteReconciliation:
		text = "a note about reconciliation: " + event
	case project.NoteNewAmount:
		text = amountWords(n.Amount) + " is asked for now"
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
		text = "a status that is not known here: " + event
	case project.NoteMore:
		text = fmt.Sprintf("%d more events, the newest: %s", n.Times, event)
	case project.NoteFailed:
		text = "what was decided did not succeed: " + string(n.Phase)
		if n.Refusal != nil {
			text += inParens(n.Refusal.Text)
		}
	case project.NoteAutoComplete:
		text = "Prodege completes the project by itself about " + w.formatTime(n.Deadline)
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
		return "not counted, nobody is among the approvers"
	case project.AnswerNotAllowed:
		return "not counted, you are not among the approvers"
	case project.AnswerNoList:
		return "not counted, the list of approvers can't be had now"
	case project.AnswerDecided:
		return "decided already"
	case project.AnswerSuperseded:
		if a.Amount == nil {
			return "superseded"
		}
		return "superseded, " + a.Amount.Dollars() + " is asked for now"
	case project.AnswerExpired:
		return "expired"
	case project.AnswerClosed:
		return "closed"
	case project.AnswerSamePerson:
		return "a second person must approve"
	case project.AnswerMismatch:
		return "does not fit what is asked"
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

// buttons are those of a message.
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
