package project

import (
	"encoding/json"
	"time"

	"fieldmarshal/prodege"
)

// The ledger is the record of what was decided and done: a line per decision, per call that changed something at Prodege, per
// invoice, per pause and step. explain, evidence, report, the weekly report and the histograms use it. The newest 500 lines
// are kept.

const (
	maxLines = 500
	// maxLine is the maximum size of a line in JSON, in bytes.
	maxLine = 300
	// maxState is the limit for a state in bytes: continue-as-new accepts 2 MiB, and a history contains one state per run.
	// Above trimAbove the oldest lines are dropped.
	maxState  = 256 << 10
	trimAbove = 240 << 10
)

// LineKind says what a line of the ledger records.
type LineKind string

// The kinds of lines. Those about a pause have its Opened as Ref.
const (
	LinePaused    LineKind = "paused"    // Reason, or Text if it has no number; Amount if a CPI is asked for
	LineTold      LineKind = "told"      // the first message about the pause was posted; Text: in a digest
	LineAsked     LineKind = "asked"     // people are asked to approve Amount
	LineDecided   LineKind = "decided"   // Verdict, By, From, Amount, Cost, Action, Number; Second: another person is asked
	LineExpired   LineKind = "expired"   // nobody decided about Amount in time
	LineAccepted  LineKind = "accepted"  // Prodege accepted Amount, or Action
	LineRefused   LineKind = "refused"   // Prodege refused it: Text
	LineStopped   LineKind = "stopped"   // given up after half an hour: Text
	LineAbandoned LineKind = "abandoned" // given up between two attempts, because the pause ended or asks for something else
	LineLive      LineKind = "live"      // the pause ended: the project is live again
	LineEnded     LineKind = "ended"     // the pause ended, or the project, with Status
	LineClosed    LineKind = "closed"    // given up here: Text
	LineFound     LineKind = "found"     // a poll found Status
	LineInvoice   LineKind = "invoice"   // Ref is the key; Text says what happened
)

// Line is a line of a project's ledger.
type Line struct {
	At      time.Time        `json:"at"`
	Kind    LineKind         `json:"kind"`
	Ref     string           `json:"ref,omitempty"` // the pause (its Opened), the finding, or the invoice's key
	Reason  prodege.Reason   `json:"reason,omitempty"`
	Status  prodege.Status   `json:"status,omitempty"`
	Verdict Verdict          `json:"verdict,omitempty"`
	Amount  *prodege.USD     `json:"amount,omitempty"`
	Cost    *prodege.USD     `json:"cost,omitempty"` // the total cost of what was decided; nil: unknown
	By      string           `json:"by,omitempty"`   // Slack user id
	From    string           `json:"from,omitempty"`
	Action  prodege.ActionID `json:"action,omitempty"`
	Number  int64            `json:"number,omitempty"`
	Text    string           `json:"text,omitempty"`
	DryRun  bool             `json:"dry_run,omitempty"`
	Second  bool             `json:"second,omitempty"` // the first of two approvals, which approves nothing yet
}

// line adds a line to the ledger.
func (s *State) line(l Line) {
	if l.At.IsZero() {
		l.At = s.now
	}
	l.At = l.At.UTC()
	l.Ref, l.By, l.Status, l.From = cutEncoded(l.Ref, 64), cutEncoded(l.By, 24), prodege.Status(cutEncoded(string(l.Status), 32)), Cut(l.From, 16)
	l.Text = cutEncoded(l.Text, 60)
	for room := 40; encodedSize(l) > maxLine && room > 0; room -= 20 {
		l.Text = cutEncoded(l.Text, room)
	}
	s.out.Lines = append(s.out.Lines, l)
	if len(s.Ledger) >= maxLines {
		s.forget(1)
	}
	s.Ledger = append(s.Ledger, l)
}

// forget drops the n oldest lines, and counts them.
func (s *State) forget(n int) {
	s.Forgotten += n
	s.LedgerCut = s.Ledger[n-1].At
	copy(s.Ledger, s.Ledger[n:])
	s.Ledger = s.Ledger[:len(s.Ledger)-n]
}

// limitSize drops old lines if the state is too large. It measures that only if it is possible, because it takes milliseconds.
func (s *State) limitSize() {
	const message, others = 4 << 10, 90 << 10
	if others+len(s.Ledger)*maxLine+(len(s.Outbox)+len(s.Pending))*message <= trimAbove {
		return
	}
	for encodedSize(s) > trimAbove && len(s.Ledger) > 10 {
		s.forget(len(s.Ledger)/4 + 1)
	}
}

func encodedSize(v any) int {
	raw, err := json.Marshal(v)
	if err != nil {
		return 0 // impossible for plain values
	}
	return len(raw)
}

// The steps of a pause, for the histograms.
const (
	UntilPost       = "post"       // its first message was posted in Slack
	UntilDecision   = "decision"   // somebody or a rule decided
	UntilAcceptance = "acceptance" // Prodege accepted what was decided
	UntilLive       = "live"
)

// Step is how long after the beginning of a pause a step towards its end came.
type Step struct {
	Until  string
	ForCPI bool
	Reason prodege.Reason
	After  time.Duration
}

// step measures a step. It is never negative, although clocks differ and Prodege's only has seconds.
func (s *State) step(p *Pause, until string, at time.Time) {
	reason := p.Event.ActionReason()
	if p.Event.AsksCPI() {
		reason = prodege.RealTimePricing
	}
	s.out.Steps = append(s.out.Steps, Step{Until: until, ForCPI: p.Request != "", Reason: reason, After: max(0, at.Sub(p.Since))})
}
