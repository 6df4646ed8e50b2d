package operator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

const statusPath = webhooks + "project-status"

// door takes deliveries as the ingress does: read and checked by the supplier's rules.
type door struct {
	*httptest.Server
	paths  []string
	events []prodege.Event
	status int
	answer string
}

func newDoor(t *testing.T) *door {
	d := &door{status: http.StatusOK, answer: `{"success":true}`}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.paths = append(d.paths, r.URL.Path)
		envelope, err := prodege.ReadEnvelope(r.Header.Get("Content-Type"), body)
		var data prodege.Data
		if err == nil {
			data, err = envelope.Verify([]prodege.Secret{"the-secret"})
		}
		if err != nil {
			t.Errorf("not authentic: %s (%v)", body, err)
		} else {
			events, _, err := data.Events(noon)
			if err != nil {
				t.Error(err)
			}
			d.events = append(d.events, events...)
		}
		w.WriteHeader(d.status)
		_, _ = io.WriteString(w, d.answer)
	}))
	t.Cleanup(d.Close)
	return d
}

func TestSend(t *testing.T) {
	for _, encoding := range []string{"json", "json_string", "form"} {
		d := newDoor(t)
		w := (&fakes{}).world()
		w.Facts.IngressURL = d.URL
		run(t, w, "", "send", "--project", "29303649", "--status", "PAUSED", "--reason", "160",
			"--required-cpi", "4.2", "--event-id", "e7", "--encoding", encoding).
			wants(t, 0, "HTTP 200", `{"success":true}`, statusPath)
		if len(d.events) != 1 {
			t.Fatalf("%s: %d events came", encoding, len(d.events))
		}
		e := d.events[0]
		if e.ID != "e7" || e.ProjectID != theProject || e.Status != prodege.Paused || e.Reason != 160 || !e.AsksCPI() || !e.RequiredCPI.Equal(prodege.MustUSD("4.20")) ||
			!e.Time.Equal(noon) || d.paths[0] != statusPath {
			t.Errorf("%s: %s got %+v", encoding, d.paths[0], e)
		}
	}
}

func TestSendFiles(t *testing.T) {
	d := newDoor(t)
	w := (&fakes{}).world()
	run(t, w, "", "send", "--url", d.URL+"/", "--project", "1", "--status", "PAUSED", "--required-cpi", "4.25").wants(t, 0)
	run(t, w, `[{"event_id":"a","project_id":1,"status":"LIVE"},{"event_id":"b","project_id":2,"status":"NEW"}]`, "send", "--url", d.URL, "--file", "-").wants(t, 0)
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(`{"event_id":"c","project_id":3,"status":"LIVE","more":"kept"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, w, "", "send", "--url", d.URL+"/webhooks/prodege/elsewhere", "--file", file, "--json").wants(t, 0, `"accepted": true`, `"more": "kept"`)
	var ids []string
	for _, e := range d.events {
		ids = append(ids, string(e.ID))
	}
	if len(ids) != 4 || ids[1] != "a" || ids[2] != "b" || ids[3] != "c" || !d.events[0].AsksCPI() {
		t.Errorf("came: %v", ids)
	}
	if got := strings.Join(d.paths, " "); got != statusPath+" "+statusPath+" /webhooks/prodege/elsewhere" {
		t.Errorf("paths: %s", got)
	}
}

func TestSendAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
		code   int
		says   string
	}{
		"unusable":  {200, `{"success":false,"error":{"event_id":"","error":"no status"}}`, ExitNoEffect, "can't use an event of it"},
		"in part":   {200, `{"success":false,"error":{"event_id":"b","error":"no project_id"}}`, ExitNoEffect, "can't use an event of it, as its answer says; Prodege would not send it again"},
		"refused":   {400, `{"success":false,"error":{"event_id":"","error":"bad signature"}}`, ExitNoEffect, "the ingress refused it"},
		"down":      {500, `{"success":false}`, ExitFailed, "Prodege would send it again"},
		"a proxy":   {200, `<html>`, ExitNoEffect, "the ingress refused it"},
		"who knows": {200, `{"success":false}`, ExitNoEffect, "the ingress refused it"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			d.status, d.answer = c.status, c.answer
			run(t, (&fakes{}).world(), "", "send", "--url", d.URL, "--project", "1", "--status", "LIVE").wants(t, c.code, c.answer, c.says)
		})
	}
	run(t, (&fakes{}).world(), "", "send", "--url", "http://127.0.0.1:1", "--project", "1", "--status", "LIVE").wants(t, ExitFailed, "connection refused")
}

func TestSendRefusesToSend(t *testing.T) {
	d := newDoor(t)
	for _, args := range []string{
		"", "--project 1", "--status LIVE", "--project x --status LIVE", "--project 1 --status LIVE --required-cpi 1e3", "--project 1 --status PAUSD",
		"--project 1 --status LIVE --encoding xml", "--file /nowhere/at/all", "--file - --project 1",
	} {
		run(t, (&fakes{}).world(), "", append([]string{"send", "--url", d.URL}, strings.Fields(args)...)...).wants(t, ExitUsage)
	}
	w := (&fakes{}).world()
	w.Facts.SecretKeys = nil
	run(t, w, "", "send", "--url", d.URL, "--project", "1", "--status", "LIVE").wants(t, ExitUsage, "PRODEGE_SECRET_KEY")
	if len(d.paths) > 0 {
		t.Errorf("sent to %v", d.paths)
	}
	run(t, (&fakes{}).world(), "", "send", "--url", d.URL, "--project", "1", "--status", "ARCHIVED", "--anyway").wants(t, 0)
}
