package prodege

import (
	"regexp"
	"strings"
)

// What people type: an id as a message shows it, a number with its thousands grouped, either of them in quotes.

var (
	thousands   = regexp.MustCompile(`^[0-9]{1,3}(?:[,.'_ \x{a0}\x{202f}][0-9]{3})+$`)
	noDigit     = regexp.MustCompile(`[^0-9]`)
	projectMark = regexp.MustCompile(`(?i)^(?:#|project[-#: ]*)`)
)

// Unquoted is a text without blanks and quotation marks around it.
func Unquoted(text string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(text), "\"'`“”„‘’«»"))
}

// Ungrouped is a whole number without what stands between its thousands. Any other text is returned as it is: 1,5 is not
// 15.
func Ungrouped(text string) string {
	if text = strings.TrimSpace(text); !thousands.MatchString(text) {
		return text
	}
	return noDigit.ReplaceAllString(text, "")
}

// TypedProjectID reads a project's id: 29303649, "29303649", #29303649, 29,303,649 or project-29303649, as its workflow is
// named.
func TypedProjectID(text string) (ProjectID, error) {
	text = Unquoted(text)
	return ParseProjectID(Ungrouped(strings.TrimPrefix(text, projectMark.FindString(text))))
}

// TypedUSD reads an amount as people write it: 4.25, $4.25 or 4.25 USD.
func TypedUSD(text string) (USD, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "$")
	if amount := len(text) - len("USD"); amount > 0 && strings.EqualFold(text[amount:], "USD") {
		text = text[:amount]
	}
	return ParseUSD(strings.TrimSpace(text))
}
