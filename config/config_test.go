package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/config"
)

// enough is the minimal configuration with which a process starts.
func enough() map[string]string {
	return map[string]string{
		"PRODEGE_SECRET_KEY":   "key-of-prodege",
		"SLACK_BOT_TOKEN":      "xoxb-token",
		"SLACK_SIGNING_SECRET": "signing-secret",
		"SLACK_ALERTS_CHANNEL": "C0ALERTS",
		"SLACK_APPROVERS":      "U1",
	}
}

func load(env map[string]string, parts config.Part, checks ...config.Check) (config.Config, error) {
	return config.Load(func(name string) string { return env[name] }, parts, checks...)
}

func TestDefaults(t *testing.T) {
	got, err := load(enough(), config.Ingress|config.Worker)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		HTTPAddr: ":8080", IngressAdminAddr: "127.0.0.1:8082", WorkerHTTPAddr: ":8081", LogLevel: slog.LevelInfo,
		Prodege: config.Prodege{SecretKeys: []config.Secret{"key-of-prodege"}, BaseURL: "https://surveypmr.prodegeapis.com/prodegemr",
			PollEvery: 6 * time.Hour, ProjectLinger: 720 * time.Hour, CallsPerSecond: 5},
		Slack: config.Slack{BotToken: "xoxb-token", SigningSecrets: []config.Secret{"signing-secret"}, APIURL: "https://slack.com/api/",
			AlertsChannel: "C0ALERTS", ApprovalsChannel: "C0ALERTS", FinanceChannel: "C0ALERTS", Approvers: []string{"U1"}, PostsPerSecond: 1},
		Approval:     config.Approval{Timeout: 24 * time.Hour, ReminderEvery: 4 * time.Hour, ResumeTimeout: 5 * time.Minute},
		AlertActions: true, InboxDir: "./data/inbox", TaskQueue: "fieldmarshal", TemporalUIURL: "http://localhost:8233",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestEverythingSet(t *testing.T) {
	env := enough()
	for name, value := range map[string]string{
		"HTTP_ADDR": "127.0.0.1:0", "LOG_LEVEL": "debug", "PRODEGE_SECRET_KEY": "new, old", "PRODEGE_BASE_URL": "http://127.0.0.1:9/prodegemr/",
		"PRODEGE_MAX_EVENT_AGE": "48h", "PRODEGE_CALLS_PER_SECOND": "2.5", "SLACK_SIGNING_SECRET": "new,old", "SLACK_API_URL": "http://127.0.0.1:9/api",
		"SLACK_APPROVERS": "U1, W2,S3", "SLACK_POSTS_PER_SECOND": "0.5", "APPROVAL_HOURS": "Mon-Fri 08:00-19:00 America/New_York",
		"CPI_AUTO_APPROVE_UP_TO": "1", "CPI_SECOND_APPROVER_ABOVE": "5.5", "CPI_CEILING": "5.50", "ALERT_ACTIONS": "off",
		"DIGEST": "Mon 09:00 America/New_York", "DRY_RUN": "TRUE", "BILLING_URL": "https://billing.example/in?tenant=1",
		"BILLING_SIGNING_SECRET": "whsec_MfKQ9r8GKYqTwUPD8ILPZIo2LaLaSw4b", "TEMPORAL_TASK_QUEUE": "other", "TEMPORAL_UI_URL": "https://ui.example/",
	} {
		env[name] = value
	}
	got, err := load(env, config.Ingress)
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string][2]any{
		"keys":      {got.Prodege.SecretKeys, []config.Secret{"new", "old"}},
		"signing":   {got.Slack.SigningSecrets, []config.Secret{"new", "old"}},
		"base":      {got.Prodege.BaseURL, "http://127.0.0.1:9/prodegemr"},
		"slack url": {got.Slack.APIURL, "http://127.0.0.1:9/api/"},
		"approvers": {got.Slack.Approvers, []string{"U1", "W2", "S3"}},
		"billing":   {got.Billing.URL, "https://billing.example/in?tenant=1"},
		"ceiling":   {got.Approval.Ceiling, "5.50"},
		"calls":     {got.Prodege.CallsPerSecond, 2.5},
		"dry run":   {got.DryRun, true},
		"actions":   {got.AlertActions, false},
		"age":       {got.Prodege.MaxEventAge, 48 * time.Hour},
		"ui":        {got.TemporalUIURL, "https://ui.example"},
	}
	for name, c := range checks {
		if diff := cmp.Diff(c[1], c[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatPeopleWriteForYesAndNo(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "on": true, "Yes": true, "1": true, "false": false, "OFF": false, "no": false, "0": false} {
		env := enough()
		env["DRY_RUN"], env["ALERT_ACTIONS"] = value, value
		env["BILLING_SIGNING_SECRET"] = "whsec_MfKQ9r8GKYqTwUPD8ILPZIo2LaLaSw4b" // it may remain after BILLING_URL was removed
		if got, err := load(env, config.Worker); err != nil || got.DryRun != want || got.AlertActions != want {
			t.Errorf("%s: %t, %t, %v", value, got.DryRun, got.AlertActions, err)
		}
	}
}

func TestFaults(t *testing.T) {
	cases := []struct{ name, variable, value, fault string }{
		{"missing key", "PRODEGE_SECRET_KEY", "", "PRODEGE_SECRET_KEY is required and missing"},
		{"missing token", "SLACK_BOT_TOKEN", "  ", "SLACK_BOT_TOKEN is required and missing"},
		{"missing signing secret", "SLACK_SIGNING_SECRET", "", "SLACK_SIGNING_SECRET is required and missing"},
		{"missing channel", "SLACK_ALERTS_CHANNEL", "", "SLACK_ALERTS_CHANNEL is required and missing"},
		{"missing approvers", "SLACK_APPROVERS", "", "SLACK_APPROVERS is required and missing: write who may approve"},
		{"three keys", "PRODEGE_SECRET_KEY", "a,b,c", "PRODEGE_SECRET_KEY takes at most two values"},
		{"empty key", "SLACK_SIGNING_SECRET", "a,", "SLACK_SIGNING_SECRET has an empty value"},
		{"address", "HTTP_ADDR", "8080", "HTTP_ADDR must be an address"},
		{"port", "WORKER_HTTP_ADDR", ":http-alt-x", "WORKER_HTTP_ADDR must be an address"},
		{"level", "LOG_LEVEL", "loud", "LOG_LEVEL must be debug"},
		{"days", "APPROVAL_TIMEOUT", "1d", `APPROVAL_TIMEOUT must be a duration like "90s", "5m" or "24h": "1d"; days are written in hours, as in "24h"`},
		{"no unit", "APPROVAL_TIMEOUT", "24", `"24"; it needs a unit, as in "24h" for hours or "24m" for minutes`},
		{"a blank before the unit", "APPROVAL_TIMEOUT", "24 h", "APPROVAL_TIMEOUT must be a duration"},
		{"a word for the unit", "APPROVAL_TIMEOUT", "24hours", "APPROVAL_TIMEOUT must be a duration"},
		{"a comma in a duration", "APPROVAL_TIMEOUT", "1,5h", "APPROVAL_TIMEOUT must be a duration"},
		{"too long to be counted", "APPROVAL_TIMEOUT", "9999999h", "APPROVAL_TIMEOUT must be a duration"},
		{"no time", "RESUME_TIMEOUT", "0s", "RESUME_TIMEOUT must be greater than zero"},
		{"negative", "APPROVAL_REMINDER_EVERY", "-4h", "APPROVAL_REMINDER_EVERY must be greater than zero"},
		{"poll", "PRODEGE_POLL_EVERY", "often", "PRODEGE_POLL_EVERY must be a duration"},
		{"linger", "PROJECT_LINGER", "0", "PROJECT_LINGER must be greater than zero"},
		{"age", "PRODEGE_MAX_EVENT_AGE", "-1h", "PRODEGE_MAX_EVENT_AGE must be greater than zero"},
		{"url", "PRODEGE_BASE_URL", "surveypmr.prodegeapis.com", "PRODEGE_BASE_URL must be an address"},
		{"scheme", "SLACK_API_URL", "ftp://slack.com/api/", "SLACK_API_URL must be an address"},
		{"password", "TEMPORAL_UI_URL", "http://me:hunter2@ui", "TEMPORAL_UI_URL must not contain a user"},
		{"query", "SLACK_API_URL", "https://slack.com/api?x=1", "SLACK_API_URL must not contain a query"},
		{"no scheme", "BILLING_URL", "billing.example.com/invoices", "BILLING_URL must be an address that starts with http:// or https://"},
		{"admin address", "INGRESS_ADMIN_ADDR", "8082", "INGRESS_ADMIN_ADDR must be an address"},
		{"channel's name", "SLACK_ALERTS_CHANNEL", "#survey-alerts", "SLACK_ALERTS_CHANNEL must be a channel's id"},
		{"a name without #", "SLACK_APPROVALS_CHANNEL", "cpi-approvals", "SLACK_APPROVALS_CHANNEL must be a channel's id"},
		{"two channels", "SLACK_FINANCE_CHANNEL", "C1,C2", "SLACK_FINANCE_CHANNEL must be a channel's id"},
		{"a person for a channel", "SLACK_FINANCE_CHANNEL", "U1", "SLACK_FINANCE_CHANNEL must be a channel's id"},
		{"a token for a channel", "SLACK_FINANCE_CHANNEL", "xoxb-hunter2", `SLACK_FINANCE_CHANNEL must be a channel's id (C…, at the bottom of the channel's details), not its name: "(a token, not shown)"`},
		{"app-level token", "SLACK_BOT_TOKEN", "xapp-hunter2", "SLACK_BOT_TOKEN is an app-level token (xapp-…): take the Bot User OAuth Token (xoxb-…)"},
		{"a person's token", "SLACK_BOT_TOKEN", "xoxp-hunter2", "SLACK_BOT_TOKEN is a person's token (xoxp-…): take the Bot"},
		{"a token that expires", "SLACK_BOT_TOKEN", "xoxe.xoxb-hunter2", "SLACK_BOT_TOKEN is a token that expires"},
		{"token for signing secret", "SLACK_SIGNING_SECRET", "old,xoxb-hunter2", "SLACK_SIGNING_SECRET is a token: take the Signing Secret"},
		{"approver", "SLACK_APPROVERS", "U1,@ann", `SLACK_APPROVERS must be Slack ids`},
		{"anyone and somebody", "SLACK_APPROVERS", "anyone,U1", `or the word anyone alone, which "anyone" is not`},
		{"nearly anyone", "SLACK_APPROVERS", "Anyone", `SLACK_APPROVERS must be Slack ids`},
		{"anyone is mentioned", "SLACK_ESCALATION", "anyone", `SLACK_ESCALATION must be Slack ids`},
		{"quoted", "CPI_CEILING", `"8"`, "CPI_CEILING has quotes around its value"},
		{"single quotes", "SLACK_APPROVERS", "'anyone'", "SLACK_APPROVERS has quotes around its value"},
		{"typographic quotes", "PRODEGE_SECRET_KEY", "“hunter2”", "PRODEGE_SECRET_KEY has typographic quotes"},
		{"half of them", "DRY_RUN", "true”", "DRY_RUN has typographic quotes"},
		{"escalation", "SLACK_ESCALATION", "C0ALERTS", `SLACK_ESCALATION must be Slack ids`},
		{"rate", "SLACK_POSTS_PER_SECOND", "0", "SLACK_POSTS_PER_SECOND must be a number"},
		{"calls", "PRODEGE_CALLS_PER_SECOND", "many", "PRODEGE_CALLS_PER_SECOND must be a number"},
		{"not a rate", "SLACK_POSTS_PER_SECOND", "NaN", "SLACK_POSTS_PER_SECOND must be a number"},
		{"a rate with a comma", "SLACK_POSTS_PER_SECOND", "1,5", "SLACK_POSTS_PER_SECOND must be a number"},
		{"a negative rate", "PRODEGE_CALLS_PER_SECOND", "-1", "PRODEGE_CALLS_PER_SECOND must be a number"},
		{"a rate with its unit", "PRODEGE_CALLS_PER_SECOND", "5/s", "PRODEGE_CALLS_PER_SECOND must be a number"},
		{"a rate with an exponent", "PRODEGE_CALLS_PER_SECOND", "1e2", "PRODEGE_CALLS_PER_SECOND must be a number"},
		{"a hexadecimal rate", "PRODEGE_CALLS_PER_SECOND", "0x10", "PRODEGE_CALLS_PER_SECOND must be a number"},
		{"a rate at which nothing comes", "SLACK_POSTS_PER_SECOND", "0.001", "from 0.01 to 1000"},
		{"a rate beyond all", "SLACK_POSTS_PER_SECOND", "1001", "from 0.01 to 1000"},
		{"dollars", "CPI_CEILING", "$5", "CPI_CEILING must be US dollars"},
		{"a comma for the point", "CPI_CEILING", "4,25", "CPI_CEILING must be US dollars"},
		{"a comma for thousands", "CPI_CEILING", "1,000.50", "CPI_CEILING must be US dollars"},
		{"a currency", "CPI_CEILING", "4.25 USD", "CPI_CEILING must be US dollars"},
		{"below zero", "CPI_CEILING", "-4", "CPI_CEILING must be US dollars"},
		{"a sign", "CPI_SECOND_APPROVER_ABOVE", "+4", "CPI_SECOND_APPROVER_ABOVE must be US dollars"},
		{"a point first", "CPI_CEILING", ".5", "CPI_CEILING must be US dollars"},
		{"a point last", "CPI_CEILING", "5.", "CPI_CEILING must be US dollars"},
		{"too many decimals", "CPI_CEILING", "4.2500001", "CPI_CEILING must be US dollars"},
		{"none", "CPI_CEILING", "none", "CPI_CEILING must be US dollars"},
		{"a ceiling of nothing", "CPI_CEILING", "0.00", "CPI_CEILING is zero, so that nothing would ever be sent"},
		{"a byte order mark", "PRODEGE_SECRET_KEY", "\ufeffhunter2", "PRODEGE_SECRET_KEY has an invisible character"},
		{"a zero width space", "SLACK_APPROVERS", "U1\u200b", "SLACK_APPROVERS has an invisible character"},
		{"a no-break space inside", "DIGEST", "Mon\u00a009:00 UTC", "DIGEST has an invisible character"},
		{"two lines", "PRODEGE_SECRET_KEY", "hunter2\nhunter2", "PRODEGE_SECRET_KEY has more than one line"},
		{"one port for two", "INGRESS_ADMIN_ADDR", ":8080", "INGRESS_ADMIN_ADDR (:8080) and HTTP_ADDR (:8080) are the same port"},
		{"one port on another host", "INGRESS_ADMIN_ADDR", "127.0.0.1:8080", "are the same port"},
		{"a port too high", "HTTP_ADDR", ":70000", "HTTP_ADDR must be an address"},
		{"an address with a scheme", "HTTP_ADDR", "http://localhost:8080", "HTTP_ADDR must be an address"},
		{"a shell's home", "INBOX_DIR", "~/inbox", "INBOX_DIR begins with ~"},
		{"the example's secret", "BILLING_SIGNING_SECRET", "whsec_ZXhhbXBsZS1vbmx5LW1ha2UteW91ci1vd24tc2VjcmV0IQ==", "is the one from .env.example"},
		{"an organization for an approver", "SLACK_APPROVERS", "E0123", `which "E0123" is not`},
		{"a workspace for an approver", "SLACK_APPROVERS", "U1,T0123", `which "T0123" is not`},
		{"a comma at the end", "SLACK_APPROVERS", "U1,", `which "" is not`},
		{"a semicolon", "SLACK_APPROVERS", "U1;U2", `which "U1;U2" is not`},
		{"a blank for the comma", "SLACK_APPROVERS", "U1 U2", `which "U1 U2" is not`},
		{"a mention", "SLACK_APPROVERS", "<@U1>", `which "<@U1>" is not`},
		{"small letters", "SLACK_APPROVERS", "u0123", `which "u0123" is not`},
		{"everyone", "SLACK_APPROVERS", "everyone", `which "everyone" is not`},
		{"a direct message for a channel", "SLACK_ALERTS_CHANNEL", "D0123", "SLACK_ALERTS_CHANNEL must be a channel's id"},
		{"a channel's address", "SLACK_ALERTS_CHANNEL", "https://x.slack.com/archives/C0123", "SLACK_ALERTS_CHANNEL must be a channel's id"},
		{"a channel's mention", "SLACK_ALERTS_CHANNEL", "<#C0123|alerts>", "SLACK_ALERTS_CHANNEL must be a channel's id"},
		{"a channel's id in small letters", "SLACK_ALERTS_CHANNEL", "c0123", "SLACK_ALERTS_CHANNEL must be a channel's id"},
		{"exponent", "CPI_AUTO_APPROVE_UP_TO", "1e3", "CPI_AUTO_APPROVE_UP_TO must be US dollars"},
		{"on or off", "ALERT_ACTIONS", "maybe", "ALERT_ACTIONS must be on or off"},
		{"true or false", "DRY_RUN", "dry", "DRY_RUN must be true or false"},
		{"billing without secret", "BILLING_URL", "https://billing.example", "BILLING_SIGNING_SECRET is required if BILLING_URL is set"},
		{"no whsec", "BILLING_SIGNING_SECRET", "hunter2", "BILLING_SIGNING_SECRET must be whsec_"},
		{"short whsec", "BILLING_SIGNING_SECRET", "whsec_aHVudGVyMg==", "BILLING_SIGNING_SECRET is too short"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env := enough()
			env[c.variable] = c.value
			_, err := load(env, config.Ingress|config.Worker)
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s=%q: %v, want %q", c.variable, c.value, err, c.fault)
			}
			if err != nil && strings.Count(err.Error(), "\n  "+c.variable+" ") > 1 {
				t.Errorf("one fault is told more than once: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the fault shows a secret: %v", err)
			}
		})
	}
}

func TestLimitsMustBeInOrder(t *testing.T) {
	cases := []struct {
		auto, second, ceiling string
		fault                 string // the variable at fault; empty: none
	}{
		{"", "", "", ""},
		{"1", "2", "3", ""},
		{"1", "2", "2", ""},
		{"2", "", "2", ""},
		{"2", "2", "", "CPI_AUTO_APPROVE_UP_TO"},
		{"2.00", "2", "3", "CPI_AUTO_APPROVE_UP_TO"},
		{"10", "9", "", "CPI_AUTO_APPROVE_UP_TO"},
		{"4", "", "3.99", "CPI_AUTO_APPROVE_UP_TO"},
		{"", "3", "2", "CPI_SECOND_APPROVER_ABOVE"},
		{"", "10", "9", "CPI_SECOND_APPROVER_ABOVE"},
	}
	for _, c := range cases {
		env := enough()
		env["CPI_AUTO_APPROVE_UP_TO"], env["CPI_SECOND_APPROVER_ABOVE"], env["CPI_CEILING"] = c.auto, c.second, c.ceiling
		_, err := load(env, config.Worker)
		var faults *config.Faults
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.fault != "" && (!errors.As(err, &faults) || faults.List[0].Variable != c.fault):
			t.Errorf("%+v: %v, want a fault of %s", c, err, c.fault)
		}
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	env := map[string]string{"APPROVAL_TIMEOUT": "soon", "CPI_CEILING": "lots", "APPROVAL_HOURS": "sometimes", "BILLING_URL": "nowhere"}
	_, err := load(env, config.Ingress, config.Check{Variable: "APPROVAL_HOURS", Rule: func(string) error { return errors.New("is not hours") }})
	var faults *config.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("no faults: %v", err)
	}
	var got []string
	for _, f := range faults.List {
		got = append(got, f.Variable)
	}
	want := []string{"PRODEGE_SECRET_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_ALERTS_CHANNEL", "SLACK_APPROVERS", "APPROVAL_TIMEOUT",
		"APPROVAL_HOURS", "CPI_CEILING", "BILLING_URL", "BILLING_SIGNING_SECRET"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestOperatorRequiresNothing(t *testing.T) {
	if _, err := load(nil, config.Operator); err != nil {
		t.Error(err)
	}
	if _, err := load(map[string]string{"DRY_RUN": "what"}, config.Operator); err == nil {
		t.Error("a wrong value went unseen")
	}
}

func TestSecretsDontPrint(t *testing.T) {
	c, err := load(enough(), config.Worker)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "token", c.Slack.BotToken, "all", c)
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Slack.BotToken), string(asJSON), log.String()} {
		for _, secret := range []string{"key-of-prodege", "xoxb-token", "signing-secret"} {
			if strings.Contains(printed, secret) {
				t.Errorf("%s is printed in %s", secret, printed)
			}
		}
	}
	if c.Slack.BotToken.Reveal() != "xoxb-token" {
		t.Error("the secret itself is lost")
	}
}

func TestAnyone(t *testing.T) {
	env := enough()
	env["SLACK_APPROVERS"] = "anyone"
	got, err := load(env, config.Worker)
	if err != nil || !got.Slack.Anyone || got.Slack.Approvers != nil {
		t.Errorf("%+v, %v", got.Slack, err)
	}
}

func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct{ variable, value, text string }{
		"reminder as long as the timeout": {"APPROVAL_TIMEOUT", "4h", "(4h0m0s) is not shorter than APPROVAL_TIMEOUT (4h0m0s)"},
		"reminder longer":                 {"APPROVAL_REMINDER_EVERY", "48h", "(48h0m0s) is not shorter than APPROVAL_TIMEOUT (24h0m0s)"},
		"no token of a bot":               {"SLACK_BOT_TOKEN", "hunter2", "does not begin with xoxb-"},
		"one key for two":                 {"PRODEGE_API_KEY", "key-of-prodege", "is the same as PRODEGE_SECRET_KEY"},
		"Prodege without its path":        {"PRODEGE_BASE_URL", "https://surveypmr.prodegeapis.com", "write https://surveypmr.prodegeapis.com/prodegemr"},
		"Prodege with a call":             {"PRODEGE_BASE_URL", "https://surveypmr.prodegeapisqa.com/prodegemr/project-update", "write https://surveypmr.prodegeapisqa.com/prodegemr"},
		"Prodege in clear text":           {"PRODEGE_BASE_URL", "http://surveypmr.prodegeapis.com/prodegemr", "write https://"},
		"Prodege as it is":                {"PRODEGE_BASE_URL", "https://surveypmr.prodegeapisqa.com/prodegemr/", ""},
		"Slack without its path":          {"SLACK_API_URL", "https://slack.com", "write https://slack.com/api"},
		"a page of the Temporal UI":       {"TEMPORAL_UI_URL", "https://ui.example/temporal/namespaces/default/workflows", "write https://ui.example/temporal"},
		"nothing":                         {"APPROVAL_REMINDER_EVERY", "1h", ""},
	} {
		env := enough()
		env[c.variable] = c.value
		got, err := load(env, config.Worker)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		told := fmt.Sprint(got.Warnings)
		if (c.text == "") != (len(got.Warnings) == 0) || !strings.Contains(told, c.text) || strings.Contains(told, "hunter2") {
			t.Errorf("%s: warnings %v, want %q", name, got.Warnings, c.text)
		}
	}
}
