package prodege

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// rawObject is one of Prodege's JSON objects. Its values stay as they were sent, because the same field may be a string
// or a number.
type rawObject map[string]json.RawMessage

// object reads a JSON object; false for anything else. Names are compared exactly, unlike those of struct fields, for
// which "Data" would pass as "data".
func object(raw []byte) (rawObject, bool) {
	in := readObject(raw)
	if in == nil {
		return nil, false
	}
	o := rawObject{}
	for in.more() {
		name, value := in.next(), in.next()
		if name == nil || value == nil {
			return nil, false
		}
		o[asText(name)] = value
	}
	_, brace := in.ReadToken()
	_, end := in.ReadToken()
	return o, brace == nil && end == io.EOF
}

// kind returns the first character of a JSON value: '{', '[', '"', 't', 'f', 'n', or '0' for any number.
func kind(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	switch {
	case len(raw) == 0:
		return 'n'
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

// asText returns a JSON value as text: the content of a string, "" for null, compact JSON for anything else. Bytes
// that are not UTF-8 and halves of surrogate pairs become U+FFFD.
func asText(raw []byte) string {
	switch kind(raw) {
	case 'n':
		return ""
	case '"':
		quoted := bytes.Trim(raw, " \t\r\n")
		if inner := quoted[1:max(1, len(quoted)-1)]; bytes.IndexFunc(inner, escaped) < 0 {
			return string(inner)
		}
		text, _ := jsontext.AppendUnquote(nil, quoted)
		return string(text)
	}
	return strings.ToValidUTF8(string(compact(raw)), "\ufffd")
}

// escaped reports whether a character can't be in a JSON string as it is, or may stand for invalid UTF-8.
func escaped(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError }

// compact removes insignificant white space, and nothing else, from a valid JSON value. It returns raw itself if there
// is none. It allocates no more than the value's size, because anyone may have sent it.
func compact(raw []byte) []byte {
	var out []byte
	inString, from := false, 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++ // whatever it escapes
		case c == '"':
			inString = !inString
		case !inString && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			if out == nil {
				out = make([]byte, 0, len(raw))
			}
			out = append(out, raw[from:i]...)
			from = i + 1
		}
	}
	if out == nil {
		return raw
	}
	return append(out, raw[from:]...)
}

// unwrapped returns the JSON inside a value: Prodege sends structured values as objects and arrays, or as strings that
// contain their text.
func unwrapped(raw []byte) json.RawMessage {
	if kind(raw) == '"' {
		return json.RawMessage(asText(raw))
	}
	return raw
}

// objectReader reads the names and values of a JSON object one after the other, without decoding them. Names may be
// repeated and text need not be UTF-8: a note in Latin-1 must not cost an authentic event.
type objectReader struct {
	*jsontext.Decoder
	text []byte
}

// readObject begins to read an object; nil if text is something else.
func readObject(text []byte) *objectReader {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return nil
	}
	_, _ = d.ReadToken() // the brace
	return &objectReader{d, text}
}

// more reports whether a name follows.
func (r *objectReader) more() bool { return r.PeekKind() == '"' }

// next returns the next name or value as it is in the text; nil if it is not JSON.
func (r *objectReader) next() []byte {
	value, err := r.ReadValue()
	if err != nil {
		return nil
	}
	end := int(r.InputOffset())
	return r.text[end-len(value) : end]
}
