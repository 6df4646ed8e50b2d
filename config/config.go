// Package config turns the environment, and a .env file where there is one, into one typed Config. Every
// fault is reported at once, each with the name of its variable; a fault never shows the value of a secret.
//
// Only the mains read it; they hand each part its own fields. It knows none of the parts: what it can't
// judge itself (the syntax of APPROVAL_HOURS) a main passes in as a Check. The TEMPORAL_ variables of the
// connection are read by Temporal's envconfig, for which Environment serves as the lookup.
package config

import (
	"log/slog"
	"time"
)

// Config is all of the configuration, checked. A zero field means "none", as its comment says.
type Config struct {
	HTTPAddr       string // HTTP_ADDR: the ingress listens here
	IngressAdmin   string // INGRESS_ADMIN_ADDR: the ingress's readiness and metrics
	WorkerHTTPAddr string // WORKER_HTTP_ADDR: the worker's health and metrics
	LogLevel       slog.Level

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
}

// Prodege is the supplier's side.
type Prodege struct {
	SecretKeys    []Secret // check webhooks; the first, the newest, signs calls; one or two
	APIKey        Secret   // empty: nothing is called
	BaseURL       string   // without a slash at its end
	PollEvery     time.Duration
	MaxEventAge   time.Duration // 0: no event is too old
	ProjectLinger time.Duration // how long a project is watched after its end
}

// Slack is the side of people.
type Slack struct {
	BotToken         Secret
	SigningSecrets   []Secret // each checks; one or two
	APIURL           string   // ends with a slash, as slack-go wants it
	AlertsChannel    string
	ApprovalsChannel string
	FinanceChannel   string
	Approvers        []string // users (U…, W…) and user groups (S…); empty: anyone in the channel
	Escalation       []string // likewise; empty: nobody is mentioned
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

// Both processes require the same four, so that one file serves both, and a fault in it shows wherever it
// is read first.
var required = map[string]Part{
	"PRODEGE_SECRET_KEY":   Ingress | Worker,
	"SLACK_BOT_TOKEN":      Ingress | Worker,
	"SLACK_SIGNING_SECRET": Ingress | Worker,
	"SLACK_ALERTS_CHANNEL": Ingress | Worker,
}

// Check is a rule for a variable that another package owns. It sees only values that are not empty.
type Check struct {
	Variable string
	Rule     func(value string) error
}

// Load reads the configuration for those parts from getenv, where an empty value is none. The error, a
// *Faults, lists every fault there is; the Config holds what could be read.
func Load(getenv func(string) string, parts Part, checks ...Check) (Config, error) {
	r := &reader{getenv: getenv}
	for _, name := range variables {
		if required[name]&parts != 0 && r.text(name, "") == "" {
			r.fault(name, "is required and missing")
		}
	}
	c := Config{
		HTTPAddr:       r.address("HTTP_ADDR", ":8080"),
		IngressAdmin:   r.address("INGRESS_ADMIN_ADDR", "127.0.0.1:8082"),
		WorkerHTTPAddr: r.address("WORKER_HTTP_ADDR", ":8081"),
		LogLevel:       r.level("LOG_LEVEL", slog.LevelInfo),
		Prodege:        r.prodege(),
		Slack:          r.slack(),
		Approval:       r.approval(),
		Billing:        r.billing(),
		AlertActions:   r.boolean("ALERT_ACTIONS", true, "on or off"),
		Digest:         r.weekly("DIGEST"),
		DryRun:         r.boolean("DRY_RUN", false, "true or false"),
		InboxDir:       r.text("INBOX_DIR", "./data/inbox"),
		TaskQueue:      r.word("TEMPORAL_TASK_QUEUE", "fieldmarshal"),
		TemporalUIURL:  r.url("TEMPORAL_UI_URL", "http://localhost:8233", ""),
	}
	for _, check := range checks {
		if value := r.text(check.Variable, ""); value != "" {
			if err := check.Rule(value); err != nil {
				r.fault(check.Variable, "%v", err)
			}
		}
	}
	return c, r.err()
}

func (r *reader) prodege() Prodege {
	return Prodege{
		SecretKeys:    r.secrets("PRODEGE_SECRET_KEY"),
		APIKey:        Secret(r.text("PRODEGE_API_KEY", "")),
		BaseURL:       r.url("PRODEGE_BASE_URL", "https://surveypmr.prodegeapis.com/prodegemr", ""),
		PollEvery:     r.duration("PRODEGE_POLL_EVERY", 6*time.Hour),
		MaxEventAge:   r.duration("PRODEGE_MAX_EVENT_AGE", 0),
		ProjectLinger: r.duration("PROJECT_LINGER", 720*time.Hour),
	}
}

func (r *reader) slack() Slack {
	alerts := r.word("SLACK_ALERTS_CHANNEL", "")
	return Slack{
		BotToken:         Secret(r.text("SLACK_BOT_TOKEN", "")),
		SigningSecrets:   r.secrets("SLACK_SIGNING_SECRET"),
		APIURL:           r.url("SLACK_API_URL", "https://slack.com/api", "/"),
		AlertsChannel:    alerts,
		ApprovalsChannel: r.word("SLACK_APPROVALS_CHANNEL", alerts),
		FinanceChannel:   r.word("SLACK_FINANCE_CHANNEL", alerts),
		Approvers:        r.people("SLACK_APPROVERS"),
		Escalation:       r.people("SLACK_ESCALATION"),
		PostsPerSecond:   r.rate("SLACK_POSTS_PER_SECOND", 1), // Slack: about one message a second a channel
	}
}

func (r *reader) approval() Approval {
	a := Approval{
		Timeout:             r.duration("APPROVAL_TIMEOUT", 24*time.Hour),
		ReminderEvery:       r.duration("APPROVAL_REMINDER_EVERY", 4*time.Hour),
		ResumeTimeout:       r.duration("RESUME_TIMEOUT", 5*time.Minute),
		Hours:               r.text("APPROVAL_HOURS", ""),
		AutoApproveUpTo:     r.dollars("CPI_AUTO_APPROVE_UP_TO"),
		SecondApproverAbove: r.dollars("CPI_SECOND_APPROVER_ABOVE"),
		Ceiling:             r.dollars("CPI_CEILING"),
	}
	r.below("CPI_AUTO_APPROVE_UP_TO", a.AutoApproveUpTo, "CPI_SECOND_APPROVER_ABOVE", a.SecondApproverAbove, false)
	r.below("CPI_SECOND_APPROVER_ABOVE", a.SecondApproverAbove, "CPI_CEILING", a.Ceiling, true)
	// Through the second approver's limit where there is one; without it, directly.
	if a.SecondApproverAbove == "" {
		r.below("CPI_AUTO_APPROVE_UP_TO", a.AutoApproveUpTo, "CPI_CEILING", a.Ceiling, true)
	}
	return a
}

func (r *reader) billing() Billing {
	b := Billing{URL: r.url("BILLING_URL", "", ""), SigningSecret: r.webhookSecret("BILLING_SIGNING_SECRET")}
	if r.text("BILLING_URL", "") != "" && r.text("BILLING_SIGNING_SECRET", "") == "" {
		r.fault("BILLING_SIGNING_SECRET", "is required where BILLING_URL is set")
	}
	return b
}
