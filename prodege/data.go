package prodege

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep data may be nested. An array of events is two deep; the rest is room for new fields.
const maxDepth = 16

// Unusable is an event of an authentic delivery that can't be used.
type Unusable struct {
	EventID EventID   // as it was sent; empty if there is none
	Project ProjectID // 0 if it can't be read
	Error   string    // what is wrong, as a sentence for the sender
	Cause   string    // the same in a word, for counting: a field's name, or "element"
}

// Events reads a delivery of the Project Status Update webhook. now is the time of receipt. Events are in the order
// of the delivery; those that lack a required field are listed as unusable and don't affect the others. The error,
// a *Refusal, means that the data is neither an event nor an array of events.
func (d Data) Events(now time.Time) (events []Event, unusable []Unusable, err error) {
	return d.read(now, FromWebhook)
}

// Pricing is Events for the Real Time Pricing webhook: Source is FromPricing, Pricing is set, and Status is
// project_status.
func (d Data) Pricing(now time.Time) (events []Event, unusable []Unusable, err error) {
	return d.read(now, FromPricing)
}

func (d Data) read(now time.Time, source Source) (events []Event, unusable []Unusable, err error) {
	text := d.text
	if kind(text) == '"' && !d.unwrapped {
		var ok bool
		if text, ok = unquoteExact(text); !ok {
			return nil, nil, refuse(Malformed, "data is not JSON")
		}
	}
	items := []json.RawMessage{text}
	if k := kind(text); k != '{' && k != '[' {
		return nil, nil, refuse(Malformed, "data is neither an event nor an array of events")
	} else if refusal := checkStrictly(text); refusal != nil {
		return nil, nil, refusal
	} else if k == '[' {
		items = nil // or text would be overwritten
		_ = json.Unmarshal(text, &items)
	}
	if len(items) == 0 {
		return nil, nil, refuse(EmptyArray, "data is an empty array")
	}
	var odd []*Refusal
	for i, item := range items {
		fields, refusal := element(item, i+1)
		if refusal != nil {
			odd = append(odd, refusal)
			unusable = append(unusable, Unusable{Error: refusal.Detail, Cause: "element"})
			continue
		}
		r := fieldReader{fields: fields, room: bounds{left: maxEvent}}
		if e, fault := r.event(source, now); fault == nil {
			events = append(events, e)
		} else {
			unusable = append(unusable, Unusable{EventID: e.ID, Project: e.ProjectID, Error: fault.Error, Cause: fault.Cause})
		}
	}
	if len(odd) == len(items) {
		return nil, nil, odd[0]
	}
	return events, unusable, nil
}

// element reads an element of an array of events: an event, or a string that contains the text of one. Anything else
// is listed as unusable, so that it doesn't affect the events beside it; if no element is an event, the data is refused.
func element(item []byte, number int) (rawObject, *Refusal) {
	if held, isText := unquoteExact(item); isText && kind(held) == '{' {
		if refusal := checkStrictly(held); refusal != nil {
			return nil, refusal
		}
		item = held
	}
	fields, ok := object(item)
	if !ok {
		return nil, refuse(Malformed, "element %d of data is not an event", number)
	}
	return fields, nil
}

// checkStrictly refuses a text unless it is one JSON value and nothing after it, with no name twice in any object (parsers
// differ in which of the two they take, and only one reading was signed), at most maxDepth deep. Bytes that are not UTF-8
// are accepted: a note in Latin-1 must not cost an authentic event. The refusals contain no part of the text.
func checkStrictly(text []byte) *Refusal {
	in := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true))
	for {
		_, err := in.ReadToken()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return refuse(DuplicateKey, "data has a key twice")
		case err != nil:
			return refuse(Malformed, "data is not JSON")
		case in.StackDepth() > maxDepth:
			return refuse(Malformed, "data is nested deeper than %d levels", maxDepth)
		case in.StackDepth() > 0:
			continue
		}
		if _, err := in.ReadToken(); err != io.EOF {
			return refuse(TrailingBytes, "data has something after its JSON value")
		}
		return nil
	}
}
