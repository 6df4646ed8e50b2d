package ingress

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestNoSecretIsShown(t *testing.T) {
	header := redactHeader(http.Header{"Authorization": {"Bearer SECRET2"}, "Cookie": {"a=SECRET3"}, "X-Api-Key": {"SECRET4"}, "Content-Type": {"application/json"}})
	path := redactText("/webhooks/prodege/project-status?apik=SECRET1")
	json := redactText(`{"data": {"event_id": "e1"}, "signature" : "SECRET5\"SECRET5", "apik":"SECRET6"}`)
	form := redactText("signature=SECRET7%3D&data=%7B%7D&apik=SECRET8")
	if text := fmt.Sprint(header, path, json, form); strings.Contains(text, "SECRET") {
		t.Errorf("a secret is shown: %s", text)
	}
	if !strings.Contains(json, `"event_id": "e1"`) || !strings.Contains(json, "[hidden, 16 characters]") {
		t.Errorf("JSON: %s", json)
	}
	if form != "signature=[hidden, 8 characters]&data=%7B%7D&apik=[hidden, 7 characters]" {
		t.Errorf("form: %s", form)
	}
	if header.Get("Content-Type") != "application/json" {
		t.Errorf("header: %v", header)
	}
}
