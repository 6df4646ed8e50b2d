// Package config turns the environment, and the .env file if there is one, into a typed Config. It reports all faults at
// once, each with the name of its variable and never with the value of a secret.
//
// Only the mains use it; they pass each part its own fields. It does not know the parts: a rule that it can't check itself,
// such as the syntax of APPROVAL_HOURS, is passed in as a Check. The TEMPORAL_ variables of the connection are read by
// Temporal's envconfig, which looks them up in Environment.
//
// Mistakes that other programs ignore silently are faults, too: an unknown name, a line of .env that programs read
// differently, a value with its quotes around it.
package config

import (
	"log/slog"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Config is the whole configuration, checked. A zero field means that there is none.
type Config struct {
	HTTPAddr         string // HTTP_ADDR: the ingress listens here
	IngressAdminAddr string // INGRESS_ADMIN_ADDR: the ingress's readiness and metrics
	WorkerHTTPAddr   string // WORKER_HTTP_ADDR: the worker's health and metrics
	LogLevel         slog.Level

	Prodege  Prodege
	Slack    Slack
	Approval Approval
	Billing  Billing

	AlertActions bool   // ALERT_ACTIONS: alerts have buttons that act at Prodege
	Digest       string // DIGEST, such as "Mon 09:00 America/New_York"; empty: none
	DryRun       bool   // record and announce decisions, send nothing

	InboxDir string // where deliveries are kept until Temporal has them

	TaskQueue     string // TEMPORAL_TASK_QUEUE
	TemporalUIURL string // without a trailing slash

	Warnings []Fault // what may be a mistake; to be logged at start
}

// Prodege configures the supplier's side.
type Prodege struct {
	SecretKeys    []Secret // one or two: all verify webhooks, the first signs calls
	APIKey        Secret   // empty: Prodege is never called
	BaseURL       string   // without a trailing slash
	PollEvery     time.Duration
	MaxEventAge   time.Duration // 0: no event is too old
	ProjectLinger time.Duration // how long a project's workflow stays open after its end

	CallsPerSecond float64 // per worker
}

// Slack configures Slack.
type Slack struct {
	BotToken         Secret
	SigningSecrets   []Secret // one or two: all verify requests
	APIURL           string   // with a trailing slash, as slack-go requires
	AlertsChannel    string
	ApprovalsChannel string
	FinanceChannel   string
	Anyone           bool     // every member of our workspace who is in the channel may approve
	Approvers        []string // users (U…, W…) and user groups (S…) who may approve; empty if anyone may
	Escalation       []string // users and user groups; empty: nobody is mentioned
	PostsPerSecond   float64  // per channel
}

// Approval configures how CPI requests are decided. Amounts are US dollars as plain decimal text, such as "4.25", for
// prodege.ParseUSD; an empty one means none.
type Approval struct {
	Timeout             time.Duration
	ReminderEvery       time.Duration
	ResumeTimeout       time.Duration
	Hours               string // APPROVAL_HOURS; empty: always
	AutoApproveUpTo     string
	SecondApproverAbove string
	Ceiling             string // nothing above it is ever sent
}

// Billing configures where invoices are sent. If URL is empty, people in the finance channel create them.
type Billing struct {
	URL           string
	SigningSecret Secret // whsec_…
}

// Part is a process of the program, or a combination of several (Ingress | Worker).
type Part uint8

// The parts. For the operator's commands values are checked but none is required: each command says what it lacks.
const (
	Operator Part = 0
	Ingress  Part = 1 << iota
	Worker
)

// Check is a rule of another package for a variable. It is only called with nonempty values.
type Check struct {
	Variable string
	Rule     func(value string) error
}

// Load reads the configuration for the given parts. getenv must return "" for a variable that is not set. The error, a
// *Faults, lists every fault; the Config contains what could be read.
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
		r.warn("PRODEGE_API_KEY", "is the same as PRODEGE_SECRET_KEY: Prodege issues two keys, one that identifies the account (apik) and one that signs")
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
		r.fault("CPI_CEILING", "is zero, so that nothing would ever be sent: leave it out for no ceiling, or write DRY_RUN=true")
	}
	r.below("CPI_AUTO_APPROVE_UP_TO", a.AutoApproveUpTo, "CPI_SECOND_APPROVER_ABOVE", a.SecondApproverAbove, false)
	r.below("CPI_SECOND_APPROVER_ABOVE", a.SecondApproverAbove, "CPI_CEILING", a.Ceiling, true)
	// If there is a second approver's limit, it implies this one.
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
		r.fault("BILLING_SIGNING_SECRET", "is required if BILLING_URL is set")
	}
	return b
}
