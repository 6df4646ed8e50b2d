// Package config turns the environment, and a .env file where there is one, into one typed Config. Every
// fault is reported at once, each with the name of its variable; a fault never shows the value of a secret.
//
// Only the mains read it; they hand each part its own fields. It knows none of the parts: what it can't
// judge itself (the syntax of APPROVAL_HOURS) a main passes in as a Check. The TEMPORAL_ variables of the
// connection are read by Temporal's envconfig, for which Environment serves as the lookup.
//
// What would be passed over in silence is a fault, too: a name that nobody reads, a line of .env that programs
// read differently, a value with its quotes around it.
package config

import (
	"log/slog"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Config is all of the configuration, checked. A zero field means "none", as its comment says.
type Config struct {
	HTTPAddr         string // HTTP_ADDR: the ingress listens here
	IngressAdminAddr string // INGRESS_ADMIN_ADDR: the ingress's readiness and metrics
	WorkerHTTPAddr   string // WORKER_HTTP_ADDR: the worker's health and metrics
	LogLevel         slog.Level

	Prodege  Prodege
	Slack    Slack
	Approval Approval
	Billing  Billing

	AlertActions bool   // ALERT_ACTIONS: alerts carry buttons that act at Prodege
	Digest       string // DIGEST, such as "Mon 09:00 America/New_York"; empty: none
	DryRun       bool   // decide and tell, send nothing

	InboxDir string // deliveries on disk until Temporal has them

	TaskQueue     string // TEMPORAL_TASK_QUEUE
	TemporalUIURL string // without a slash at its end

	Warnings []Fault // what may not be meant so; to be said at start
}

// Prodege is the supplier's side.
type Prodege struct {
	SecretKeys    []Secret // check webhooks; the first, the newest, signs calls; one or two
	APIKey        Secret   // empty: nothing is called
	BaseURL       string   // without a slash at its end
	PollEvery     time.Duration
	MaxEventAge   time.Duration // 0: no event is too old
	ProjectLinger time.Duration // how long a project is watched after its end

	CallsPerSecond float64 // of one worker, all calls together
}

// Slack is the side of people.
type Slack struct {
	BotToken         Secret
	SigningSecrets   []Secret // each checks; one or two
	APIURL           string   // ends with a slash, as slack-go wants it
	AlertsChannel    string
	ApprovalsChannel string
	FinanceChannel   string
	Anyone           bool     // everybody in the channel, of our own workspace, may approve
	Approvers        []string // users (U…, W…) and user groups (S…) who may approve; empty if anyone may
	Escalation       []string // users and user groups; empty: nobody is mentioned
	PostsPerSecond   float64  // a channel
}

// Approval is how CPI requests are decided. The amounts are dollars in plain decimal text, such as "4.25",
// which prodege.ParseUSD reads; an empty one means none.
type Approval struct {
	Timeout             time.Duration
	ReminderEvery       time.Duration
	ResumeTimeout       time.Duration
	Hours               string // APPROVAL_HOURS; empty: always
	AutoApproveUpTo     string
	SecondApproverAbove string
	Ceiling             string // nothing above it is ever sent
}

// Billing is where invoices go. An empty URL: to people in the finance channel.
type Billing struct {
	URL           string
	SigningSecret Secret // whsec_…
}

// Part is a process of the program, or several of them in one (Ingress | Worker).
type Part uint8

// The parts. The operator's commands check what is there and require nothing: each says itself what it lacks.
const (
	Operator Part = 0
	Ingress  Part = 1 << iota
	Worker
)

// Check is a rule for a variable that another package owns. It sees only values that are not empty.
type Check struct {
	Variable string
	Rule     func(value string) error
}

// Load reads the configuration for those parts from getenv, where an empty value is none. The error, a
// *Faults, lists every fault there is; the Config holds what could be read.
func Load(getenv func(string) string, parts Part, checks ...Check) (Config, error) {
	r := &reader{getenv: getenv}
	r.unquoted()
	r.required(parts)
	c := Config{
		HTTPAddr:         r.address("HTTP_ADDR"),
		IngressAdminAddr: r.address("INGRESS_ADMIN_ADDR"),
		WorkerHTTPAddr:   r.address("WORKER_HTTP_ADDR"),
		LogLevel:         r.level("LOG_LEVEL"),
		Prodege:          r.prodege(),
		Slack:            r.slack(),
		Approval:         r.approval(),
		Billing:          r.billing(),
		AlertActions:     r.boolean("ALERT_ACTIONS", "on or off"),
		Digest:           r.weekly("DIGEST"),
		DryRun:           r.boolean("DRY_RUN", "true or false"),
		InboxDir:         r.folder("INBOX_DIR"),
		TaskQueue:        r.word("TEMPORAL_TASK_QUEUE"),
		TemporalUIURL:    r.url("TEMPORAL_UI_URL", ""),
	}
	r.apart("HTTP_ADDR", "INGRESS_ADMIN_ADDR")
	r.pages()
	for _, check := range checks {
		if value := r.given(check.Variable); value != "" {
			if err := check.Rule(value); err != nil {
				r.fault(check.Variable, "%v", err)
			}
		}
	}
	c.Warnings = r.warnings
	return c, r.err()
}

func (r *reader) prodege() Prodege {
	if key := r.given("PRODEGE_API_KEY"); key != "" && slices.Contains(r.list("PRODEGE_SECRET_KEY"), key) {
		r.warn("PRODEGE_API_KEY", "is the same as PRODEGE_SECRET_KEY: Prodege gives two keys, one that names the account (apik) and one that signs")
	}
	return Prodege{
		SecretKeys:    r.secrets("PRODEGE_SECRET_KEY"),
		APIKey:        Secret(r.text("PRODEGE_API_KEY")),
		BaseURL:       r.url("PRODEGE_BASE_URL", ""),
		PollEvery:     r.duration("PRODEGE_POLL_EVERY"),
		MaxEventAge:   r.duration("PRODEGE_MAX_EVENT_AGE"),
		ProjectLinger: r.duration("PROJECT_LINGER"),

		CallsPerSecond: r.rate("PRODEGE_CALLS_PER_SECOND"),
	}
}

func (r *reader) approval() Approval {
	a := Approval{
		Timeout:             r.duration("APPROVAL_TIMEOUT"),
		ReminderEvery:       r.duration("APPROVAL_REMINDER_EVERY"),
		ResumeTimeout:       r.duration("RESUME_TIMEOUT"),
		Hours:               r.text("APPROVAL_HOURS"),
		AutoApproveUpTo:     r.dollars("CPI_AUTO_APPROVE_UP_TO"),
		SecondApproverAbove: r.dollars("CPI_SECOND_APPROVER_ABOVE"),
		Ceiling:             r.dollars("CPI_CEILING"),
	}
	if a.Ceiling != "" && decimal.RequireFromString(a.Ceiling).IsZero() {
		r.fault("CPI_CEILING", "is zero, with which nothing is ever sent: leave it out for none, or write DRY_RUN=true")
	}
	r.below("CPI_AUTO_APPROVE_UP_TO", a.AutoApproveUpTo, "CPI_SECOND_APPROVER_ABOVE", a.SecondApproverAbove, false)
	r.below("CPI_SECOND_APPROVER_ABOVE", a.SecondApproverAbove, "CPI_CEILING", a.Ceiling, true)
	// Through the second approver's limit where there is one; without it, directly.
	if a.SecondApproverAbove == "" {
		r.below("CPI_AUTO_APPROVE_UP_TO", a.AutoApproveUpTo, "CPI_CEILING", a.Ceiling, true)
	}
	if a.Timeout > 0 && a.ReminderEvery >= a.Timeout {
		r.warn("APPROVAL_REMINDER_EVERY", "(%s) is not shorter than APPROVAL_TIMEOUT (%s): a request expires before anybody is reminded; write a shorter one", a.ReminderEvery, a.Timeout)
	}
	return a
}

func (r *reader) billing() Billing {
	b := Billing{URL: r.url("BILLING_URL", ""), SigningSecret: r.webhookSecret("BILLING_SIGNING_SECRET")}
	if !r.missing("BILLING_URL") && r.missing("BILLING_SIGNING_SECRET") {
		r.fault("BILLING_SIGNING_SECRET", "is required where BILLING_URL is set")
	}
	return b
}
