package simulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Invoice is one request for an invoice that billing took.
type Invoice struct {
	Key   string // webhook-id and Idempotency-Key
	Body  []byte
	At    time.Time
	Calls int // how often it was sent; one is billed, however often
}

// BillingCall is one call, whatever came of it.
type BillingCall struct {
	At     time.Time
	Key    string
	Body   []byte
	Status int // 0: the connection was cut without an answer
}

// Billing is a stand-in for a billing system that takes Standard Webhooks. Its methods are safe for
// concurrent use. Faults: AnswerCode answers Fault.Status or 422, RateLimited 429.
type Billing struct {
	faults
	news
	verify *standardwebhooks.Webhook

	mu         sync.Mutex
	invoices   []*Invoice
	calls      []BillingCall
	violations []string
}

// NewBilling makes one that checks with that secret ("whsec_…"). It panics if the secret is none, as only
// tests and cmd/dev call it.
func NewBilling(secret string) *Billing {
	verify, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		panic("simulator: NewBilling: " + err.Error())
	}
	return &Billing{verify: verify}
}

// Handler takes invoices at any path.
func (b *Billing) Handler() http.Handler { return http.HandlerFunc(b.serve) }

func (b *Billing) serve(w http.ResponseWriter, r *http.Request) {
	defer b.tell()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	key := r.Header.Get(standardwebhooks.HeaderWebhookID)
	fault := b.take(call{})
	status := b.refused(r, key, body, err)
	if status == 0 && fault != nil {
		status = fault.instead()
	}
	if status == 0 {
		status = b.book(key, body)
	}
	cut := fault != nil && (fault.Kind == CutBefore || fault.Kind == LostAnswer)
	b.record(key, body, map[bool]int{true: 0, false: status}[cut])
	if cut {
		panic(http.ErrAbortHandler)
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", fault.retryAfter())
	}
	if fault != nil {
		b.tell() // of the deed at once, however late its answer goes out
	}
	fault.after(r)
	w.WriteHeader(status)
}

// refused is the status for a call that is not what the Standard Webhooks say, 0 if it is.
func (b *Billing) refused(r *http.Request, key string, body []byte, err error) int {
	switch {
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	case err != nil:
		return http.StatusBadRequest
	case b.verify.Verify(body, r.Header) != nil:
		b.violate("not signed as it should be: key %q", key)
		return http.StatusUnauthorized
	case r.Header.Get("Idempotency-Key") != key:
		b.violate("Idempotency-Key %q is not webhook-id %q", r.Header.Get("Idempotency-Key"), key)
		return http.StatusBadRequest
	}
	return 0
}

// instead is the status that billing answers instead of booking, 0 if the fault lets it book.
func (f *Fault) instead() int {
	switch {
	case f.Kind == AnswerCode && f.Status == 0:
		return http.StatusUnprocessableEntity
	case f.Kind == AnswerCode:
		return f.Status
	case f.Kind == RateLimited:
		return http.StatusTooManyRequests
	case f.Kind == HTTPStatus:
		return f.status()
	case f.Kind == CutBefore:
		return http.StatusServiceUnavailable // nobody sees it: the connection is cut
	}
	return 0
}

// book books an invoice. A key that was there already books nothing; with other bytes it is a violation.
func (b *Billing) book(key string, body []byte) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range b.invoices {
		if i.Key != key {
			continue
		}
		i.Calls++
		if string(i.Body) != string(body) {
			b.violations = append(b.violations, fmt.Sprintf("key %q came again with another body", key))
			return http.StatusConflict
		}
		return http.StatusOK
	}
	b.invoices = append(b.invoices, &Invoice{Key: key, Body: body, At: time.Now(), Calls: 1})
	return http.StatusOK
}

func (b *Billing) violate(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations = append(b.violations, fmt.Sprintf(format, args...))
}

func (b *Billing) record(key string, body []byte, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.calls) >= maxCalls {
		b.calls = append(b.calls[:0], b.calls[maxCalls/2:]...)
	}
	b.calls = append(b.calls, BillingCall{At: time.Now(), Key: key, Body: body, Status: status})
}

// Invoices lists what was booked, oldest first: one a key.
func (b *Billing) Invoices() []Invoice {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Invoice, 0, len(b.invoices))
	for _, i := range b.invoices {
		out = append(out, *i)
	}
	return out
}

// Calls lists every call, oldest first.
func (b *Billing) Calls() []BillingCall {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]BillingCall(nil), b.calls...)
}

// Violations lists what a billing system must be able to rely on and could not: bad signatures, keys that
// differ, one key with two bodies.
func (b *Billing) Violations() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.violations...)
}

// WaitInvoice waits for a booked invoice that satisfies is.
func (b *Billing) WaitInvoice(ctx context.Context, is func(Invoice) bool) (found Invoice, err error) {
	err = b.await(ctx, "an invoice", func() bool {
		for _, i := range b.Invoices() {
			if is(i) {
				found = i
				return true
			}
		}
		return false
	})
	return found, err
}
