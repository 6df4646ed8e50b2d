package project

import "fieldmarshal/prodege"

// maxFactor is the limit for an approved amount, as a multiple of the required one: $425 for $4.25 is a typing error.
const maxFactor = 2

// MostApprovable returns the highest amount that can be approved if an amount is required: twice that, but not more than
// CPI_CEILING. ceiling is nil if there is none.
func MostApprovable(required prodege.USD, ceiling *prodege.USD) prodege.USD {
	most := required.Times(maxFactor)
	if ceiling != nil && ceiling.Cmp(most) < 0 {
		return *ceiling
	}
	return most
}

// MostSample returns the largest sample size that can be asked for if a number of completes is wanted now: twice that. 0 means
// that the present size is unknown and there is no limit.
func MostSample(wanted int64) int64 { return wanted * maxFactor }
