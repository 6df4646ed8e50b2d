package prodege

import (
	"slices"
	"testing"
	"time"
)

// The days on which federal holidays are observed, from the Office of Personnel Management's calendars.
func TestFederalHolidays(t *testing.T) {
	for year, want := range map[int][]string{
		2025: {"01-01", "01-20", "02-17", "05-26", "06-19", "07-04", "09-01", "10-13", "11-11", "11-27", "12-25"},
		2026: {"01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"},
		2027: {"01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-31"},
		2028: {"01-17", "02-21", "05-29", "06-19", "07-04", "09-04", "10-09", "11-10", "11-23", "12-25"},
	} {
		var got []string
		for day := time.Date(year, 1, 1, 12, 0, 0, 0, Pacific()); day.Year() == year; day = day.AddDate(0, 0, 1) {
			if federalHoliday(day) {
				got = append(got, day.Format("01-02"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d:\n got  %v\n want %v", year, got, want)
		}
	}
}

func TestAutoCompleteAt(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.ParseInLocation("Mon 2006-01-02 15:04", text, Pacific())
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for paused, want := range map[string]string{
		"Tue 2026-03-03 14:02": "Tue 2026-03-17 14:02", // the clocks change in between
		"Fri 2026-11-20 09:00": "Mon 2026-12-07 09:00", // Thanksgiving between
		"Sat 2026-03-07 23:59": "Fri 2026-03-20 23:59",
		"Thu 2026-12-17 00:00": "Mon 2027-01-04 00:00", // Christmas and New Year between
	} {
		if got := AutoCompleteAt(at(paused)); !got.Equal(at(want)) {
			t.Errorf("paused %s: %s, want %s", paused, got.Format("Mon 2006-01-02 15:04"), want)
		}
	}
	if got := AddBusinessDays(at("Mon 2026-12-07 09:00"), -2); !got.Equal(at("Thu 2026-12-03 09:00")) {
		t.Errorf("two business days before: %s", got)
	}
	if got := AddBusinessDays(at("Mon 2026-11-30 09:00"), -2); !got.Equal(at("Wed 2026-11-25 09:00")) {
		t.Errorf("two business days before, over Thanksgiving: %s", got)
	}
	utc := time.Date(2026, 3, 7, 5, 0, 0, 0, time.UTC) // Friday evening in California
	if !businessDay(utc) || businessDay(utc.Add(12*time.Hour)) {
		t.Error("the day is not that of Pacific Time")
	}
}
