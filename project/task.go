package project

import (
	"time"

	"fieldmarshal/prodege"
)

// Task is something that should be under way now: exactly one of its inputs is set. The driver starts a task that is
// wanted and not under way, reports its end with a Result of the same ID, and cancels a read that is no longer
// wanted. Any other task is never cancelled: its end is awaited. One task is one try; the core decides about the next,
// which has an ID of its own.
type Task struct {
	ID      string // unique within the project's life, the same on every replay
	Summary string // for the timeline of the Temporal UI

	Post      *Post
	Edit      *Edit
	Ephemeral *Ephemeral
	Fold      *Fold
	Read      *Read
	May       *MayDecide
	Accept    *AcceptCPI
	Act       *ActOnProject
	Invoice   *InvoiceCall
	Earlier   *EarlierRuns
}

// Kind names a kind of task.
type Kind string

// The kinds of tasks.
const (
	KindPost      Kind = "post"
	KindEdit      Kind = "edit"
	KindEphemeral Kind = "ephemeral"
	KindFold      Kind = "fold"
	KindRead      Kind = "read"
	KindMay       Kind = "may"
	KindAccept    Kind = "accept"
	KindAct       Kind = "act"
	KindInvoice   Kind = "invoice"
	KindEarlier   Kind = "earlier"
)

// Rules of a kind of task.
type Rules struct {
	Abandon bool // may be cancelled, and begun anew after continue-as-new: it changes nothing anywhere
}

// Kinds is the table of the kinds of tasks.
var Kinds = map[Kind]Rules{
	KindPost:      {},
	KindEdit:      {},
	KindEphemeral: {},
	KindFold:      {},
	KindRead:      {Abandon: true},
	KindMay:       {Abandon: true},
	KindAccept:    {},
	KindAct:       {},
	KindInvoice:   {},
	KindEarlier:   {Abandon: true},
}

// Kind returns which of the inputs is set.
func (t *Task) Kind() Kind {
	switch {
	case t.Post != nil:
		return KindPost
	case t.Edit != nil:
		return KindEdit
	case t.Ephemeral != nil:
		return KindEphemeral
	case t.Fold != nil:
		return KindFold
	case t.Read != nil:
		return KindRead
	case t.May != nil:
		return KindMay
	case t.Accept != nil:
		return KindAccept
	case t.Act != nil:
		return KindAct
	case t.Invoice != nil:
		return KindInvoice
	}
	return KindEarlier
}

// Result is the end of a task. Failure is set, or the output of the task's kind.
type Result struct {
	ID      string
	Failure *Failure

	Posted     *Posted
	Edited     *Edited
	Reading    *Reading
	Permission *Permission
	Acceptance *Acceptance
	Invoice    *InvoiceResult
	Earlier    *EarlierFound
}

// FailureKind says what follows from a failure.
type FailureKind string

// The kinds of failures.
const (
	FailedPassing    FailureKind = "passing"     // worth another try
	FailedRefused    FailureKind = "refused"     // the other side refuses it; another try is for people to decide
	FailedOperator   FailureKind = "operator"    // people must put something right first: a token, a channel, a membership
	FailedNotStarted FailureKind = "not_started" // no worker took it in time: it was certainly not heard
	FailedThreadGone FailureKind = "thread_gone" // of a reply: its root message is not there any more
)

// Failure is how a task failed.
type Failure struct {
	Kind       FailureKind   `json:"kind"`
	Text       string        `json:"text"`                  // what to do, in words; no secrets
	Refusal    *Refusal      `json:"refusal,omitempty"`     // what the counterparty said
	RetryAfter time.Duration `json:"retry_after,omitempty"` // the other side asks to wait so long; 0: it did not say
	Maybe      bool          `json:"maybe,omitempty"`       // it may have been heard all the same
	Amount     *prodege.USD  `json:"amount,omitempty"`      // of an acceptance with Maybe: max_cpi as it may have been heard; nil: not known
}

// Post says a card in a channel for the first time. Wanted once for each thing said: Key is looked for in Slack's
// history before a repeat.
type Post struct {
	Channel string    `json:"channel"`
	Thread  string    `json:"thread,omitempty"` // ts of the root message; empty: a message of its own
	Key     string    `json:"key"`              // ours, unique for each thing said; stands in the message's metadata, so that a repeat finds it
	Card    Card      `json:"card"`
	Tried   time.Time `json:"tried,omitzero"` // when an earlier try may have said it already: look first

	// Read asks Prodege first, for at most Read.Within: what it tells is filled into the card (Card.Fill) before it
	// is posted, and returned. A read that fails or takes longer is left out.
	Read *Read `json:"read,omitempty"`

	Wait  time.Duration `json:"-"` // how long it may wait for its turn in the channel's queue
	Queue string        `json:"-"` // channel whose queue it waits in; empty: the main queue
}

// Posted tells where a message stands.
type Posted struct {
	Channel string   `json:"channel"` // id of the channel, as Slack gives it
	TS      string   `json:"ts"`
	Link    string   `json:"link,omitempty"`    // permalink; empty if the workspace's address is not known
	Found   bool     `json:"found,omitempty"`   // it stood there already, as an earlier try said it
	Plain   bool     `json:"plain,omitempty"`   // Slack refused the layout: the text stands without buttons
	Nobody  bool     `json:"nobody,omitempty"`  // of a card with buttons for approvers: nobody is on the list, so nobody can click
	Reading *Reading `json:"reading,omitempty"` // what Read brought; nil: not asked, or no answer in time
}

// Edit writes the whole message anew.
type Edit struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Key     string `json:"key"`
	Card    Card   `json:"card"`
}

// Edited tells how an edit went.
type Edited struct {
	Gone   bool `json:"gone,omitempty"`   // the message is not there any more: it must be posted anew
	Plain  bool `json:"plain,omitempty"`  // Slack refused the layout: the text stands without buttons
	Nobody bool `json:"nobody,omitempty"` // as in Posted
}

// Ephemeral tells one person alone, in a channel.
type Ephemeral struct {
	Channel string `json:"channel"`
	User    string `json:"user"`
	Card    Card   `json:"card"`
}

// Fold adds an alert to the channel's digest instead of posting it.
type Fold struct {
	Channel string     `json:"channel"`
	Item    DigestItem `json:"item"`
}

// MayDecide asks whether a person is among SLACK_APPROVERS.
type MayDecide struct {
	User string `json:"user"`
}

// Permission is the answer. If Known is false the list can't be had, and nothing is counted.
type Permission struct {
	Allowed bool `json:"allowed"`
	Known   bool `json:"known"`
}

// Priority orders the calls to Prodege: an act and the reading before it go first, then polls, then figures that
// only adorn a message.
type Priority string

// The priorities of a read. Acts have the first one.
const (
	PriorityAct     Priority = "act"
	PriorityPoll    Priority = "poll"
	PriorityFigures Priority = "figures"
)

// Read asks Prodege for a project.
type Read struct {
	Project  prodege.ProjectID `json:"project_id"`
	Quotas   bool              `json:"quotas,omitempty"` // also how many completes there are and are wanted
	Clicks   bool              `json:"clicks,omitempty"` // also the limits on clicks
	Priority Priority          `json:"priority"`
	Within   time.Duration     `json:"within"` // how long the answer is waited for, the wait for a turn included
}

// Reading is what Prodege told, and when it was asked.
type Reading struct {
	Asked  time.Time              `json:"asked"` // before the call, our clock, UTC
	Info   prodege.ProjectInfo    `json:"info"`
	Quotas *prodege.Quotas        `json:"quotas,omitempty"` // nil: not asked, or no answer
	Clicks *prodege.ClickSettings `json:"clicks,omitempty"` // nil: not asked, or no answer
}

// AcceptCPI reads the project and, if it is still paused for CPI, accepts the amount at Prodege.
type AcceptCPI struct {
	Project  prodege.ProjectID `json:"project_id"`
	Approved prodege.USD       `json:"approved"`            // a ceiling: what people (or the rule) approved
	MustRead bool              `json:"must_read,omitempty"` // an automatic approval is never sent unread
	Maybe    bool              `json:"maybe,omitempty"`     // an earlier try may have been heard
	Amount   *prodege.USD      `json:"amount,omitempty"`    // with Maybe: max_cpi as it may have been heard; nil: not known
}

// ActOnProject reads the project and, if it is still paused for the reason, does what people decided from the alert.
type ActOnProject struct {
	Project prodege.ProjectID `json:"project_id"`
	Action  prodege.Action    `json:"action"`           // the row as it was offered
	Number  int64             `json:"number,omitempty"` // clicks or sample size, as the row asks
	Maybe   bool              `json:"maybe,omitempty"`  // an earlier try may have been heard
}

// Outcome is how an acceptance, or another act at Prodege, ended.
type Outcome string

// The outcomes. Only OutcomeSent changed something at Prodege.
const (
	OutcomeSent        Outcome = "sent"         // project-update was taken
	OutcomeAlreadyLive Outcome = "already_live" // live without us
	OutcomeEnded       Outcome = "ended"        // complete, pending complete, invoiced or deleted
	OutcomeOther       Outcome = "other_reason" // it is paused for another reason
	OutcomeRisen       Outcome = "risen"        // the price is above what was approved: Required says how much
	OutcomeHeld        Outcome = "held"         // accepting is off, or whether it is can't be read
	OutcomeDryRun      Outcome = "dry_run"      // DRY_RUN
	OutcomeOverLimit   Outcome = "over_limit"   // above CPI_CEILING as it is now
	OutcomeNoKey       Outcome = "no_key"       // no PRODEGE_API_KEY
)

// Acceptance tells what was found and done.
type Acceptance struct {
	Outcome  Outcome        `json:"outcome"`
	Status   prodege.Status `json:"status,omitempty"`   // as read
	Required *prodege.USD   `json:"required,omitempty"` // as read
	MaxCPI   *prodege.USD   `json:"max_cpi,omitempty"`  // in force after it, if that is known
	Sent     *prodege.USD   `json:"sent,omitempty"`     // max_cpi as sent; nil: it was high enough, only LIVE was set
	Unread   bool           `json:"unread,omitempty"`   // sent although the project could not be read (101)
}

// InvoiceCall calls BILLING_URL with bytes that were fixed when the invoice was decided.
type InvoiceCall struct {
	Key  string `json:"key"`  // webhook-id and Idempotency-Key: project-<id>-invoice-r<n>
	Body string `json:"body"` // JSON, sent as it is
}

// InvoiceResult tells how billing answered a call that did not fail.
type InvoiceResult struct {
	DryRun   bool `json:"dry_run,omitempty"`  // nothing was sent
	NoURL    bool `json:"no_url,omitempty"`   // no BILLING_URL now
	Conflict bool `json:"conflict,omitempty"` // 409: billing may have it from an earlier try
	Status   int  `json:"status,omitempty"`   // HTTP status
}

// EarlierRuns looks for runs of this workflow id that did not continue into this one: what they decided is not in
// this state.
type EarlierRuns struct {
	Project prodege.ProjectID `json:"project_id"`
}

// EarlierFound is the answer.
type EarlierFound struct {
	Found bool `json:"found"`
}
