package project

import (
	"encoding/json"
	"time"

	"fieldmarshal/prodege"
)

// The ledger is the one record of what was decided and done: one line per decision, per call that changed something at
// Prodege, per invoice, per pause and its steps. explain, evidence, report, the weekly report and the histograms are
// read from it. The newest 500 lines are carried along.

const (
	maxLines = 500
	// maxLine is how many bytes a line takes as JSON at most.
	maxLine = 300
	// maxState is what a state stays under: continue-as-new takes 2 MiB, and a history holds one state per run. Above
	// boundState the oldest lines go.
	maxState   = 256 << 10
	boundState = 240 << 10
)

// LineKind says what a line of the ledger records.
type LineKind string

// What the ledger records. Lines about a pause have its Opened as Ref.
const (
	LinePaused    LineKind = "paused"     // Reason, or Text if it has no number; Amount if a CPI is asked for
	LineTold      LineKind = "told"       // the first message about the pause stands; Text: in a digest
	LineAsked     LineKind = "asked"      // people are asked to approve Amount
	LineDecided   LineKind = "decided"    // Verdict, By, From, Amount, Cost, Action, Number; Second: another person is asked
	LineExpired   LineKind = "expired"    // nobody decided about Amount in time
	LineAccepted  LineKind = "accepted"   // Prodege took Amount, or Action
	LineRefused   LineKind = "refused"    // Prodege refused it: Text
	LineStopped   LineKind = "stopped"    // given up after half an hour: Text
	LineCalledOff LineKind = "called_off" // given up between two tries, as the pause ended or asks for something else
	LineLive      LineKind = "live"       // the pause ended: the project is live again
	LineEnded     LineKind = "ended"      // the pause ended, or the project, with Status
	LineClosed    LineKind = "closed"     // given up here: Text
	LineFound     LineKind = "found"      // a poll found Status
	LineInvoice   LineKind = "invoice"    // Ref is the key; Text says what became of it
)

// Line is one line of a project's ledger.
type Line struct {
	At      time.Time        `json:"at"`
	Kind    LineKind         `json:"kind"`
	Ref     string           `json:"ref,omitempty"` // the pause (its Opened), the finding, or the invoice's key
	Reason  prodege.Reason   `json:"reason,omitempty"`
	Status  prodege.Status   `json:"status,omitempty"`
	Verdict Verdict          `json:"verdict,omitempty"`
	Amount  *prodege.USD     `json:"amount,omitempty"`
	Cost    *prodege.USD     `json:"cost,omitempty"` // what the decision is about in all; nil: not known
	By      string           `json:"by,omitempty"`   // Slack user id
	From    string           `json:"from,omitempty"`
	Action  prodege.ActionID `json:"action,omitempty"`
	Number  int64            `json:"number,omitempty"`
	Text    string           `json:"text,omitempty"`
	DryRun  bool             `json:"dry_run,omitempty"`
	Second  bool             `json:"second,omitempty"` // a first approval of two: it approves nothing yet
}

// line keeps a line of the ledger.
func (s *State) line(l Line) {
	if l.At.IsZero() {
		l.At = s.now
	}
	l.At = l.At.UTC()
	l.Ref, l.By, l.Status, l.From = cutEncoded(l.Ref, 64), cutEncoded(l.By, 24), prodege.Status(cutEncoded(string(l.Status), 32)), cut(l.From, 16)
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

// forget drops the oldest lines, counted.
func (s *State) forget(n int) {
	s.Forgotten += n
	s.LedgerCut = s.Ledger[n-1].At
	copy(s.Ledger, s.Ledger[n:])
	s.Ledger = s.Ledger[:len(s.Ledger)-n]
}

// bound keeps the state small. It is measured only if it may be large.
func (s *State) bound() {
	if !s.mayBeLarge() {
		return
	}
	for encodedSize(s) > boundState && len(s.Ledger) > 10 {
		s.forget(len(s.Ledger)/4 + 1)
	}
}

// mayBeLarge estimates the state rather from above: measuring it costs milliseconds.
func (s *State) mayBeLarge() bool {
	const others, pending = 40 << 10, 900
	size := others + len(s.Seen)*33 + len(s.Deliveries)*16 + len(s.Pending)*pending
	for i := range s.Ledger {
		size += s.Ledger[i].room()
	}
	for _, id := range s.Handled {
		size += len(id) + 8
	}
	for _, m := range s.Outbox {
		size += m.room()
	}
	return size > boundState
}

// room is about how many bytes a line takes as JSON, rather more than less.
func (l *Line) room() int {
	size := 90 + len(l.Kind) + len(l.Ref) + len(l.Status) + len(l.Verdict) + len(l.By) + len(l.From) + len(l.Action) + len(l.Text)
	for _, set := range []bool{l.Reason != 0, l.Status != "", l.Verdict != "", l.By != "", l.From != "", l.Action != "", l.Text != "", l.Number != 0, l.DryRun, l.Second} {
		if set {
			size += 18
		}
	}
	if l.Amount != nil {
		size += 30
	}
	if l.Cost != nil {
		size += 30
	}
	return size
}

func encodedSize(v any) int {
	raw, err := json.Marshal(v)
	if err != nil {
		return 0 // plain values always marshal
	}
	return len(raw)
}

// The steps of a pause, for the histograms.
const (
	UntilPost       = "post"       // its first message stood in Slack
	UntilDecision   = "decision"   // somebody decided, or a rule did
	UntilAcceptance = "acceptance" // Prodege took what was decided
	UntilLive       = "live"
)

// Step is how long after a project paused a step to its end came.
type Step struct {
	Until  string
	ForCPI bool
	Reason prodege.Reason
	After  time.Duration
}

// step measures a step. Clocks differ, and Prodege's tells seconds only: nothing comes before its pause.
func (s *State) step(p *Pause, until string, at time.Time, counts bool) {
	if !counts {
		return
	}
	reason := p.Event.ActionReason()
	if p.Event.AsksCPI() {
		reason = prodege.RealTimePricing
	}
	s.out.Steps = append(s.out.Steps, Step{Until: until, ForCPI: p.Request != "", Reason: reason, After: max(0, at.Sub(p.Since))})
}
