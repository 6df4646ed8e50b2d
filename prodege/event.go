package prodege

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ProjectID is Prodege's id of a survey project; always positive.
type ProjectID int64

// String gives the id in digits.
func (id ProjectID) String() string { return strconv.FormatInt(int64(id), 10) }

// ParseProjectID reads a positive number in digits.
func ParseProjectID(text string) (ProjectID, error) {
	t := strings.TrimSpace(text)
	n, err := strconv.ParseInt(t, 10, 64)
	if err != nil || n <= 0 || !digits(t) {
		return 0, fmt.Errorf("not a project id: %.40q", text)
	}
	return ProjectID(n), nil
}

// EventID is Prodege's id of one event. It often looks like a MongoDB ObjectID; nothing relies on that.
type EventID string

// Status is a project's status as Prodege writes it. Statuses we don't know are kept as they came.
type Status string

// The statuses seen so far (Project Status Update webhook, Demand API).
const (
	Pending         Status = "PENDING"
	Live            Status = "LIVE"
	Paused          Status = "PAUSED"
	PendingComplete Status = "PENDING_COMPLETE"
	Complete        Status = "COMPLETE"
	Invoiced        Status = "INVOICED"
	Deleted         Status = "DELETED"
)

// Known reports whether s is one of the statuses above.
func (s Status) Known() bool {
	_, known := statusMeanings[s]
	return known
}

// Reason is Prodege's update_reason; 0 means that none was given.
type Reason int

// The reasons of Prodege's table.
const (
	MaxClicks              Reason = 113
	NoUniqueLinks          Reason = 156
	SampleSize             Reason = 158
	RealTimePricing        Reason = 160
	PausedInactive         Reason = 207
	CompleteInactive       Reason = 209
	HighDropOff            Reason = 222
	SupportAgent           Reason = 244
	ReconciliationTried    Reason = 902
	ReconciliationComplete Reason = 903
	Other                  Reason = 999
)

// Descriptions that the contract names without giving a code for them.
const (
	DescriptionCPI       = "DISABLED_BY_CPI_REALITY_CHECK"
	DescriptionRejection = "DISABLED_BY_RECONCILIATION_REJECTION"
)

// Source says where what an Event states came from.
type Source string

// An empty Source is the project status webhook.
const (
	FromWebhook Source = ""
	FromPricing Source = "pricing" // the Real Time Pricing webhook
	FromSweep   Source = "sweep"   // we asked the API and found it; no event of Prodege's
	FromCommand Source = "command" // opened by hand by an operator
)

// Field is one property of an event that this program does not know, kept to be shown.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Event is one status update of a project, parsed. Texts are cut to 1 KiB each (Truncated says so), so that an Event
// is at most 4 KiB as JSON. It is what the inbox keeps and what a Project workflow is signalled.
type Event struct {
	ID                 EventID   `json:"event_id"`
	Time               time.Time `json:"event_time"` // carries the zone of Prodege's clock, America/Los_Angeles
	ProjectID          ProjectID `json:"project_id"`
	Status             Status    `json:"status"`
	Reason             Reason    `json:"update_reason,omitempty"`
	Description        string    `json:"description,omitempty"`
	RejectionNote      string    `json:"rejection_note,omitempty"`
	ReconciliationNote string    `json:"reconciliation_note,omitempty"`
	RequiredCPI        *USD      `json:"required_cpi,omitempty"`      // nil: absent or unreadable
	RequiredCPIText    string    `json:"required_cpi_text,omitempty"` // what stood there, where it could not be read as an amount
	Pricing            *Pricing  `json:"pricing,omitempty"`           // only from the Real Time Pricing webhook
	Unknown            []Field   `json:"unknown,omitempty"`           // sorted by name
	Truncated          bool      `json:"truncated,omitempty"`
	TimeGuessed        bool      `json:"time_guessed,omitempty"` // event_time was absent or unreadable: taken from the id, else from the time of receipt

	Source   Source    `json:"source,omitempty"`
	Delivery string    `json:"delivery,omitempty"`   // the ingress' own id of the accepted delivery
	Received time.Time `json:"received_at,omitzero"` // when the ingress had it, UTC
	Future   bool      `json:"future,omitempty"`     // dated ahead of our clock and not to be believed: ordered by the later of Received and the newest order time kept
	Vouched  string    `json:"vouched,omitempty"`    // Slack user id of who vouched for a delivery that was refused; never approved by rule
}

// Pricing is what the Real Time Pricing webhook tells beside the status. A nil amount was not given.
type Pricing struct {
	MaxCPI          *USD   `json:"max_cpi,omitempty"`
	CurrentCPI      *USD   `json:"current_cpi,omitempty"`
	AvgCPI          *USD   `json:"avg_cpi,omitempty"`
	BidIR           string `json:"bid_ir,omitempty"`            // per cent, as sent
	ActualIR        string `json:"actual_ir,omitempty"`         // per cent, as sent
	BidLOI          string `json:"bid_loi,omitempty"`           // minutes, as sent
	ActualMedianLOI string `json:"actual_median_loi,omitempty"` // minutes, as sent
}

// Before reports whether e comes before f in the order of one project's events: by time, then by id.
func (e Event) Before(f Event) bool {
	if !e.Time.Equal(f.Time) {
		return e.Time.Before(f.Time)
	}
	return e.ID < f.ID
}

// AsksCPI reports whether e is a pause that a required CPI resolves: reason 160, the description that the
// contract names, or a required_cpi. The contract gives no code for the description, so any one suffices.
// The Real Time Pricing webhook tells of no other pause. A project that is live, complete or beyond is not
// asked for, whatever reason stands beside the status.
func (e Event) AsksCPI() bool {
	if !e.standsStill() {
		return false
	}
	return e.Reason == RealTimePricing || canonical(e.Description) == DescriptionCPI ||
		e.RequiredCPI != nil || e.RequiredCPIText != "" || e.Source == FromPricing && e.Status == Paused
}

// standsStill reports whether the project waits for someone: paused, or in a status that we don't know.
func (e Event) standsStill() bool {
	switch e.Status {
	case Live, PendingComplete, Complete, Invoiced, Deleted:
		return false
	}
	return true
}

// Rejected reports whether e tells that a reconciliation was rejected and must be redone.
func (e Event) Rejected() bool {
	return e.RejectionNote != "" || canonical(e.Description) == DescriptionRejection
}
