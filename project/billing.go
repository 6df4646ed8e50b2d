package project

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"fieldmarshal/prodege"
)

// An invoice is sent to billing by one signed, idempotent call per revision. The project's facts are read before the body is
// composed; all attempts send the same bytes.

const (
	invoiceBackoff = 5 * time.Minute
	factsFor       = time.Minute // how long to try to read the facts for an invoice
	conflictAgain  = time.Minute // a 409 may mean that an earlier attempt is still in progress
)

func (s *State) invoiceJobs(add func(job)) {
	i := s.Invoice
	if i == nil {
		return
	}
	if f := i.Facts; f != nil {
		add(s.readJob(fmt.Sprintf("invoice/%d/%s", i.Revision, SafeID(i.Event.ID)), f, "read the project's facts for "+i.Key,
			Read{Quotas: true, Priority: PriorityPoll, Within: 15 * time.Second}, s.invoiceFacts))
	}
	if i.underWay() {
		add(job{base: "invoice/" + i.Key, try: &i.Try,
			task: func() Task {
				return Task{Summary: "send " + i.Key + " to billing", Invoice: &InvoiceCall{Key: i.Key, Body: i.Body}}
			},
			done: s.invoiceDone,
		})
	}
}

// invoiceFacts handles the reading with the facts for an invoice, which is sent without them if they don't come in time.
func (s *State) invoiceFacts(r Result) {
	i := s.Invoice
	if i.Facts.retries(s.now, r, 2*time.Second, 15*time.Second) {
		return
	}
	i.Facts, i.FactsRead = nil, true
	if r.Reading == nil {
		return
	}
	info := r.Reading.Info
	s.Name = nameOf(s.Name, info)
	i.Status, i.CPI = info.Status, cmp.Or(info.AvgCPI, info.CPI)
	if q := r.Reading.Quotas; q != nil {
		i.Wanted = q.Completes
	}
	if raw, err := json.Marshal(info); err == nil && len(raw) <= 8<<10 {
		i.Info = string(raw)
	}
}

// invoiceBody is the body of the call to billing. Money is decimal text; times have a zone.
type invoiceBody struct {
	Type      string      `json:"type"` // invoice.requested, or invoice.revised from the second revision on
	Timestamp time.Time   `json:"timestamp"`
	Data      invoiceData `json:"data"`
}

type invoiceData struct {
	ProjectID          prodege.ProjectID `json:"project_id"`
	ProjectName        string            `json:"project_name"`
	ReferenceID        string            `json:"reference_id"` // PO number
	Revision           int               `json:"revision"`
	Supersedes         string            `json:"supersedes,omitempty"` // key of the newest revision that billing accepted; r1's if there is none
	CompletedAt        time.Time         `json:"completed_at"`
	UpdateReason       prodege.Reason    `json:"update_reason"`
	Description        string            `json:"description"`
	ReconciliationNote string            `json:"reconciliation_note"`
	CPI                *prodege.USD      `json:"cpi"`
	Currency           string            `json:"currency"`
	Completes          int64             `json:"completes,omitempty"` // approximately, because quotas may overlap
	ProjectInfo        json.RawMessage   `json:"project_info,omitempty"`
}

// compose makes the body that all attempts send.
func (s *State) compose() string {
	i := s.Invoice
	body := invoiceBody{Type: "invoice.requested", Timestamp: s.now.UTC(), Data: invoiceData{
		ProjectID: s.ID, ProjectName: s.Name.Name, ReferenceID: s.Name.PONumber, Revision: i.Revision,
		CompletedAt: i.Event.Time, UpdateReason: i.Event.Reason, Description: i.Event.Description,
		ReconciliationNote: i.Event.ReconciliationNote, CPI: i.CPI, Currency: "USD", Completes: i.Wanted,
	}}
	if i.Info != "" {
		body.Data.ProjectInfo = json.RawMessage(i.Info)
	}
	if i.Revision > 1 {
		// From r2 on it is a revision even if billing refused all before: people may have entered r1 by hand, so the reader
		// must look for it.
		body.Type, body.Data.Supersedes = "invoice.revised", InvoiceKey(s.ID, max(i.Accepted, 1))
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Errorf("compose %s: %w", i.Key, err)) // impossible for plain values
	}
	return string(raw)
}

// invoiceDone handles the result of a call to billing.
func (s *State) invoiceDone(r Result) {
	i := s.Invoice
	switch got := r.Invoice; {
	case r.Failure != nil:
		s.invoiceFailed(*r.Failure)
	case got == nil:
	case got.DryRun:
		s.invoiceHeldBack()
	case got.NoURL:
		s.enterInvoice(InvoiceByHand)
	case got.Conflict:
		s.invoiceConflict()
	default:
		s.invoiceAccepted("accepted by billing")
	}
	if i.Next != nil && !i.underWay() {
		next := *i.Next
		i.Next = nil
		s.draft(next, i.Revision+1)
	}
	if s.Cancelled {
		s.cancelInvoice()
	}
}

// invoiceAccepted records that billing has the invoice. People are told only if they were told about trouble before.
func (s *State) invoiceAccepted(how string) {
	i := s.Invoice
	i.HeldBack, i.Confirmed, i.Refusal, i.Maybe = false, false, nil, false
	s.enterInvoice(InvoiceSent)
	s.line(Line{Kind: LineInvoice, Text: how, Ref: i.Key})
}

// invoiceConflict handles a 409. It counts as success only if an earlier attempt with the same bytes got no answer, and another
// 409 comes a minute later: the first one may mean that the earlier attempt is still in progress.
func (s *State) invoiceConflict() {
	i := s.Invoice
	switch {
	case !i.Maybe:
		s.invoiceRefused(&Refusal{Party: "billing", Codes: []int{409}, Text: "billing says that it conflicts with another invoice (HTTP 409)"})
	case i.Conflict.IsZero():
		i.Conflict = s.now
		i.After = s.now.Add(conflictAgain)
	case s.now.Before(i.Conflict.Add(conflictAgain)):
		i.After = i.Conflict.Add(conflictAgain)
	default:
		i.Twice = true
		s.invoiceAccepted("accepted by billing in an earlier attempt (409 twice)")
	}
}

func (s *State) invoiceRefused(r *Refusal) {
	i := s.Invoice
	i.Refusal = r
	s.enterInvoice(InvoiceRefused)
	what := "refused by billing: "
	if r.Party == PartyUs {
		what = "not sent: "
	}
	s.line(Line{Kind: LineInvoice, Text: what + r.Text, Ref: i.Key})
}

func (s *State) invoiceFailed(f Failure) {
	i := s.Invoice
	i.Maybe = i.Maybe || f.Maybe
	i.Conflict = time.Time{}
	if f.Kind == FailedRefused || f.Kind == FailedOperator {
		s.invoiceRefused(f.refusal("billing"))
		return
	}
	i.again(s.now, time.Second, invoiceBackoff, f.RetryAfter)
}
