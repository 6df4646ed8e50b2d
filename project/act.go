package project

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// What was decided is done at Prodege by an act. A project has at most one act at a time. Each attempt reads the project first
// and does nothing if it is not as people saw it. After a transient failure it is tried again after 1 s, doubling to 30 s;
// after half an hour it stops and people are asked. A running attempt is never canceled: a newer amount waits for its end.
// Then the project waits for the effect: if LIVE does not come within RESUME_TIMEOUT, Prodege is asked, and people are told.

const (
	actFor         = 30 * time.Minute
	actBackoff     = 30 * time.Second
	heldCheckEvery = time.Minute     // how often a held-back decision checks the kill switch
	liveSoon       = 2 * time.Second // LIVE often comes this soon after an acceptance: then one edit shows both
)

// act does what was decided, as far as the current settings allow.
func (s *State) act(q *Question) {
	q.Refusal, q.ToAct = nil, false
	switch {
	case s.Settings.DryRun:
		s.enter(q, PhaseDryRun)
	case !s.Settings.HasAPIKey:
		s.enter(q, PhaseByHand)
	default:
		s.enter(q, PhaseApproved)
		q.ToAct = true
	}
}

// advanceActs begins the act for what was decided, unless another one is in progress.
func (s *State) advanceActs() {
	for _, q := range nonNil(s.Request, s.Action) {
		if !q.ToAct || s.Act != nil || q.Closed {
			continue
		}
		q.ToAct = false
		s.Acts++
		a := &Act{Kind: q.Kind, ID: q.ID, Generation: q.Generation, N: s.Acts}
		a.Until, a.Maybe = s.now.Add(actFor), q.MaybeSent
		if q.Kind == OfCPI {
			a.Amount, a.MustRead = q.Approved, q.ByRule
		} else if d := q.decided(); d != nil {
			row, _ := q.offer(d.Action)
			a.Action, a.Number = &row, d.Number
		}
		s.Act = a
	}
}

// actOf returns the act of a question; nil if there is none in progress.
func (s *State) actOf(q *Question) *Act {
	if a := s.Act; a != nil && a.Kind == q.Kind && a.ID == q.ID {
		return a
	}
	return nil
}

func (s *State) actJobs(add func(job)) {
	if a := s.Act; a != nil {
		add(job{base: fmt.Sprintf("act/%s/%s/%d/%d", a.Kind, a.ID, a.Generation, a.N), try: &a.Try, task: s.actTask, done: s.actDone})
	}
}

func (s *State) actTask() Task {
	a := s.Act
	if a.Kind == OfCPI {
		return Task{Summary: "accept " + a.Amount.Dollars() + " at Prodege",
			Accept: &AcceptCPI{Project: s.ID, Approved: *a.Amount, MustRead: a.MustRead, Maybe: a.Maybe, Amount: a.MaybeAmount}}
	}
	what := a.Action.Label // such as "Raise sample size 500"
	if a.Number != 0 {
		what += fmt.Sprintf(" %d", a.Number)
	}
	return Task{Summary: what + " at Prodege", Act: &ActOnProject{Project: s.ID, Action: *a.Action, Number: a.Number, Maybe: a.Maybe}}
}

// actDone handles the result of an attempt.
func (s *State) actDone(r Result) {
	a := s.Act
	q := s.question(a.Kind, a.ID)
	if q == nil { // impossible: a question outlives its act
		s.Act = nil
		return
	}
	if f := r.Failure; f != nil {
		s.actFailed(q, a, *f)
	} else if r.Acceptance != nil {
		s.actEnded(q, a, *r.Acceptance)
	}
	if s.Act != nil {
		return // it is tried again
	}
	newer := q.Newer
	q.Newer = nil
	switch {
	case s.Cancelled && !q.Closed:
		s.cancelQuestion(q)
	case q.Closed && q.Check != nil: // it is being checked whether an attempt without an answer succeeded
	case q.Closed:
		s.closed(q)
	case newer != nil && q.Kind == OfAction:
		s.anotherReason(q, *newer)
	case newer != nil && newer.AsksCPI():
		s.newer(q, *newer)
	case newer != nil:
		s.pausedForOther(q, *newer)
	}
	if q.Phase.Failed() && !q.Closed {
		s.replyFailed(q)
	}
	s.forgetFormer(q)
}

// forgetFormer drops the question of an earlier pause once nothing of it is in progress.
func (s *State) forgetFormer(q *Question) {
	if q != s.Former || q.Check != nil || s.actOf(q) != nil {
		return
	}
	if q.Kind == OfCPI {
		s.renderRequest(q)
	} else {
		s.renderAlert(s.pauseOf(q))
	}
	s.Former = nil
}

// keepFormer keeps a question that a newer pause replaces, while something of it is in progress.
func (s *State) keepFormer(q *Question) {
	if q == nil || s.actOf(q) == nil && q.Check == nil {
		return
	}
	if f := s.Former; f != nil && f.Check != nil { // there is room for one
		f.Check = nil
		s.closeAfterCheck(f, nil)
	}
	s.Former = q
}

// actFailed decides about the next attempt.
func (s *State) actFailed(q *Question, a *Act, f Failure) {
	a.Maybe = a.Maybe || f.Maybe
	if f.Amount != nil {
		a.MaybeAmount = f.Amount
	}
	a.Fault = f.refusal("Prodege")
	final := f.Kind == FailedRefused || f.Kind == FailedOperator
	fails := func(phase Phase, kind LineKind) {
		s.Act = nil
		q.MaybeSent, q.Refusal = a.Maybe, a.Fault // an earlier attempt may have succeeded
		s.enter(q, phase)
		s.actLine(q, kind, a.Amount, a.Fault.Text)
	}
	switch {
	case !final && (q.Closed || q.Newer != nil || s.Cancelled):
		s.abandonAct(q, a)
	case final:
		fails(PhaseRefused, LineRefused)
	case !s.now.Before(a.Until):
		fails(PhaseStopped, LineStopped)
	default:
		a.again(s.now, time.Second, actBackoff, f.RetryAfter)
	}
}

// abandonAct ends an act between two attempts.
func (s *State) abandonAct(q *Question, a *Act) {
	s.Act = nil
	if a.Maybe {
		q.MaybeSent = true
		if _, ours := q.effect(q.EndStatus); ours && q.Closed && s.Settings.HasAPIKey && !s.Cancelled {
			q.Check = &Try{Until: s.now.Add(checkFor)} // the project is in the state that the act leads to: was it the act?
			return
		}
		s.actLine(q, LineAbandoned, a.Amount, "it may have reached Prodege")
	}
}

// dropAct calls off a question's act for something newer. It returns false if an attempt is running: then the newer event
// waits for its end.
func (s *State) dropAct(q *Question, newer prodege.Event) bool {
	a := s.actOf(q)
	switch {
	case a == nil:
	case a.Busy:
		q.Newer = ptr(trimmed(newer))
		return false
	default:
		s.abandonAct(q, a)
	}
	q.Newer = nil
	return true
}

// actEnded handles what an attempt found and did.
func (s *State) actEnded(q *Question, a *Act, got Acceptance) {
	s.Act = nil
	if got.MaxCPI != nil && q.Kind == OfCPI {
		n := q.known()
		if got.Outcome == OutcomeSent {
			n.MaxCPI = got.MaxCPI // what is in force
		}
		q.Numbers = &n
	}
	switch got.Outcome {
	case OutcomeSent:
		q.MaybeSent, q.Sent, q.Unread = false, got.Sent, got.Unread
		s.enter(q, PhaseAccepted)
		q.CheckAt = s.now.Add(s.Settings.ResumeTimeout)
		s.actLine(q, LineAccepted, cmp.Or(got.Sent, a.Amount), "")
		if p := s.pauseOf(q); p != nil {
			s.step(p, UntilAcceptance, s.now)
		}
	case OutcomeAlreadyLive, OutcomeEnded:
		q.MaybeSent = a.Maybe
		q.EndStatus = got.Status
		s.enter(q, endPhase(got.Status))
		s.pollSoon()
	case OutcomeOther:
		s.enter(q, PhaseOther)
		if q.Other == nil && q.Newer == nil {
			s.pollSoon()
		}
	case OutcomeRisen:
		if q.Closed || q.Newer != nil && (!q.Newer.AsksCPI() || !q.covers(*q.Newer)) {
			return // the newest event decides what to do
		}
		s.newer(q, s.foundAmount(q, got.Required))
	case OutcomeHeld:
		if q.Closed || q.Newer != nil || s.Cancelled {
			return
		}
		s.enter(q, PhaseHeld)
		s.Act = a
		a.After, a.Until = s.now.Add(heldCheckEvery), s.now.Add(heldCheckEvery+actFor)
	case OutcomeDryRun:
		s.enter(q, PhaseDryRun)
		s.line(Line{Kind: LineClosed, Text: "dry run: nothing was sent", DryRun: true, Ref: string(q.ID)}) // it was decided before
	case OutcomeNoKey:
		s.enter(q, PhaseByHand)
	case OutcomeOverLimit:
		q.Refusal = &Refusal{Party: PartyCeiling, Text: "the amount is above the ceiling that is configured now; nothing was sent"}
		s.enter(q, PhaseRefused)
	}
}

// actLine records what became of an act.
func (s *State) actLine(q *Question, kind LineKind, amount *prodege.USD, text string) {
	l := Line{Kind: kind, Amount: amount, Text: text, Ref: string(q.ID)}
	if d := q.decided(); d != nil {
		l.Action, l.Number = d.Action, d.Number
	}
	s.line(l)
}

// resumeHeld continues a held-back decision after accepting was switched on.
func (s *State) resumeHeld() {
	if a := s.Act; a != nil && !a.Busy {
		if q := s.question(a.Kind, a.ID); q != nil && q.Phase == PhaseHeld {
			a.After = time.Time{}
		}
	}
}

// replyFailed says in the thread, once per act, that it failed, because edits notify nobody. It mentions the people who decided,
// or SLACK_ESCALATION if a rule did.
func (s *State) replyFailed(q *Question) {
	n := Note{Frame: s.frame(), Kind: NoteFailed, Phase: q.Phase, Refusal: q.Refusal, Mention: q.deciders()}
	if len(n.Mention) == 0 {
		n.Mention = s.Settings.Escalation
	}
	if last := q.decided(); last != nil {
		n.Decision = ptr(*last)
	}
	k := fmt.Sprintf("failed-%s-%s-%d-%d", q.Kind, q.ID, q.Generation, len(q.Decisions)) // each act has its own decision
	s.replyEnsuringPosted(s.messageOf(q), k, n, "notice of failure")
}

// deciders returns the people who decided what was sent last, or had it tried again.
func (q *Question) deciders() (users []string) {
	last := q.decided()
	if last == nil {
		return nil
	}
	for _, d := range q.Decisions {
		if sameAmount(d.Amount, last.Amount) && d.Action == last.Action && d.Number == last.Number && d.User != "" && !slices.Contains(users, d.User) {
			users = append(users, d.User)
		}
	}
	return users
}
