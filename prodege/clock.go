package prodege

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // an image from scratch has no time zones
	"unicode"
)

// Prodege's clock is Pacific Time with daylight saving, on the wall: its times have no zone.
var pacific = func() *time.Location {
	l, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err) // embedded: can't be missing
	}
	return l
}()

// Pacific is the zone of Prodege's clock, America/Los_Angeles.
func Pacific() *time.Location { return pacific }

// wallClock is how Prodege writes a time.
const wallClock = "2006-01-02 15:04:05"

// ParseTime reads an event_time. Wall clock time is Pacific Time; an explicit zone, which Prodege is not known to
// send, is believed: Z, UTC, GMT, PST, PDT, or an offset with or without a colon. The result has the zone Pacific.
//
// In November one hour comes twice: the second in the event's id, where that is an ObjectID, tells which one
// was meant, else the first is taken. In March one hour is missing: a time in it is read as if the clock had
// not been changed (02:30 is 03:30), or as its id tells.
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

// cutZone takes a time apart into date and time of day, as wallClock writes them, and what follows them.
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

// tidy writes blanks of any kind and a typographic minus plainly, and leaves out the name of a zone whose offset stands
// before it, as in 2026-11-30T12:00:00-08:00[America/Los_Angeles].
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

// zoneOffset is how far a zone is ahead of UTC.
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

// onWall finds the moment at which Pacific clocks show what wall (as if in UTC) says. time.Date would do but
// for the two hours a year in which it promises nothing.
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

// withOffsetAt reads wall with the offset that holds in the Pacific zone at the moment at.
func withOffsetAt(wall, at time.Time) time.Time {
	_, offset := at.In(pacific).Zone()
	return wall.Add(-time.Duration(offset) * time.Second).In(pacific)
}

func shows(t, wall time.Time) bool { return t.Format(wallClock) == wall.Format(wallClock) }

// ObjectIDTime gives the UTC second in an event id that has the form of a MongoDB ObjectID, 24 hexadecimal
// digits. Another maker's id may have that form by chance, so whoever uses it asks whether the time can be.
func ObjectIDTime(id EventID) (time.Time, bool) {
	b, err := hex.DecodeString(string(id))
	if err != nil || len(b) != 12 {
		return time.Time{}, false
	}
	seconds := int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	return time.Unix(seconds, 0).UTC(), true
}
