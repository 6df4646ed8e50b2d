package prodege

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
)

const testSecret = Secret("a secret of tests")

// example is the contract's example, as it stands there.
const example = `{
"event_id": "644b075404443f2a3c77c7cb",
"event_time": "2023-04-27 16:37:56",
"status": "PAUSED",
"update_reason": 158,
"description": "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE",
"project_id": 29303649
}`

const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// jsonBody is a JSON delivery of data as it stands, with the signature of signed.
func jsonBody(data, signed string) string {
	return `{"data":` + data + `,"signature":"` + Sign(testSecret, map[string]string{"data": signed}) + `"}`
}

func quoted(text string) string { b, _ := json.Marshal(text); return string(b) }

func TestAuthenticDeliveries(t *testing.T) {
	compacted := string(compact([]byte(example)))
	array := "[" + example + ", " + strings.Replace(example, "cb\"", "cc\"", 1) + "]"
	all := map[string]string{"data": example, "apik": "key-1", "request_date": "1682638676000"}
	for _, c := range []struct {
		name, contentType, body string
	}{
		{"JSON, signed as sent", typeJSON, jsonBody(example, example)},
		{"JSON, signed compacted", typeJSON, jsonBody(example, compacted)},
		{"JSON, a string, its content signed", typeJSON, jsonBody(quoted(example), example)},
		{"JSON, a string, signed as sent", typeJSON, jsonBody(quoted(example), quoted(example))},
		{"JSON, an array", typeJSON, jsonBody(array, array)},
		{"JSON, an array in a string", typeJSON, jsonBody(quoted(array), array)},
		{"JSON with charset and white space", "Application/JSON; charset=utf-8", " " + jsonBody(example, example) + "\r\n"},
		{"JSON with a stray semicolon in its type", "application/json;", jsonBody(example, example)},
		{"JSON with all parameters", typeJSON, `{"request_date": 1682638676000, "apik": "key-1", "signature": "` + Sign(testSecret, all) + `", "data": ` + example + `}`},
		{"JSON with request_date as a text", typeJSON, `{"request_date": "1682638676000", "apik": "key-1", "signature": "` + Sign(testSecret, all) + `", "data": ` + example + `}`},
		{"form", typeForm, url.Values{"data": {example}, "signature": {Sign(testSecret, map[string]string{"data": example})}}.Encode()},
		{"form of an array", typeForm + "; charset=UTF-8", url.Values{"data": {array}, "signature": {Sign(testSecret, map[string]string{"data": array})}}.Encode()},
		{"form with all parameters", typeForm, url.Values{"data": {example}, "apik": {"key-1"}, "request_date": {"1682638676000"}, "signature": {Sign(testSecret, all)}}.Encode()},
	} {
		d, err := ParseDelivery(c.contentType, []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !d.Authentic([]Secret{"newer", testSecret}) {
			t.Errorf("%s: not authentic", c.name)
		}
		if d.Authentic([]Secret{"another"}) || d.Authentic(nil) {
			t.Errorf("%s: authentic under another secret", c.name)
		}
		if d.EventID() != "644b075404443f2a3c77c7cb" {
			t.Errorf("%s: event id %s", c.name, d.EventID())
		}
	}
}

func TestEncodedDeliveriesAreAuthentic(t *testing.T) {
	for _, encoding := range Encodings {
		contentType, body := EncodeDelivery([]byte(example), testSecret, encoding)
		d, err := ParseDelivery(contentType, body)
		if err != nil || !d.Authentic([]Secret{testSecret}) {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

func TestForgedDeliveriesAreNotAuthentic(t *testing.T) {
	other := strings.Replace(example, "PAUSED", "COMPLETE", 1)
	withKey := Sign(testSecret, map[string]string{"data": example, "apik": "k"})
	for name, body := range map[string]string{
		"other data":       jsonBody(other, example),
		"white space":      jsonBody(string(compact([]byte(example))), example),
		"no signature fit": strings.Replace(jsonBody(example, example), `"signature":"`, `"signature":"A`, 1),
		"key left out":     `{"data":` + example + `,"signature":"` + withKey + `"}`,
		"key changed":      `{"data":` + example + `,"apik":"l","signature":"` + withKey + `"}`,
		"date added":       `{"request_date":1,` + jsonBody(example, example)[1:],
	} {
		d, err := ParseDelivery(typeJSON, []byte(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d.Authentic([]Secret{testSecret}) {
			t.Errorf("%s: authentic", name)
		}
	}
}

func TestRefusedDeliveries(t *testing.T) {
	ok := jsonBody(example, example)
	form := func(data string) string {
		return url.Values{"data": {data}, "signature": {Sign(testSecret, map[string]string{"data": data})}}.Encode()
	}
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, c := range []struct{ name, contentType, body, cause string }{
		{"no content type", "", ok, WrongContentType},
		{"text", "text/plain", ok, WrongContentType},
		{"multipart", "multipart/form-data; boundary=x", ok, WrongContentType},
		{"empty", typeJSON, "", Malformed},
		{"not JSON", typeJSON, "data", Malformed},
		{"cut short", typeJSON, ok[:len(ok)-1], Malformed},
		{"a list", typeJSON, "[]", Malformed},
		{"null", typeJSON, "null", Malformed},
		{"a byte order mark", typeJSON, "\ufeff" + ok, Malformed},
		{"something after it", typeJSON, ok + "x", TrailingBytes},
		{"a second value", typeJSON, ok + ok, TrailingBytes},
		{"a NUL after it", typeJSON, ok + "\x00", TrailingBytes},
		{"no data", typeJSON, `{"signature":"x"}`, Malformed},
		{"data null", typeJSON, `{"data":null,"signature":"x"}`, Malformed},
		{"data a number", typeJSON, `{"data":1,"signature":"x"}`, Malformed},
		{"data in other letters", typeJSON, `{"Data":{},"signature":"x"}`, Malformed},
		{"data empty", typeJSON, `{"data":[],"signature":"x"}`, EmptyArray},
		{"data an empty text", typeJSON, `{"data":"","signature":"x"}`, Malformed},
		{"data a text that is no JSON", typeJSON, `{"data":"hello","signature":"x"}`, Malformed},
		{"data a text with more behind", typeJSON, jsonBody(quoted(example+"{}"), example+"{}"), TrailingBytes},
		{"data a text with empty array", typeJSON, jsonBody(`"[]"`, `[]`), EmptyArray},
		{"data a text with a key twice", typeJSON, jsonBody(quoted(`{"a":1,"a":2}`), `{"a":1,"a":2}`), DuplicateKey},
		{"data a text in a text", typeJSON, jsonBody(quoted(quoted(example)), quoted(example)), Malformed},
		{"an element that is no event", typeJSON, `{"data":[{},1],"signature":"x"}`, Malformed},
		{"an element that is null", typeJSON, `{"data":[null],"signature":"x"}`, Malformed},
		{"data twice", typeJSON, `{"data":{},"data":{},"signature":"x"}`, DuplicateKey},
		{"data twice, once escaped", typeJSON, `{"data":{},"d\u0061ta":{},"signature":"x"}`, DuplicateKey},
		{"a key of an event twice", typeJSON, `{"data":[{"status":"LIVE","status":"PAUSED"}],"signature":"x"}`, DuplicateKey},
		{"a deep key twice", typeJSON, `{"data":{"x":[{"y":{"a":1,"b":2,"a":3}}]},"signature":"x"}`, DuplicateKey},
		{"too deep", typeJSON, `{"data":{"x":` + deep + `},"signature":"x"}`, Malformed},
		{"unknown parameter", typeJSON, `{"data":{},"signature":"x","more":1}`, UnknownParameter},
		{"unknown structured parameter", typeJSON, `{"data":{},"signature":"x","more":{}}`, UnknownParameter},
		{"signature in other letters", typeJSON, `{"data":{},"Signature":"x"}`, UnknownParameter},
		{"signature missing", typeJSON, `{"data":{}}`, MissingSignature},
		{"signature empty", typeJSON, `{"data":{},"signature":""}`, MissingSignature},
		{"signature null", typeJSON, `{"data":{},"signature":null}`, MissingSignature},
		{"signature a number", typeJSON, `{"data":{},"signature":1}`, Malformed},
		{"apik a number", typeJSON, `{"data":{},"signature":"x","apik":1}`, Malformed},
		{"apik with a separator", typeJSON, `{"data":{},"signature":"x","apik":"k:data={}"}`, Malformed},
		{"request_date with more", typeJSON, `{"data":{},"signature":"x","request_date":"1:data={}"}`, Malformed},
		{"request_date negative", typeJSON, `{"data":{},"signature":"x","request_date":-1}`, Malformed},
		{"form that is none", typeForm, "data=%zz&signature=x", Malformed},
		{"form with semicolons", typeForm, "data={};signature=x", Malformed},
		{"form with JSON's body", typeForm, ok, Malformed},
		{"form without data", typeForm, "signature=x", Malformed},
		{"form with empty data", typeForm, "data=&signature=x", Malformed},
		{"form with data twice", typeForm, form(example) + "&data={}", DuplicateKey},
		{"form with signature twice", typeForm, form(example) + "&signature=x", DuplicateKey},
		{"form with unknown parameter", typeForm, form(example) + "&more=1", UnknownParameter},
		{"form without signature", typeForm, "data={}", MissingSignature},
		{"form with more behind data", typeForm, form(example + "x"), TrailingBytes},
		{"form with an empty array", typeForm, form("[ ]"), EmptyArray},
		{"form with a key twice", typeForm, form(`{"a":1,"a":1}`), DuplicateKey},
		{"form with a text", typeForm, form(quoted(example)), Malformed},
	} {
		_, err := ParseDelivery(c.contentType, []byte(c.body))
		var r *Refusal
		if !errors.As(err, &r) {
			t.Errorf("%s: taken", c.name)
			continue
		}
		if r.Cause != c.cause {
			t.Errorf("%s: refused as %s (%s), want %s", c.name, r.Cause, r, c.cause)
		}
		if strings.Contains(r.Error(), Sign(testSecret, map[string]string{"data": example})) {
			t.Errorf("%s: the error tells the signature", c.name)
		}
	}
}

// The sender's own bytes are what is signed: parsing must not normalise them first.
func TestTheTextAsSentIsSigned(t *testing.T) {
	odd := "{ \"event_id\" : \"\\u0061\",\t\"n\":1.50e1 ,\n\"x\":\"<é>\" }"
	d, err := ParseDelivery(typeJSON, []byte(`{"signature" : "`+Sign(testSecret, map[string]string{"data": odd})+`" , "data" :  `+odd+`  }`))
	if err != nil || !d.Authentic([]Secret{testSecret}) {
		t.Errorf("not authentic (%v)", err)
	}
}

func FuzzParseDelivery(f *testing.F) {
	for _, encoding := range Encodings {
		contentType, body := EncodeDelivery([]byte(example), testSecret, encoding)
		f.Add(contentType, body)
	}
	f.Add(typeJSON, []byte(`{"data":[{"event_id":"\ud800"}],"signature":"x","apik":"k","request_date":1}`))
	f.Add(typeForm, []byte("data=[{}]&signature=x"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		d, err := ParseDelivery(contentType, body)
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) || r.Error() == "" {
				t.Fatalf("%T %v is no refusal", err, err)
			}
			return
		}
		if d.signature == "" || len(d.events) == 0 {
			t.Error("taken without signature or event")
		}
		// Whatever is taken has one reading: its parameters can be told apart in what is signed.
		for name, value := range d.beside {
			if strings.ContainsAny(value, ":=") {
				t.Errorf("%s=%q holds a separator", name, value)
			}
		}
		for _, text := range d.readings {
			if checkJSON([]byte(text), "data") != nil {
				t.Errorf("a reading is not strict JSON: %q", text)
			}
		}
		d.Authentic([]Secret{testSecret})
	})
}
