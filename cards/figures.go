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

func (r request) figures() figures {
	f := figures{required: r.Required}
	if r.Numbers != nil {
		f.Numbers = *r.Numbers
	}
	return f
}

// price says what Prodege requires, and how far that is above what is known: "Prodege paused the project and requires a
// CPI of $4.25: +$0.50 (+13 %) over the max CPI of $3.75. The current CPI is $3.90."
func (r request) price() string {
	f := r.figures()
	over, current := f.over(f.MaxCPI, "max CPI"), known("the current CPI is", dollars(f.CPI))
	switch {
	case over != "":
	case f.MaxCPI != nil && f.required != nil: // max CPI is never lowered
		over = "the max CPI is " + f.MaxCPI.Dollars() + " already, so approving only sets the project live"
	case f.MaxCPI != nil:
		over = "the max CPI is " + f.MaxCPI.Dollars()
	case f.CPI != nil:
		over, current = f.over(f.CPI, "current CPI"), "the max CPI is not known"
	}
	if f.required == nil { // the story says that it is not given
		return sentences(sentence(over), sentence(current))
	}
	head := "Prodege paused the project and requires a CPI of " + f.required.Dollars()
	if r.Previous != nil {
		head += ", no longer " + r.Previous.Dollars()
	}
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
	if r.Numbers == nil {
		why := "because Prodege's figures for the project could not be read"
		if r.NoAPIKey {
			why = "because Prodege can't be asked without an API key"
		}
		return "*Cost:* not known, " + why + "."
	}
	amount := r.offered()
	if amount == nil {
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
	diff := amount.Sub(*base).Dollars()
	switch left := f.Wanted - f.Completes; {
	case amount.Cmp(*base) <= 0:
		return "nothing above what was agreed: " + name + " is " + base.Dollars() + " already."
	case f.Wanted <= 0 || f.Completes < 0:
		return diff + " more per complete than " + name + ". How many are still wanted is not known."
	case left <= 0:
		return diff + " more per complete than " + name + ". All completes seem to be in already."
	default:
		return fmt.Sprintf("up to about %s more: about %s completes still wanted, each %s above %s.",
			amount.Sub(*base).Times(left).Dollars(), number(left), diff, name)
	}
}

// total is what the completes still wanted cost in all at an amount; empty if it is not known.
func (f figures) total(amount prodege.USD) string {
	left := f.Wanted - f.Completes
	if f.Wanted <= 0 || f.Completes < 0 || left <= 0 {
		return ""
	}
	return "up to about " + amount.Times(left).Dollars()
}

// completes is "about 600 of 1,000, 400 left"; both are sums over quotas that may overlap.
func (f figures) completes() string {
	switch left := f.Wanted - f.Completes; {
	case f.Completes > 0 && left > 0:
		return "about " + number(f.Completes) + " of " + number(f.Wanted) + ", " + number(left) + " left"
	case f.Completes > 0 && f.Wanted > 0:
		return "about " + number(f.Completes) + " of " + number(f.Wanted)
	case f.Completes > 0:
		return "about " + number(f.Completes) + " so far"
	case f.Wanted > 0:
		return "about " + number(f.Wanted) + " wanted"
	}
	return ""
}

// spent is what the completes so far have cost, at the average CPI that Prodege tells.
func (f figures) spent() string {
	if f.Completes <= 0 || f.AvgCPI == nil || f.AvgCPI.IsZero() {
		return ""
	}
	return "about " + f.AvgCPI.Times(f.Completes).Dollars() + ", " + number(f.Completes) + " at " + f.AvgCPI.Dollars() + " on average"
}

// fields is the table behind Details.
func (f figures) fields() []field {
	cost, total := "", ""
	if f.required != nil {
		cost, total = f.cost(*f.required), f.total(*f.required)
	}
	return []field{
		{"Required CPI", amountOr(f.required, "not given")},
		{"Difference", strings.Join(some(f.over(f.MaxCPI, "max CPI"), f.over(f.CPI, "current CPI")), "\n")},
		{"Max CPI now", dollars(f.MaxCPI)},
		{"Current CPI", strings.Join(some(dollars(f.CPI), known("average", dollars(f.AvgCPI))), ", ")},
		{"Completes", f.completes()},
		{"Spent so far", f.spent()},
		{"Approving costs", cost},
		{"Total for those left", total},
		{"Incidence rate", bidActual(f.BidIR, f.ActualIR, " %")},
		{"Length of interview", bidActual(f.BidLOI, f.ActualLOI, " min")},
	}
}

func (f figures) asOf() string {
	if f.AsOf.IsZero() {
		return ""
	}
	return "figures as of " + when(f.AsOf)
}

// shortNumbers are the figures in one line, once the decision is taken.
func (r request) shortNumbers() []string {
	f := r.figures()
	former := f.over(f.MaxCPI, "former max CPI")
	if former == "" {
		former = known("max CPI before", dollars(f.MaxCPI))
	}
	return []string{known("required CPI", dollars(r.Required)), former, known("current CPI", dollars(f.CPI)), known("completes", f.completes())}
}
