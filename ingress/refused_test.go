package ingress

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

// signedOtherwise is a delivery with an unknown kind of signature.
func signedOtherwise(data string) []byte {
	return []byte(`{"data": ` + data + `, "signature": "` + prodege.Sign("another", map[string]string{"data": data}) + `"}`)
}

func TestTheFirstRefusedOfEachCauseIsTold(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(o *Options) { o.Now = func() time.Time { return now } })
	refuse := func(body string) {
		if status, _ := w.post(statusPath, "application/json", []byte(body)); status != 400 {
			t.Fatalf("answered %d", status)
		}
		w.in.Wait()
	}
	for range 3 {
		refuse(string(signedOtherwise(seed)))
	}
	refuse("junk")
	if len(w.alerts) != 2 {
		t.Fatalf("told %d times", len(w.alerts))
	}
	if text := <-w.alerts; !strings.Contains(text, "fieldmarshal refused admit") || !strings.Contains(text, "bad_signature") {
		t.Errorf("told: %s", text)
	}
	if text := <-w.alerts; !strings.Contains(text, "malformed") {
		t.Errorf("told: %s", text)
	}
	now = now.Add(time.Hour)
	refuse(string(signedOtherwise(seed)))
	if text := <-w.alerts; !strings.Contains(text, "2 more since the last") {
		t.Errorf("told: %s", text)
	}
}

// TestJunkHidesNoDelivery: a possible delivery raises an alarm although junk was refused for the same cause just before.
func TestJunkHidesNoDelivery(t *testing.T) {
	w := newWorld(t)
	w.post(statusPath, "application/json", []byte(`{"log4j": 1}`))
	w.post(statusPath, "application/json", []byte(`{"data": `+seed+`, "signature": "x", "version": 2}`))
	w.in.Wait()
	for _, want := range []string{"log4j", "version"} {
		if text := w.nextAlert(); !strings.Contains(text, "unknown_parameter") || !strings.Contains(text, want) {
			t.Errorf("told: %s", text)
		}
	}
}

func TestUnusableAndUnreadableAreTold(t *testing.T) {
	w := newWorld(t)
	w.post(statusPath, "application/json", signed(changed("status", "")))
	w.post(statusPath, "application/json", signed(changed("event_id", "", "project_id", `"many"`)))
	if status, _ := w.post(statusPath, "application/json", signed(`{"event_id":"a","a":1,"a":2}`)); status != 400 {
		t.Errorf("answered %d", status)
	}
	w.in.Wait()
	for _, want := range []string{"project 29303649", "an unknown project", "authentic, but can't be read (duplicate_key"} {
		select {
		case text := <-w.alerts:
			if !strings.Contains(text, want) {
				t.Errorf("told %q, want %q", text, want)
			}
		case <-time.After(patience):
			t.Fatalf("not told: %s", want)
		}
	}
	if kept := w.box.Refused().Kept; len(kept) != 1 || kept[0].Lot != inbox.LotUnparsed || kept[0].Size == 0 {
		t.Errorf("kept: %+v", kept)
	}
}

func TestEventsAheadOfOurClockAreTold(t *testing.T) {
	w := newWorld(t)
	at := func(ahead time.Duration) string { return `"` + time.Now().Add(ahead).UTC().Format(time.RFC3339) + `"` }
	for range 4 {
		w.post(statusPath, "application/json", signed(changed("event_id", `"a"`, "event_time", at(200*24*time.Hour))))
	}
	for _, e := range w.waiting() {
		if !e.Future {
			t.Errorf("believed: %+v", e)
		}
	}
	w.in.Wait()
	if len(w.alerts) != 1 {
		t.Fatalf("told %d times", len(w.alerts))
	}
	if text := <-w.alerts; !strings.Contains(text, "ahead of this machine's clock") || !strings.Contains(text, "29303649") {
		t.Errorf("told: %s", text)
	}
}

func TestLots(t *testing.T) {
	form := url.Values{"data": {seed}, "signature": {"x"}, "timestamp": {"1"}}.Encode()
	header := http.Header{"X-Prodege-Signature": {"x"}}
	for _, c := range []struct {
		name, contentType, body string
		header                  http.Header
		lot                     inbox.Lot
		data                    string
	}{
		{"another signature", "application/json", string(signedOtherwise(seed)), nil, inbox.LotDeliveries, seed},
		{"a signature of another form", "application/json", `{"data": ` + seed + `, "signature": "v1=x"}`, nil, inbox.LotDeliveries, seed},
		{"a parameter that is new", "application/x-www-form-urlencoded", form, nil, inbox.LotDeliveries, seed},
		{"another content type", "text/plain", string(signed(seed)), nil, inbox.LotDeliveries, seed},
		{"a signature in a header", "application/json", `{"data": ` + seed + `}`, header, inbox.LotDeliveries, seed},
		{"no signature", "application/json", `{"data": ` + seed + `}`, nil, inbox.LotJunk, ""},
		{"junk", "application/json", `{"log4j": 1}`, nil, inbox.LotJunk, ""},
	} {
		w := newWorld(t)
		r, _ := http.NewRequest(http.MethodPost, statusPath, strings.NewReader(c.body))
		r.Header = c.header.Clone()
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set("Content-Type", c.contentType)
		if status, _ := w.serve(r); status < 400 {
			t.Errorf("%s: answered %d", c.name, status)
		}
		kept := w.box.Refused().Kept
		if len(kept) != 1 || kept[0].Lot != c.lot {
			t.Errorf("%s: kept %+v", c.name, kept)
			continue
		}
		if r, err := w.box.RefusedData(kept[0].ID); err != nil || string(r.Data) != c.data {
			t.Errorf("%s: data %q, %v", c.name, r.Data, err)
		}
	}
}

// TestWhoMayAdmit: an approver, or anybody if SLACK_APPROVERS is anyone, but nobody while Slack can't be asked.
func TestWhoMayAdmit(t *testing.T) {
	for _, c := range []struct {
		name, by, want string
		away, anyone   bool
	}{
		{"an approver", "U0ANN", "", false, false},
		{"somebody else", "U0EVE", "U0EVE is not one of SLACK_APPROVERS", false, false},
		{"while Slack is away", "U0ANN", "unknown right now", true, false},
		{"anyone", "U0EVE", "", true, true},
	} {
		w := newWorld(t, func(o *Options) { o.Anyone = c.anyone })
		w.who.unknown = c.away
		w.post(statusPath, "application/json", signedOtherwise(seed))
		err := w.box.Admit(t.Context(), w.box.Refused().Kept[0].ID, c.by)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if n := len(w.waiting()); (n == 1) != (c.want == "") {
			t.Errorf("%s: %d events wait", c.name, n)
		}
		if by := w.box.Refused().Kept[0].AdmittedBy; (by == c.by) != (c.want == "") {
			t.Errorf("%s: admitted by %q", c.name, by)
		}
	}
}

// TestAdmittedTwice: the same event arrives twice, in two deliveries, which the project recognizes.
func TestAdmittedTwice(t *testing.T) {
	w := newWorld(t)
	w.post(statusPath, "application/json", signedOtherwise(seed))
	id := w.box.Refused().Kept[0].ID
	for _, by := range []string{"U0ANN", "U0BEN"} {
		if err := w.box.Admit(t.Context(), id, by); err != nil {
			t.Fatal(err)
		}
	}
	events := w.waiting()
	if len(events) != 2 || events[0].ID != events[1].ID || events[0].Delivery == events[1].Delivery || !events[0].Received.Equal(events[1].Received) {
		t.Errorf("waiting: %+v", events)
	}
	if r := w.box.Refused().Kept[0]; r.AdmittedBy != "U0BEN" {
		t.Errorf("the record says %s", r.AdmittedBy)
	}
}

func TestAdmit(t *testing.T) {
	w := newWorld(t)
	const pricing = `{"event_id":"p","event_time":"2023-02-06 13:42:01","project_id":29303649,"project_status":"PAUSED","required_cpi":"90"}`
	before := time.Now()
	w.post(statusPath, "application/json", signedOtherwise("["+seed+","+changed("event_id", `"b"`, "status", "")+"]"))
	w.post(pricingPath, "application/json", signedOtherwise(pricing))
	w.post(statusPath, "application/json", signedOtherwise(changed("status", "")))
	w.post(statusPath, "application/json", []byte("junk"))
	after := time.Now()
	kept := w.box.Refused().Kept
	control := inbox.NewControl(w.boxDir)
	if err := control.Admit(t.Context(), kept[0].ID, "U0EVE"); err == nil || !strings.Contains(err.Error(), "SLACK_APPROVERS") {
		t.Errorf("somebody else: %v", err)
	}
	for i, want := range []string{"", "", "the event has no status", "not kept"} {
		err := control.Admit(t.Context(), kept[i].ID, "U0ANN")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("number %d: %v, want %q", i, err, want)
		}
	}
	events := w.waiting()
	if len(events) != 2 {
		t.Fatalf("%d events wait", len(events))
	}
	for i, e := range events {
		if e.Vouched != "U0ANN" || e.Delivery == "" || e.Received.Before(before.Add(-time.Second)) || e.Received.After(after) || e.ProjectID != theProject {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if events[0].Delivery == events[1].Delivery || events[0].Source != prodege.FromWebhook || events[1].Source != prodege.FromPricing {
		t.Errorf("admitted: %+v", events)
	}
	if kept := w.box.Refused().Kept; kept[0].AdmittedBy != "U0ANN" || kept[0].AdmittedAt.IsZero() {
		t.Errorf("the record says %+v", kept[0])
	}
}
