package prodege

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"

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
	if !signatureLike(e.signature) {
		return Data{}, ErrBadSignature
	}
	check := checker{envelope: e, secrets: secrets, hash: sha256.New()}
	if check.fits(e.data) {
		return Data{text: e.data}, nil
	}
	if !e.form {
		if compacted := compact(e.data); len(compacted) != len(e.data) && check.fits(compacted) {
			return Data{text: compacted}, nil
		}
	}
	if kind(e.data) == '"' {
		if held, ok := unquoteExact(e.data); ok && check.fits(held) {
			return Data{text: held, unwrapped: true}, nil
		}
	}
	return Data{}, ErrBadSignature
}

// VouchedData is the data of a delivery that could not be verified, for which a person vouches.
func VouchedData(text []byte) Data { return Data{text: text} }

// signatureLike reports whether text can be a signature. If it can't, nothing need be hashed.
func signatureLike(text string) bool {
	if len(text) != signatureLen {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// checker compares an envelope's signature with those of the readings of its data.
type checker struct {
	envelope *Envelope
	secrets  []Secret
	hash     hash.Hash
	scratch  []byte
}

// fits reports whether the signature is that of a reading under any of the secrets. Comparisons take constant time. An
// empty secret verifies nothing.
func (c *checker) fits(reading []byte) bool {
	e := c.envelope
	found := 0
	for _, s := range c.secrets {
		if s == "" {
			continue
		}
		c.hash.Reset()
		c.scratch = append(append(append(append(c.scratch[:0], s...), ':'), e.before...), dataName+"="...)
		c.hash.Write(c.scratch)
		c.hash.Write(reading)
		c.scratch = append(c.scratch[:0], e.after...)
		c.hash.Write(c.scratch)
		c.scratch = c.hash.Sum(c.scratch[:0])
		var right [signatureLen]byte
		base64.RawURLEncoding.Encode(right[:], c.scratch)
		found |= subtle.ConstantTimeCompare(right[:], []byte(e.signature))
	}
	return found == 1
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
