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
	"strings"
	"time"
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
// *Faults, lists every fault; the Config contains what could be read, and defaults for the rest.
func Load(getenv func(string) string, parts Part, checks ...Check) (Config, error) {
	r := &reader{values: map[string]string{}}
	for _, v := range variables {
		r.read(v, strings.TrimSpace(getenv(v.name)), parts, checks)
	}
	if strings.TrimSpace(getenv("BILLING_URL")) != "" && strings.TrimSpace(getenv("BILLING_SIGNING_SECRET")) == "" {
		r.fault("BILLING_SIGNING_SECRET", "is required if BILLING_URL is set")
	}
	c := Config{
		HTTPAddr:         r.values["HTTP_ADDR"],
		IngressAdminAddr: r.values["INGRESS_ADMIN_ADDR"],
		WorkerHTTPAddr:   r.values["WORKER_HTTP_ADDR"],
		Prodege: Prodege{
			SecretKeys:     r.secrets("PRODEGE_SECRET_KEY"),
			APIKey:         Secret(r.values["PRODEGE_API_KEY"]),
			BaseURL:        r.url("PRODEGE_BASE_URL"),
			PollEvery:      r.duration("PRODEGE_POLL_EVERY"),
			MaxEventAge:    r.duration("PRODEGE_MAX_EVENT_AGE"),
			ProjectLinger:  r.duration("PROJECT_LINGER"),
			CallsPerSecond: r.rate("PRODEGE_CALLS_PER_SECOND"),
		},
		Slack: Slack{
			BotToken:         Secret(r.values["SLACK_BOT_TOKEN"]),
			SigningSecrets:   r.secrets("SLACK_SIGNING_SECRET"),
			APIURL:           r.url("SLACK_API_URL") + "/",
			AlertsChannel:    r.values["SLACK_ALERTS_CHANNEL"],
			ApprovalsChannel: r.values["SLACK_APPROVALS_CHANNEL"],
			FinanceChannel:   r.values["SLACK_FINANCE_CHANNEL"],
			Anyone:           r.values["SLACK_APPROVERS"] == anyone,
			Approvers:        split(strings.TrimPrefix(r.values["SLACK_APPROVERS"], anyone)),
			Escalation:       split(r.values["SLACK_ESCALATION"]),
			PostsPerSecond:   r.rate("SLACK_POSTS_PER_SECOND"),
		},
		Approval: Approval{
			Timeout:             r.duration("APPROVAL_TIMEOUT"),
			ReminderEvery:       r.duration("APPROVAL_REMINDER_EVERY"),
			ResumeTimeout:       r.duration("RESUME_TIMEOUT"),
			Hours:               r.values["APPROVAL_HOURS"],
			AutoApproveUpTo:     r.values["CPI_AUTO_APPROVE_UP_TO"],
			SecondApproverAbove: r.values["CPI_SECOND_APPROVER_ABOVE"],
			Ceiling:             r.values["CPI_CEILING"],
		},
		Billing: Billing{
			URL:           r.values["BILLING_URL"], // used exactly as it is
			SigningSecret: Secret(r.values["BILLING_SIGNING_SECRET"]),
		},
		AlertActions:  isYes(r.values["ALERT_ACTIONS"]),
		Digest:        r.values["DIGEST"],
		DryRun:        isYes(r.values["DRY_RUN"]),
		InboxDir:      r.values["INBOX_DIR"],
		TaskQueue:     r.values["TEMPORAL_TASK_QUEUE"],
		TemporalUIURL: r.url("TEMPORAL_UI_URL"),
	}
	_ = c.LogLevel.UnmarshalText([]byte(r.values["LOG_LEVEL"]))
	r.compare(c)
	r.warn(c)
	c.Warnings = r.warnings
	return c, r.err()
}
