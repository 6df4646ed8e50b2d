package prodege

import (
	"bytes"
	"context"
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
	a, err := c.call(ctx, http.MethodGet, callInfo, map[string]string{"prodege_project_id": id.String()})
	if err != nil {
		return ProjectInfo{}, err
	}
	raw, ok := object(unwrapped(a.body["project_info"]))
	if !ok {
		return ProjectInfo{}, a.fault(callInfo, "the answer has no project_info")
	}
	info := parseProjectInfo(raw)
	if info.ID == 0 {
		info.ID = id
	}
	if info.ID != id {
		return ProjectInfo{}, a.fault(callInfo, "the answer is about project "+info.ID.String()+" instead of "+id.String())
	}
	return info, nil
}

// Quotas reads how many completes a project has and how many are wanted. Errors are *APIError.
func (c *Client) Quotas(ctx context.Context, id ProjectID) (Quotas, error) {
	a, err := c.call(ctx, http.MethodGet, callQuotas, map[string]string{"prodege_project_id": id.String()})
	if err != nil {
		return Quotas{}, err
	}
	q, ok := parseQuotas(unwrapped(a.body["quotas"]))
	if !ok {
		return Quotas{}, a.fault(callQuotas, "the answer has no quotas")
	}
	return q, nil
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
	a, err := c.call(ctx, http.MethodPost, callUpdate, params)
	if err == nil && !a.succeeded {
		return a.fault(callUpdate, "the answer has no return_status")
	}
	return err
}

// call makes a call, and repeats it at once if Prodege considers it expired: then our clocks differ, and the answer's
// Date header says by how much.
func (c *Client) call(ctx context.Context, method, name string, params map[string]string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a, err := c.once(ctx, method, name, params)
	var refused *APIError
	if !errors.As(err, &refused) || !refused.has(codeExpired) {
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
		return &APIError{Call: name, Messages: []string{c.hide(innermost(err).Error(), signature)}, err: context.Cause(ctx)}
	}
	req, err := c.request(ctx, method, name, values)
	if err != nil {
		return answer{}, fault(errors.New("the base URL can't be called"))
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
	refused := a.judge(name)
	if refused == nil {
		return a, nil
	}
	for i, m := range refused.Messages {
		refused.Messages[i] = c.hide(m, signature)
	}
	return a, refused
}

func (c *Client) request(ctx context.Context, method, name string, values url.Values) (*http.Request, error) {
	address := c.base + "/" + name
	if method == http.MethodGet {
		return http.NewRequestWithContext(ctx, method, address+"?"+values.Encode(), nil)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(values.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, err
}

// innermost drops the layers that quote the address, whose query contains the API key and the signature.
func innermost(err error) error {
	for {
		var outer *url.Error
		if !errors.As(err, &outer) {
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
