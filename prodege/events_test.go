package prodege

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var receipt = utc("2023-04-27 23:38:00")

// delivered reads data as the status webhook's, or fails the test.
func delivered(t testing.TB, data string) Data {
	t.Helper()
	contentType, body := EncodeDelivery([]byte(data), testSecret, JSON)
	d, err := authentic(contentType, body)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return d
}

func one(t testing.TB, data string) Event {
	t.Helper()
	events, unusable, err := delivered(t, data).Events(receipt)
	if err != nil || len(events) != 1 || len(unusable) != 0 {
		t.Fatalf("%s: %d events, unusable %v, error %v", data, len(events), unusable, err)
	}
	return events[0]
}

func TestTheExampleInThreeEncodings(t *testing.T) {
	want := Event{
		ID: "644b075404443f2a3c77c7cb", Time: utc("2023-04-27 23:37:56").In(Pacific()), ProjectID: 29303649, Status: Paused,
		Reason: SampleSize, Description: "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE", Received: receipt,
	}
	for _, encoding := range Encodings {
		contentType, body := EncodeDelivery([]byte(example), testSecret, encoding)
		d, err := authentic(contentType, body)
		if err != nil {
			t.Fatal(err)
		}
		events, unusable, err := d.Events(receipt)
		if err != nil || len(unusable) != 0 || len(events) != 1 || !reflect.DeepEqual(events[0], want) {
			t.Errorf("%s: %+v, unusable %v, error %v", encoding, events, unusable, err)
		}
	}
}

func TestWhatAnEventSays(t *testing.T) {
	for _, c := range []struct {
		name, fields string // beside event_id, event_time, project_id, status
		check        func(Event) bool
	}{
		{"numbers as texts", `,"update_reason":"160","required_cpi":"4.25"`, func(e Event) bool { return e.Reason == 160 && e.RequiredCPI.Equal(MustUSD("4.25")) && e.AsksCPI() }},
		{"required_cpi as a number", `,"required_cpi":4.250`, func(e Event) bool { return e.RequiredCPI.String() == "4.25" && e.AsksCPI() }},
		{"required_cpi that is no amount", `,"required_cpi":"about 4"`, func(e Event) bool { return e.RequiredCPI == nil && e.RequiredCPIText == "about 4" && e.AsksCPI() }},
		{"required_cpi that is negative", `,"required_cpi":-4`, func(e Event) bool {
			return !e.AsksCPI() && e.RequiredCPIText == "" && hasField(e, "required_cpi", "-4")
		}},
		{"a description of a row in other letters", `,"description":"disabled by has reached sample size"`, func(e Event) bool { return e.Meaning().Title == "Sample size reached" }},
		{"required_cpi empty", `,"required_cpi":""`, func(e Event) bool { return e.RequiredCPI == nil && e.RequiredCPIText == "" && !e.AsksCPI() }},
		{"required_cpi null", `,"required_cpi":null`, func(e Event) bool { return !e.AsksCPI() && e.Unknown == nil }},
		{"the description in other letters", `,"description":" disabled by CPI reality check "`, Event.AsksCPI},
		{"half a surrogate pair", `,"description":"a\ud800b"`, func(e Event) bool { return e.Description == "a\ufffdb" }},
		{"the description alone asks for a CPI", `,"description":"DISABLED_BY_CPI_REALITY_CHECK"`, Event.AsksCPI},
		{"a reason with a zero after the point", `,"update_reason":158.0`, func(e Event) bool { return e.Reason == 158 }},
		{"a new reason", `,"update_reason":777,"description":"NEW"`, func(e Event) bool { return e.Reason == 777 && e.Description == "NEW" }},
		{"a reason that is no number", `,"update_reason":"soon"`, func(e Event) bool { return e.Reason == 0 && hasField(e, "update_reason", "soon") }},
		{"a reason that overflows", `,"update_reason":99999999999999999999`, func(e Event) bool { return e.Reason == 0 && hasField(e, "update_reason", "99999999999999999999") }},
		{"a reason that is an object", `,"update_reason":{"a": 1}`, func(e Event) bool { return e.Reason == 0 && hasField(e, "update_reason", `{"a":1}`) }},
		{"a rejection", `,"rejection_note":" wrong ids "`, func(e Event) bool { return e.Rejected() && e.RejectionNote == "wrong ids" }},
		{"a rejection by its description", `,"description":"DISABLED_BY_RECONCILIATION_REJECTION"`, Event.Rejected},
		{"no rejection", `,"rejection_note":" "`, func(e Event) bool { return !e.Rejected() }},
		{"unknown fields, sorted", `,"zone":{"x": [1, 2]},"agent":"Ann","flag":true,"nothing":null`, func(e Event) bool {
			return reflect.DeepEqual(e.Unknown, []Field{{"agent", "Ann"}, {"flag", "true"}, {"nothing", ""}, {"zone", `{"x":[1,2]}`}})
		}},
		{"a field in other letters is unknown", `,"Required_CPI":"9"`, func(e Event) bool { return !e.AsksCPI() && hasField(e, "Required_CPI", "9") }},
		{"pricing fields are unknown to the status webhook", `,"max_cpi":"9"`, func(e Event) bool { return e.Pricing == nil && hasField(e, "max_cpi", "9") }},
		{"invalid UTF-8", `,"description":"a` + "\xff" + `b"`, func(e Event) bool { return e.Description == "a\ufffdb" }},
	} {
		e := one(t, `{"event_id":"e1","event_time":"2023-04-27 16:37:56","project_id":"5","status":"PAUSED"`+c.fields+`}`)
		if !c.check(e) {
			t.Errorf("%s: %+v", c.name, e)
		}
		if e.ID != "e1" || e.ProjectID != 5 || e.Status != Paused || e.TimeGuessed || e.Truncated {
			t.Errorf("%s: the rest is %+v", c.name, e)
		}
	}
}

func hasField(e Event, name, value string) bool {
	for _, f := range e.Unknown {
		if f.Name == name && f.Value == value {
			return true
		}
	}
	return false
}

func TestStatuses(t *testing.T) {
	for in, want := range map[string]Status{
		`"LIVE"`: Live, `"paused"`: Paused, `" Complete "`: Complete, `"PENDING_COMPLETE"`: PendingComplete,
		`"pending complete"`: PendingComplete, `"Pending-Complete "`: PendingComplete, `"PENDING  _COMPLETE"`: PendingComplete, `"pending\u00a0complete"`: PendingComplete,
		`"ARCHIVED"`: "ARCHIVED", `"Archived "`: "Archived", `"on hold"`: "on hold", `7`: "7",
	} {
		if e := one(t, `{"event_id":"e","project_id":1,"status":`+in+`}`); e.Status != want {
			t.Errorf("%s is read as %q, want %q", in, e.Status, want)
		}
	}
}

// TestWhatSaysNothing: a value that means the same as an absent one has no effect.
func TestWhatSaysNothing(t *testing.T) {
	for _, value := range []string{
		`""`, `" "`, `null`, `"null"`, `"NULL"`, `"None"`, `"N/A"`, `"n/a"`, `"N.A."`, `"-"`, `"---"`, `"—"`, `false`, `"false"`, `"False "`, `[]`, `{}`, `[ ]`,
		`"\u00a0"`, `"\u200b"`, `"\ufeff"`, `"\u3000\u2003"`, `"\u00a0null\u200b"`, `"'null'"`, `"\"\""`, `"\"null\""`, `"(none)"`, `"<null>"`, `"NaN"`, `"undefined"`,
		`[null]`, `[""]`, `["N/A", null]`, `{"text":null}`, `{"a":[{"b":"-"}]}`, `"[]"`, `"[null]"`,
	} {
		e := one(t, `{"event_id":"e","project_id":1,"status":"PAUSED","update_reason":158,"required_cpi":`+value+`,"rejection_note":`+value+`,"reconciliation_note":`+value+`,"description":`+value+`}`)
		if e.AsksCPI() || e.RequiredCPI != nil || e.RequiredCPIText != "" || e.Rejected() || e.ReconciliationNote != "" || e.Description != "" || e.Unknown != nil {
			t.Errorf("%s says something: %+v", value, e)
		}
	}
	for _, value := range []string{`0`, `"0"`, `"0.00"`, `0.0`, `-0`, `0e5`, `" 0 "`, `"$0.00"`, `"000"`, `"0,00"`, `"0."`, `".0"`, `"0.00 USD"`, `"\u00a00\u00a0"`, `"+0"`, `"0.000000000000000000000000000000000000000000000000"`} {
		e := one(t, `{"event_id":"e","project_id":1,"status":"PAUSED","update_reason":158,"required_cpi":`+value+`,"rejection_note":`+value+`}`)
		if e.AsksCPI() || e.RequiredCPI != nil || e.RequiredCPIText != "" {
			t.Errorf("%s asks for a CPI: %+v", value, e)
		}
		if !e.Rejected() {
			t.Errorf("%s is no note", value)
		}
	}
	for _, value := range []string{`-4`, `"-1"`, `-0.5`, `"$-1"`} {
		e := one(t, `{"event_id":"e","project_id":1,"status":"PAUSED","update_reason":158,"required_cpi":`+value+`}`)
		if e.AsksCPI() || !hasField(e, "required_cpi", strings.Trim(value, `"`)) {
			t.Errorf("%s is taken for a price, or is not shown: %+v", value, e)
		}
	}
	e := one(t, `{"event_id":"e","project_id":1,"status":"PAUSED","update_reason":160,"required_cpi":"0.00"}`)
	if !e.AsksCPI() || e.RequiredCPI != nil {
		t.Errorf("reason 160 asks without an amount: %+v", e)
	}
}

func TestAmounts(t *testing.T) {
	for value, want := range map[string]string{
		`"4.25"`: "4.25", `4.25`: "4.25", `4.250`: "4.25", `"36"`: "36.00", `4.25e0`: "4.25", `425E-2`: "4.25", `"1e2"`: "100.00", `0.000001`: "0.000001",
		`4.2999999999999998`: "4.30", `"4.2999999999999998"`: "4.30", `4.3000000000000007`: "as sent", `4.123456`: "4.123456",
		`4.1234567`: "as sent", `4.12345678901234567`: "as sent", `4.2500000`: "4.25", `0.30000000000000004`: "as sent", `5.0000000000000001`: "5.00",
		`"+4"`: "as sent", `"4,25"`: "as sent", `"1,000.50"`: "as sent", `"1.000,50"`: "as sent", `"4.25 EUR"`: "as sent", `"€4.25"`: "as sent", `"4.25/complete"`: "as sent",
		`"$4.25"`: "4.25", `"4.25 USD"`: "4.25", `"USD 4.25"`: "4.25", `"usd4.25"`: "4.25", `"US$4.25"`: "4.25", `"4.25$"`: "4.25", `"$ 4.2999999999999998"`: "4.30",
		`"\u00a04.25\u00a0"`: "4.25", `"\ufeff4.25"`: "4.25", `"4.25\u200b"`: "4.25", `"4.25\t"`: "4.25", `"$"`: "as sent", `"$$4"`: "as sent",
		`["4.25"]`: "as sent", `"４.２５"`: "as sent", `true`: "as sent", `1e19`: "as sent", `0.1e-18`: "as sent", `99999999999`: "as sent",
		`"0x10"`: "as sent", `"1_000"`: "as sent", `"Inf"`: "as sent", `"4."`: "as sent", `".5"`: "as sent",
	} {
		e := one(t, `{"event_id":"e","project_id":1,"status":"PAUSED","required_cpi":`+value+`}`)
		got := "as sent"
		if e.RequiredCPI != nil {
			got = e.RequiredCPI.String()
		} else if e.RequiredCPIText != strings.Trim(value, `"`) {
			t.Errorf("%s is kept as %q", value, e.RequiredCPIText)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", value, got, want)
		}
		if !e.AsksCPI() {
			t.Errorf("%s asks for nothing", value)
		}
	}
}

func TestWholeNumbersAreExact(t *testing.T) {
	for value, want := range map[string]ProjectID{
		`9.63794E7`: 96379400, `"9.63794e+7"`: 96379400, `29303649.0`: 29303649, `"29303649"`: 29303649, `9007199254740993`: 9007199254740993,
		`9.007199254740993e15`: 9007199254740993, `9007199254740993.000`: 9007199254740993, `1e18`: 1000000000000000000, `1.5e1`: 15, `9223372036854775807`: 9223372036854775807,
		`1e3`: 1000, `" 7 "`: 7, `9223372036854775808`: 0, `1e19`: 0, `9.3e18`: 0, `1.5`: 0, `-7`: 0, `0`: 0, `0e9`: 0,
		`150e-1`: 0, `"\u00a07\ufeff"`: 7, `"29,303,649"`: 0, `[7]`: 0, `"1_000"`: 0, `"007"`: 7, `1E+2`: 100,
		`7.` + strings.Repeat("0", 40): 0, `1e`: 0, `"1e"`: 0, `"1e+"`: 0, `"e5"`: 0, `"1 000"`: 0,
	} {
		if value == `1e` {
			continue // not JSON
		}
		events, _, err := delivered(t, `{"event_id":"e","project_id":`+value+`,"status":"LIVE"}`).Events(receipt)
		if err != nil {
			t.Fatal(value, err)
		}
		got := ProjectID(0)
		if len(events) == 1 {
			got = events[0].ProjectID
		}
		if got != want {
			t.Errorf("project_id %s is %d, want %d", value, got, want)
		}
	}
	for value, want := range map[string]Reason{`158.0`: 158, `1.58e2`: 158, `"158"`: 158, `null`: 0, `"N/A"`: 0, `158.5`: 0, `-158`: 0, `4294967296`: 0} {
		if e := one(t, `{"event_id":"e","project_id":1,"status":"LIVE","update_reason":`+value+`}`); e.Reason != want {
			t.Errorf("update_reason %s is %d, want %d", value, e.Reason, want)
		}
	}
}

// TestFuture: which clock is believed about an event that is dated ahead of ours.
func TestFuture(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name           string
		time, id       time.Duration // after receipt; id 0: an id without a time
		future, behind bool
	}{
		{"now", 0, 0, false, false},
		{"five minutes ahead", 5 * time.Minute, 0, false, false},
		{"a little more", 5*time.Minute + time.Second, 0, true, false},
		{"two hours ahead", 2 * time.Hour, 0, true, false},
		{"two hours ahead, the id agrees", 2 * time.Hour, 2*time.Hour + 4*time.Minute, false, true},
		{"two hours ahead, the id is a little off", 2 * time.Hour, 2*time.Hour - 6*time.Minute, true, false},
		{"two hours ahead, the id says now", 2 * time.Hour, time.Second, true, false},
		{"nearly a day ahead, the id agrees", day - time.Second, day - time.Second, false, true},
		{"a day ahead, the id agrees", day, day, true, false},
		{"200 days ahead", 200 * day, 0, true, false},
		{"200 days ahead, the id agrees", 200 * day, 200 * day, true, false},
		{"two hundred years ahead", 20 * 3652 * day, 0, true, false},
		{"long ago", -200 * day, 0, false, false},
	} {
		id := EventID("e")
		if c.id != 0 {
			id = objectID(receipt.Add(c.id))
		}
		at := receipt.Add(c.time).UTC().Format(time.RFC3339)
		e := one(t, `{"event_id":"`+string(id)+`","project_id":1,"status":"LIVE","event_time":"`+at+`"}`)
		if e.Future != c.future || e.AheadOf(receipt) != c.behind || e.TimeGuessed || !e.Time.Equal(receipt.Add(c.time)) {
			t.Errorf("%s: future %t, our clock behind %t: %+v", c.name, e.Future, e.AheadOf(receipt), e)
		}
	}
	for name, data := range map[string]string{
		"no event_time, an id of tomorrow":                  `{"event_id":"` + string(objectID(receipt.Add(day/2))) + `","project_id":1,"status":"LIVE"}`,
		"an unreadable event_time, an id of 2100 by chance": `{"event_id":"f44b075404443f2a3c77c7cb","project_id":1,"status":"LIVE","event_time":"soon"}`,
	} {
		if e := one(t, data); e.Future || !e.TimeGuessed || !e.Time.Equal(receipt) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestWhatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		data string
		want Unusable
	}{
		{`{}`, Unusable{EventID: "", Project: 0, Error: "the event has no event_id"}},
		{`{"event_id":"","project_id":1,"status":"LIVE"}`, Unusable{EventID: "", Project: 1, Error: "the event has no event_id"}},
		{`{"event_id":" ","project_id":1,"status":"LIVE"}`, Unusable{EventID: "", Project: 1, Error: "the event has no event_id"}},
		{`{"event_id":null,"project_id":1,"status":"LIVE"}`, Unusable{EventID: "", Project: 1, Error: "the event has no event_id"}},
		{`{"event_id":{},"project_id":1,"status":"LIVE"}`, Unusable{EventID: "", Project: 1, Error: "the event has no event_id"}},
		{`{"event_id":"a","status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: "the event has no project_id"}},
		{`{"event_id":"a","project_id":null,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: "the event has no project_id"}},
		{`{"event_id":7,"project_id":0,"status":"LIVE"}`, Unusable{EventID: "7", Project: 0, Error: `project_id "0" is not a positive whole number`}},
		{`{"event_id":"a","project_id":-5,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "-5" is not a positive whole number`}},
		{`{"event_id":"a","project_id":"+5","status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "+5" is not a positive whole number`}},
		{`{"event_id":"a","project_id":1.5,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "1.5" is not a positive whole number`}},
		{`{"event_id":"a","project_id":1e19,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "1e19" is not a positive whole number`}},
		{`{"event_id":"a","project_id":15e-1,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "15e-1" is not a positive whole number`}},
		{`{"event_id":"a","project_id":"0x10","status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "0x10" is not a positive whole number`}},
		{`{"event_id":"a","project_id":9223372036854775808,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "9223372036854775808" is not a positive whole number`}},
		{`{"event_id":"a","project_id":true,"status":"LIVE"}`, Unusable{EventID: "a", Project: 0, Error: `project_id "true" is not a positive whole number`}},
		{`{"event_id":"a","project_id":1}`, Unusable{EventID: "a", Project: 1, Error: "the event has no status"}},
		{`{"event_id":"a","project_id":1,"status":""}`, Unusable{EventID: "a", Project: 1, Error: "the event has no status"}},
		{`{"event_id":"null","project_id":1,"status":"LIVE"}`, Unusable{Project: 1, Error: "the event has no event_id"}},
		{`{"event_id":"\u00a0\u200b","project_id":1,"status":"LIVE"}`, Unusable{Project: 1, Error: "the event has no event_id"}},
		{`{"event_id":"a","project_id":"N/A","status":"LIVE"}`, Unusable{EventID: "a", Error: "the event has no project_id"}},
		{`{"event_id":"a","project_id":1,"status":"null"}`, Unusable{EventID: "a", Project: 1, Error: "the event has no status"}},
		{`{"event_id":"a","project_id":1,"status":"\u200b"}`, Unusable{EventID: "a", Project: 1, Error: "the event has no status"}},
		{`{"event_id":"a","project_id":1,"status":[]}`, Unusable{EventID: "a", Project: 1, Error: "the event has no status"}},
	} {
		events, unusable, err := delivered(t, c.data).Events(receipt)
		if len(unusable) == 1 && strings.Contains(c.want.Error, unusable[0].Cause) {
			c.want.Cause = unusable[0].Cause
		}
		if err != nil || len(events) != 0 || len(unusable) != 1 || unusable[0] != c.want || c.want.Cause == "" {
			t.Errorf("%s: events %v, unusable %v, error %v", c.data, events, unusable, err)
		}
	}
}

// TestAnElementThatIsNoEventHindersNone: a malformed element must not cost the events beside it.
func TestAnElementThatIsNoEventHindersNone(t *testing.T) {
	const a, b = `{"event_id":"a","project_id":1,"status":"LIVE"}`, `{"event_id":"b","project_id":1,"status":"LIVE"}`
	for _, odd := range []string{`null`, `1`, `[]`, `""`, `"soon"`, `"[]"`, `"{\"event_id\":"`, `"{}{}"`, `"{\"a\":1,\"a\":2}"`} {
		for _, data := range []string{"[" + a + "," + odd + "," + b + "]", "[" + quoted(a) + "," + odd + "," + quoted(b) + "]"} {
			events, unusable, err := delivered(t, data).Events(receipt)
			if err != nil || len(events) != 2 || events[0].ID != "a" || events[1].ID != "b" {
				t.Errorf("%s: events %v, error %v", data, events, err)
			}
			if len(unusable) != 1 || unusable[0].Error == "" || unusable[0].Cause != "element" {
				t.Errorf("%s: unusable %+v", data, unusable)
			}
		}
	}
}

func TestAnUnusableEventHindersNoOther(t *testing.T) {
	d := delivered(t, `[{"event_id":"a","project_id":1,"status":"LIVE"},{"event_id":"b"},{"event_id":"c","project_id":29303649.0,"status":"NEW"}]`)
	events, unusable, err := d.Events(receipt)
	if err != nil || len(events) != 2 || events[0].ID != "a" || events[1].ID != "c" || events[1].ProjectID != 29303649 {
		t.Errorf("events %v, error %v", events, err)
	}
	if len(unusable) != 1 || unusable[0].EventID != "b" {
		t.Errorf("unusable %v", unusable)
	}
	again, _, _ := d.Events(receipt)
	if !reflect.DeepEqual(again, events) {
		t.Error("a second reading differs")
	}
}

func TestEventTimes(t *testing.T) {
	const made = "644b075404443f2a3c77c7cb" // 2023-04-27 23:37:56 UTC
	for _, c := range []struct {
		name, id, time, want string
		guessed              bool
	}{
		{"as sent", "e", `"2023-04-27 16:37:56"`, "2023-04-27 23:37:56", false},
		{"absent, an ObjectID", made, ``, "2023-04-27 23:37:56", true},
		{"absent, another id", "e", ``, "2023-04-27 23:38:00", true},
		{"unreadable, an ObjectID", made, `"yesterday"`, "2023-04-27 23:37:56", true},
		{"a number", "e", `1682638676`, "2023-04-27 23:38:00", true},
		{"far ahead", "e", `"2999-01-01 00:00:00"`, "2999-01-01 08:00:00", false},
		{"too far for JSON", "e", `"9999-12-31 23:59:59"`, "2023-04-27 23:38:00", true},
		{"absent in words", made, `"N/A"`, "2023-04-27 23:37:56", true},
		{"with a zone", "e", `"2023-04-27T23:37:56.000+0000"`, "2023-04-27 23:37:56", false},
		{"long ago", "e", `"1970-01-01 00:00:00"`, "2023-04-27 23:38:00", true},
		{"absent, an id of hexadecimal digits from the future", "f44b075404443f2a3c77c7cb", ``, "2023-04-27 23:38:00", true},
		{"absent, an id of hexadecimal digits from 1970", "000b075404443f2a3c77c7cb", ``, "2023-04-27 23:38:00", true},
	} {
		field := ""
		if c.time != "" {
			field = `,"event_time":` + c.time
		}
		e := one(t, `{"event_id":"`+c.id+`","project_id":1,"status":"LIVE"`+field+`}`)
		if got := e.Time.UTC().Format(wallClock); got != c.want || e.TimeGuessed != c.guessed || e.Time.Location() != Pacific() {
			t.Errorf("%s: %s in %s, guessed %t; want %s", c.name, got, e.Time.Location(), e.TimeGuessed, c.want)
		}
		if shown := hasField(e, "event_time", strings.Trim(c.time, `"`)); shown != (c.guessed && !SaysNothing(strings.Trim(c.time, `"`))) {
			t.Errorf("%s: what stood there is shown: %t", c.name, shown)
		}
	}
}

func TestPricing(t *testing.T) {
	const pricing = `{"event_id":"63e174296722563b9cc28d96","event_time":"2023-02-06 13:42:01","max_cpi":"36","current_cpi":"30","avg_cpi":"1",
		"required_cpi":"90","project_id":27293192,"bid_ir":50,"actual_ir":5,"bid_loi":1,"actual_median_loi":1,"project_status":"PAUSED"}`
	events, unusable, err := delivered(t, pricing).Pricing(receipt)
	if err != nil || len(unusable) != 0 || len(events) != 1 {
		t.Fatal(events, unusable, err)
	}
	usd := func(s string) *USD { u := MustUSD(s); return &u }
	want := Event{
		ID: "63e174296722563b9cc28d96", Time: utc("2023-02-06 21:42:01").In(Pacific()), ProjectID: 27293192, Status: Paused,
		RequiredCPI: usd("90"), Source: FromPricing, Received: receipt,
		Pricing: &Pricing{MaxCPI: usd("36"), CurrentCPI: usd("30"), AvgCPI: usd("1"), BidIR: "50", ActualIR: "5", BidLOI: "1", ActualMedianLOI: "1"},
	}
	if !reflect.DeepEqual(events[0], want) || !events[0].AsksCPI() {
		t.Errorf("got  %+v\nwant %+v", events[0], want)
	}
	odd, _, _ := delivered(t, `{"event_id":"a","project_id":1,"project_status":"PAUSED","max_cpi":"lots","status":"x"}`).Pricing(receipt)
	if len(odd) != 1 || odd[0].Pricing.MaxCPI != nil || !hasField(odd[0], "max_cpi", "lots") || !hasField(odd[0], "status", "x") || !odd[0].AsksCPI() {
		t.Errorf("odd values: %+v", odd)
	}
	_, unusable, _ = delivered(t, `{"event_id":"a","project_id":1,"status":"PAUSED"}`).Pricing(receipt)
	if len(unusable) != 1 || unusable[0].Error != "the event has no project_status" {
		t.Errorf("without project_status: %v", unusable)
	}
}

func TestALargeEventIsCutAndMarked(t *testing.T) {
	fields := map[string]any{"event_id": "e", "project_id": 1, "status": "PAUSED", "event_time": "2023-04-27 16:37:56", "required_cpi": "4.25"}
	for i, text := range []string{strings.Repeat("a", 5000), strings.Repeat("é", 5000), strings.Repeat("<\x01&\"", 5000), strings.Repeat("😀\u2028", 5000)} {
		fields["description"], fields["rejection_note"], fields["reconciliation_note"] = text, text, text
		for f := range 60 {
			fields[fmt.Sprintf("field%d%s", f, text[:i*400])] = text
		}
		e := one(t, string(quote(fields)))
		stored, _ := json.Marshal(e)
		if len(stored) > 4<<10 || len(stored) < 2<<10 {
			t.Errorf("text %d: an event of %d bytes", i, len(stored))
		}
		if !e.Truncated || !utf8.Valid(stored) || len(e.Description) > maxText || e.Description == "" || !strings.HasPrefix(text, e.Description) {
			t.Errorf("text %d: truncated %t, description of %d bytes", i, e.Truncated, len(e.Description))
		}
		if e.RequiredCPI == nil || e.Status != Paused || e.ID != "e" {
			t.Errorf("text %d: lost what decides: %+v", i, e)
		}
	}
	if e := one(t, `{"event_id":"e","project_id":1,"status":"LIVE","description":"`+strings.Repeat("a", maxText)+`"}`); e.Truncated || len(e.Description) != maxText {
		t.Errorf("a text that fits is cut to %d bytes", len(e.Description))
	}
}

func TestLongIDsStayTwo(t *testing.T) {
	long := strings.Repeat("x", 3000)
	a := one(t, `{"event_id":"`+long+`a","project_id":1,"status":"LIVE"}`)
	b := one(t, `{"event_id":"`+long+`b","project_id":1,"status":"LIVE"}`)
	if a.ID == b.ID || len(a.ID) > maxText || !a.Truncated {
		t.Errorf("ids of %d and %d bytes, the same: %t", len(a.ID), len(b.ID), a.ID == b.ID)
	}
}

func TestWireJSONIsTheContractsShape(t *testing.T) {
	e := one(t, example)
	var want bytes.Buffer
	_ = json.Compact(&want, []byte(`{"event_id":"644b075404443f2a3c77c7cb","event_time":"2023-04-27 16:37:56","status":"PAUSED","update_reason":158,
		"description":"DISABLED_BY_HAS_REACHED_SAMPLE_SIZE","project_id":29303649}`))
	if got := e.WireJSON(); string(got) != want.String() {
		t.Errorf("got  %s\nwant %s", got, want.String())
	}
	cpi := MustUSD("4.2")
	e.RequiredCPI, e.Reason, e.Description, e.Unknown = &cpi, RealTimePricing, "<a&b>", []Field{{"x", "1"}}
	if got := string(e.WireJSON()); !strings.Contains(got, `"description":"<a&b>"`) || !strings.Contains(got, `"required_cpi":"4.20"`) || !strings.Contains(got, `"x":"1"`) {
		t.Errorf("got %s", got)
	}
	if got := string(WireData(e, e)); got != "["+string(e.WireJSON())+","+string(e.WireJSON())+"]" {
		t.Errorf("two events: %s", got)
	}
}

func TestEventsAreOrderedByTimeThenID(t *testing.T) {
	at := utc("2023-04-27 00:00:00")
	a, b, c := Event{ID: "b", Time: at}, Event{ID: "a", Time: at.Add(time.Second)}, Event{ID: "c", Time: at.In(Pacific())}
	if !a.Before(b) || b.Before(a) || !a.Before(c) || c.Before(a) || a.Before(a) {
		t.Error("order")
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(example), false)
	f.Add([]byte("["+example+"]"), false)
	f.Add([]byte(string(compact([]byte(example)))), true)
	f.Add([]byte(`{"event_id":"63e174296722563b9cc28d96","event_time":"2023-11-05 01:42:01","max_cpi":"x","required_cpi":"9 0","project_id":"1","bid_ir":5e1,"project_status":"paused"}`), true)
	f.Add([]byte(`{"event_id":1,"project_id":1.0,"status":"X","event_time":"2025-03-09 02:30:00.5","update_reason":"y","more":["\ud800"]}`), false)
	f.Add([]byte(`[{"event_id":"e","project_id":9.63794E7,"status":" pending complete ","event_time":"2026-11-30T20:00:00.000+0000","update_reason":158.0,"required_cpi":4.2999999999999998,"rejection_note":"N/A"}]`), false)
	f.Add([]byte(quoted("["+quoted(example)+"]")), false)
	f.Fuzz(func(t *testing.T, data []byte, pricing bool) {
		read := func(data []byte) ([]Event, []Unusable) {
			contentType, body := EncodeDelivery(data, testSecret, Form)
			d, err := authentic(contentType, body)
			if err != nil {
				return nil, nil
			}
			events, unusable, err := d.Events(receipt)
			if pricing {
				events, unusable, err = d.Pricing(receipt)
			}
			if (err == nil) != (len(events)+len(unusable) > 0) {
				t.Fatalf("%d events and %d unusable: %v", len(events), len(unusable), err)
			}
			return events, unusable
		}
		events, unusable := read(data)
		for _, u := range unusable {
			if u.Error == "" || !utf8.ValidString(u.Error) {
				t.Errorf("unusable without a reason: %+v", u)
			}
		}
		for _, e := range events {
			stored, err := json.Marshal(e)
			if err != nil || len(stored) > 4<<10 {
				t.Errorf("an event of %d bytes: %v", len(stored), err)
			}
			var back Event
			if err := json.Unmarshal(stored, &back); err != nil || !back.Time.Equal(e.Time) || back.ID != e.ID {
				t.Errorf("does not read back: %v", err)
			}
			if e.ID == "" || e.ProjectID <= 0 || e.Status == "" || e.Time.IsZero() || e.Meaning().Title == "" {
				t.Errorf("lacks what an event has: %+v", e)
			}
			again, _ := read(e.WireJSON())
			if len(again) != 1 {
				t.Fatalf("%s goes out as %s, which is no event", data, e.WireJSON())
			}
			if e.Truncated {
				continue // it may be cut at another place
			}
			again[0].TimeGuessed = e.TimeGuessed // a guessed time is sent like any other
			got, err := json.Marshal(again[0])   // amounts that are equal may differ in memory
			if err != nil || !bytes.Equal(got, stored) {
				t.Errorf("goes out as %s\nin  %s\nout %s", e.WireJSON(), stored, got)
			}
		}
	})
}
