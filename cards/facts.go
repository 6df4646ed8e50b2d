package cards

import (
	"time"

	"fieldmarshal/prodege"
)

// Card is one thing to say: exactly one of its fields is set. It travels in workflow state and activity
// inputs, so it is facts only, never sentences.
type Card struct {
	Pause     *Pause     `json:"pause,omitempty"`
	Rejection *Rejection `json:"rejection,omitempty"`
	Request   *Request   `json:"request,omitempty"`
	Invoice   *Invoice   `json:"invoice,omitempty"`
	Note      *Note      `json:"note,omitempty"`
	Answer    *Answer    `json:"answer,omitempty"`
	Digest    *Digest    `json:"digest,omitempty"`
	Report    *Report    `json:"report,omitempty"`
}

// Project names a project to people.
type Project struct {
	ID       prodege.ProjectID `json:"id"`
	Name     string            `json:"name,omitempty"`      // empty where Prodege's API was not read
	PONumber string            `json:"po_number,omitempty"` // Prodege's reference_id
}

// Frame is what every root message carries beside its own facts.
type Frame struct {
	Project   Project `json:"project"`
	UI        string  `json:"ui,omitempty"`        // link to the workflow in the Temporal UI
	Simulated bool    `json:"simulated,omitempty"` // Prodege is a simulator: the message says so
}

// Pause is the alert about one pause that is not for CPI. The message is edited as the pause goes on and ends.
type Pause struct {
	Frame
	Event        prodege.Event  `json:"event"`                  // the newest pause event for this message
	Since        time.Time      `json:"since"`                  // event_time of the pause's first event
	Times        int            `json:"times"`                  // how often it paused for this reason within the hour; 1 at first
	End          *End           `json:"end,omitempty"`          // set when the pause is over
	Request      string         `json:"request,omitempty"`      // link to the CPI request of the same pause
	Moved        *prodege.Event `json:"moved,omitempty"`        // the project now stands still for this other reason
	AutoComplete time.Time      `json:"auto_complete,omitzero"` // about when Prodege completes the project by itself, for inactivity
	Acting       *Acting        `json:"acting,omitempty"`       // what can be done, or was, from this message; nil: nothing from here
}

// Acting is where a ProjectAction stands: what people can do about a pause, or did. Of the phases it uses open
// (buttons of what the reason offers), approved, held, accepted, live, done, still, refused, stopped, elsewhere,
// other, ended, dryrun and byhand; refused, stopped and still offer Try again beside what the reason offers.
type Acting struct {
	Workflow   string         `json:"workflow"`   // id of the ProjectAction that the buttons speak to
	Generation int            `json:"generation"` // 1 at first; each further reason of the pause is the next
	Event      prodege.Event  `json:"event"`      // the pause event whose reason's actions are offered
	Phase      Phase          `json:"phase"`
	PhaseAt    time.Time      `json:"phase_at,omitzero"`
	Decisions  []Decision     `json:"decisions,omitempty"` // of this generation, oldest first
	Refusal    *Refusal       `json:"refusal,omitempty"`
	EndStatus  prodege.Status `json:"end_status,omitempty"` // with PhaseEnded
	Figures    *Figures       `json:"figures,omitempty"`    // nil: Prodege was not asked or did not answer
	MaybeSent  bool           `json:"maybe_sent,omitempty"` // an act was broken off and may have arrived
	DryRun     bool           `json:"dry_run,omitempty"`
	Anyone     bool           `json:"anyone,omitempty"` // SLACK_APPROVERS is empty: anyone in the channel decides
}

// Figures are what the modals of actions show. Zero and nil mean not told. They travel in the buttons' values,
// as a modal opens before anything can be asked.
type Figures struct {
	CPI        *prodege.USD   `json:"cpi,omitempty"`
	Completes  int64          `json:"completes,omitempty"`   // so far, about
	Wanted     int64          `json:"wanted,omitempty"`      // in all: the sample size as it is
	ClickCap   int64          `json:"click_cap,omitempty"`   // clicks allowed before a pause
	ClicksLeft int64          `json:"clicks_left,omitempty"` // now
	Refill     prodege.Refill `json:"refill,omitempty"`      // how often Prodege refills the clicks by itself
	Clicks     bool           `json:"clicks,omitempty"`      // the click settings were read
}

// End says how a pause ended.
type End struct {
	At     time.Time      `json:"at"`
	Status prodege.Status `json:"status"` // LIVE: resumed; COMPLETE, DELETED, …: it ended with the project
	Reason prodege.Reason `json:"reason,omitempty"`

	Decided time.Time `json:"decided,omitzero"` // when somebody first decided about the pause here
	By      string    `json:"by,omitempty"`     // Slack user id of who did; empty for a rule
	From    string    `json:"from,omitempty"`
}

// Rejection alerts that a reconciliation was rejected and must be redone.
type Rejection struct {
	Frame
	Event prodege.Event `json:"event"` // its RejectionNote is what Prodege's support wrote
	Late  bool          `json:"late,omitempty"`
	Since time.Time     `json:"since,omitzero"` // with End: event_time of the first event of the pause that it opened
	End   *End          `json:"end,omitempty"`  // set when that pause is over
}

// Phase is where a CPI request stands. The same message goes from phase to phase.
type Phase string

// The phases of a request. Those with buttons: open, second (Approve, Reject), expired (Ask again), refused,
// stopped, still (Try again, Close), byhand has none.
const (
	PhaseOpen      Phase = "open"      // waits for a decision
	PhaseSecond    Phase = "second"    // one of two approvals given, waits for another person's
	PhaseApproved  Phase = "approved"  // decided, about to be accepted at Prodege
	PhaseHeld      Phase = "held"      // decided, but accepting is switched off
	PhaseAccepted  Phase = "accepted"  // Prodege took it; waits for LIVE
	PhaseLive      Phase = "live"      // live again after our acceptance
	PhaseStill     Phase = "still"     // accepted, but not live within RESUME_TIMEOUT
	PhaseRefused   Phase = "refused"   // Prodege refused, see Refusal
	PhaseStopped   Phase = "stopped"   // gave up after 30 minutes of passing faults, see Refusal
	PhaseRejected  Phase = "rejected"  // people said no
	PhaseExpired   Phase = "expired"   // nobody decided in time
	PhaseElsewhere Phase = "elsewhere" // live without us: resolved elsewhere
	PhaseOther     Phase = "other"     // the project now stands still for another reason, see Other
	PhaseEnded     Phase = "ended"     // the project is complete, pending complete, invoiced or deleted
	PhaseDryRun    Phase = "dryrun"    // approved, and nothing was sent because of DRY_RUN
	PhaseByHand    Phase = "byhand"    // approved; no API key, so people must accept it at Prodege
	PhaseOverLimit Phase = "overlimit" // the amount is above CPI_CEILING: nothing can be approved here
	PhaseCancelled Phase = "cancelled" // whoever runs Fieldmarshal cancelled the workflow in Temporal
	PhaseDone      Phase = "done"      // of an action: the project has the status that was set, and that is not LIVE
)

// Request is the message that asks to accept a required CPI, in any phase.
type Request struct {
	Frame
	Workflow    string         `json:"workflow"`           // id of the CPIApproval that the buttons speak to
	Generation  int            `json:"generation"`         // 1 at first; each newer amount is the next
	Required    *prodege.USD   `json:"required,omitempty"` // nil: Prodege has not told an amount
	Previous    *prodege.USD   `json:"previous,omitempty"` // the amount of the generation before
	Numbers     *Numbers       `json:"numbers,omitempty"`  // nil: Prodege was not asked or did not answer
	PausedAt    time.Time      `json:"paused_at"`
	Deadline    time.Time      `json:"deadline,omitzero"` // when it expires
	Phase       Phase          `json:"phase"`
	PhaseAt     time.Time      `json:"phase_at,omitzero"`
	Decisions   []Decision     `json:"decisions,omitempty"`   // of this generation, oldest first
	Sent        *prodege.USD   `json:"sent,omitempty"`        // max_cpi as sent to Prodege; nil: max_cpi was high enough already, only LIVE was set
	SentUnread  bool           `json:"sent_unread,omitempty"` // the project could not be read before (101)
	MaybeSent   bool           `json:"maybe_sent,omitempty"`  // an act was broken off and may have arrived
	Refusal     *Refusal       `json:"refusal,omitempty"`
	EndStatus   prodege.Status `json:"end_status,omitempty"`   // with PhaseEnded
	Other       *prodege.Event `json:"other,omitempty"`        // with PhaseOther
	Earlier     []Decision     `json:"earlier,omitempty"`      // the last three decisions on this project, newest first
	Alert       string         `json:"alert,omitempty"`        // link to the alert of the same pause
	Ceiling     *prodege.USD   `json:"ceiling,omitempty"`      // CPI_CEILING
	SecondAbove *prodege.USD   `json:"second_above,omitempty"` // CPI_SECOND_APPROVER_ABOVE
	NoAPIKey    bool           `json:"no_api_key,omitempty"`
	DryRun      bool           `json:"dry_run,omitempty"`
	Anyone      bool           `json:"anyone,omitempty"` // SLACK_APPROVERS is empty: anyone in the channel decides
}

// Numbers is what Prodege's API tells about a project that bears on a CPI decision. Nil and 0 mean not told.
type Numbers struct {
	CPI       *prodege.USD `json:"cpi,omitempty"`
	AvgCPI    *prodege.USD `json:"avg_cpi,omitempty"`
	MaxCPI    *prodege.USD `json:"max_cpi,omitempty"`
	Completes int64        `json:"completes,omitempty"` // so far, about
	Wanted    int64        `json:"wanted,omitempty"`    // in all, about
	BidIR     string       `json:"bid_ir,omitempty"`
	ActualIR  string       `json:"actual_ir,omitempty"`
	BidLOI    string       `json:"bid_loi,omitempty"`
	ActualLOI string       `json:"actual_loi,omitempty"`
	AsOf      time.Time    `json:"as_of,omitzero"`
}

// Verdict is what someone decided, or what the deadline or a rule decided.
type Verdict string

// The verdicts of a decision.
const (
	Approve      Verdict = "approve"
	Reject       Verdict = "reject"
	AskAgain     Verdict = "ask_again" // an expired request is opened again
	TryAgain     Verdict = "try_again" // what failed is tried again
	Close        Verdict = "close"     // what failed is given up
	MarkInvoiced Verdict = "mark_invoiced"
	SendInvoice  Verdict = "send_invoice" // dry run is off again: send what was held
	Act          Verdict = "act"          // an action of a pause's alert: Decision.Action says which
)

// Where a decision came from.
const (
	FromSlack   = "slack"
	FromCommand = "command line"
	FromRule    = "rule" // CPI_AUTO_APPROVE_UP_TO
)

// Decision is one recorded decision.
type Decision struct {
	Verdict Verdict      `json:"verdict"`
	User    string       `json:"user,omitempty"` // Slack user id; empty for a rule
	Amount  *prodege.USD `json:"amount,omitempty"`
	Reason  string       `json:"reason,omitempty"` // what the person wrote
	At      time.Time    `json:"at"`
	From    string       `json:"from"`
	DryRun  bool         `json:"dry_run,omitempty"`

	Action prodege.ActionID `json:"action,omitempty"` // with Act, and with what follows it
	Number int64            `json:"number,omitempty"` // clicks or sample size, as the action asks
}

// PartyCeiling is the Party of a Refusal of our own: CPI_CEILING holds for what was approved before it was lowered, too.
const PartyCeiling = "CPI_CEILING"

// Refusal is a fault of a counterparty that people must know of.
type Refusal struct {
	Party string `json:"party"`           // "Prodege" or "billing"
	Codes []int  `json:"codes,omitempty"` // Prodege's error codes or one HTTP status
	Text  string `json:"text"`            // in words, no secrets
}

// InvoicePhase is where an invoice stands.
type InvoicePhase string

// The phases of an invoice.
const (
	InvoiceByHand    InvoicePhase = "byhand"    // no BILLING_URL: people make the invoice and mark it (button Mark as invoiced)
	InvoiceHeld      InvoicePhase = "held"      // the project went back to PENDING_COMPLETE: held until COMPLETE
	InvoiceDryRun    InvoicePhase = "dryrun"    // DRY_RUN: nothing is sent
	InvoiceAsks      InvoicePhase = "asks"      // dry run is off again: asks whether to send (button Send now)
	InvoiceSlow      InvoicePhase = "slow"      // an hour of passing faults, still trying
	InvoiceRefused   InvoicePhase = "refused"   // billing refused it for good (button Try again)
	InvoiceSent      InvoicePhase = "sent"      // billing has it
	InvoiceMarked    InvoicePhase = "marked"    // people said that it is invoiced
	InvoiceAsked     InvoicePhase = "asked"     // a closed project came back and can't be read: asks people before it invoices (button Send now)
	InvoiceMissing   InvoicePhase = "missing"   // the 7th has come, INVOICED has not
	InvoiceDone      InvoicePhase = "done"      // Prodege says INVOICED
	InvoiceDeleted   InvoicePhase = "deleted"   // the project was deleted at Prodege
	InvoiceCancelled InvoicePhase = "cancelled" // whoever runs Fieldmarshal cancelled the workflow in Temporal
)

// Invoice is a message to the finance channel about one revision of a project's invoice.
type Invoice struct {
	Frame
	Workflow    string         `json:"workflow"`
	Key         string         `json:"key"` // project-<id>-invoice-r<n>
	Revision    int            `json:"revision"`
	Phase       InvoicePhase   `json:"phase"`
	PhaseAt     time.Time      `json:"phase_at,omitzero"`
	CompletedAt time.Time      `json:"completed_at"`
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"`
	Note        string         `json:"reconciliation_note,omitempty"`
	CPI         *prodege.USD   `json:"cpi,omitempty"`
	Completes   int64          `json:"completes,omitempty"`
	Refusal     *Refusal       `json:"refusal,omitempty"`
	By          string         `json:"by,omitempty"` // Slack user id of who marked it
	Billing     bool           `json:"billing"`      // there is a BILLING_URL
}

// NoteKind says what a note in a thread tells.
type NoteKind string

// The kinds of notes.
const (
	NotePausedAgain     NoteKind = "paused_again"     // paused again in the same flap (Event, Times)
	NoteOtherReason     NoteKind = "other_reason"     // the same pause, another reason now (Event)
	NoteAsksCPI         NoteKind = "asks_cpi"         // the same pause now needs a CPI decision (Event, Link)
	NoteResumed         NoteKind = "resumed"          // live again (Event)
	NotePendingComplete NoteKind = "pending_complete" // reconciliation under way (Event)
	NoteReconciliation  NoteKind = "reconciliation"   // a reconciliation note (Event)
	NoteNewAmount       NoteKind = "new_amount"       // a newer amount: decide again (Amount, Previous)
	NoteReminder        NoteKind = "reminder"         // nobody has decided yet (Amount, Deadline)
	NoteLastReminder    NoteKind = "last_reminder"    // and it expires soon (Amount, Deadline, Mention)
	NoteExpired         NoteKind = "expired"          // nobody decided (Amount, Mention)
	NoteUnknown         NoteKind = "unknown"          // an unknown status, told as it came (Event)
	NoteMore            NoteKind = "more"             // so many further events in this thread, told in one (Times; Event is the newest)
	NoteFailed          NoteKind = "failed"           // what was decided did not come to its end (Phase, Decision, Refusal, Mention)
	NoteAutoComplete    NoteKind = "auto_complete"    // Prodege completes the project by itself soon (Deadline, Since, Mention)
	NoteAutoCompleted   NoteKind = "auto_completed"   // Prodege has completed it for inactivity (Event, Since)
)

// Note is one reply in the thread of a root message, or, without one, a message of its own. It is never edited.
type Note struct {
	Frame
	Kind     NoteKind       `json:"kind"`
	Event    *prodege.Event `json:"event,omitempty"`
	Times    int            `json:"times,omitempty"`
	Amount   *prodege.USD   `json:"amount,omitempty"`
	Previous *prodege.USD   `json:"previous,omitempty"`
	Deadline time.Time      `json:"deadline,omitzero"`
	Since    time.Time      `json:"since,omitzero"`    // when the pause began
	Mention  []string       `json:"mention,omitempty"` // user ids and user group ids (U…, W…, S…)
	Link     string         `json:"link,omitempty"`
	Late     bool           `json:"late,omitempty"`
	Phase    Phase          `json:"phase,omitempty"`
	Decision *Decision      `json:"decision,omitempty"` // the newest, which says what was sent
	Refusal  *Refusal       `json:"refusal,omitempty"`
}

// AnswerKind says why a click did nothing, or what it did.
type AnswerKind string

// The answers to a click, told to the clicker alone.
const (
	AnswerNotAllowed  AnswerKind = "not_allowed"  // not among SLACK_APPROVERS
	AnswerNoList      AnswerKind = "no_list"      // the list of approvers can't be had now: not counted, click again
	AnswerDecided     AnswerKind = "decided"      // decided already (Decision)
	AnswerSuperseded  AnswerKind = "superseded"   // the amount is another now (Amount)
	AnswerExpired     AnswerKind = "expired"      // nobody decided in time
	AnswerClosed      AnswerKind = "closed"       // the request is closed (Phase, Decision)
	AnswerSamePerson  AnswerKind = "same_person"  // a second person must approve
	AnswerMismatch    AnswerKind = "mismatch"     // the button does not fit the request: nothing was counted
	AnswerOverCeiling AnswerKind = "over_ceiling" // above CPI_CEILING (Amount: the ceiling)
	AnswerNotNow      AnswerKind = "not_now"      // another acceptance is under way, or nothing is to be done in this phase
	AnswerNotTaken    AnswerKind = "not_taken"    // the click could not be recorded: not counted, click again
	AnswerForeign     AnswerKind = "foreign"      // someone of another workspace
)

// Answer is an ephemeral message to one person who clicked in vain.
type Answer struct {
	Kind     AnswerKind   `json:"kind"`
	Project  Project      `json:"project"`
	Phase    Phase        `json:"phase,omitempty"`
	Amount   *prodege.USD `json:"amount,omitempty"`
	Decision *Decision    `json:"decision,omitempty"`

	OfPause   bool `json:"of_pause,omitempty"`  // the click was on a pause's alert, not on a request
	Simulated bool `json:"simulated,omitempty"` // Prodege is a simulator: the message says so
}

// Digest tells of many pauses in one message: they came faster than Slack takes messages.
type Digest struct {
	Items     []DigestItem `json:"items"`          // in the order in which they came
	More      int          `json:"more,omitempty"` // so many further ones that are not listed
	UI        string       `json:"ui,omitempty"`
	Simulated bool         `json:"simulated,omitempty"`
}

// DigestItem is one pause in a Digest.
type DigestItem struct {
	Project     Project        `json:"project"`
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"`
	Since       time.Time      `json:"since"`
	End         *End           `json:"end,omitempty"` // the pause is over already
	UI          string         `json:"ui,omitempty"`
}
