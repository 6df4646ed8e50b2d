package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// takeEvents gives every event that came exactly one disposition, and applies those that are newest.
func (p *project) takeEvents(ctx workflow.Context) {
	for len(p.Came) > 0 { // in the run before
		e := p.Came[0]
		p.Came = p.Came[1:]
		p.take(ctx, e)
	}
	for _, e := range StatusUpdate.drain(ctx) {
		p.take(ctx, e)
	}
	for _, e := range PricingUpdate.drain(ctx) {
		p.take(ctx, e)
	}
}

func (p *project) take(ctx workflow.Context, e prodege.Event) {
	if e.Source == prodege.FromCommand {
		p.Sweep.Next = workflow.Now(ctx)
		p.SecondLife = p.SecondLife || p.Status == "" // whether it lived before, nobody here knows
		return
	}
	if p.handedOver(e) {
		return // the ingress handed the same delivery over twice; it counted once
	}
	if len(p.Seen) == 0 && p.Runs == 0 {
		p.SecondLife = e.Time.Before(workflow.Now(ctx).Add(-p.Settings.ProjectLinger))
	}
	disposition := Unusable
	if e.ProjectID == p.ProjectID && e.ID != "" && e.Status != "" {
		disposition = p.Seen.place(e)
	}
	p.count(ctx, e, disposition)
	switch disposition {
	case Applied:
		p.hearChildrenFirst(ctx)
		p.Sweep.Found = nil // it was found before this event
		p.doubt(ctx, e)
		p.apply(ctx, e)
	case Late:
		p.late(ctx, e)
	}
}

// count records an event's disposition: received is always the sum.
func (p *project) count(ctx workflow.Context, e prodege.Event, d Disposition) {
	p.Counts.Received++
	switch d {
	case Applied:
		p.Counts.Applied++
	case Duplicate:
		p.Counts.Duplicate++
	case Late:
		p.Counts.Late++
	case Unusable:
		p.Counts.Unusable++
	}
	p.keepLine(e, d)
	workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"disposition": string(d)}).Counter("fieldmarshal_events").Inc(1)
	workflow.GetLogger(ctx).Info("event", "project_id", p.ProjectID.String(), "event_id", string(e.ID), "status", string(e.Status),
		"update_reason", int(e.Reason), "disposition", string(d))
}

// keepLine remembers the last ten events for people.
func (p *project) keepLine(e prodege.Event, d Disposition) {
	p.Last = append(p.Last, EventLine{ID: prodege.EventID(cut(string(e.ID), 128)), Time: e.Time, Status: prodege.Status(cut(string(e.Status), 40)), Reason: e.Reason, Source: e.Source, Disposition: d})
	if len(p.Last) > 10 {
		p.Last = append([]EventLine(nil), p.Last[len(p.Last)-10:]...)
	}
}

// doubt asks Prodege where the order of events is not certain: event_time has seconds only, and a finding of
// our own may be newer than what this event says.
func (p *project) doubt(ctx workflow.Context, e prodege.Event) {
	overtaken := p.Sweep.LastAt.After(e.Time)
	if (p.sameSecond(e) || overtaken) && (e.Status != p.Status || e.AsksCPI()) || p.sameSecond(e) && p.otherReason(ctx, e) {
		p.askSoon(ctx)
	}
}

// late handles an event that newer ones have overtaken: it changes no status and no request, but what is due
// once in a project's life is still done.
func (p *project) late(ctx workflow.Context, e prodege.Event) {
	if e.Rejected() {
		p.tellRejection(ctx, e, true)
	}
	if e.ReconciliationNote != "" && (e.Status == prodege.PendingComplete || e.Status == prodege.Complete) {
		p.tellReconciliation(ctx, e, true)
	}
	if e.Status == prodege.Complete && p.Invoicing == nil {
		p.startInvoicing(ctx, e)
	}
	if e.Status == prodege.Invoiced {
		p.noteInvoiced(ctx, e)
	}
	if e.Status != p.Status || p.sameSecond(e) && (e.AsksCPI() || p.otherReason(ctx, e)) || p.otherPause(ctx, e) {
		p.askSoon(ctx)
	}
}

// otherPause says whether a late event tells of a pause for another reason than the one that is shown.
func (p *project) otherPause(ctx workflow.Context, e prodege.Event) bool {
	if e.Status != prodege.Paused || p.Pause == nil || sameCause(e, p.Pause.Event) {
		return false
	}
	return workflow.GetVersion(ctx, "a late pause for another reason", workflow.DefaultVersion, 1) >= 1
}

// sameCause says whether two pauses are for one reason, however each is told.
func sameCause(a, b prodege.Event) bool {
	if a.AsksCPI() || b.AsksCPI() || a.Rejected() || b.Rejected() {
		return a.AsksCPI() == b.AsksCPI() && a.Rejected() == b.Rejected()
	}
	return a.ActionReason() == b.ActionReason() && (a.ActionReason() != 0 || a.Description == b.Description)
}

// otherReason says whether an event of the newest one's second tells of a pause for another reason.
func (p *project) otherReason(ctx workflow.Context, e prodege.Event) bool {
	return e.Status == prodege.Paused && e.Reason != p.Reason &&
		workflow.GetVersion(ctx, "two reasons of one second", workflow.DefaultVersion, 1) >= 1
}

func (p *project) sameSecond(e prodege.Event) bool {
	return p.Status != "" && p.StatusSince.Unix() == e.Time.Unix()
}

// apply makes an event the project's newest state and does what it asks for: by reason, then by status.
func (p *project) apply(ctx workflow.Context, e prodege.Event) {
	if e.Status != p.Status {
		p.Waiting = "" // what it waits for begins anew
	}
	p.Status, p.Reason, p.Description = prodege.Status(cut(string(e.Status), 100)), e.Reason, cut(e.Description, 200)
	p.StatusSince, p.ClosesAt = e.Time, time.Time{}
	p.changedAt = e.Time
	if e.ReconciliationNote != "" {
		p.Note = cut(e.ReconciliationNote, 1000)
	}
	switch {
	case e.Status == prodege.Live:
		p.resume(ctx, e)
	case e.AsksCPI():
		p.pauseForCPI(ctx, e)
	case e.Status == prodege.Paused:
		p.pause(ctx, e)
	case e.Status == prodege.PendingComplete:
		p.pendingComplete(ctx, e)
	case e.Status == prodege.Complete:
		p.complete(ctx, e)
	case e.Status == prodege.Invoiced:
		p.invoiced(ctx, e)
	case e.Status == prodege.Deleted:
		p.deleted(ctx, e)
	case e.Status == prodege.Pending:
	default:
		p.tell(ctx, e, "unknown", activities.Card{Note: &activities.Note{Frame: p.frame(ctx), Kind: activities.NoteUnknown, Event: ptr(slim(e))}}, "an unknown status")
	}
	if e.Rejected() && e.Status != prodege.Paused {
		p.tellRejection(ctx, e, false)
	}
	p.scheduleSweep(ctx)
}

func ptr[T any](v T) *T { return &v }
