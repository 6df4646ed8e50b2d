package prodege

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// signatureLen is the length of every signature: 32 bytes in base64url without padding.
const signatureLen = 43

// Data is the content of an authentic delivery: exactly the text that was signed, not yet parsed.
type Data struct {
	text      []byte
	unwrapped bool // text has already been taken out of a JSON string
}

// Verify returns the content of a delivery that is signed with any of the secrets, or ErrBadSignature.
//
// How a JSON delivery is signed is not published, so three readings of data are tried in this order: its text
// exactly as it was sent, the same without insignificant white space, and, if it is a string, its content. A form
// is signed over the decoded value; if that is itself a JSON string, it may be signed over its content instead.
func (e *Envelope) Verify(secrets []Secret) (Data, error) {
	if len(e.signature) != signatureLen || !consistsOf(e.signature, base64URL) {
		return Data{}, ErrBadSignature // nothing need be hashed
	}
	if e.fits(e.data, secrets) {
		return Data{text: e.data}, nil
	}
	if !e.form {
		if compacted := compact(e.data); len(compacted) != len(e.data) && e.fits(compacted, secrets) {
			return Data{text: compacted}, nil
		}
	}
	if held, ok := unquoteExact(e.data); ok && e.fits(held, secrets) {
		return Data{text: held, unwrapped: true}, nil
	}
	return Data{}, ErrBadSignature
}

// VouchedData is the data of a delivery that could not be verified, for which a person vouches.
func VouchedData(text []byte) Data { return Data{text: text} }

// fits reports whether the signature is that of a reading of data under any of the secrets.
func (e *Envelope) fits(reading []byte, secrets []Secret) bool {
	return signedBy(secrets, e.signature, []byte(e.before+dataName+"="), reading, []byte(e.after))
}

// unquoteExact returns the content of a JSON string byte for byte: bytes that are not UTF-8 stay as they are, because
// that is how they were signed. ok is false for anything but a JSON string.
func unquoteExact(quoted []byte) (held []byte, ok bool) {
	quoted = bytes.Trim(quoted, " \t\r\n")
	if kind(quoted) != '"' || !jsontext.Value(quoted).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return nil, false
	}
	held = make([]byte, 0, len(quoted))
	var escapes []byte
	for inner := quoted[1 : len(quoted)-1]; len(inner) > 0; {
		plain := bytes.IndexByte(inner, '\\')
		if plain < 0 {
			return append(held, inner...), true
		}
		held, inner = append(held, inner[:plain]...), inner[plain:]
		end := 0 // of a run of escapes: two may form one character
		for end < len(inner) && inner[end] == '\\' {
			if end += 2; inner[end-1] == 'u' {
				end += 4
			}
		}
		escapes = append(append(append(escapes[:0], '"'), inner[:end]...), '"')
		held, _ = jsontext.AppendUnquote(held, escapes) // the only possible error is half a surrogate pair, which becomes U+FFFD
		inner = inner[end:]
	}
	return held, true
}
