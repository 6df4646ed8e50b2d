package prodege

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// rawObject is one of Prodege's JSON objects. Its values stay as they were sent, because the same field may be a string
// or a number.
type rawObject map[string]json.RawMessage

// object reads a JSON object; false for anything else. Names are compared exactly, unlike those of struct fields, for
// which "Data" would pass as "data".
func object(raw []byte) (rawObject, bool) {
	var o rawObject
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return nil, false
	}
	return o, true
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
		if inner := quoted[1:max(1, len(quoted)-1)]; isPlain(inner) {
			return string(inner)
		}
		text, _ := jsontext.AppendUnquote(nil, quoted)
		return string(text)
	}
	return strings.ToValidUTF8(string(compact(raw)), "\ufffd")
}

// isPlain reports whether the inside of a JSON string can be used without unquoting.
func isPlain(inner []byte) bool {
	for _, c := range inner {
		if c < ' ' || c >= 0x80 || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

// compact removes insignificant white space, and nothing else, from a valid JSON value. It returns raw itself if there
// is none.
func compact(raw []byte) []byte {
	if !bytes.ContainsAny(raw, " \t\r\n") {
		return raw
	}
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
		return raw // all of it is inside strings
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
