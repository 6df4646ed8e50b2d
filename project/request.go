package project

import (
	"cmp"
	"time"

	"fieldmarshal/prodege"
)

// A CPI request asks people to approve a required CPI. There is one request per pause; a newer amount, or the same after another
// reason, is a new generation of it. The limits, all compared with the amount to be sent:
//
//   - CPI_CEILING: nothing above it is ever sent, whoever approves.
//   - CPI_SECOND_APPROVER_ABOVE: two different people; another amount is a new first approval.
//   - CPI_AUTO_APPROVE_UP_TO: approved by rule, at most three times per project and day, never for an event that is older than
//     an hour, found by a poll or vouched for, never without having read the project, and never in a second life.
//   - "Approve up to…" accepts at most twice the required amount.

const (
	requestRead       = 3 * time.Second // how long the message waits for figures
	maxAutomatic      = 3
	automaticWithin   = 24 * time.Hour
	automaticFresh    = time.Hour
	ceilingCheckEvery = time.Hour        // how often a request above the ceiling checks whether that was raised, if nothing else happens
	lifeWithin        = 10 * time.Second // if earlier lives are unknown by then, people are asked
)

func requestKey(id prodege.EventID) string { return "request-" + string(id) }

// request opens the request of a pause.
func (s *State) request(e prodege.Event) {
	s.keepFormer(s.Request) // people must be told the result of its running attempt
	q := &Question{Kind: OfCPI, ID: s.Pause.Opened, PausedAt: s.Pause.Since}
	s.Request, s.Pause.Request = q, requestKey(q.ID)
	s.ask(q, e)
}

// ask begins a generation: the project is read for the figures on the message, then people are asked.
func (s *State) ask(q *Question, e prodege.Event) {
	q.Generation++
	if q.Previous = q.Required; sameAmount(q.Previous, e.RequiredCPI) {
		q.Previous = nil
	}
	told := numbersOf(e)
	switch {
	case told != nil && q.Numbers != nil && q.Previous == nil: // the same amount again: keep what is known
		q.Numbers = ptr(eitherNumbers(*told, *q.Numbers))
	case told != nil:
		q.Numbers = told
	case q.Previous != nil:
		q.Numbers = nil
	}
	q.Earlier = lastOf(s.Decisions, 3)
	q.Event, q.Required, q.FromPoll = trimmed(e), e.RequiredCPI, e.Source == prodege.FromSweep
	q.Decisions, q.Approved, q.ByRule, q.Sent, q.Unread = nil, nil, false, nil, false
	q.Refusal, q.Other, q.Newer, q.MaybeSent, q.ToAct, q.EndStatus = nil, nil, nil, false, false, ""
	q.CheckAt, q.Check, q.Clock, q.Nobody = time.Time{}, nil, Clock{}, false
	q.Phase, q.PhaseAt = PhaseOpen, s.now
	q.Stage, q.Read = StageReading, Try{Tries: q.Read.Tries}
	if !s.Settings.HasAPIKey {
		s.present(q, nil)
	}
	s.line(Line{Kind: LineAsked, Amount: q.Required, Ref: string(q.ID)})
}

func (s *State) requestJobs(list []job) []job {
	for _, q := range []*Question{s.Request, s.Action, s.Former} {
		if q == nil || s.Cancelled && !busy(&q.Read, q.Check) {
			continue
		}
		if q.Stage == StageReading && s.Settings.HasAPIKey {
			list = append(list, job{base: "read/request/" + string(q.ID) + "/" + itoa(q.Generation), try: &q.Read,
				task: func() Task {
					return Task{Summary: "read the project's figures for the request", Read: &Read{Project: s.ID, Quotas: true, Priority: PriorityAct, Within: requestRead}}
				},
				done: func(r Result) { s.present(q, r.Reading) },
			})
		}
		if q.Check != nil {
			list = append(list, s.checkJob(q))
		}
	}
	return list
}

func busy(tries ...*Try) bool {
	for _, t := range tries {
		if t != nil && t.Busy {
			return true
		}
	}
	return false
}

// present asks people, once the project was read or could not be; then r is nil.
func (s *State) present(q *Question, r *Reading) {
	q.Stage = ""
	if q.Required == nil && q.Previous != nil { // the previous amount was withdrawn
		defer s.tellTakenBack(q)
	}
	if r != nil {
		s.updateName(r.Info)
		q.mergeReadNumbers(numbersRead(*r))
		if told := r.Info.RequiredCPI; told != nil && (q.Required == nil || q.FromPoll && told.Cmp(*q.Required) > 0) {
			q.Required = told // the current amount
		}
		if r.Info.Status != prodege.Paused {
			s.pollSoon()
		}
	} else if s.Settings.HasAPIKey {
		s.fillLater()
	}
	if q.Phase != PhaseOpen || len(q.Decisions) > 0 || q.Closed {
		return
	}
	switch {
	case s.Life.Old && r != nil && r.Info.Status != prodege.Paused:
		q.EndStatus = r.Info.Status
		s.enter(q, endPhase(r.Info.Status))
	case q.Required != nil && s.Settings.Ceiling != nil && q.Required.Cmp(*s.Settings.Ceiling) > 0:
		s.enter(q, PhaseOverLimit)
	case r != nil && s.ruleApproves(q) && r.Info.PausedForCPI && !exceeds(r.Info.RequiredCPI, s.Settings.AutoApproveUpTo):
		q.Stage = StageChecking
		s.requireLife(s.now.Add(lifeWithin))
	}
}

// tellTakenBack tells people who saw an amount that another one, or an unknown one, is required now.
func (s *State) tellTakenBack(q *Question) {
	if sameAmount(q.Required, q.Previous) {
		q.Previous = nil
		return
	}
	if m := s.message(requestKey(q.ID)); m != nil && m.TS != "" {
		s.reply(m.Key, "newer-"+string(q.ID)+"-"+itoa(q.Generation), s.requestNote(q, NoteNewAmount), "a newer amount")
	}
}

// followCeiling opens a request that the current ceiling allows, and stops the clock of one that it does not.
func (s *State) followCeiling() {
	q := s.openRequest()
	if q == nil || q.Stage != "" {
		return
	}
	switch over := exceeds(q.Required, s.Settings.Ceiling); {
	case over && q.asking():
		s.enter(q, PhaseOverLimit)
	case !over && q.Phase == PhaseOverLimit:
		s.ask(q, s.askedAnew(q))
		s.reply(requestKey(q.ID), "newer-"+string(q.ID)+"-"+itoa(q.Generation), s.requestNote(q, NoteNewAmount), "a request that can be approved now")
	}
}

// askedAnew returns the event for asking again: with the amount of the newest event, which people may not have been asked about
// because an approval covered it.
func (s *State) askedAnew(q *Question) prodege.Event {
	e := prodege.Event{ID: q.Event.ID, Time: s.now, Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: q.Required, Source: prodege.FromSweep}
	if p := s.pauseOf(q); p != nil && p.ForCPI && !p.Event.Time.Before(q.Event.Time) {
		e.RequiredCPI = cmp.Or(p.Event.RequiredCPI, q.Required)
	}
	return e
}

// advanceRequest lets a rule approve, once it is known that there was no earlier life.
func (s *State) advanceRequest() {
	s.followCeiling()
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

// exceeds reports whether an amount is above a limit; false if either is nil.
func exceeds(amount, limit *prodege.USD) bool {
	return amount != nil && limit != nil && amount.Cmp(*limit) > 0
}

// newer begins the next generation if e asks for something other than what was last asked.
func (s *State) newer(q *Question, e prodege.Event) {
	q.mergeEventNumbers(e)
	same := e.RequiredCPI == nil || sameAmount(q.Required, e.RequiredCPI)
	switch {
	case same && !q.settledElsewhere(), q.covers(e):
		return
	case !s.dropAct(q, e):
		return
	}
	if e.RequiredCPI == nil {
		e.RequiredCPI = q.Required
	}
	s.ask(q, e)
	s.withdraw(requestKey(q.ID), NoteNewAmount) // nobody needs to know amounts in between
	s.reply(requestKey(q.ID), "newer-"+string(q.ID)+"-"+itoa(q.Generation), s.requestNote(q, NoteNewAmount), "a newer amount")
}

// settledElsewhere reports whether people were told that the request is closed although no event has ended the pause. The next
// event that asks for something, even the same, then begins a new generation.
func (q *Question) settledElsewhere() bool {
	switch q.Phase {
	case PhaseOther, PhaseElsewhere, PhaseLive, PhaseDone, PhaseEnded, PhaseCancelled:
		return true
	}
	return false
}

// covers reports whether what was approved is enough for e: an approval is a ceiling, so a lower price needs no other one.
func (q *Question) covers(e prodege.Event) bool {
	switch q.Phase {
	case PhaseApproved, PhaseHeld, PhaseAccepted, PhaseStill, PhaseRefused, PhaseStopped, PhaseByHand:
		return q.Approved != nil && e.RequiredCPI != nil && e.RequiredCPI.Cmp(*q.Approved) <= 0
	}
	return false
}

// pausedForOther records that the project is paused for another reason now.
func (s *State) pausedForOther(q *Question, e prodege.Event) {
	if q.Phase == PhaseAccepted { // LIVE may still come
		q.Other = ptr(trimmed(e))
		return
	}
	if !s.dropAct(q, e) {
		return
	}
	q.Other, q.Stage, q.ToAct = ptr(trimmed(e)), "", false
	if q.Phase != PhaseDryRun {
		s.enter(q, PhaseOther)
	}
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
	s.reply(requestKey(q.ID), "asked-again-"+string(q.ID)+"-"+itoa(q.Generation), s.requestNote(q, NoteAskedAgain), "asked again")
}

// mergeEventNumbers records the numbers from a Real Time Pricing event whose amount is asked about already.
func (q *Question) mergeEventNumbers(e prodege.Event) {
	told := numbersOf(e)
	if told == nil || !q.Phase.Decidable() {
		return // keep the figures on which people decided
	}
	known := Numbers{}
	if q.Numbers != nil {
		known = *q.Numbers
	}
	all := eitherNumbers(*told, known)
	if e.Time.Before(known.AsOf) {
		all = eitherNumbers(known, *told)
	} else if known.Wanted != 0 || known.Completes != 0 {
		all.AsOf = known.AsOf // the time of the reading
	}
	all.ActualIR, all.ActualLOI = cmp.Or(told.ActualIR, known.ActualIR), cmp.Or(told.ActualLOI, known.ActualLOI)
	q.Numbers = &all
}

// mergeReadNumbers merges what was read with what events said; bids only come with events.
func (q *Question) mergeReadNumbers(read Numbers) {
	known := Numbers{}
	if q.Numbers != nil {
		known = *q.Numbers
	}
	all := eitherNumbers(read, known)
	all.BidIR, all.BidLOI = cmp.Or(known.BidIR, read.BidIR), cmp.Or(known.BidLOI, read.BidLOI)
	q.Numbers = &all
}

// renderRequest updates a request's message.
func (s *State) renderRequest(q *Question) {
	if q == nil {
		return
	}
	k := requestKey(q.ID)
	if q.Stage != "" && s.message(k) == nil {
		return // it will contain what is being read
	}
	if q.asking() && q.Clock.Deadline.IsZero() {
		q.Clock.Deadline = s.deadlineFrom(s.now)
	}
	s.post(k, s.Settings.ApprovalsChannel, Card{Request: s.requestFacts(q)}, "CPI request")
	if q.Phase == PhaseAccepted && q.PhaseAt.Equal(s.now) {
		s.hold(k, liveSoon)
	}
}

func (s *State) requestFacts(q *Question) *RequestFacts {
	r := &RequestFacts{Frame: s.frame(), ID: q.ID, Generation: q.Generation, Required: q.Required, Previous: q.Previous, Numbers: q.Numbers,
		PausedAt: q.PausedAt, Phase: q.Phase, PhaseAt: q.PhaseAt, Decisions: q.Decisions, Sent: q.Sent, SentUnread: q.Unread,
		MaybeSent: q.MaybeSent && q.Phase == PhaseElsewhere, Refusal: q.Refusal, EndStatus: q.EndStatus, Closed: q.Closed,
		Nobody: q.Nobody}
	s.limitFacts(r)
	if q.Required == nil {
		r.RequiredText = q.Event.RequiredCPIText
	}
	if p := s.pauseOf(q); p != nil {
		r.Alert = s.link(p.Alert)
	}
	if q.asking() {
		r.Deadline = q.Clock.Deadline
	}
	if q.Phase == PhaseOther {
		r.Other = q.Other
	}
	for i := len(q.Earlier) - 1; i >= 0; i-- {
		r.Earlier = append(r.Earlier, q.Earlier[i])
	}
	return r
}

// limitFacts adds the settings that affect what the message says now, and no others, so that other changes of settings don't lead
// to an edit.
func (s *State) limitFacts(r *RequestFacts) {
	set := &s.Settings
	if r.Closed {
		return
	}
	if over := exceeds(r.Required, set.Ceiling); over && r.Phase.Decidable() {
		r.Ceiling = set.Ceiling
	}
	switch r.Phase {
	case PhaseOpen, PhaseSecond:
		if r.Required == nil || exceeds(ptr(MostApprovable(*r.Required, nil)), set.Ceiling) {
			r.Ceiling = set.Ceiling
		}
		if r.Required == nil || exceeds(r.Required, set.SecondApproverAbove) || r.Phase == PhaseSecond {
			r.SecondAbove = set.SecondApproverAbove
		}
		r.Anyone = set.Anyone
		r.NoAPIKey, r.DryRun = !set.HasAPIKey, set.DryRun
	case PhaseExpired, PhaseOverLimit:
		r.NoAPIKey = !set.HasAPIKey
		r.DryRun = set.DryRun && r.Phase == PhaseExpired
	}
}

func (s *State) requestNote(q *Question, kind NoteKind) Note {
	n := Note{Frame: s.frame(), Kind: kind, Amount: q.Required, Deadline: q.Clock.Deadline}
	switch kind {
	case NoteNewAmount:
		n.Previous = q.Previous
	case NoteAskedAgain:
		if len(s.Decisions) > 0 {
			n.Decision = ptr(s.Decisions[len(s.Decisions)-1])
		}
	case NoteLastReminder, NoteExpired:
		n.Mention = s.Settings.Escalation
	}
	return n
}

// costOf returns the total cost of a decision; nil if unknown.
func (s *State) costOf(q *Question, d Decided) *prodege.USD {
	if q.Kind == OfCPI {
		if d.Amount == nil {
			return nil
		}
		return CostOf(*d.Amount, q.Numbers)
	}
	row, _ := q.offer(d.Action)
	if row.Asks != prodege.AsksSample {
		return &prodege.USD{} // other actions cost nothing beyond what people agreed to before
	}
	if q.Figures == nil || q.Figures.CPI == nil || q.Figures.Wanted <= 0 {
		return nil
	}
	return ptr(q.Figures.CPI.Times(max(0, d.Number-q.Figures.Wanted)))
}
