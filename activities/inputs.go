package activities

import (
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
)

// Post says a card in a channel. It runs on the channel's own task queue, whose rate is Slack's limit.
type Post struct {
	Channel string     `json:"channel"`
	Thread  string     `json:"thread,omitempty"` // ts of the root message; empty: a message of its own
	Key     string     `json:"key"`              // ours, unique for each thing said; stands in the message's metadata, so that a repeat finds it
	Card    cards.Card `json:"card"`
	Tried   time.Time  `json:"tried,omitzero"` // when an earlier activity may have said it already: look first
}

// Posted tells where a message stands.
type Posted struct {
	Channel string `json:"channel"` // id of the channel, as Slack gives it
	TS      string `json:"ts"`
	Link    string `json:"link,omitempty"`  // permalink; empty where the workspace's address is not known
	Found   bool   `json:"found,omitempty"` // it stood there already
}

// Edit writes the whole message anew.
type Edit struct {
	Channel string     `json:"channel"`
	TS      string     `json:"ts"`
	Key     string     `json:"key"`
	Card    cards.Card `json:"card"`
}

// Edited tells whether the message still stood there; where it is Gone it must be posted anew.
type Edited struct {
	Gone bool `json:"gone,omitempty"`
}

// Whisper tells one person alone, in a channel.
type Whisper struct {
	Channel string     `json:"channel"`
	User    string     `json:"user"`
	Card    cards.Card `json:"card"`
}

// Serves asks whether a channel is one that is posted in by today's configuration.
type Serves struct {
	Channel string `json:"channel"`
}

// MayDecide asks whether a person is among SLACK_APPROVERS.
type MayDecide struct {
	User string `json:"user"`
}

// Permission is the answer. Known is false where the list can't be had: then nothing is counted.
type Permission struct {
	Allowed bool `json:"allowed"`
	Known   bool `json:"known"`
}

// ReadProject asks Prodege for a project.
type ReadProject struct {
	Project prodege.ProjectID `json:"project_id"`
	Quotas  bool              `json:"quotas,omitempty"`  // also how many completes there are and are wanted
	Clicks  bool              `json:"clicks,omitempty"`  // also the limits on clicks
	Patient bool              `json:"patient,omitempty"` // nobody waits: figures beside the project are had too, or it fails
}

// Reading is what Prodege told, and when it was asked.
type Reading struct {
	Asked  time.Time              `json:"asked"` // before the call, our clock, UTC
	Info   prodege.ProjectInfo    `json:"info"`
	Quotas *prodege.Quotas        `json:"quotas,omitempty"` // nil: not asked, or no answer
	Clicks *prodege.ClickSettings `json:"clicks,omitempty"` // nil: not asked, or no answer
}

// AcceptCPI reads the project and, where it still stands still for CPI, accepts the amount at Prodege.
type AcceptCPI struct {
	Project   prodege.ProjectID `json:"project_id"`
	Approved  prodege.USD       `json:"approved"`             // a ceiling: what people (or the rule) approved
	Required  *prodege.USD      `json:"required,omitempty"`   // as it was when they approved
	MustRead  bool              `json:"must_read,omitempty"`  // an automatic approval is never sent unread
	MaybeSent bool              `json:"maybe_sent,omitempty"` // an earlier activity may have sent it
}

// ActOnProject reads the project and, where it still stands still for the reason, does what people decided from
// the pause's alert.
type ActOnProject struct {
	Project   prodege.ProjectID `json:"project_id"`
	Action    prodege.ActionID  `json:"action"`
	Reason    prodege.Reason    `json:"update_reason"`        // of the pause: action and reason name a row of the table
	Number    int64             `json:"number,omitempty"`     // clicks or sample size, as the row asks
	MaybeSent bool              `json:"maybe_sent,omitempty"` // an earlier activity may have sent it
}

// AcceptOutcome is how an acceptance, or another act at Prodege, ended.
type AcceptOutcome string

// The outcomes. Only AcceptSent changed something at Prodege.
const (
	AcceptSent        AcceptOutcome = "sent"         // project-update was taken
	AcceptAlreadyLive AcceptOutcome = "already_live" // live without us
	AcceptEnded       AcceptOutcome = "ended"        // complete, pending complete, invoiced or deleted
	AcceptOther       AcceptOutcome = "other_reason" // it stands still for another reason
	AcceptRisen       AcceptOutcome = "risen"        // the price is above what was approved: Required says how much
	AcceptHeld        AcceptOutcome = "held"         // accepting is off, or whether it is can't be read
	AcceptDryRun      AcceptOutcome = "dry_run"      // DRY_RUN
	AcceptOverLimit   AcceptOutcome = "over_limit"   // above CPI_CEILING as it is now
	AcceptNoKey       AcceptOutcome = "no_key"       // no PRODEGE_API_KEY
)

// Acceptance tells what was found and done.
type Acceptance struct {
	Outcome  AcceptOutcome  `json:"outcome"`
	Status   prodege.Status `json:"status,omitempty"`   // as read
	Required *prodege.USD   `json:"required,omitempty"` // as read
	Sent     *prodege.USD   `json:"sent,omitempty"`     // max_cpi as sent; nil: it was high enough, only LIVE was set
	Unread   bool           `json:"unread,omitempty"`   // sent although the project could not be read (101)
}

// SendInvoice calls BILLING_URL with bytes that were fixed when the invoice was decided.
type SendInvoice struct {
	Key  string `json:"key"`  // webhook-id and Idempotency-Key: project-<id>-invoice-r<n>
	Body string `json:"body"` // JSON, sent as it is
}

// InvoiceSent tells how billing answered.
type InvoiceSent struct {
	DryRun bool `json:"dry_run,omitempty"` // nothing was sent
	NoURL  bool `json:"no_url,omitempty"`  // no BILLING_URL now
	Status int  `json:"status,omitempty"`  // HTTP status
}
