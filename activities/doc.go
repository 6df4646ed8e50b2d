// Package activities is every effect on the world: Slack, Prodege, billing, a file a counterparty. Nothing
// here decides; each activity does one thing, can be repeated after a lost answer, and reports its faults
// through errors.go, the one place that says retry, retry after a while, or never.
package activities

import "fieldmarshal/cards"

// The vocabulary of cards under the names by which workflows know it: decisions are about facts, and
// workflows never see the wording.
type (
	Card         = cards.Card
	Frame        = cards.Frame
	ProjectName  = cards.Project
	Pause        = cards.Pause
	End          = cards.End
	Rejection    = cards.Rejection
	Request      = cards.Request
	Phase        = cards.Phase
	Numbers      = cards.Numbers
	Verdict      = cards.Verdict
	Decided      = cards.Decision
	Refusal      = cards.Refusal
	Invoice      = cards.Invoice
	InvoicePhase = cards.InvoicePhase
	Note         = cards.Note
	NoteKind     = cards.NoteKind
	Answer       = cards.Answer
	Acting       = cards.Acting
	Figures      = cards.Figures
	Digest       = cards.Digest
	DigestItem   = cards.DigestItem
	AnswerKind   = cards.AnswerKind
	ReportFacts  = cards.Report
	ReportRow    = cards.ReportRow
)
