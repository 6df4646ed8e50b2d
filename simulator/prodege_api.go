package simulator

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// refusal is an error code of the API (return_status.error_codes); 0 is success.
type refusal int

const (
	codeMaintenance    refusal = 100
	codeUnauthorized   refusal = 101
	codeExpired        refusal = 102
	codeRateLimit      refusal = 103
	codeUnknownProject refusal = 2002
	codeInvalidCPI     refusal = 2009
	codeUnknownStatus  refusal = 2012
	codeMaxCPITooLow   refusal = 2013 // the documentation says only that the status change is not allowed
	codeComplete       refusal = 2014
	codeNotAllowed     refusal = 2015
	codeInvalidInput   refusal = 3001
)

var codeWords = map[refusal]string{
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

// endpoint is one of the API's: its HTTP method, its parameters beside those of every call, and what it does. It runs
// with the lock held. Prodege has more: those that the app never calls are refused as unknown ones are, so that a new
// one is added here first.
type endpoint struct {
	method string
	params []string
	run    func(*Prodege, *ProdegeCall, *Project) (object, refusal)
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
		if !known || r.Method != e.method {
			defer p.lock()()
			p.complain("%s %s: there is no such call", r.Method, path)
			http.NotFound(w, r)
			return
		}
		c, readable := readCall(r, path)
		p.serve(w, r, call{method: path, project: c.Params["prodege_project_id"]}, func(fault Fault) answer {
			defer p.lock()()
			c.At, c.Code = p.now(), -1
			var body object
			if !fault.hides() {
				body = p.do(e, &c, readable, fault)
			}
			delete(c.Params, "apik")
			delete(c.Params, "signature")
			p.calls = keep(p.calls, c)
			a := jsonAnswer(body)
			a.header.Set("Date", c.At.UTC().Format(http.TimeFormat))
			return a
		})
	})
}

// readCall reads the parameters, from the query of a GET and the form of a POST. One that stands twice can't
// be signed, so the call counts as unauthorized.
func readCall(r *http.Request, path string) (c ProdegeCall, ok bool) {
	values, ok := r.URL.Query(), true
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		form, bad := url.ParseQuery(string(body))
		ok = err == nil && bad == nil && len(values) == 0 && strings.HasPrefix(r.Header.Get("Content-Type"), formType)
		values = form
	}
	c = ProdegeCall{Path: path, Params: map[string]string{}}
	for k, v := range values {
		ok = ok && len(v) == 1
		c.Params[k] = v[0]
	}
	c.Project, _ = prodege.ParseProjectID(c.Params["prodege_project_id"])
	return c, ok
}

// do checks the call, does it, and announces what it changed.
func (p *Prodege) do(e endpoint, c *ProdegeCall, readable bool, fault Fault) object {
	project := p.project(c.Project)
	body, code := object(nil), p.check(e, c, readable, fault)
	switch {
	case code != 0:
	case project == nil:
		code = codeUnknownProject
	default:
		c.Before = project.Status
		body, code = e.run(p, c, project)
		c.After = project.Status
	}
	c.Code = int(code)
	if code != 0 {
		return object{"return_status": object{"status_id": 2, "message": []string{codeWords[code]}, "error_codes": []refusal{code}}}
	}
	if c.Before != c.After && p.opts.AnnounceUpdates {
		event := prodege.Event{Time: p.now(), ProjectID: project.ID, Status: project.Status, Reason: project.Reason, Description: project.Description}
		p.stamp(&event)
		p.later(event)
	}
	return body
}

// commonParams are those of every call.
var commonParams = []string{"apik", "request_date", "signature"}

// check is what every call must pass: key, signature, date, the limits of the service, and its parameters.
func (p *Prodege) check(e endpoint, c *ProdegeCall, readable bool, fault Fault) refusal {
	date, err := strconv.ParseInt(c.Params["request_date"], 10, 64)
	switch {
	case fault.Kind == RateLimited:
		return codeRateLimit
	case fault.Kind == AnswerCode:
		n, _ := strconv.Atoi(fault.Code)
		return refusal(n)
	case !readable, c.Params["apik"] != p.opts.APIKey.Reveal(),
		!prodege.Verify([]prodege.Secret{p.opts.SecretKey}, c.Params, c.Params["signature"]):
		return codeUnauthorized
	case err != nil, time.UnixMilli(date).Sub(p.now()).Abs() > requestWindow:
		return codeExpired
	}
	for name := range c.Params {
		if !slices.Contains(commonParams, name) && !slices.Contains(e.params, name) {
			p.complain("%s: unknown parameter %s", c.Path, name)
			return codeInvalidInput
		}
	}
	return 0
}

// done is what a call that changed something is answered.
func done(message string, project *Project) object {
	return object{"return_status": object{"status_id": 1, "message": []string{message}}, "prodege_project_id": int64(project.ID)}
}

// apiUpdate is project-update. All of a call is done or nothing.
func (p *Prodege) apiUpdate(c *ProdegeCall, project *Project) (object, refusal) {
	next := *project
	if text, given := c.Params["max_cpi"]; given {
		u, err := prodege.ParseUSD(text)
		if err != nil || u.IsZero() {
			return nil, codeInvalidCPI
		}
		next.MaxCPI = &u
	}
	if text, given := c.Params["sample_size"]; given {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return nil, codeInvalidInput
		}
		next.SampleSize = n
	}
	switch project.Status {
	case prodege.Complete, prodege.Invoiced:
		return nil, codeComplete
	case prodege.PendingComplete, prodege.Deleted:
		return nil, codeNotAllowed
	}
	if text, given := c.Params["status"]; given {
		if code := next.move(prodege.Status(text)); code != 0 {
			return nil, code
		}
	}
	c.Changed = next.Status != project.Status || next.SampleSize != project.SampleSize || amount(next.MaxCPI) != amount(project.MaxCPI)
	c.Resumed = project.PausedForCPI && next.Status == prodege.Live
	*project = next
	out := done("Project Updated", project)
	out["cpi"] = amount(project.CPI)
	return out, 0
}

// move makes a status change that the buyer may make: PENDING to LIVE, LIVE to PAUSED, PAUSED to LIVE or
// COMPLETE. The status it has already is taken and changes nothing. A project that is paused for CPI resumes
// only if max_cpi is at least what is required, one that Prodege's support paused not at all.
func (project *Project) move(to prodege.Status) refusal {
	type change struct{ from, to prodege.Status }
	switch (change{project.Status, to}) {
	case change{to, to}:
		return 0
	case change{prodege.Pending, prodege.Live}, change{prodege.Paused, prodege.Live}:
		if project.PausedForCPI && (project.MaxCPI == nil || project.RequiredCPI != nil && project.MaxCPI.Cmp(*project.RequiredCPI) < 0) {
			return codeMaxCPITooLow
		}
		if project.Reason == prodege.SupportAgent {
			return codeNotAllowed
		}
		project.stand(prodege.Event{Status: to})
		return 0
	case change{prodege.Live, prodege.Paused}, change{prodege.Paused, prodege.Complete}:
		project.stand(prodege.Event{Status: to, Reason: prodege.Other, Description: descriptions[prodege.Other]})
		return 0
	}
	if slices.Contains([]prodege.Status{prodege.Live, prodege.Paused, prodege.Complete, prodege.Pending}, to) {
		return codeNotAllowed
	}
	return codeUnknownStatus
}

// amount is a figure as the API shows it: text, null if there is none.
func amount(u *prodege.USD) any {
	if u == nil {
		return nil
	}
	return u.String()
}

// apiInfo is project-get-info. Booleans are texts, some figures numbers and some texts, as with the real one.
func (p *Prodege) apiInfo(_ *ProdegeCall, project *Project) (object, refusal) {
	info := object{
		"prodege_project_id": int64(project.ID), "project_name": project.Name, "project_id": project.PartnerID,
		"status": string(project.Status), "project_type_id": 1, "country_id": 1, "mobile_optimized": "true",
		"expected_ir": project.ExpectedIR, "loi": project.LOI,
	}
	shows := func(name string, value any, is bool) {
		if is {
			info[name] = value
		}
	}
	shows("cpi", amount(project.CPI), project.CPI != nil)
	shows("current_avg_cpi", amount(project.AvgCPI), project.AvgCPI != nil)
	shows("max_cpi", amount(project.MaxCPI), project.MaxCPI != nil)
	shows("reference_id", project.ReferenceID, project.ReferenceID != "")
	shows("sample_size", project.SampleSize, project.SampleSize > 0)
	shows("disabled_by_cpi_reality_check", "true", project.PausedForCPI)
	shows("ir_based_cpi", amount(project.RequiredCPI), project.PausedForCPI && project.RequiredCPI != nil)
	shows("disabled_by_max_clicks", "true", project.PausedClicks)
	return object{"return_status": object{"status_id": 1, "message": []string{"Success"}}, "project_info": info}, 0
}

func (p *Prodege) apiQuotas(_ *ProdegeCall, project *Project) (object, refusal) {
	quotas := []any{}
	for _, q := range project.Quotas {
		quotas = append(quotas, object{
			"quota_id": q.ID, "active": strconv.FormatBool(q.Active), "number_of_respondents": q.Respondents, "calculation_type": 1,
			"targeting_criteria": []any{}, "quota_clicks": q.Clicks, "quota_completes": q.Completes,
		})
	}
	return object{"prodege_project_id": int64(project.ID), "quotas": quotas}, 0
}

// clickSettings are the settings that a call may change.
var clickSettings = []string{"enable_max_clicks", "enable_max_clicks_allowed_clicks", "enable_max_clicks_max_click_rate_id"}

func (p *Prodege) apiSettings(_ *ProdegeCall, project *Project) (object, refusal) {
	settings := map[string]string{"enable_max_clicks": "false"}
	maps.Copy(settings, project.Settings)
	return object{"project_settings": string(encode(settings))}, 0
}

func (p *Prodege) apiSetSettings(c *ProdegeCall, project *Project) (object, refusal) {
	settings := map[string]string{}
	maps.Copy(settings, project.Settings)
	for _, name := range clickSettings {
		if text, given := c.Params[name]; given {
			settings[name] = text
		}
	}
	if settings["enable_max_clicks"] == "true" {
		if n, err := strconv.Atoi(settings["enable_max_clicks_allowed_clicks"]); err != nil || n < 0 {
			return nil, codeInvalidInput
		}
	}
	c.Changed = !maps.Equal(settings, project.Settings)
	project.Settings = settings
	return done("Project Settings Updated", project), 0
}

func (p *Prodege) callsThat(is func(ProdegeCall) bool) []ProdegeCall {
	defer p.lock()()
	return only(p.calls, is)
}

// Calls lists the calls about a project, of all with 0, oldest first.
func (p *Prodege) Calls(id prodege.ProjectID) []ProdegeCall {
	return p.callsThat(func(c ProdegeCall) bool { return id == 0 || c.Project == id })
}

// Updates lists the project-update calls about a project, whatever came of them.
func (p *Prodege) Updates(id prodege.ProjectID) []ProdegeCall {
	return p.callsThat(func(c ProdegeCall) bool { return c.Project == id && c.Path == "project-update" })
}

// Acceptances lists the calls that made a project LIVE that was paused for CPI: one per pause, however often
// the call was repeated.
func (p *Prodege) Acceptances(id prodege.ProjectID) []ProdegeCall {
	return p.callsThat(func(c ProdegeCall) bool { return c.Project == id && c.Resumed })
}

// WaitCall waits for a call about a project that satisfies is.
func (p *Prodege) WaitCall(ctx context.Context, id prodege.ProjectID, is func(ProdegeCall) bool) (ProdegeCall, error) {
	return wait(ctx, &p.news, fmt.Sprintf("a call about project %s", id), func() []ProdegeCall { return p.Calls(id) }, is)
}
