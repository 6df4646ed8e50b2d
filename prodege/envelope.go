package prodege

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
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
	notJSON := func() *Refusal { return refuse(Malformed, "the body is not JSON") }
	in := readObject(body)
	if in == nil {
		return refuse(Malformed, "the body is not a JSON object")
	}
	p := parameters{}
	for in.more() {
		quoted := in.next()
		if quoted == nil {
			return notJSON()
		}
		name := asText(quoted)
		if refusal := p.admit(name); refusal != nil {
			return refusal
		}
		value := in.next()
		if value == nil {
			return notJSON()
		}
		if name == dataName {
			e.data = value
			continue
		}
		if k := kind(value); k != '"' && k != 'n' && (k != '0' || name != requestDateName) {
			return refuse(Malformed, "the parameter %s is not text", name)
		}
		p[name] = asText(value)
	}
	if _, err := in.ReadToken(); err != nil {
		return notJSON()
	}
	if rest := bytes.TrimLeft(body[in.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return refuse(TrailingBytes, "the body has something after its JSON value")
	}
	return e.take(p)
}

func (e *Envelope) readForm(body []byte) *Refusal {
	p := parameters{}
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		escapedName, escaped, _ := strings.Cut(string(pair), "=")
		name, err := url.QueryUnescape(escapedName)
		if err != nil {
			return refuse(Malformed, "the body is not a form")
		}
		if refusal := p.admit(name); refusal != nil {
			return refusal
		}
		value, err := url.QueryUnescape(escaped)
		if err != nil {
			return refuse(Malformed, "the body is not a form")
		}
		if p[name] = value; name == dataName {
			e.data, p[name] = []byte(value), ""
		}
	}
	return e.take(p)
}

// parameters are those that were sent, by name. The value of data is kept apart.
type parameters map[string]string

// admit adds a parameter without its value yet, or refuses it if it is unknown or was seen before.
func (p parameters) admit(name string) *Refusal {
	switch name {
	case dataName, signatureName, apiKeyName, requestDateName:
	default:
		return refuse(UnknownParameter, "unknown parameter %.40q", strings.ToValidUTF8(name, string(utf8.RuneError)))
	}
	if _, twice := p[name]; twice {
		return refuse(DuplicateKey, "the parameter %s occurs twice", name)
	}
	p[name] = ""
	return nil
}

// take accepts the parameters in a form in which none can contain a separator.
func (e *Envelope) take(p parameters) *Refusal {
	_, data := p[dataName]
	apiKey, hasKey := p[apiKeyName]
	date, hasDate := p[requestDateName]
	switch {
	case !data:
		return refuse(Malformed, "the parameter data is missing")
	case hasKey && !keyLike(apiKey):
		return refuse(Malformed, "the parameter apik is not a key")
	case hasDate && (!digits(date) || len(date) > maxDigits):
		return refuse(Malformed, "the parameter request_date is not a number")
	case p[signatureName] == "":
		return refuse(MissingSignature, "the parameter signature is missing")
	}
	e.signature = p[signatureName]
	if hasKey {
		e.before = apiKeyName + "=" + apiKey + ":"
	}
	if hasDate {
		e.after = ":" + requestDateName + "=" + date
	}
	return nil
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// consistsOf reports whether every character of text is one of those allowed.
func consistsOf(text, allowed string) bool { return strings.Trim(text, allowed) == "" }

// keyLike reports whether text can be an API key. A value with a colon could contain another list of parameters, such
// as that of one of our own signed calls, extended by forged data.
func keyLike(text string) bool { return len(text) <= maxKey && consistsOf(text, base64URL+".") }

// idNear matches what looks like an event's id, in a body of any form.
var idNear = regexp.MustCompile(`event_id(?:%22|%3A|%5C|[\\": \t\r\n+])*([-\w.]*)`)

// guessEventID finds what looks like the first event's id near the beginning of a body. It looks at a bounded number of
// bytes, because anyone may have sent the body.
func guessEventID(body []byte) EventID {
	near := body[:min(len(body), 2<<10)]
	at := idNear.FindSubmatchIndex(near)
	if at == nil || at[1] == len(near) { // it may have been cut off by the bound
		return ""
	}
	return EventID(near[at[2]:min(at[3], at[2]+maxKey)])
}
