package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"fieldmarshal/prodege"
)

type prodegeView struct {
	Projects  []projectView
	Past      []projectView  // of scenarios that are over, newest first
	Exchanges []exchangeView // newest first
	Calls     []callView     // newest first
	Reasons   []reasonChoice
	Encodings []prodege.Encoding
}

type projectView struct {
	Project
	Key       string
	Facts     [][2]string
	Workflow  string // address in the Temporal UI
	Suggested string // an amount a little above what is allowed now
}

type exchangeView struct {
	Key, Clock, What, Project string
	Encoding                  prodege.Encoding
	Attempts                  []Attempt
	Status                    int
	Done                      bool
	Body                      string
}

type callView struct {
	Key, Clock, Path, Project, Params, Result string
	Bad                                       bool
}

type reasonChoice struct {
	Code prodege.Reason
	Name string
}

// pauseReasons are those of the contract's table that pause a project, in its order.
var pauseReasons = []reasonChoice{
	{prodege.SampleSize, "sample size reached"}, {prodege.MaxClicks, "max clicks reached"}, {prodege.NoUniqueLinks, "no unique links left"},
	{prodege.PausedInactive, "inactivity"}, {prodege.HighDropOff, "high drop off rate"}, {prodege.SupportAgent, "support agent"}, {prodege.Other, "other"},
}

// Lines of the logs that the page shows.
const (
	shownExchanges = 25
	shownCalls     = 25
)

func (p *page) prodegeView() *prodegeView {
	out := &prodegeView{Reasons: pauseReasons, Encodings: prodege.Encodings}
	now := p.player.watch()
	for _, project := range p.Prodege.Projects() {
		onStage := now != nil && !now.Over && now.Project == project.ID
		if view := p.project(project); p.ofScenario(project) && !onStage {
			out.Past = append(out.Past, view)
		} else {
			out.Projects = append(out.Projects, view)
		}
	}
	slices.Reverse(out.Past)
	for _, e := range lastOf(p.Prodege.Exchanges(), shownExchanges) {
		out.Exchanges = append(out.Exchanges, exchange(e))
	}
	for i, c := range lastOf(p.Prodege.Calls(0), shownCalls) {
		out.Calls = append(out.Calls, shownCall(c, i))
	}
	slices.Reverse(out.Exchanges)
	slices.Reverse(out.Calls)
	return out
}

// workflowLink leads to a project's workflow in the Temporal UI; empty if that is not known.
func (p *page) workflowLink(id prodege.ProjectID) string {
	if p.TemporalUI == "" {
		return ""
	}
	return p.TemporalUI + "/namespaces/" + url.PathEscape(p.Namespace) + "/workflows/project-" + id.String()
}

func (p *page) project(project Project) projectView {
	v := projectView{Project: project, Key: "p-" + project.ID.String()}
	if project.Heard { // before, there is no workflow, and the Temporal UI shows a bare 404
		v.Workflow = p.workflowLink(project.ID)
	}
	fact := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, [2]string{name, value})
		}
	}
	fact("PO number", project.ReferenceID)
	fact("CPI", dollars(project.CPI))
	fact("Max CPI", dollars(project.MaxCPI))
	fact("Required", dollars(project.RequiredCPI))
	fact("Completes", completes(project))
	switch {
	case project.RequiredCPI != nil:
		v.Suggested = plus(*project.RequiredCPI)
	case project.MaxCPI != nil:
		v.Suggested = plus(*project.MaxCPI)
	default:
		v.Suggested = "4.25"
	}
	return v
}

func plus(u prodege.USD) string {
	half, zero := prodege.MustUSD("0.50"), prodege.USD{}
	return u.Sub(zero.Sub(half)).String()
}

func dollars(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.Dollars()
}

func completes(project Project) string {
	var done, wanted int64
	for _, q := range project.Quotas {
		done += q.Completes
		wanted += q.Respondents
	}
	if project.SampleSize > 0 {
		wanted = project.SampleSize
	}
	if wanted == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", done, wanted)
}

func exchange(e Exchange) exchangeView {
	v := exchangeView{Key: fmt.Sprintf("x-%d", e.ID), Encoding: e.Encoding, Attempts: e.Attempts, Status: e.Status(), Done: e.Done,
		What: "raw bytes", Body: pretty(e.Body)}
	if len(e.Attempts) > 0 {
		v.Clock = clockOf(e.Attempts[0].At)
	}
	if e.Event.ProjectID > 0 {
		v.Project = e.Event.ProjectID.String()
		v.What = string(e.Event.Status)
		if e.Event.Reason != 0 {
			v.What += fmt.Sprintf(" %d", e.Event.Reason)
		}
		if e.Event.Pricing != nil {
			v.What += " (pricing)"
		}
	}
	return v
}

func shownCall(c ProdegeCall, i int) callView {
	v := callView{Key: fmt.Sprintf("c-%d-%d", c.At.UnixNano(), i), Clock: clockOf(c.At), Path: c.Path, Result: "ok", Bad: c.Code != 0}
	if c.Project > 0 {
		v.Project = c.Project.String()
	}
	switch {
	case c.Code < 0:
		v.Result = "fault, no answer"
	case c.Code > 0:
		v.Result = fmt.Sprintf("%d %s", c.Code, strings.ToLower(codeWords[c.Code]))
	case c.Before != c.After:
		v.Result = fmt.Sprintf("%s → %s", c.Before, c.After)
	}
	var params []string
	for _, name := range []string{"max_cpi", "cpi", "status", "sample_size"} {
		if value, given := c.Params[name]; given {
			params = append(params, name+"="+value)
		}
	}
	v.Params = strings.Join(params, " ")
	return v
}

// pretty indents JSON; what is none stays as it is.
func pretty(b []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return string(b)
	}
	return out.String()
}

type billingView struct {
	Calls      []billingCallView // newest first
	Invoices   int
	Violations []string
}

type billingCallView struct {
	Key, ID, Clock, Body, Result string
	Bad                          bool
}

func (p *page) billingView() *billingView {
	out := &billingView{Invoices: len(p.Billing.Invoices()), Violations: lastOf(p.Billing.Violations(), 5)}
	for i, c := range lastOf(p.Billing.Calls(), 20) {
		v := billingCallView{Key: fmt.Sprintf("b-%d-%d", c.At.UnixNano(), i), ID: c.Key, Clock: clockOf(c.At), Body: pretty(c.Body),
			Result: fmt.Sprint(c.Status), Bad: c.Status < 200 || c.Status > 299}
		if c.Status == 0 {
			v.Result = "connection cut"
		}
		out.Calls = append(out.Calls, v)
	}
	slices.Reverse(out.Calls)
	return out
}
