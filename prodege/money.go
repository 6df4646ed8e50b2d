package prodege

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// USD is an exact amount of US dollars. Prodege's CPI figures are decimal text ("4.25") and are never converted to
// binary floating point. The zero value is $0.00.
type USD struct{ d decimal.Decimal }

// maxUSD is the largest amount that is accepted from outside: a CPI or an invoice line above it is the sender's error.
var maxUSD = decimal.New(1_000_000_000, 0)

// ParseUSD reads a plain decimal number such as "4.25" or "36": no sign, no exponent, at most six decimals.
func ParseUSD(text string) (USD, error) {
	t := strings.TrimSpace(text)
	whole, frac, dotted := strings.Cut(t, ".")
	if !digits(whole) || (dotted && !digits(frac)) || len(frac) > 6 || len(whole) > 10 {
		return USD{}, fmt.Errorf("not an amount in dollars: %.40q", text)
	}
	d, err := decimal.NewFromString(t)
	if err != nil || d.GreaterThan(maxUSD) {
		return USD{}, fmt.Errorf("not an amount in dollars: %.40q", text)
	}
	return USD{d}, nil
}

// MustUSD is ParseUSD for constants and tests; it panics on an error.
func MustUSD(text string) USD {
	u, err := ParseUSD(text)
	if err != nil {
		panic(err)
	}
	return u
}

func digits(s string) bool { return s != "" && consistsOf(s, "0123456789") }

// String returns the plain decimal text, with at least two decimals: "4.25", "36.00", "0.125".
func (u USD) String() string {
	t := u.d.String() // without trailing zeros
	if _, frac, _ := strings.Cut(t, "."); len(frac) < 2 {
		return u.d.StringFixed(2)
	}
	return t
}

// Dollars returns the amount as people read it: "$4.25", "$1,204.00", "-$0.50".
func (u USD) Dollars() string {
	text := USD{u.d.Abs()}.String()
	whole, frac, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	sign := ""
	if u.d.IsNegative() {
		sign = "-"
	}
	return sign + "$" + whole + "." + frac
}

// Cmp returns -1, 0 or 1 if u is less than, equal to or greater than v. $4.2 and $4.20 are equal.
func (u USD) Cmp(v USD) int { return u.d.Cmp(v.d) }

// Equal reports whether both are the same amount.
func (u USD) Equal(v USD) bool { return u.d.Equal(v.d) }

// IsZero reports whether the amount is zero.
func (u USD) IsZero() bool { return u.d.IsZero() }

// Add returns u + v.
func (u USD) Add(v USD) USD { return USD{u.d.Add(v.d)} }

// Sub returns u - v, which may be negative.
func (u USD) Sub(v USD) USD { return USD{u.d.Sub(v.d)} }

// Times returns u * n.
func (u USD) Times(n int64) USD { return USD{u.d.Mul(decimal.NewFromInt(n))} }

// PercentOf returns by how many percent u is above v, rounded to whole percent; ok is false if v is zero.
func (u USD) PercentOf(v USD) (percent int64, ok bool) {
	if v.d.IsZero() {
		return 0, false
	}
	return u.d.Sub(v.d).Mul(decimal.NewFromInt(100)).DivRound(v.d, 0).IntPart(), true
}

// Float64 is only for search attributes, which have no decimal type: filters use it, no decision does.
func (u USD) Float64() float64 { f, _ := u.d.Float64(); return f }

// MarshalJSON encodes the amount as a decimal string, never as a JSON number.
func (u USD) MarshalJSON() ([]byte, error) { return json.Marshal(u.String()) }

// UnmarshalJSON decodes a decimal string or a JSON number.
func (u *USD) UnmarshalJSON(b []byte) error {
	text := string(bytes.TrimSpace(b))
	if text == "null" {
		return nil // a no-op by encoding/json's convention
	}
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	}
	// Differences may be negative, and sums and products exceed what is accepted from outside.
	d, exponent, ok := parseDecimal(text)
	if !ok || exponent != 0 {
		return fmt.Errorf("not an amount in dollars: %.40q", text)
	}
	*u = USD{d}
	return nil
}
