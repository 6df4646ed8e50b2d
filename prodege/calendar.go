package prodege

import "time"

// Inactivity, from Prodege's help pages ("Auto Transition to Completion"): a project is paused after 5 business
// days without a click (207), and after 15 in all it is set to COMPLETE (209). Whether the day of the last
// click counts, and which holidays Prodege keeps, is not published: what is reckoned from this is "about".
const (
	inactivePause    = 5
	inactiveComplete = 15
)

// AutoCompleteAt is about when Prodege sets a project to COMPLETE by itself that it paused for inactivity at
// that time: at the same hour, the rest of the business days later, by Pacific clocks.
func AutoCompleteAt(paused time.Time) time.Time {
	return AddBusinessDays(paused, inactiveComplete-inactivePause)
}

// AddBusinessDays moves a time by so many business days, back where n is negative, by Pacific clocks. The hour
// stays. From a day that is none it moves to the first one in that direction as one of the n.
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

// BusinessDay says whether the day that a time falls on, by Pacific clocks, is neither a Saturday nor a Sunday
// nor a federal holiday of the United States.
func BusinessDay(t time.Time) bool {
	t = t.In(pacific)
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		return false
	}
	return !federalHoliday(t)
}

// holiday is a rule for a day of the year: a date, or the n-th of a weekday in a month (the last where n is -1).
type holiday struct {
	month   time.Month
	day     int // of the month; 0: by weekday
	weekday time.Weekday
	nth     int
}

// federalHolidays are those of 5 U.S.C. 6103(a), the one place where they are listed.
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

// federalHoliday says whether a day is one on which a federal holiday is kept: one that falls on a Saturday is
// kept the Friday before, on a Sunday the Monday after (5 U.S.C. 6103(b), Executive Order 11582).
func federalHoliday(t time.Time) bool {
	for _, year := range []int{t.Year(), t.Year() + 1} { // New Year's Day may be kept on December 31
		for _, h := range federalHolidays {
			kept := h.in(year)
			switch kept.Weekday() {
			case time.Saturday:
				kept = kept.AddDate(0, 0, -1)
			case time.Sunday:
				kept = kept.AddDate(0, 0, 1)
			}
			if kept.Year() == t.Year() && kept.YearDay() == t.YearDay() {
				return true
			}
		}
	}
	return false
}

// in is the holiday's day in a year.
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
