package prodege

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the image has no time zone database
	"unicode"
)

// pacific is the zone of Prodege's times, which come without one.
var pacific = func() *time.Location {
	l, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err) // the database is embedded
	}
	return l
}()

// Pacific returns the zone of Prodege's clock, America/Los_Angeles.
func Pacific() *time.Location { return pacific }

// wallClock is how Prodege writes a time.
const wallClock = "2006-01-02 15:04:05"

// ParseTime reads an event_time. Wall clock time is Pacific Time; an explicit zone, which Prodege is not known to
// send, is honored: Z, UTC, GMT, PST, PDT, or an offset with or without a colon. The result has the zone Pacific.
//
// In November one hour occurs twice: if the event's id is an ObjectID, the second in it tells which one was meant,
// otherwise the first is taken. In March one hour is missing: a time in it is read as if the clock had not been
// changed (02:30 is 03:30), or as the id tells.
func ParseTime(text string, id EventID) (time.Time, error) {
	if wall, err := time.Parse(wallClock, text); err == nil {
		return onWall(wall, id), nil // as Prodege writes it
	}
	parts := timeText.FindStringSubmatch(tidy(text))
	if parts == nil {
		return time.Time{}, fmt.Errorf("not a time: %.40q", text)
	}
	day, clock, zone := parts[1], parts[2], strings.ToUpper(parts[3])
	if len(clock) == len("15:04") {
		clock += ":00"
	}
	wall, err := time.Parse(wallClock, day+" "+clock) // which accepts a fraction
	if err != nil {
		return time.Time{}, fmt.Errorf("not a time: %.40q", text)
	}
	if zone == "" || zone == "PT" {
		return onWall(wall, id), nil
	}
	offset, known := zones[zone]
	if !known {
		digits := strings.ReplaceAll(strings.TrimLeft(zone, "UTCGM"), ":", "")
		t, err := time.Parse("-0700", (digits + "00")[:len("-0700")])
		if err != nil {
			return time.Time{}, fmt.Errorf("not a time in a zone we know: %.40q", text)
		}
		_, seconds := t.Zone()
		offset = time.Duration(seconds) * time.Second
	}
	return wall.Add(-offset).In(pacific), nil
}

// timeText matches date, time of day and zone; the name of a zone whose offset precedes it is ignored, as in
// 2026-11-30T12:00:00-08:00[America/Los_Angeles].
var timeText = regexp.MustCompile(`(?i)^(\d{4}-\d\d-\d\d)(?:T| +)(\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) *` +
	`(?:(PT|PST|PDT|Z|(?:UTC|GMT)?[-+]\d\d(?::?\d\d)?|UTC|GMT)(?:\[.*\])?)?$`)

// zones are how far the zones with a name are ahead of UTC.
var zones = map[string]time.Duration{"Z": 0, "UTC": 0, "GMT": 0, "PST": -8 * time.Hour, "PDT": -7 * time.Hour}

// tidy replaces unusual blanks and minus signs with plain ones, and drops other invisible characters.
func tidy(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '−':
			return '-'
		case unicode.IsSpace(r):
			return ' '
		case invisible(r):
			return -1
		}
		return r
	}, text))
}

// onWall returns the moment at which Pacific clocks show wall, which is given as if in UTC. time.Date guarantees
// nothing for the hours at which daylight saving time begins and ends.
func onWall(wall time.Time, id EventID) time.Time {
	const day = 24 * time.Hour
	before, after := withOffsetAt(wall, wall.Add(-day)), withOffsetAt(wall, wall.Add(day))
	if right := shows(after, wall); right != shows(before, wall) {
		if right {
			return after
		}
		return before
	}
	made, ok := ObjectIDTime(id)
	if toAfter := made.Sub(after).Abs(); ok && toAfter < made.Sub(before).Abs() && toAfter < day {
		return after
	}
	return before
}

// withOffsetAt reads wall with the Pacific offset in force at the moment at.
func withOffsetAt(wall, at time.Time) time.Time {
	_, offset := at.In(pacific).Zone()
	return wall.Add(-time.Duration(offset) * time.Second).In(pacific)
}

func shows(t, wall time.Time) bool { return t.Format(wallClock) == wall.Format(wallClock) }

// ObjectIDTime returns the second, in UTC, that an event id in the form of a MongoDB ObjectID (24 hexadecimal digits)
// contains. Other ids may have that form by chance, so callers must check that the time is plausible.
func ObjectIDTime(id EventID) (time.Time, bool) {
	b, err := hex.DecodeString(string(id))
	if err != nil || len(b) != 12 {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint32(b)), 0).UTC(), true
}
