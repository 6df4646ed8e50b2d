package project

import (
	"cmp"
	"time"

	"fieldmarshal/prodege"
)

// A decision is a click in Slack, or a command on the command line. It is only a claim: before it counts, it is checked whether
// the person may decide, and it is compared with the question as it is by then. The first valid one wins; all others are
// answered with an ephemeral message. Anybody in the finance channel may decide about an invoice, because it spends nothing at
// Prodege and finance need not be approvers.

const (
	maxHandled       = 200              // clicks that are remembered, so that one handed over twice counts once
	maxPending       = 30               // clicks whose permission is being checked
	maxAnswers       = 20               // clicks without effect that are remembered for people to look up
	permissionWithin = 10 * time.Second // a click does not count if there is no list of approvers by then
	maxDecided       = 10               // decisions about the project that people see
	maxOfAnswer      = 500              // bytes of a reason as JSON
)

// Decision is what a person decides, as it reaches a project.
type Decision struct {
	ID         string           `json:"click"` // unique per click
	Of         QuestionKind     `json:"of"`
	Verdict    Verdict          `json:"verdict"`
	Request    prodege.EventID  `json:"request,omitempty"`    // the pause's Opened
	Generation int              `json:"generation,omitempty"` // that the button is bound to
	Amount     *prodege.USD     `json:"amount,omitempty"`     // that the button is bound to
	UpTo       *prodege.USD     `json:"up_to,omitempty"`      // "Approve up to…": the ceiling that the person wrote
	Second     bool             `json:"second,omitempty"`     // UpTo is from the button for the second person: the amount that the first one approved
	Action     prodege.ActionID `json:"action,omitempty"`     // with ChooseAction
	Number     int64            `json:"number,omitempty"`     // clicks or sample size, as the action asks
	Revision   int              `json:"revision,omitempty"`   // of an invoice
	User       string           `json:"user,omitempty"`       // Slack user id
	Reason     string           `json:"reason,omitempty"`
	Channel    string           `json:"channel,omitempty"` // where to post the ephemeral answer; empty: not from Slack
	From       string           `json:"from,omitempty"`
	At         time.Time        `json:"at,omitzero"` // when the ingress received it, UTC
}

// PendingClick is a decision whose permission is being checked.
type PendingClick struct {
	Decision Decision    `json:"decision"`
	Check    Try         `json:"check,omitzero"`
	Answer   *Permission `json:"answer,omitempty"`
}

// Answered is a click without effect, and why.
type Answered struct {
	ID     string       `json:"click"`
	User   string       `json:"user"`
	Kind   AnswerKind   `json:"kind"`
	Amount *prodege.USD `json:"amount,omitempty"` // the amount asked for now; with over_ceiling and too_much, the maximum
	At     time.Time    `json:"at"`
}

// decide handles a new decision.
func (s *State) decide(d Decision) {
	d.Reason = cutEncoded(d.Reason, maxOfAnswer)
	switch {
	case d.Verdict == Resume:
		s.resumeHeld()
	case !rememberNew(&s.Handled, d.ID, maxHandled):
	case d.Of == OfInvoice:
		s.decideInvoice(d)
	case s.Settings.Anyone:
		s.consider(d, Permission{Allowed: true, Known: true})
	case len(s.Pending) >= maxPending || s.Cancelled:
		s.answer(d, nil, AnswerNotRecorded)
	default:
		s.Pending = append(s.Pending, PendingClick{Decision: d, Check: Try{Until: s.now.Add(permissionWithin)}})
	}
}

func (s *State) decisionJobs(add func(job)) {
	for i := range s.Pending {
		p := &s.Pending[i]
		if p.Answer != nil {
			continue
		}
		add(job{base: "permission/" + taskKey(p.Decision.ID), try: &p.Check,
			task: func() Task {
				return Task{Summary: "check whether " + p.Decision.User + " may decide", Permission: &CheckPermission{User: p.Decision.User}}
			},
			done: func(r Result) {
				p.Answer = cmp.Or(r.Permission, &Permission{})
				for len(s.Pending) > 0 && s.Pending[0].Answer != nil { // in the order in which they came
					first := s.Pending[0]
					s.Pending = append([]PendingClick(nil), s.Pending[1:]...)
					s.consider(first.Decision, *first.Answer)
				}
			},
		})
	}
}

// consider handles a decision once it is known whether the person may decide.
func (s *State) consider(d Decision, may Permission) {
	q := s.question(d.Of, d.Request)
	if why := s.decideQuestion(q, d, may); why != "" {
		s.answer(d, q, why)
	}
}

// decideQuestion handles a decision about a question. It returns why the decision has no effect; empty if it counts.
func (s *State) decideQuestion(q *Question, d Decision, may Permission) AnswerKind {
	switch {
	case !may.Known:
		return AnswerNoList
	case !may.Allowed && q != nil && q.Nobody:
		return AnswerNobody
	case !may.Allowed:
		return AnswerNotAllowed
	case q == nil, s.Cancelled:
		return AnswerClosed
	case d.Generation != q.Generation:
		return AnswerSuperseded
	case q.Closed:
		return AnswerClosed
	case d.Verdict == TryAgain || d.Verdict == Close:
		return s.decideFailed(q, d)
	case q.Kind == OfAction:
		return s.decideAction(q, d)
	}
	return s.decideRequest(q, d)
}

// question finds a question by the pause that it is about; nil if it is unknown.
func (s *State) question(kind QuestionKind, id prodege.EventID) *Question {
	for _, q := range nonNil(s.Request, s.Action, s.Former) {
		if q.Kind == kind && q.ID == id {
			return q
		}
	}
	return nil
}

// decideFailed handles a decision to retry or to give up what failed.
func (s *State) decideFailed(q *Question, d Decision) AnswerKind {
	last := q.decided()
	switch {
	case !q.Phase.Failed() || last == nil || s.actOf(q) != nil:
		return AnswerNotNow
	case d.Verdict == Close && q.Kind == OfCPI:
		s.record(q, d, q.Approved)
		s.enter(q, PhaseRejected)
	case d.Verdict == Close:
		return AnswerMismatch
	default:
		d.Action, d.Number = last.Action, last.Number // record what is repeated
		s.record(q, d, q.Approved)
		s.act(q)
	}
	return ""
}

// decided returns the newest decision of this generation; nil if there is none.
func (q *Question) decided() *Decided {
	if len(q.Decisions) == 0 {
		return nil
	}
	return &q.Decisions[len(q.Decisions)-1]
}

// enter moves a question to a phase.
func (s *State) enter(q *Question, phase Phase) {
	if q.Phase == phase {
		return
	}
	s.withdraw(s.messageOf(q), NoteFailed) // an unposted note about the phase before is obsolete
	q.Phase, q.PhaseAt = phase, s.now
	if phase != PhaseAccepted {
		q.CheckAt, q.Check = time.Time{}, nil
	}
}

// record records a decision in the question and in the ledger.
func (s *State) record(q *Question, d Decision, amount *prodege.USD) {
	one := Decided{Verdict: d.Verdict, User: d.User, Amount: amount, Reason: d.Reason, At: d.At, From: d.From, DryRun: s.Settings.DryRun, Action: d.Action, Number: d.Number}
	if one.At.IsZero() {
		one.At = s.now
	}
	firstOfTwo := q.Kind == OfCPI && d.Verdict == Approve && s.needsSecond(amount) && !q.seconds(amount)
	q.Decisions = append(q.Decisions[:len(q.Decisions):len(q.Decisions)], one)
	s.Decisions = appendBounded(s.Decisions, one, maxDecided)
	cost := s.costOf(q, one)
	s.line(Line{Kind: LineDecided, Verdict: d.Verdict, Amount: amount, Cost: cost, By: d.User, From: d.From, Action: d.Action, Number: d.Number,
		Text: d.Reason, DryRun: one.DryRun, Ref: string(q.ID), Second: firstOfTwo})
	if p := s.pauseOf(q); p != nil && p.Decided == nil && d.Verdict != AskAgain && d.Verdict != TryAgain {
		p.Decided = &one
		s.step(p, UntilDecision, one.At)
	}
}

// pauseOf returns the pause that a question is about; nil if it is not one of the last two.
func (s *State) pauseOf(q *Question) *Pause {
	for _, p := range nonNil(s.Pause, s.LastPause) {
		if p.Opened == q.ID {
			return p
		}
	}
	return nil
}

// messageOf returns the key of the message with a question's buttons.
func (s *State) messageOf(q *Question) string {
	if q.Kind == OfCPI {
		return requestKey(q.ID)
	}
	if p := s.pauseOf(q); p != nil {
		return p.Alert
	}
	return ""
}

// answer tells the person who clicked why the click had no effect, in an ephemeral message or, for the command line, in the
// state. q is nil if the click is about an unknown question.
func (s *State) answer(d Decision, q *Question, kind AnswerKind) {
	a := Answer{Kind: kind, Project: s.Name, OfPause: d.Of == OfAction, OfInvoice: d.Of == OfInvoice, Simulated: s.Settings.Simulated}
	if q != nil {
		a.Phase, a.Amount = q.Phase, q.Required
		if last := q.decided(); last != nil {
			a.Decision = ptr(*last)
		}
		switch {
		case kind == AnswerOverCeiling:
			a.Amount = s.Settings.Ceiling
		case kind == AnswerTooMuch && q.Required != nil:
			a.Amount = ptr(MostApprovable(*q.Required, s.Settings.Ceiling))
		}
	}
	one := Answered{ID: d.ID, User: d.User, Kind: kind, Amount: a.Amount, At: s.now}
	s.Answers = appendBounded(s.Answers, one, maxAnswers)
	s.out.Answered = append(s.out.Answered, one)
	if d.Channel != "" {
		s.ephemeral("answer-"+taskKey(d.ID), d.Channel, d.User, a)
	}
}

// taskKey makes an id from outside suitable for a task's ID.
func taskKey(id string) string { return string(SafeID(prodege.EventID(id))) }
