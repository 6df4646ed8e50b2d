package prodege

import (
	"bytes"
	"encoding/json"
	"io"
)

// maxDepth bounds how deep JSON from outside may be nested. An array of events is two deep; the rest is room
// for fields that are new.
const maxDepth = 16

// checkJSON holds text to one JSON value with nothing after it, no key twice in one object (readers differ
// in which of the two they take, and only one reading may have been signed) and bounded depth.
func checkJSON(text []byte, what string) *Refusal {
	if !json.Valid(text) {
		var first json.RawMessage
		if json.NewDecoder(bytes.NewReader(text)).Decode(&first) == nil {
			return refuse(TrailingBytes, "%s has something after its JSON value", what)
		}
		return refuse(Malformed, "%s is not JSON", what)
	}
	return checkKeys(text, what)
}

// level is one object or array that a walk is inside of.
type level struct {
	keys  map[string]bool // nil in an array
	isKey bool            // the next token is a key
}

func checkKeys(text []byte, what string) *Refusal {
	tokens := json.NewDecoder(bytes.NewReader(text))
	tokens.UseNumber()
	var inside []level
	for {
		token, err := tokens.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return refuse(Malformed, "%s is not JSON", what)
		}
		var top *level
		if len(inside) > 0 {
			top = &inside[len(inside)-1]
		}
		switch token {
		case json.Delim('}'), json.Delim(']'):
			inside = inside[:len(inside)-1]
			continue
		}
		if top != nil && top.keys != nil {
			if name, ok := token.(string); ok && top.isKey {
				if top.keys[name] {
					return refuse(DuplicateKey, "%s has the key %.40q twice", what, name)
				}
				top.keys[name] = true
			}
			top.isKey = !top.isKey
		}
		switch token {
		case json.Delim('{'):
			inside = append(inside, level{keys: map[string]bool{}, isKey: true})
		case json.Delim('['):
			inside = append(inside, level{})
		}
		if len(inside) > maxDepth {
			return refuse(Malformed, "%s is nested deeper than %d levels", what, maxDepth)
		}
	}
}

// object reads a JSON object whose values keep the very text in which they were sent; false for anything
// else. Names are compared exactly, unlike in Go structs, where "Data" would pass for "data".
func object(raw []byte) (rawObject, bool) {
	var o rawObject
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return nil, false
	}
	return o, true
}

// kind is the first character of a JSON value: '{', '[', '"', 't', 'f', 'n', or '0' for any number.
func kind(raw json.RawMessage) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	switch {
	case len(raw) == 0:
		return 'n'
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

// asText gives a JSON value as text: a string as what it says, null as nothing, all else as compact JSON.
// Bytes that are not UTF-8 become U+FFFD.
func asText(raw json.RawMessage) string {
	switch kind(raw) {
	case 'n':
		return ""
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	}
	return string(compact(raw))
}

// compact removes insignificant white space and nothing else.
func compact(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// unwrapped gives the JSON that a JSON value holds: Prodege sends structured values as objects and arrays,
// or as strings that hold their text.
func unwrapped(raw json.RawMessage) json.RawMessage {
	if kind(raw) == '"' {
		return json.RawMessage(asText(raw))
	}
	return raw
}
