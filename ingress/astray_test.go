package ingress

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWhatGoesAstrayIsKept: a delivery to a mistyped address, by another method or compressed is answered in JSON,
// kept and counted; what a scanner looks for is not.
func TestWhatGoesAstrayIsKept(t *testing.T) {
	for _, c := range []struct {
		method, path, encoding string
		status                 int
		cause                  string // empty: not kept
	}{
		{http.MethodPost, "/webhooks/prodege/project-status/", "", 404, causeWrongAddress},
		{http.MethodPost, "/webhooks/prodege/project_status", "", 404, causeWrongAddress},
		{http.MethodPut, "/webhooks/prodege/project-status", "", 405, causeWrongMethod},
		{http.MethodPost, "/webhooks/prodege/project-status", "gzip", 415, causeCompressed},
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

// TestRefusalsAreToldOnceAWindow: whoever knows the address can have deliveries refused, but not bury the channel.
func TestRefusalsAreToldOnceAWindow(t *testing.T) {
	var r refusals
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	told := 0
	for n := range 600 { // one a second
		if count := r.add(at.Add(time.Duration(n) * time.Second)); count > 0 {
			if told++; count != alarmingRefusals {
				t.Errorf("told of %d", count)
			}
		}
	}
	if told != 1 {
		t.Errorf("told %d times in ten minutes", told)
	}
	if n := r.add(at.Add(refusalWindow + 4*time.Second)); n != 596 {
		t.Errorf("then it tells of %d", n)
	}
	var slow refusals
	for n := range 10 {
		if slow.add(at.Add(time.Duration(n)*3*time.Minute)) > 0 {
			t.Error("told of refusals that are far apart")
		}
	}
}

func TestSlackChecksTheCertificate(t *testing.T) {
	w := newWorld(t)
	const check = "ssl_check=1&token=x"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/slack/commands", strings.NewReader(check))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = sign(slackSecret, time.Now(), []byte(check))
	if status, body := w.serve(request); status != http.StatusOK {
		t.Errorf("answered %d %s", status, body)
	}
}
