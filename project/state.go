package project

import (
	"time"

	"fieldmarshal/prodege"
)

// State is all that is remembered of a project: queries return it, continue-as-new carries it.
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

	Newest     Order       `json:"newest,omitzero"` // of the newest event that was applied
	Seen       Seen        `json:"seen,omitempty"`
	Deliveries []string    `json:"deliveries,omitempty"` // the newest delivery stamps, shortened
	Counts     Counts      `json:"counts"`
	Last       []EventLine `json:"last_events,omitempty"` // the last ten, oldest first

	Pause     *Pause    `json:"pause,omitempty"`      // set while the project is paused
	LastPause *Pause    `json:"last_pause,omitempty"` // the one before
	Request   *Question `json:"request,omitempty"`    // the newest CPI request, open or closed
	Action    *Question `json:"action,omitempty"`     // the newest actions from an alert, open or closed
	Former    *Question `json:"former,omitempty"`     // of an earlier pause, while its act is still under way
	Act       *Act      `json:"act,omitempty"`        // the one act at Prodege that is under way, or between two tries
	Acts      int       `json:"acts,omitempty"`       // how many there were

	Decisions []Decided      `json:"decisions,omitempty"` // the newest ten, oldest first
	Automatic []time.Time    `json:"automatic,omitempty"` // automatic approvals of the last day
	Pending   []PendingClick `json:"pending,omitempty"`   // decisions whose right is being checked
	Handled   []string       `json:"handled,omitempty"`   // the newest 200 clicks
	Answers   []Answered     `json:"answers,omitempty"`   // the newest 20 clicks that did nothing

	Invoice       *Invoicing     `json:"invoicing,omitempty"`      // set once an invoice is due
	InvoicedFirst *InvoicedFirst `json:"invoiced_first,omitempty"` // INVOICED came without a COMPLETE

	Poll    Poll `json:"poll"`
	Figures *Try `json:"figures,omitempty"` // a read that fills in what a message went out without
	Life    Life `json:"life"`

	Outbox    []*Message `json:"outbox,omitempty"`
	Unsaid    []Unsaid   `json:"unsaid,omitempty"`    // channels in which Slack does not take what is due
	Ledger    []Line     `json:"ledger,omitempty"`    // newest 500, oldest first
	Forgotten int        `json:"forgotten,omitempty"` // ledger lines that are not kept any more
	LedgerCut time.Time  `json:"ledger_cut,omitzero"` // time of the newest of those
	ClosesAt  time.Time  `json:"closes_at,omitzero"`  // when the project closes here, after INVOICED or DELETED
	Cancelled bool       `json:"cancelled,omitempty"` // somebody cancels it in Temporal: nothing new is begun
	AskAnew   bool       `json:"ask_anew,omitempty"`  // it lives on after a cancel: what that closed is asked for again
	Runs      int        `json:"runs,omitempty"`      // how often it continued as new
	Settings  Settings   `json:"settings"`            // of the last turn

	now time.Time // of this turn
	out Output    // of this turn
}

// New returns the state of a project of which nothing is known.
func New(id prodege.ProjectID) *State {
	return &State{ID: id, Name: Name{ID: id}, Waiting: WaitsNothing}
}

// Order is an event's place in the order of one project's events: event_time, then event_id.
type Order struct {
	At time.Time       `json:"at,omitzero"`
	ID prodege.EventID `json:"id,omitempty"`
}

func (a Order) before(b Order) bool {
	if x, y := a.At.Unix(), b.At.Unix(); x != y {
		return x < y
	}
	return a.ID < b.ID
}

// Disposition is what became of an event. Every event ends in exactly one.
type Disposition string

// The dispositions that a project gives. The ingress counts further unusable events, the inbox dead ones.
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
	Future      bool            `json:"future,omitempty"`  // dated ahead of our clock, so ordered by its receipt
	Vouched     string          `json:"vouched,omitempty"` // who vouched for it
}

// Pause is one pause, from its first event to its end.
type Pause struct {
	Opened    prodege.EventID `json:"opened"` // its first event, as SafeID; names it
	Since     time.Time       `json:"since"`
	Event     prodege.Event   `json:"event"`               // the newest pause event
	About     prodege.Event   `json:"about,omitzero"`      // the event that the alert was posted for
	After     Order           `json:"after,omitzero"`      // of the newest event that is known to be from before the pause
	ForCPI    bool            `json:"for_cpi,omitempty"`   // the newest pause event asks for a CPI
	Alert     string          `json:"alert,omitempty"`     // key of the alert's message
	Request   string          `json:"request,omitempty"`   // key of the CPI request's message
	Rejection string          `json:"rejection,omitempty"` // key of the rejection's message, if that opened it; the alert is another message once there is another reason
	Times     int             `json:"times"`               // how often it paused for this reason, each within an hour of the last
	Flaps     int             `json:"flaps,omitempty"`     // how many pauses came just before, each within the hour
	Told      bool            `json:"told,omitempty"`      // its first message stands
	Decided   *Decided        `json:"decided,omitempty"`   // the first decision about it
	Ended     *prodege.Event  `json:"ended,omitempty"`     // the event that ended it

	Inactivity *InactivityClock `json:"inactivity,omitempty"` // runs while it is paused for inactivity
}

// QuestionKind says what people decide.
type QuestionKind string

// The kinds of questions.
const (
	OfCPI    QuestionKind = "cpi"    // accept a required CPI
	OfAction QuestionKind = "action" // act on a pause from its alert

	// OfInvoice is a decision's only: what is to be done about an invoice.
	OfInvoice QuestionKind = "invoice"
)

// Question is what people decide about one pause: a CPI request, or the actions of its alert. Another amount, or
// another reason with actions, is a new generation of it.
type Question struct {
	Kind       QuestionKind    `json:"kind"`
	ID         prodege.EventID `json:"id"` // the pause's Opened
	Generation int             `json:"generation"`
	Phase      Phase           `json:"phase"`
	PhaseAt    time.Time       `json:"phase_at,omitzero"`
	Event      prodege.Event   `json:"event"`               // that asks for this generation
	Decisions  []Decided       `json:"decisions,omitempty"` // of this generation
	Refusal    *Refusal        `json:"refusal,omitempty"`
	MaybeSent  bool            `json:"maybe_sent,omitempty"` // an act of this generation may have been heard
	Other      *prodege.Event  `json:"other,omitempty"`      // the other reason that the project is paused for
	EndStatus  prodege.Status  `json:"end_status,omitempty"`
	Closed     bool            `json:"closed,omitempty"`   // its pause is over
	ToAct      bool            `json:"to_act,omitempty"`   // decided; the act has not begun, as another one is under way
	Newer      *prodege.Event  `json:"newer,omitempty"`    // asks for something else, and waits for the end of the try under way
	CheckAt    time.Time       `json:"check_at,omitzero"`  // the effect of the act should show by then
	Check      *Try            `json:"check,omitempty"`    // the read that looks for it
	Nobody     bool            `json:"nobody,omitempty"`   // nobody is on the list of approvers
	PausedAt   time.Time       `json:"paused_at,omitzero"` // when the pause began

	// Of a CPI request.
	Stage    Stage        `json:"stage,omitempty"` // what comes before people are asked
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
	Offers  []prodege.Action `json:"offers,omitempty"` // as they were when they were offered
	Figures *Figures         `json:"figures,omitempty"`
}

// Stage is what a CPI request does before people are asked.
type Stage string

// The stages; none once people are asked.
const (
	StageReading  Stage = "reading"  // Prodege is asked for the figures that people decide by
	StageChecking Stage = "checking" // a rule would approve: is there an earlier life that forbids it?
)

// Clock counts the time that people have for a request. It starts when the message stands.
type Clock struct {
	From        time.Time `json:"from,omitzero"`
	Remind      time.Time `json:"remind,omitzero"`
	Deadline    time.Time `json:"deadline,omitzero"`
	Reminders   int       `json:"reminders,omitempty"`
	SilentSince time.Time `json:"silent_since,omitzero"` // since then Slack does not take what we say: the clock stands
}

// Act is something that is done at Prodege: it is tried until it succeeds, is refused, or half an hour has passed.
type Act struct {
	Try
	Kind       QuestionKind    `json:"kind"`
	ID         prodege.EventID `json:"id"`               // of its question
	Generation int             `json:"generation"`       // of its question
	N          int             `json:"n"`                // which act of the project it is
	Amount     *prodege.USD    `json:"amount,omitempty"` // of a CPI: what was approved
	MustRead   bool            `json:"must_read,omitempty"`
	Action     *prodege.Action `json:"action,omitempty"`
	Number     int64           `json:"number,omitempty"`
	Heard      *prodege.USD    `json:"heard,omitempty"` // with Maybe: max_cpi as it may have been heard
	Fault      *Refusal        `json:"fault,omitempty"` // of the last try
}

// Try is where a task stands that is repeated until it is done.
type Try struct {
	Tries int       `json:"tries,omitempty"` // so far, the one under way included
	Busy  bool      `json:"busy,omitempty"`  // one is under way
	First time.Time `json:"first,omitzero"`  // when the first began
	After time.Time `json:"after,omitzero"`  // the next begins not before
	Maybe bool      `json:"maybe,omitempty"` // one may have been heard
	Until time.Time `json:"until,omitzero"`  // no further one begins after that; zero: no end
}

// InvoicedFirst is an INVOICED that no COMPLETE came before, and until when one is waited for.
type InvoicedFirst struct {
	Event prodege.Event `json:"event"`
	Until time.Time     `json:"until,omitzero"`
}

// Life is what is known of earlier lives of this project here.
type Life struct {
	Old     bool `json:"old,omitempty"`     // it began with an event older than PROJECT_LINGER, or by hand
	Known   bool `json:"known,omitempty"`   // earlier runs were looked for
	Earlier bool `json:"earlier,omitempty"` // there was one that did not continue into this one
	Look    Try  `json:"look,omitzero"`     // the task that looks
}

// Waiting says what a project waits for; it is the value of the search attribute WaitingFor.
type Waiting string

// What a project can wait for.
const (
	WaitsNothing        Waiting = "nothing"
	WaitsApproval       Waiting = "approval"       // a decision about a CPI
	WaitsAction         Waiting = "action"         // a person to act on a pause, or to switch accepting on
	WaitsLive           Waiting = "live"           // the effect of what we did
	WaitsReconciliation Waiting = "reconciliation" // PENDING_COMPLETE to become COMPLETE
	WaitsInvoicing      Waiting = "invoicing"      // our invoice to be made
	WaitsInvoiced       Waiting = "invoiced"       // Prodege to say INVOICED
)
