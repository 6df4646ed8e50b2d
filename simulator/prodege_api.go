package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// Codes of return_status.error_codes (Prodege's Demand API).
const (
	codeMaintenance    = 100
	codeUnauthorized   = 101
	codeExpired        = 102
	codeRateLimit      = 103
	codeUnknownProject = 2002
	codeInvalidCPI     = 2009
	codeUnknownStatus  = 2012
	codeMaxCPITooLow   = 2013 // the documentation says only that the status change is not allowed
	codeComplete       = 2014
	codeNotAllowed     = 2015
	codeInvalidInput   = 3001
)

var codeWords = map[int]string{
	codeMaintenance: "API under maintenance", codeUnauthorized: "Unauthorized", codeExpired: "Expired request",
	codeRateLimit: "Rate limit reached", codeUnknownProject: "Unknown project", codeInvalidCPI: "Invalid CPI",
	codeUnknownStatus: "Status change not allowed", codeMaxCPITooLow: "Status change not allowed",
	codeComplete: "Project is complete", codeNotAllowed: "Status change not allowed", codeInvalidInput: "Invalid input",
}

// requestWindow is how far request_date may be from Prodege's clock.
const requestWindow = 5 * time.Minute

// ProdegeCall is one call of the Demand API, as it came.
type ProdegeCall struct {
	At      time.Time
	Path    string
	Project prodege.ProjectID
	Params  map[string]string // without apik and signature
	Code    int               // of the answer; 0 is success, -1 a fault that answered nothing or no protocol
	Changed bool              // it changed the project: a repeat of the same call would not have
	Resumed bool              // it made a project LIVE that was paused for CPI: an effective acceptance
	Before  prodege.Status
	After   prodege.Status
}

// refusal is an error code of the API.
type refusal int

// endpoint is one of the API's: its HTTP method, its parameters beside those of every call, and what it does. It runs
// under p.mu. Prodege has more: those that the app never calls are refused as unknown ones are, so that a new one is
// added here first.
type endpoint struct {
	method string
	params []string
	run    func(*Prodege, *ProdegeCall, *Project) (map[string]any, refusal)
}

var endpoints = map[string]endpoint{
	"project-update":          {http.MethodPost, []string{"prodege_project_id", "max_cpi", "status", "sample_size"}, (*Prodege).apiUpdate},
	"project-get-info":        {http.MethodGet, []string{"prodege_project_id"}, (*Prodege).apiInfo},
	"project-quotas-by-id":    {http.MethodGet, []string{"prodege_project_id"}, (*Prodege).apiQuotas},
	"project-settings-get":    {http.MethodGet, []string{"prodege_project_id"}, (*Prodege).apiSettings},
	"project-settings-update": {http.MethodPost, append(clickSettings, "prodege_project_id"), (*Prodege).apiSetSettings},
}

// Handler serves the Demand API. It may be mounted under a prefix: only the last element of the path counts.
func (p *Prodege) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		e, known := endpoints[path]
		switch {
		case !known:
			p.complain("%s: there is no such call", path)
			http.NotFound(w, r)
		case r.Method != e.method:
			p.complain("%s: called by %s", path, r.Method)
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		default:
			p.serve(w, r, path, e)
		}
	})
}

func (p *Prodege) serve(w http.ResponseWriter, r *http.Request, path string, e endpoint) {
	c, params, ok := readCall(r, path)
	defer p.tell()
	fault := p.take(call{method: path, project: params["prodege_project_id"]})
	if fault != nil && (fault.Kind == HTTPStatus || fault.Kind == CutBefore) {
		c.Code = -1
		p.remember(c)
	}
	if fault.before(w) {
		return
	}
	body, announce := p.do(e, &c, params, ok, fault)
	ans := &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}}
	p.mu.Lock()
	ans.header.Set("Date", p.now().UTC().Format(http.TimeFormat))
	p.mu.Unlock()
	_ = json.NewEncoder(&ans.body).Encode(body)
	if announce != nil {
		p.later(*announce)
	}
	if fault != nil {
		p.tell() // of the deed at once, however late its answer goes out
	}
	fault.after(r)
	ans.send(w)
}

// do checks the call, does it, records it, and says which event is to be announced.
func (p *Prodege) do(e endpoint, c *ProdegeCall, params map[string]string, ok bool, fault *Fault) (map[string]any, *prodege.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.At = p.now()
	body, code := map[string]any(nil), p.check(params, ok, fault)
	var project *Project
	for name := range c.Params {
		if code == 0 && name != "request_date" && !slices.Contains(e.params, name) {
			p.wrong = append(p.wrong, fmt.Sprintf("%s: unknown parameter %s", c.Path, name))
			code = codeInvalidInput
		}
	}
	if code == 0 {
		if project = p.projects[c.Project]; project == nil {
			code = codeUnknownProject
		} else {
			c.Before = project.Status
			body, code = e.run(p, c, project)
			c.After = project.Status
		}
	}
	c.Code = int(code)
	p.rememberLocked(*c)
	if code != 0 {
		return map[string]any{"return_status": status(2, codeWords[int(code)], int(code))}, nil
	}
	if c.Changed && c.Before != c.After && p.opts.AnnounceUpdates {
		event := p.eventOf(project, How{})
		return body, &event
	}
	return body, nil
}

// check is what every call must pass: key, signature, date, and the limits of the service.
func (p *Prodege) check(params map[string]string, ok bool, fault *Fault) refusal {
	date, err := strconv.ParseInt(params["request_date"], 10, 64)
	signed := map[string]string{}
	for k, v := range params {
		signed[k] = v
	}
	switch {
	case fault != nil && fault.Kind == RateLimited:
		return codeRateLimit
	case fault != nil && fault.Kind == AnswerCode:
		n, _ := strconv.Atoi(fault.Code)
		return refusal(n)
	case !ok, params["apik"] != p.opts.APIKey.Reveal(),
		!prodege.Verify([]prodege.Secret{p.opts.SecretKey}, signed, params["signature"]):
		return codeUnauthorized
	case err != nil, time.UnixMilli(date).Sub(p.now()).Abs() > requestWindow:
		return codeExpired
	case p.limit != nil && !p.limit.AllowN(p.now(), 1):
		return codeRateLimit
	}
	return 0
}

// readCall reads the parameters, from the query of a GET and the form of a POST. One that stands twice can't
// be signed, so the call counts as unauthorized.
func readCall(r *http.Request, path string) (ProdegeCall, map[string]string, bool) {
	c := ProdegeCall{Path: path, Params: map[string]string{}}
	values, ok := r.URL.Query(), true
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		form, bad := url.ParseQuery(string(body))
		ok = err == nil && bad == nil && len(values) == 0 &&
			strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		values = form
	}
	params := map[string]string{}
	for k, v := range values {
		ok = ok && len(v) == 1
		params[k] = v[0]
		if k != "apik" && k != "signature" {
			c.Params[k] = v[0]
		}
	}
	c.Project, _ = prodege.ParseProjectID(params["prodege_project_id"])
	return c, params, ok
}

// Complaints lists the calls that Prodege does not have, and parameters that it does not know: faults of the caller.
func (p *Prodege) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.wrong)
}

func (p *Prodege) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
}

func status(id int, message string, codes ...int) map[string]any {
	out := map[string]any{"status_id": id, "message": []string{message}}
	if codes != nil {
		out["error_codes"] = codes
	}
	return out
}

func (p *Prodege) remember(c ProdegeCall) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.At = p.now()
	p.rememberLocked(c)
}

func (p *Prodege) rememberLocked(c ProdegeCall) {
	if len(p.calls) >= maxCalls {
		p.calls = append(p.calls[:0], p.calls[maxCalls/2:]...)
	}
	p.calls = append(p.calls, c)
}

// Calls lists the calls about a project, of all with 0, oldest first. Of very many only the newest thousands
// are kept.
func (p *Prodege) Calls(id prodege.ProjectID) []ProdegeCall {
	return p.callsThat(func(c ProdegeCall) bool { return id == 0 || c.Project == id })
}

// Updates lists the project-update calls about a project, whatever came of them.
func (p *Prodege) Updates(id prodege.ProjectID) []ProdegeCall {
	return p.callsThat(func(c ProdegeCall) bool { return c.Project == id && c.Path == "project-update" })
}

// Acceptances lists the calls that made a project LIVE that was paused for CPI: one a pause, however often
// the call was repeated.
func (p *Prodege) Acceptances(id prodege.ProjectID) []ProdegeCall {
	return p.callsThat(func(c ProdegeCall) bool { return c.Project == id && c.Resumed })
}

func (p *Prodege) callsThat(is func(ProdegeCall) bool) []ProdegeCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []ProdegeCall
	for _, c := range p.calls {
		if is(c) {
			out = append(out, c)
		}
	}
	return out
}

// WaitCall waits for a call about a project that satisfies is.
func (p *Prodege) WaitCall(ctx context.Context, id prodege.ProjectID, is func(ProdegeCall) bool) (found ProdegeCall, err error) {
	err = p.await(ctx, fmt.Sprintf("a call about project %s", id), func() bool {
		for _, c := range p.Calls(id) {
			if is(c) {
				found = c
				return true
			}
		}
		return false
	})
	return found, err
}

// WaitStatus waits until a project has that status.
func (p *Prodege) WaitStatus(ctx context.Context, id prodege.ProjectID, want prodege.Status) error {
	return p.await(ctx, fmt.Sprintf("project %s to be %s", id, want), func() bool {
		project, ok := p.Project(id)
		return ok && project.Status == want
	})
}
