package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.temporal.io/sdk/activity"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	billingTimeout = 15 * time.Second // Standard Webhooks recommends 15 to 30 s
	billingAnswer  = 64 << 10         // bytes read of an answer
)

// BillingOptions configure Billing.
type BillingOptions struct {
	URL    string         // BILLING_URL; empty: people create the invoices
	Secret prodege.Secret // BILLING_SIGNING_SECRET, whsec_…; required if there is a URL

	DryRun bool             // DRY_RUN: nothing is sent
	HTTP   *http.Client     // a new one if nil; redirects are never followed, whatever it says
	Now    func() time.Time // time.Now if nil
}

// Billing calls the system that creates invoices. SendInvoice is an activity and safe for concurrent use.
type Billing struct {
	url    string
	sign   *webhooks.Webhook
	dryRun bool
	http   *http.Client
	now    func() time.Time
}

// NewBilling makes the activity. It returns an error if there is a URL and it or the secret can't be used; the error shows
// neither.
func NewBilling(o BillingOptions) (*Billing, error) {
	b := &Billing{url: o.URL, dryRun: o.DryRun, http: strictClient(o.HTTP, billingTimeout), now: o.Now}
	if b.now == nil {
		b.now = time.Now
	}
	if b.url == "" {
		return b, nil
	}
	if u, err := url.Parse(b.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("BILLING_URL is not an http or https address")
	}
	var err error
	b.sign, err = webhooks.NewWebhook(o.Secret.Reveal())
	if err != nil || strings.TrimPrefix(o.Secret.Reveal(), "whsec_") == "" {
		return nil, errors.New("BILLING_SIGNING_SECRET is not of the form whsec_ and Base64")
	}
	return b, nil
}

// SendInvoice calls billing once. It may be repeated: each attempt has the same key and bytes, and billing creates one
// invoice per key. What a 409 means depends on earlier attempts, so it is left to the caller.
func (b *Billing) SendInvoice(ctx context.Context, in project.InvoiceCall) (project.InvoiceResult, error) {
	switch {
	case b.dryRun:
		return project.InvoiceResult{DryRun: true}, nil
	case b.url == "":
		return project.InvoiceResult{NoURL: true}, nil
	}
	status, f := b.call(ctx, in)
	outcome := "sent"
	switch {
	case f != nil:
		outcome = f.outcome()
	case status == http.StatusConflict:
		outcome = "conflict"
	}
	count(ctx, metricBilling, outcome, "")
	activity.GetLogger(ctx).Info("called billing", "key", in.Key, "status", status, "outcome", outcome)
	if f != nil {
		return project.InvoiceResult{}, f.err()
	}
	return project.InvoiceResult{Status: status, Conflict: status == http.StatusConflict}, nil
}

// call sends the invoice and judges the answer. status is 0 if none came.
func (b *Billing) call(ctx context.Context, in project.InvoiceCall) (status int, f *failure) {
	operation := "send " + in.Key
	req, err := b.request(ctx, in)
	if err != nil {
		return 0, notSent(operation, err.Error())
	}
	res, err := b.http.Do(req)
	if err != nil {
		return 0, billingUnreached(operation, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, billingAnswer)) // the status counts, even if the body is cut off
	f = billingStatus(operation, res.StatusCode, retryAfter(res.Header.Get("Retry-After"), b.now()))
	if f == nil && res.StatusCode != http.StatusConflict {
		reply := billingReply{status: res.StatusCode, contentType: res.Header.Get("Content-Type"), body: bytes.TrimLeft(body, blanks)}
		if words := reply.saysNo(); words != "" {
			f = billingRefused(operation, res.StatusCode, words)
		}
	}
	return res.StatusCode, f
}

// request signs according to Standard Webhooks: the timestamp, and therefore the signature, is that of this attempt. An
// error means that nothing can be sent.
func (b *Billing) request(ctx context.Context, in project.InvoiceCall) (*http.Request, error) {
	now := b.now()
	signature, err := b.sign.Sign(in.Key, now, []byte(in.Body))
	if err != nil {
		return nil, errors.New("the invoice can't be signed: check BILLING_SIGNING_SECRET")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(in.Body))
	if err != nil {
		return nil, errors.New("the billing address (BILLING_URL) can't be called")
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "fieldmarshal", "Idempotency-Key": in.Key,
		webhooks.HeaderWebhookID: in.Key, webhooks.HeaderWebhookTimestamp: strconv.FormatInt(now.Unix(), 10), webhooks.HeaderWebhookSignature: signature,
	} {
		req.Header.Set(name, value)
	}
	return req, nil
}

// billingReply is a 2xx of billing.
type billingReply struct {
	status      int
	contentType string
	body        []byte // at most billingAnswer bytes
}

// blanks may precede an answer.
const blanks = " \t\r\n\f\v\u0085\u00a0\u2028\u2029\ufeff"

// saysNo returns how the body of a 2xx refuses; empty if it does not, or can't be read.
func (r billingReply) saysNo() string {
	if r.isHTML() {
		return fmt.Sprintf("a web page answered at the billing address (BILLING_URL, HTTP %d), so nothing was invoiced; check the address, and a login page or proxy on the way", r.status)
	}
	d := json.NewDecoder(bytes.NewReader(r.body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return ""
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return ""
		}
		if refuses(fmt.Sprint(name), value) {
			return fmt.Sprintf("billing answered HTTP %d, but says that it did not accept the invoice: %q is %s", r.status, name, short(string(value)))
		}
	}
	return ""
}

// isHTML reports whether the answer is a web page. Without a body it is not, whatever its type.
func (r billingReply) isHTML() bool {
	if r.status == http.StatusNoContent || r.status == http.StatusResetContent {
		return false
	}
	for _, kind := range []string{r.contentType, http.DetectContentType(r.body)} {
		if kind = strings.ToLower(strings.TrimSpace(kind)); strings.HasPrefix(kind, "text/html") || strings.HasPrefix(kind, "application/xhtml") {
			return true
		}
	}
	return startsHTML.Match(r.body)
}

// startsHTML matches the beginnings of pages that net/http does not recognize: a line break after the first word, or an XML
// declaration before it.
var startsHTML = regexp.MustCompile(`(?i)^(<\?xml[^>]*>\s*)?<(!doctype\s+html|html)\b`)

// refuses reports whether a top-level member of an answer says no: success or ok is false, or error is not empty.
func refuses(name string, value json.RawMessage) bool {
	var parsed any
	if json.Unmarshal(value, &parsed) != nil {
		return false
	}
	switch strings.ToLower(name) {
	case "success", "ok":
		text, isText := parsed.(string)
		return parsed == false || isText && strings.EqualFold(strings.TrimSpace(text), "false")
	case "error":
		switch v := parsed.(type) {
		case string:
			return !prodege.SaysNothing(v)
		case map[string]any:
			return len(v) > 0
		case []any:
			return len(v) > 0
		case bool:
			return v
		}
	}
	return false
}

// retryAfter parses the header, which contains seconds or a date; 0 if it says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longestWait/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), longestWait)
}
