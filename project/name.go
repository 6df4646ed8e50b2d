package project

import "strings"

// Called reports whether a text that a person typed names a project: exactly if it is the PO number, loosely if every word of
// it is in the name or the PO number.
func (n Name) Called(text string) (exactly, loosely bool) {
	exactly = n.PONumber != "" && strings.EqualFold(n.PONumber, strings.TrimSpace(text))
	words := strings.Fields(strings.ToLower(text))
	loosely = len(words) > 0
	for _, w := range words {
		loosely = loosely && strings.Contains(strings.ToLower(n.Name+" "+n.PONumber), w)
	}
	return exactly, loosely
}
