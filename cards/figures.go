package cards

import (
	"fmt"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// figures are what a price is judged by. Nil and 0 are not known.
type figures struct {
	project.Numbers
	required *prodege.USD
}

func (r request) figures() figures { return figures{deref(r.Numbers), r.Required} }

// price says what Prodege requires, and how far that is above what is known: "Prodege paused the project and requires a
// CPI of $4.25: +$0.50 (+13 %) over the max CPI of $3.75. The current CPI is $3.90."
func (r request) price() string {
	f := r.figures()
	over, current := f.over(f.MaxCPI, "max CPI"), known("the current CPI is", dollars(f.CPI))
	switch {
	case over != "":
	case f.MaxCPI != nil:
		over = "the max CPI is " + f.MaxCPI.Dollars() + // max CPI is never lowered
			only(f.required != nil, " already, so approving only sets the project live")
	case f.CPI != nil:
		over, current = f.over(f.CPI, "current CPI"), "the max CPI is not known"
	}
	if f.required == nil { // the story says that it is not given
		return sentences(sentence(over), sentence(current))
	}
	head := "Prodege paused the project and requires a CPI of " + f.required.Dollars() + known(", no longer", dollars(r.Previous))
	return sentences(strings.Join(some(head, over), ": ")+".", sentence(current))
}

// over says how far the required CPI is above an amount: "+$0.50 (+13 %) over the max CPI of $3.75". If it is not
// above, that says nothing about the decision and is left out.
func (f figures) over(u *prodege.USD, name string) string {
	if u == nil || f.required == nil || f.required.Cmp(*u) <= 0 {
		return ""
	}
	return change(*u, *f.required) + " over the " + name + " of " + u.Dollars()
}

// cost says what accepting adds. It compares with max CPI, which is what people agreed to so far and what accepting
// raises; only if that is not known, with the current CPI. It is an upper bound on an estimate: quotas may overlap,
// and CPI may stay below its maximum.
func (r request) cost() string {
	amount := r.offered()
	switch {
	case r.Numbers == nil && r.NoAPIKey:
		return "*Cost:* not known, because Prodege can't be asked without an API key."
	case r.Numbers == nil:
		return "*Cost:* not known, because Prodege's figures for the project could not be read."
	case amount == nil:
		return ""
	}
	verb := "Approving"
	if r.Phase == project.PhaseOverLimit {
		verb = "Accepting"
	}
	return known("*"+verb+" "+amount.Dollars()+" costs*", r.figures().cost(*amount))
}

// cost is what an amount adds: "up to about $200.00 more: about 400 completes still wanted, each $0.50 above max CPI."
func (f figures) cost(amount prodege.USD) string {
	base, name := f.MaxCPI, "max CPI"
	if base == nil {
		base, name = f.CPI, "current CPI"
	}
	if base == nil {
		return ""
	}
	diff, left := amount.Sub(*base), f.left()
	switch {
	case amount.Cmp(*base) <= 0:
		return "nothing above what was agreed: " + name + " is " + base.Dollars() + " already."
	case left > 0:
		return fmt.Sprintf("up to about %s more: about %s completes still wanted, each %s above %s.",
			diff.Times(left).Dollars(), number(left), diff.Dollars(), name)
	case f.Wanted > 0 && f.Completes >= 0:
		return diff.Dollars() + " more per complete than " + name + ". All completes seem to be in already."
	}
	return diff.Dollars() + " more per complete than " + name + ". How many are still wanted is not known."
}

// left is how many completes are still wanted; 0 if none, or if that is not known. Both sums are over quotas that may
// overlap.
func (f figures) left() int64 {
	if f.Wanted <= 0 || f.Completes < 0 {
		return 0
	}
	return max(0, f.Wanted-f.Completes)
}

// completes is "about 600 of 1,000, 400 left".
func (f figures) completes() string {
	switch {
	case f.Completes > 0 && f.Wanted > 0:
		return "about " + number(f.Completes) + " of " + number(f.Wanted) + only(f.left() > 0, ", "+number(f.left())+" left")
	case f.Completes > 0:
		return "about " + number(f.Completes) + " so far"
	}
	return only(f.Wanted > 0, "about "+number(f.Wanted)+" wanted")
}

// spent is what the completes so far have cost, at the average CPI that Prodege tells.
func (f figures) spent() string {
	avg := deref(f.AvgCPI)
	return only(f.Completes > 0 && !avg.IsZero(),
		"about "+avg.Times(f.Completes).Dollars()+", "+number(f.Completes)+" at "+avg.Dollars()+" on average")
}

// fields is the table behind Details.
func (f figures) fields() []field {
	cost, total := "", ""
	if f.required != nil {
		cost = f.cost(*f.required)
		total = only(f.left() > 0, "up to about "+f.required.Times(f.left()).Dollars())
	}
	return []field{
		{"Required CPI", amountOr(f.required, "not given")},
		{"Difference", lines(f.over(f.MaxCPI, "max CPI"), f.over(f.CPI, "current CPI"))},
		{"Max CPI now", dollars(f.MaxCPI)},
		{"Current CPI", commas(dollars(f.CPI), known("average", dollars(f.AvgCPI)))},
		{"Completes", f.completes()},
		{"Spent so far", f.spent()},
		{"Approving costs", cost},
		{"Total for those left", total},
		{"Incidence rate", bidActual(f.BidIR, f.ActualIR, " %")},
		{"Length of interview", bidActual(f.BidLOI, f.ActualLOI, " min")},
	}
}

// shortNumbers are the figures in one line, once the decision is taken.
func (r request) shortNumbers() []string {
	f := r.figures()
	former := f.over(f.MaxCPI, "former max CPI")
	if former == "" {
		former = known("max CPI before", dollars(f.MaxCPI))
	}
	return []string{known("required CPI", dollars(r.Required)), former, known("current CPI", dollars(f.CPI)),
		known("completes", f.completes())}
}
