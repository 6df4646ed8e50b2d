package cards

import "testing"

// What was spent and what is left is told as far as Prodege tells, and never as nonsense.
func TestMoneySoFar(t *testing.T) {
	for name, c := range map[string]struct {
		numbers         *Numbers
		spent, complete string
	}{
		"all told":               {&Numbers{AvgCPI: usd("3.60"), Completes: 600, Wanted: 1000}, "about $2,160.00, 600 at $3.60 on average", "about 600 of 1,000, 400 left"},
		"nothing":                {nil, "", ""},
		"no quotas":              {&Numbers{AvgCPI: usd("3.60"), Wanted: 1000}, "", "about 1,000 wanted"},
		"overlapping quotas":     {&Numbers{AvgCPI: usd("3.60"), Completes: 1200, Wanted: 1000}, "about $4,320.00, 1,200 at $3.60 on average", "about 1,200 of 1,000"},
		"wanted is not told":     {&Numbers{AvgCPI: usd("3.60"), Completes: 12}, "about $43.20, 12 at $3.60 on average", "about 12 so far"},
		"an average of nothing":  {&Numbers{AvgCPI: usd("0"), Completes: 12}, "", "about 12 so far"},
		"no average":             {&Numbers{CPI: usd("3"), Completes: 12, Wanted: 12}, "", "about 12 of 12"},
		"completes are not told": {&Numbers{AvgCPI: usd("3.60")}, "", ""},
	} {
		r := &Request{Required: usd("4.25"), Numbers: c.numbers}
		if got := r.spent(); got != c.spent {
			t.Errorf("%s: spent %q, want %q", name, got, c.spent)
		}
		if got := r.completesLeft(); got != c.complete {
			t.Errorf("%s: completes %q, want %q", name, got, c.complete)
		}
	}
}
