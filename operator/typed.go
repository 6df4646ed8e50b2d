package operator

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
)

// What people type: an id as a message shows it, an amount as it is spoken, a time in days. What can mean one thing
// alone is taken, else the fault says how to write it.

var aUser = regexp.MustCompile(`^[UW][A-Z0-9_]{1,62}$`)

// parseCount reads a whole number above 0.
func parseCount(text string) (int64, error) {
	n, err := strconv.ParseInt(prodege.Ungrouped(text), 10, 64)
	if err != nil || n < 1 {
		return 0, usageError("%q is not a whole number above 0", text)
	}
	return n, nil
}

// parseUser reads --as.
func parseUser(text string) (string, error) {
	const what = "a Slack user id (U… or W…: Copy member ID in a profile)"
	id := strings.Trim(strings.TrimSpace(text), "<@>")
	switch {
	case id == "":
		return "", usageError("--as is missing: %s", what)
	case !aUser.MatchString(id):
		return "", usageError("--as must be %s, not %q: names change, ids stay", what, text)
	}
	return id, nil
}

// optionalUSD reads an amount that may be missing.
func optionalUSD(flag, text string) (*prodege.USD, error) {
	if text == "" {
		return nil, nil
	}
	amount, err := prodege.ParseUSD(strings.TrimPrefix(strings.TrimSpace(text), "$"))
	if err != nil {
		return nil, usageError("%s must be dollars with a point, such as 4.25, not %q", flag, text)
	}
	return &amount, nil
}

// span is a flag's time, in the units of Go or in days. It is above 0.
type span time.Duration

func parseSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// Set reads it.
func (s *span) Set(text string) error {
	d, err := parseSpan(text)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s is not above 0", text)
	}
	*s = span(d)
	return err
}

// String is empty if there is none.
func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return strings.Replace(time.Duration(*s).String(), "m0s", "m", 1)
}

// Type names it in help texts.
func (s *span) Type() string { return "duration" }

// spanFlag adds a flag for a time; what the variable holds is the default.
func spanFlag(cmd *cobra.Command, at *time.Duration, name, usage string) {
	cmd.Flags().Var((*span)(at), name, usage)
}
