package prodege

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// ProductionURL is the address of Prodege's Demand API.
const ProductionURL = "https://surveypmr.prodegeapis.com/prodegemr"

const (
	callTimeout = 15 * time.Second // for a call including its repetition, however long ctx allows
	maxAnswer   = 1 << 20          // bytes; the answer about a project is a few KiB
)

// Options configure a Client.
type Options struct {
	APIKey    Secret // required: apik
	SecretKey Secret // required: signs calls; if there are several, the newest

	BaseURL string           // http or https, without query; ProductionURL if empty
	HTTP    *http.Client     // redirects are never followed, whatever it says; http.DefaultTransport if nil
	Now     func() time.Time // time.Now if nil
}

// Client makes the Demand API calls that this program needs. It is safe for concurrent use. It repeats a call
// only if Prodege considered its date expired; everything else is for the caller to retry, see APIError.Retryable.
type Client struct {
	base   string
	key    Secret
	secret Secret
	http   *http.Client
	now    func() time.Time
	offset atomic.Int64 // Prodege's clock minus ours in milliseconds, learned from an expired call
}

// NewClient makes a client. An unusable BaseURL is reported by the first call.
func NewClient(o Options) *Client {
	c := &Client{base: strings.TrimRight(o.BaseURL, "/"), key: o.APIKey, secret: o.SecretKey, now: o.Now}
	if c.base == "" {
		c.base = ProductionURL
	}
	if c.now == nil {
		c.now = time.Now
	}
	h := http.Client{}
	if o.HTTP != nil {
		h = *o.HTTP
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // it would take the signature elsewhere
	c.http = &h
	return c
}

// String returns the address; without it fmt would print the keys.
func (c *Client) String() string { return "prodege client of " + c.base }

// GoString keeps the keys from %#v.
func (c *Client) GoString() string { return c.String() }

// Names of the calls, as given in APIError.Call.
const (
	callInfo      = "project-get-info"
	callQuotas    = "project-quotas-by-id"
	callUpdate    = "project-update"
	callSettings  = "project-settings-get"
	callSetClicks = "project-settings-update"
)

// ProjectInfo reads a project. Errors are *APIError.
func (c *Client) ProjectInfo(ctx context.Context, id ProjectID) (ProjectInfo, error) {
	return readField(ctx, c, callInfo, id, "project_info", func(raw json.RawMessage) (ProjectInfo, bool) {
		info, ok := parseProjectInfo(raw)
		if info.ID == 0 {
			info.ID = id
		}
		return info, ok && info.ID == id
	})
}

// Quotas reads how many completes a project has and how many are wanted. Errors are *APIError.
func (c *Client) Quotas(ctx context.Context, id ProjectID) (Quotas, error) {
	return readField(ctx, c, callQuotas, id, "quotas", parseQuotas)
}

// ClickSettings reads a project's limits on clicks. Errors are *APIError.
func (c *Client) ClickSettings(ctx context.Context, id ProjectID) (ClickSettings, error) {
	return readField(ctx, c, callSettings, id, "project_settings", parseClickSettings)
}

// readField calls for a field of the answer that describes a project. parse returns false if it can't be used.
func readField[T any](ctx context.Context, c *Client, name string, id ProjectID, field string, parse func(json.RawMessage) (T, bool)) (got T, err error) {
	a, err := c.call(ctx, http.MethodGet, name, map[string]string{"prodege_project_id": id.String()})
	if err != nil {
		return got, err
	}
	got, ok := parse(unwrapped(a.body[field]))
	if !ok {
		return got, a.fault(name, "the answer has no usable "+field+" of the project")
	}
	return got, nil
}

// UpdateProject changes a project. An amount that is not positive, or an update without a field, is refused without
// a call; all other errors are *APIError. After a retryable one it is unknown whether Prodege made the change.
func (c *Client) UpdateProject(ctx context.Context, id ProjectID, u ProjectUpdate) error {
	params := map[string]string{"prodege_project_id": id.String()}
	if u.MaxCPI != nil {
		if u.MaxCPI.Cmp(USD{}) <= 0 {
			return fmt.Errorf("update project %s: max_cpi %s is not a positive amount", id, u.MaxCPI)
		}
		params["max_cpi"] = u.MaxCPI.String()
	}
	if u.Status != "" {
		params["status"] = string(u.Status)
	}
	if u.SampleSize != 0 {
		params["sample_size"] = strconv.FormatInt(u.SampleSize, 10)
	}
	if len(params) == 1 {
		return fmt.Errorf("update project %s: nothing to change", id)
	}
	return c.change(ctx, callUpdate, params)
}

// AllowClicks sets how many clicks are left from now on, and how often they are refilled. It sets a state, so repeating
// it changes nothing while the project is paused. A number that is not positive is refused without a call; all other
// errors are *APIError.
func (c *Client) AllowClicks(ctx context.Context, id ProjectID, left int64, refill Refill) error {
	if left <= 0 {
		return fmt.Errorf("allow clicks for project %s: %d is not a positive number", id, left)
	}
	return c.change(ctx, callSetClicks, map[string]string{
		"prodege_project_id": id.String(), "enable_max_clicks": "true",
		"enable_max_clicks_allowed_clicks":    strconv.FormatInt(left, 10),
		"enable_max_clicks_max_click_rate_id": strconv.Itoa(int(refill)),
	})
}

// change makes a call that must be answered with success.
func (c *Client) change(ctx context.Context, name string, params map[string]string) error {
	a, err := c.call(ctx, http.MethodPost, name, params)
	if err == nil && !a.succeeded {
		return a.fault(name, "the answer has no return_status")
	}
	return err
}

// call makes a call, and repeats it at once if Prodege considers it expired: then our clocks differ, and the answer's
// Date header says by how much.
func (c *Client) call(ctx context.Context, method, name string, params map[string]string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a, err := c.once(ctx, method, name, params)
	if refused, is := errors.AsType[*APIError](err); !is || !refused.Has(codeExpired) {
		return a, err
	}
	if !a.date.IsZero() {
		c.offset.Store(a.date.Sub(c.now()).Milliseconds())
	}
	return c.once(ctx, method, name, params)
}

func (c *Client) once(ctx context.Context, method, name string, params map[string]string) (answer, error) {
	signed := maps.Clone(params)
	signed[apiKeyName] = c.key.Reveal()
	signed[requestDateName] = strconv.FormatInt(c.now().UnixMilli()+c.offset.Load(), 10)
	signature := Sign(c.secret, signed)
	values := url.Values{signatureName: {signature}}
	for k, v := range signed {
		values.Set(k, v)
	}
	fault := func(err error) error {
		return &APIError{Call: name, Messages: []string{c.hide(WithoutAddress(err).Error(), signature)}, err: context.Cause(ctx)}
	}
	address, form := c.base+"/"+name, values.Encode()
	if method == http.MethodGet {
		address, form = address+"?"+form, ""
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return answer{}, fault(errors.New("the base URL can't be called"))
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, fault(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return answer{}, fault(fmt.Errorf("the answer broke off: %w", err))
	}
	a := answer{status: res.StatusCode}
	a.date, _ = http.ParseTime(res.Header.Get("Date")) // zero if absent
	var ok bool
	if a.body, ok = object(bytes.TrimPrefix(body, []byte("\ufeff"))); !ok || len(body) > maxAnswer {
		return a, &APIError{Call: name, HTTPStatus: a.status, notJSON: true}
	}
	if refused := a.judge(name); refused != nil {
		for i, m := range refused.Messages {
			refused.Messages[i] = c.hide(m, signature)
		}
		return a, refused
	}
	return a, nil
}

// WithoutAddress drops the layers of an error that quote the address, whose query may contain a key and a signature.
func WithoutAddress(err error) error {
	for {
		outer, found := errors.AsType[*url.Error](err)
		if !found {
			return err
		}
		err = outer.Err
	}
}

// hide removes the secrets that the other side may have quoted.
func (c *Client) hide(text, signature string) string {
	for _, secret := range []string{c.key.Reveal(), c.secret.Reveal(), signature} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
			text = strings.ReplaceAll(text, url.QueryEscape(secret), "[redacted]")
		}
	}
	return text
}
