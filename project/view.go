package project

import (
	"time"

	"fieldmarshal/prodege"
)

// View is what the Temporal UI's list shows of a project, as facts.
type View struct {
	Project     prodege.ProjectID `json:"project"`
	Status      prodege.Status    `json:"status,omitempty"`
	Reason      prodege.Reason    `json:"reason,omitempty"`
	Description string            `json:"description,omitempty"`
	Event       *prodege.Event    `json:"event,omitempty"` // the newest event of the pause, while there is one
	Waiting     Waiting           `json:"waiting"`
	Since       time.Time         `json:"since,omitzero"`
	Deadline    time.Time         `json:"deadline,omitzero"`  // of an open CPI request
	Completes   time.Time         `json:"completes,omitzero"` // about when Prodege completes it for inactivity
	Required    *prodege.USD      `json:"required,omitempty"` // of the CPI request, while the pause is for CPI
	MaxCPI      *prodege.USD      `json:"max_cpi,omitempty"`
	Request     Phase             `json:"request,omitempty"` // of the CPI request, while the pause is for CPI
	Approved    *prodege.USD      `json:"approved,omitempty"`
	Action      Phase             `json:"action,omitempty"` // of what was decided from the alert
	Chosen      *Decided          `json:"chosen,omitempty"` // that decision
	Invoice     InvoicePhase      `json:"invoice,omitempty"`
	Attention   Attention         `json:"attention,omitzero"`
}

// AttentionKind is a reason for people to look at a project.
type AttentionKind string

// The reasons for people to look at a project.
const (
	AttentionNone         AttentionKind = ""
	AttentionSlack        AttentionKind = "slack"         // Slack does not accept a message until people fix something (Text)
	AttentionOverdue      AttentionKind = "overdue"       // a message has been due for five minutes (Text: why)
	AttentionPlain        AttentionKind = "plain"         // Slack refused a layout: a message has no buttons
	AttentionNobody       AttentionKind = "nobody"        // nobody is on the list of approvers
	AttentionCeiling      AttentionKind = "ceiling"       // what is asked is above CPI_CEILING: nobody can approve it
	AttentionHeld         AttentionKind = "held"          // what was decided is held back: accepting is switched off
	AttentionExpired      AttentionKind = "expired"       // nobody decided in time
	AttentionRefused      AttentionKind = "refused"       // what was decided was refused (Text)
	AttentionStopped      AttentionKind = "stopped"       // half an hour of failures (Text)
	AttentionStill        AttentionKind = "still"         // done at Prodege, but without effect
	AttentionByHand       AttentionKind = "byhand"        // to be accepted at Prodege by hand
	AttentionInvoice      AttentionKind = "invoice"       // billing refused the invoice (Text)
	AttentionInvoiceSlow  AttentionKind = "invoice_slow"  // billing has not accepted it for an hour
	AttentionInvoiceAsked AttentionKind = "invoice_asked" // people are asked whether to send it
	AttentionMissing      AttentionKind = "missing"       // INVOICED has not come by the 7th
)

// Attention says why people must look at a project.
type Attention struct {
	Kind AttentionKind `json:"kind,omitempty"`
	Text string        `json:"text,omitempty"` // a counterparty's words, or what to fix
}

// View returns what the list shows.
func (s *State) View() View {
	v := View{Project: s.ID, Status: s.Status, Reason: s.Reason, Description: s.Description, Waiting: s.Waiting,
		Since: s.WaitingSince, Attention: s.Attention()}
	if s.Pause != nil {
		v.Event = &s.Pause.Event
		if c := s.Pause.Inactivity; c != nil {
			v.Completes = c.At
		}
	}
	if q := s.OpenRequest(); q != nil && s.Pause.ForCPI {
		v.Request, v.Required, v.Approved = q.Phase, q.Required, q.Approved
		if q.Numbers != nil {
			v.MaxCPI = q.Numbers.MaxCPI
		}
		if q.asking() {
			v.Deadline = q.Clock.Deadline
		}
	}
	if q := s.OpenAction(); q != nil && !s.Pause.ForCPI && len(q.Decisions) > 0 {
		v.Action, v.Chosen = q.Phase, &q.Decisions[len(q.Decisions)-1]
	}
	if s.Invoice != nil {
		v.Invoice = s.Invoice.Phase
	}
	return v
}

// OpenRequest returns the CPI request of the current pause; nil if there is none.
func (s *State) OpenRequest() *Question { return s.current(s.Request) }

// OpenAction returns the actions of the current pause's alert; nil if there are none.
func (s *State) OpenAction() *Question { return s.current(s.Action) }

func (s *State) current(q *Question) *Question {
	if s.Pause == nil || q == nil || q.ID != s.Pause.Opened || q.Closed {
		return nil
	}
	return q
}

// updateWaiting decides what the project waits for, and since when; changed reports whether its status changed in this turn.
func (s *State) updateWaiting(changed bool) {
	w := s.waiting()
	if w == s.Waiting && !changed {
		return
	}
	s.Waiting, s.WaitingSince = w, s.now
	if changed && s.StatusSince.Before(s.now) {
		s.WaitingSince = s.StatusSince // it has waited since the event, even if that arrived late
	}
}

func (s *State) waiting() Waiting {
	switch s.Status {
	case prodege.PendingComplete:
		return WaitsReconciliation
	case prodege.Complete:
		if s.Invoice != nil && s.Invoice.settled() {
			return WaitsInvoiced
		}
		return WaitsInvoicing
	case prodege.Invoiced, prodege.Deleted, prodege.Live:
		return WaitsNothing
	}
	if s.Pause == nil {
		return WaitsNothing
	}
	q := s.OpenAction()
	if s.Pause.ForCPI {
		q = s.OpenRequest()
	}
	if q == nil {
		return WaitsAction
	}
	w := phases[q.Phase].waits
	if w == "" || w == WaitsApproval && q.Kind == OfAction {
		return WaitsAction
	}
	return w
}

// Attention returns why people must look at the project; its Kind is empty if they need not.
func (s *State) Attention() Attention {
	for _, m := range s.Outbox {
		if m.pending() && m.Fault != "" {
			return Attention{AttentionSlack, m.Fault}
		}
	}
	for _, m := range s.Outbox {
		if m.overdue() {
			return Attention{AttentionOverdue, m.Failure}
		}
	}
	for _, q := range []*Question{s.OpenRequest(), s.OpenAction()} {
		if q == nil {
			continue
		}
		if a := q.attention(); a.Kind != "" {
			return a
		}
	}
	for _, m := range s.Outbox {
		if m.Plain && m.hasButtons() {
			return Attention{Kind: AttentionPlain}
		}
	}
	if s.Invoice != nil {
		return s.Invoice.attention()
	}
	return Attention{}
}

func (q *Question) attention() Attention {
	a := Attention{Kind: phases[q.Phase].attention}
	switch {
	case q.Nobody && (q.Phase == PhaseOpen || q.Phase == PhaseSecond):
		a.Kind = AttentionNobody
	case q.Phase.Failed() && q.Refusal != nil:
		a.Text = Cut(q.Refusal.Party+": "+q.Refusal.Text, 200)
	}
	return a
}
