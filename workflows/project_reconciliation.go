package workflows

import (
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// tellRejection alerts that a reconciliation must be redone; it gives the message's key.
func (p *project) tellRejection(ctx workflow.Context, e prodege.Event, late bool) string {
	card := activities.Card{Rejection: &activities.Rejection{Frame: p.frame(ctx), Event: slim(e), Late: late}}
	p.tell(ctx, e, "rejection", card, "reconciliation rejected")
	return key("rejection", e)
}

// tellReconciliation notes that reconciliation is under way, and what Prodege wrote about it.
func (p *project) tellReconciliation(ctx workflow.Context, e prodege.Event, late bool) {
	kind := activities.NotePendingComplete
	if e.Status == prodege.Complete {
		kind = activities.NoteReconciliation
	}
	card := p.note(ctx, kind, e)
	card.Note.Late = late
	p.tell(ctx, e, "reconciliation", card, "reconciliation")
}

// endRejection tells the end of a pause that a rejection opened: on that message, and in its thread where there is
// something to go on with.
func (p *project) endRejection(ctx workflow.Context, m *Message, pause *PauseState, e prodege.Event) {
	if m.Card.Rejection != nil && rejectionEnds(ctx) {
		card := *m.Card.Rejection
		card.Frame, card.Since, card.End = p.frame(ctx), pause.Since, pause.end(e)
		p.board.post(pause.Alert, m.Channel, activities.Card{Rejection: &card}, "rejection: the pause is over")
	}
	if e.Status == prodege.Live {
		p.board.replyOrFold(pause.Alert, key("resumed", e), p.note(ctx, activities.NoteResumed, e), "resumed")
	}
}

// rejectionEnds says whether a run tells the end of a pause on the rejection that opened it.
func rejectionEnds(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "a rejection shows the end of its pause", workflow.DefaultVersion, 1) >= 1
}
