package prodege

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/url"
)

// Names of the parameters that a delivery may have. Any other is refused: it would be part of what is
// signed, and so room for what a length extension appends.
const (
	dataName        = "data"
	apiKeyName      = "apik"
	requestDateName = "request_date"

	maxKey    = 200 // bytes of an API key; Prodege's are about 50
	maxDigits = 20  // of milliseconds since 1970
)

// Delivery is one call of Prodege's webhook, held to the contract's form but not yet known to be authentic.
// It is not changed after ParseDelivery and safe for concurrent use.
type Delivery struct {
	signature string
	beside    map[string]string // apik and request_date, where they were sent: signed like data
	readings  []string          // the texts of data that may have been signed, in the order in which they are tried
	events    []json.RawMessage // JSON objects; never empty. Read only when asked for: a body of a MiB may hold 300,000
}

// String says how many events came; never the signature.
func (d Delivery) String() string { return fmt.Sprintf("a delivery of %d", len(d.events)) }

// GoString keeps the signature from %#v.
func (d Delivery) GoString() string { return d.String() }

// ParseDelivery reads a delivery in either encoding: {"data": …, "signature": "…"} as application/json, or
// the same parameters as application/x-www-form-urlencoded. data is one event or an array of them, or, in
// JSON, a string that holds the text of either. Every error is a *Refusal.
//
// The form is strict, because the signature is a plain SHA-256 that can be extended by whoever saw one: one
// JSON value, nothing twice, no unknown parameter, and values beside data that can hold no separator.
func ParseDelivery(contentType string, body []byte) (*Delivery, error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		media = ""
	}
	var d *Delivery
	var refusal *Refusal
	switch media {
	case "application/json":
		d, refusal = parseJSON(body)
	case "application/x-www-form-urlencoded":
		d, refusal = parseForm(body)
	default:
		refusal = refuse(WrongContentType, "content type %.80q is not application/json or application/x-www-form-urlencoded", contentType)
	}
	if refusal != nil {
		return nil, refusal
	}
	return d, nil
}

// parseJSON reads a JSON delivery. How one is signed is not published, so three readings of data may be what
// was signed: its text exactly as sent, the same without white space, and, where it is a string, what it holds.
func parseJSON(body []byte) (*Delivery, *Refusal) {
	if r := checkJSON(body, "the body"); r != nil {
		return nil, r
	}
	params, ok := object(body)
	if !ok {
		return nil, refuse(Malformed, "the body is not a JSON object")
	}
	beside := map[string]string{}
	for name, raw := range params {
		if name == dataName {
			continue
		}
		if k := kind(raw); isKnown(name) && k != '"' && k != 'n' && (k != '0' || name != requestDateName) {
			return nil, refuse(Malformed, "the parameter %s is not text", name)
		}
		beside[name] = asText(raw)
	}
	data, ok := params[dataName]
	if !ok {
		return nil, refuse(Malformed, "the parameter data is missing")
	}
	readings := []string{string(data)}
	if c := string(compact(data)); c != readings[0] {
		readings = append(readings, c)
	}
	text := unwrapped(data)
	if kind(data) == '"' {
		readings = append(readings, string(text))
		if r := checkJSON(text, "data"); r != nil {
			return nil, r
		}
	}
	return newDelivery(beside, text, readings)
}

// parseForm reads a form delivery, of which the decoded value is signed.
func parseForm(body []byte) (*Delivery, *Refusal) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refuse(Malformed, "the body is not a form")
	}
	beside := map[string]string{}
	for name, all := range values {
		if len(all) > 1 {
			return nil, refuse(DuplicateKey, "the parameter %.40q stands twice", name)
		}
		if name != dataName {
			beside[name] = all[0]
		}
	}
	if !values.Has(dataName) {
		return nil, refuse(Malformed, "the parameter data is missing")
	}
	text := values.Get(dataName)
	if r := checkJSON([]byte(text), "data"); r != nil {
		return nil, r
	}
	return newDelivery(beside, json.RawMessage(text), []string{text})
}

func isKnown(name string) bool {
	return name == dataName || name == signatureName || name == apiKeyName || name == requestDateName
}

// newDelivery holds the parameters beside data to a form in which they can't swallow a separator, and takes
// data apart into events.
func newDelivery(beside map[string]string, text json.RawMessage, readings []string) (*Delivery, *Refusal) {
	d := &Delivery{signature: beside[signatureName], beside: map[string]string{}, readings: readings}
	refusal := d.takeBeside(beside)
	if r := d.takeApart(text); refusal == nil {
		refusal = r
	}
	if refusal == nil && d.signature == "" {
		refusal = refuse(MissingSignature, "the parameter signature is missing")
	}
	if refusal != nil {
		refusal.EventID = d.EventID()
		return nil, refusal
	}
	return d, nil
}

func (d *Delivery) takeBeside(beside map[string]string) *Refusal {
	for name, value := range beside {
		switch {
		case !isKnown(name):
			return refuse(UnknownParameter, "unknown parameter %.40q", name)
		case name == apiKeyName && !keyLike(value):
			return refuse(Malformed, "the parameter apik is not a key")
		case name == requestDateName && (!digits(value) || len(value) > maxDigits):
			return refuse(Malformed, "the parameter request_date is not a number")
		}
		if name != signatureName {
			d.beside[name] = value
		}
	}
	return nil
}

// keyLike says whether text can be an API key: a value with a colon in it could hold a whole other
// parameter list, for instance that of one of our own signed calls, extended by a forged data.
func keyLike(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return len(text) <= maxKey
}

func (d *Delivery) takeApart(text json.RawMessage) *Refusal {
	if kind(text) == '{' {
		d.events = []json.RawMessage{text}
		return nil
	}
	if kind(text) != '[' || json.Unmarshal(text, &d.events) != nil {
		return refuse(Malformed, "data is neither an event nor an array of events")
	}
	if len(d.events) == 0 {
		return refuse(EmptyArray, "data is an empty array")
	}
	for i, item := range d.events {
		if kind(item) != '{' {
			return refuse(Malformed, "element %d of data is not an event", i+1)
		}
	}
	return nil
}

// Authentic says whether the delivery is signed with any of the secrets.
func (d *Delivery) Authentic(secrets []Secret) bool {
	authentic := false
	for _, text := range d.readings {
		params := maps.Clone(d.beside)
		params[dataName] = text
		if Verify(secrets, params, d.signature) {
			authentic = true // and the others are tried all the same, so that time tells nothing
		}
	}
	return authentic
}

// EventID is the id of the first event, as it was sent, for the answer to a delivery that is refused;
// empty where there is none. It is not to be trusted before Authentic.
func (d *Delivery) EventID() EventID {
	if len(d.events) == 0 {
		return ""
	}
	first, _ := object(d.events[0])
	return (&bounds{left: maxEvent}).id(asText(first["event_id"]))
}
