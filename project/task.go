package project

import (
	"time"

	"fieldmarshal/prodege"
)

// Task is something that should be running now: exactly one of its inputs is set. The driver starts a task that is wanted and not
// running, reports its end with a Result with the same ID, and cancels a read that is no longer wanted. Other tasks are never
// canceled. A task is one attempt; the core decides about the next one, which has its own ID.
type Task struct {
	ID      string // unique within the project's life, and deterministic
	Summary string // for the timeline of the Temporal UI

	Post       *Post
	Edit       *Edit
	Ephemeral  *Ephemeral
	Digest     *AddToDigest
	Read       *Read
	Permission *CheckPermission
	Accept     *AcceptCPI
	Act        *ActOnProject
	Invoice    *InvoiceCall
	Earlier    *EarlierRuns
}

// Kind names a kind of task.
type Kind string

// The kinds of tasks.
const (
	KindPost       Kind = "post"
	KindEdit       Kind = "edit"
	KindEphemeral  Kind = "ephemeral"
	KindDigest     Kind = "digest"
	KindRead       Kind = "read"
	KindPermission Kind = "permission"
	KindAccept     Kind = "accept"
	KindAct        Kind = "act"
	KindInvoice    Kind = "invoice"
	KindEarlier    Kind = "earlier"
)

// Repeatable reports whether a task changes nothing, so that it may be canceled, and started again after continue-as-new.
func (k Kind) Repeatable() bool { return k == KindRead || k == KindPermission || k == KindEarlier }

// Kind returns the kind of the input that is set.
func (t *Task) Kind() Kind {
	switch {
	case t.Post != nil:
		return KindPost
	case t.Edit != nil:
		return KindEdit
	case t.Ephemeral != nil:
		return KindEphemeral
	case t.Digest != nil:
		return KindDigest
	case t.Read != nil:
		return KindRead
	case t.Permission != nil:
		return KindPermission
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
	FailedTransient  FailureKind = "transient"   // worth another attempt
	FailedRefused    FailureKind = "refused"     // refused by the other side; people decide about another attempt
	FailedOperator   FailureKind = "operator"    // people must fix something first: a token, a channel, a membership
	FailedNotStarted FailureKind = "not_started" // no worker started it in time: it certainly had no effect
	FailedThreadGone FailureKind = "thread_gone" // of a reply: its root message does not exist any more
)

// Failure is how a task failed.
type Failure struct {
	Kind       FailureKind   `json:"kind"`
	Text       string        `json:"text"`                  // what to do, in words; no secrets
	Refusal    *Refusal      `json:"refusal,omitempty"`     // what the counterparty said
	RetryAfter time.Duration `json:"retry_after,omitempty"` // the delay that the other side asks for; 0: none
	Maybe      bool          `json:"maybe,omitempty"`       // it may have had its effect nevertheless
	Amount     *prodege.USD  `json:"amount,omitempty"`      // of an acceptance with Maybe: max_cpi that Prodege may have received; nil: unknown
}

// refusal returns what people are told about a failure at a counterparty.
func (f Failure) refusal(party string) *Refusal {
	r := Refusal{Party: party, Text: f.Text}
	if f.Refusal != nil {
		r = *f.Refusal
	}
	r.Text = Cut(r.Text, 300)
	return &r
}

// Post posts a card in a channel. Before a second attempt Slack's history is searched for Key.
type Post struct {
	Channel string    `json:"channel"`
	Thread  string    `json:"thread,omitempty"` // ts of the root message; empty: a message of its own
	Key     string    `json:"key"`              // unique per message; part of its metadata, so that it can be found
	Card    Card      `json:"card"`
	Tried   time.Time `json:"tried,omitzero"` // when an earlier attempt may have posted it: search first

	// Read is done first, for at most Read.Within: the result is added to the card (Card.Fill) before it is posted, and returned.
	// The card is posted without it if the read fails or takes longer.
	Read *Read `json:"read,omitempty"`

	Wait  time.Duration `json:"-"` // how long it may wait for its turn in the channel's queue
	Queue string        `json:"-"` // channel whose queue it waits in; empty: the main queue
}

// Posted says where a message is.
type Posted struct {
	Channel string   `json:"channel"` // id of the channel, as returned by Slack
	TS      string   `json:"ts"`
	Link    string   `json:"link,omitempty"`    // permalink; empty if the workspace's address is unknown
	Found   bool     `json:"found,omitempty"`   // an earlier attempt had posted it
	Plain   bool     `json:"plain,omitempty"`   // Slack refused the layout: only the text was posted, without buttons
	Nobody  bool     `json:"nobody,omitempty"`  // of a card with buttons for approvers: nobody is on the list, so nobody can click
	Reading *Reading `json:"reading,omitempty"` // the result of Read; nil: not asked for, or no answer in time
}

// Edit replaces the whole message.
type Edit struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Key     string `json:"key"`
	Card    Card   `json:"card"`
}

// Edited is the result of an edit.
type Edited struct {
	Gone   bool `json:"gone,omitempty"`   // the message does not exist any more and must be posted again
	Plain  bool `json:"plain,omitempty"`  // as in Posted
	Nobody bool `json:"nobody,omitempty"` // as in Posted
}

// Ephemeral posts a message in a channel that only one person sees.
type Ephemeral struct {
	Channel string `json:"channel"`
	User    string `json:"user"`
	Card    Card   `json:"card"`
}

// AddToDigest adds an alert to the channel's digest instead of posting it.
type AddToDigest struct {
	Channel string     `json:"channel"`
	Item    DigestItem `json:"item"`
}

// CheckPermission asks whether a person is one of SLACK_APPROVERS.
type CheckPermission struct {
	User string `json:"user"`
}

// Permission is the answer to CheckPermission. If Known is false the list can't be read, and the decision does not count.
type Permission struct {
	Allowed bool `json:"allowed"`
	Known   bool `json:"known"`
}

// Priority orders the calls to Prodege: first an act and the read before it, then polls, then figures for messages.
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
	Within   time.Duration     `json:"within"` // time limit, including the wait for a turn
}

// Reading is what Prodege answered, and when it was asked.
type Reading struct {
	Asked  time.Time              `json:"asked"` // before the call, by our clock, UTC
	Info   prodege.ProjectInfo    `json:"info"`
	Quotas *prodege.Quotas        `json:"quotas,omitempty"` // nil: not asked, or no answer
	Clicks *prodege.ClickSettings `json:"clicks,omitempty"` // nil: not asked, or no answer
}

// AcceptCPI reads the project and, if it is still paused for CPI, accepts the amount at Prodege.
type AcceptCPI struct {
	Project  prodege.ProjectID `json:"project_id"`
	Approved prodege.USD       `json:"approved"`            // a ceiling: what people or the rule approved
	MustRead bool              `json:"must_read,omitempty"` // an automatic approval is never sent without reading the project
	Maybe    bool              `json:"maybe,omitempty"`     // an earlier attempt may have succeeded
	Amount   *prodege.USD      `json:"amount,omitempty"`    // with Maybe: max_cpi that Prodege may have received; nil: unknown
}

// ActOnProject reads the project and, if it is still paused for the reason, does what people decided from the alert.
type ActOnProject struct {
	Project prodege.ProjectID `json:"project_id"`
	Action  prodege.Action    `json:"action"`           // the row as it was offered
	Number  int64             `json:"number,omitempty"` // clicks or sample size, as the row asks
	Maybe   bool              `json:"maybe,omitempty"`  // an earlier attempt may have succeeded
}

// Outcome is the outcome of an acceptance, or of another act at Prodege.
type Outcome string

// The outcomes. Only OutcomeSent changed something at Prodege.
const (
	OutcomeSent        Outcome = "sent"         // Prodege accepted project-update
	OutcomeAlreadyLive Outcome = "already_live" // live without us
	OutcomeEnded       Outcome = "ended"        // complete, pending complete, invoiced or deleted
	OutcomeOther       Outcome = "other_reason" // it is paused for another reason
	OutcomeRisen       Outcome = "risen"        // the price is above what was approved: Required says how much
	OutcomeHeld        Outcome = "held"         // accepting is off, or can't be read
	OutcomeDryRun      Outcome = "dry_run"      // DRY_RUN
	OutcomeOverLimit   Outcome = "over_limit"   // above the current CPI_CEILING
	OutcomeNoKey       Outcome = "no_key"       // no PRODEGE_API_KEY
)

// Acceptance says what was found and done.
type Acceptance struct {
	Outcome  Outcome        `json:"outcome"`
	Status   prodege.Status `json:"status,omitempty"`   // as read
	Required *prodege.USD   `json:"required,omitempty"` // as read
	MaxCPI   *prodege.USD   `json:"max_cpi,omitempty"`  // in force afterwards; nil: unknown
	Sent     *prodege.USD   `json:"sent,omitempty"`     // max_cpi as sent; nil: it was high enough, only LIVE was set
	Unread   bool           `json:"unread,omitempty"`   // sent although the project could not be read (101)
}

// InvoiceCall calls BILLING_URL with bytes that were fixed when the invoice was decided.
type InvoiceCall struct {
	Key  string `json:"key"`  // webhook-id and Idempotency-Key: project-<id>-invoice-r<n>
	Body string `json:"body"` // JSON, sent as it is
}

// InvoiceResult is billing's answer to a call that did not fail.
type InvoiceResult struct {
	DryRun   bool `json:"dry_run,omitempty"`  // nothing was sent
	NoURL    bool `json:"no_url,omitempty"`   // no BILLING_URL now
	Conflict bool `json:"conflict,omitempty"` // 409: billing may have it from an earlier attempt
	Status   int  `json:"status,omitempty"`   // HTTP status
}

// EarlierRuns searches for runs of this workflow id that this one does not continue, so that their decisions are not in this
// state.
type EarlierRuns struct {
	Project prodege.ProjectID `json:"project_id"`
}

// EarlierFound is the answer to EarlierRuns.
type EarlierFound struct {
	Found bool `json:"found"`
}
