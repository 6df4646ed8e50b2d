package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// flapWithin is how soon after its end a pause for the same reason is the same alert again, counted.
const flapWithin = time.Hour

// maxAlerts is how many pauses in a row, each within the hour of the one before, get an alert of their own
// where their reasons differ; further ones are counted in the last.
const maxAlerts = 5

// pause alerts people that the project stands still for a reason that no CPI resolves. One pause is one
// message: what follows in the same pause goes into its thread.
func (p *project) pause(ctx workflow.Context, e prodege.Event) {
	p.tellRequests(ctx, Change{Kind: ChangeOther, Event: slim(e)})
	switch {
	case p.Pause == nil:
		p.openPause(ctx, e)
		p.alert(ctx, e)
	case p.Pause.Alert == "":
		p.Pause.Event, p.Pause.ForCPI = slim(e), false
		p.alert(ctx, e)
	default:
		p.Pause.Event, p.Pause.ForCPI = slim(e), false
		if e.Rejected() {
			p.tellRejection(ctx, e, false)
		}
		p.board.replyOrFold(p.Pause.Alert, key("note", e), p.note(ctx, activities.NoteOtherReason, e), "the same pause, another reason")
	}
	p.clockInactivity(ctx, e)
	p.offer(ctx, e)
	p.drawAlert(ctx)
	p.Ledger.add(ctx, p.ProjectID, Line{At: e.Time, Kind: LinePause, What: "paused: " + reasonText(e), Ref: string(e.ID)})
}

func (p *project) openPause(ctx workflow.Context, e prodege.Event) {
	p.Settings = p.w.readSettings(ctx)
	p.Pause = &PauseState{Opened: e.ID, Since: e.Time, Event: slim(e), ForCPI: e.AsksCPI(), Times: 1}
	if p.Name.Name == "" {
		p.askName(ctx)
	}
}

// alert posts the pause's own message, or takes up the last one again where the project flaps.
func (p *project) alert(ctx workflow.Context, e prodege.Event) {
	if e.Rejected() {
		p.Pause.Alert = p.tellRejection(ctx, e, false)
		return
	}
	p.Pause.About = slim(e)
	last := p.LastPause
	flaps := last != nil && e.Time.Sub(last.Ended) < flapWithin
	if flaps {
		p.Pause.Flaps = last.Flaps + 1
	}
	if flaps && p.takesUp(ctx, last, e) {
		p.Pause.Alert, p.Pause.Times = last.Alert, last.Times+1
		p.board.replyOrFold(last.Alert, key("again", e), p.note(ctx, activities.NotePausedAgain, e), "paused again")
		return
	}
	p.Pause.Alert = key("pause", e)
	p.board.alert(p.Pause.Alert, p.Settings.AlertsChannel, p.pauseCard(ctx, p.Pause), "alert")
}

// takesUp says whether e is told in the thread of the alert before, which counts.
func (p *project) takesUp(ctx workflow.Context, last *PauseState, e prodege.Event) bool {
	if last.Alert == "" || last.About.Rejected() || !sameReason(last.About, e) && last.Flaps < maxAlerts {
		return false
	}
	m := p.board.find(last.Alert)
	return m != nil && (m.Card.Rejection == nil || !rejectionEnds(ctx)) // a rejection counts nothing, and says that its pause is over
}

// drawAlert writes the standing alert as the pause stands now.
func (p *project) drawAlert(ctx workflow.Context) {
	pause := p.Pause
	if pause == nil || pause.Alert == "" {
		return
	}
	m := p.board.find(pause.Alert)
	if m == nil || m.Card.Pause == nil {
		return
	}
	if card := p.pauseCard(ctx, pause); !sameJSON(card, m.Card) {
		p.board.post(pause.Alert, m.Channel, card, "alert")
	}
}

// drawActed writes the alert of an action once more: after a click, and where it closed with its pause and
// only now tells how it ended.
func (p *project) drawActed(ctx workflow.Context, r *RequestState, rewrite bool) {
	pause := p.Pause
	if pause == nil || pause.Action != r.Workflow {
		pause = p.LastPause
	}
	if !r.Action || pause == nil || pause.Action != r.Workflow {
		return
	}
	m := p.board.find(pause.Alert)
	if m == nil || m.Card.Pause == nil {
		return
	}
	if end := m.Card.Pause.End; end != nil && pause == p.LastPause {
		card := p.pauseCard(ctx, pause)
		card.Pause.End = end
		if !sameJSON(card, m.Card) {
			p.board.post(pause.Alert, m.Channel, card, "alert: how the pause ended")
		}
	}
	if rewrite && !m.Folded {
		p.board.again(pause.Alert)
	}
}

// sayReply says what an action has to say in the thread of its pause's alert, as long as the pause lasts.
func (p *project) sayReply(ctx workflow.Context, r *RequestState, reply *Reply) {
	if reply == nil || p.Pause == nil || p.Pause.Action != r.Workflow ||
		workflow.GetVersion(ctx, "a failed act is told in the thread", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return
	}
	p.insist(ctx, reply.Key, reply.Note, failedWhat)
}

// insist says something in the alert's thread for which the alert stands by itself, be it that a digest told it.
func (p *project) insist(ctx workflow.Context, key string, note activities.Note, what string) {
	alert := p.board.find(p.Pause.Alert)
	if alert != nil && alert.TS == "" && workflow.GetVersion(ctx, "an alert leaves its digest for a reply", workflow.DefaultVersion, 1) >= 1 {
		p.board.mustStand(alert.Key)
	}
	p.board.reply(p.Pause.Alert, key, activities.Card{Note: &note}, what)
}

// pauseForCPI has people asked to accept the required CPI. A newer amount in the same pause is a new
// generation of the same request; that is the request's own business.
func (p *project) pauseForCPI(ctx workflow.Context, e prodege.Event) {
	change := Change{Kind: ChangeAmount, Event: slim(e), Alert: p.alertLink()}
	what := "paused for CPI"
	if p.Pause != nil && p.Pause.ForCPI { // the same pause, told once more or at another price
		what = "another CPI is asked for"
		if e.RequiredCPI == nil || sameAmount(p.Pause.Event.RequiredCPI, e.RequiredCPI) {
			what = ""
		}
	}
	if p.Pause == nil {
		p.openPause(ctx, e)
	} else if p.Pause.Alert != "" && !p.Pause.ForCPI {
		p.board.replyOrFold(p.Pause.Alert, key("cpi", e), p.note(ctx, activities.NoteAsksCPI, e), "now a CPI decision is asked for")
	}
	p.Pause.Event, p.Pause.ForCPI = slim(e), true
	p.clockInactivity(ctx, e)
	if p.Pause.Request == "" || !p.tellRequests(ctx, change) {
		p.request(ctx, e)
	}
	if e.Rejected() {
		p.tellRejection(ctx, e, false)
	}
	p.drawAlert(ctx)
	if what != "" {
		p.Ledger.add(ctx, p.ProjectID, Line{At: e.Time, Kind: LinePause, What: what, Amount: e.RequiredCPI, Ref: string(e.ID)})
	}
}

// resume ends a pause: the alert says after how long, open requests close.
func (p *project) resume(ctx workflow.Context, e prodege.Event) {
	p.tellRequests(ctx, Change{Kind: ChangeLive, Event: slim(e)})
	if p.Pause == nil {
		return
	}
	p.Ledger.add(ctx, p.ProjectID, Line{At: e.Time, Kind: LineResumed, What: "live again", Ref: string(e.ID)})
	p.endPause(ctx, e)
}

func (p *project) endPause(ctx workflow.Context, e prodege.Event) {
	if p.Pause == nil {
		return
	}
	pause := p.Pause
	pause.Ended = e.Time
	p.Pause, p.LastPause = nil, pause
	p.keepPace(ctx, pause, e)
	m := p.board.find(pause.Alert)
	switch {
	case m == nil:
	case m.Card.Pause != nil:
		card := p.pauseCard(ctx, pause)
		card.Pause.End = pause.end(e)
		p.board.unfold(pause.Alert)
		p.board.post(pause.Alert, m.Channel, card, "alert: the pause is over")
	default:
		p.endRejection(ctx, m, pause, e)
	}
}

func (p *project) pendingComplete(ctx workflow.Context, e prodege.Event) {
	p.tellRequests(ctx, Change{Kind: ChangeEnded, Event: slim(e)})
	p.endPause(ctx, e)
	p.tellInvoicing(ctx, Change{Kind: ChangeHold, Event: slim(e)})
	p.tellReconciliation(ctx, e, false)
}

// complete starts invoicing, once; a later COMPLETE with other facts is a revision of it.
func (p *project) complete(ctx workflow.Context, e prodege.Event) {
	p.tellRequests(ctx, Change{Kind: ChangeEnded, Event: slim(e)})
	p.completedInactive(ctx, e)
	p.endPause(ctx, e)
	if p.Invoicing == nil {
		p.startInvoicing(ctx, e)
		return
	}
	p.reviseInvoice(ctx, e)
}

func (p *project) invoiced(ctx workflow.Context, e prodege.Event) {
	p.tellRequests(ctx, Change{Kind: ChangeEnded, Event: slim(e)})
	p.endPause(ctx, e)
	p.ClosesAt = workflow.Now(ctx).Add(p.Settings.ProjectLinger)
	p.noteInvoiced(ctx, e)
	p.tellInvoicing(ctx, Change{Kind: ChangeInvoiced, Event: slim(e)})
}

// noteInvoiced remembers an INVOICED that no COMPLETE came before: the late one is waited for.
func (p *project) noteInvoiced(ctx workflow.Context, e prodege.Event) {
	if p.Invoicing == nil && p.InvoicedFirst == nil {
		p.InvoicedFirst = &InvoicedFirst{Event: slim(e), Seen: workflow.Now(ctx)}
	}
}

func (p *project) deleted(ctx workflow.Context, e prodege.Event) {
	p.tellRequests(ctx, Change{Kind: ChangeEnded, Event: slim(e)})
	p.tellInvoicing(ctx, Change{Kind: ChangeEnded, Event: slim(e)})
	p.endPause(ctx, e)
	p.ClosesAt = workflow.Now(ctx).Add(p.Settings.ProjectLinger)
	p.Ledger.add(ctx, p.ProjectID, Line{At: e.Time, Kind: LineEnded, What: "deleted at Prodege", Ref: string(e.ID)})
}

// tell says something of its own in the alerts channel, once for each event.
func (p *project) tell(ctx workflow.Context, e prodege.Event, what string, card activities.Card, label string) {
	if k := key(what, e); p.board.find(k) == nil {
		p.board.postOrFold(k, p.Settings.AlertsChannel, card, slim(e), p.frame(ctx), label)
	}
}

func (p *project) note(ctx workflow.Context, kind activities.NoteKind, e prodege.Event) activities.Card {
	n := &activities.Note{Frame: p.frame(ctx), Kind: kind, Event: ptr(slim(e))}
	if p.Pause != nil {
		n.Times = p.Pause.Times
	}
	return activities.Card{Note: n}
}

func (p *project) pauseCard(ctx workflow.Context, pause *PauseState) activities.Card {
	card := &activities.Pause{Frame: p.frame(ctx), Event: pause.About, Since: pause.Since, Times: pause.Times}
	if c := pause.Inactivity; c != nil {
		card.AutoComplete = c.At
	}
	if r := p.findRequest(pause.Request); r != nil {
		card.Request = r.Status.Link
	}
	if r := p.findRequest(pause.Action); r != nil {
		card.Acting = r.Status.Acting
	}
	if !sameReason(pause.About, pause.Event) {
		card.Moved = ptr(pause.Event)
	}
	return activities.Card{Pause: card}
}

func (p *project) frame(ctx workflow.Context) activities.Frame {
	return activities.Frame{Project: p.Name, UI: uiLink(ctx, p.Settings), Simulated: p.Settings.Simulated}
}

func (p *project) alertLink() string {
	if p.Pause == nil {
		return ""
	}
	return p.board.link(p.Pause.Alert)
}

// sameReason says whether two pauses are for the same reason.
func sameReason(a, b prodege.Event) bool {
	return a.Reason == b.Reason && a.Description == b.Description && a.AsksCPI() == b.AsksCPI() && !a.Rejected() && !b.Rejected()
}

// key names a message by what it says and the event it is about.
func key(what string, e prodege.Event) string { return what + "-" + idSafe(e.ID) }

// uiLink is where this workflow is seen in the Temporal UI.
func uiLink(ctx workflow.Context, s Settings) string {
	if s.TemporalUIURL == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s", s.TemporalUIURL, s.Namespace, workflow.GetInfo(ctx).WorkflowExecution.ID)
}

// reasonText names a reason in one line for the ledger and the Temporal UI.
func reasonText(e prodege.Event) string {
	if e.Description != "" {
		return fmt.Sprintf("%s (%d)", e.Description, e.Reason)
	}
	return fmt.Sprintf("reason %d", e.Reason)
}
