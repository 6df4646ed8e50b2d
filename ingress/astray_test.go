package ingress

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWhatGoesAstrayIsKept: a delivery to a misspelled address, by another method or compressed is answered in JSON, kept and
// counted; a scanner's request is not.
func TestWhatGoesAstrayIsKept(t *testing.T) {
	for _, c := range []struct {
		method, path, encoding string
		status                 int
		cause                  string // empty: not kept
	}{
		{http.MethodPost, "/webhooks/prodege/project-status/", "", 404, causeWrongAddress},
		{http.MethodPost, "/webhooks/prodege/project_status", "", 404, causeWrongAddress},
		{http.MethodPut, "/webhooks/prodege/project-status", "", 405, causeWrongMethod},
		{http.MethodPost, "/webhooks/prodege/project-status", "br", 415, causeCompressed},
		{http.MethodGet, "/webhooks/prodege/project-status", "", 405, ""},
		{http.MethodPost, "/wp-login.php", "", 404, ""},
	} {
		t.Run(c.method+" "+c.path+" "+c.encoding, func(t *testing.T) {
			w := newWorld(t)
			r, err := http.NewRequestWithContext(t.Context(), c.method, w.url+c.path, strings.NewReader(`{"data": {}}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			if c.encoding != "" {
				r.Header.Set("Content-Encoding", c.encoding)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if kind := answer.Header.Get("Content-Type"); answer.StatusCode != c.status || !strings.HasPrefix(kind, "application/json") {
				t.Errorf("answered %d, %s", answer.StatusCode, kind)
			}
			kept := w.box.Refused().Kept
			if (len(kept) == 1) != (c.cause != "") || len(kept) == 1 && kept[0].Cause != c.cause {
				t.Errorf("kept %+v, want the cause %q", kept, c.cause)
			}
		})
	}
}

// TestTheFirstOfAnHourIsTold: anyone who knows the address can have deliveries refused, but can't flood the channel.
func TestTheFirstOfAnHourIsTold(t *testing.T) {
	var a alarms
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	told := 0
	for n := range 2 * 3600 { // one per second
		if untold, tell := a.add(at.Add(time.Duration(n)*time.Second), "refused malformed"); tell {
			if told++; untold != (told-1)*3599 {
				t.Errorf("told of %d more", untold)
			}
		}
	}
	if told != 2 {
		t.Errorf("told %d times in two hours", told)
	}
	if _, tell := a.add(at, "refused bad_signature"); !tell {
		t.Error("another cause is not told")
	}
}

func TestMoreThanThreeFutureEventsAnHour(t *testing.T) {
	var a alarms
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		minute int
		want   bool
	}{{0, false}, {20, false}, {40, false}, {60, false}, {70, true}, {200, false}} {
		if got := a.addFuture(at.Add(time.Duration(c.minute) * time.Minute)); got != c.want {
			t.Errorf("minute %d: alarmed %t", c.minute, got)
		}
	}
}
