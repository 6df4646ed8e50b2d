package prodege

import (
	"fmt"
	"testing"
	"time"
)

// objectID makes an event id whose second is t.
func objectID(t time.Time) EventID {
	return EventID(fmt.Sprintf("%08xf443f2a3c77c7cb0", t.Unix())[:24])
}

func utc(text string) time.Time {
	t, err := time.Parse(wallClock, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		name, text string
		id         EventID
		want       string // UTC
	}{
		{"the contract's example", "2023-04-27 16:37:56", "644b075404443f2a3c77c7cb", "2023-04-27 23:37:56"},
		{"the sister webhook's example", "2023-02-06 13:42:01", "63e174296722563b9cc28d96", "2023-02-06 21:42:01"},

		{"the second before spring", "2025-03-09 01:59:59", "", "2025-03-09 09:59:59"},
		{"the second after spring", "2025-03-09 03:00:00", "", "2025-03-09 10:00:00"},
		{"the missing hour", "2025-03-09 02:30:00", "", "2025-03-09 10:30:00"},
		{"the missing hour, an id that says so", "2025-03-09 02:30:00", objectID(utc("2025-03-09 10:30:00")), "2025-03-09 10:30:00"},
		{"the missing hour, an id that says otherwise", "2025-03-09 02:30:00", objectID(utc("2025-03-09 09:30:02")), "2025-03-09 09:30:00"},

		{"before the hour that comes twice", "2025-11-02 00:59:59", "", "2025-11-02 07:59:59"},
		{"the hour that comes twice, nothing tells", "2025-11-02 01:30:00", "", "2025-11-02 08:30:00"},
		{"the hour that comes twice, the first", "2025-11-02 01:30:00", objectID(utc("2025-11-02 08:30:00")), "2025-11-02 08:30:00"},
		{"the hour that comes twice, the second", "2025-11-02 01:30:00", objectID(utc("2025-11-02 09:30:00")), "2025-11-02 09:30:00"},
		{"the hour that comes twice, its last second, an id made a little later", "2025-11-02 01:59:59", objectID(utc("2025-11-02 10:00:03")), "2025-11-02 09:59:59"},
		{"the hour that comes twice, an id from another year", "2025-11-02 01:30:00", objectID(utc("2031-01-01 00:00:00")), "2025-11-02 08:30:00"},
		{"the hour that comes twice, an id of another form", "2025-11-02 01:30:00", "evt-2", "2025-11-02 08:30:00"},
		{"after the hour that comes twice", "2025-11-02 02:00:00", "", "2025-11-02 10:00:00"},
		{"an id that disagrees where nothing is ambiguous", "2025-07-01 12:00:00", objectID(utc("2025-07-01 20:00:00")), "2025-07-01 19:00:00"},

		{"with a T", "2023-04-27T16:37:56", "", "2023-04-27 23:37:56"},
		{"with a zone", "2023-04-27T23:37:56Z", "", "2023-04-27 23:37:56"},
		{"with a fraction", "2023-04-27 16:37:56.0", "", "2023-04-27 23:37:56"},
		{"milliseconds and an offset without a colon", "2023-04-27T23:37:56.000+0000", "", "2023-04-27 23:37:56"},
		{"milliseconds and Z", "2023-04-27T23:37:56.123Z", "", "2023-04-27 23:37:56"},
		{"a small z", "2023-04-27t23:37:56z", "", "2023-04-27 23:37:56"},
		{"a blank for the T, and a zone", "2023-04-27 23:37:56Z", "", "2023-04-27 23:37:56"},
		{"a blank before the zone", "2023-04-27 16:37:56 -0700", "", "2023-04-27 23:37:56"},
		{"another offset", "2023-04-28T01:37:56+02:00", "", "2023-04-27 23:37:56"},
		{"an offset of hours", "2023-04-28T01:37:56+02", "", "2023-04-27 23:37:56"},
		{"a zone with its name", "2023-04-27T16:37:56.123-07:00[America/Los_Angeles]", "", "2023-04-27 23:37:56"},
		{"a typographic minus", "2023-04-27 16:37:56−0700", "", "2023-04-27 23:37:56"},
		{"a no-break space", "2023-04-27\u00a016:37:56", "", "2023-04-27 23:37:56"},
		{"a byte order mark", "\ufeff2023-04-27 16:37:56\u200b", "", "2023-04-27 23:37:56"},
		{"a comma for the fraction", "2023-04-27T23:37:56,5Z", "", "2023-04-27 23:37:56"},
		{"UTC by name", "2023-04-27 23:37:56 UTC", "", "2023-04-27 23:37:56"},
		{"GMT with an offset", "2023-04-28 01:37:56 GMT+0200", "", "2023-04-27 23:37:56"},
		{"Pacific standard time in summer", "2023-04-27 15:37:56 PST", "", "2023-04-27 23:37:56"},
		{"Pacific daylight time", "2023-04-27 16:37:56 PDT", "", "2023-04-27 23:37:56"},
		{"without seconds", "2023-04-27T23:37Z", "", "2023-04-27 23:37:00"},
		{"two blanks and blanks around", " 2023-04-27  16:37:56 ", "", "2023-04-27 23:37:56"},
		{"a zone in the hour that comes twice", "2025-11-02 01:30:00 PST", objectID(utc("2025-11-02 08:30:00")), "2025-11-02 09:30:00"},
	} {
		got, err := ParseTime(c.text, c.id)
		if err != nil || got.UTC().Format(wallClock) != c.want {
			t.Errorf("%s: %s is %s (%v), want %s UTC", c.name, c.text, got.UTC(), err, c.want)
		}
		if got.Location() != Pacific() {
			t.Errorf("%s: zone %s", c.name, got.Location())
		}
	}
}

// What a Pacific clock shows reads back as the same moment, for every half hour of two years.
func TestEveryHalfHourReadsBack(t *testing.T) {
	for at := utc("2024-01-01 00:00:00"); at.Before(utc("2026-01-01 00:00:00")); at = at.Add(30 * time.Minute) {
		shown := at.In(Pacific()).Format(wallClock)
		if got, err := ParseTime(shown, objectID(at)); err != nil || !got.Equal(at) {
			t.Errorf("%s shows %s, which reads as %s (%v)", at, shown, got.UTC(), err)
		}
	}
}

func TestWhatIsNoTime(t *testing.T) {
	for _, text := range []string{"", "yesterday", "2023-13-01 00:00:00", "2023-04-27", "1682638676", "2023-04-27 25:00:00", "2023-04-27 16:37:56 XYZ", "2023-04-27 16:37:56 +25:00", "2023-04-27T"} {
		if got, err := ParseTime(text, ""); err == nil {
			t.Errorf("%q reads as %s", text, got)
		}
	}
}

func TestObjectIDTime(t *testing.T) {
	if at, ok := ObjectIDTime("644b075404443f2a3c77c7cb"); !ok || !at.Equal(utc("2023-04-27 23:37:56")) {
		t.Errorf("the example's id is of %s, %t", at, ok)
	}
	for _, id := range []EventID{"", "644b0754", "644b075404443f2a3c77c7cbaa", "zzzzzzzzzzzzzzzzzzzzzzzz", "644b0754-4443f2a3c77c7cb"} {
		if at, ok := ObjectIDTime(id); ok {
			t.Errorf("%q is taken for an ObjectID of %s", id, at)
		}
	}
}
