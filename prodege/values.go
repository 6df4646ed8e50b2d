package prodege

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/shopspring/decimal"
)

// This file reads single values that Prodege sends: numbers may come as strings, strings as numbers, and there are many
// ways to say nothing.

// invisible reports whether a character can't be seen: white space, a control character, or a format character such as
// a byte order mark or a zero width space.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// trim removes invisible characters from both ends.
func trim(text string) string { return strings.TrimFunc(text, invisible) }

// SaysNothing reports whether a value, as text, means the same as an absent one.
func SaysNothing(text string) bool {
	text = trim(text)
	if text != "" && (text[0] == '[' || text[0] == '{') {
		var value any
		return json.Unmarshal([]byte(text), &value) == nil && holdsNothing(value)
	}
	switch strings.ToLower(strings.Trim(text, `"'()<>`)) {
	case "null", "nil", "none", "undefined", "nan", "n/a", "n.a.", "na", "false":
		return true
	}
	return strings.Trim(text, `"'()<>-_–—`) == ""
}

// holdsNothing reports whether nothing in a JSON value says anything.
func holdsNothing(value any) bool {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			if !holdsNothing(element) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, element := range v {
			if !holdsNothing(element) {
				return false
			}
		}
		return true
	case string:
		return SaysNothing(v)
	}
	return value == nil || value == false
}

// saysNoPrice reports whether a value means that there is no price. A price is above zero.
func saysNoPrice(text string) bool {
	if SaysNothing(text) {
		return true
	}
	text = withoutCurrency(text)
	if zeros := strings.Trim(text, "+-.,"); zeros != "" && strings.Trim(zeros, "0.,") == "" {
		return true // zero in any notation
	}
	d, _, ok := parseDecimal(text)
	return ok && d.Sign() <= 0
}

// withoutCurrency removes the currency, which is the same for every amount: "$4.25" and "4.25 USD" become 4.25.
func withoutCurrency(text string) string {
	text = trim(text)
	for _, mark := range []string{"US$", "USD", "$"} {
		switch at := len(text) - len(mark); {
		case at < 0:
		case strings.EqualFold(text[:len(mark)], mark):
			return trim(text[len(mark):])
		case strings.EqualFold(text[at:], mark):
			return trim(text[:at])
		}
	}
	return text
}

const (
	maxNumber   = 40 // bytes of a number
	maxExponent = 18 // power of ten; an int64 has 19 digits
	maxPlaces   = 6  // decimals of an amount
	maxShortest = 4  // decimals of an amount that came with more than maxPlaces
)

// number matches a number in the grammar of JSON, leading zeros allowed.
var number = regexp.MustCompile(`^-?[0-9]+(?:\.[0-9]+)?(?:[eE]([-+]?[0-9]+))?$`)

// parseDecimal reads a number of at most maxNumber bytes and with an exponent, which it returns as it was written, of at
// most maxExponent either way.
func parseDecimal(text string) (d decimal.Decimal, exponent int, ok bool) {
	text = trim(text)
	parts := number.FindStringSubmatch(text)
	if parts == nil || len(text) > maxNumber {
		return d, 0, false
	}
	exponent, err := strconv.Atoi(cmp.Or(parts[1], "0"))
	if err != nil || exponent > maxExponent || exponent < -maxExponent {
		return d, 0, false
	}
	d, err = decimal.NewFromString(text)
	return d, exponent, err == nil
}

// wholeNumber reads a whole number that is not negative, exactly: "29303649", "29303649.0" and "2.9303649E7" are
// the same, and none goes through a float, in which 9007199254740993 would become another one. Nobody writes one with a
// negative exponent.
func wholeNumber(text string) (int64, bool) {
	d, exponent, ok := parseDecimal(text)
	if !ok || d.IsNegative() || exponent < 0 || !d.IsInteger() || !d.BigInt().IsInt64() {
		return 0, false
	}
	return d.IntPart(), true
}

// wireProjectID reads a project's id.
func wireProjectID(text string) (ProjectID, bool) {
	n, ok := wholeNumber(text)
	return ProjectID(n), ok && n > 0
}

// wireUSD reads an amount exactly, with at most six decimals. One with more decimals is accepted if a float turned a
// shorter one into it, that is if the shortest text of the same float has at most four: 4.2999999999999998 is 4.3.
// Nothing is rounded. A number with a comma is refused, because the comma may separate thousands or decimals.
func wireUSD(text string) (USD, bool) {
	text = withoutCurrency(text)
	d, _, ok := parseDecimal(text)
	if ok && !fits(d, maxPlaces) {
		f, _ := strconv.ParseFloat(trim(text), 64)
		d = decimal.NewFromFloat(f) // with the digits of its shortest text
		ok = fits(d, maxShortest)
	}
	if !ok || d.IsNegative() || d.GreaterThan(maxUSD) {
		return USD{}, false
	}
	return USD{d}, true
}

// fits reports whether a number has at most that many decimals.
func fits(d decimal.Decimal, places int32) bool { return d.Equal(d.Truncate(places)) }
