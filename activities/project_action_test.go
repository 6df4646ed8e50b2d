package activities

import (
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

// What an action finds, and what it sends then.
func TestActOnProject(t *testing.T) {
	paused := func(r prodege.Reason, change ...func(*simulator.Project)) func(*simulator.Project) {
		return func(p *simulator.Project) {
			status(prodege.Paused, r)(p)
			p.SampleSize, p.PausedClicks = 500, r == prodege.MaxClicks
			p.Settings = map[string]string{"enable_max_clicks": "true", "enable_max_clicks_cap": "100", "enable_max_clicks_allowed_clicks": "0", "enable_max_clicks_max_click_rate_id": "3"}
			for _, c := range change {
				c(p)
			}
		}
	}
	clicks := ActOnProject{Project: project, Action: prodege.ActClicks, Reason: prodege.MaxClicks, Number: 250}
	links := ActOnProject{Project: project, Action: prodege.ActLive, Reason: prodege.NoUniqueLinks}
	sample := ActOnProject{Project: project, Action: prodege.ActSample, Reason: prodege.SampleSize, Number: 600}
	complete := ActOnProject{Project: project, Action: prodege.ActComplete, Reason: prodege.SampleSize}
	maybe := func(in ActOnProject) ActOnProject { in.MaybeSent = true; return in }
	for name, c := range map[string]struct {
		project func(*simulator.Project)
		opts    func(*ProdegeOptions)
		in      ActOnProject
		outcome AcceptOutcome
		sent    map[string]string // by project-update; nil: nothing
		clicks  bool              // project-settings-update was called
		status  prodege.Status    // of the project then
	}{
		"more clicks":   {project: paused(prodege.MaxClicks), in: clicks, outcome: AcceptSent, sent: map[string]string{"status": "LIVE"}, clicks: true, status: prodege.Live},
		"links added":   {project: paused(prodege.NoUniqueLinks), in: links, outcome: AcceptSent, sent: map[string]string{"status": "LIVE"}, status: prodege.Live},
		"larger sample": {project: paused(prodege.SampleSize), in: sample, outcome: AcceptSent, sent: map[string]string{"status": "LIVE", "sample_size": "600"}, status: prodege.Live},
		"a sample that is as large already is never lowered": {project: paused(prodege.SampleSize, func(p *simulator.Project) { p.SampleSize = 900 }), in: sample,
			outcome: AcceptSent, sent: map[string]string{"status": "LIVE"}, status: prodege.Live},
		"a sample that only quotas tell": {project: paused(prodege.SampleSize, func(p *simulator.Project) {
			p.SampleSize, p.Quotas = 0, []simulator.Quota{{ID: 1, Active: true, Respondents: 500, Completes: 500}}
		}), in: sample, outcome: AcceptSent, sent: map[string]string{"status": "LIVE", "sample_size": "600"}, status: prodege.Live},
		"a larger sample that only quotas tell": {project: paused(prodege.SampleSize, func(p *simulator.Project) {
			p.SampleSize, p.Quotas = 0, []simulator.Quota{{ID: 1, Active: true, Respondents: 1000, Completes: 1000}}
		}), in: sample, outcome: AcceptSent, sent: map[string]string{"status": "LIVE"}, status: prodege.Live},
		"complete":              {project: paused(prodege.SampleSize), in: complete, outcome: AcceptSent, sent: map[string]string{"status": "COMPLETE"}, status: prodege.Complete},
		"live already":          {project: status(prodege.Live, 0), in: complete, outcome: AcceptAlreadyLive, status: prodege.Live},
		"complete already":      {project: status(prodege.Complete, prodege.Other), in: complete, outcome: AcceptEnded, status: prodege.Complete},
		"complete through us":   {project: status(prodege.PendingComplete, prodege.Other), in: maybe(complete), outcome: AcceptSent, status: prodege.PendingComplete},
		"live through us":       {project: status(prodege.Live, 0), in: maybe(links), outcome: AcceptSent, status: prodege.Live},
		"live without our size": {project: func(p *simulator.Project) { status(prodege.Live, 0)(p); p.SampleSize = 500 }, in: maybe(sample), outcome: AcceptAlreadyLive, status: prodege.Live},
		"for CPI meanwhile":     {in: links, outcome: AcceptOther, status: prodege.Paused},
		"for clicks meanwhile":  {project: paused(prodege.MaxClicks), in: links, outcome: AcceptOther, status: prodege.Paused},
		"pending":               {project: status(prodege.Pending, 0), in: links, outcome: AcceptOther, status: prodege.Pending},
		"dry run":               {project: paused(prodege.NoUniqueLinks), opts: func(o *ProdegeOptions) { o.DryRun = true }, in: links, outcome: AcceptDryRun, status: prodege.Paused},
		"no key":                {project: paused(prodege.NoUniqueLinks), opts: func(o *ProdegeOptions) { o.API = nil }, in: links, outcome: AcceptNoKey, status: prodege.Paused},
		"switched off":          {project: paused(prodege.MaxClicks), opts: func(o *ProdegeOptions) { o.Switch = off }, in: clicks, outcome: AcceptHeld, status: prodege.Paused},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, c.project)
			if c.opts != nil {
				c.opts(&opts)
			}
			got, err := once[Acceptance](t, NewProdege(opts).ActOnProject, c.in, try{})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, c.outcome)
			now, _ := sim.Project(project)
			want(t, "project", now.Status, c.status)
			settings := 0
			for _, call := range sim.Calls(project) {
				if call.Path == "project-settings-update" {
					settings++
					want(t, "clicks left", call.Params["enable_max_clicks_allowed_clicks"], "250")
					want(t, "refilled as before", call.Params["enable_max_clicks_max_click_rate_id"], "3")
				}
			}
			want(t, "settings updates", settings, map[bool]int{true: 1}[c.clicks])
			updates := sim.Updates(project)
			want(t, "updates", len(updates), map[bool]int{true: 1}[c.sent != nil])
			if c.sent == nil || len(updates) == 0 {
				return
			}
			for _, name := range []string{"status", "sample_size", "max_cpi"} {
				want(t, name, updates[0].Params[name], c.sent[name])
			}
		})
	}
}

// A sample size that neither the project nor its quotas tell is not changed.
func TestActOnAnUnknownSampleSize(t *testing.T) {
	sim, opts := supplier(t, func(p *simulator.Project) {
		status(prodege.Paused, prodege.SampleSize)(p)
		p.SampleSize, p.Quotas = 0, nil
	})
	_, err := once[Acceptance](t, NewProdege(opts).ActOnProject, ActOnProject{Project: project, Action: prodege.ActSample, Reason: prodege.SampleSize, Number: 600}, try{})
	if refusal, known := RefusalOf(err); !known || !strings.Contains(refusal.Text, "how large the sample is") {
		t.Errorf("got %v", err)
	}
	want(t, "updates", len(sim.Updates(project)), 0)
}

// The answer is lost after each of the calls: it is done once all the same.
func TestActOnProjectLostAnswer(t *testing.T) {
	for _, method := range []string{"project-settings-update", "project-update"} {
		t.Run(method, func(t *testing.T) {
			sim, opts := supplier(t, func(p *simulator.Project) {
				status(prodege.Paused, prodege.MaxClicks)(p)
				p.PausedClicks = true
			})
			sim.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: method})
			got, attempts, err := retried[Acceptance](t, NewProdege(opts).ActOnProject, ActOnProject{Project: project, Action: prodege.ActClicks, Reason: prodege.MaxClicks, Number: 250})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "fired", sim.Fired(simulator.LostAnswer), 1)
			want(t, "attempts", attempts, 2)
			want(t, "outcome", got.Outcome, AcceptSent)
			changed := 0
			for _, call := range sim.Calls(project) {
				if call.Changed {
					changed++
				}
			}
			want(t, "calls that changed something", changed, 2) // the clicks, the status
		})
	}
}

// What no row of the table fits is never sent.
func TestActOnProjectFitsItsRow(t *testing.T) {
	sim, opts := supplier(t, nil)
	for _, in := range []ActOnProject{
		{Action: prodege.ActLive, Reason: prodege.SupportAgent},
		{Action: prodege.ActSample, Reason: prodege.SampleSize},
		{Action: prodege.ActSample, Reason: prodege.SampleSize, Number: prodege.MaxNumber + 1},
		{Action: prodege.ActLive, Reason: prodege.NoUniqueLinks, Number: 5},
		{Action: "act_all", Reason: prodege.NoUniqueLinks},
	} {
		in.Project = project
		_, err := once[Acceptance](t, NewProdege(opts).ActOnProject, in, try{})
		want(t, "final", appError(t, err).NonRetryable(), true)
	}
	want(t, "calls", len(sim.Calls(project)), 0)
}

// A project that Prodege refuses to tell is never acted on unread.
func TestActOnProjectIsNeverUnread(t *testing.T) {
	sim, opts := supplier(t, status(prodege.Paused, prodege.NoUniqueLinks))
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-get-info", Code: "101"})
	_, err := once[Acceptance](t, NewProdege(opts).ActOnProject, ActOnProject{Project: project, Action: prodege.ActLive, Reason: prodege.NoUniqueLinks}, try{})
	want(t, "final", appError(t, err).NonRetryable(), true)
	want(t, "updates", len(sim.Updates(project)), 0)
}
