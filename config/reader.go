package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// variables are all that Load reads, in the order in which faults are told.
var variables = []string{
	"HTTP_ADDR", "INGRESS_ADMIN_ADDR", "WORKER_HTTP_ADDR", "LOG_LEVEL",
	"PRODEGE_SECRET_KEY", "PRODEGE_API_KEY", "PRODEGE_BASE_URL", "PRODEGE_POLL_EVERY", "PRODEGE_MAX_EVENT_AGE", "PROJECT_LINGER",
	"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL",
	"SLACK_ALERTS_CHANNEL", "SLACK_APPROVALS_CHANNEL", "SLACK_FINANCE_CHANNEL",
	"SLACK_APPROVERS", "SLACK_ESCALATION", "SLACK_POSTS_PER_SECOND",
	"APPROVAL_TIMEOUT", "APPROVAL_REMINDER_EVERY", "RESUME_TIMEOUT", "APPROVAL_HOURS",
	"CPI_AUTO_APPROVE_UP_TO", "CPI_SECOND_APPROVER_ABOVE", "CPI_CEILING",
	"ALERT_ACTIONS", "DIGEST", "DRY_RUN",
	"BILLING_URL", "BILLING_SIGNING_SECRET",
	"INBOX_DIR", "TEMPORAL_TASK_QUEUE", "TEMPORAL_UI_URL",
}

// Variables lists all that Load reads, for documentation and its tests.
func Variables() []string { return slices.Clone(variables) }

// Fault is what is wrong with one variable. Text says what it lacks, without the value of a secret.
type Fault struct {
	Variable string
	Text     string
}

// Faults is every fault of a configuration.
type Faults struct{ List []Fault }

// Error is one line a fault.
func (f *Faults) Error() string {
	lines := []string{"the configuration has faults:"}
	for _, fault := range f.List {
		lines = append(lines, "  "+fault.Variable+" "+fault.Text)
	}
	return strings.Join(lines, "\n")
}

// reader reads variables and gathers what is wrong with them. A variable that can't be read has its zero value.
type reader struct {
	getenv func(string) string
	faults []Fault
}

func (r *reader) fault(name, format string, args ...any) {
	r.faults = append(r.faults, Fault{name, fmt.Sprintf(format, args...)})
}

func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return slices.Index(variables, a.Variable) - slices.Index(variables, b.Variable)
	})
	return &Faults{r.faults}
}

func (r *reader) text(name, otherwise string) string {
	if value := strings.TrimSpace(r.getenv(name)); value != "" {
		return value
	}
	return otherwise
}

// word is a text without white space, such as a channel or a queue.
func (r *reader) word(name, otherwise string) string {
	value := r.text(name, otherwise)
	if strings.ContainsAny(value, " \t\r\n,") {
		r.fault(name, "must be one word: %q", value)
	}
	return value
}

func (r *reader) list(name string) []string {
	value := r.text(name, "")
	if value == "" {
		return nil
	}
	parts := strings.Split(value, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func (r *reader) secrets(name string) []Secret {
	var all []Secret
	for _, part := range r.list(name) {
		if part == "" {
			r.fault(name, "has an empty value beside a comma")
			return nil
		}
		all = append(all, Secret(part))
	}
	if len(all) > 2 { // one in use and one on its way out; more would only widen what passes
		r.fault(name, "takes two values at most, and has %d", len(all))
	}
	return all
}

// person is a user (U…, W…) or a user group (S…), as Slack writes ids.
var person = regexp.MustCompile(`^[UWS][A-Z0-9_]{1,63}$`)

func (r *reader) people(name string) []string {
	ids := r.list(name)
	for _, id := range ids {
		if !person.MatchString(id) {
			r.fault(name, "takes Slack ids of users (U…, W…) and user groups (S…), which %q is not", id)
		}
	}
	return ids
}

func (r *reader) duration(name string, otherwise time.Duration) time.Duration {
	value := r.text(name, "")
	if value == "" {
		return otherwise
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		r.fault(name, `must be a duration like "90s", "5m" or "24h": %q`, value)
		return 0
	}
	if d <= 0 {
		r.fault(name, "must be longer than nothing: %q", value)
	}
	return d
}

// url is an absolute http or https address, given an end that is a slash or has none.
func (r *reader) url(name, otherwise, end string) string {
	value := r.text(name, otherwise)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		r.fault(name, "must be an address that starts with http:// or https://") // it may hold a password: not shown
	case u.User != nil:
		r.fault(name, "must not hold a user or password")
	case u.Fragment != "":
		r.fault(name, "must not hold a fragment (#…)")
	case name == "BILLING_URL": // somebody else's address: as it is
		return value
	case u.RawQuery != "":
		r.fault(name, "must not hold a query (?…)")
	}
	return strings.TrimRight(value, "/") + end
}
