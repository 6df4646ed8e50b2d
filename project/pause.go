package project

import (
	"time"

	"fieldmarshal/prodege"
)

// A pause is one message in the alerts channel: what follows in the same pause goes into its thread, and its end updates it. A
// pause for CPI has a request instead (request.go). A project that flaps does not flood the channel: a pause for the same reason
// within an hour of the last goes into the thread of the previous alert, which counts them.

const (
	flapWithin = time.Hour
	// maxAlerts is how many consecutive pauses, each within an hour of the previous one, get their own alerts if their reasons
	// differ; others are counted in the last one.
	maxAlerts = 5
	// alertRead is how long an alert waits for a read of the project.
	alertRead = 2 * time.Second
)

// paused alerts people to a pause that is not for CPI.
func (s *State) paused(e prodege.Event) {
	if q := s.OpenRequest(); q != nil {
		s.pausedForOther(q, e)
	}
	news := s.Pause == nil
	if news {
		s.openPause(e)
	}
	p := s.Pause
	needsAlert := p.Alert == "" || p.Alert == p.Rejection && !e.Rejected() // actions need an alert
	news = news || needsAlert || p.ForCPI || !sameCause(p.Event, e)
	p.Event, p.ForCPI = trimmed(e), false
	switch {
	case needsAlert:
		s.alert(e)
	case e.Rejected():
		s.tellRejection(e, false)
	case news:
		s.replyOrCount(p.Alert, key("note", e), s.note(NoteOtherReason, e), "another reason for the pause")
	}
	s.clockInactivity(e)
	s.offer(e)
	if news {
		l := Line{At: e.Time, Kind: LinePaused, Reason: e.ActionReason(), Ref: string(p.Opened)}
		if l.Reason == 0 {
			l.Text = e.Description
		}
		s.line(l)
	}
}

// pausedForCPI asks people to accept the required CPI. A newer amount in the same pause is a new generation of the same request.
func (s *State) pausedForCPI(e prodege.Event) {
	news := s.Pause == nil || !s.Pause.ForCPI || e.RequiredCPI != nil && !sameAmount(s.Pause.Event.RequiredCPI, e.RequiredCPI)
	if s.Pause == nil {
		s.openPause(e)
	} else if s.Pause.Alert != "" && !s.Pause.ForCPI {
		n := s.note(NoteAsksCPI, e)
		n.Link = s.link(s.Pause.Request)
		s.replyOrCount(s.Pause.Alert, key("cpi", e), n, "CPI decision needed")
	}
	s.Pause.Event, s.Pause.ForCPI = trimmed(e), true
	s.Pause.Inactivity = nil
	if news {
		s.line(Line{At: e.Time, Kind: LinePaused, Reason: prodege.RealTimePricing, Amount: e.RequiredCPI, Ref: string(s.Pause.Opened)})
	}
	if q := s.OpenAction(); q != nil {
		s.anotherReason(q, e)
	}
	if q := s.OpenRequest(); q != nil {
		s.newer(q, e)
	} else {
		s.request(e)
	}
	if e.Rejected() {
		s.tellRejection(e, false)
	}
}

// lateAmount takes from a late event what the newest one did not give: the required CPI, if it belongs to the current pause. A
// late event that is not a pause separates earlier events from the current pause: it is unknown whether their amount is still
// required, so it is withdrawn unless somebody has decided, and read from Prodege.
func (s *State) lateAmount(e prodege.Event) {
	p, q := s.Pause, s.OpenRequest()
	order := Order{e.Time, e.ID}
	if p == nil || order.before(p.After) {
		return
	}
	if e.Status != prodege.Paused && !e.AsksCPI() {
		p.After = order
	}
	if q == nil || !p.ForCPI || p.Event.RequiredCPI != nil {
		return
	}
	told := Order{q.Event.Time, q.Event.ID}
	switch {
	case e.AsksCPI() && e.RequiredCPI != nil && (q.Required == nil || told.before(order)):
		s.newer(q, e)
	case p.After == order && q.Required != nil && told.before(order) && q.Phase == PhaseOpen && len(q.Decisions) == 0:
		s.ask(q, p.Event)
	}
}

func (s *State) openPause(e prodege.Event) {
	s.Pause = &Pause{Opened: SafeID(e.ID), Since: e.Time, Event: trimmed(e), ForCPI: e.AsksCPI(), Times: 1, After: s.Newest}
}

// alert posts the pause's message, or reuses the last one if the project flaps.
func (s *State) alert(e prodege.Event) {
	p := s.Pause
	if e.Rejected() {
		p.Rejection = s.tellRejection(e, false)
		p.Alert = p.Rejection
		return
	}
	p.About = e
	if last := s.LastPause; last != nil && last.Ended != nil && e.Time.Sub(last.Ended.Time) < flapWithin {
		p.Flaps = last.Flaps + 1
		if m := s.message(last.Alert); m != nil && m.Card.Pause != nil && (sameReason(last.About, e) || last.Flaps >= maxAlerts) {
			p.Alert, p.Times, p.Posted = last.Alert, last.Times+1, true
			last.Alert = ""
			s.renderAlert(p)
			s.replyOrCount(p.Alert, key("again", e), s.note(NotePausedAgain, e), "paused again")
			return
		}
	}
	p.Alert = key("pause", e)
}

// renderAlert updates a pause's alert.
func (s *State) renderAlert(p *Pause) {
	if p == nil || p.Alert == "" {
		return
	}
	s.renderRejection(p)
	if p.Alert == p.Rejection {
		return
	}
	m := s.message(p.Alert)
	card := Card{Pause: s.pauseFacts(p)}
	if m != nil && m.Card.Pause != nil && m.Card.Pause.End != nil && p.Ended != nil && card.Pause.Action == nil {
		card.Pause.Action = m.Card.Pause.Action // keep what was done from it after the question is dropped
	}
	over := p.Ended != nil && m != nil && m.Card.Pause != nil && m.Card.Pause.End == nil
	posted := s.post(p.Alert, s.Settings.AlertsChannel, card, "alert")
	if m == nil {
		posted.MayDigest = true
		if r := s.figuresRead(alertRead); s.Settings.HasAPIKey && (s.Name.Name == "" || r.Quotas || r.Clicks) {
			posted.Read = r
		}
	}
	if over {
		s.leaveDigest(posted)
	}
	if q := s.question(OfAction, p.Opened); q != nil && q.Phase == PhaseAccepted && q.PhaseAt.Equal(s.now) {
		s.hold(p.Alert, liveSoon)
	}
}

// figuresRead returns the read for the figures on the current pause's message.
func (s *State) figuresRead(within time.Duration) *Read {
	r := &Read{Project: s.ID, Priority: PriorityFigures, Within: within}
	if q := s.OpenAction(); q != nil {
		for _, row := range q.Offers {
			r.Quotas = r.Quotas || row.Asks == prodege.AsksSample
			r.Clicks = r.Clicks || row.Asks == prodege.AsksClicks
		}
	}
	if q := s.OpenRequest(); q != nil && s.Pause.ForCPI {
		r.Quotas = true
	}
	return r
}

func (s *State) pauseFacts(p *Pause) *PauseFacts {
	f := &PauseFacts{Frame: s.frame(), Event: p.About, Since: p.Since, Times: p.Times, Request: s.link(p.Request)}
	if c := p.Inactivity; c != nil {
		f.AutoComplete = c.At
	}
	if q := s.question(OfAction, p.Opened); q != nil {
		f.Action = s.actionFacts(q)
	}
	if !sameReason(p.About, p.Event) {
		f.Moved = ptr(p.Event)
	}
	if p.Ended != nil {
		f.End = p.end()
	}
	return f
}

// end returns how the pause ended.
func (p *Pause) end() *End {
	e := &End{At: p.Ended.Time, Status: p.Ended.Status, Reason: p.Ended.Reason}
	if d := p.Decided; d != nil {
		e.Decided, e.By, e.From = d.At, d.User, d.From
	}
	return e
}

// renderRejection updates a rejection that opened a pause once the pause is over.
func (s *State) renderRejection(p *Pause) {
	m := s.message(p.Rejection)
	if p.Ended == nil || m == nil || m.Card.Rejection == nil || m.Card.Rejection.End != nil {
		return // not over, shown already, or counted in one message with others
	}
	r := *m.Card.Rejection
	r.Frame, r.Since, r.End = s.frame(), p.Since, p.end()
	s.post(m.Key, m.Channel, Card{Rejection: &r}, "rejection: the pause is over")
}

// resumed ends a pause: the alert gives its duration, and open requests close.
func (s *State) resumed(e prodege.Event) {
	p := s.Pause
	s.endPause(e)
	if p != nil {
		s.replyOrCount(p.Rejection, key("resumed", e), s.note(NoteResumed, e), "resumed")
	}
}

func (s *State) endPause(e prodege.Event) {
	p := s.Pause
	if p == nil {
		return
	}
	for _, q := range nonNil(s.OpenRequest(), s.OpenAction()) {
		s.close(q, e.Status)
	}
	p.Ended = ptr(trimmed(e))
	kind := LineEnded
	if e.Status == prodege.Live {
		kind = LineLive
		s.step(p, UntilLive, e.Time)
	}
	s.line(Line{At: e.Time, Kind: kind, Status: e.Status, Ref: string(p.Opened)})
	s.Pause, s.LastPause = nil, p
	s.Figures = nil
}

// recordPosted records that the first message about a pause has been posted; where says where, if it is not a message of its own.
func (s *State) recordPosted(key, where string) {
	for _, p := range nonNil(s.Pause, s.LastPause) {
		if oneOf(key, p.Alert, p.Request) && !p.Posted {
			p.Posted = true
			s.line(Line{Kind: LineTold, Ref: string(p.Opened), Text: where})
			s.step(p, UntilPost, s.now)
		}
	}
}

func (s *State) note(kind NoteKind, e prodege.Event) Note {
	n := Note{Frame: s.frame(), Kind: kind, Event: ptr(trimmed(e))}
	if s.Pause != nil {
		n.Times = s.Pause.Times
	}
	return n
}

// sameReason reports whether two pauses have the same reason and the same kind of message.
func sameReason(a, b prodege.Event) bool {
	return a.Reason == b.Reason && a.Description == b.Description && a.AsksCPI() == b.AsksCPI() && !a.Rejected() && !b.Rejected()
}

// sameCause reports whether two pauses have the same reason, whatever their kinds of message.
func sameCause(a, b prodege.Event) bool {
	if a.AsksCPI() || b.AsksCPI() || a.Rejected() || b.Rejected() {
		return a.AsksCPI() == b.AsksCPI() && a.Rejected() == b.Rejected()
	}
	return a.ActionReason() == b.ActionReason() && (a.ActionReason() != 0 || a.Description == b.Description)
}
