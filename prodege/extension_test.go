package prodege

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// extend signs secret+":"+known+glue+suffix from the signature of secret+":"+known alone: SHA-256's
// state after a whole block is its digest, so anyone who knows that and the length can continue from there.
func extend(t *testing.T, signature string, secretLen int, known, suffix string) (glue, extended string) {
	t.Helper()
	digest, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	length := secretLen + len(":") + len(known)
	pad := append([]byte{0x80}, bytes.Repeat([]byte{0}, (55-length%64+64)%64)...)
	pad = binary.BigEndian.AppendUint64(pad, uint64(length)*8)
	// The state that crypto/sha256 marshals: a magic number, the digest's words, the pending block, the length.
	h := sha256.New()
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	copy(state[len(state)-8-64-32:], digest)
	binary.BigEndian.PutUint64(state[len(state)-8:], uint64(length+len(pad)))
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	h.Write([]byte(suffix))
	return string(pad), base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Anyone who has seen a signed delivery can sign it with something appended. Nothing made that way may be accepted.
func TestALengthExtensionIsRefused(t *testing.T) {
	const forged = `{"event_id":"forged","project_id":1,"status":"COMPLETE"}`
	ours := map[string]string{"apik": "key-1", "prodege_project_id": "29303649", "request_date": "1682638676000"}
	dated := map[string]string{"data": example, "request_date": "1682638676000"}
	for _, c := range []struct {
		name   string
		signed map[string]string
		suffix string
		params func(extended string) url.Values // how the extended text could be split into parameters
	}{
		{"appended to data", map[string]string{"data": example}, forged, func(x string) url.Values {
			return url.Values{"data": {strings.TrimPrefix(x, "data=")}}
		}},
		{"data ends where it did, the rest is another parameter", map[string]string{"data": example}, ":more=1", func(x string) url.Values {
			return url.Values{"data": {strings.TrimSuffix(strings.TrimPrefix(x, "data="), ":more=1")}, "more": {"1"}}
		}},
		{"appended to request_date", dated, ":x", func(x string) url.Values {
			data, date, _ := strings.Cut(strings.TrimPrefix(x, "data="), ":request_date=")
			return url.Values{"data": {data}, "request_date": {date}}
		}},
		{"one of our own calls, extended by data", ours, ":data=" + forged, func(x string) url.Values {
			key, data, _ := strings.Cut(strings.TrimPrefix(x, "apik="), ":data=")
			return url.Values{"apik": {key}, "data": {data}}
		}},
	} {
		known := stringToSign(c.signed)
		glue, signature := extend(t, Sign(testSecret, c.signed), len(testSecret), known, c.suffix)
		values := c.params(known + glue + c.suffix)
		params := map[string]string{}
		for name := range values {
			params[name] = values.Get(name)
		}
		if !Verify([]Secret{testSecret}, params, signature) {
			t.Fatalf("%s: the extension does not verify, so this test shows nothing", c.name)
		}
		values.Set("signature", signature)
		var r *Refusal
		if err := read(typeForm, values.Encode()); !errors.As(err, &r) {
			t.Errorf("%s: taken", c.name)
		}
		asJSON := map[string]string{"signature": signature}
		for name, value := range params {
			asJSON[name] = value
		}
		if err := read(typeJSON, string(quote(asJSON))); err == nil {
			t.Errorf("%s: taken as JSON", c.name)
		}
		// A JSON string can contain exactly the bytes of the extension, so that its content verifies.
		var exact []byte
		for _, b := range []byte(params["data"]) {
			if b < ' ' || b == '"' || b == '\\' {
				exact = fmt.Appendf(exact, `\u%04x`, b)
			} else {
				exact = append(exact, b)
			}
		}
		delete(asJSON, "data")
		rest := quote(asJSON)
		if err := read(typeJSON, `{"data":"`+string(exact)+`",`+string(rest[1:])); err == nil {
			t.Errorf("%s: taken as the bytes of a JSON string", c.name)
		} else if c.name == "appended to data" && !strings.Contains(err.Error(), "something after") {
			t.Errorf("%s: refused because of %v: this test shows nothing", c.name, err)
		}
	}
}
