package config

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

func (r *reader) address(name string) string {
	value := r.text(name)
	_, port, err := net.SplitHostPort(value)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		r.fault(name, `must be an address to listen on like ":8080" or "127.0.0.1:8080": %q`, value)
	}
	return value
}

// apart checks that two addresses of a process differ.
func (r *reader) apart(name, otherName string) {
	host, port, err := net.SplitHostPort(r.text(name))
	other, otherPort, otherErr := net.SplitHostPort(r.text(otherName))
	all := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	if err == nil && otherErr == nil && port == otherPort && port != "0" && (host == other || all(host) || all(other)) {
		r.fault(otherName, "(%s) and %s (%s) are the same port of the same process: give each its own", r.text(otherName), name, r.text(name))
	}
}

// folder returns a path, which must not begin with ~.
func (r *reader) folder(name string) string {
	value := r.text(name)
	if strings.HasPrefix(value, "~") {
		r.fault(name, "begins with ~, which only a shell expands; write the whole path: %q", value)
	}
	return value
}

func (r *reader) level(name string) slog.Level {
	value := r.text(name)
	var level slog.Level
	if err := level.UnmarshalText([]byte(value)); err != nil {
		r.fault(name, "must be debug, info, warn or error: %q", value)
	}
	return level
}

// boolean returns yes or no; words name the variable's values in its fault. One that can't be read has its default.
func (r *reader) boolean(name, words string) bool {
	value := r.text(name)
	on, known := yesNo(value)
	if !known {
		r.fault(name, "must be %s: %q", words, value)
		v, _ := lookup(name)
		on, _ = yesNo(v.fallback)
	}
	return on
}

// yesNo parses what people write for yes and no.
func yesNo(value string) (yes, known bool) {
	switch strings.ToLower(value) {
	case "true", "t", "1", "on", "yes":
		return true, true
	case "false", "f", "0", "off", "no":
		return false, true
	}
	return false, false
}

// duration returns a positive duration; 0 if there is none or it can't be read.
func (r *reader) duration(name string) time.Duration {
	value := r.text(name)
	if value == "" {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		r.fault(name, `must be a duration like "90s", "5m" or "24h": %q%s`, value, meantDuration(value))
		return 0
	}
	if d <= 0 {
		r.fault(name, "must be greater than zero: %q", value)
	}
	return d
}

// meantDuration says what to write instead of a number without a unit or a number of days.
func meantDuration(value string) string {
	number, days := strings.CutSuffix(value, "d")
	n, err := strconv.ParseUint(number, 10, 16)
	switch {
	case err != nil:
		return ""
	case days:
		return fmt.Sprintf(`; days are written in hours, as in "%dh"`, 24*n)
	}
	return fmt.Sprintf(`; it needs a unit, as in "%dh" for hours or "%dm" for minutes`, n, n)
}

// url returns an absolute http or https address that ends with end, which is "/" or "".
func (r *reader) url(name, end string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		r.fault(name, "must be an address that starts with http:// or https://, as in https://example.com") // not shown, because it may contain a password
	case u.User != nil:
		r.fault(name, "must not contain a user or a password")
	case u.Fragment != "":
		r.fault(name, "must not contain a fragment (#…)")
	case name == "BILLING_URL": // used exactly as it is
		return value
	case u.RawQuery != "":
		r.fault(name, "must not contain a query (?…)")
	}
	return strings.TrimRight(value, "/") + end
}

func (r *reader) rate(name string) float64 {
	value := r.text(name)
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !plainDecimal.MatchString(value) || f < slowest || f > fastest {
		r.fault(name, "must be a number from 0.01 to 1000: %q", value)
	}
	return f
}

// The limits of a rate, per second. At the slowest a call gets its turn within two minutes.
const slowest, fastest = 0.01, 1000

var plainDecimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// plainDollars matches what prodege.ParseUSD accepts.
var plainDollars = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,6})?$`)

func (r *reader) dollars(name string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	if !plainDollars.MatchString(value) {
		r.fault(name, `must be US dollars as a plain decimal number like "4.25": %q`, value)
		return ""
	}
	return value
}

// below checks that low < high, or low ≤ high if equal is set, unless one of them is empty.
func (r *reader) below(lowName, low, highName, high string, equal bool) {
	if low == "" || high == "" {
		return
	}
	order := decimal.RequireFromString(low).Cmp(decimal.RequireFromString(high))
	switch {
	case order > 0 && equal:
		r.fault(lowName, "(%s) must not be above %s (%s)", low, highName, high)
	case order >= 0 && !equal:
		r.fault(lowName, "(%s) must be below %s (%s)", low, highName, high)
	}
}

// webhookSecret returns a secret in the format of Standard Webhooks. The specification requires 24 to 64 bytes, but its own
// example has 22, so only a much shorter one is refused.
func (r *reader) webhookSecret(name string) Secret {
	const minBytes = 8
	value := r.text(name)
	if value == "" {
		return ""
	}
	text, ok := strings.CutPrefix(value, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	switch {
	case !ok || err != nil:
		r.fault(name, "must be whsec_ followed by Base64")
	case len(key) < minBytes:
		r.fault(name, "is too short: it has %d bytes, and 24 to 64 are usual", len(key))
	case strings.HasPrefix(string(key), "example-only"):
		r.fault(name, "is the one from .env.example, which everybody knows: make your own")
	}
	return Secret(value)
}

// weekly returns a weekday, a time of day and a time zone: "Mon 09:00 America/New_York".
func (r *reader) weekly(name string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	parts := strings.Fields(value)
	if len(parts) != 3 || !slices.Contains(days, strings.ToLower(parts[0])) || !wallClock(parts[1]) || !zone(parts[2]) {
		r.fault(name, `must be like "Mon 09:00 America/New_York": %q`, value)
	}
	return value
}

func wallClock(text string) bool {
	_, err := time.Parse("15:04", text)
	return err == nil
}

func zone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local" // which depends on the machine
}
