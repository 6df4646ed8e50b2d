package project

import (
	"fieldmarshal/prodege"
)

// People can act on a pause from its alert if its reason offers actions (see the table in package prodege), ALERT_ACTIONS is
// on and there is an API key. What was offered is recorded, so that a new row in the table does not affect open alerts.
// Another reason in the same pause is a new generation. The first valid decision wins; after a failed act there can be
// another one.

// offer lets people act on the current pause.
func (s *State) offer(e prodege.Event) {
	if q := s.OpenAction(); q != nil {
		s.anotherReason(q, e)
		return
	}
	if !s.Settings.AlertActions || !s.Settings.HasAPIKey || s.Pause.Alert == "" || len(e.Actions()) == 0 {
		return
	}
	s.keepFormer(s.Action)
	s.Action = &Question{Kind: OfAction, ID: s.Pause.Opened, PausedAt: s.Pause.Since}
	s.offerAnew(s.Action, e)
}

func (s *State) offerAnew(q *Question, e prodege.Event) {
	*q = Question{Kind: OfAction, ID: q.ID, PausedAt: q.PausedAt, Generation: q.Generation + 1, Phase: q.Phase, PhaseAt: q.PhaseAt,
		Event: trimmed(e), Offers: e.Actions(), Nobody: q.Nobody}
	s.enter(q, PhaseOpen)
	if m := s.message(s.Pause.Alert); m != nil && m.TS != "" || q.Generation > 1 {
		s.fillLater() // the alert has been posted already
	}
}

// anotherReason begins the next generation if the pause has another reason now, or the same one after people were told that
// there is nothing to do any more.
func (s *State) anotherReason(q *Question, e prodege.Event) {
	offers := len(e.Actions()) > 0 && s.Settings.AlertActions && s.Settings.HasAPIKey
	if offers && sameReason(q.Event, e) && !phases[q.Phase].settled {
		return
	}
	if !s.dropAct(q, e) {
		return
	}
	if !offers {
		q.Other, q.ToAct = ptr(trimmed(e)), false
		s.enter(q, PhaseOther)
		return
	}
	s.offerAnew(q, e)
}

// offer finds an offered action.
func (q *Question) offer(id prodege.ActionID) (prodege.Action, bool) {
	for _, row := range q.Offers {
		if row.ID == id {
			return row, true
		}
	}
	return prodege.Action{}, false
}

// decideAction handles a decision about an action. It returns why the decision has no effect; empty if it counts.
func (s *State) decideAction(q *Question, d Decision) AnswerKind {
	row, offered := q.offer(d.Action)
	open := q.Phase == PhaseOpen || q.Phase.Failed()
	switch {
	case d.Verdict != ChooseAction:
		return AnswerMismatch
	case s.actOf(q) != nil || q.ToAct || !open && q.decided() != nil:
		return AnswerDecided
	case !open:
		return AnswerClosed
	case !offered, !q.fits(row, d.Number):
		return AnswerMismatch
	case !s.Settings.AlertActions:
		return AnswerNotNow
	}
	if last := q.decided(); last == nil || last.Action != d.Action || last.Number != d.Number {
		q.MaybeSent = false // what may have succeeded before was something else
	}
	s.record(q, d, nil)
	s.act(q)
	return ""
}

// fits reports whether a number can be sent: the row accepts it, and it is more than the current one, but at most twice that.
func (q *Question) fits(row prodege.Action, n int64) bool {
	if f := q.Figures; row.Asks == prodege.AsksSample && f != nil && f.Wanted > 0 {
		return n > max(f.Wanted, f.Completes) && n <= MostSample(max(f.Wanted, f.Completes)) && row.Fits(n)
	}
	return row.Fits(n)
}

// actionFacts returns what the alert shows about its actions.
func (s *State) actionFacts(q *Question) *ActionFacts {
	a := &ActionFacts{ID: q.ID, Generation: q.Generation, Reason: q.Event.ActionReason(), Offers: q.Offers, Phase: q.Phase, PhaseAt: q.PhaseAt,
		Decisions: lastOf(q.Decisions, 5), Refusal: q.Refusal, EndStatus: q.EndStatus, Figures: q.Figures,
		MaybeSent: q.MaybeSent && q.Phase == PhaseElsewhere, Nobody: q.Nobody}
	if q.Closed || q.Phase == PhaseOther || q.Phase == PhaseCancelled {
		a.Offers = nil
	}
	if a.HasButtons() {
		a.DryRun, a.Anyone = s.Settings.DryRun, s.Settings.Anyone
	}
	return a
}
