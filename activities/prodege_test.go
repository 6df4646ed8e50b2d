package activities

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

func TestReadProject(t *testing.T) {
	sim, opts := supplier(t, nil)
	p := NewProdege(opts)
	before := time.Now().UTC()
	got, err := once[Reading](t, p.ReadProject, ReadProject{Project: project, Quotas: true}, try{})
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
	got, err = once[Reading](t, p.ReadProject, ReadProject{Project: project, Quotas: true}, try{})
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
					_, err = once[Acceptance](t, p.AcceptCPI, AcceptCPI{Project: project, Approved: *usd("4.25")}, try{})
				} else {
					_, err = once[Reading](t, p.ReadProject, ReadProject{Project: project}, try{})
				}
				app := appError(t, err)
				want(t, "final", app.NonRetryable(), c.final)
				want(t, "delay", app.NextRetryDelay(), c.wait)
				refusal, known := RefusalOf(err)
				want(t, "known", known, true)
				want(t, "party", refusal.Party, "Prodege")
				want(t, "codes", fmt.Sprint(refusal.Codes), "["+c.code+"]")
				if !strings.Contains(refusal.Text, c.says) {
					t.Errorf("%q does not say %q", refusal.Text, c.says)
				}
				if !strings.Contains(app.Message(), "project 812") || !strings.Contains(app.Message(), "prodege "+c.code) {
					t.Errorf("message: %s", app.Message())
				}
				for _, secret := range []string{"key-of-the-test", "secret-of-the-test"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the error tells a secret: %v", err)
					}
				}
			})
		}
	}
}

func TestReadProjectFaultsThatPass(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.CutBefore, simulator.LostAnswer, simulator.HTTPStatus, simulator.RateLimited} {
		sim, opts := supplier(t, nil)
		sim.Inject(simulator.Fault{Kind: kind, Method: "project-get-info", Times: 2})
		_, attempts, err := retried[Reading](t, NewProdege(opts).ReadProject, ReadProject{Project: project})
		if err != nil || attempts != 3 {
			t.Errorf("%s: %d attempts, %v", kind, attempts, err)
		}
	}
}

func TestReadProjectWithoutAKey(t *testing.T) {
	_, err := once[Reading](t, NewProdege(ProdegeOptions{}).ReadProject, ReadProject{Project: project}, try{})
	refusal, known := RefusalOf(err)
	if !known || !strings.Contains(refusal.Text, "PRODEGE_API_KEY") || !appError(t, err).NonRetryable() {
		t.Errorf("%+v, %v", refusal, err)
	}
}

// All activities of a worker share one rate.
func TestProdegeRate(t *testing.T) {
	_, opts := supplier(t, nil)
	opts.CallsPerSecond = 20
	p := NewProdege(opts)
	began := time.Now()
	for range 24 { // 20 at once, four more at 50 ms each
		if _, err := once[Reading](t, p.ReadProject, ReadProject{Project: project}, try{}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 190*time.Millisecond {
		t.Errorf("24 calls in %s", took)
	}
}
