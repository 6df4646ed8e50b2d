package config

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Fault is what is wrong with a variable. Text continues its name, and never contains the value of a secret.
type Fault struct {
	Variable string
	Text     string
}

// Faults is an error with all faults of a configuration.
type Faults struct{ List []Fault }

// Error returns one line per fault.
func (f *Faults) Error() string {
	lines := []string{"the configuration is invalid:"}
	for _, fault := range f.List {
		lines = append(lines, "  "+fault.Variable+" "+fault.Text)
	}
	return strings.Join(lines, "\n")
}

// reader reads variables and collects their faults.
type reader struct {
	values   map[string]string // what is in force: what was given, or else the default, also for a value with a fault
	faults   []Fault
	warnings []Fault
}

func (r *reader) fault(name, format string, args ...any) {
	r.faults = append(r.faults, Fault{name, fmt.Sprintf(format, args...)})
}

// read reads a variable and finds at most one fault.
func (r *reader) read(v variable, value string, parts Part, checks []Check) {
	wrong := ""
	switch {
	case value != "":
		wrong = v.wrong(value)
	case v.required&parts != 0:
		wrong = strings.TrimSuffix("is required and missing: "+v.missing, ": ")
	}
	for _, check := range checks {
		if check.Variable == v.name && value != "" && wrong == "" {
			if err := check.Rule(value); err != nil {
				wrong = err.Error()
			}
		}
	}
	if wrong != "" {
		r.fault(v.name, "%s", wrong)
		value = ""
	}
	r.values[v.name] = cmp.Or(value, r.values[v.like], v.fallback)
}

// wrong says what is wrong with a variable's value; empty if nothing is.
func (v variable) wrong(value string) string {
	wrong := Quoted(value)
	if wrong == "" && strings.ContainsAny(value, "\r\n") {
		wrong = "has more than one line: write its value on one line"
	}
	if wrong == "" && v.rule != nil {
		wrong = v.rule(value)
	}
	return wrong
}

// compare finds values that contradict each other.
func (r *reader) compare(c Config) {
	host, port, _ := net.SplitHostPort(c.HTTPAddr)
	admin, adminPort, _ := net.SplitHostPort(c.IngressAdminAddr)
	all := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	if port == adminPort && port != "0" && (host == admin || all(host) || all(admin)) {
		r.fault("INGRESS_ADMIN_ADDR", "(%s) and HTTP_ADDR (%s) are the same port of the same process: give each its own", c.IngressAdminAddr, c.HTTPAddr)
	}
	r.inOrder("CPI_AUTO_APPROVE_UP_TO", "must be below", "CPI_SECOND_APPROVER_ABOVE")
	r.inOrder("CPI_SECOND_APPROVER_ABOVE", "must not be above", "CPI_CEILING")
	if c.Approval.SecondApproverAbove == "" { // or else it is implied
		r.inOrder("CPI_AUTO_APPROVE_UP_TO", "must not be above", "CPI_CEILING")
	}
}

// inOrder finds a fault unless one amount is below another, or not above it, if both are given.
func (r *reader) inOrder(lowName, must, highName string) {
	low, lowErr := decimal.NewFromString(r.values[lowName])
	high, highErr := decimal.NewFromString(r.values[highName])
	if lowErr != nil || highErr != nil || low.LessThan(high) || low.Equal(high) && must != "must be below" {
		return
	}
	r.fault(lowName, "(%s) %s %s (%s)", r.values[lowName], must, highName, r.values[highName])
}

// warn finds what may be a mistake.
func (r *reader) warn(c Config) {
	warn := func(name, format string, args ...any) {
		r.warnings = append(r.warnings, Fault{name, fmt.Sprintf(format, args...)})
	}
	if c.Prodege.APIKey != "" && slices.Contains(c.Prodege.SecretKeys, c.Prodege.APIKey) {
		warn("PRODEGE_API_KEY", "is the same as PRODEGE_SECRET_KEY: Prodege issues two keys, one that identifies the account (apik) and one that signs")
	}
	if token := c.Slack.BotToken; token != "" && !strings.HasPrefix(string(token), "xoxb-") {
		warn("SLACK_BOT_TOKEN", "does not begin with xoxb-, as the token of a bot does: "+takeBotToken)
	}
	if a := c.Approval; a.ReminderEvery >= a.Timeout {
		warn("APPROVAL_REMINDER_EVERY", "(%s) is not shorter than APPROVAL_TIMEOUT (%s): a request expires before anybody is reminded; write a shorter one", a.ReminderEvery, a.Timeout)
	}
	// Addresses that belong to a known service but are not those of its API.
	for _, api := range []struct{ name, host, path string }{
		{"PRODEGE_BASE_URL", "prodegeapis.com", "/prodegemr"},
		{"PRODEGE_BASE_URL", "prodegeapisqa.com", "/prodegemr"},
		{"SLACK_API_URL", "slack.com", "/api"},
	} {
		u, err := url.Parse(r.url(api.name))
		if err == nil && strings.HasSuffix("."+u.Hostname(), "."+api.host) && (u.Scheme != "https" || u.Path != api.path) {
			warn(api.name, "is not the address of the API at %s: write https://%s%s", api.host, u.Host, api.path)
		}
	}
	if before, _, found := strings.Cut(c.TemporalUIURL, "/namespaces"); found {
		warn("TEMPORAL_UI_URL", "is the address of a page; links add the page themselves: write %s", before)
	}
}

func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	order := Variables()
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return slices.Index(order, a.Variable) - slices.Index(order, b.Variable)
	})
	return &Faults{r.faults}
}

// The values that were checked, as what they mean.

func (r *reader) duration(name string) time.Duration {
	d, _ := time.ParseDuration(r.values[name])
	return d
}

func (r *reader) rate(name string) float64 {
	perSecond, _ := strconv.ParseFloat(r.values[name], 64)
	return perSecond
}

// url returns an address without a trailing slash.
func (r *reader) url(name string) string { return strings.TrimRight(r.values[name], "/") }

func (r *reader) secrets(name string) (all []Secret) {
	for _, value := range split(r.values[name]) {
		all = append(all, Secret(value))
	}
	return all
}

// split returns the values of a comma-separated list.
func split(list string) []string {
	if list == "" {
		return nil
	}
	parts := strings.Split(list, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
