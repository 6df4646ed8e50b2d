package prodege

import (
	"bytes"
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

func (d Data) read(now time.Time, source Source) ([]Event, []Unusable, error) {
	p := parser{now: now, source: source}
	if refusal := p.data(d); refusal != nil {
		return nil, nil, refusal
	}
	return p.events, p.unusable, nil
}

// parser reads data strictly, in one pass: one value and nothing after it, no name twice in any object (parsers
// differ in which of the two they take, and only one reading was signed), at most maxDepth deep. Bytes that are not
// UTF-8 become U+FFFD: a note in Latin-1 must not cost an authentic event.
type parser struct {
	now      time.Time
	source   Source
	events   []Event
	unusable []Unusable
	odd      int      // how many of the unusable are array elements that are not events
	refusal  *Refusal // of the first of them
	members  members  // of the current event, reused
}

// data reads an event, an array of events, or a string that contains the text of either.
func (p *parser) data(d Data) *Refusal {
	if kind(d.text) == '"' && !d.unwrapped {
		held, ok := unquoteExact(d.text)
		if !ok {
			return refuse(Malformed, "data is not JSON")
		}
		return p.data(Data{text: held, unwrapped: true})
	}
	in := strictDecoder(d.text)
	switch in.PeekKind() {
	case '{':
		if refusal := p.event(in, d.text); refusal != nil {
			return refusal
		}
	case '[':
		_, _ = in.ReadToken()
		for in.PeekKind() != ']' {
			if refusal := p.element(in, d.text); refusal != nil {
				return refusal
			}
		}
		if _, err := in.ReadToken(); err != nil {
			return refuseSyntax(err)
		}
		switch found := len(p.events) + len(p.unusable); {
		case found == 0:
			return refuse(EmptyArray, "data is an empty array")
		case found == p.odd:
			return p.refusal
		}
	default:
		return refuse(Malformed, "data is neither an event nor an array of events")
	}
	return atEnd(in)
}

// element reads an element of an array of events: an event, or a string that contains the text of one. Anything else
// is listed as unusable, so that it doesn't affect the events beside it; if no element is an event, the data is refused.
func (p *parser) element(in *jsontext.Decoder, text []byte) *Refusal {
	if in.PeekKind() == '{' {
		return p.event(in, text)
	}
	value, err := in.ReadValue()
	if err != nil {
		return refuseSyntax(err)
	}
	events, unusable := len(p.events), len(p.unusable)
	refusal := p.eventText(value, events+unusable+1)
	if refusal == nil {
		return nil
	}
	if p.odd++; p.odd == 1 {
		p.refusal = refusal
	}
	p.events = p.events[:events]
	p.unusable = append(p.unusable[:unusable], Unusable{Error: refusal.Detail, Cause: "element"})
	return nil
}

// eventText reads a string that contains the text of an event; number is the element's, from 1.
func (p *parser) eventText(value []byte, number int) *Refusal {
	held, isText := unquoteExact(value)
	in := strictDecoder(held)
	if !isText || in.PeekKind() != '{' {
		return refuse(Malformed, "element %d of data is not an event", number)
	}
	if refusal := p.event(in, held); refusal != nil {
		return refusal
	}
	return atEnd(in)
}

// event reads the object at which in, a decoder of text, is positioned.
func (p *parser) event(in *jsontext.Decoder, text []byte) *Refusal {
	depth := in.StackDepth() + 1
	_, _ = in.ReadToken()
	p.members = p.members[:0]
	next := func() ([]byte, error) {
		value, err := in.ReadValue()
		end := int(in.InputOffset())
		return text[end-len(value) : end], err
	}
	for in.PeekKind() == '"' {
		name, err := next()
		if err != nil {
			return refuseSyntax(err)
		}
		value, err := next()
		if err != nil {
			return refuseSyntax(err)
		}
		if depth+depthOf(value) > maxDepth {
			return refuse(Malformed, "data is nested deeper than %d levels", maxDepth)
		}
		p.members = append(p.members, member{name: memberName(name), value: value})
	}
	if _, err := in.ReadToken(); err != nil {
		return refuseSyntax(err)
	}
	r := fieldReader{members: p.members, room: bounds{left: maxEvent}}
	e, fault := r.event(p.source, p.now)
	if fault != nil {
		p.unusable = append(p.unusable, Unusable{EventID: e.ID, Project: e.ProjectID, Error: fault.Error, Cause: fault.Cause})
	} else {
		p.events = append(p.events, e)
	}
	return nil
}

func strictDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true))
}

// atEnd refuses anything that follows the value.
func atEnd(in *jsontext.Decoder) *Refusal {
	if _, err := in.ReadToken(); err != io.EOF {
		return refuse(TrailingBytes, "data has something after its JSON value")
	}
	return nil
}

// refuseSyntax says in our own words what is wrong, because the error's text may contain parts of the data.
func refuseSyntax(err error) *Refusal {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return refuse(DuplicateKey, "data has a key twice")
	}
	return refuse(Malformed, "data is not JSON")
}

// depthOf returns how deep a valid JSON value is nested; 0 if it is neither an object nor an array.
func depthOf(value []byte) int {
	if k := kind(value); k != '{' && k != '[' {
		return 0
	}
	depth, deepest, inString := 0, 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}', c == ']':
			depth--
		}
	}
	return deepest
}
