package prodege

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// How much of one event is kept. Sizes are bytes of JSON, escapes included, because the limits of workflow state and
// signals count those.
const (
	maxEvent  = 3 << 10       // all texts together; with names, numbers and times an event stays under 4 KiB
	maxText   = 1 << 10       // per text
	maxName   = 200           // the name of an unknown field
	maxFields = 40            // unknown fields
	maxEscape = len(`\u0000`) // the longest form of one byte
	fieldCost = len(`{"name":"","value":""},`)
)

// bounds hands out the room that an event has, in the order in which texts are taken: what decides comes
// first, unknown fields last.
type bounds struct {
	left int
	cut  bool // something did not fit
}

// text keeps as much of s as fits, up to max bytes, without invisible characters at either end.
func (b *bounds) text(s string, max int) string {
	return trim(b.exact(trim(s), max))
}

// exact keeps as much of s as fits, up to max bytes, cut between characters.
func (b *bounds) exact(s string, max int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	kept, size := fit(s, min(max, b.left))
	b.cut = b.cut || len(kept) < len(s)
	b.left -= size
	return kept
}

// id keeps an event id as it came. An id that is too long is cut and followed by the SHA-256 of the whole, so
// that different ids stay different.
func (b *bounds) id(s string) EventID {
	if _, size := fit(s, len(s)*maxEscape); size <= maxText {
		return EventID(b.exact(s, maxText))
	}
	sum := sha256.Sum256([]byte(s))
	tail := "~sha256-" + hex.EncodeToString(sum[:])
	return EventID(b.exact(s, maxText-len(tail)) + b.exact(tail, len(tail)))
}

// field keeps an unknown field, its value up to max bytes; false if there is no room left.
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

// fit returns the longest prefix of s that takes at most max bytes in JSON, and that size.
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
