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

// decideRequest handles a verdict on an amount. It returns why the verdict has no effect; empty if it counts.
func (s *State) decideRequest(q *Question, d Decision) AnswerKind {
	open := oneOf(q.Phase, PhaseOpen, PhaseSecond, PhaseOverLimit)
	switch {
	case d.Verdict == AskAgain:
		return s.askAgain(q, d)
	case d.Verdict != Approve && d.Verdict != Reject, !sameAmount(d.Amount, q.Required):
		return AnswerMismatch
	case q.Phase == PhaseExpired:
		return AnswerExpired
	case q.Phase == PhaseOverLimit && d.Verdict == Approve:
		return AnswerOverCeiling
	case !open && q.decided() != nil:
		return AnswerDecided
	case !open:
		return AnswerClosed
	case d.Verdict == Approve:
		return s.approve(q, d)
	}
	q.Stage = ""
	s.record(q, d, q.Required)
	s.enter(q, PhaseRejected)
	return ""
}

func (s *State) approve(q *Question, d Decision) AnswerKind {
	amount := cmp.Or(d.UpTo, q.Required)
	first, second := q.decided(), q.seconds(amount)
	switch {
	case amount == nil, q.Required != nil && amount.Cmp(*q.Required) < 0, d.Second && !second, amount.Cmp(prodege.USD{}) <= 0:
		return AnswerMismatch
	case exceeds(amount, s.Settings.Ceiling):
		return AnswerOverCeiling
	case q.Required != nil && amount.Cmp(MostApprovable(*q.Required, nil)) > 0:
		return AnswerTooMuch
	case s.needsSecond(amount) && second && first.User == d.User:
		return AnswerSamePerson
	}
	q.Stage = ""
	s.record(q, d, amount)
	if s.needsSecond(amount) && !second {
		s.enter(q, PhaseSecond)
		return ""
	}
	q.Approved = amount
	s.act(q)
	return ""
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
func (s *State) askAgain(q *Question, d Decision) AnswerKind {
	switch {
	case q.Phase != PhaseExpired && q.Phase != PhaseRejected:
		return AnswerNotNow
	case exceeds(q.Required, s.Settings.Ceiling):
		return AnswerOverCeiling
	}
	s.record(q, d, q.Required)
	s.ask(q, s.askedAnew(q))
	s.replyInRequest(q, "asked-again", NoteAskedAgain, "asked again")
	return ""
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
