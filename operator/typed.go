package operator

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// What people type.

var slackUser = regexp.MustCompile(`^[UW][A-Z0-9_]{1,62}$`)

// parseUser reads --as.
func parseUser(text string) (string, error) {
	if text = strings.Trim(text, "<@> "); !slackUser.MatchString(text) { // <@U012AB3CD> is a mention as Slack writes it
		return "", usageError("--as must be a Slack user id (U… or W…: Copy member ID in a profile), not %q: names change, ids stay", text)
	}
	return text, nil
}

// parseUSD reads a flag's amount, which may be missing.
func parseUSD(flag, text string) (*prodege.USD, error) {
	if text == "" {
		return nil, nil
	}
	amount, err := prodege.TypedUSD(text)
	if err != nil {
		return nil, usageError("%s must be dollars with a point, such as 4.25, not %q", flag, text)
	}
	return &amount, nil
}

// parsePast reads a flag's time in the past: how long ago in days or in Go's units, or a date in UTC.
func parsePast(flag, text string, now time.Time) (past time.Time, err error) {
	ago, err := time.ParseDuration(text)
	if count, days := strings.CutSuffix(text, "d"); days {
		var n uint64
		n, err = strconv.ParseUint(count, 10, 16)
		ago = time.Duration(n) * 24 * time.Hour
	}
	if past = now.Add(-ago); err != nil {
		past, err = time.Parse(time.DateOnly, text)
	}
	if err != nil || !past.Before(now) {
		return past, usageError("%s must be in the past, like 30d, 12h or 2026-03-01, not %q", flag, text)
	}
	return past.UTC().Truncate(time.Second), nil
}
