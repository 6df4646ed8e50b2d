package cards

import (
	"fmt"
	"strings"

	"fieldmarshal/prodege"
)

// known names a value; "" where there is none.
func known(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

// given is what Prodege told, or nothing.
func (r *Request) given() Numbers {
	if r.Numbers == nil {
		return Numbers{}
	}
	return *r.Numbers
}

// over says how far the required CPI stands above an amount: "+$0.50 (+13 %) over max CPI". Where it is not
// above, that says nothing about the decision and is left out.
func (r *Request) over(u *prodege.USD, name string) string {
	if u == nil || r.Required == nil || r.Required.Cmp(*u) <= 0 {
		return ""
	}
	return change(*u, *r.Required) + " over " + name
}

// overMax is over for max CPI, under a name and with its amount: "+$0.50 (+13 %) over the max CPI of $3.75".
func (r *Request) overMax(name string) string {
	u := r.given().MaxCPI
	if u == nil {
		return ""
	}
	if text := r.over(u, "the "+name+" of "+u.Dollars()); text != "" {
		return text
	}
	return name + " " + u.Dollars()
}

// completes is "about 600 of 1,000"; both are sums over quotas that may overlap.
func (r *Request) completes() string {
	n := r.given()
	switch {
	case n.Completes > 0 && n.Wanted > 0:
		return "about " + number(n.Completes) + " of " + number(n.Wanted)
	case n.Completes > 0:
		return "about " + number(n.Completes) + " so far"
	case n.Wanted > 0:
		return "about " + number(n.Wanted) + " wanted"
	}
	return ""
}

// completesLeft is completes with how many are still wanted.
func (r *Request) completesLeft() string {
	n := r.given()
	if left := n.Wanted - n.Completes; n.Completes > 0 && left > 0 {
		return r.completes() + ", " + number(left) + " left"
	}
	return r.completes()
}

// spent is what the completes so far have cost, at the average CPI that Prodege tells.
func (r *Request) spent() string {
	n := r.given()
	if n.Completes <= 0 || n.AvgCPI == nil || n.AvgCPI.IsZero() {
		return ""
	}
	return "about " + n.AvgCPI.Times(n.Completes).Dollars() + ", " + number(n.Completes) + " at " + n.AvgCPI.Dollars() + " on average"
}

// numbers is the table that people decide by.
func (r *Request) numbers() []field {
	n := r.given()
	required := amountOr(r.Required, "not told")
	if r.Previous != nil {
		required += " (was " + r.Previous.Dollars() + " before)"
	}
	current := dollars(n.CPI)
	if n.AvgCPI != nil {
		current = strings.Join(some(current, "average "+n.AvgCPI.Dollars()), ", ")
	}
	return []field{
		{"Required CPI", required},
		{"Difference", lines(r.over(n.MaxCPI, "max CPI"), r.over(n.CPI, "current CPI"))},
		{"Max CPI now", dollars(n.MaxCPI)},
		{"Current CPI", current},
		{"Completes", r.completesLeft()},
		{"Spent so far", r.spent()},
		{"Incidence rate", bidActual(n.BidIR, n.ActualIR, " %")},
		{"Length of interview", bidActual(n.BidLOI, n.ActualLOI, " min")},
	}
}

// shortNumbers is the same in one line, once the decision is taken.
func (r *Request) shortNumbers() []string {
	return []string{known("required CPI", dollars(r.Required)), r.overMax("former max CPI"), known("completes", r.completes())}
}

// cost says what accepting adds. It compares with max CPI, which is what people agreed to so far and what
// accepting raises; only where that is not known, with the current CPI. It is an upper bound on an estimate:
// quotas may overlap, and CPI may stay below its maximum.
func (r *Request) cost() string {
	n, amount := r.given(), r.offered()
	base, name := n.MaxCPI, "max CPI"
	if base == nil {
		base, name = n.CPI, "current CPI"
	}
	if amount == nil || base == nil {
		if r.Numbers == nil {
			why := "as Prodege's numbers for the project could not be read"
			if r.NoAPIKey {
				why = "as Prodege can't be asked without an API key"
			}
			return "*Cost:* not known, " + why + "."
		}
		return ""
	}
	diff, head := amount.Sub(*base).Dollars(), "*Accepting "+amount.Dollars()+" costs* "
	switch left := n.Wanted - n.Completes; {
	case amount.Cmp(*base) <= 0:
		return head + "nothing above what was agreed: " + name + " is " + base.Dollars() + " already."
	case n.Wanted <= 0 || n.Completes < 0:
		return head + diff + " more a complete than " + name + ". How many are still wanted is not known."
	case left <= 0:
		return head + diff + " more a complete than " + name + ". All completes seem to be in already."
	default:
		return fmt.Sprintf("%sup to about %s more: about %s completes still wanted, each %s above %s. In all they then cost up to about %s.",
			head, amount.Sub(*base).Times(left).Dollars(), number(left), diff, name, amount.Times(left).Dollars())
	}
}

// offered is the amount that the next approval would accept: what the first of two people approved, else
// what Prodege requires.
func (r *Request) offered() *prodege.USD {
	if first := r.approved(); r.Phase == PhaseSecond && first != nil {
		return first
	}
	return r.Required
}

func (r *Request) asOf() string {
	if asOf := r.given().AsOf; !asOf.IsZero() {
		return "numbers as of " + when(asOf)
	}
	return ""
}
