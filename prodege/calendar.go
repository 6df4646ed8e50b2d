package prodege

import (
	"slices"
	"time"
)

// Business days without a click, from Prodege's help pages ("Auto Transition to Completion"): after 5 a project is
// paused (207), after 15 in all it is set to COMPLETE (209). Whether the day of the last click counts, and which
// holidays Prodege observes, is not published, so times computed from these are approximate.
const (
	inactivePause    = 5
	inactiveComplete = 15
)

// AutoCompleteAt returns about when Prodege will set a project to COMPLETE that it paused for inactivity at the given
// time: after the remaining business days, at the same hour, Pacific Time.
func AutoCompleteAt(paused time.Time) time.Time {
	return AddBusinessDays(paused, inactiveComplete-inactivePause)
}

// AddBusinessDays moves a time by n business days in Pacific Time, backwards if n is negative. The hour stays. Starting
// on a day that is not a business day, the first one in that direction counts as one.
func AddBusinessDays(t time.Time, n int) time.Time {
	t = t.In(pacific)
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		if t = t.AddDate(0, 0, step); businessDay(t) {
			n--
		}
	}
	return t
}

// businessDay reports whether a time falls, in Pacific Time, on a day that is neither a Saturday, a Sunday nor a
// federal holiday of the United States.
func businessDay(t time.Time) bool {
	t = t.In(pacific)
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && !federalHoliday(t)
}

// The federal holidays of 5 U.S.C. 6103(a).
var (
	// fixedHolidays are New Year's Day, Juneteenth, Independence Day, Veterans Day and Christmas Day.
	fixedHolidays = []string{"01-01", "06-19", "07-04", "11-11", "12-25"}
	// weekdayHolidays are on a weekday of a month, not before that day of it: the third Monday is not before the 15th.
	weekdayHolidays = map[string]int{
		"Jan Mon": 15, // Birthday of Martin Luther King, Jr.
		"Feb Mon": 15, // Washington's Birthday
		"May Mon": 25, // Memorial Day
		"Sep Mon": 1,  // Labor Day
		"Oct Mon": 8,  // Columbus Day
		"Nov Thu": 22, // Thanksgiving Day
	}
)

// federalHoliday reports whether a federal holiday is observed on a day: one on a Saturday is observed the Friday
// before, one on a Sunday the Monday after (5 U.S.C. 6103(b), Executive Order 11582).
func federalHoliday(t time.Time) bool {
	fixed := func(days int) bool { return slices.Contains(fixedHolidays, t.AddDate(0, 0, days).Format("01-02")) }
	from, found := weekdayHolidays[t.Format("Jan Mon")]
	switch day := t.Weekday(); {
	case found && t.Day() >= from && t.Day() < from+7:
		return true
	case day == time.Friday && fixed(1), day == time.Monday && fixed(-1):
		return true
	case day == time.Saturday || day == time.Sunday:
		return false
	}
	return fixed(0)
}
