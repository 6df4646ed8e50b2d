package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const statusPath = "/webhooks/prodege/project-status"

// signDelivery signs and encodes data, valid or not, as Prodege would.
func signDelivery(data string, encoding prodege.Encoding) (string, []byte) {
	return prodege.EncodeDelivery([]byte(data), prodegeSecret, encoding)
}

// eventJSON returns an event of a project that happens now, with further fields, as JSON.
func eventJSON(id string, project prodege.ProjectID, fields string) string {
	at := time.Now().In(prodege.Pacific()).Format("2006-01-02 15:04:05")
	return fmt.Sprintf(`{"event_id":%q,"event_time":%q,"project_id":%d%s}`, id, at, project, fields)
}

// webhookCase is a delivery and the expected response.
type webhookCase struct {
	name        string
	method      string // default POST
	contentType string // default application/json
	data        string // the signed data, if body is empty
	encoding    prodege.Encoding
	body        string

	status  int
	success bool
	eventID string // expected in an error response
}

const live = `,"status":"LIVE"`

func webhookCases() []webhookCase {
	ok := eventJSON("ok-1", 101, live)
	_, good := signDelivery(eventJSON("signed", 199, live), prodege.JSON)
	tampered := bytes.Replace(good, []byte("LIVE"), []byte("PAUSED"), 1)
	_, form := signDelivery(eventJSON("signed", 199, live), prodege.Form)
	return []webhookCase{
		{name: "an event as JSON", data: ok, status: 200, success: true},
		{name: "as a form", data: eventJSON("ok-2", 101, live), encoding: prodege.Form, status: 200, success: true},
		{name: "as JSON in a string", data: eventJSON("ok-3", 101, live), encoding: prodege.JSONString, status: 200, success: true},
		{name: "an array", data: "[" + eventJSON("ok-4", 101, live) + "," + eventJSON("ok-5", 102, live) + "]", status: 200, success: true},
		{name: "an unknown status, reason and field", data: eventJSON("new-1", 103, `,"status":"ARCHIVED","update_reason":4711,"mood":"fine"`), status: 200, success: true},
		{name: "numbers in strings", data: `{"event_id":"num-1","event_time":"2026-05-05 10:00:00","project_id":"103","status":"LIVE","update_reason":"999"}`, status: 200, success: true},

		{name: "no event_id", data: `{"project_id":199,"status":"LIVE"}`, status: 200, eventID: ""},
		{name: "no project_id", data: `{"event_id":"no-project","status":"LIVE"}`, status: 200, eventID: "no-project"},
		{name: "no status", data: eventJSON("no-status", 199, ""), status: 200, eventID: "no-status"},
		{name: "a negative id", data: eventJSON("negative", -5, live), status: 200, eventID: "negative"},
		{name: "a project_id that is not a number", data: `{"event_id":"words","project_id":"many","status":"LIVE"}`, status: 200, eventID: "words"},
		{name: "one of three is unusable", data: "[" + eventJSON("ok-6", 102, live) + "," + eventJSON("unusable", 0, live) + "," + eventJSON("ok-7", 102, live) + "]", status: 200, eventID: "unusable"},

		{name: "tampered with", body: string(tampered), status: 400, eventID: "signed"},
		{name: "no signature", body: `{"data":` + eventJSON("bare", 199, live) + `}`, status: 400, eventID: "bare"},
		{name: "invalid JSON", body: `{"data":`, status: 400},
		{name: "an unknown parameter", body: strings.Replace(string(good), "{", `{"more":1,`, 1), status: 400, eventID: "signed"},
		{name: "a form with an unknown parameter", contentType: "application/x-www-form-urlencoded", body: string(form) + "&more=1", status: 400, eventID: "signed"},
		{name: "trailing bytes", body: string(good) + "{}", status: 400, eventID: "signed"},
		{name: "a repeated parameter", contentType: "application/x-www-form-urlencoded", body: string(form) + "&data=1", status: 400, eventID: "signed"},
		{name: "an empty array", data: "[]", status: 400},
		{name: "too large", body: strings.Repeat(" ", 1<<20) + string(good), status: 413},
		{name: "another content type", contentType: "text/plain", body: string(good), status: 415, eventID: "signed"},
		{name: "GET", method: http.MethodGet, status: 405},
		{name: "PUT", method: http.MethodPut, body: string(good), status: 405},
	}
}

func TestWebhookResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range webhookCases() {
		status, text := w.send(r)
		var answer struct {
			Success *bool
			Error   *struct {
				EventID *string `json:"event_id"`
				Error   string
			}
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Success == nil {
			t.Errorf("%s: the response does not follow the contract: %s", r.name, text)
			continue
		}
		if status != r.status || *answer.Success != r.success {
			t.Errorf("%s: answered %d %s, want %d", r.name, status, text, r.status)
		}
		switch {
		case r.success && answer.Error != nil, !r.success && (answer.Error == nil || answer.Error.EventID == nil || answer.Error.Error == ""):
			t.Errorf("%s: answered %s", r.name, text)
		case !r.success && *answer.Error.EventID != r.eventID:
			t.Errorf("%s: answered for event %q, want %q", r.name, *answer.Error.EventID, r.eventID)
		}
	}
	for id, want := range map[prodege.ProjectID]int64{101: 4, 102: 3, 103: 2} {
		w.waitProject(id, func(s *project.State) bool { return s.Counts.Received == want }, fmt.Sprintf("%d events of project %s", want, id))
	}
	if n := len(w.runs()); n != 3 {
		t.Errorf("%d workflows were started, want 3", n)
	}
	for _, id := range []string{"no-project", "no-status", "negative", "words", "unusable"} {
		if !strings.Contains(w.ingress.log.String(), `"event_id":"`+id+`"`) {
			t.Errorf("the unusable event %s is not logged", id)
		}
	}
	w.checkMetrics(15, 6)
	for cause, want := range map[string]float64{"bad_signature": 1, "missing_signature": 1, "malformed": 1, "unknown_parameter": 2, "trailing_bytes": 1,
		"duplicate_key": 1, "empty_array": 1, "too_large": 1, "wrong_content_type": 1} {
		if got := w.ingress.metric("fieldmarshal_refused_deliveries_total", `cause="`+cause+`"`); got != want {
			t.Errorf("fieldmarshal_refused_deliveries_total of cause %s = %v, want %v", cause, got, want)
		}
	}
}

// checkMetrics checks the number of received and unusable events in the metrics, and waits until the dispositions
// counted by both processes add up to what was received.
func (w *world) checkMetrics(received, unusable float64) {
	w.t.Helper()
	if got := w.ingress.metric("fieldmarshal_events_received_total", ""); got != received {
		w.t.Errorf("%v events counted as received, want %v", got, received)
	}
	if got := w.ingress.metric("fieldmarshal_events_total", `disposition="unusable"`); got != unusable {
		w.t.Errorf("%v events counted as unusable, want %v", got, unusable)
	}
	await(w.t, "the dispositions to add up to the received events", func() bool {
		return w.ingress.metric("fieldmarshal_events_total", "")+w.worker.metric("fieldmarshal_events_total", "") == received
	})
}

// metric returns the sum of the samples of a metric whose labels contain a text.
func (p *process) metric(name, label string) (sum float64) {
	p.t.Helper()
	_, text := p.get("/metrics")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		rest, is := strings.CutPrefix(line, name)
		if !is || rest == "" || rest[0] != '{' && rest[0] != ' ' || !strings.Contains(rest, label) {
			continue
		}
		n, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			p.t.Fatalf("read the metric %s: %v", line, err)
		}
		sum += n
	}
	return sum
}

func (w *world) send(r webhookCase) (int, string) {
	w.t.Helper()
	contentType, body := r.contentType, []byte(r.body)
	if r.data != "" {
		encoding := r.encoding
		if encoding == "" {
			encoding = prodege.JSON
		}
		contentType, body = signDelivery(r.data, encoding)
	}
	if contentType == "" {
		contentType = "application/json"
	}
	method := r.method
	if method == "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(w.ctx, method, w.ingress.url+statusPath, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	return w.do(request)
}
