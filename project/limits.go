package project

import "fieldmarshal/prodege"

// mostTimes is how many times what is required can be approved at most: $425 for $4.25 was a slip of the finger.
const mostTimes = 2

// MostApprovable is the most that can be approved where so much is required: twice that, and never more than
// CPI_CEILING. ceiling is nil if there is none.
func MostApprovable(required prodege.USD, ceiling *prodege.USD) prodege.USD {
	most := required.Times(mostTimes)
	if ceiling != nil && ceiling.Cmp(most) < 0 {
		return *ceiling
	}
	return most
}

// MostSample is the largest sample size that can be asked for where so many completes are wanted now: twice that.
// 0 means that the present size is not known, so there is no such limit.
func MostSample(wanted int64) int64 { return wanted * mostTimes }
