package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const billingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestBilling(t *testing.T) {
	b := NewBilling(billingSecret)
	srv := httptest.NewServer(b.Handler())
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // else the client repeats a cut call by itself
	send := func(key, idempotency, body string, at time.Time) int {
		t.Helper()
		signer, err := standardwebhooks.NewWebhook(billingSecret)
		if err != nil {
			t.Fatal(err)
		}
		signature, _ := signer.Sign(key, at, []byte(body))
		req, _ := http.NewRequest(http.MethodPost, srv.URL, strings.NewReader(body))
		req.Header.Set("webhook-id", key)
		req.Header.Set("webhook-timestamp", timestamp(at))
		req.Header.Set("webhook-signature", signature)
		req.Header.Set("Idempotency-Key", idempotency)
		resp, err := client.Do(req)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	now := time.Now()
	b.Inject(Fault{Kind: LostAnswer})
	b.Inject(Fault{Kind: HTTPStatus, Status: 503})
	for i, c := range []struct {
		key, idempotency, body string
		at                     time.Time
		status, invoices, bad  int
	}{
		{"k1", "k1", `{"a":1}`, now, 0, 1, 0},              // booked, answer lost
		{"k1", "k1", `{"a":1}`, now, 503, 1, 0},            // not looked at
		{"k1", "k1", `{"a":1}`, now, 200, 1, 0},            // the repeat books nothing
		{"k1", "k1", `{"a":2}`, now, 409, 1, 1},            // one key, two bodies
		{"k2", "other", `{}`, now, 400, 1, 2},              // keys differ
		{"k2", "k2", `{}`, now.Add(-time.Hour), 401, 1, 3}, // signed too long ago
		{"k2", "k2", `{}`, now, 200, 2, 3},
	} {
		if got := send(c.key, c.idempotency, c.body, c.at); got != c.status {
			t.Errorf("%d: answered %d, want %d", i, got, c.status)
		}
		if len(b.Invoices()) != c.invoices || len(b.Complaints()) != c.bad {
			t.Errorf("%d: %d invoices, complaints %v", i, len(b.Invoices()), b.Complaints())
		}
	}
	if first := b.Invoices()[0]; first.Calls != 3 || len(b.Calls()) != 7 || b.Fired(LostAnswer) != 1 {
		t.Errorf("%+v of %d calls", first, len(b.Calls()))
	}
}

func timestamp(at time.Time) string {
	text, _ := sign("", at, nil)
	return text
}
