package prodege

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

const testSecret = Secret("a secret of tests")

// example is the contract's example, verbatim.
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

// jsonBody is a JSON delivery of data, byte for byte, with the signature of signed.
func jsonBody(data, signed string) string {
	return `{"data":` + data + `,"signature":"` + Sign(testSecret, map[string]string{"data": signed}) + `"}`
}

func quoted(text string) string { b, _ := json.Marshal(text); return string(b) }

// authentic reads and verifies a delivery.
func authentic(contentType string, body []byte) (Data, error) {
	e, err := ReadEnvelope(contentType, body)
	if err != nil {
		return Data{}, err
	}
	return e.Verify([]Secret{testSecret})
}

// read does everything that is done with a delivery and returns the error.
func read(contentType, body string) error {
	data, err := authentic(contentType, []byte(body))
	if err != nil {
		return err
	}
	_, _, err = data.Events(receipt)
	return err
}

func TestAuthenticDeliveries(t *testing.T) {
	compacted := string(compact([]byte(example)))
	array := "[" + example + ", " + strings.Replace(example, "cb\"", "cc\"", 1) + "]"
	texts := "[" + quoted(example) + "," + quoted(strings.Replace(example, "cb\"", "cc\"", 1)) + "]"
	latin1 := strings.Replace(example, "DISABLED", "D\xc9SABLED", 1)
	form := func(data, signed string) string {
		return url.Values{"data": {data}, "signature": {Sign(testSecret, map[string]string{"data": signed})}}.Encode()
	}
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
		{"JSON, a list of strings", typeJSON, jsonBody(texts, texts)},
		{"JSON, a list of strings in a string", typeJSON, jsonBody(quoted(texts), texts)},
		{"JSON, in Latin-1", typeJSON, jsonBody(latin1, latin1)},
		{"JSON, half a surrogate pair", typeJSON, jsonBody(strings.Replace(example, "DISABLED", `D\ud800`, 1), strings.Replace(example, "DISABLED", `D\ud800`, 1))},
		{"JSON, a string in Latin-1, its content signed", typeJSON, jsonBody(strings.Replace(quoted(example), "DISABLED", "D\xc9SABLED", 1), latin1)},
		{"form of a string", typeForm, form(quoted(example), quoted(example))},
		{"form of a string, its content signed", typeForm, form(quoted(example), example)},
		{"form of a list of strings", typeForm, form(texts, texts)},
		{"form in Latin-1", typeForm, form(latin1, latin1)},
		{"form, its names escaped", typeForm, strings.Replace(form(example, example), "data=", "%64ata=", 1)},
		{"form", typeForm, url.Values{"data": {example}, "signature": {Sign(testSecret, map[string]string{"data": example})}}.Encode()},
		{"form of an array", typeForm + "; charset=UTF-8", url.Values{"data": {array}, "signature": {Sign(testSecret, map[string]string{"data": array})}}.Encode()},
		{"form with all parameters", typeForm, url.Values{"data": {example}, "apik": {"key-1"}, "request_date": {"1682638676000"}, "signature": {Sign(testSecret, all)}}.Encode()},
	} {
		e, err := ReadEnvelope(c.contentType, []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		data, err := e.Verify([]Secret{"newer", testSecret})
		if err != nil {
			t.Errorf("%s: not authentic", c.name)
			continue
		}
		for _, secrets := range [][]Secret{{"another"}, {""}, nil} {
			if _, err := e.Verify(secrets); !errors.Is(err, ErrBadSignature) {
				t.Errorf("%s: authentic under another secret", c.name)
			}
		}
		events, unusable, err := data.Events(receipt)
		if err != nil || len(unusable) != 0 || len(events) == 0 || events[0].ID != "644b075404443f2a3c77c7cb" || e.EventID() != events[0].ID {
			t.Errorf("%s: read as %v, unusable %v, error %v; the guess is %s", c.name, events, unusable, err, e.EventID())
		}
	}
}

func TestEncodedDeliveriesAreAuthentic(t *testing.T) {
	for _, encoding := range Encodings {
		contentType, body := EncodeDelivery([]byte(example), testSecret, encoding)
		if _, err := authentic(contentType, body); err != nil {
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
		if _, err := authentic(typeJSON, []byte(body)); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusedDeliveries(t *testing.T) {
	ok := jsonBody(example, example)
	form := func(data string) string {
		return url.Values{"data": {data}, "signature": {Sign(testSecret, map[string]string{"data": data})}}.Encode()
	}
	signed := func(data string) string { return jsonBody(data, data) }
	nested := func(levels int) string {
		return `{"event_id":"a","x":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	for _, c := range []struct{ name, contentType, body, cause string }{
		{"no content type", "", ok, WrongContentType},
		{"text", "text/plain", ok, WrongContentType},
		{"multipart", "multipart/form-data; boundary=x", ok, WrongContentType},
		{"empty", typeJSON, "", Malformed},
		{"not JSON", typeJSON, "data", Malformed},
		{"cut short", typeJSON, ok[:len(ok)-1], Malformed},
		{"cut short in a name", typeJSON, `{"da`, Malformed},
		{"a list", typeJSON, "[]", Malformed},
		{"null", typeJSON, "null", Malformed},
		{"a byte order mark", typeJSON, "\ufeff" + ok, Malformed},
		{"something after it", typeJSON, ok + "x", TrailingBytes},
		{"a second value", typeJSON, ok + ok, TrailingBytes},
		{"a NUL after it", typeJSON, ok + "\x00", TrailingBytes},
		{"no data", typeJSON, `{"signature":"x"}`, Malformed},
		{"data null", typeJSON, signed("null"), Malformed},
		{"data a number", typeJSON, signed("1"), Malformed},
		{"data in other letters", typeJSON, `{"Data":{},"signature":"x"}`, UnknownParameter},
		{"data empty", typeJSON, signed("[]"), EmptyArray},
		{"data an empty text", typeJSON, signed(`""`), Malformed},
		{"data a text that is no JSON", typeJSON, signed(`"hello"`), Malformed},
		{"data a text with more behind", typeJSON, jsonBody(quoted(example+"{}"), example+"{}"), TrailingBytes},
		{"data a text with empty array", typeJSON, jsonBody(`"[]"`, `[]`), EmptyArray},
		{"data a text with a key twice", typeJSON, jsonBody(quoted(`{"a":1,"a":2}`), `{"a":1,"a":2}`), DuplicateKey},
		{"data a text in a text", typeJSON, jsonBody(quoted(quoted(example)), quoted(example)), Malformed},
		{"elements that are no event", typeJSON, signed("[2,1]"), Malformed},
		{"an element that is null", typeJSON, signed("[null]"), Malformed},
		{"an element that is an array", typeJSON, signed("[[{}]]"), Malformed},
		{"an element that is the text of no event", typeJSON, signed(`["[]"]`), Malformed},
		{"an element that is a text with more behind", typeJSON, signed(`["{}{}"]`), TrailingBytes},
		{"data twice", typeJSON, `{"data":{},"data":{},"signature":"x"}`, DuplicateKey},
		{"data twice, once escaped", typeJSON, `{"data":{},"d\u0061ta":{},"signature":"x"}`, DuplicateKey},
		{"a key of an event twice", typeJSON, signed(`[{"status":"LIVE","status":"PAUSED"}]`), DuplicateKey},
		{"a key of an event twice, once escaped", typeJSON, signed(`[{"status":"LIVE","st\u0061tus":"PAUSED"}]`), DuplicateKey},
		{"a deep key twice", typeJSON, signed(`{"x":[{"y":{"a":1,"b":2,"a":3}}]}`), DuplicateKey},
		{"too deep", typeJSON, signed(nested(17)), Malformed},
		{"too deep in a text in a list", typeJSON, signed("[" + quoted(nested(17)) + "]"), Malformed},
		{"too deep for anyone", typeJSON, signed(strings.Repeat("[", 20000) + strings.Repeat("]", 20000)), Malformed},
		{"unknown parameter", typeJSON, `{"data":{},"signature":"x","more":1}`, UnknownParameter},
		{"unknown structured parameter", typeJSON, `{"data":{},"signature":"x","more":{}}`, UnknownParameter},
		{"unknown parameter with a long name", typeJSON, `{"data":{},"signature":"x","` + strings.Repeat("m", 1000) + `":{}}`, UnknownParameter},
		{"signature in other letters", typeJSON, `{"data":{},"Signature":"x"}`, UnknownParameter},
		{"signature missing", typeJSON, `{"data":{}}`, MissingSignature},
		{"signature empty", typeJSON, `{"data":{},"signature":""}`, MissingSignature},
		{"signature null", typeJSON, `{"data":{},"signature":null}`, MissingSignature},
		{"signature a number", typeJSON, `{"data":{},"signature":1}`, Malformed},
		{"signature too short", typeJSON, `{"data":{},"signature":"x"}`, BadSignature},
		{"signature padded", typeJSON, strings.Replace(ok, `"}`, `="}`, 1), BadSignature},
		{"apik a number", typeJSON, `{"data":{},"signature":"x","apik":1}`, Malformed},
		{"apik with a separator", typeJSON, `{"data":{},"signature":"x","apik":"k:data={}"}`, Malformed},
		{"request_date with more", typeJSON, `{"data":{},"signature":"x","request_date":"1:data={}"}`, Malformed},
		{"request_date negative", typeJSON, `{"data":{},"signature":"x","request_date":-1}`, Malformed},
		{"form that is none", typeForm, "data=%zz&signature=x", Malformed},
		{"form whose name is broken", typeForm, "d%6=1", Malformed},
		{"form with semicolons", typeForm, "data={};signature=x", MissingSignature},
		{"form with JSON's body", typeForm, ok, UnknownParameter},
		{"form without data", typeForm, "signature=x", Malformed},
		{"form with empty data", typeForm, form(""), Malformed},
		{"form with data twice", typeForm, form(example) + "&data={}", DuplicateKey},
		{"form with signature twice", typeForm, form(example) + "&signature=x", DuplicateKey},
		{"form with unknown parameter", typeForm, form(example) + "&more=1", UnknownParameter},
		{"form without signature", typeForm, "data={}", MissingSignature},
		{"form with more behind data", typeForm, form(example + "x"), TrailingBytes},
		{"form with an empty array", typeForm, form("[ ]"), EmptyArray},
		{"form with a key twice", typeForm, form(`{"a":1,"a":1}`), DuplicateKey},
		{"form of a text that is none", typeForm, form(`"{}`), Malformed},
		{"form of a text in a text", typeForm, form(quoted(quoted(example))), Malformed},
		{"form of a text with more behind", typeForm, form(quoted(example) + " x"), Malformed},
	} {
		err := read(c.contentType, c.body)
		var r *Refusal
		if !errors.As(err, &r) {
			t.Errorf("%s: taken (%v)", c.name, err)
			continue
		}
		if r.Cause != c.cause {
			t.Errorf("%s: refused as %s (%s), want %s", c.name, r.Cause, r, c.cause)
		}
		if strings.Contains(r.Error(), Sign(testSecret, map[string]string{"data": example})) {
			t.Errorf("%s: the error tells the signature", c.name)
		}
	}
	if err := read(typeJSON, signed(nested(16))); err != nil {
		t.Errorf("as deep as data may be: %v", err)
	}
}

// A refusal names the first event if its id is near the beginning of the body.
func TestTheEventIDOfWhatIsRefused(t *testing.T) {
	const id = "644b075404443f2a3c77c7cb"
	form := url.Values{"data": {example}}.Encode()
	for _, c := range []struct{ name, body, want string }{
		{"JSON", `{"data":` + example + `}`, id},
		{"JSON in a string", `{"data":` + quoted(example) + `}`, id},
		{"a form", form, id},
		{"an unknown parameter before it", `{"more":1,"data":` + example + `}`, id},
		{"a number", `{"data":{"event_id":7}}`, "7"},
		{"none", `{"data":{}}`, ""},
		{"not text", `{"data":{"event_id":{}}}`, ""},
		{"cut off", `{"data":{"event_id":"644b`, ""},
		{"far behind", `{"data":{"x":"` + strings.Repeat("x", 1<<20) + `","event_id":"a"}}`, ""},
		{"endless", `{"data":{"event_id":"` + strings.Repeat("x", 1<<20), ""},
	} {
		if got := guessEventID([]byte(c.body)); string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// An unsigned body costs memory in proportion to its size, whatever it holds.
func TestAnUnsignedBodyCostsLittle(t *testing.T) {
	const size = 1 << 20
	keys := make([]string, 0, size/10)
	for i := range size / 10 {
		keys = append(keys, fmt.Sprintf(`"%06d":1`, i))
	}
	signature := strings.Repeat("A", signatureLen)
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	for _, c := range []struct{ name, contentType, body string }{
		{"an array of objects", typeJSON, `{"signature":"` + signature + `","data":[` + fill("{}, ") + `{}]}`},
		{"distinct keys", typeJSON, `{"signature":"` + signature + `","data":{` + strings.Join(keys, ",") + `}}`},
		{"one string", typeJSON, `{"signature":"` + signature + `","data":"` + fill("a") + `"}`},
		{"one string of escapes", typeJSON, `{"signature":"` + signature + `","data":"` + fill(`\u00e9x`) + `"}`},
		{"distinct parameters", typeJSON, `{` + strings.Join(keys, ",") + `}`},
		{"a form", typeForm, "signature=" + signature + "&data=" + fill("%7B%7D")},
		{"a form of many parameters", typeForm, fill("a=1&")},
		{"a form of empty parameters", typeForm, fill("&")},
		{"nested", typeJSON, `{"signature":"` + signature + `","data":` + fill("[")},
	} {
		body := []byte(c.body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 4 {
			if _, err := authentic(c.contentType, body); err == nil {
				t.Errorf("%s: taken", c.name)
			}
		}
		runtime.ReadMemStats(&after)
		if bytes := (after.TotalAlloc - before.TotalAlloc) / 4; bytes > 3*size {
			t.Errorf("%s: %d bytes are allocated for a body of %d", c.name, bytes, len(body))
		}
		if n := (after.Mallocs - before.Mallocs) / 4; n > 200 {
			t.Errorf("%s: %d allocations", c.name, n)
		}
	}
}

// The signature covers the sender's own bytes: they must not be normalized first.
func TestTheTextAsSentIsSigned(t *testing.T) {
	odd := "{ \"event_id\" : \"\\u0061\",\t\"n\":1.50e1 ,\n\"x\":\"<é>\" }"
	if _, err := authentic(typeJSON, []byte(`{"signature" : "`+Sign(testSecret, map[string]string{"data": odd})+`" , "data" :  `+odd+`  }`)); err != nil {
		t.Error(err)
	}
}

// FuzzReadEnvelope: an accepted body has one reading, because its parameters can be told apart in the signed text.
func FuzzReadEnvelope(f *testing.F) {
	for _, encoding := range Encodings {
		contentType, body := EncodeDelivery([]byte(example), testSecret, encoding)
		f.Add(contentType, body)
	}
	f.Add(typeJSON, []byte(`{"data":[{"event_id":"\ud800"}],"signature":"x","apik":"k","request_date":1}`))
	f.Add(typeForm, []byte("data=[{}]&signature=x"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		e, err := ReadEnvelope(contentType, body)
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) || r.Error() == "" {
				t.Fatalf("%T %v is no refusal", err, err)
			}
			return
		}
		if e.signature == "" {
			t.Error("taken without signature")
		}
		if strings.Count(e.before, ":") > 1 || strings.Count(e.before, "=") > 1 || strings.Count(e.after, ":") > 1 || strings.Count(e.after, "=") > 1 {
			t.Errorf("%q or %q holds a separator", e.before, e.after)
		}
		if _, err := e.Verify([]Secret{testSecret}); err == nil {
			t.Log("signed with the secret of tests")
		}
	})
}

// FuzzVerifyData: data verifies if one of its readings was signed, and the result is exactly that text.
func FuzzVerifyData(f *testing.F) {
	f.Add([]byte(example), "k", "1", byte(0))
	f.Add([]byte(quoted(example)), "", "", byte(1))
	f.Add([]byte(`"a\ud83d\ude00\ud800\n\xe9"`), "", "1", byte(2))
	f.Fuzz(func(t *testing.T, data []byte, apiKey, date string, reading byte) {
		e := &Envelope{data: data, form: reading%2 == 1}
		signed := data
		switch {
		case reading/2%3 == 1 && !e.form && json.Valid(data):
			signed = compact(data)
		case reading/2%3 == 2:
			if held, ok := unquoteExact(data); ok {
				signed = held
			}
		}
		params := map[string]string{"data": string(signed)}
		if apiKey != "" {
			e.before, params["apik"] = "apik="+apiKey+":", apiKey
		}
		if date != "" {
			e.after, params["request_date"] = ":request_date="+date, date
		}
		e.signature = Sign(testSecret, params)
		got, err := e.Verify([]Secret{"another", testSecret})
		if err != nil || string(got.text) != string(signed) {
			t.Errorf("signed over %q, verified %q: %v", signed, got.text, err)
		}
		if _, err := e.Verify([]Secret{"another"}); err == nil {
			t.Error("verified under another secret")
		}
	})
}
