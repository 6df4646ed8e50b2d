package cards

import (
	"time"

	"fieldmarshal/prodege"
)

// Report sums up the pauses of a time: how long people and Prodege took, and what it cost. Everything counts
// when it happened: a pause when it began, a decision when it was made, an end when it came.
type Report struct {
	Since     time.Time   `json:"since"`
	Until     time.Time   `json:"until"`
	Rows      []ReportRow `json:"rows,omitempty"`      // by reason, those that stood still longest first
	All       ReportRow   `json:"all"`                 // all reasons together
	Before    *ReportRow  `json:"before,omitempty"`    // all reasons together, in as long a time before
	Projects  int         `json:"projects"`            // that were read
	Unread    int         `json:"unread,omitempty"`    // that could not be read, so the sums may be too low
	Forgotten int         `json:"forgotten,omitempty"` // of which some pauses of that time are not remembered any more
	UI        string      `json:"ui,omitempty"`
	Simulated bool        `json:"simulated,omitempty"`
}

// ReportRow is what pauses for one reason, or for all, come to.
type ReportRow struct {
	Reason      prodege.Reason `json:"update_reason,omitempty"`
	Description string         `json:"description,omitempty"` // of a reason that has no number
	Pauses      int            `json:"pauses"`                // that began
	Decided     int            `json:"decided"`               // first decisions
	Live        int            `json:"live"`                  // that ended with the project live again
	Standing    int            `json:"standing"`              // not over at the end of the time
	ToDecision  time.Duration  `json:"to_decision"`           // median, from the pause; 0 where none was decided
	ToLive      time.Duration  `json:"to_live"`               // likewise
	Still       time.Duration  `json:"still"`                 // all together, within the time
	Approved    prodege.USD    `json:"approved"`              // what was approved costs in all, about
	Refused     prodege.USD    `json:"refused"`               // what was refused would have cost
	Unpriced    int            `json:"unpriced,omitempty"`    // decisions whose cost is not known
}
