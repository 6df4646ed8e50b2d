package activities

import (
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// act is an action as an alert offers it.
func act(id prodege.ActionID, reason prodege.Reason, number int64) project.ActOnProject {
	row, found := prodege.FindAction(id, reason)
	if !found {
		panic("no such action")
	}
	return project.ActOnProject{Project: projectID, Action: row, Number: number}
}

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
	clicks := act(prodege.ActClicks, prodege.MaxClicks, 250)
	links := act(prodege.ActLive, prodege.NoUniqueLinks, 0)
	sample := act(prodege.ActSample, prodege.SampleSize, 600)
	complete := act(prodege.ActComplete, prodege.SampleSize, 0)
	maybe := func(in project.ActOnProject) project.ActOnProject { in.Maybe = true; return in }
	for name, c := range map[string]struct {
		project func(*simulator.Project)
		opts    func(*ProdegeOptions)
		in      project.ActOnProject
		outcome project.Outcome
		sent    map[string]string // by project-update; nil: nothing
		clicks  bool              // project-settings-update was called
		status  prodege.Status    // of the project then
	}{
		"more clicks":   {project: paused(prodege.MaxClicks), in: clicks, outcome: project.OutcomeSent, sent: map[string]string{"status": "LIVE"}, clicks: true, status: prodege.Live},
		"links added":   {project: paused(prodege.NoUniqueLinks), in: links, outcome: project.OutcomeSent, sent: map[string]string{"status": "LIVE"}, status: prodege.Live},
		"larger sample": {project: paused(prodege.SampleSize), in: sample, outcome: project.OutcomeSent, sent: map[string]string{"status": "LIVE", "sample_size": "600"}, status: prodege.Live},
		"a sample that is as large already is never lowered": {project: paused(prodege.SampleSize, func(p *simulator.Project) { p.SampleSize = 900 }), in: sample,
			outcome: project.OutcomeSent, sent: map[string]string{"status": "LIVE"}, status: prodege.Live},
		"a sample that only quotas tell": {project: paused(prodege.SampleSize, func(p *simulator.Project) {
			p.SampleSize, p.Quotas = 0, []simulator.Quota{{ID: 1, Active: true, Respondents: 500, Completes: 500}}
		}), in: sample, outcome: project.OutcomeSent, sent: map[string]string{"status": "LIVE", "sample_size": "600"}, status: prodege.Live},
		"a larger sample that only quotas tell": {project: paused(prodege.SampleSize, func(p *simulator.Project) {
			p.SampleSize, p.Quotas = 0, []simulator.Quota{{ID: 1, Active: true, Respondents: 1000, Completes: 1000}}
		}), in: sample, outcome: project.OutcomeSent, sent: map[string]string{"status": "LIVE"}, status: prodege.Live},
		"complete":              {project: paused(prodege.SampleSize), in: complete, outcome: project.OutcomeSent, sent: map[string]string{"status": "COMPLETE"}, status: prodege.Complete},
		"live already":          {project: status(prodege.Live, 0), in: complete, outcome: project.OutcomeAlreadyLive, status: prodege.Live},
		"complete already":      {project: status(prodege.Complete, prodege.Other), in: complete, outcome: project.OutcomeEnded, status: prodege.Complete},
		"complete through us":   {project: status(prodege.PendingComplete, prodege.Other), in: maybe(complete), outcome: project.OutcomeSent, status: prodege.PendingComplete},
		"live through us":       {project: status(prodege.Live, 0), in: maybe(links), outcome: project.OutcomeSent, status: prodege.Live},
		"live without our size": {project: func(p *simulator.Project) { status(prodege.Live, 0)(p); p.SampleSize = 500 }, in: maybe(sample), outcome: project.OutcomeAlreadyLive, status: prodege.Live},
		"for CPI meanwhile":     {in: links, outcome: project.OutcomeOther, status: prodege.Paused},
		"for clicks meanwhile":  {project: paused(prodege.MaxClicks), in: links, outcome: project.OutcomeOther, status: prodege.Paused},
		"pending":               {project: status(prodege.Pending, 0), in: links, outcome: project.OutcomeOther, status: prodege.Pending},
		"dry run":               {project: paused(prodege.NoUniqueLinks), opts: func(o *ProdegeOptions) { o.DryRun = true }, in: links, outcome: project.OutcomeDryRun, status: prodege.Paused},
		"no key":                {project: paused(prodege.NoUniqueLinks), opts: func(o *ProdegeOptions) { o.API = nil }, in: links, outcome: project.OutcomeNoKey, status: prodege.Paused},
		"switched off":          {project: paused(prodege.MaxClicks), opts: func(o *ProdegeOptions) { o.Switch = off }, in: clicks, outcome: project.OutcomeHeld, status: prodege.Paused},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, c.project)
			if c.opts != nil {
				c.opts(&opts)
			}
			got, err := once[project.Acceptance](t, NewProdege(opts).ActOnProject, c.in)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, c.outcome)
			now, _ := sim.Project(projectID)
			want(t, "project", now.Status, c.status)
			settings := 0
			for _, call := range sim.Calls(projectID) {
				if call.Path == "project-settings-update" {
					settings++
					want(t, "clicks left", call.Params["enable_max_clicks_allowed_clicks"], "250")
					want(t, "refilled as before", call.Params["enable_max_clicks_max_click_rate_id"], "3")
				}
			}
			want(t, "settings updates", settings, map[bool]int{true: 1}[c.clicks])
			updates := sim.Updates(projectID)
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

// A sample size that is given neither by the project nor by its quotas is not changed.
func TestActOnAnUnknownSampleSize(t *testing.T) {
	sim, opts := supplier(t, func(p *simulator.Project) {
		status(prodege.Paused, prodege.SampleSize)(p)
		p.SampleSize, p.Quotas = 0, nil
	})
	_, err := once[project.Acceptance](t, NewProdege(opts).ActOnProject, act(prodege.ActSample, prodege.SampleSize, 600))
	f := failureOf(t, err)
	want(t, "party", f.Refusal.Party, project.PartyUs)
	contains(t, "refusal", f.Refusal.Text, "how large the sample is")
	want(t, "updates", len(sim.Updates(projectID)), 0)
}

// The answer is lost after each of the calls: the action is still done once.
func TestActOnProjectLostAnswer(t *testing.T) {
	for _, method := range []string{"project-settings-update", "project-update"} {
		t.Run(method, func(t *testing.T) {
			sim, opts := supplier(t, func(p *simulator.Project) {
				status(prodege.Paused, prodege.MaxClicks)(p)
				p.PausedClicks = true
			})
			sim.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: method})
			got, attempts, err := repeated[project.Acceptance](t, NewProdege(opts).ActOnProject, act(prodege.ActClicks, prodege.MaxClicks, 250), carryAct)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "fired", sim.Fired(simulator.LostAnswer), 1)
			want(t, "attempts", attempts, 2)
			want(t, "outcome", got.Outcome, project.OutcomeSent)
			changed := 0
			for _, call := range sim.Calls(projectID) {
				if call.Changed {
					changed++
				}
			}
			want(t, "calls that changed something", changed, 2) // the clicks, the status
		})
	}
}

// What its row does not allow is never sent.
func TestActOnProjectFitsItsRow(t *testing.T) {
	sim, opts := supplier(t, nil)
	noStatus := act(prodege.ActLive, prodege.NoUniqueLinks, 0)
	noStatus.Action.Status = ""
	for name, in := range map[string]project.ActOnProject{
		"no row":                {},
		"no status":             noStatus,
		"no sample size":        act(prodege.ActSample, prodege.SampleSize, 0),
		"too large a sample":    act(prodege.ActSample, prodege.SampleSize, prodege.MaxNumber+1),
		"a number for nothing":  act(prodege.ActLive, prodege.NoUniqueLinks, 5),
		"fewer clicks than one": act(prodege.ActClicks, prodege.MaxClicks, -1),
	} {
		in.Project = projectID
		_, err := once[project.Acceptance](t, NewProdege(opts).ActOnProject, in)
		f := failureOf(t, err)
		want(t, name+": kind", f.Kind, project.FailedRefused)
		want(t, name+": party", f.Refusal.Party, project.PartyUs)
	}
	want(t, "calls", len(sim.Calls(projectID)), 0)
}

// The row that was offered counts, even if the table does not have it any more.
func TestActOnProjectByItsOwnRow(t *testing.T) {
	sim, opts := supplier(t, status(prodege.Paused, prodege.SupportAgent))
	sim.SetProject(simulator.Project{ID: projectID, Status: prodege.Paused, Reason: prodege.HighDropOff})
	in := project.ActOnProject{Project: projectID, Action: prodege.Action{ID: "act_former", Reason: prodege.HighDropOff, Label: "Resume", Status: prodege.Live}}
	got, err := once[project.Acceptance](t, NewProdege(opts).ActOnProject, in)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "outcome", got.Outcome, project.OutcomeSent)
	want(t, "updates", len(sim.Updates(projectID)), 1)
}

// If Prodege refuses to show the project, nothing is done.
func TestActOnProjectIsNeverUnread(t *testing.T) {
	sim, opts := supplier(t, status(prodege.Paused, prodege.NoUniqueLinks))
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-get-info", Code: "101"})
	_, err := once[project.Acceptance](t, NewProdege(opts).ActOnProject, act(prodege.ActLive, prodege.NoUniqueLinks, 0))
	want(t, "final", appError(t, err).NonRetryable(), true)
	want(t, "updates", len(sim.Updates(projectID)), 0)
}
