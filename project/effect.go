package project

import (
	"fmt"
	"time"

	"fieldmarshal/prodege"
)

// After an act the project waits for its effect, and a question ends with its pause. An act whose answer was lost counts as done
// if Prodege shows its effect.

const checkFor = time.Minute // how long to try to read whether an act had its effect

func (s *State) actAlarms(add addAlarm) {
	for _, q := range nonNil(s.Request, s.Action) {
		if q.Phase == PhaseAccepted && q.Check == nil {
			add(q.CheckAt, "check whether it took effect at Prodege", func() {
				q.CheckAt = time.Time{}
				q.Check = &Try{Until: s.now.Add(checkFor)}
			})
		}
	}
}

// checkJob reads whether an act had its effect.
func (s *State) checkJob(q *Question) job {
	base := fmt.Sprintf("effect/%s/%s/%d/%d", q.Kind, q.ID, q.Generation, len(q.Decisions))
	in := Read{Priority: PriorityAct, Within: 20 * time.Second}
	return s.readJob(base, q.Check, "done at Prodege, but no webhook arrived: check the project's status", in, func(r Result) {
		if q.Check.retries(s.now, r, 5*time.Second, 20*time.Second) {
			return
		}
		q.Check = nil
		if q.Closed {
			s.closeAfterCheck(q, r.Reading)
			return
		}
		if r.Reading != nil {
			if phase, ours := q.effect(r.Reading.Info.Status); ours {
				q.EndStatus = r.Reading.Info.Status
				s.pollSoon()
				s.enter(q, phase)
				return
			}
		}
		if q.Other != nil {
			s.enter(q, PhaseOther)
			return
		}
		s.enter(q, PhaseStill)
		s.replyFailed(q)
	})
}

// closeAfterCheck closes a question whose act may have succeeded though its answer was lost: if the project is in the state that the
// act leads to, the act did it. r is nil if the project could not be read.
func (s *State) closeAfterCheck(q *Question, r *Reading) {
	did := false
	if r != nil {
		info := r.Info
		_, did = q.effect(info.Status)
		switch d := q.decided(); {
		case q.Kind == OfCPI:
			did = did && (info.MaxCPI == nil || q.Approved != nil && info.MaxCPI.Cmp(*q.Approved) >= 0)
			if did && info.MaxCPI != nil && info.MaxCPI.Equal(*q.Approved) {
				q.Sent = q.Approved
			}
		case d != nil:
			if row, _ := q.offer(d.Action); row.Asks == prodege.AsksSample && info.SampleSize > 0 && info.SampleSize < d.Number {
				did = false
			}
		}
	}
	if did {
		q.MaybeSent = false
		s.enter(q, PhaseAccepted)
		s.actLine(q, LineAccepted, q.Sent, "")
	} else {
		s.actLine(q, LineAbandoned, q.Approved, "it may have reached Prodege")
	}
	s.closed(q)
	s.forgetFormer(q)
}

// effect reports whether a status is the effect of what was sent, and returns the phase that follows. Some projects become
// PENDING_COMPLETE before they are COMPLETE.
func (q *Question) effect(status prodege.Status) (Phase, bool) {
	want := prodege.Live
	if d := q.decided(); q.Kind == OfAction && d != nil {
		row, _ := q.offer(d.Action)
		want = row.Status
	}
	switch {
	case want == prodege.Live && status == prodege.Live:
		return PhaseLive, true
	case want == prodege.Complete && (status == prodege.Complete || status == prodege.PendingComplete || status == prodege.Invoiced):
		return PhaseDone, true
	}
	return PhaseStill, false
}

// close ends a question with its pause. If an attempt is running, its end does the rest.
func (s *State) close(q *Question, status prodege.Status) {
	q.CheckAt, q.Check, q.Stage, q.ToAct, q.Newer = time.Time{}, nil, "", false, nil
	q.Closed, q.EndStatus = true, status
	if a := s.actOf(q); a != nil {
		if a.Busy {
			return
		}
		if s.abandonAct(q, a); q.Check != nil {
			return // it is being checked whether it succeeded
		}
	}
	s.closed(q)
}

// closed records how a question ended.
func (s *State) closed(q *Question) {
	switch q.Phase {
	case PhaseRejected, PhaseDryRun, PhaseElsewhere, PhaseLive, PhaseDone, PhaseCancelled:
		return // what it says is still true
	case PhaseAccepted, PhaseStill, PhaseByHand:
		if phase, ours := q.effect(q.EndStatus); ours {
			s.enter(q, phase)
			return
		}
	}
	s.enter(q, endPhase(q.EndStatus))
}

// endPhase returns the phase of a question whose project got a status without us.
func endPhase(status prodege.Status) Phase {
	if status == prodege.Live {
		return PhaseElsewhere
	}
	return PhaseEnded
}
