package project

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fieldmarshal/prodege"
)

// Cut shortens a text to at most n bytes, at the end of a character, and adds a mark.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	const mark = "…"
	end := n - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// cutEncoded shortens a text to at most n bytes in JSON, where a character may take six, and adds a mark.
func cutEncoded(text string, n int) string {
	const mark = "…"
	taken, fits := 0, 0 // fits is as much of the text as leaves room for the mark
	for at, r := range text {
		if taken <= n-len(mark) {
			fits = at
		}
		if taken += encodedLen(r); taken > n {
			return text[:fits] + mark
		}
	}
	return text
}

// encodedLen returns how many bytes encoding/json writes for a character.
func encodedLen(r rune) int {
	switch {
	case r == '"', r == '\\':
		return 2
	case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return 6
	}
	return utf8.RuneLen(r)
}

// SafeID returns an event id that is short and plain as it is, and the SHA-256 of any other, so that it can be part of workflow
// ids, keys and buttons.
func SafeID(id prodege.EventID) prodege.EventID {
	plain := strings.IndexFunc(string(id), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}) < 0
	if plain && len(id) <= 128 && id != "" {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return prodege.EventID(hex.EncodeToString(sum[:]))
}

// trimmed returns the part of an event that decisions and messages need, so that a state with many events stays small.
func trimmed(e prodege.Event) prodege.Event {
	e.Unknown, e.Delivery, e.Received = nil, "", time.Time{}
	e.Status = prodege.Status(cutEncoded(string(e.Status), 100))
	e.Description, e.RequiredCPIText = cutEncoded(e.Description, 200), cutEncoded(e.RequiredCPIText, 40)
	e.RejectionNote, e.ReconciliationNote = cutEncoded(e.RejectionNote, 1000), cutEncoded(e.ReconciliationNote, 1000)
	return e
}

// withUnknown is trimmed with the first few unknown fields, which an alert shows.
func withUnknown(e prodege.Event) prodege.Event {
	const fields, name, value = 6, 40, 100 // an alert shows five, and that there are more
	kept := trimmed(e)
	for _, f := range e.Unknown[:min(fields, len(e.Unknown))] {
		kept.Unknown = append(kept.Unknown, prodege.Field{Name: cutEncoded(f.Name, name), Value: cutEncoded(f.Value, value)})
	}
	return kept
}

// appendBounded appends to a list that keeps its newest n elements.
func appendBounded[T any](list []T, v T, n int) []T {
	if drop := len(list) - n + 1; drop > 0 {
		list = slices.Delete(list, 0, drop)
	}
	return append(list, v)
}

// rememberNew adds a text to a list that keeps the newest n. It returns false if the list has it already.
func rememberNew(list *[]string, text string, n int) bool {
	if slices.Contains(*list, text) {
		return false
	}
	*list = appendBounded(*list, text, n)
	return true
}

func oneOf[T comparable](v T, list ...T) bool { return slices.Contains(list, v) }

// nonNil returns those of the pointers that are not nil.
func nonNil[T any](list ...*T) []*T {
	return slices.DeleteFunc(list, func(p *T) bool { return p == nil })
}

// lastOf returns a copy of the last n elements of a list.
func lastOf[T any](list []T, n int) []T {
	return append([]T(nil), list[max(0, len(list)-n):]...)
}

func sameAmount(a, b *prodege.USD) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func ptr[T any](v T) *T { return &v }
