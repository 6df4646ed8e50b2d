package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/config"
)

// enough is the least that a process starts with.
func enough() map[string]string {
	return map[string]string{
		"PRODEGE_SECRET_KEY":   "key-of-prodege",
		"SLACK_BOT_TOKEN":      "xoxb-token",
		"SLACK_SIGNING_SECRET": "signing-secret",
		"SLACK_ALERTS_CHANNEL": "C0ALERTS",
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
		HTTPAddr: ":8080", IngressAdmin: "127.0.0.1:8082", WorkerHTTPAddr: ":8081", LogLevel: slog.LevelInfo,
		Prodege: config.Prodege{SecretKeys: []config.Secret{"key-of-prodege"}, BaseURL: "https://surveypmr.prodegeapis.com/prodegemr",
			PollEvery: 6 * time.Hour, ProjectLinger: 720 * time.Hour},
		Slack: config.Slack{BotToken: "xoxb-token", SigningSecrets: []config.Secret{"signing-secret"}, APIURL: "https://slack.com/api/",
			AlertsChannel: "C0ALERTS", ApprovalsChannel: "C0ALERTS", FinanceChannel: "C0ALERTS", PostsPerSecond: 1},
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
		"PRODEGE_MAX_EVENT_AGE": "48h", "SLACK_SIGNING_SECRET": "new,old", "SLACK_API_URL": "http://127.0.0.1:9/api",
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
		env["BILLING_SIGNING_SECRET"] = "whsec_MfKQ9r8GKYqTwUPD8ILPZIo2LaLaSw4b" // may stay where BILLING_URL was taken away
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
		{"three keys", "PRODEGE_SECRET_KEY", "a,b,c", "PRODEGE_SECRET_KEY takes two values at most"},
		{"empty key", "SLACK_SIGNING_SECRET", "a,", "SLACK_SIGNING_SECRET has an empty value"},
		{"address", "HTTP_ADDR", "8080", "HTTP_ADDR must be an address"},
		{"port", "WORKER_HTTP_ADDR", ":http-alt-x", "WORKER_HTTP_ADDR must be an address"},
		{"level", "LOG_LEVEL", "loud", "LOG_LEVEL must be debug"},
		{"duration", "APPROVAL_TIMEOUT", "1d", "APPROVAL_TIMEOUT must be a duration"},
		{"no time", "RESUME_TIMEOUT", "0s", "RESUME_TIMEOUT must be longer"},
		{"negative", "APPROVAL_REMINDER_EVERY", "-4h", "APPROVAL_REMINDER_EVERY must be longer"},
		{"poll", "PRODEGE_POLL_EVERY", "often", "PRODEGE_POLL_EVERY must be a duration"},
		{"linger", "PROJECT_LINGER", "0", "PROJECT_LINGER must be longer"},
		{"age", "PRODEGE_MAX_EVENT_AGE", "-1h", "PRODEGE_MAX_EVENT_AGE must be longer"},
		{"url", "PRODEGE_BASE_URL", "surveypmr.prodegeapis.com", "PRODEGE_BASE_URL must be an address"},
		{"scheme", "SLACK_API_URL", "ftp://slack.com/api/", "SLACK_API_URL must be an address"},
		{"password", "TEMPORAL_UI_URL", "http://me:hunter2@ui", "TEMPORAL_UI_URL must not hold a user"},
		{"query", "SLACK_API_URL", "https://slack.com/api?x=1", "SLACK_API_URL must not hold a query"},
		{"channel", "SLACK_FINANCE_CHANNEL", "money talk", "SLACK_FINANCE_CHANNEL must be one word"},
		{"approver", "SLACK_APPROVERS", "U1,@ann", `SLACK_APPROVERS takes Slack ids`},
		{"escalation", "SLACK_ESCALATION", "C0ALERTS", `SLACK_ESCALATION takes Slack ids`},
		{"rate", "SLACK_POSTS_PER_SECOND", "0", "SLACK_POSTS_PER_SECOND must be a number"},
		{"not a rate", "SLACK_POSTS_PER_SECOND", "NaN", "SLACK_POSTS_PER_SECOND must be a number"},
		{"dollars", "CPI_CEILING", "$5", "CPI_CEILING must be dollars"},
		{"exponent", "CPI_AUTO_APPROVE_UP_TO", "1e3", "CPI_AUTO_APPROVE_UP_TO must be dollars"},
		{"on or off", "ALERT_ACTIONS", "maybe", "ALERT_ACTIONS must be on or off"},
		{"true or false", "DRY_RUN", "dry", "DRY_RUN must be true or false"},
		{"digest", "DIGEST", "Monday 9:00 Mars", "DIGEST must be like"},
		{"billing without secret", "BILLING_URL", "https://billing.example", "BILLING_SIGNING_SECRET is required where BILLING_URL is set"},
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
	want := []string{"PRODEGE_SECRET_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_ALERTS_CHANNEL", "APPROVAL_TIMEOUT",
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

func TestEnvironmentGoesBeforeFile(t *testing.T) {
	dir := t.TempDir()
	file := "SLACK_BOT_TOKEN=from-file\nexport HTTP_ADDR=\":9090\" # a comment\nTEMPORAL_ADDRESS=temporal:7233\nEMPTY=from-file\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	env, err := config.ReadEnvironment(dir, []string{"SLACK_BOT_TOKEN=from-environment", "EMPTY="})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Environment{"SLACK_BOT_TOKEN": "from-environment", "HTTP_ADDR": ":9090", "TEMPORAL_ADDRESS": "temporal:7233", "EMPTY": ""}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if _, set := env.LookupEnv("EMPTY"); !set || !slices.Contains(env.Environ(), "TEMPORAL_ADDRESS=temporal:7233") {
		t.Error("the lookup for Temporal lacks a variable")
	}
}

func TestNoFileIsNoFault(t *testing.T) {
	if env, err := config.ReadEnvironment(t.TempDir(), []string{"A=b=c"}); err != nil || env.Get("A") != "b=c" {
		t.Errorf("%v, %v", env, err)
	}
}

func TestBrokenFileKeepsItsSecret(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("SLACK BOT=xoxb-hunter2\n'"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.ReadEnvironment(dir, nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), ".env") {
		t.Errorf("fault of a broken file: %v", err)
	}
}
