package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// rule says what is wrong with a value, as a continuation of the variable's name; empty if nothing is.
type rule func(value string) string

// matching is the rule that a value fits an expression. must says what it has to be.
func matching(expression, must string) rule {
	whole := regexp.MustCompile("^(?:" + expression + ")$")
	return func(value string) string {
		if whole.MatchString(value) {
			return ""
		}
		return must + ": " + quote(value)
	}
}

// quote quotes a value for a fault, unless it is a token that is there by mistake.
func quote(value string) string {
	if isToken(value) {
		value = tokenNotShown
	}
	return strconv.Quote(value)
}

const (
	yes = "true|t|1|on|yes"
	no  = "false|f|0|off|no"
)

var (
	dollars   = matching(`[0-9]{1,9}(\.[0-9]{1,6})?`, `must be US dollars as a plain decimal number like "4.25"`) // as prodege.ParseUSD reads them
	channel   = matching(`[CG][A-Z0-9_]{1,63}`, "must be a channel's id (C…, at the bottom of the channel's details), not its name")
	level     = matching("(?i)debug|info|warn|error", "must be debug, info, warn or error")
	onOrOff   = matching("(?i)"+yes+"|"+no, "must be on or off")
	trueFalse = matching("(?i)"+yes+"|"+no, "must be true or false")
	word      = matching(`[^ \t,]+`, "must be one word")
	folder    = matching("[^~].*", "begins with ~, which only a shell expands; write the whole path")

	person       = regexp.MustCompile(`^[UWS][A-Z0-9_]{1,63}$`) // the id of a user (U…, W…) or a user group (S…)
	plainDecimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
)

func isYes(value string) bool {
	return slices.Contains(strings.Split(yes, "|"), strings.ToLower(value))
}

func listen(value string) string {
	_, port, err := net.SplitHostPort(value)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return `must be an address to listen on like ":8080" or "127.0.0.1:8080": ` + quote(value)
	}
	return ""
}

// ceiling is the rule for the amount above which nothing is sent.
func ceiling(value string) string {
	wrong := dollars(value)
	if amount, err := decimal.NewFromString(value); wrong == "" && err == nil && amount.IsZero() {
		return "is zero, so that nothing would ever be sent: leave it out for no ceiling, or write DRY_RUN=true"
	}
	return wrong
}

func duration(value string) string {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return `must be a duration like "90s", "5m" or "24h": ` + quote(value) + meantDuration(value)
	case d <= 0:
		return "must be greater than zero: " + quote(value)
	}
	return ""
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

// perSecond is the rule for a rate. At the slowest a call gets its turn within two minutes.
func perSecond(value string) string {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !plainDecimal.MatchString(value) || f < 0.01 || f > 1000 {
		return "must be a number from 0.01 to 1000: " + quote(value)
	}
	return ""
}

// address is the rule for an absolute http or https address. It is not shown, because it may contain a password.
func address(value string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return "must be an address that starts with http:// or https://, as in https://example.com"
	case u.User != nil:
		return "must not contain a user or a password"
	case u.Fragment != "":
		return "must not contain a fragment (#…)"
	}
	return ""
}

// addressToExtend is the rule for an address to which paths are added.
func addressToExtend(value string) string {
	wrong := address(value)
	if wrong == "" && strings.Contains(value, "?") {
		return "must not contain a query (?…)"
	}
	return wrong
}

// secretOrTwo is the rule for a secret that checks: an old and a new one; more would only weaken the check.
func secretOrTwo(value string) string {
	switch all := split(value); {
	case slices.Contains(all, ""):
		return "has an empty value before or after a comma"
	case len(all) > 2:
		return fmt.Sprintf("takes at most two values, but has %d", len(all))
	}
	return ""
}

func slackSigningSecret(value string) string {
	if slices.ContainsFunc(split(value), isToken) {
		return "is a token: take the Signing Secret of the app's Basic Information page"
	}
	return secretOrTwo(value)
}

const takeBotToken = "take the Bot User OAuth Token (xoxb-…) of the app's OAuth & Permissions page"

// botToken is the rule against the other kinds of token that the pages of a Slack app show.
func botToken(value string) string {
	for prefix, wrong := range map[string]string{
		"xapp-": "is an app-level token (xapp-…): ",
		"xoxp-": "is a person's token (xoxp-…): ",
		"xoxe":  "is a token that expires (xoxe…): turn token rotation off, and ",
	} {
		if strings.HasPrefix(value, prefix) {
			return wrong + takeBotToken
		}
	}
	return ""
}

// anyone is the value that replaces a list of approvers.
const anyone = "anyone"

func approvers(value string) string {
	if value == anyone {
		return ""
	}
	return people(value, ", or the word anyone alone")
}

func escalation(value string) string { return people(value, "") }

// people is the rule for a list of ids. or says what else the variable may be.
func people(value, or string) string {
	for _, id := range split(value) {
		if !person.MatchString(id) {
			return fmt.Sprintf("must be Slack ids of users (U…, W…) and user groups (S…)%s, which %s is not", or, quote(id))
		}
	}
	return ""
}

// webhookSecret is the rule for a secret in the format of Standard Webhooks. The specification requires 24 to 64 bytes, but
// its own example has 22, so only a much shorter one is refused.
func webhookSecret(value string) string {
	const minBytes = 8
	text, ok := strings.CutPrefix(value, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	switch {
	case !ok || err != nil:
		return "must be whsec_ followed by Base64"
	case len(key) < minBytes:
		return fmt.Sprintf("is too short: it has %d bytes, and 24 to 64 are usual", len(key))
	case strings.HasPrefix(string(key), "example-only"):
		return "is the one from .env.example, which everybody knows: make your own"
	}
	return ""
}
