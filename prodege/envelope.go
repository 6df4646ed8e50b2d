package prodege

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The parameters that a delivery may have, beside the signature. Any other is refused: it would be part of what is
// signed, and so give room to a length extension.
const (
	dataName        = "data"
	apiKeyName      = "apik"
	requestDateName = "request_date"

	maxKey    = 200 // bytes of an API key; Prodege's are about 50
	maxDigits = 20  // of milliseconds since 1970
)

// Envelope is one call of Prodege's webhook, split into its parameters. The content of data is not read before Verify
// has accepted the signature.
//
// It refers to the body that it was read from. It is immutable and safe for concurrent use.
type Envelope struct {
	signature     string
	before, after string // what is signed before and after data: apik and request_date, if they were sent
	data          []byte // of a JSON body the value as it was sent, of a form the decoded value
	form          bool
	body          []byte // all of it
}

// String gives the size of the data; never the signature.
func (e Envelope) String() string { return fmt.Sprintf("a delivery of %d bytes", len(e.data)) }

// GoString keeps the signature from %#v.
func (e Envelope) GoString() string { return e.String() }

// EventID guesses the id of the first event, for the answer to a delivery that is refused; empty if none was found.
// It must not be trusted.
func (e *Envelope) EventID() EventID { return guessEventID(e.body) }

// Data returns the text of data: of a JSON body the value as it was sent, of a form the decoded value. It must not be
// modified.
func (e *Envelope) Data() []byte { return e.data }

// ReadEnvelope reads the parameters of a delivery in either encoding: {"data": …, "signature": "…"} as
// application/json, or the same parameters as application/x-www-form-urlencoded. Every error is a *Refusal.
//
// Its cost grows only with the size of the body, because anyone can send one. It is strict where the signature, a plain
// SHA-256 that anyone who has seen one can extend, leaves room: no parameter may be repeated or unknown, nothing may
// follow the JSON value, and the values beside data can't contain a separator.
func ReadEnvelope(contentType string, body []byte) (*Envelope, error) {
	media, _, _ := strings.Cut(contentType, ";")
	e := &Envelope{body: body}
	var refusal *Refusal
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "application/json":
		refusal = e.readJSON(body)
	case "application/x-www-form-urlencoded":
		e.form = true
		refusal = e.readForm(body)
	default:
		refusal = refuse(WrongContentType, "content type %.80q is not application/json or application/x-www-form-urlencoded", contentType)
	}
	if refusal != nil {
		refusal.EventID = e.EventID()
		return nil, refusal
	}
	return e, nil
}

func (e *Envelope) readJSON(body []byte) *Refusal {
	// Names are compared here, so the decoder need not remember them all. A note in Latin-1 must not cost an authentic
	// event.
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	next := func() []byte {
		value, err := d.ReadValue()
		if err != nil {
			return nil
		}
		end := int(d.InputOffset())
		return body[end-len(value) : end]
	}
	if d.PeekKind() != '{' {
		return refuse(Malformed, "the body is not a JSON object")
	}
	_, _ = d.ReadToken() // the brace
	var p parameters
	for d.PeekKind() == '"' {
		quoted := next()
		if quoted == nil {
			return refuse(Malformed, "the body is not JSON")
		}
		name, refusal := p.admit(unquoteName(quoted))
		if refusal != nil {
			return refusal
		}
		value := next()
		if value == nil {
			return refuse(Malformed, "the body is not JSON")
		}
		if name == dataName {
			e.data = value
			continue
		}
		if k := kind(value); k != '"' && k != 'n' && (k != '0' || name != requestDateName) {
			return refuse(Malformed, "the parameter %s is not text", name)
		}
		p.set(name, asText(value))
	}
	if _, err := d.ReadToken(); err != nil {
		return refuse(Malformed, "the body is not JSON")
	}
	if rest := bytes.TrimLeft(body[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return refuse(TrailingBytes, "the body has something after its JSON value")
	}
	return e.take(&p)
}

func (e *Envelope) readForm(body []byte) *Refusal {
	var p parameters
	for len(body) > 0 {
		var pair []byte
		pair, body, _ = bytes.Cut(body, []byte("&"))
		if len(pair) == 0 {
			continue
		}
		escapedName, escaped, _ := bytes.Cut(pair, []byte("="))
		var plain string
		if len(escapedName) <= maxEscapedName {
			name, ok := unescape(escapedName)
			if !ok {
				return refuse(Malformed, "the body is not a form")
			}
			plain = string(name)
		}
		name, refusal := p.admit(plain)
		if refusal != nil {
			return refusal
		}
		value, ok := unescape(escaped)
		if !ok {
			return refuse(Malformed, "the body is not a form")
		}
		if name == dataName {
			e.data = value
			continue
		}
		p.set(name, string(value))
	}
	return e.take(&p)
}

// maxEscapedName is the length of the longest known name if every character of it is escaped in JSON.
const maxEscapedName = len(`"`+requestDateName+`"`) * maxEscape

// parameters are those other than data.
type parameters struct {
	seen                           [4]bool
	signature, apiKey, requestDate string
}

// admit returns the parameter's name, or a refusal if it is unknown or was seen before.
func (p *parameters) admit(text string) (string, *Refusal) {
	for i, name := range [...]string{dataName, signatureName, apiKeyName, requestDateName} {
		if name != text {
			continue
		}
		if p.seen[i] {
			return "", refuse(DuplicateKey, "the parameter %s occurs twice", name)
		}
		p.seen[i] = true
		return name, nil
	}
	return "", refuse(UnknownParameter, "unknown parameter %.40q", strings.ToValidUTF8(text, string(utf8.RuneError)))
}

func (p *parameters) set(name, value string) {
	switch name {
	case signatureName:
		p.signature = value
	case apiKeyName:
		p.apiKey = value
	case requestDateName:
		p.requestDate = value
	}
}

// take accepts the parameters in a form in which none can contain a separator.
func (e *Envelope) take(p *parameters) *Refusal {
	data, signature, apiKey, requestDate := p.seen[0], p.signature != "", p.seen[2], p.seen[3]
	switch {
	case !data:
		return refuse(Malformed, "the parameter data is missing")
	case apiKey && !keyLike(p.apiKey):
		return refuse(Malformed, "the parameter apik is not a key")
	case requestDate && (!digits(p.requestDate) || len(p.requestDate) > maxDigits):
		return refuse(Malformed, "the parameter request_date is not a number")
	case !signature:
		return refuse(MissingSignature, "the parameter signature is missing")
	}
	e.signature = p.signature
	if apiKey {
		e.before = apiKeyName + "=" + p.apiKey + ":"
	}
	if requestDate {
		e.after = ":" + requestDateName + "=" + p.requestDate
	}
	return nil
}

// keyLike reports whether text can be an API key. A value with a colon could contain another list of parameters, such
// as that of one of our own signed calls, extended by forged data.
func keyLike(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return len(text) <= maxKey
}

// unquoteName returns the name of a member, or "" if it is too long to be a known one.
func unquoteName(quoted []byte) string {
	if len(quoted) > maxEscapedName {
		return ""
	}
	return asText(quoted)
}

// unescape decodes a name or value of a form; ok is false if an escape is malformed.
func unescape(text []byte) (plain []byte, ok bool) {
	plain = make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '+':
			plain = append(plain, ' ')
		case '%':
			if i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2]) {
				return nil, false
			}
			plain = append(plain, fromHex(text[i+1])<<4|fromHex(text[i+2]))
			i += 2
		default:
			plain = append(plain, c)
		}
	}
	return plain, true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// guessEventID finds what looks like the first event's id near the beginning of a body in any form. It looks at a
// bounded number of bytes, because anyone may have sent the body.
func guessEventID(body []byte) EventID {
	const near = 2 << 10
	_, rest, found := bytes.Cut(body[:min(len(body), near)], []byte("event_id"))
	if !found {
		return ""
	}
	rest = bytes.ReplaceAll(rest[:min(len(rest), 200)], []byte("%22"), []byte(`"`))
	rest = bytes.ReplaceAll(bytes.ReplaceAll(rest, []byte("%3A"), []byte(":")), []byte("%5C"), []byte(`\`))
	rest = bytes.TrimLeft(rest, "\\\": \t\r\n+")
	end := 0
	for end < len(rest) && keyLike(string(rest[end])) {
		end++
	}
	if end == len(rest) {
		return "" // it may have been cut off by the bound
	}
	return EventID(rest[:end])
}
