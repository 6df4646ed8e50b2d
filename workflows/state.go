package workflows

import (
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// Disposition is what became of an event. Every event ends in exactly one.
type Disposition string

// The dispositions that a Project gives. The ingress counts unusable ones, the inbox dead ones.
const (
	Applied   Disposition = "applied"
	Duplicate Disposition = "duplicate"
	Late      Disposition = "late"
	Unusable  Disposition = "unusable"
)

// Counts sums up a project's events: Received is always the sum of the others.
type Counts struct {
	Received  int64 `json:"received"`
	Applied   int64 `json:"applied"`
	Duplicate int64 `json:"duplicate"`
	Late      int64 `json:"late"`
	Unusable  int64 `json:"unusable"`
}

// EventLine is one of the last events, with what became of it.
type EventLine struct {
	ID          prodege.EventID `json:"event_id"`
	Time        time.Time       `json:"event_time"`
	Status      prodege.Status  `json:"status"`
	Reason      prodege.Reason  `json:"update_reason,omitempty"`
	Source      prodege.Source  `json:"source,omitempty"`
	Disposition Disposition     `json:"disposition"`
}

// ProjectInput starts a Project: blank, or from the state that a former run carried over.
type ProjectInput struct {
	ProjectID prodege.ProjectID `json:"project_id"`
	State     *ProjectState     `json:"state,omitempty"`
}

// ProjectState is a Project's whole memory: the query returns it, continue-as-new carries it.
type ProjectState struct {
	ProjectID prodege.ProjectID      `json:"project_id"`
	Name      activities.ProjectName `json:"name"`

	Status      prodege.Status `json:"status,omitempty"`
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"`
	StatusSince time.Time      `json:"status_since,omitzero"` // event_time, or when a sweep found it
	Note        string         `json:"reconciliation_note,omitempty"`

	Waiting      Waiting   `json:"waiting_for"`
	WaitingSince time.Time `json:"waiting_since,omitzero"`

	Seen       Seen        `json:"seen"`
	Deliveries []string    `json:"deliveries,omitempty"` // the newest delivery stamps, shortened
	Counts     Counts      `json:"counts"`
	Last       []EventLine `json:"last_events,omitempty"` // the last ten, oldest first

	Pause         *PauseState          `json:"pause,omitempty"`          // set while the project stands still
	LastPause     *PauseState          `json:"last_pause,omitempty"`     // the pause before, to know flapping
	Requests      []*RequestState      `json:"requests,omitempty"`       // CPIApprovals and ProjectActions not known to be closed, and the newest closed one
	Decisions     []activities.Decided `json:"decisions,omitempty"`      // the newest ten, oldest first
	Automatic     []time.Time          `json:"automatic,omitempty"`      // automatic approvals of the last day
	Invoicing     *InvoiceState        `json:"invoicing,omitempty"`      // set once an invoice is due
	InvoicedFirst *InvoicedFirst       `json:"invoiced_first,omitempty"` // INVOICED was seen with no COMPLETE before it

	Paces     []*Pace   `json:"paces,omitempty"`     // pauses that are over, oldest first, the newest 200
	PacesGone time.Time `json:"paces_gone,omitzero"` // the end of the newest pause that is not among them any more

	Ledger   Ledger     `json:"ledger,omitempty"`
	Messages []*Message `json:"messages,omitempty"`

	Sweep      SweepState      `json:"sweep"`
	SecondLife bool            `json:"second_life,omitempty"` // may have been closed here before
	ClosesAt   time.Time       `json:"closes_at,omitzero"`    // when it completes, after INVOICED or DELETED
	Shown      *view           `json:"shown,omitempty"`       // search attributes as written last
	Came       []prodege.Event `json:"came,omitempty"`        // events that this run has to handle first: they came as the one before continued
	Runs       int             `json:"runs"`                  // how often it continued as new
	Settings   Settings        `json:"settings"`              // as read last
}

// OpenRequest is the CPIApproval of the present pause that is not closed; nil where there is none.
func (s *ProjectState) OpenRequest() *RequestState {
	return s.stillOpen(func(pause *PauseState) string { return pause.Request })
}

// OpenAction is the ProjectAction of the present pause that is not closed; nil where there is none.
func (s *ProjectState) OpenAction() *RequestState {
	return s.stillOpen(func(pause *PauseState) string { return pause.Action })
}

func (s *ProjectState) stillOpen(of func(*PauseState) string) *RequestState {
	if s.Pause == nil {
		return nil
	}
	if r := s.findRequest(of(s.Pause)); r != nil && !r.Status.Closed {
		return r
	}
	return nil
}

func (s *ProjectState) findRequest(workflowID string) *RequestState {
	for _, r := range s.Requests {
		if r.Workflow == workflowID && workflowID != "" {
			return r
		}
	}
	return nil
}

// Attention says why people must look at this project; empty where they need not.
func (s *ProjectState) Attention() string {
	if fault := faultOf(s.Messages); fault != "" {
		return "Slack: " + fault
	}
	for _, r := range []*RequestState{s.OpenRequest(), s.OpenAction()} {
		if r != nil && r.Status.Attention != "" {
			return r.Status.Attention
		}
	}
	if s.Invoicing != nil && s.Invoicing.Status.Phase == phaseLost {
		return "the invoicing was terminated: look whether it was invoiced"
	}
	if s.Invoicing != nil && !s.Invoicing.Status.Closed {
		return s.Invoicing.Status.Attention
	}
	return ""
}

// PauseState is one pause, from standing still to its end.
type PauseState struct {
	Opened  prodege.EventID `json:"opened"`
	Since   time.Time       `json:"since"`
	Event   prodege.Event   `json:"event"`             // the newest pause event
	About   prodege.Event   `json:"about,omitzero"`    // the event that the alert is about
	ForCPI  bool            `json:"for_cpi,omitempty"` // the newest pause event asks for a CPI
	Alert   string          `json:"alert,omitempty"`   // key of the alert's message
	Request string          `json:"request,omitempty"` // workflow id of its CPIApproval
	Action  string          `json:"action,omitempty"`  // workflow id of its ProjectAction
	Times   int             `json:"times"`             // how often it paused so within the flap
	Flaps   int             `json:"flaps,omitempty"`   // how many pauses came just before, each within the hour
	Ended   time.Time       `json:"ended,omitzero"`
	Pace    Pace            `json:"pace,omitzero"` // what was done about it, and when

	Inactivity *InactivityClock `json:"inactivity,omitempty"` // runs while it is paused for inactivity
}

// InvoicedFirst is an INVOICED that no COMPLETE came before, and when we saw it.
type InvoicedFirst struct {
	Event prodege.Event `json:"event"`
	Seen  time.Time     `json:"seen"`
}

// RequestState is what a Project knows of a CPIApproval, or of a ProjectAction.
type RequestState struct {
	Action   bool            `json:"action,omitempty"` // it is a ProjectAction
	Opened   prodege.EventID `json:"opened,omitempty"` // of a ProjectAction: the event that opened its pause
	Workflow string          `json:"workflow"`
	Status   ChildStatus     `json:"status"`
	Waiting  []Change        `json:"waiting,omitempty"` // not started yet: another's acceptance is in flight
	Event    prodege.Event   `json:"event"`             // that opened it
	Started  bool            `json:"started,omitempty"`
}

// InvoiceState is what a Project knows of its invoicing.
type InvoiceState struct {
	Event  prodege.Event `json:"event"` // the newest COMPLETE handed over
	Status ChildStatus   `json:"status"`
}

// SweepState remembers when Prodege was asked and what was found.
type SweepState struct {
	Next     time.Time      `json:"next,omitzero"`
	NameOnly bool           `json:"name_only,omitempty"` // the next question is for the project's name, and its answer no finding
	Found    *prodege.Event `json:"found,omitempty"`     // found once; counts when it is found again
	Asked    int            `json:"asked,omitempty"`
	AskedAt  time.Time      `json:"asked_at,omitzero"` // when Prodege was asked last
	LastAt   time.Time      `json:"last_at,omitzero"`  // when the newest applied finding was asked
	Fault    string         `json:"fault,omitempty"`
}

// slim keeps what decisions and messages need of an event, so that a state of many stays small.
func slim(e prodege.Event) prodege.Event {
	e.Unknown, e.Delivery, e.Received = nil, "", time.Time{}
	e.Description, e.RequiredCPIText = cut(e.Description, 200), cut(e.RequiredCPIText, 40)
	e.RejectionNote, e.ReconciliationNote = cut(e.RejectionNote, 1000), cut(e.ReconciliationNote, 1000)
	return e
}
