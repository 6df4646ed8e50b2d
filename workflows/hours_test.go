package workflows

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	day := func(month time.Month, d, hour, minute int) time.Time {
		return time.Date(2026, month, d, hour, minute, 0, 0, newYork)
	}
	cases := []struct {
		name, hours string
		from        time.Time
		add         time.Duration
		want        time.Time
	}{
		{"always", "", day(3, 6, 16, 0), 24 * time.Hour, day(3, 7, 16, 0)},
		{"within a day", "Mon-Fri 08:00-19:00 America/New_York", day(3, 3, 9, 0), 2 * time.Hour, day(3, 3, 11, 0)},
		{"over a night", "Mon-Fri 08:00-19:00 America/New_York", day(3, 3, 18, 0), 2 * time.Hour, day(3, 4, 9, 0)},
		{"over a weekend and the change to summer time", "Mon-Fri 08:00-19:00 America/New_York", day(3, 6, 18, 0), 2 * time.Hour, day(3, 9, 9, 0)},
		{"begun in the night", "Mon-Fri 08:00-19:00 America/New_York", day(3, 3, 3, 0), time.Hour, day(3, 3, 9, 0)},
		{"the day of the change itself", "Sun 00:00-24:00 America/New_York", day(3, 8, 0, 0), 23 * time.Hour, day(3, 9, 0, 0)},
		{"the day of the change back", "Sun 00:00-24:00 America/New_York", day(11, 1, 0, 0), 25 * time.Hour, day(11, 2, 0, 0)},
		{"days by comma", "Mon,Wed 10:00-11:00 America/New_York", day(3, 2, 10, 30), time.Hour, day(3, 4, 10, 30)},
		{"a span over Sunday", "Sat-Mon 10:00-11:00 America/New_York", day(3, 7, 10, 0), 3 * time.Hour, day(3, 9, 11, 0)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, err := ParseHours(c.hours)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.Add(c.from, c.add); !got.Equal(c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestHoursThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"Mon-Fri", "Mon-Fri 08:00-19:00", "Mon-Fri 19:00-08:00 UTC", "Mun-Fri 08:00-19:00 UTC", "Mon-Fri 8-19 UTC", "Mon-Fri 08:00-19:00 Mars/Olympus"} {
		if _, err := ParseHours(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzParseHours(f *testing.F) {
	f.Add("Mon-Fri 08:00-19:00 America/New_York")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHours(text)
		if err != nil {
			return
		}
		from := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
		if got := h.Add(from, time.Hour); got.Before(from.Add(time.Hour)) {
			t.Errorf("%q: an hour later is %s", text, got)
		}
	})
}
