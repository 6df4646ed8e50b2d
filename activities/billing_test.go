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
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

const billingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func invoice() project.InvoiceCall {
	return project.InvoiceCall{Key: "project-812-invoice-r1", Body: `{"type":"invoice.requested","data":{"project_id":812,"cpi":"3.10"}}`}
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
	got, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "answer", got, project.InvoiceResult{Status: http.StatusAccepted})
	want(t, "calls", calls, 1)
}

// After a lost answer the same key and the same bytes are sent with a new signature, and there is one invoice.
func TestSendInvoiceOnce(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.LostAnswer, simulator.CutBefore, simulator.RateLimited, simulator.HTTPStatus} {
		sim := simulator.NewBilling(billingSecret)
		sim.Inject(simulator.Fault{Kind: kind, Times: 2})
		b := biller(t, sim.Handler().ServeHTTP, nil)
		_, attempts, err := repeated[project.InvoiceResult](t, b.SendInvoice, invoice(), func(_ *project.InvoiceCall, f project.Failure) {
			want(t, string(kind)+": maybe", f.Maybe, kind != simulator.RateLimited)
		})
		if err != nil || attempts != 3 {
			t.Errorf("%s: %d attempts, %v", kind, attempts, err)
		}
		want(t, string(kind)+": fired", sim.Fired(kind), 2)
		want(t, string(kind)+": invoices", len(sim.Invoices()), 1)
		if v := sim.Complaints(); len(v) > 0 {
			t.Errorf("%s: %v", kind, v)
		}
	}
}

func TestSendInvoiceNowhere(t *testing.T) {
	calls := 0
	count := func(http.ResponseWriter, *http.Request) { calls++ }
	dry := biller(t, count, func(o *BillingOptions) { o.DryRun = true })
	none := biller(t, count, func(o *BillingOptions) { o.URL = "" })
	for b, wanted := range map[*Billing]project.InvoiceResult{dry: {DryRun: true}, none: {NoURL: true}} {
		got, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
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
		{status: 408, says: "408"}, {status: 425, says: "425"},
		{status: 429, says: "429"}, {status: 429, retryAfter: "7", wait: 7 * time.Second, says: "429"},
		{status: 429, retryAfter: "999999", wait: time.Hour, says: "429"}, {status: 429, retryAfter: "-1", says: "429"},
		{status: 429, retryAfter: "soon", says: "429"},
		{status: 503, retryAfter: "30", wait: 30 * time.Second, says: "503"},
		{status: 503, retryAfter: "Mon, 02 Mar 2026 17:02:00 GMT", wait: 2 * time.Minute, says: "503"},
		{status: 503, retryAfter: "Mon, 02 Mar 2026 16:02:00 GMT", says: "503"},
		{status: 500, retryAfter: "30", wait: 30 * time.Second, says: "500"}, {status: 502, says: "502"}, {status: 504, says: "504"},
		{status: 503, retryAfter: "99999999999999999999", wait: time.Hour, says: "503"}, {status: 503, retryAfter: "-99999999999999999999", says: "503"},
		{status: 301, says: "redirects"}, {status: 302, says: "redirects"}, {status: 307, says: "redirects"}, {status: 308, says: "redirects"},
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
			_, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
			f := failureOf(t, err)
			want(t, "calls", calls, 1)
			want(t, "kind", f.Kind, map[bool]project.FailureKind{true: project.FailedRefused, false: project.FailedTransient}[c.final])
			want(t, "type", appError(t, err).Type(), map[bool]string{true: TypeBillingRefused, false: TypeBillingTransient}[c.final])
			want(t, "delay", f.RetryAfter, c.wait)
			want(t, "maybe", f.Maybe, c.status >= 500)
			want(t, "party", f.Refusal.Party, "billing")
			want(t, "codes", fmt.Sprint(f.Refusal.Codes), fmt.Sprintf("[%d]", c.status))
			contains(t, "refusal", f.Refusal.Text, c.says)
		})
	}
}

// What 409 means depends on earlier attempts, so it is returned as it is.
func TestSendInvoiceConflict(t *testing.T) {
	b := biller(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"success": false, "error": "already processed"}`)
	}, nil)
	got, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "answer", got, project.InvoiceResult{Conflict: true, Status: 409})
}

// A 2xx whose body says no, or that is a web page, is a refusal.
func TestSendInvoiceBodies(t *testing.T) {
	for _, c := range []struct {
		contentType, body string
		says              string // empty: taken
	}{
		{"", "", ""},
		{"application/json", `{}`, ""},
		{"application/json", `{"success": true, "ok": true, "error": null}`, ""},
		{"application/json", `{"success": null, "error": ""}`, ""},
		{"application/json", `{"error": {}}`, ""},
		{"application/json", `{"error": false}`, ""},
		{"application/json", `{"error": []}`, ""},
		{"application/json", `{"error": 0}`, ""},
		{"application/json", `{"success": true, "error": "none"}`, ""},
		{"application/json", `{"success": true, "error": " null "}`, ""},
		{"application/json", `{"ok": "", "success": "maybe"}`, ""},
		{"application/xml", `<?xml version="1.0"?><invoice/>`, ""},
		{"text/plain", "<htmlish>", ""},
		{"application/json", `{"error": true}`, `"error" is true`},
		{"application/json", `{"error": ["no such order"]}`, `"error" is ["no such order"]`},
		{"application/json", `{"OK": " FALSE "}`, `"OK" is`},
		{"application/json", " \u00a0\ufeff\n" + `{"ok": false}`, `"ok" is false`},
		{"application/json", `{"success": false`, `"success" is false`},
		{"application/json", `{"success": true, "success": false}`, `"success" is false`},
		{"text/plain", "<html\nlang=en>", "web page"},
		{"text/plain", "<!doctype\nhtml>", "web page"},
		{"application/json", "<html", "web page"},
		{"text/xml", "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'>", "web page"},
		{"text/plain", "\u00a0\ufeff <!DOCTYPE html>", "web page"},
		{"application/json", `{"errors": 0, "data": {"success": false, "error": "no"}}`, ""},
		{"application/json", `[{"success": false}]`, ""},
		{"application/json", `"success: false"`, ""},
		{"application/json", `{"success": true`, ""},
		{"text/plain", "taken", ""},
		{"text/plain", "no <html> here", ""},
		{"application/json", `{"success": false}`, `"success" is false`},
		{"application/json", `{"id": 7, "ok": false}`, `"ok" is false`},
		{"text/plain", `  {"Success": "False"}`, `"Success" is`},
		{"", "\ufeff" + `{"success": false}`, `"success" is false`},
		{"application/json", `{"success": true, "error": "duplicate"}`, `"error" is "duplicate"`},
		{"application/json", `{"error": {"code": 7}}`, `"error" is {"code": 7}`},
		{"application/json", `{"success": false, "data": "` + strings.Repeat("x", 2*billingAnswer) + `"}`, `"success" is false`},
		{"text/html; charset=utf-8", "ok", "web page"},
		{"TEXT/HTML", `{"success": true}`, "web page"},
		{"application/xhtml+xml", "<div/>", "web page"},
		{"application/json", "\n <!DOCTYPE html><html><body>Log in</body></html>", "web page"},
		{"", "<HTML><head></head></HTML>", "web page"},
		{"text/plain", "\ufeff<html>", "web page"},
	} {
		for _, status := range []int{200, 202} {
			b := biller(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = nil
				if c.contentType != "" {
					w.Header().Set("Content-Type", c.contentType)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, c.body)
			}, nil)
			got, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
			name := fmt.Sprintf("%s %.60s", c.contentType, c.body)
			if c.says == "" {
				if err != nil || got.Status != status {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s: taken", name)
				continue
			}
			f := failureOf(t, err)
			want(t, name+": kind", f.Kind, project.FailedRefused)
			want(t, name+": party", f.Refusal.Party, "billing")
			want(t, name+": codes", fmt.Sprint(f.Refusal.Codes), fmt.Sprintf("[%d]", status))
			contains(t, name, f.Refusal.Text, c.says)
		}
	}
}

// Whatever fails, neither the address's token nor the secret is shown.
func TestSendInvoiceUnreached(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	b, err := NewBilling(BillingOptions{URL: srv.URL + "/invoices?token=hidden", Secret: billingSecret})
	if err != nil {
		t.Fatal(err)
	}
	_, err = once[project.InvoiceResult](t, b.SendInvoice, invoice())
	f := failureOf(t, err)
	want(t, "type", appError(t, err).Type(), TypeBillingTransient)
	want(t, "kind", f.Kind, project.FailedTransient)
	want(t, "maybe", f.Maybe, true)
}

// An answer without a body says nothing, whatever type the server gives it.
func TestSendInvoiceNoContent(t *testing.T) {
	b := biller(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusNoContent)
	}, nil)
	got, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
	if err != nil || got.Status != http.StatusNoContent {
		t.Errorf("%+v, %v", got, err)
	}
}

// What we can't send was not refused by billing, and billing did not receive it.
func TestSendInvoiceUnsent(t *testing.T) {
	b := biller(t, func(http.ResponseWriter, *http.Request) { t.Error("called") }, nil)
	b.url = "http://bad host/"
	_, err := once[project.InvoiceResult](t, b.SendInvoice, invoice())
	f := failureOf(t, err)
	want(t, "type", appError(t, err).Type(), TypeNotSent)
	want(t, "kind", f.Kind, project.FailedRefused)
	want(t, "maybe", f.Maybe, false)
	want(t, "party", f.Refusal.Party, project.PartyUs)
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
