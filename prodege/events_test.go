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
func delivered(t testing.TB, data string) *Delivery {
	t.Helper()
	contentType, body := EncodeDelivery([]byte(data), testSecret, JSON)
	d, err := ParseDelivery(contentType, body)
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
		d, err := ParseDelivery(contentType, body)
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
		{"required_cpi that is negative", `,"required_cpi":-4`, func(e Event) bool { return e.RequiredCPI == nil && e.RequiredCPIText == "-4" }},
		{"required_cpi empty", `,"required_cpi":""`, func(e Event) bool { return e.RequiredCPI == nil && e.RequiredCPIText == "" && !e.AsksCPI() }},
		{"required_cpi null", `,"required_cpi":null`, func(e Event) bool { return !e.AsksCPI() && e.Unknown == nil }},
		{"the description alone asks for a CPI", `,"description":"DISABLED_BY_CPI_REALITY_CHECK"`, Event.AsksCPI},
		{"a reason with a nought behind the point", `,"update_reason":158.0`, func(e Event) bool { return e.Reason == 158 }},
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
		`"ARCHIVED"`: "ARCHIVED", `"on hold"`: "on hold", `7`: "7",
	} {
		if e := one(t, `{"event_id":"e","project_id":1,"status":`+in+`}`); e.Status != want {
			t.Errorf("%s is read as %q, want %q", in, e.Status, want)
		}
	}
}

func TestWhatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		data string
		want Unusable
	}{
		{`{}`, Unusable{"", "the event has no event_id"}},
		{`{"event_id":"","project_id":1,"status":"LIVE"}`, Unusable{"", "the event has no event_id"}},
		{`{"event_id":" ","project_id":1,"status":"LIVE"}`, Unusable{"", "the event has no event_id"}},
		{`{"event_id":null,"project_id":1,"status":"LIVE"}`, Unusable{"", "the event has no event_id"}},
		{`{"event_id":{},"project_id":1,"status":"LIVE"}`, Unusable{"", "the event has no event_id"}},
		{`{"event_id":"a","status":"LIVE"}`, Unusable{"a", "the event has no project_id"}},
		{`{"event_id":"a","project_id":null,"status":"LIVE"}`, Unusable{"a", "the event has no project_id"}},
		{`{"event_id":7,"project_id":0,"status":"LIVE"}`, Unusable{"7", `project_id "0" is not a positive whole number`}},
		{`{"event_id":"a","project_id":-5,"status":"LIVE"}`, Unusable{"a", `project_id "-5" is not a positive whole number`}},
		{`{"event_id":"a","project_id":"+5","status":"LIVE"}`, Unusable{"a", `project_id "+5" is not a positive whole number`}},
		{`{"event_id":"a","project_id":1.5,"status":"LIVE"}`, Unusable{"a", `project_id "1.5" is not a positive whole number`}},
		{`{"event_id":"a","project_id":1e3,"status":"LIVE"}`, Unusable{"a", `project_id "1e3" is not a positive whole number`}},
		{`{"event_id":"a","project_id":9223372036854775808,"status":"LIVE"}`, Unusable{"a", `project_id "9223372036854775808" is not a positive whole number`}},
		{`{"event_id":"a","project_id":true,"status":"LIVE"}`, Unusable{"a", `project_id "true" is not a positive whole number`}},
		{`{"event_id":"a","project_id":1}`, Unusable{"a", "the event has no status"}},
		{`{"event_id":"a","project_id":1,"status":""}`, Unusable{"a", "the event has no status"}},
		{`{"event_id":"a","project_id":1,"status":[]}`, Unusable{"a", "the event has no status"}},
	} {
		events, unusable, err := delivered(t, c.data).Events(receipt)
		if err != nil || len(events) != 0 || len(unusable) != 1 || unusable[0] != c.want {
			t.Errorf("%s: events %v, unusable %v, error %v", c.data, events, unusable, err)
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
		{"far ahead", "e", `"2999-01-01 00:00:00"`, "2023-04-27 23:38:00", true},
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
		if shown := hasField(e, "event_time", strings.Trim(c.time, `"`)); shown != (c.guessed && c.time != "") {
			t.Errorf("%s: what stood there is shown: %t", c.name, shown)
		}
	}
}

func TestPricing(t *testing.T) {
	const pricing = `{"event_id":"63e174296722563b9cc28d96","event_time":"2023-02-06 13:42:01","max_cpi":"36","current_cpi":"30","avg_cpi":"1",
		"required_cpi":"90","project_id":27293192,"bid_ir":50,"actual_ir":5,"bid_loi":1,"actual_median_loi":1,"project_status":"PAUSED"}`
	events, unusable, err := delivered(t, pricing).ParsePricing(receipt)
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
	odd, _, _ := delivered(t, `{"event_id":"a","project_id":1,"project_status":"PAUSED","max_cpi":"lots","status":"x"}`).ParsePricing(receipt)
	if len(odd) != 1 || odd[0].Pricing.MaxCPI != nil || !hasField(odd[0], "max_cpi", "lots") || !hasField(odd[0], "status", "x") || !odd[0].AsksCPI() {
		t.Errorf("odd values: %+v", odd)
	}
	_, unusable, _ = delivered(t, `{"event_id":"a","project_id":1,"status":"PAUSED"}`).ParsePricing(receipt)
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
		if len(stored) > 8<<10 || len(stored) < 5<<10 {
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
	f.Fuzz(func(t *testing.T, data []byte, pricing bool) {
		read := func(data []byte) ([]Event, []Unusable) {
			contentType, body := EncodeDelivery(data, testSecret, Form)
			d, err := ParseDelivery(contentType, body)
			if err != nil {
				return nil, nil
			}
			events, unusable, err := d.Events(receipt)
			if pricing {
				events, unusable, err = d.ParsePricing(receipt)
			}
			if err != nil || len(events)+len(unusable) != len(d.events) {
				t.Fatalf("%d events and %d unusable of %d: %v", len(events), len(unusable), len(d.events), err)
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
			if err != nil || len(stored) > 8<<10 {
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
				continue // what was cut may be cut otherwise
			}
			again[0].TimeGuessed = e.TimeGuessed // a guessed time goes out as a time
			got, err := json.Marshal(again[0])   // amounts that are equal may differ in memory
			if err != nil || !bytes.Equal(got, stored) {
				t.Errorf("goes out as %s\nin  %s\nout %s", e.WireJSON(), stored, got)
			}
		}
	})
}
