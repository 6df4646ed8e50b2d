package cards

import (
	"testing"

	"fieldmarshal/project"
)

// What was spent and what is left is told as far as Prodege tells, and never as nonsense.
func TestMoneySoFar(t *testing.T) {
	for name, c := range map[string]struct {
		numbers         *project.Numbers
		spent, complete string
	}{
		"all told":               {&project.Numbers{AvgCPI: usd("3.60"), Completes: 600, Wanted: 1000}, "about $2,160.00, 600 at $3.60 on average", "about 600 of 1,000, 400 left"},
		"nothing":                {nil, "", ""},
		"no quotas":              {&project.Numbers{AvgCPI: usd("3.60"), Wanted: 1000}, "", "about 1,000 wanted"},
		"overlapping quotas":     {&project.Numbers{AvgCPI: usd("3.60"), Completes: 1200, Wanted: 1000}, "about $4,320.00, 1,200 at $3.60 on average", "about 1,200 of 1,000"},
		"wanted is not told":     {&project.Numbers{AvgCPI: usd("3.60"), Completes: 12}, "about $43.20, 12 at $3.60 on average", "about 12 so far"},
		"an average of nothing":  {&project.Numbers{AvgCPI: usd("0"), Completes: 12}, "", "about 12 so far"},
		"no average":             {&project.Numbers{CPI: usd("3"), Completes: 12, Wanted: 12}, "", "about 12 of 12"},
		"completes are not told": {&project.Numbers{AvgCPI: usd("3.60")}, "", ""},
	} {
		r := request{&project.RequestFacts{Required: usd("4.25"), Numbers: c.numbers}}
		if got := r.figures().spent(); got != c.spent {
			t.Errorf("%s: spent %q, want %q", name, got, c.spent)
		}
		if got := r.figures().completes(); got != c.complete {
			t.Errorf("%s: completes %q, want %q", name, got, c.complete)
		}
	}
}

func TestCost(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers *project.Numbers
		want    string
	}{
		{"over max CPI", &project.Numbers{MaxCPI: usd("3.75"), CPI: usd("4"), Completes: 600, Wanted: 1000},
			"*Approving $4.25 costs* up to about $200.00 more: about 400 completes still wanted, each $0.50 above max CPI."},
		{"over current CPI where max is unknown", &project.Numbers{CPI: usd("4"), Completes: 600, Wanted: 1000},
			"*Approving $4.25 costs* up to about $100.00 more: about 400 completes still wanted, each $0.25 above current CPI."},
		{"max high enough", &project.Numbers{MaxCPI: usd("5"), Wanted: 10}, "*Approving $4.25 costs* nothing above what was agreed: max CPI is $5.00 already."},
		{"wanted unknown", &project.Numbers{MaxCPI: usd("4"), Completes: 600}, "*Approving $4.25 costs* $0.25 more per complete than max CPI. How many are still wanted is not known."},
		{"all in", &project.Numbers{MaxCPI: usd("4"), Completes: 1010, Wanted: 1000}, "*Approving $4.25 costs* $0.25 more per complete than max CPI. All completes seem to be in already."},
		{"not read", nil, "*Cost:* not known, because Prodege's figures for the project could not be read."},
		{"no CPI told", &project.Numbers{Wanted: 10}, ""},
	} {
		r := request{&project.RequestFacts{Required: usd("4.25"), Numbers: c.numbers, Phase: project.PhaseOpen}}
		if got := r.cost(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
