package prodege

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ProjectID is Prodege's id of a survey project; always positive.
type ProjectID int64

// String returns the id in digits.
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

// Status is a project's status as Prodege writes it. Unknown statuses are kept as they came.
type Status string

// The known statuses (Project Status Update webhook, Demand API).
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

// Source says where an Event came from.
type Source string

// The sources.
const (
	FromWebhook Source = ""        // the Project Status Update webhook
	FromPricing Source = "pricing" // the Real Time Pricing webhook
	FromSweep   Source = "sweep"   // found by asking the API; Prodege sent no event
	FromCommand Source = "command" // an operator's command
)

// Field is a property of an event that this program does not know, kept to be shown.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Event is one status update of a project, parsed. Texts are cut to 1 KiB each (Truncated says so), so that an Event
// is at most 4 KiB as JSON. The inbox stores it, and it is the payload of a Project workflow's signals.
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
	RequiredCPIText    string    `json:"required_cpi_text,omitempty"` // as it came, if it can't be read as an amount
	Pricing            *Pricing  `json:"pricing,omitempty"`           // only from the Real Time Pricing webhook
	Unknown            []Field   `json:"unknown,omitempty"`           // sorted by name
	Truncated          bool      `json:"truncated,omitempty"`
	TimeGuessed        bool      `json:"time_guessed,omitempty"` // event_time was absent or unreadable: Time is from the id, or else that of receipt

	Source   Source    `json:"source,omitempty"`
	Delivery string    `json:"delivery,omitempty"`   // the ingress's id of the accepted delivery
	Received time.Time `json:"received_at,omitzero"` // by the ingress, in UTC
	Future   bool      `json:"future,omitempty"`     // dated implausibly far ahead of our clock: ordered by the later of Received and the newest order time kept
	Vouched  string    `json:"vouched,omitempty"`    // Slack user id of the person who vouched for a refused delivery; never approved by rule
}

// Pricing is what the Real Time Pricing webhook reports beside the status. A nil amount was not given.
type Pricing struct {
	MaxCPI          *USD   `json:"max_cpi,omitempty"`
	CurrentCPI      *USD   `json:"current_cpi,omitempty"`
	AvgCPI          *USD   `json:"avg_cpi,omitempty"`
	BidIR           string `json:"bid_ir,omitempty"`            // percent, as sent
	ActualIR        string `json:"actual_ir,omitempty"`         // percent, as sent
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

// AsksCPI reports whether e is a pause that accepting a required CPI resolves: reason 160, the description that the
// contract names, or a required_cpi. The contract gives no code for the description, so any one of them suffices.
// The Real Time Pricing webhook reports no other pause. A project that is live, complete or later is never asked
// about, whatever reason accompanies the status.
func (e Event) AsksCPI() bool {
	if !e.stopped() {
		return false
	}
	return e.Reason == RealTimePricing || canonical(e.Description) == DescriptionCPI ||
		e.RequiredCPI != nil || e.RequiredCPIText != "" || e.Source == FromPricing && e.Status == Paused
}

// stopped reports whether the project may be waiting for somebody: it is paused, not launched, or in an unknown status.
func (e Event) stopped() bool {
	switch e.Status {
	case Live, PendingComplete, Complete, Invoiced, Deleted:
		return false
	}
	return true
}

// Rejected reports whether e says that a reconciliation was rejected and must be redone.
func (e Event) Rejected() bool {
	return e.RejectionNote != "" || canonical(e.Description) == DescriptionRejection
}
