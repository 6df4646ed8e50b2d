package prodege

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
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
	d, ok := parseDecimal(text)
	return ok && (d.digits == "" || d.negative)
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

// decimalText is a decimal number in parts: 0.digits times ten to the power of point. There are no zeros at either end
// of digits; without digits it is zero.
type decimalText struct {
	negative bool
	digits   string
	point    int
	exponent int // as it was written
}

// parseDecimal reads a number in the grammar of JSON, leading zeros allowed, of at most maxNumber bytes and with an
// exponent of at most maxExponent either way.
func parseDecimal(text string) (decimalText, bool) {
	var d decimalText
	text = trim(text)
	if len(text) > maxNumber {
		return d, false
	}
	text, d.negative = strings.CutPrefix(text, "-")
	mantissa, exponentText := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponentText = text[:i], text[i+1:]
		if exponentText == "" {
			return d, false
		}
	}
	if exponentText != "" {
		n, err := strconv.Atoi(exponentText) // which accepts a sign, as JSON does
		if err != nil || n > maxExponent || n < -maxExponent {
			return d, false
		}
		d.exponent = n
	}
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	if !digits(whole) || dotted && !digits(fraction) {
		return d, false
	}
	all := strings.TrimRight(whole+fraction, "0")
	d.digits = strings.TrimLeft(all, "0")
	d.point = len(whole) + d.exponent - (len(all) - len(d.digits))
	return d, true
}

// places returns how many decimals it takes to write d exactly.
func (d decimalText) places() int { return max(0, len(d.digits)-d.point) }

// plain returns d in plain decimal notation.
func (d decimalText) plain() string {
	text := d.digits
	if pad := d.point - len(text); pad > 0 {
		text += strings.Repeat("0", pad)
	}
	if d.point <= 0 {
		text = strings.Repeat("0", 1-d.point) + text
	}
	whole := max(1, d.point)
	if whole < len(text) {
		text = text[:whole] + "." + text[whole:]
	}
	if d.digits == "" {
		text = "0"
	}
	if d.negative && d.digits != "" {
		text = "-" + text
	}
	return text
}

// wholeNumber reads a whole number that is not negative, exactly: "29303649", "29303649.0" and "2.9303649E7" are
// the same, and none goes through a float, in which 9007199254740993 would become another one. Nobody writes one with a
// negative exponent.
func wholeNumber(text string) (int64, bool) {
	d, ok := parseDecimal(text)
	if !ok || d.negative || d.exponent < 0 || d.places() > 0 || d.point > maxExponent+1 {
		return 0, false
	}
	n, err := strconv.ParseInt(d.plain(), 10, 64)
	return n, err == nil
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
	d, ok := parseDecimal(text)
	if !ok || d.negative {
		return USD{}, false
	}
	if d.places() > maxPlaces {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return USD{}, false
		}
		if d, ok = parseDecimal(strconv.FormatFloat(f, 'f', -1, 64)); !ok || d.places() > maxShortest {
			return USD{}, false
		}
	}
	amount, err := ParseUSD(d.plain())
	return amount, err == nil
}
