package project

import (
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// Card is the content of a message: exactly one of its fields is set. It is part of workflow state and activity inputs, so it
// contains facts and no sentences; package cards words them.
type Card struct {
	Pause     *PauseFacts     `json:"pause,omitempty"`
	Rejection *RejectionFacts `json:"rejection,omitempty"`
	Request   *RequestFacts   `json:"request,omitempty"`
	Invoice   *InvoiceFacts   `json:"invoice,omitempty"`
	Note      *Note           `json:"note,omitempty"`
	Answer    *Answer         `json:"answer,omitempty"`
	Digest    *Digest         `json:"digest,omitempty"`
	Report    *Report         `json:"report,omitempty"`
}

// Name names a project to people.
type Name struct {
	ID       prodege.ProjectID `json:"id"`
	Name     string            `json:"name,omitempty"`      // empty until Prodege's API was read
	PONumber string            `json:"po_number,omitempty"` // Prodege's reference_id
}

// Called reports whether a text that a person typed names a project: exactly if it is the PO number, loosely if every word of
// it is in the name or the PO number.
func (n Name) Called(text string) (exactly, loosely bool) {
	exactly = n.PONumber != "" && strings.EqualFold(n.PONumber, strings.TrimSpace(text))
	words := strings.Fields(strings.ToLower(text))
	loosely = len(words) > 0
	for _, w := range words {
		loosely = loosely && strings.Contains(strings.ToLower(n.Name+" "+n.PONumber), w)
	}
	return exactly, loosely
}

// Frame is what every root message has in addition to its own facts.
type Frame struct {
	Project   Name   `json:"project"`
	UI        string `json:"ui,omitempty"`        // link to the workflow in the Temporal UI
	Simulated bool   `json:"simulated,omitempty"` // Prodege is simulated: the message says so
}

// PauseFacts is the alert about a pause that is not for CPI. The message is edited while the pause lasts and when it ends.
type PauseFacts struct {
	Frame
	Event        prodege.Event  `json:"event"`                  // what the alert was posted for
	Since        time.Time      `json:"since"`                  // event_time of the pause's first event
	Times        int            `json:"times"`                  // how often it has paused for this reason, each time within an hour of the last; starts at 1
	End          *End           `json:"end,omitempty"`          // set when the pause is over
	Request      string         `json:"request,omitempty"`      // link to the CPI request of the same pause
	Moved        *prodege.Event `json:"moved,omitempty"`        // the project is now paused for this other reason
	AutoComplete time.Time      `json:"auto_complete,omitzero"` // about when Prodege completes the project by itself, for inactivity
	Action       *ActionFacts   `json:"action,omitempty"`       // what can be done, or was done, from this message; nil: nothing
}

// ActionFacts is what people can do about a pause from its alert, or have done. It uses the phases open (with the offered
// buttons), approved, held, accepted, live, done, still, refused, stopped (with the offered buttons and Try again), elsewhere,
// other, ended, dryrun, byhand and cancelled.
type ActionFacts struct {
	ID         prodege.EventID  `json:"id"`               // of the event that opened the pause; the buttons carry it
	Generation int              `json:"generation"`       // starts at 1; each further reason of the pause is the next
	Reason     prodege.Reason   `json:"update_reason"`    // whose actions are offered
	Offers     []prodege.Action `json:"offers,omitempty"` // as they were offered
	Phase      Phase            `json:"phase"`
	PhaseAt    time.Time        `json:"phase_at,omitzero"`
	Decisions  []Decided        `json:"decisions,omitempty"` // of this generation, oldest first
	Refusal    *Refusal         `json:"refusal,omitempty"`
	EndStatus  prodege.Status   `json:"end_status,omitempty"` // with PhaseEnded
	Figures    *Figures         `json:"figures,omitempty"`    // nil: Prodege was not asked or did not answer
	MaybeSent  bool             `json:"maybe_sent,omitempty"` // an act may have reached Prodege though its answer was lost
	DryRun     bool             `json:"dry_run,omitempty"`
	Anyone     bool             `json:"anyone,omitempty"` // SLACK_APPROVERS is anyone: everybody in the channel may decide
	Nobody     bool             `json:"nobody,omitempty"` // nobody can decide: the groups of SLACK_APPROVERS are empty or gone
}

// Chosen returns the newest decision, which says what is done; nil if there is none.
func (a *ActionFacts) Chosen() *Decided {
	if a == nil || len(a.Decisions) == 0 {
		return nil
	}
	return &a.Decisions[len(a.Decisions)-1]
}

// HasButtons reports whether the message has buttons.
func (a *ActionFacts) HasButtons() bool {
	return a != nil && len(a.Offers) > 0 && (a.Phase == PhaseOpen || a.Phase.Failed())
}

// Figures are what the modals of actions show. Zero and nil mean unknown. They are part of the buttons' values, because there is
// no time to read them before a modal opens.
type Figures struct {
	CPI        *prodege.USD   `json:"cpi,omitempty"`
	Completes  int64          `json:"completes,omitempty"`   // so far, approximately
	Wanted     int64          `json:"wanted,omitempty"`      // in total: the current sample size
	ClickCap   int64          `json:"click_cap,omitempty"`   // clicks allowed before a pause
	ClicksLeft int64          `json:"clicks_left,omitempty"` // clicks left now
	Refill     prodege.Refill `json:"refill,omitempty"`      // how often Prodege refills the clicks
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

// RejectionFacts is the alert that a reconciliation was rejected and must be redone.
type RejectionFacts struct {
	Frame
	Event prodege.Event `json:"event"` // its RejectionNote is what Prodege support wrote
	Late  bool          `json:"late,omitempty"`
	Since time.Time     `json:"since,omitzero"` // with End: event_time of the first event of the pause that it opened
	End   *End          `json:"end,omitempty"`  // set when that pause is over
}

// Phase is the phase of a question, which is a CPI request or the actions of an alert, and of its message.
type Phase string

// The phases.
const (
	PhaseOpen      Phase = "open"      // waits for a decision
	PhaseSecond    Phase = "second"    // one of two approvals given, waits for another person's
	PhaseApproved  Phase = "approved"  // decided, being sent to Prodege
	PhaseHeld      Phase = "held"      // decided, but accepting is switched off
	PhaseAccepted  Phase = "accepted"  // accepted by Prodege, waits for its effect
	PhaseLive      Phase = "live"      // live again after our act
	PhaseDone      Phase = "done"      // of an action: the project has the status that was set, which is not LIVE
	PhaseStill     Phase = "still"     // accepted, but without effect within RESUME_TIMEOUT
	PhaseRefused   Phase = "refused"   // refused by Prodege, see Refusal
	PhaseStopped   Phase = "stopped"   // given up after 30 minutes of transient failures, see Refusal
	PhaseRejected  Phase = "rejected"  // people said no
	PhaseExpired   Phase = "expired"   // nobody decided in time
	PhaseElsewhere Phase = "elsewhere" // resolved elsewhere: live without us
	PhaseOther     Phase = "other"     // the project is now paused for another reason
	PhaseEnded     Phase = "ended"     // the project is complete, pending complete, invoiced or deleted
	PhaseDryRun    Phase = "dryrun"    // decided, and nothing was sent because of DRY_RUN
	PhaseByHand    Phase = "byhand"    // decided; no API key, so people must do it at Prodege
	PhaseOverLimit Phase = "overlimit" // the amount is above CPI_CEILING: nothing can be approved here
	PhaseCancelled Phase = "cancelled" // whoever runs Fieldmarshal cancelled the workflow in Temporal
)

// phases says what follows from a phase.
var phases = map[Phase]struct {
	decidable bool          // people may still decide about an amount, or ask to decide again
	approved  bool          // what was approved is enough for any amount that is not higher
	failed    bool          // the last act failed: it can be tried again
	settled   bool          // people were told that it is closed, even if no event has ended the pause: the next one asks anew
	waits     Waiting       // for what; WaitsAction if empty
	attention AttentionKind // why people must look at the project
}{
	PhaseOpen:      {decidable: true, waits: WaitsApproval},
	PhaseSecond:    {decidable: true, waits: WaitsApproval},
	PhaseExpired:   {decidable: true, waits: WaitsApproval, attention: AttentionExpired},
	PhaseOverLimit: {decidable: true, waits: WaitsApproval, attention: AttentionCeiling},
	PhaseRejected:  {decidable: true},
	PhaseApproved:  {approved: true, waits: WaitsLive},
	PhaseHeld:      {approved: true, attention: AttentionHeld}, // waits for somebody to switch accepting on
	PhaseAccepted:  {approved: true, waits: WaitsLive},
	PhaseByHand:    {approved: true, attention: AttentionByHand},
	PhaseRefused:   {approved: true, failed: true, waits: WaitsApproval, attention: AttentionRefused},
	PhaseStopped:   {approved: true, failed: true, waits: WaitsApproval, attention: AttentionStopped},
	PhaseStill:     {approved: true, failed: true, attention: AttentionStill},
	PhaseLive:      {settled: true, waits: WaitsLive},
	PhaseDone:      {settled: true, waits: WaitsLive},
	PhaseElsewhere: {settled: true, waits: WaitsLive},
	PhaseEnded:     {settled: true, waits: WaitsLive},
	PhaseOther:     {settled: true},
	PhaseCancelled: {settled: true},
}

// Failed reports whether the last act failed, so that it can be tried again.
func (p Phase) Failed() bool { return phases[p].failed }

// Decidable reports whether people may still decide about an amount, or ask to decide again.
func (p Phase) Decidable() bool { return phases[p].decidable }

// RequestFacts is the message that asks to accept a required CPI, in any phase.
type RequestFacts struct {
	Frame
	ID           prodege.EventID `json:"id"`                      // of the event that opened the pause; the buttons carry it
	Generation   int             `json:"generation"`              // starts at 1; each newer amount is the next
	Required     *prodege.USD    `json:"required,omitempty"`      // nil: Prodege has not given an amount
	RequiredText string          `json:"required_text,omitempty"` // what it gave instead, as it came
	Previous     *prodege.USD    `json:"previous,omitempty"`      // the amount of the generation before
	Numbers      *Numbers        `json:"numbers,omitempty"`       // nil: Prodege was not asked or did not answer
	PausedAt     time.Time       `json:"paused_at"`
	Deadline     time.Time       `json:"deadline,omitzero"` // when it expires
	Phase        Phase           `json:"phase"`
	PhaseAt      time.Time       `json:"phase_at,omitzero"`
	Decisions    []Decided       `json:"decisions,omitempty"`   // of this generation, oldest first
	Sent         *prodege.USD    `json:"sent,omitempty"`        // max_cpi as sent to Prodege; nil: max_cpi was high enough already, only LIVE was set
	SentUnread   bool            `json:"sent_unread,omitempty"` // the project could not be read before (101)
	MaybeSent    bool            `json:"maybe_sent,omitempty"`  // an act may have reached Prodege though its answer was lost
	Refusal      *Refusal        `json:"refusal,omitempty"`
	EndStatus    prodege.Status  `json:"end_status,omitempty"`   // with PhaseEnded
	Closed       bool            `json:"closed,omitempty"`       // its pause is over: nothing can be decided any more
	Other        *prodege.Event  `json:"other,omitempty"`        // with PhaseOther
	Earlier      []Decided       `json:"earlier,omitempty"`      // the last three decisions about this project, newest first
	Alert        string          `json:"alert,omitempty"`        // link to the alert of the same pause
	Ceiling      *prodege.USD    `json:"ceiling,omitempty"`      // CPI_CEILING
	SecondAbove  *prodege.USD    `json:"second_above,omitempty"` // CPI_SECOND_APPROVER_ABOVE
	NoAPIKey     bool            `json:"no_api_key,omitempty"`
	DryRun       bool            `json:"dry_run,omitempty"`
	Anyone       bool            `json:"anyone,omitempty"` // SLACK_APPROVERS is anyone: everybody in the channel may decide
	Nobody       bool            `json:"nobody,omitempty"` // nobody can decide: the groups of SLACK_APPROVERS are empty or gone
}

// CanAskAgain reports whether the message offers to ask again, which it does not for an amount that nobody may approve.
func (r *RequestFacts) CanAskAgain() bool {
	return !r.Closed && (r.Phase == PhaseExpired || r.Phase == PhaseRejected) && !exceeds(r.Required, r.Ceiling)
}

// HasButtons reports whether the message has buttons with which people decide.
func (r *RequestFacts) HasButtons() bool {
	switch r.Phase {
	case PhaseExpired, PhaseRejected:
		return r.CanAskAgain()
	}
	return !r.Closed && (r.Phase.Decidable() || r.Phase.Failed())
}

// Numbers is what Prodege says about a project that matters for a CPI decision. Nil and 0 mean unknown.
type Numbers struct {
	CPI       *prodege.USD `json:"cpi,omitempty"`
	AvgCPI    *prodege.USD `json:"avg_cpi,omitempty"`
	MaxCPI    *prodege.USD `json:"max_cpi,omitempty"`
	Completes int64        `json:"completes,omitempty"` // so far, approximately
	Wanted    int64        `json:"wanted,omitempty"`    // in total, approximately
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
	AskAgain     Verdict = "ask_again" // reopens an expired or rejected request
	TryAgain     Verdict = "try_again" // retries what failed
	Close        Verdict = "close"     // gives up what failed
	MarkInvoiced Verdict = "mark_invoiced"
	SendInvoice  Verdict = "send_invoice" // sends an invoice that was held back
	ChooseAction Verdict = "act"          // an action from a pause's alert: Action says which
	Resume       Verdict = "resume"       // not from a person: accepting was switched on, so what is held back continues
)

// Where a decision came from.
const (
	FromSlack   = "slack"
	FromCommand = "command line"
	FromRule    = "rule" // CPI_AUTO_APPROVE_UP_TO
)

// Decided is a recorded decision.
type Decided struct {
	Verdict Verdict      `json:"verdict"`
	User    string       `json:"user,omitempty"` // Slack user id; empty for a rule
	Amount  *prodege.USD `json:"amount,omitempty"`
	Reason  string       `json:"reason,omitempty"` // what the person wrote
	At      time.Time    `json:"at"`
	From    string       `json:"from"`
	DryRun  bool         `json:"dry_run,omitempty"`

	Action prodege.ActionID `json:"action,omitempty"` // with ChooseAction, and with what follows it
	Number int64            `json:"number,omitempty"` // clicks or sample size, as the action asks
}

// PartyCeiling is the Party of a refusal because of CPI_CEILING, which also applies to what was approved before it was lowered.
const PartyCeiling = "CPI_CEILING"

// PartyUs is the Party of a refusal of our own client: nothing was sent.
const PartyUs = "Fieldmarshal"

// Refusal is a counterparty's refusal or failure that people must know about.
type Refusal struct {
	Party string `json:"party"`           // "Prodege", "billing", PartyCeiling or PartyUs
	Codes []int  `json:"codes,omitempty"` // Prodege's error codes or an HTTP status
	Text  string `json:"text"`            // in words, no secrets
}

// InvoicePhase is the phase of an invoice.
type InvoicePhase string

// The phases of an invoice.
const (
	InvoiceDue       InvoicePhase = "due"       // decided, nothing done yet; there is no message about it
	InvoiceSending   InvoicePhase = "sending"   // being sent to billing
	InvoiceByHand    InvoicePhase = "byhand"    // no BILLING_URL: people create the invoice and mark it (button Mark as invoiced)
	InvoiceHeld      InvoicePhase = "held"      // the project went back to PENDING_COMPLETE: held until COMPLETE
	InvoiceDryRun    InvoicePhase = "dryrun"    // DRY_RUN: nothing is sent
	InvoiceAsks      InvoicePhase = "asks"      // dry run is off again: asks whether to send (button Send now)
	InvoiceSlow      InvoicePhase = "slow"      // an hour of transient failures, still trying
	InvoiceRefused   InvoicePhase = "refused"   // billing refused it (button Try again)
	InvoiceSent      InvoicePhase = "sent"      // billing has it
	InvoiceMarked    InvoicePhase = "marked"    // people said that it is invoiced
	InvoiceAsked     InvoicePhase = "asked"     // the project may have been invoiced before: asks people first (button Send now)
	InvoiceMissing   InvoicePhase = "missing"   // INVOICED has not come by the 7th
	InvoiceReplaced  InvoicePhase = "replaced"  // a newer revision has replaced it
	InvoiceDone      InvoicePhase = "done"      // Prodege says INVOICED
	InvoiceDeleted   InvoicePhase = "deleted"   // the project was deleted at Prodege
	InvoiceCancelled InvoicePhase = "cancelled" // whoever runs Fieldmarshal cancelled the workflow in Temporal
)

// InvoiceFacts is a message in the finance channel about a revision of a project's invoice.
type InvoiceFacts struct {
	Frame
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
	By          string         `json:"by,omitempty"`       // Slack user id of who marked it
	Vouched     string         `json:"vouched,omitempty"`  // with InvoiceAsked: who vouched for the COMPLETE, which Prodege did not sign
	Conflict    bool           `json:"conflict,omitempty"` // with InvoiceSent: billing answered 409 twice, after an attempt without an answer
}

// NoteKind says what a note in a thread is about.
type NoteKind string

// The kinds of notes.
const (
	NotePausedAgain     NoteKind = "paused_again"     // paused again within the hour (Event, Times)
	NoteOtherReason     NoteKind = "other_reason"     // another reason for the pause now (Event)
	NoteAsksCPI         NoteKind = "asks_cpi"         // the same pause now needs a CPI decision (Event, Link)
	NoteResumed         NoteKind = "resumed"          // live again (Event)
	NotePendingComplete NoteKind = "pending_complete" // reconciliation under way (Event)
	NoteReconciliation  NoteKind = "reconciliation"   // a reconciliation note (Event)
	NoteNewAmount       NoteKind = "new_amount"       // a newer amount: decide again (Amount, Previous)
	NoteAskedAgain      NoteKind = "asked_again"      // somebody had the request opened again (Amount, Decision)
	NoteReminder        NoteKind = "reminder"         // nobody has decided yet (Amount, Deadline)
	NoteLastReminder    NoteKind = "last_reminder"    // and it expires soon (Amount, Deadline, Mention)
	NoteExpired         NoteKind = "expired"          // nobody decided (Amount, Mention)
	NoteUnknown         NoteKind = "unknown"          // an unknown status, as it came (Event)
	NoteMore            NoteKind = "more"             // a number of further events in one note (Times; Event is the newest)
	NoteFailed          NoteKind = "failed"           // what was decided failed (Phase, Decision, Refusal, Mention)
	NoteAutoComplete    NoteKind = "auto_complete"    // Prodege completes the project by itself soon (Deadline, Since, Mention)
	NoteAutoCompleted   NoteKind = "auto_completed"   // Prodege has completed it for inactivity (Event, Since)
	NoteOutage          NoteKind = "outage"           // Slack has not accepted What in another channel (Channel, Since, Refusal, Mention; Over: it does again)
)

// Note is a reply in the thread of a root message, or a message of its own. Only NoteOutage is ever edited.
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
	Decision *Decided       `json:"decision,omitempty"` // the newest, which says what was sent
	Refusal  *Refusal       `json:"refusal,omitempty"`
	Channel  string         `json:"channel,omitempty"` // id of the channel that it is about
	What     string         `json:"what,omitempty"`    // a message that could not be posted: "CPI request"
	Over     time.Time      `json:"over,omitzero"`
}

// AnswerKind says what happened to a click.
type AnswerKind string

// The answers to a click, in an ephemeral message.
const (
	AnswerRecorded    AnswerKind = "recorded"     // recorded in Temporal; the first valid one counts
	AnswerNotAllowed  AnswerKind = "not_allowed"  // not one of SLACK_APPROVERS
	AnswerNobody      AnswerKind = "nobody"       // nobody is on the list of approvers
	AnswerNoList      AnswerKind = "no_list"      // the list of approvers can't be read now: not counted, click again
	AnswerDecided     AnswerKind = "decided"      // decided already (Decision)
	AnswerSuperseded  AnswerKind = "superseded"   // the amount has changed (Amount)
	AnswerExpired     AnswerKind = "expired"      // nobody decided in time
	AnswerClosed      AnswerKind = "closed"       // the request is closed (Phase, Decision)
	AnswerSamePerson  AnswerKind = "same_person"  // a second person must approve
	AnswerMismatch    AnswerKind = "mismatch"     // the button does not match the request: not counted
	AnswerOverCeiling AnswerKind = "over_ceiling" // above CPI_CEILING (Amount: the ceiling)
	AnswerTooMuch     AnswerKind = "too_much"     // more than twice what is required (Amount: the maximum)
	AnswerNotNow      AnswerKind = "not_now"      // another act is in progress, or there is nothing to do in this phase
	AnswerNotRecorded AnswerKind = "not_recorded" // the click could not be recorded: not counted, click again
	AnswerForeign     AnswerKind = "foreign"      // somebody from another workspace
)

// Answer is an ephemeral message to one person: why a click had no effect, or that it is recorded.
type Answer struct {
	Kind     AnswerKind   `json:"kind"`
	Project  Name         `json:"project"`
	Phase    Phase        `json:"phase,omitempty"`
	Amount   *prodege.USD `json:"amount,omitempty"`
	Decision *Decided     `json:"decision,omitempty"`
	Verdict  Verdict      `json:"verdict,omitempty"` // with AnswerRecorded: what was clicked

	OfPause   bool `json:"of_pause,omitempty"`   // the click was on a pause's alert
	OfInvoice bool `json:"of_invoice,omitempty"` // the click was on an invoice
	Simulated bool `json:"simulated,omitempty"`  // Prodege is a simulator: the message says so
}

// Digest is a message about many pauses that came faster than Slack accepts messages.
type Digest struct {
	Items     []DigestItem `json:"items"`          // in the order in which they came
	More      int          `json:"more,omitempty"` // how many others are not listed
	UI        string       `json:"ui,omitempty"`
	Simulated bool         `json:"simulated,omitempty"`
}

// DigestItem is a pause in a Digest.
type DigestItem struct {
	Key         string         `json:"key"` // of the alert, so that one that is added twice is listed once
	Project     Name           `json:"project"`
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"`
	Since       time.Time      `json:"since"`
	End         *End           `json:"end,omitempty"` // the pause is over already
	UI          string         `json:"ui,omitempty"`
}

// Report sums up the pauses of a period: how long people and Prodege took, and what it cost. Everything counts when it happened:
// a pause when it began, a decision when it was made, an end when it came.
type Report struct {
	Since     time.Time   `json:"since"`
	Until     time.Time   `json:"until"`
	Rows      []ReportRow `json:"rows,omitempty"`      // by reason, those paused longest first
	All       ReportRow   `json:"all"`                 // all reasons together
	Before    *ReportRow  `json:"before,omitempty"`    // all reasons together, in an equally long period before
	Projects  int         `json:"projects"`            // that were read
	Unread    int         `json:"unread,omitempty"`    // that could not be read, so the sums may be too low
	Forgotten int         `json:"forgotten,omitempty"` // whose ledger does not reach back to the beginning of the period
	UI        string      `json:"ui,omitempty"`
	Simulated bool        `json:"simulated,omitempty"`
}

// ReportRow sums up the pauses for one reason, or for all.
type ReportRow struct {
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"` // of a reason without a number
	Pauses      int            `json:"pauses"`                // that began
	Decided     int            `json:"decided"`               // first decisions
	Live        int            `json:"live"`                  // that ended with the project live again
	Standing    int            `json:"standing"`              // not over at the end of the period
	ToDecision  time.Duration  `json:"to_decision"`           // median, from the beginning of the pause; 0 if none was decided
	ToLive      time.Duration  `json:"to_live"`               // likewise
	Still       time.Duration  `json:"still"`                 // total time paused within the period
	Approved    prodege.USD    `json:"approved"`              // approximate total cost of what was approved
	Refused     prodege.USD    `json:"refused"`               // likewise of what was rejected
	Unpriced    int            `json:"unpriced,omitempty"`    // decisions whose cost is unknown
}
