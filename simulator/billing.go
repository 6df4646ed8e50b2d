package simulator

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Invoice is one request for an invoice that billing took.
type Invoice struct {
	Key   string // webhook-id and Idempotency-Key
	Body  []byte
	Calls int // how often it was sent; one is billed, however often
}

// BillingCall is one call, whatever came of it.
type BillingCall struct {
	At     time.Time
	Key    string
	Body   []byte
	Status int // 0: the connection was cut without an answer
}

// Billing is a stand-in for a billing system that takes Standard Webhooks. Its methods are safe for concurrent use. It
// complains of what a billing system must be able to rely on and could not: bad signatures, keys that differ, one key
// with two bodies.
type Billing struct {
	counterparty
	verify   *standardwebhooks.Webhook
	invoices []Invoice
	calls    []BillingCall
}

// NewBilling makes one that checks with that secret ("whsec_…"). It panics if the secret is none, as only
// tests and cmd/dev call it.
func NewBilling(secret string) *Billing {
	verify, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		panic("simulator: NewBilling: " + err.Error())
	}
	return &Billing{counterparty: counterparty{name: "billing"}, verify: verify}
}

// Handler takes invoices at any path.
func (b *Billing) Handler() http.Handler { return http.HandlerFunc(b.invoice) }

func (b *Billing) invoice(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	key := r.Header.Get(standardwebhooks.HeaderWebhookID)
	b.serve(w, r, call{}, func(fault Fault) answer {
		defer b.lock()()
		status := b.refused(r, key, body, err)
		if status == 0 {
			status = fault.instead()
		}
		if status == 0 {
			status = b.book(key, body)
		}
		c := BillingCall{At: time.Now(), Key: key, Body: body, Status: status}
		if fault.Kind == CutBefore || fault.Kind == LostAnswer {
			c.Status = 0
		}
		b.calls = keep(b.calls, c)
		return answer{status: status}
	})
}

// refused is the status for a call that is not what the Standard Webhooks say, 0 if it is.
func (b *Billing) refused(r *http.Request, key string, body []byte, err error) int {
	switch {
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	case err != nil:
		return http.StatusBadRequest
	case b.verify.Verify(body, r.Header) != nil:
		b.complain("not signed as it should be: key %q", key)
		return http.StatusUnauthorized
	case r.Header.Get("Idempotency-Key") != key:
		b.complain("Idempotency-Key %q is not webhook-id %q", r.Header.Get("Idempotency-Key"), key)
		return http.StatusBadRequest
	}
	return 0
}

// instead is the status that billing answers instead of booking, 0 if the fault lets it book.
func (f Fault) instead() int {
	switch f.Kind {
	case AnswerCode:
		return cmp.Or(f.Status, http.StatusUnprocessableEntity)
	case RateLimited:
		return http.StatusTooManyRequests
	case HTTPStatus, CutBefore:
		return cmp.Or(f.Status, http.StatusServiceUnavailable)
	}
	return 0
}

// book books an invoice. A key that was there already books nothing; with other bytes it is a complaint.
func (b *Billing) book(key string, body []byte) int {
	known := find(b.invoices, func(i Invoice) bool { return i.Key == key })
	if known == nil {
		b.invoices = append(b.invoices, Invoice{Key: key, Body: body, Calls: 1})
		return http.StatusOK
	}
	known.Calls++
	if string(known.Body) != string(body) {
		b.complain("key %q came again with another body", key)
		return http.StatusConflict
	}
	return http.StatusOK
}

// Invoices lists what was booked, oldest first: one per key.
func (b *Billing) Invoices() []Invoice {
	defer b.lock()()
	return slices.Clone(b.invoices)
}

// Calls lists every call, oldest first.
func (b *Billing) Calls() []BillingCall {
	defer b.lock()()
	return slices.Clone(b.calls)
}

// WaitInvoice waits for a booked invoice that satisfies is.
func (b *Billing) WaitInvoice(ctx context.Context, is func(Invoice) bool) (Invoice, error) {
	return wait(ctx, &b.news, "an invoice", b.Invoices, is)
}
