package project

import (
	"time"

	"fieldmarshal/prodege"
)

// State is everything that is remembered about a project. Queries return it, and continue-as-new passes it on.
type State struct {
	ID      prodege.ProjectID `json:"project_id"`
	Name    Name              `json:"name"`
	Version int               `json:"version"` // of the rules in force, see Settings.Version

	Status      prodege.Status `json:"status,omitempty"`
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"`
	StatusSince time.Time      `json:"status_since,omitzero"` // order time of the event, or when a poll found it
	Note        string         `json:"reconciliation_note,omitempty"`

	Waiting      Waiting   `json:"waiting_for"`
	WaitingSince time.Time `json:"waiting_since,omitzero"`

	Newest     Order       `json:"newest,omitzero"`       // of the newest event that was applied
	Seen       []string    `json:"seen_events,omitempty"` // the newest, in order, oldest first: the time of each and a hash of its id
	Deliveries []string    `json:"deliveries,omitempty"`  // hashes of the newest delivery stamps
	Counts     Counts      `json:"counts"`
	Last       []EventLine `json:"last_events,omitempty"` // the last ten, oldest first

	Pause     *Pause    `json:"pause,omitempty"`      // set while the project is paused
	LastPause *Pause    `json:"last_pause,omitempty"` // the one before
	Request   *Question `json:"request,omitempty"`    // the newest CPI request, open or closed
	Action    *Question `json:"action,omitempty"`     // the newest actions from an alert, open or closed
	Former    *Question `json:"former,omitempty"`     // of an earlier pause, while its act is still in progress
	Act       *Act      `json:"act,omitempty"`        // the act at Prodege that is in progress, or between two attempts
	Acts      int       `json:"acts,omitempty"`       // how many there were

	Decisions []Decided      `json:"decisions,omitempty"` // the newest ten, oldest first
	Automatic []time.Time    `json:"automatic,omitempty"` // automatic approvals of the last day
	Pending   []PendingClick `json:"pending,omitempty"`   // decisions whose permission is being checked
	Handled   []string       `json:"handled,omitempty"`   // the newest 200 clicks
	Answers   []Answered     `json:"answers,omitempty"`   // the newest 20 clicks without effect

	Invoice       *Invoicing     `json:"invoicing,omitempty"`      // set once an invoice is due
	InvoicedFirst *InvoicedFirst `json:"invoiced_first,omitempty"` // INVOICED came without a COMPLETE

	Poll    Poll `json:"poll"`
	Figures *Try `json:"figures,omitempty"` // the read of figures that a message was posted without
	Life    Life `json:"life"`

	Outbox    []*Message `json:"outbox,omitempty"`
	Outages   []Outage   `json:"outages,omitempty"`   // channels for which Slack does not accept what is due
	Ledger    []Line     `json:"ledger,omitempty"`    // newest 500, oldest first
	Forgotten int        `json:"forgotten,omitempty"` // number of older ledger lines that were dropped
	LedgerCut time.Time  `json:"ledger_cut,omitzero"` // time of the newest of those
	ClosesAt  time.Time  `json:"closes_at,omitzero"`  // when the workflow closes, after INVOICED or DELETED
	Cancelled bool       `json:"cancelled,omitempty"` // somebody cancelled it in Temporal: nothing new is begun
	AskAnew   bool       `json:"ask_anew,omitempty"`  // it continues after a cancellation: what that closed is asked again
	Runs      int        `json:"runs,omitempty"`      // how often it continued as new
	Settings  Settings   `json:"settings"`            // of the last turn

	now time.Time // of this turn
	out Output    // of this turn
}

// New returns the state of a project about which nothing is known.
func New(id prodege.ProjectID) *State {
	return &State{ID: id, Name: Name{ID: id}, Waiting: WaitsNothing}
}

// Order is an event's place in the order of a project's events: event_time, then event_id.
type Order struct {
	At time.Time       `json:"at,omitzero"`
	ID prodege.EventID `json:"id,omitempty"`
}

func orderOf(e prodege.Event) Order { return Order{e.Time, e.ID} }

func (a Order) before(b Order) bool {
	if x, y := a.At.Unix(), b.At.Unix(); x != y {
		return x < y
	}
	return a.ID < b.ID
}

// Disposition is the outcome of an event. Every event gets exactly one.
type Disposition string

// The dispositions of a project's events. The ingress counts other unusable events, the inbox dead ones.
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

// EventLine is one of the last events, with its disposition.
type EventLine struct {
	ID          prodege.EventID `json:"event_id"`
	Time        time.Time       `json:"event_time"`
	Status      prodege.Status  `json:"status"`
	Reason      prodege.Reason  `json:"update_reason,omitempty"`
	Source      prodege.Source  `json:"source,omitempty"`
	Disposition Disposition     `json:"disposition"`
	Future      bool            `json:"future,omitempty"`  // dated ahead of our clock, so ordered by its time of receipt
	Vouched     string          `json:"vouched,omitempty"` // who vouched for it
}

// Pause is a pause, from its first event to its end.
type Pause struct {
	Opened    prodege.EventID `json:"opened"` // its first event, as SafeID; names it
	Since     time.Time       `json:"since"`
	Event     prodege.Event   `json:"event"`               // the newest pause event
	About     prodege.Event   `json:"about,omitzero"`      // the event that the alert was posted for
	After     Order           `json:"after,omitzero"`      // of the newest event before the pause
	ForCPI    bool            `json:"for_cpi,omitempty"`   // the newest pause event asks for a CPI
	Alert     string          `json:"alert,omitempty"`     // key of the alert's message
	Request   string          `json:"request,omitempty"`   // key of the CPI request's message
	Rejection string          `json:"rejection,omitempty"` // key of the rejection's message, if that opened it; the alert is another message once there is another reason
	Times     int             `json:"times"`               // how often it has paused for this reason, each time within an hour of the last
	Flaps     int             `json:"flaps,omitempty"`     // how many pauses preceded it, each within an hour of the next
	Posted    bool            `json:"posted,omitempty"`    // its first message has been posted
	Decided   *Decided        `json:"decided,omitempty"`   // the first decision about it
	Ended     *prodege.Event  `json:"ended,omitempty"`     // the event that ended it

	Inactivity *InactivityClock `json:"inactivity,omitempty"` // runs while it is paused for inactivity
}

// QuestionKind is the kind of a question.
type QuestionKind string

// The kinds of questions.
const (
	OfCPI    QuestionKind = "cpi"    // accept a required CPI
	OfAction QuestionKind = "action" // act on a pause from its alert

	// OfInvoice is only the kind of a decision: what to do about an invoice.
	OfInvoice QuestionKind = "invoice"
)

// Question is what people decide about a pause: a CPI request, or the actions of its alert. Another amount, or another reason
// with actions, is a new generation of it.
type Question struct {
	Kind       QuestionKind    `json:"kind"`
	ID         prodege.EventID `json:"id"` // the pause's Opened
	Generation int             `json:"generation"`
	Phase      Phase           `json:"phase"`
	PhaseAt    time.Time       `json:"phase_at,omitzero"`
	Event      prodege.Event   `json:"event"`               // that asks for this generation
	Decisions  []Decided       `json:"decisions,omitempty"` // of this generation
	Refusal    *Refusal        `json:"refusal,omitempty"`
	MaybeSent  bool            `json:"maybe_sent,omitempty"` // an act of this generation may have succeeded
	Other      *prodege.Event  `json:"other,omitempty"`      // the other reason that the project is paused for
	EndStatus  prodege.Status  `json:"end_status,omitempty"`
	Closed     bool            `json:"closed,omitempty"`   // its pause is over
	ToAct      bool            `json:"to_act,omitempty"`   // decided, but the act has not begun because another one is in progress
	Newer      *prodege.Event  `json:"newer,omitempty"`    // asks for something else, and waits for the end of the running attempt
	CheckAt    time.Time       `json:"check_at,omitzero"`  // check whether it took effect at Prodege
	Check      *Try            `json:"check,omitempty"`    // the read that checks it
	Nobody     bool            `json:"nobody,omitempty"`   // nobody is on the list of approvers
	PausedAt   time.Time       `json:"paused_at,omitzero"` // when the pause began

	// Of a CPI request.
	Stage    Stage        `json:"stage,omitempty"` // before people are asked
	Read     Try          `json:"read,omitzero"`   // of StageReading
	Required *prodege.USD `json:"required,omitempty"`
	Previous *prodege.USD `json:"previous,omitempty"` // the amount of the generation before
	Approved *prodege.USD `json:"approved,omitempty"` // the ceiling that was approved
	ByRule   bool         `json:"by_rule,omitempty"`
	Sent     *prodege.USD `json:"sent,omitempty"`
	Unread   bool         `json:"sent_unread,omitempty"`
	Numbers  *Numbers     `json:"numbers,omitempty"`
	Earlier  []Decided    `json:"earlier,omitempty"` // the last three decisions before this generation
	FromPoll bool         `json:"from_poll,omitempty"`
	Clock    Clock        `json:"clock,omitzero"`

	// Of actions.
	Offers  []prodege.Action `json:"offers,omitempty"` // as they were offered
	Figures *Figures         `json:"figures,omitempty"`
}

// Stage is the stage of a CPI request before people are asked.
type Stage string

// The stages. A request has none once people are asked.
const (
	StageReading  Stage = "reading"  // the figures for the decision are being read
	StageChecking Stage = "checking" // a rule would approve, unless there was an earlier life
)

// Clock counts the time that people have for a request. It starts when the message has been posted.
type Clock struct {
	From        time.Time `json:"from,omitzero"`
	Remind      time.Time `json:"remind,omitzero"`
	Deadline    time.Time `json:"deadline,omitzero"`
	Reminders   int       `json:"reminders,omitempty"`
	SilentSince time.Time `json:"silent_since,omitzero"` // since when Slack has not accepted our messages: the clock is stopped
}

// Act is something to be done at Prodege: it is tried until it succeeds, is refused, or half an hour has passed.
type Act struct {
	Try
	Kind        QuestionKind    `json:"kind"`
	ID          prodege.EventID `json:"id"`               // of its question
	Generation  int             `json:"generation"`       // of its question
	N           int             `json:"n"`                // which act of the project it is
	Amount      *prodege.USD    `json:"amount,omitempty"` // of a CPI: what was approved
	MustRead    bool            `json:"must_read,omitempty"`
	Action      *prodege.Action `json:"action,omitempty"`
	Number      int64           `json:"number,omitempty"`
	MaybeAmount *prodege.USD    `json:"maybe_amount,omitempty"` // with Maybe: max_cpi that Prodege may have received
	Fault       *Refusal        `json:"fault,omitempty"`        // of the last attempt
}

// Try is the state of a task that is repeated until it is done.
type Try struct {
	Tries int       `json:"tries,omitempty"` // attempts so far, including the running one
	Busy  bool      `json:"busy,omitempty"`  // an attempt is running
	First time.Time `json:"first,omitzero"`  // when the first one began
	After time.Time `json:"after,omitzero"`  // when the next one may begin
	Maybe bool      `json:"maybe,omitempty"` // one may have succeeded although its answer was lost
	Until time.Time `json:"until,omitzero"`  // when no more attempts begin; zero: never
}

// InvoicedFirst is an INVOICED without a COMPLETE before it, and until when to wait for one.
type InvoicedFirst struct {
	Event prodege.Event `json:"event"`
	Until time.Time     `json:"until,omitzero"`
}

// Life is what is known about earlier lives of this project.
type Life struct {
	Old     bool `json:"old,omitempty"`     // it began with an event older than PROJECT_LINGER, or by hand
	Known   bool `json:"known,omitempty"`   // earlier runs were searched for
	Earlier bool `json:"earlier,omitempty"` // there was one that this one does not continue
	Search  Try  `json:"search,omitzero"`   // the task that searches
}

// Waiting says what a project waits for; it is the value of the search attribute WaitingFor.
type Waiting string

// What a project can wait for.
const (
	WaitsNothing        Waiting = "nothing"
	WaitsApproval       Waiting = "approval"       // a decision about a CPI
	WaitsAction         Waiting = "action"         // a person to act on a pause, or to switch accepting on
	WaitsLive           Waiting = "live"           // for the effect of our act
	WaitsReconciliation Waiting = "reconciliation" // PENDING_COMPLETE to become COMPLETE
	WaitsInvoicing      Waiting = "invoicing"      // our invoice to be made
	WaitsInvoiced       Waiting = "invoiced"       // Prodege to say INVOICED
)
