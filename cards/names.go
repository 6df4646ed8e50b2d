package cards

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fieldmarshal/project"
)

// nameLine names a project at the top of a card.
func nameLine(n project.Name) string {
	id := "project " + n.ID.String()
	name := clean(n.Name, 150)
	if name == "" {
		name, id = "Project "+n.ID.String(), ""
	}
	return dots(bold(name), id, poWords(n))
}

// poWords is the purchase order; many write "PO" in front of the number themselves.
func poWords(n project.Name) string {
	po := clean(n.PONumber, 60)
	if po == "" || strings.HasPrefix(strings.ToUpper(po), "PO") {
		return po
	}
	return "PO " + po
}

// shortName names a project within a sentence.
func shortName(n project.Name) string {
	id := "project " + n.ID.String()
	if known := strings.Join(some(clean(n.Name, 100), poWords(n)), ", "); known != "" {
		return id + " (" + known + ")"
	}
	return id
}

// capital writes the first letter large.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// known names a value; empty if there is none.
func known(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}
