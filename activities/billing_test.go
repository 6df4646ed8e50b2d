package activities

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

const billingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func invoice() SendInvoice {
	return SendInvoice{Key: "project-812-invoice-r1", Body: `{"type":"invoice.requested","data":{"project_id":812,"cpi":"3.10"}}`}
}

// biller answers with handle, with our activity in front of it.
func biller(t *testing.T, handle http.HandlerFunc, change func(*BillingOptions)) *Billing {
	t.Helper()
	srv := httptest.NewServer(handle)
	t.Cleanup(srv.Close)
	o := BillingOptions{URL: srv.URL + "/invoices?token=hidden", Secret: billingSecret}
	if change != nil {
		change(&o)
	}
	b, err := NewBilling(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSendInvoice(t *testing.T) {
	verify, err := webhooks.NewWebhook(billingSecret)
	if err != nil {
		t.Fatal(err)
	}
	var calls int
	b := biller(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, _ := io.ReadAll(r.Body)
		want(t, "body", string(body), invoice().Body)
		want(t, "method", r.Method, http.MethodPost)
		want(t, "content type", r.Header.Get("Content-Type"), "application/json")
		want(t, "webhook-id", r.Header.Get("webhook-id"), invoice().Key)
		want(t, "Idempotency-Key", r.Header.Get("Idempotency-Key"), invoice().Key)
		if err := verify.Verify(body, r.Header); err != nil {
			t.Errorf("signature: %v", err)
		}
		w.WriteHeader(http.StatusAccepted)
	}, nil)
	got, err := once[InvoiceSent](t, b.SendInvoice, invoice(), try{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "answer", got, InvoiceSent{Status: http.StatusAccepted})
	want(t, "calls", calls, 1)
}

// The lost answer: the same key and the same bytes again, signed anew, make one invoice.
func TestSendInvoiceOnce(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.LostAnswer, simulator.CutBefore, simulator.RateLimited, simulator.HTTPStatus} {
		sim := simulator.NewBilling(billingSecret)
		sim.Inject(simulator.Fault{Kind: kind, Times: 2})
		b := biller(t, sim.Handler().ServeHTTP, nil)
		_, attempts, err := retried[InvoiceSent](t, b.SendInvoice, invoice())
		if err != nil || attempts != 3 {
			t.Errorf("%s: %d attempts, %v", kind, attempts, err)
		}
		want(t, string(kind)+": fired", sim.Fired(kind), 2)
		want(t, string(kind)+": invoices", len(sim.Invoices()), 1)
		if v := sim.Violations(); len(v) > 0 {
			t.Errorf("%s: %v", kind, v)
		}
	}
}

func TestSendInvoiceNowhere(t *testing.T) {
	calls := 0
	count := func(http.ResponseWriter, *http.Request) { calls++ }
	dry := biller(t, count, func(o *BillingOptions) { o.DryRun = true })
	none := biller(t, count, func(o *BillingOptions) { o.URL = "" })
	for b, wanted := range map[*Billing]InvoiceSent{dry: {DryRun: true}, none: {NoURL: true}} {
		got, err := once[InvoiceSent](t, b.SendInvoice, invoice(), try{})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "answer", got, wanted)
	}
	want(t, "calls", calls, 0)
}

func TestSendInvoiceStatuses(t *testing.T) {
	for _, c := range []struct {
		status     int
		retryAfter string
		final      bool
		wait       time.Duration
		says       string
	}{
		{status: 400, final: true, says: "refuses the invoice"},
		{status: 401, final: true, says: "BILLING_SIGNING_SECRET"},
		{status: 403, final: true, says: "BILLING_SIGNING_SECRET"},
		{status: 404, final: true, says: "BILLING_URL"},
		{status: 405, final: true, says: "BILLING_URL"},
		{status: 410, final: true, says: "BILLING_URL"},
		{status: 413, final: true, says: "413"},
		{status: 422, final: true, says: "422"},
		{status: 451, final: true, retryAfter: "9", says: "451"},
		{status: 408, says: "408"}, {status: 409, says: "409"}, {status: 425, says: "425"},
		{status: 429, says: "429"}, {status: 429, retryAfter: "7", wait: 7 * time.Second, says: "429"},
		{status: 429, retryAfter: "999999", wait: time.Hour, says: "429"}, {status: 429, retryAfter: "-1", says: "429"},
		{status: 429, retryAfter: "soon", says: "429"},
		{status: 503, retryAfter: "30", wait: 30 * time.Second, says: "503"},
		{status: 503, retryAfter: "Mon, 02 Mar 2026 17:02:00 GMT", wait: 2 * time.Minute, says: "503"},
		{status: 503, retryAfter: "Mon, 02 Mar 2026 16:02:00 GMT", says: "503"},
		{status: 500, retryAfter: "30", says: "500"}, {status: 502, says: "502"}, {status: 504, says: "504"},
		{status: 301, says: "elsewhere"}, {status: 302, says: "elsewhere"}, {status: 307, says: "elsewhere"}, {status: 308, says: "elsewhere"},
		{status: 304, says: "304"},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.retryAfter), func(t *testing.T) {
			calls := 0
			b := biller(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				w.Header().Set("Location", "/elsewhere")
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
			}, func(o *BillingOptions) {
				o.Now = func() time.Time { return time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC) }
			})
			_, err := once[InvoiceSent](t, b.SendInvoice, invoice(), try{})
			app := appError(t, err)
			want(t, "calls", calls, 1)
			want(t, "final", app.NonRetryable(), c.final)
			want(t, "type", app.Type(), map[bool]string{true: TypeBillingRefused, false: TypeBillingPassing}[c.final])
			want(t, "delay", app.NextRetryDelay(), c.wait)
			refusal, known := RefusalOf(err)
			want(t, "known", known, true)
			want(t, "party", refusal.Party, "billing")
			want(t, "codes", fmt.Sprint(refusal.Codes), fmt.Sprintf("[%d]", c.status))
			if !strings.Contains(refusal.Text, c.says) {
				t.Errorf("%q does not say %q", refusal.Text, c.says)
			}
		})
	}
}

// Whatever fails, neither the address's token nor the secret is told.
func TestSendInvoiceUnreached(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	b, err := NewBilling(BillingOptions{URL: srv.URL + "/invoices?token=hidden", Secret: billingSecret})
	if err != nil {
		t.Fatal(err)
	}
	_, err = once[InvoiceSent](t, b.SendInvoice, invoice(), try{})
	want(t, "type", appError(t, err).Type(), TypeBillingPassing)
	for _, secret := range []string{"hidden", billingSecret} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}

func TestNewBilling(t *testing.T) {
	for name, o := range map[string]BillingOptions{
		"no address":   {URL: "billing", Secret: billingSecret},
		"ftp":          {URL: "ftp://billing.example", Secret: billingSecret},
		"no secret":    {URL: "https://billing.example"},
		"empty secret": {URL: "https://billing.example", Secret: "whsec_"},
		"no Base64":    {URL: "https://billing.example", Secret: "whsec_hidden!"},
	} {
		_, err := NewBilling(o)
		switch {
		case err == nil:
			t.Errorf("%s: taken", name)
		case strings.Contains(err.Error(), "hidden"):
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
	if _, err := NewBilling(BillingOptions{Secret: prodege.Secret("whatever")}); err != nil {
		t.Errorf("without an address: %v", err)
	}
}
