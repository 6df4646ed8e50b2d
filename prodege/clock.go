package prodege

import (
	"encoding/hex"
	"fmt"
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
		return onWall(wall, id), nil
	}
	head, zone := cutZone(text)
	wall, err := time.Parse(wallClock, head)
	if err != nil {
		if wall, err = time.Parse("2006-01-02 15:04", head); err != nil {
			return time.Time{}, fmt.Errorf("not a time: %.40q", text)
		}
	}
	if zone == "" || zone == "PT" {
		return onWall(wall, id), nil
	}
	offset, ok := zoneOffset(zone)
	if !ok {
		return time.Time{}, fmt.Errorf("not a time in a zone we know: %.40q", text)
	}
	return wall.Add(-offset).In(pacific), nil
}

// cutZone splits a time into date and time of day, in the form of wallClock, and the zone that follows them.
func cutZone(text string) (wall, zone string) {
	text = tidy(text)
	const date = len("2006-01-02")
	if len(text) <= date {
		return text, ""
	}
	day, clock := text[:date], strings.TrimLeft(text[date:], "Tt ")
	if i := strings.IndexFunc(clock, func(r rune) bool { return !(r >= '0' && r <= '9' || r == ':' || r == '.' || r == ',') }); i >= 0 {
		clock, zone = clock[:i], strings.ToUpper(strings.TrimSpace(clock[i:]))
	}
	return day + " " + clock, zone
}

// tidy replaces unusual blanks and minus signs with plain ones, and drops the name of a zone whose offset precedes it,
// as in 2026-11-30T12:00:00-08:00[America/Los_Angeles].
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '−':
			return '-'
		case unicode.IsSpace(r):
			return ' '
		case invisible(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if before, name, found := strings.Cut(text, "["); found && strings.HasSuffix(name, "]") {
		if _, zone := cutZone(before); zone != "" {
			return strings.TrimSpace(before)
		}
	}
	return text
}

// zoneOffset returns how far a zone is ahead of UTC.
func zoneOffset(zone string) (time.Duration, bool) {
	switch zone {
	case "Z", "UTC", "GMT":
		return 0, true
	case "PST":
		return -8 * time.Hour, true
	case "PDT":
		return -7 * time.Hour, true
	}
	zone = strings.TrimPrefix(strings.TrimPrefix(zone, "UTC"), "GMT")
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		if t, err := time.Parse(layout, zone); err == nil {
			_, seconds := t.Zone()
			return time.Duration(seconds) * time.Second, true
		}
	}
	return 0, false
}

// onWall returns the moment at which Pacific clocks show wall, which is given as if in UTC. time.Date guarantees
// nothing for the hours at which daylight saving time begins and ends.
func onWall(wall time.Time, id EventID) time.Time {
	const day = 24 * time.Hour
	before, after := withOffsetAt(wall, wall.Add(-day)), withOffsetAt(wall, wall.Add(day))
	if before.Equal(after) {
		return before
	}
	rightBefore, rightAfter := shows(before, wall), shows(after, wall)
	switch {
	case rightBefore && !rightAfter:
		return before
	case rightAfter && !rightBefore:
		return after
	}
	if made, ok := ObjectIDTime(id); ok {
		toBefore, toAfter := made.Sub(before).Abs(), made.Sub(after).Abs()
		if toAfter < toBefore && toAfter < day {
			return after
		}
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
	seconds := int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	return time.Unix(seconds, 0).UTC(), true
}
