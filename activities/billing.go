package activities

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/prodege"
)

const (
	billingTimeout = 15 * time.Second // Standard Webhooks: a sender waits 15 to 30 s
	billingAnswer  = 64 << 10         // bytes of an answer that are read, so that the connection can serve again; they are not looked at
)

// BillingOptions configure Billing.
type BillingOptions struct {
	URL    string         // BILLING_URL; empty: invoices are people's business
	Secret prodege.Secret // BILLING_SIGNING_SECRET, whsec_…; required where there is a URL

	DryRun bool             // DRY_RUN: nothing is sent
	HTTP   *http.Client     // a new one where nil; follows no redirect, whatever it says
	Now    func() time.Time // time.Now where nil
}

// Billing is the system that makes invoices. Its method is an activity and safe for concurrent use.
type Billing struct {
	url    string
	sign   *webhooks.Webhook
	dryRun bool
	http   *http.Client
	now    func() time.Time
}

// NewBilling makes the activity. It fails where there is a URL and it or the secret can't be used; the error
// shows neither.
func NewBilling(o BillingOptions) (*Billing, error) {
	b := &Billing{url: o.URL, dryRun: o.DryRun, http: quietClient(o.HTTP, billingTimeout), now: o.Now}
	if b.now == nil {
		b.now = time.Now
	}
	if b.url == "" {
		return b, nil
	}
	if u, err := url.Parse(b.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("BILLING_URL is no http or https address")
	}
	var err error
	b.sign, err = webhooks.NewWebhook(o.Secret.Reveal())
	if err != nil || strings.TrimPrefix(o.Secret.Reveal(), "whsec_") == "" {
		return nil, errors.New("BILLING_SIGNING_SECRET is not of the form whsec_ and Base64")
	}
	return b, nil
}

// SendInvoice calls billing once. It may be repeated: the key and the bytes are the same at each try, and
// billing makes one invoice of one key.
func (b *Billing) SendInvoice(ctx context.Context, in SendInvoice) (InvoiceSent, error) {
	switch {
	case b.dryRun:
		return InvoiceSent{DryRun: true}, nil
	case b.url == "":
		return InvoiceSent{NoURL: true}, nil
	}
	what := "send " + in.Key
	status, retryAfter, err := b.call(ctx, in)
	switch {
	case err != nil && ctx.Err() != nil:
		return InvoiceSent{}, ctx.Err()
	case err != nil:
		err = billingUnreached(what, err)
	default:
		err = billingStatus(what, status, retryAfter)
	}
	outcome := "sent"
	switch {
	case err != nil && isFinal(err):
		outcome = "refused"
	case err != nil:
		outcome = "passing"
	}
	count(ctx, metricBilling, outcome, "")
	activity.GetLogger(ctx).Info("called billing", "key", in.Key, "status", status, "outcome", outcome)
	if err != nil {
		return InvoiceSent{}, err
	}
	return InvoiceSent{Status: status}, nil
}

// call signs and sends as Standard Webhooks says: the timestamp, and so the signature, is of this try.
func (b *Billing) call(ctx context.Context, in SendInvoice) (status int, retryAfter time.Duration, err error) {
	now := b.now()
	signature, err := b.sign.Sign(in.Key, now, []byte(in.Body))
	if err != nil {
		return 0, 0, errors.New("the body can't be signed")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(in.Body))
	if err != nil {
		return 0, 0, errors.New("BILLING_URL can't be called")
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "fieldmarshal", "Idempotency-Key": in.Key,
		webhooks.HeaderWebhookID: in.Key, webhooks.HeaderWebhookTimestamp: strconv.FormatInt(now.Unix(), 10), webhooks.HeaderWebhookSignature: signature,
	} {
		req.Header.Set(name, value)
	}
	res, err := b.http.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, billingAnswer)) // the status is the answer, however its body ends
	return res.StatusCode, b.retryAfter(res.Header.Get("Retry-After"), now), nil
}

// retryAfter reads the header: seconds, or a date. 0 where it says nothing.
func (b *Billing) retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return min(at.Sub(now), longestWait)
	}
	return 0
}
