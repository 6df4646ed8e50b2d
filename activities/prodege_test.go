package activities

import (
	"fmt"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func TestReadProject(t *testing.T) {
	sim, opts := supplier(t, nil)
	p := NewProdege(opts)
	before := time.Now().UTC()
	got, err := once[project.Reading](t, p.ReadProject, project.Read{Project: projectID, Quotas: true})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", got.Info.Status, prodege.Paused)
	want(t, "required", got.Info.RequiredCPI.String(), "4.25")
	want(t, "for CPI", got.Info.PausedForCPI, true)
	want(t, "completes", got.Quotas.Completes, 120)
	want(t, "wanted", got.Quotas.Wanted, 500)
	if got.Asked.Before(before) || got.Asked.After(time.Now()) {
		t.Errorf("asked at %s", got.Asked)
	}
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-quotas-by-id", Code: "3001"})
	got, err = once[project.Reading](t, p.ReadProject, project.Read{Project: projectID, Quotas: true})
	if err != nil || got.Quotas != nil {
		t.Errorf("without quotas: %+v, %v", got.Quotas, err)
	}
}

// Every code of Prodege's table, on a read as on an update.
func TestProdegeCodes(t *testing.T) {
	for _, c := range []struct {
		code  string
		final bool
		wait  time.Duration
		says  string
	}{
		{"100", false, 0, "maintenance"},
		{"102", false, 0, "clock"},
		{"103", false, 5 * time.Second, "rate limit"},
		{"101", true, 0, "API key or signature"},
		{"2001", true, 0, "does not know the project"}, {"2002", true, 0, "does not know"}, {"2003", true, 0, "does not know"},
		{"2009", true, 0, "CPI invalid"}, {"2010", true, 0, "may not set the CPI"},
		{"2012", true, 0, "change of status"}, {"2013", true, 0, "change of status"}, {"2014", true, 0, "COMPLETE"},
		{"2015", true, 0, "change of status"}, {"2016", true, 0, "change of status"}, {"2017", true, 0, "change of status"},
		{"2999", true, 0, "invalid"}, {"3001", true, 0, "invalid"}, {"7000", true, 0, "7000"},
	} {
		for _, method := range []string{"project-get-info", "project-update"} {
			t.Run(c.code+" "+method, func(t *testing.T) {
				sim, opts := supplier(t, nil)
				p := NewProdege(opts)
				sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: method, Code: c.code, Times: -1})
				var err error
				if method == "project-update" {
					_, err = once[project.Acceptance](t, p.AcceptCPI, project.AcceptCPI{Project: projectID, Approved: *usd("4.25")})
				} else {
					_, err = once[project.Reading](t, p.ReadProject, project.Read{Project: projectID})
				}
				f := failureOf(t, err)
				want(t, "kind", f.Kind, map[bool]project.FailureKind{true: project.FailedRefused, false: project.FailedTransient}[c.final])
				want(t, "type", appError(t, err).Type(), map[bool]string{true: TypeProdegeRefused, false: TypeProdegeTransient}[c.final])
				want(t, "delay", f.RetryAfter, c.wait)
				want(t, "maybe", f.Maybe, false)
				want(t, "party", f.Refusal.Party, "Prodege")
				want(t, "codes", fmt.Sprint(f.Refusal.Codes), "["+c.code+"]")
				contains(t, "refusal", f.Refusal.Text, c.says)
				contains(t, "text", f.Text, "project 812", "prodege "+c.code)
			})
		}
	}
}

func TestReadProjectFaultsThatPass(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.CutBefore, simulator.LostAnswer, simulator.HTTPStatus, simulator.RateLimited} {
		sim, opts := supplier(t, nil)
		sim.Inject(simulator.Fault{Kind: kind, Method: "project-get-info", Times: 2})
		_, attempts, err := repeated[project.Reading](t, NewProdege(opts).ReadProject, project.Read{Project: projectID}, carryNothing)
		if err != nil || attempts != 3 {
			t.Errorf("%s: %d attempts, %v", kind, attempts, err)
		}
	}
}

func TestReadProjectWithoutAKey(t *testing.T) {
	_, err := once[project.Reading](t, NewProdege(ProdegeOptions{}).ReadProject, project.Read{Project: projectID})
	f := failureOf(t, err)
	want(t, "kind", f.Kind, project.FailedRefused)
	want(t, "party", f.Refusal.Party, project.PartyUs)
	contains(t, "text", f.Text, "PRODEGE_API_KEY")
}

// A read ends when its time is over: figures that take longer are left out; if the project does, the read fails.
func TestReadProjectWithin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method string
		fails  bool
	}{"quotas are late": {"project-quotas-by-id", false}, "the project is late": {"project-get-info", true}} {
		sim, opts := supplier(t, nil)
		sim.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: c.method, Delay: 40 * time.Second})
		in := project.Read{Project: projectID, Quotas: true, Clicks: true, Within: 4 * time.Second}
		got, err := once[project.Reading](t, NewProdege(opts).ReadProject, in)
		if c.fails {
			f := failureOf(t, err)
			want(t, name+": kind", f.Kind, project.FailedTransient)
			contains(t, name, f.Text, "in time")
			continue
		}
		if err != nil || got.Quotas != nil || got.Clicks == nil || got.Info.Status != prodege.Paused {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// All activities of a worker share one rate. Figures whose turn does not come in time are given up, and an
// acceptance precedes everything that waits.
func TestProdegeRateIsShared(t *testing.T) {
	t.Parallel()
	sim, opts := supplier(t, nil)
	opts.CallsPerSecond = 0.2
	p := NewProdege(opts)
	read := project.Read{Project: projectID, Priority: project.PriorityFigures, Within: 2 * time.Second}
	if _, err := once[project.Reading](t, p.ReadProject, read); err != nil {
		t.Fatal(err)
	}
	_, err := once[project.Reading](t, p.ReadProject, read)
	f := failureOf(t, err)
	want(t, "kind", f.Kind, project.FailedTransient)
	want(t, "party", f.Refusal.Party, project.PartyUs)
	contains(t, "text", f.Text, "too many calls to Prodege wait already")
	want(t, "calls", len(sim.Calls(projectID)), 1)

	_, err = once[project.Acceptance](t, p.AcceptCPI, approved("4.25")) // the reading in 5 s, the update in 10 s
	if err != nil {
		t.Error(err)
	}
}
