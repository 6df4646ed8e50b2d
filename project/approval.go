package project

import (
	"cmp"
	"time"

	"fieldmarshal/prodege"
)

// The limits of an approval, all compared with the amount to be sent:
//
//   - CPI_CEILING: nothing above it is ever sent, whoever approves.
//   - CPI_SECOND_APPROVER_ABOVE: two different people; another amount is a new first approval.
//   - CPI_AUTO_APPROVE_UP_TO: approved by rule, at most three times per project and day, never for an event that is older than
//     an hour, found by a poll or vouched for, never without having read the project, and never in a second life.
//   - "Approve up to…" accepts at most twice the required amount.

const (
	maxAutomatic    = 3
	automaticWithin = 24 * time.Hour
	automaticFresh  = time.Hour
	lifeWithin      = 10 * time.Second // if earlier lives are unknown by then, people are asked
	maxFactor       = 2                // more than this multiple of the required amount is a typing error: $425 for $4.25
)

// MostApprovable returns the highest amount that can be approved if an amount is required: twice that, but not more than
// CPI_CEILING. ceiling is nil if there is none.
func MostApprovable(required prodege.USD, ceiling *prodege.USD) prodege.USD {
	most := required.Times(maxFactor)
	if exceeds(&most, ceiling) {
		return *ceiling
	}
	return most
}

// MostSample returns the largest sample size that can be asked for if a number of completes is wanted now: twice that. 0 means
// that the present size is unknown and there is no limit.
func MostSample(wanted int64) int64 { return wanted * maxFactor }

// exceeds reports whether an amount is above a limit; false if either is nil.
func exceeds(amount, limit *prodege.USD) bool {
	return amount != nil && limit != nil && amount.Cmp(*limit) > 0
}

// decideRequest handles a verdict on an amount.
func (s *State) decideRequest(q *Question, d Decision) {
	switch d.Verdict {
	case Approve:
		if s.decidable(q, d) {
			s.approve(q, d)
		}
	case Reject:
		if s.decidable(q, d) {
			q.Stage = ""
			s.record(q, d, q.Required)
			s.enter(q, PhaseRejected)
		}
	case AskAgain:
		s.askAgain(q, d)
	default:
		s.answer(d, q, AnswerMismatch)
	}
}

// decidable reports whether the request can still be decided for this amount; if not, it answers the click.
func (s *State) decidable(q *Question, d Decision) bool {
	open := q.Phase == PhaseOpen || q.Phase == PhaseSecond
	switch {
	case !sameAmount(d.Amount, q.Required):
		s.answer(d, q, AnswerMismatch)
	case q.Phase == PhaseExpired:
		s.answer(d, q, AnswerExpired)
	case q.Phase == PhaseOverLimit && d.Verdict == Approve:
		s.answer(d, q, AnswerOverCeiling)
	case !open && q.Phase != PhaseOverLimit && q.decided() != nil:
		s.answer(d, q, AnswerDecided)
	case !open && q.Phase != PhaseOverLimit:
		s.answer(d, q, AnswerClosed)
	default:
		return true
	}
	return false
}

func (s *State) approve(q *Question, d Decision) {
	amount := cmp.Or(d.UpTo, q.Required)
	first, second := q.decided(), q.seconds(amount)
	switch {
	case amount == nil, q.Required != nil && amount.Cmp(*q.Required) < 0, d.Second && !second, amount.Cmp(prodege.USD{}) <= 0:
		s.answer(d, q, AnswerMismatch)
	case exceeds(amount, s.Settings.Ceiling):
		s.answer(d, q, AnswerOverCeiling)
	case q.Required != nil && amount.Cmp(MostApprovable(*q.Required, nil)) > 0:
		s.answer(d, q, AnswerTooMuch)
	case s.needsSecond(amount) && second && first.User == d.User:
		s.answer(d, q, AnswerSamePerson)
	case s.needsSecond(amount) && !second:
		q.Stage = ""
		s.record(q, d, amount)
		s.enter(q, PhaseSecond)
	default:
		q.Stage = ""
		s.record(q, d, amount)
		q.Approved = amount
		s.act(q)
	}
}

// needsSecond reports whether an amount needs two different people.
func (s *State) needsSecond(amount *prodege.USD) bool {
	return exceeds(amount, s.Settings.SecondApproverAbove)
}

// seconds reports whether an approval of this amount is the second of two: another amount is a new first approval.
func (q *Question) seconds(amount *prodege.USD) bool {
	first := q.decided()
	return q.Phase == PhaseSecond && first != nil && sameAmount(first.Amount, amount)
}

// askAgain reopens an expired or rejected request: a new generation, with current figures.
func (s *State) askAgain(q *Question, d Decision) {
	if q.Phase != PhaseExpired && q.Phase != PhaseRejected {
		s.answer(d, q, AnswerNotNow)
		return
	}
	if exceeds(q.Required, s.Settings.Ceiling) {
		s.answer(d, q, AnswerOverCeiling)
		return
	}
	s.record(q, d, q.Required)
	s.ask(q, s.askedAnew(q))
	s.replyInRequest(q, "asked-again", NoteAskedAgain, "asked again")
}

// approveByRule lets a rule approve, once it is known that there was no earlier life.
func (s *State) approveByRule() {
	q := s.Request
	if q == nil || q.Stage != StageChecking || !s.Life.Known && s.now.Before(s.Life.Search.Until) {
		return
	}
	q.Stage = ""
	if !s.Life.Known || s.Life.Earlier || !s.ruleApproves(q) || q.Phase != PhaseOpen || len(q.Decisions) > 0 {
		return
	}
	s.Automatic = append(s.Automatic, s.now)
	s.record(q, Decision{Verdict: Approve, From: FromRule, At: s.now}, q.Required)
	q.Approved, q.ByRule = q.Required, true
	s.act(q)
}

// ruleApproves reports whether CPI_AUTO_APPROVE_UP_TO approves the amount without asking, as far as the core knows.
func (s *State) ruleApproves(q *Question) bool {
	limit := s.Settings.AutoApproveUpTo
	if limit == nil || q.Required == nil || exceeds(q.Required, limit) || q.FromPoll || q.Event.Vouched != "" || s.Life.Old {
		return false
	}
	recent := 0
	for _, at := range s.Automatic {
		if s.now.Sub(at) < automaticWithin {
			recent++
		}
	}
	return recent < maxAutomatic && s.now.Sub(q.Event.Time) < automaticFresh
}
