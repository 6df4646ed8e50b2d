package project

import (
	"time"

	"fieldmarshal/prodege"
)

// A completed project is invoiced: by one signed, idempotent call to billing per revision, or by people in the finance
// channel. The rules:
//
//   - One invoice per revision. Its body is fixed when it is first sent, and the same in each attempt. A COMPLETE with another
//     reason or note is a revision; if nothing was sent yet, the invoice gets the current facts.
//   - PENDING_COMPLETE holds an invoice that was not sent yet until COMPLETE. DELETED ends it.
//   - What DRY_RUN held back is sent only if people say so, and so is an invoice for what may have been invoiced before: in a
//     second life, for a COMPLETE that somebody vouched for, or for an INVOICED without a COMPLETE before it.
//   - After a transient failure it is tried again after 1 s, doubling to 5 min; after an hour finance is told. If billing
//     refuses it, finance is told at once, with a button.
//   - If INVOICED has not come by the 7th of the month after the newest COMPLETE's, at 09:00 Pacific Time, people are told.

const (
	lateComplete     = 15 * time.Minute // how long an INVOICED waits for the COMPLETE that should have come before it
	invoiceSlow      = time.Hour
	dryRunCheckEvery = 6 * time.Hour // how often an invoice that DRY_RUN held back checks whether it is off, if nothing else happens
)

// Invoicing is the invoice of a project: its newest revision.
type Invoicing struct {
	Try                    // the call to billing
	Event    prodege.Event `json:"event"`           // the COMPLETE with its facts, or the INVOICED that came without one
	Newest   Order         `json:"newest,omitzero"` // of the newest COMPLETE
	Revision int           `json:"revision"`
	Accepted int           `json:"accepted,omitempty"` // the newest earlier revision that billing or people are known to have
	Key      string        `json:"key"`
	Body     string        `json:"body,omitempty"`
	CPI      *prodege.USD  `json:"cpi,omitempty"`
	Wanted   int64         `json:"completes,omitempty"` // approximately
	Phase    InvoicePhase  `json:"phase"`
	PhaseAt  time.Time     `json:"phase_at,omitzero"`
	Refusal  *Refusal      `json:"refusal,omitempty"`
	By       string        `json:"by,omitempty"`

	HeldBack  bool           `json:"held_back,omitempty"` // a dry run held it back: people decide whether it is sent
	Confirmed bool           `json:"confirmed,omitempty"` // people decided to send it
	Hold      bool           `json:"hold,omitempty"`      // the project is PENDING_COMPLETE
	Ended     prodege.Status `json:"ended,omitempty"`     // INVOICED or DELETED
	Missing   bool           `json:"missing,omitempty"`   // people were told that INVOICED has not come
	Next      *prodege.Event `json:"next,omitempty"`      // a COMPLETE with other facts, while a call is in progress
	Facts     *Try           `json:"facts,omitempty"`     // the read of the facts
	FactsRead bool           `json:"facts_read,omitempty"`
	Status    prodege.Status `json:"status,omitempty"`  // as read with the facts
	Conflict  time.Time      `json:"conflict,omitzero"` // when billing first answered 409
	Twice     bool           `json:"conflict_twice,omitempty"`
	Info      string         `json:"info,omitempty"` // project_info as read, until the body is fixed
}

// invoiceFor handles a COMPLETE, in order or late.
func (s *State) invoiceFor(e prodege.Event) {
	order := orderOf(e)
	i := s.Invoice
	switch {
	case i == nil:
		s.Invoice = &Invoicing{Newest: order, Hold: s.Status == prodege.PendingComplete}
		if f := s.InvoicedFirst; f != nil && order.before(orderOf(f.Event)) {
			s.Invoice.Ended = prodege.Invoiced
		}
		s.InvoicedFirst = nil
		if oneOf(s.Status, prodege.Invoiced, prodege.Deleted) {
			s.Invoice.Ended = s.Status
		}
		s.Invoice.Missing = s.Life.Old && e.Time.Before(s.now.Add(-s.Settings.ProjectLinger)) // it is unknown whether INVOICED came in the life before
		s.draft(e, 1)
	case order.before(i.Newest) && i.Newest.ID != "":
	default:
		if !missingAt(order).Equal(missingAt(i.Newest)) {
			i.Missing = false
		}
		i.Newest = order
		if s.Status != prodege.PendingComplete {
			i.Hold = false
		}
		if s.Status == prodege.Complete && i.Ended == prodege.Invoiced {
			i.Ended = "" // Prodege will invoice it again
		}
		s.revise(e)
	}
}

// draft decides a revision: its number and its facts. A message about an earlier one that still asks for something says that it
// was replaced.
func (s *State) draft(e prodege.Event, revision int) {
	i := s.Invoice
	if m := s.message(i.Key); m != nil && i.Revision < revision && !i.settled() {
		s.postInvoice(i.Key, m.Channel, InvoiceReplaced, s.now, "invoice")
	}
	if revision > i.Revision && (i.Maybe || oneOf(i.Phase, InvoiceSent, InvoiceMarked, InvoiceDone)) {
		i.Accepted = i.Revision // billing or people have it, or may have
	}
	*i = Invoicing{Accepted: i.Accepted, Event: trimmed(e), Newest: i.Newest, Revision: revision, Key: InvoiceKey(s.ID, revision), Phase: InvoiceDue, PhaseAt: s.now,
		HeldBack: i.HeldBack, Hold: i.Hold, Ended: i.Ended, Missing: i.Missing}
}

// revise handles a later COMPLETE.
func (s *State) revise(e prodege.Event) {
	i := s.Invoice
	other := !sameFacts(i.Event, e)
	switch {
	case other && i.underWay():
		i.Next = ptr(trimmed(e))
	case i.unsent() && (other || i.Phase == InvoiceHeld):
		asks := i.Phase == InvoiceAsks
		s.draft(e, i.Revision)
		if asks { // what was held back must not be sent without asking
			s.enterInvoice(InvoiceAsks)
		}
	case !other && i.Phase == InvoiceHeld:
		s.enterInvoice(InvoiceDue) // the same bytes again
	case other:
		s.draft(e, i.Revision+1)
	}
}

// underWay reports whether a call to billing is in progress, or between two attempts.
func (i *Invoicing) underWay() bool {
	return i.Busy || i.Phase == InvoiceSending || i.Phase == InvoiceSlow
}

// sameFacts reports whether a COMPLETE says nothing new about the invoice. A finding has neither reason nor note.
func sameFacts(a, b prodege.Event) bool {
	if b.Source == prodege.FromSweep {
		return true
	}
	return a.ReconciliationNote == b.ReconciliationNote &&
		(a.Source == prodege.FromSweep || a.Status == b.Status && a.Reason == b.Reason)
}

// unsent reports whether neither billing nor people can have this revision.
func (i *Invoicing) unsent() bool {
	return oneOf(i.Phase, InvoiceDue, InvoiceHeld, InvoiceDryRun, InvoiceAsks, InvoiceAsked) && i.Body == "" && !i.Busy
}

func (s *State) enterInvoice(phase InvoicePhase) {
	i := s.Invoice
	if i.Phase != phase {
		i.Phase, i.PhaseAt = phase, s.now
	}
}

// holdInvoice keeps an invoice that was not sent yet until the project is COMPLETE again.
func (s *State) holdInvoice() {
	if i := s.Invoice; i != nil {
		i.Hold = true
		if i.unsent() {
			s.enterInvoice(InvoiceHeld)
		}
	}
}

// invoicedFirst remembers an INVOICED without a COMPLETE before it, and waits for a late COMPLETE. A project that has been
// deleted is not invoiced.
func (s *State) invoicedFirst(e prodege.Event) {
	if s.Invoice == nil && s.InvoicedFirst == nil && s.Status != prodege.Deleted {
		s.InvoicedFirst = &InvoicedFirst{Event: trimmed(e), Until: s.now.Add(lateComplete)}
	}
}

// endInvoice handles INVOICED or DELETED. An invoice that we owe is still owed after INVOICED.
func (s *State) endInvoice(e prodege.Event) {
	if e.Status == prodege.Deleted {
		s.InvoicedFirst = nil
	}
	i := s.Invoice
	if i == nil {
		return
	}
	i.Ended = e.Status
	if e.Status == prodege.Invoiced && i.Hold {
		i.Hold = false
		if i.Phase == InvoiceHeld {
			s.enterInvoice(InvoiceDue) // the COMPLETE for which it was held can't come any more
		}
	}
}

// lateInvoiced handles an INVOICED that comes after newer events: it still ends the wait for it.
func (s *State) lateInvoiced(e prodege.Event) {
	s.invoicedFirst(e)
	if i := s.Invoice; i != nil && i.Ended == "" && i.Newest.before(orderOf(e)) {
		i.Ended = prodege.Invoiced
	}
}

// advanceInvoice does the next step of an invoice.
func (s *State) advanceInvoice() {
	i := s.Invoice
	if i == nil {
		return
	}
	if i.Ended == prodege.Deleted && !i.Busy {
		if i.underWay() {
			s.line(Line{Kind: LineInvoice, Text: "given up as the project was deleted; it may have reached billing", Ref: i.Key})
		}
		if i.Phase != InvoiceCancelled {
			s.enterInvoice(InvoiceDeleted)
		}
		return
	}
	if i.Phase == InvoiceDryRun && !s.Settings.DryRun {
		s.enterInvoice(InvoiceAsks)
	}
	if i.Phase == InvoiceDue {
		s.startInvoice()
	}
	if i.Ended == prodege.Invoiced && !i.Busy && oneOf(i.Phase, InvoiceSent, InvoiceMarked, InvoiceByHand) {
		s.enterInvoice(InvoiceDone)
	}
}

// startInvoice hands an invoice to billing or people, once it is certain that it is to be created.
func (s *State) startInvoice() {
	i := s.Invoice
	set := &s.Settings
	if i.Hold {
		s.enterInvoice(InvoiceHeld)
		return
	}
	if !i.Confirmed && !s.Life.Known {
		s.requireLife(s.now.Add(24 * time.Hour))
		return
	}
	if set.HasAPIKey && !i.FactsRead && i.Body == "" {
		if i.Facts == nil {
			i.Facts = &Try{Until: s.now.Add(factsFor)}
		}
		return
	}
	uncertain := s.Life.Earlier || i.Event.Vouched != "" || i.Event.Status == prodege.Invoiced || s.Life.Old && i.Status != prodege.Complete
	switch {
	case uncertain && !i.Confirmed:
		s.enterInvoice(InvoiceAsked)
	case set.DryRun:
		s.invoiceHeldBack()
	case i.HeldBack && !i.Confirmed:
		s.enterInvoice(InvoiceAsks)
	case !set.HasBilling:
		s.enterInvoice(InvoiceByHand)
	default:
		if i.Body == "" {
			i.Body = s.compose()
		}
		i.Info, i.Refusal, i.Conflict = "", nil, time.Time{}
		i.Try = Try{Tries: i.Tries, Maybe: i.Maybe}
		s.enterInvoice(InvoiceSending)
	}
}

// invoiceHeldBack holds an invoice back while DRY_RUN is on. Once it is off, people are asked.
func (s *State) invoiceHeldBack() {
	s.Invoice.HeldBack, s.Invoice.Confirmed = true, false
	s.enterInvoice(InvoiceDryRun)
}

func (s *State) invoiceAlarms(add addAlarm) {
	if f := s.InvoicedFirst; f != nil {
		add(f.Until, "wait for a late COMPLETE before invoicing", func() {
			s.InvoicedFirst = nil
			s.Invoice = &Invoicing{Ended: prodege.Invoiced, Missing: true, Hold: s.Status == prodege.PendingComplete}
			if s.Status == prodege.Deleted {
				s.Invoice.Ended = prodege.Deleted
			}
			s.draft(f.Event, 1)
		})
	}
	i := s.Invoice
	if i == nil {
		return
	}
	if i.Phase == InvoiceSending && !i.First.IsZero() {
		add(i.First.Add(invoiceSlow), "billing has not accepted the invoice for an hour", func() { s.enterInvoice(InvoiceSlow) })
	}
	if i.Phase == InvoiceDryRun {
		add(s.nextCheck(i.PhaseAt, dryRunCheckEvery), "check whether the dry run is over", nil)
	}
	add(s.invoicedBy(), "INVOICED is due by the 7th", func() { // told in a message of its own
		i.Missing = true
		s.postInvoice("missing-"+i.Newest.At.UTC().Format("2006-01"), s.Settings.FinanceChannel, InvoiceMissing, s.now, "INVOICED is overdue")
	})
}

// invoicedBy returns when people are told that INVOICED has not come: between the 1st and the 6th Prodege invoices the projects
// that became COMPLETE in the month before, in Pacific Time.
func (s *State) invoicedBy() time.Time {
	i := s.Invoice
	if i.Newest.ID == "" || i.Missing || i.Ended != "" || i.Phase == InvoiceCancelled {
		return time.Time{}
	}
	return missingAt(i.Newest)
}

// missingAt returns when the INVOICED after a COMPLETE is overdue.
func missingAt(complete Order) time.Time {
	t := complete.At.In(prodege.Pacific())
	return time.Date(t.Year(), t.Month()+1, 7, 9, 0, 0, 0, prodege.Pacific())
}

// decideInvoice handles a click in the finance channel.
func (s *State) decideInvoice(d Decision) {
	i := s.Invoice
	record := func(what string) {
		s.line(Line{Kind: LineInvoice, Verdict: d.Verdict, Text: what, By: d.User, From: d.From, Ref: i.Key})
	}
	switch {
	case i == nil, s.Cancelled:
		s.answer(d, nil, AnswerClosed)
	case d.Revision != i.Revision:
		s.answer(d, nil, AnswerSuperseded)
	case d.Verdict == MarkInvoiced && oneOf(i.Phase, InvoiceByHand, InvoiceRefused):
		record("marked as invoiced")
		i.By = d.User
		s.enterInvoice(InvoiceMarked)
	case d.Verdict == TryAgain && i.Phase == InvoiceRefused, d.Verdict == SendInvoice && oneOf(i.Phase, InvoiceAsks, InvoiceAsked):
		record("send it now")
		i.Confirmed, i.HeldBack = true, false
		s.enterInvoice(InvoiceDue)
	default:
		s.answer(d, nil, AnswerDecided)
	}
}

// settled reports whether we have nothing more to do for the invoice.
func (i *Invoicing) settled() bool {
	return oneOf(i.Phase, InvoiceSent, InvoiceMarked, InvoiceDone, InvoiceCancelled, InvoiceDeleted)
}

func (i *Invoicing) attention() Attention {
	switch i.Phase {
	case InvoiceRefused:
		a := Attention{Kind: AttentionInvoice}
		if i.Refusal != nil {
			a.Text = Cut(i.Refusal.Text, 200)
		}
		return a
	case InvoiceSlow:
		return Attention{Kind: AttentionInvoiceSlow}
	case InvoiceAsks, InvoiceAsked:
		return Attention{Kind: AttentionInvoiceAsked}
	}
	if i.Missing && i.Ended == "" && i.settled() && i.Phase != InvoiceCancelled {
		return Attention{Kind: AttentionMissing}
	}
	return Attention{}
}

// cancelInvoice gives up an invoice that has not been created yet.
func (s *State) cancelInvoice() {
	i := s.Invoice
	if i == nil || i.settled() || i.Busy {
		return
	}
	i.Facts, i.Next = nil, nil
	s.enterInvoice(InvoiceCancelled)
	s.line(Line{Kind: LineInvoice, Text: "given up: its workflow was cancelled", Ref: i.Key})
}

// renderInvoice updates the invoice's message in the finance channel. If it is due, sent or accepted there is a message only if
// people were told about trouble before; if it was deleted, also if billing may have it.
func (s *State) renderInvoice() {
	i := s.Invoice
	if i == nil || i.Phase == InvoiceDue {
		return
	}
	quiet := oneOf(i.Phase, InvoiceSending, InvoiceSent, InvoiceDone) || i.Phase == InvoiceDeleted && i.Body == ""
	if quiet && s.message(i.Key) == nil {
		return
	}
	s.postInvoice(i.Key, s.Settings.FinanceChannel, i.Phase, i.PhaseAt, "invoice")
}

// postInvoice posts or updates a message about the invoice.
func (s *State) postInvoice(key, channel string, phase InvoicePhase, at time.Time, what string) {
	i := s.Invoice
	s.post(key, channel, Card{Invoice: &InvoiceFacts{Frame: s.frame(), Key: i.Key, Revision: i.Revision, Phase: phase, PhaseAt: at,
		CompletedAt: i.Event.Time, Reason: i.Event.Reason, Description: i.Event.Description, Note: i.Event.ReconciliationNote,
		CPI: i.CPI, Completes: i.Wanted, Refusal: i.Refusal, By: i.By, Vouched: i.Event.Vouched, Conflict: i.Twice}}, what)
}
