package project

import (
	"cmp"
	"time"

	"fieldmarshal/prodege"
)

// A CPI request asks people to approve a required CPI. There is one request per pause; a newer amount, or the same after another
// reason, is a new generation of it. Who may approve what is in approval.go.

const (
	requestRead       = 3 * time.Second // how long the message waits for figures
	ceilingCheckEvery = time.Hour       // how often a request above the ceiling checks whether that was raised, if nothing else happens
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
	next := Question{Kind: OfCPI, ID: q.ID, PausedAt: q.PausedAt, Generation: q.Generation + 1, Phase: PhaseOpen, PhaseAt: s.now,
		Event: trimmed(e), Required: e.RequiredCPI, FromPoll: e.Source == prodege.FromSweep, Earlier: lastOf(s.Decisions, 3),
		Stage: StageReading, Read: Try{Tries: q.Read.Tries}}
	if !sameAmount(q.Required, e.RequiredCPI) {
		next.Previous = q.Required
	}
	if next.Previous == nil {
		next.Numbers = q.Numbers
	}
	if told := numbersOf(e); told != nil {
		next.Numbers = ptr(eitherNumbers(*told, next.known()))
	}
	*q = next
	if !s.Settings.HasAPIKey {
		s.present(q, nil)
	}
	s.line(Line{Kind: LineAsked, Amount: q.Required, Ref: string(q.ID)})
}

func (s *State) questionJobs(add func(job)) {
	for _, q := range nonNil(s.Request, s.Action, s.Former) {
		if q.Stage == StageReading && s.Settings.HasAPIKey {
			add(s.readJob("request/"+string(q.ID)+"/"+itoa(q.Generation), &q.Read, "read the project's figures for the request",
				Read{Quotas: true, Priority: PriorityAct, Within: requestRead}, func(r Result) { s.present(q, r.Reading) }))
		}
		if q.Check != nil {
			add(s.checkJob(q))
		}
	}
}

// present asks people, once the project was read or could not be; then r is nil.
func (s *State) present(q *Question, r *Reading) {
	q.Stage = ""
	if q.Required == nil && q.Previous != nil { // the previous amount was withdrawn
		defer s.tellTakenBack(q)
	}
	if r != nil {
		s.Name = nameOf(s.Name, r.Info)
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
	case exceeds(q.Required, s.Settings.Ceiling):
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
		s.tellNewer(q, "a newer amount")
	}
}

// tellNewer says in the thread that another decision is needed.
func (s *State) tellNewer(q *Question, what string) {
	s.replyInRequest(q, "newer", NoteNewAmount, what)
}

// replyInRequest says something in the request's thread, once per generation.
func (s *State) replyInRequest(q *Question, name string, kind NoteKind, what string) {
	s.reply(requestKey(q.ID), name+"-"+string(q.ID)+"-"+itoa(q.Generation), s.requestNote(q, kind), what)
}

// followCeiling opens a request that the current ceiling allows, and stops the clock of one that it does not.
func (s *State) followCeiling() {
	q := s.OpenRequest()
	if q == nil || q.Stage != "" {
		return
	}
	switch over := exceeds(q.Required, s.Settings.Ceiling); {
	case over && q.asking():
		s.enter(q, PhaseOverLimit)
	case !over && q.Phase == PhaseOverLimit:
		s.ask(q, s.askedAnew(q))
		s.tellNewer(q, "a request that can be approved now")
	}
}

// askedAnew returns the event for asking again: with the amount of the newest event, which people may not have been asked about
// because an approval covered it.
func (s *State) askedAnew(q *Question) prodege.Event {
	e := s.foundAmount(q, q.Required)
	if p := s.pauseOf(q); p != nil && p.ForCPI && !p.Event.Time.Before(q.Event.Time) {
		e.RequiredCPI = cmp.Or(p.Event.RequiredCPI, q.Required)
	}
	return e
}

// newer begins the next generation if e asks for something other than what was last asked.
func (s *State) newer(q *Question, e prodege.Event) {
	q.mergeEventNumbers(e)
	same := e.RequiredCPI == nil || sameAmount(q.Required, e.RequiredCPI)
	switch {
	case same && !phases[q.Phase].settled, q.covers(e):
		return
	case !s.dropAct(q, e):
		return
	}
	if e.RequiredCPI == nil {
		e.RequiredCPI = q.Required
	}
	s.ask(q, e)
	s.withdraw(requestKey(q.ID), NoteNewAmount) // nobody needs to know amounts in between
	s.tellNewer(q, "a newer amount")
}

// covers reports whether what was approved is enough for e: an approval is a ceiling, so a lower price needs no other one.
func (q *Question) covers(e prodege.Event) bool {
	return phases[q.Phase].approved && q.Approved != nil && e.RequiredCPI != nil && e.RequiredCPI.Cmp(*q.Approved) <= 0
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
