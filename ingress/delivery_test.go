package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

const (
	statusPath  = "/webhooks/prodege/project-status"
	pricingPath = "/webhooks/prodege/real-time-pricing"
	seed        = `{"event_id": "644b075404443f2a3c77c7cb", "event_time": "2023-04-27 16:37:56", "status": "PAUSED", "update_reason": 158, "description": "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE", "project_id": 29303649}`
)

// signed is a body in JSON, signed with the world's secret.
func signed(data string) []byte {
	_, body := prodege.EncodeDelivery([]byte(data), prodegeSecret, prodege.JSON)
	return body
}

// changed is a signed event with other fields; an empty value leaves the field out.
func changed(fields ...string) string {
	var event map[string]any
	_ = json.Unmarshal([]byte(seed), &event)
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] == "" {
			delete(event, fields[i])
			continue
		}
		event[fields[i]] = json.RawMessage(fields[i+1])
	}
	text, _ := json.Marshal(event)
	return string(text)
}

// quoted is a JSON string that holds a text.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// TestAnswers is the table of answers.
func TestAnswers(t *testing.T) {
	const ok = `{"success":true}`
	fault := func(id, text string) string {
		b, _ := json.Marshal(answer{Error: &answerError{EventID: prodege.EventID(id), Error: text}})
		return string(b)
	}
	const seedID = "644b075404443f2a3c77c7cb"
	form := func(data string, more url.Values) []byte {
		more.Set("data", data)
		more.Set("signature", prodege.Sign(prodegeSecret, map[string]string{"data": data}))
		return []byte(more.Encode())
	}
	const asJSON, asForm = "application/json", "application/x-www-form-urlencoded"
	cases := []struct {
		name, contentType string
		body              []byte
		status            int
		answer            string
		kept              int // events on disk
	}{
		{"the seed's example", asJSON, signed(seed), 200, ok, 1},
		{"with a charset", "application/json; charset=utf-8", signed(seed), 200, ok, 1},
		{"as a form", asForm, form(seed, url.Values{}), 200, ok, 1},
		{"an array", asJSON, signed("[" + seed + "," + changed("event_id", `"b"`) + "]"), 200, ok, 2},
		{"unknown status, reason and field", asJSON, signed(changed("status", `"THAWED"`, "update_reason", "4711", "mood", `"fine"`)), 200, ok, 1},
		{"numbers as text", asJSON, signed(changed("project_id", `"29303649"`, "update_reason", `"158"`)), 200, ok, 1},

		{"no event_id", asJSON, signed(changed("event_id", "")), 200, fault("", "the event has no event_id"), 0},
		{"no project_id", asJSON, signed(changed("project_id", "")), 200, fault(seedID, "the event has no project_id"), 0},
		{"no status", asJSON, signed(changed("status", "")), 200, fault(seedID, "the event has no status"), 0},
		{"a negative project", asJSON, signed(changed("project_id", "-1")), 200, fault(seedID, `project_id "-1" is not a positive whole number`), 0},
		{"an array with an unusable one", asJSON, signed("[" + seed + "," + changed("event_id", `"b"`, "status", "") + "," + changed("event_id", `"c"`) + "]"), 200,
			fault("b", "the event has no status"), 2},
		{"an array with an element that is no event", asJSON, signed("[" + seed + ",null," + changed("event_id", `"c"`) + "]"), 200, fault("", "element 2 of data is not an event"), 2},
		{"an array of no events", asJSON, signed("[null,1]"), 400, fault("", "element 1 of data is not an event"), 0},
		{"a text of an event", asJSON, signed(quoted(seed)), 200, ok, 1},
		{"a list of texts", asJSON, signed("[" + quoted(seed) + "," + quoted(changed("event_id", `"b"`)) + "]"), 200, ok, 2},
		{"a form of a text", asForm, form(quoted(seed), url.Values{}), 200, ok, 1},
		{"a form of a list of texts", asForm, form("["+quoted(seed)+"]", url.Values{}), 200, ok, 1},
		{"numbers of another notation", asJSON, signed(changed("project_id", "2.9303649E7", "update_reason", "158.0")), 200, ok, 1},
		{"words for nothing", asJSON, signed(changed("required_cpi", `"N/A"`, "rejection_note", "[]")), 200, ok, 1},
		{"an id that says nothing", asJSON, signed(changed("event_id", `"null"`)), 200, fault("", "the event has no event_id"), 0},

		{"bad signature", asJSON, []byte(`{"data": ` + seed + `, "signature": "nyA8bE-lQ92k4aMP7jo2AIC2_gmHHhGs3-E17rJwYCk"}`), 400, fault(seedID, "the signature does not match the data"), 0},
		{"no signature", asJSON, []byte(`{"data": ` + seed + `}`), 400, fault(seedID, "the parameter signature is missing"), 0},
		{"not JSON", asJSON, []byte(`{"data": `), 400, "", 0},
		{"empty body", asJSON, nil, 400, "", 0},
		{"trailing bytes", asJSON, append(signed(seed), "{}"...), 400, "", 0},
		{"unknown parameter", asForm, form(seed, url.Values{"extra": {"1"}}), 400, fault(seedID, `unknown parameter "extra"`), 0},
		{"empty array", asJSON, signed("[]"), 400, fault("", "data is an empty array"), 0},
		{"a parameter twice", asForm, append(form(seed, url.Values{}), "&data=1"...), 400, "", 0},
		{"other content type", "text/plain", signed(seed), 415, "", 0},
		{"no content type", "", signed(seed), 415, "", 0},
		{"too large", asJSON, signed(changed("note", `"`+strings.Repeat("x", 1<<20)+`"`)), 413, fault("", "the body is larger than 1048576 bytes"), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			status, got := w.post(statusPath, c.contentType, c.body)
			if status != c.status || (c.answer != "" && got != c.answer) {
				t.Errorf("answered %d %s, want %d %s", status, got, c.status, c.answer)
			}
			var form answer
			if err := json.Unmarshal([]byte(got), &form); err != nil || form.Success != (got == ok) || (!form.Success && (form.Error == nil || form.Error.Error == "")) {
				t.Errorf("not the contract's form: %s", got)
			}
			if events := w.waiting(); len(events) != c.kept {
				t.Errorf("%d events are on disk, want %d", len(events), c.kept)
			}
			if refused := len(w.box.Refused().Kept); (refused == 1) != (status >= 400) {
				t.Errorf("%d refused deliveries are kept, after %d", refused, status)
			}
			if log := w.log.String(); !strings.Contains(log, "event_id=") {
				t.Errorf("no log line with the event's id:\n%s", log)
			}
		})
	}
}

func TestWhatIsKeptOfAnEvent(t *testing.T) {
	w := newWorld(t)
	before := time.Now()
	w.post(statusPath, "application/json", signed("["+seed+","+seed+"]"))
	w.post(statusPath, "application/json", signed(seed))
	events := w.waiting()
	if len(events) != 3 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	if e.ID != "644b075404443f2a3c77c7cb" || e.ProjectID != theProject || e.Status != prodege.Paused || e.Reason != prodege.SampleSize || e.Source != prodege.FromWebhook {
		t.Errorf("event: %+v", e)
	}
	if e.Received.Before(before.Add(-time.Second)) || time.Since(e.Received) > time.Minute {
		t.Errorf("received at %s", e.Received)
	}
	stamps := map[string]bool{}
	for _, e := range events {
		stamps[e.Delivery] = true
	}
	if len(stamps) != 3 || stamps[""] {
		t.Errorf("delivery stamps: %v", stamps)
	}
}

func TestRealTimePricing(t *testing.T) {
	w := newWorld(t)
	const data = `{"event_id":"63e174296722563b9cc28d96","event_time":"2023-02-06 13:42:01","project_id":29303649,"project_status":"PAUSED","max_cpi":"36","current_cpi":"30","avg_cpi":"1","required_cpi":"90","bid_ir":50,"actual_ir":5,"bid_loi":1,"actual_median_loi":1}`
	if status, got := w.post(pricingPath, "application/json", signed(data)); status != 200 || got != `{"success":true}` {
		t.Fatalf("answered %d %s", status, got)
	}
	events := w.waiting()
	if len(events) != 1 || events[0].Source != prodege.FromPricing || events[0].RequiredCPI.String() != "90.00" || events[0].Pricing.ActualIR != "5" {
		t.Errorf("events: %+v", events)
	}
	if status, got := w.post(pricingPath, "application/json", signed(seed)); status != 200 || !strings.Contains(got, "project_status") {
		t.Errorf("the other webhook's event is answered %d %s", status, got)
	}
}

func TestEitherSecretChecks(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.ProdegeSecrets = []prodege.Secret{"hush-newest", prodegeSecret} })
	for _, secret := range []prodege.Secret{"hush-newest", prodegeSecret} {
		contentType, body := prodege.EncodeDelivery([]byte(seed), secret, prodege.Form)
		if status, got := w.post(statusPath, contentType, body); status != 200 {
			t.Errorf("answered %d %s", status, got)
		}
	}
	contentType, body := prodege.EncodeDelivery([]byte(seed), "hush-older", prodege.Form)
	if status, _ := w.post(statusPath, contentType, body); status != 400 {
		t.Errorf("a third secret is answered %d", status)
	}
}

func TestTooOld(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxEventAge = 24 * time.Hour })
	// In the hour that Pacific time has twice a year, a time without an offset may be read as an hour older.
	young := changed("event_id", `"young"`, "event_time", `"`+time.Now().In(prodege.Pacific()).Format("2006-01-02 15:04:05")+`"`)
	status, got := w.post(statusPath, "application/json", signed("["+seed+","+young+"]"))
	if status != 200 || got != `{"success":false,"error":{"event_id":"644b075404443f2a3c77c7cb","error":"the event is older than 24h0m0s"}}` {
		t.Errorf("answered %d %s", status, got)
	}
	if events := w.waiting(); len(events) != 1 || events[0].ID != "young" {
		t.Errorf("kept: %+v", events)
	}
	w.in.Wait()
	if text := w.nextAlert(); !strings.Contains(text, "project 29303649 can't be used: the event is older than 24h0m0s") {
		t.Errorf("told: %s", text)
	}
}

func TestWhereTheDiskRefuses(t *testing.T) {
	w := newWorld(t)
	if err := w.box.Close(); err != nil {
		t.Fatal(err)
	}
	if status, got := w.post(statusPath, "application/json", signed(seed)); status != 200 || got != `{"success":true}` {
		t.Errorf("answered %d %s", status, got)
	}
	if w.temporal.took[0].ID != "644b075404443f2a3c77c7cb" || w.temporal.took[0].Delivery == "" {
		t.Errorf("Temporal has %+v", w.temporal.took)
	}
	w.temporal.set(func() { w.temporal.away = errors.New("unavailable") })
	status, got := w.post(statusPath, "application/json", signed(seed))
	if status != 500 || !strings.Contains(got, `"success":false`) {
		t.Errorf("both refuse: answered %d %s", status, got)
	}
	w.in.Wait()
	if text := w.nextAlert(); !strings.Contains(text, "could not be kept") || !strings.Contains(text, "project 29303649") {
		t.Errorf("told: %s", text)
	}
	_, metrics := w.get("/metrics")
	for _, want := range []string{
		`fieldmarshal_deliveries_total{outcome="direct",webhook="project-status"} 1`,
		`fieldmarshal_deliveries_total{outcome="failed",webhook="project-status"} 1`,
		"fieldmarshal_events_received_total 1",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("%s is missing in the metrics", want)
		}
	}
}

// nextAlert returns the next alarm.
func (w *world) nextAlert() string {
	w.t.Helper()
	select {
	case text := <-w.alerts:
		return text
	case <-time.After(patience):
		w.t.Fatal("nobody is told")
		return ""
	}
}

// TestEqualFaultsAreToldOnce: unusable events that lack the same field are the same kind of alarm.
func TestEqualFaultsAreToldOnce(t *testing.T) {
	w := newWorld(t)
	for _, project := range []string{`"a"`, `"b"`, `-1`, `0.5`} {
		w.post(statusPath, "application/json", signed(changed("project_id", project)))
	}
	w.post(statusPath, "application/json", signed("["+seed+",null]"))
	w.in.Wait()
	if len(w.alerts) != 2 {
		t.Fatalf("told %d times", len(w.alerts))
	}
	if text := w.nextAlert(); !strings.Contains(text, "is not a positive whole number") {
		t.Errorf("told: %s", text)
	}
	if text := w.nextAlert(); !strings.Contains(text, "element 2 of data is not an event") {
		t.Errorf("told: %s", text)
	}
}

func TestADrainedInboxHandsOver(t *testing.T) {
	w := newWorld(t)
	if _, err := inbox.NewControl(w.boxDir).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := w.post(statusPath, "application/json", signed(seed)); status != 200 || len(w.temporal.took) != 1 {
		t.Errorf("answered %d, Temporal has %d", status, len(w.temporal.took))
	}
	if status, body := w.get("/readyz"); status != 200 || !strings.Contains(body, `"degraded":"the inbox is drained`) {
		t.Errorf("readyz: %d %s", status, body)
	}
}

func TestAPanicIsA500(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Team = func(context.Context) (string, error) { panic("team") } })
	ts := w.request()
	if reply := w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApprove}); reply.Status != 500 {
		t.Errorf("answered %+v", reply)
	}
	if !strings.Contains(w.log.String(), "panic while answering") {
		t.Error("the panic is not in the log")
	}

	_ = w.box.Close()
	w.temporal.set(func() { w.temporal.panics = true })
	status, got := w.post(statusPath, "application/json", signed(seed))
	if status != 500 || !strings.Contains(got, "send it again") {
		t.Errorf("a delivery is answered %d %s", status, got)
	}
	if !strings.Contains(w.log.String(), "panic: deliver") {
		t.Error("the panic of a delivery is not in the log")
	}
}

func TestOtherAddresses(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nothing", 404}, {"POST", "/", 404}, {"GET", statusPath, 405}, {"PUT", statusPath, 405}, {"DELETE", pricingPath, 405},
		{"GET", "/slack/interactions", 405}, {"POST", "/healthz", 405}, {"GET", "/readyz", 404}, {"GET", "/metrics", 404},
	} {
		request, _ := http.NewRequest(c.method, w.url+c.path, nil)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != c.status || !strings.Contains(string(body), `{"success":false,"error":{"event_id":""`) {
			t.Errorf("%s %s: %d %s", c.method, c.path, answer.StatusCode, body)
		}
		if answer.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s %s: no request id", c.method, c.path)
		}
	}
}

func TestHealth(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(o *Options) { o.Now = func() time.Time { return now } })
	if status, body := w.get("/healthz"); status != 200 {
		t.Errorf("healthz: %d %s", status, body)
	}
	if status, body := w.get("/readyz"); status != 200 || !strings.Contains(body, `"temporal":"answers"`) || strings.Contains(body, "degraded") {
		t.Errorf("readyz: %d %s", status, body)
	}
	w.temporal.set(func() { w.temporal.away = errors.New("does not answer") })
	w.post(statusPath, "application/json", signed(seed))
	if status, body := w.get("/readyz"); status != 200 || !strings.Contains(body, `"temporal":"answers"`) {
		t.Errorf("Temporal was asked again within a second: %d %s", status, body)
	}
	now = now.Add(time.Second)
	if status, body := w.get("/readyz"); status != 200 || !strings.Contains(body, `"temporal":"does not answer"`) || !strings.Contains(body, `"waiting":1`) {
		t.Errorf("readyz with Temporal away: %d %s", status, body)
	}
	_ = w.box.Close()
	const both = `"degraded":"the inbox is closed; Temporal: does not answer"`
	if status, body := w.get("/readyz"); status != 200 || !strings.Contains(body, both) {
		t.Errorf("readyz as both have just gone: %d %s", status, body)
	}
	now = now.Add(5 * time.Second)
	if status, body := w.get("/readyz"); status != 503 || !strings.Contains(body, both) || !strings.Contains(body, `"ready":false`) {
		t.Errorf("readyz when both have been away for 5 s: %d %s", status, body)
	}
	w.temporal.set(func() { w.temporal.away = nil })
	now = now.Add(time.Second)
	if status, body := w.get("/readyz"); status != 200 || !strings.Contains(body, `"degraded":"the inbox is closed"`) {
		t.Errorf("readyz with Temporal only: %d %s", status, body)
	}
	w.temporal.set(func() {
		w.temporal.away = errors.New("the namespace \"surveys\" is missing: create it")
	})
	now = now.Add(time.Second)
	if _, body := w.get("/readyz"); !strings.Contains(body, `"temporal":"the namespace \"surveys\" is missing`) {
		t.Errorf("readyz without our namespace: %s", body)
	}
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.post(statusPath, "application/json", signed("["+seed+","+changed("status", "")+"]"))
	w.post(statusPath, "application/json", []byte("x"))
	w.serve(httptest.NewRequest("GET", "/nothing-here", nil))
	_, got := w.get("/metrics")
	for _, want := range []string{
		`fieldmarshal_deliveries_total{outcome="unusable",webhook="project-status"} 1`,
		`fieldmarshal_deliveries_total{outcome="refused",webhook="project-status"} 1`,
		`fieldmarshal_refused_deliveries_total{cause="malformed"} 1`,
		`fieldmarshal_refused_deliveries_total{cause="bad_signature"} 0`,
		`fieldmarshal_events_received_total 2`,
		`fieldmarshal_events_total{disposition="unusable"} 1`,
		`fieldmarshal_events_total{disposition="dead"} 0`,
		`fieldmarshal_inbox_depth 1`,
		`fieldmarshal_inbox_forwarded_total 0`,
		`fieldmarshal_inbox_dead_letters 0`,
		`fieldmarshal_inbox_disk_hung 0`,
		`fieldmarshal_http_request_seconds_count{route="/webhooks/prodege/project-status",status="400"} 1`,
		`fieldmarshal_http_request_seconds_count{route="other",status="404"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// TestASlowSenderIsCutOff holds a request open that never ends its headers.
func TestASlowSenderIsCutOff(t *testing.T) {
	w := newWorld(t)
	server := w.in.Server()
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 {
		t.Fatal("a limit is missing")
	}
	server.ReadHeaderTimeout = time.Second
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n", statusPath)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // our own: reached only if the server doesn't cut off
	var limit net.Error
	if _, err := io.ReadAll(conn); errors.As(err, &limit) && limit.Timeout() {
		t.Errorf("not cut off: %v", err) // a reset is fine, too
	}
}

// TestASecretMustBeThere: with an empty one anyone could sign.
func TestASecretMustBeThere(t *testing.T) {
	for _, o := range []Options{
		{SigningSecrets: []prodege.Secret{"a"}}, {ProdegeSecrets: []prodege.Secret{"a"}},
		{SigningSecrets: []prodege.Secret{"a"}, ProdegeSecrets: []prodege.Secret{"a", ""}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "a secret is missing") {
			t.Errorf("%v", err)
		}
	}
}

// FuzzDeliveryHandler sends any body: the answer has the contract's form, nothing unsigned is kept, and
// nothing panics.
func FuzzDeliveryHandler(f *testing.F) {
	for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain"} {
		f.Add(contentType, signed(seed))
		f.Add(contentType, []byte(`{"data":[],"signature":"x"}`))
		f.Add(contentType, []byte("data=%7B%7D&signature=x"))
	}
	w := fuzzWorld(f)
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		request, _ := http.NewRequest("POST", statusPath, bytes.NewReader(body))
		request.Header.Set("Content-Type", contentType)
		before := w.box.Stats().Depth
		status, text := w.serve(request)
		var got answer
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Success == (got.Error != nil) {
			t.Fatalf("%d %s", status, text)
		}
		switch kept := w.box.Stats().Depth - before; {
		case status == 500:
			t.Fatalf("500 for %q", body)
		case status != 200 && kept != 0:
			t.Fatalf("%d, and %d events kept", status, kept)
		}
	})
}
