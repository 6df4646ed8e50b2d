package activities

import "fieldmarshal/cards"

// The values of the vocabulary, under the names by which workflows know them.
const (
	PhaseOpen             = cards.PhaseOpen
	PhaseSecond           = cards.PhaseSecond
	PhaseApproved         = cards.PhaseApproved
	PhaseHeld             = cards.PhaseHeld
	PhaseAccepted         = cards.PhaseAccepted
	PhaseLive             = cards.PhaseLive
	PhaseStill            = cards.PhaseStill
	PhaseRefused          = cards.PhaseRefused
	PhaseStopped          = cards.PhaseStopped
	PhaseRejected         = cards.PhaseRejected
	PhaseExpired          = cards.PhaseExpired
	PhaseElsewhere        = cards.PhaseElsewhere
	PhaseOther            = cards.PhaseOther
	PhaseEnded            = cards.PhaseEnded
	PhaseDryRun           = cards.PhaseDryRun
	PhaseByHand           = cards.PhaseByHand
	PhaseOverLimit        = cards.PhaseOverLimit
	PhaseDone             = cards.PhaseDone
	PhaseCancelled        = cards.PhaseCancelled
	VerdictApprove        = cards.Approve
	VerdictReject         = cards.Reject
	VerdictAskAgain       = cards.AskAgain
	VerdictTryAgain       = cards.TryAgain
	VerdictClose          = cards.Close
	VerdictMarkInvoiced   = cards.MarkInvoiced
	VerdictSendInvoice    = cards.SendInvoice
	VerdictAct            = cards.Act
	FromSlack             = cards.FromSlack
	FromCommand           = cards.FromCommand
	FromRule              = cards.FromRule
	PhaseInvoiceByHand    = cards.InvoiceByHand
	PhaseInvoiceHeld      = cards.InvoiceHeld
	PhaseInvoiceDryRun    = cards.InvoiceDryRun
	PhaseInvoiceAsks      = cards.InvoiceAsks
	PhaseInvoiceSlow      = cards.InvoiceSlow
	PhaseInvoiceRefused   = cards.InvoiceRefused
	PhaseInvoiceSent      = cards.InvoiceSent
	PhaseInvoiceMarked    = cards.InvoiceMarked
	PhaseInvoiceAsked     = cards.InvoiceAsked
	PhaseInvoiceMissing   = cards.InvoiceMissing
	PhaseInvoiceDone      = cards.InvoiceDone
	PhaseInvoiceDeleted   = cards.InvoiceDeleted
	PhaseInvoiceCancelled = cards.InvoiceCancelled
	NotePausedAgain       = cards.NotePausedAgain
	NoteOtherReason       = cards.NoteOtherReason
	NoteAsksCPI           = cards.NoteAsksCPI
	NoteResumed           = cards.NoteResumed
	NotePendingComplete   = cards.NotePendingComplete
	NoteReconciliation    = cards.NoteReconciliation
	NoteNewAmount         = cards.NoteNewAmount
	NoteReminder          = cards.NoteReminder
	NoteLastReminder      = cards.NoteLastReminder
	NoteExpired           = cards.NoteExpired
	NoteUnknown           = cards.NoteUnknown
	NoteMore              = cards.NoteMore
	NoteFailed            = cards.NoteFailed
	PartyCeiling          = cards.PartyCeiling
	NoteAutoComplete      = cards.NoteAutoComplete
	NoteAutoCompleted     = cards.NoteAutoCompleted
	AnswerNotAllowed      = cards.AnswerNotAllowed
	AnswerNoList          = cards.AnswerNoList
	AnswerDecided         = cards.AnswerDecided
	AnswerSuperseded      = cards.AnswerSuperseded
	AnswerExpired         = cards.AnswerExpired
	AnswerClosed          = cards.AnswerClosed
	AnswerSamePerson      = cards.AnswerSamePerson
	AnswerMismatch        = cards.AnswerMismatch
	AnswerOverCeiling     = cards.AnswerOverCeiling
	AnswerNotNow          = cards.AnswerNotNow
)
