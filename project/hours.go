package project

import (
	"fmt"
	"strings"
	"time"
)

// Hours are the hours that count for reminders and expiry, such as "Mon-Fri 08:00-19:00 America/New_York". The zero value
// means always.
type Hours struct {
	days     [7]bool // by time.Weekday
	from, to time.Duration
	zone     *time.Location
}

var weekdays = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

// ParseHours parses APPROVAL_HOURS: days (Mon-Fri, or Mon,Wed,Fri), a span of wall-clock time within a day, and the IANA name
// of a time zone. An empty text means always.
func ParseHours(text string) (Hours, error) {
	var h Hours
	if strings.TrimSpace(text) == "" {
		return h, nil
	}
	parts := strings.Fields(text)
	if len(parts) != 3 {
		return h, fmt.Errorf(`must be like "Mon-Fri 08:00-19:00 America/New_York": %.60q`, text)
	}
	if err := h.parseDays(parts[0]); err != nil {
		return h, err
	}
	from, to, ok := strings.Cut(parts[1], "-")
	var errFrom, errTo error
	h.from, errFrom = wallClock(from)
	h.to, errTo = wallClock(to)
	if !ok || errFrom != nil || errTo != nil || h.from >= h.to {
		return h, fmt.Errorf("hours must be a span like 08:00-19:00: %.40q", parts[1])
	}
	zone, err := time.LoadLocation(parts[2])
	if err != nil || parts[2] == "Local" { // which depends on the machine
		return h, fmt.Errorf("time zone must be like America/New_York: %.40q", parts[2])
	}
	h.zone = zone
	return h, nil
}

func (h *Hours) parseDays(text string) error {
	for _, part := range strings.Split(text, ",") {
		first, last, ranged := strings.Cut(strings.ToLower(part), "-")
		if !ranged {
			last = first
		}
		from, okFrom := weekdays[first]
		to, okTo := weekdays[last]
		if !okFrom || !okTo {
			return fmt.Errorf("days must be like Mon-Fri: %.40q", text)
		}
		for day := from; ; day = (day + 1) % 7 {
			h.days[day] = true
			if day == to {
				break
			}
		}
	}
	return nil
}

func wallClock(text string) (time.Duration, error) {
	if text == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, err
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// Add returns the time at which d of counted time has passed since from. The hours are wall-clock time in the zone, also on the
// days when daylight saving time begins or ends.
func (h Hours) Add(from time.Time, d time.Duration) time.Time {
	if h.zone == nil {
		return from.Add(d)
	}
	day := from.In(h.zone)
	const tooLong = 2000 // days; a duration of years is a configuration error, and must not loop for long
	for range tooLong {
		opens, closes := h.span(day)
		if h.days[opens.Weekday()] && closes.After(from) {
			start := opens
			if from.After(start) {
				start = from
			}
			if left := closes.Sub(start); left >= d {
				return start.Add(d).In(from.Location())
			} else {
				d -= left
			}
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 12, 0, 0, 0, h.zone)
	}
	return from.Add(d)
}

// span returns when the hours of a day begin and end.
func (h Hours) span(day time.Time) (opens, closes time.Time) {
	at := func(d time.Duration) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), int(d.Hours()), int(d.Minutes())%60, 0, 0, h.zone)
	}
	return at(h.from), at(h.to)
}

// hoursOf returns the configured hours. Package config has checked the text; one that is not valid means always.
func hoursOf(s *Settings) Hours {
	h, _ := ParseHours(s.ApprovalHours)
	return h
}
