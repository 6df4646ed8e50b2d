package prodege

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// What is kept of one event. Sizes are those of the text as it will stand in JSON, escapes included, because
// events live in workflow state and signals, whose limits count that.
const (
	maxEvent  = 3 << 10       // all texts together; with names, numbers and times an event stays under 4 KiB
	maxText   = 1 << 10       // each text
	maxName   = 200           // the name of an unknown field
	maxFields = 40            // unknown fields
	maxEscape = len(`\u0000`) // of one byte in JSON
	fieldCost = len(`{"name":"","value":""},`)
)

// bounds hands out the room that an event has, in the order in which texts are taken: what decides comes
// first, unknown fields last.
type bounds struct {
	left int
	cut  bool // something did not fit
}

// text keeps of s what fits, up to max, without what can't be seen at either end.
func (b *bounds) text(s string, max int) string {
	return trim(b.exact(trim(s), max))
}

// exact keeps of s what fits, up to max, cut between characters.
func (b *bounds) exact(s string, max int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	kept, size := fit(s, min(max, b.left))
	b.cut = b.cut || len(kept) < len(s)
	b.left -= size
	return kept
}

// id keeps an event id as it came. One that is too long keeps its beginning and the SHA-256 of the whole, so
// that two long ids stay two.
func (b *bounds) id(s string) EventID {
	if _, size := fit(s, len(s)*maxEscape); size <= maxText {
		return EventID(b.exact(s, maxText))
	}
	sum := sha256.Sum256([]byte(s))
	tail := "~sha256-" + hex.EncodeToString(sum[:])
	return EventID(b.exact(s, maxText-len(tail)) + b.exact(tail, len(tail)))
}

// field keeps an unknown field, its value up to max, where there is room for it at all.
func (b *bounds) field(name, value string, max int) (Field, bool) {
	b.left -= fieldCost
	f := Field{Name: b.exact(name, maxName)}
	if b.left <= 0 {
		b.cut = true
		return Field{}, false
	}
	f.Value = b.text(value, max)
	return f, true
}

// fit gives the longest beginning of s whose text in JSON has at most max bytes, and that size.
func fit(s string, max int) (string, int) {
	size := 0
	for i, r := range s {
		n := utf8.RuneLen(r)
		switch {
		case r == '"', r == '\\', r == '\n', r == '\r', r == '\t', r == '\b', r == '\f':
			n = len(`\n`)
		case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029':
			n = len(`\u0000`)
		}
		if size+n > max {
			return s[:i], size
		}
		size += n
	}
	return s, size
}
