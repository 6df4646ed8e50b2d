package prodege

import "time"

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
		if t = t.AddDate(0, 0, step); BusinessDay(t) {
			n--
		}
	}
	return t
}

// BusinessDay reports whether a time falls, in Pacific Time, on a day that is neither a Saturday, a Sunday nor a
// federal holiday of the United States.
func BusinessDay(t time.Time) bool {
	t = t.In(pacific)
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		return false
	}
	return !federalHoliday(t)
}

// holiday is a rule for a day of the year: a date, or the nth of a weekday in a month (the last if nth is -1).
type holiday struct {
	month   time.Month
	day     int // of the month; 0: by weekday
	weekday time.Weekday
	nth     int
}

// federalHolidays are those of 5 U.S.C. 6103(a).
var federalHolidays = []holiday{
	{month: time.January, day: 1},                          // New Year's Day
	{month: time.January, weekday: time.Monday, nth: 3},    // Birthday of Martin Luther King, Jr.
	{month: time.February, weekday: time.Monday, nth: 3},   // Washington's Birthday
	{month: time.May, weekday: time.Monday, nth: -1},       // Memorial Day
	{month: time.June, day: 19},                            // Juneteenth
	{month: time.July, day: 4},                             // Independence Day
	{month: time.September, weekday: time.Monday, nth: 1},  // Labor Day
	{month: time.October, weekday: time.Monday, nth: 2},    // Columbus Day
	{month: time.November, day: 11},                        // Veterans Day
	{month: time.November, weekday: time.Thursday, nth: 4}, // Thanksgiving Day
	{month: time.December, day: 25},                        // Christmas Day
}

// federalHoliday reports whether a federal holiday is observed on a day: one on a Saturday is observed the Friday
// before, one on a Sunday the Monday after (5 U.S.C. 6103(b), Executive Order 11582).
func federalHoliday(t time.Time) bool {
	for _, year := range []int{t.Year(), t.Year() + 1} { // New Year's Day may be observed on December 31
		for _, h := range federalHolidays {
			observed := h.in(year)
			switch observed.Weekday() {
			case time.Saturday:
				observed = observed.AddDate(0, 0, -1)
			case time.Sunday:
				observed = observed.AddDate(0, 0, 1)
			}
			if observed.Year() == t.Year() && observed.YearDay() == t.YearDay() {
				return true
			}
		}
	}
	return false
}

// in returns the holiday's date in a year.
func (h holiday) in(year int) time.Time {
	if h.day != 0 {
		return time.Date(year, h.month, h.day, 12, 0, 0, 0, pacific)
	}
	if h.nth < 0 {
		last := time.Date(year, h.month+1, 0, 12, 0, 0, 0, pacific)
		return last.AddDate(0, 0, -(int(last.Weekday()-h.weekday)+7)%7)
	}
	first := time.Date(year, h.month, 1, 12, 0, 0, 0, pacific)
	return first.AddDate(0, 0, (int(h.weekday-first.Weekday())+7)%7+7*(h.nth-1))
}
