package ingress

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

func testRedactor() redactor {
	return newRedactor([]prodege.Secret{"hush/of prodege", "hush2", "hush3"})
}

// TestNoSecretIsShown: each body contains SECRET where a signature or key would be, in some encoding.
func TestNoSecretIsShown(t *testing.T) {
	const asJSON, asForm = "application/json", "application/x-www-form-urlencoded"
	signature := strings.Repeat("SECRET_", 6) + "x" // 43 characters
	inString := func(text string) string { return fmt.Sprintf("%q", text) }
	part := func(header, value string) string {
		return "--b\r\n" + header + "\r\n\r\n" + value + "\r\n--b--\r\n"
	}
	for _, c := range []struct{ name, contentType, body, shows string }{
		{"JSON", asJSON, `{"data": {"event_id": "e1"}, "signature" : "SECRET5\"SECRET5", "apik":"SECRET6"}`, `{"data": {"event_id": "e1"}, "signature" : "[hidden, 15 characters]", "apik":"[hidden, 7 characters]"}`},
		{"JSON, an escaped name", asJSON, `{"event_id": "e1", "s\u0069gnature":"SECRET"}`, `"event_id": "e1"`},
		{"JSON in a string", asJSON, `{"data": ` + inString(`{"event_id":"e1","signature":"SECRET"}`) + `}`, `e1`},
		{"JSON in a string in a string", asJSON, `{"data": ` + inString(inString(`{"event_id":"e1","signature":"SECRET"}`)) + `}`, `e1`},
		{"JSON, a secret object", asJSON, `{"token":{"a":"SECRET"},"event_id":"e1"}`, `e1`},
		{"JSON, a secret number", asJSON, `{"api_key":["SECRET"],"event_id":"e1"}`, `e1`},
		{"JSON, another name", asJSON, `{"check": "` + signature + `","event_id":"e1"}`, `e1`},
		{"JSON, our own secret", asJSON, `{"note": "hush\/of prodege hush2","x":"\u0068ush3","event_id":"e1"}`, `e1`},
		{"JSON, our own secret as a name", asJSON, `{"hush2": 1,"event_id":"e1"}`, `e1`},
		{"JSON, cut off", asJSON, `{"event_id":"e1","signature":"SECRET`, `e1`},
		{"JSON, cut off in a string", asJSON, `{"data":"{\"event_id\":\"e1\",\"signature\":\"SECRET\",`, `e1`},
		{"JSON, cut off, an escaped name", asJSON, `{"event_id":"e1","s\u0069gnature":"SECRET`, `e1`},
		{"JSON in a form", asForm, url.Values{"data": {`{"event_id":"e1","signature":"SECRET"}`}}.Encode(), `e1`},
		{"a form", asForm, "signature=SECRET7%3D&data=%7B%7D&apik=SECRET8", "signature=[hidden, 8 characters]&data=%7B%7D&apik=[hidden, 7 characters]"},
		{"a form, an escaped name", asForm, "%73ignature=SECRET&data=e1", `e1`},
		{"a form, a name escaped twice", asForm, "%2573ignature=SECRET&data=e1", `e1`},
		{"a form, broken", asForm, "%zz&signature=SECRET&data=e1", `e1`},
		{"a form, our own secret", asForm, "data=e1&x=hush%2Fof+prodege&y=hush%2fof%20prodege", `e1`},
		{"a form of another content type", "text/plain", "data=e1&signature=SECRET", `e1`},
		{"multipart", "multipart/form-data; boundary=b", part(`Content-Disposition: form-data; name="signature"`, "SECRET"), "name=\"signature\""},
		{"multipart, more headers", "multipart/form-data; boundary=b", part("Content-Disposition: form-data; name=\"signature\"\r\nContent-Type: text/plain", "SECRET"), "Content-Type"},
		{"multipart, an escaped name", "multipart/form-data; boundary=b", part(`Content-Disposition: form-data; name="%73ignature"`, "SECRET"), "Disposition"},
		{"multipart, JSON within", "multipart/form-data; boundary=b", part(`Content-Disposition: form-data; name="data"`, `{"event_id":"e1","signature":"SECRET"}`), "e1"},
		{"multipart, no boundary", "multipart/form-data", part(`Content-Disposition: form-data; name="signature"`, "SECRET"), "Disposition"},
		{"XML", "text/xml", "<a><signature>SECRET</signature><e>e1</e></a>", "e1"},
		{"large", asJSON, `{"event_id":"e1","signature":"SECRET","x":"` + strings.Repeat("y ", maxParsed), "e1"},
	} {
		shown := testRedactor().body(c.contentType, []byte(c.body))
		if strings.Contains(shown, "SECRET") || strings.Contains(shown, "hush") {
			t.Errorf("%s: a secret is shown: %.400s", c.name, shown)
		}
		if !strings.Contains(shown, c.shows) {
			t.Errorf("%s: %q is not shown: %.400s", c.name, c.shows, shown)
		}
	}
}

func TestNoSecretIsShownBesideTheBody(t *testing.T) {
	r := testRedactor()
	header := r.header(http.Header{"Authorization": {"Bearer SECRET2"}, "Cookie": {"a=SECRET3"}, "X-Api-Key": {"SECRET4"}, "X-Prodege-Signature": {"SECRET5"}, "X-Note": {"hush2"}, "Content-Type": {"application/json"}})
	address, err := url.Parse("/webhooks/prodege/project-status?apik=SECRET1&%73ignature=SECRET")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(header, r.address(address)); strings.Contains(text, "SECRET") || strings.Contains(text, "hush") {
		t.Errorf("a secret is shown: %s", text)
	}
	if header.Get("Content-Type") != "application/json" {
		t.Errorf("header: %v", header)
	}
}

// TestAKnownSecretIsHiddenWhereverItStands: as a number, across JSON's structure, or before and after white space.
func TestAKnownSecretIsHiddenWhereverItStands(t *testing.T) {
	r := newRedactor([]prodege.Secret{"8675309123", `ab":["cd`, "12 34"})
	for contentType, bodies := range map[string][]string{
		"application/json": {`{"event_id":"e1","n":8675309123}`, `[8675309123,"e1"]`, `{"event_id":"e1","ab":["cd"]}`, `{"event_id":"e1","n":[12 34]}`, "8675309123 e1",
			`{"event_id":"e1","data":"{\"n\":8675309123}"}`, `{"event_id":"e1","data":"[8675309123"}`},
		"application/x-www-form-urlencoded": {"data=e1&n=8675309123", "8675309123=e1", "e1&8675309123", "a=e1&b=%38675309123", "a=e1&b=ab%22%3A%5B%22cd", "a=e1&b=12+34"},
		"text/plain":                        {"e1 8675309123", `e1 ab":["cd`, `e1 ab\u0022:[\u0022cd`},
	} {
		for _, body := range bodies {
			if shown := r.body(contentType, []byte(body)); strings.Contains(shown, "8675309123") || strings.Contains(shown, `ab":["cd`) || strings.Contains(shown, "12 34") || !strings.Contains(shown, "e1") {
				t.Errorf("%s is shown as %s", body, shown)
			}
		}
	}
}

// What is not secret is shown as it came, white space and escapes included.
func TestTheRestIsShownAsItCame(t *testing.T) {
	for contentType, body := range map[string]string{
		"application/json":                  "{ \"data\" :\t{\"event_id\":\"\\u0061\", \"n\": 1.50e1,\n \"note\":\"the signature is wrong, say people\"} }",
		"application/x-www-form-urlencoded": "data=%7B%22event_id%22%3a+%22a%22%7D&&x",
		"text/plain":                        "hello 100%",
	} {
		if shown := testRedactor().body(contentType, []byte(body)); shown != body {
			t.Errorf("%s is shown as %s", body, shown)
		}
	}
}

// FuzzRedact: no known secret is shown, and the output is valid text.
func FuzzRedact(f *testing.F) {
	f.Add("application/json", []byte(`{"a":"hush2","signature":{"a":[1,"{\"signature\":\"x\"}"]}}`))
	f.Add("application/x-www-form-urlencoded", []byte(`a=%7B%22signature%22:1&hush3=hush%2Fof+prodege`))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhush2\r\n--b--"))
	r := testRedactor()
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		shown := r.body(contentType, body)
		for _, secret := range []string{"hush/of prodege", "hush2", "hush3"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%q is shown as %q", body, shown)
			}
		}
	})
}
