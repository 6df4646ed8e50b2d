package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/config"
)

// given reads a .env file with that text, and an environment.
func given(t *testing.T, file string, environ ...string) config.Given {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Read(dir, environ)
}

func TestEnvironmentGoesBeforeFile(t *testing.T) {
	g := given(t, "SLACK_BOT_TOKEN=from-file\nexport HTTP_ADDR=\":9090\"\r\n\n  # a comment\nTEMPORAL_ADDRESS=temporal:7233\nDIGEST='Mon 09:00 UTC'\nLOG_LEVEL=\n",
		"SLACK_BOT_TOKEN=from-environment", "DIGEST=", "A=b=c", "=C:=C:\\")
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	want := config.Environment{"SLACK_BOT_TOKEN": "from-environment", "HTTP_ADDR": ":9090", "TEMPORAL_ADDRESS": "temporal:7233", "DIGEST": "", "LOG_LEVEL": "", "A": "b=c"}
	if diff := cmp.Diff(want, g.Environment); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if _, set := g.LookupEnv("DIGEST"); !set || !slices.Contains(g.Environ(), "TEMPORAL_ADDRESS=temporal:7233") {
		t.Error("the lookup for Temporal lacks a variable")
	}
	if len(g.Warnings) != 1 || g.Warnings[0].Variable != "DIGEST" || !strings.Contains(g.Warnings[0].Text, "is empty in the environment") {
		t.Errorf("warnings %v, want that an empty DIGEST hides the file's", g.Warnings)
	}
}

// TestBlanksAroundValues: what a file of secrets or a shell leaves beside a value is no part of it, not even of those that
// Temporal's own library reads.
func TestBlanksAroundValues(t *testing.T) {
	g := given(t, "", "TEMPORAL_NAMESPACE= surveys\n", "TEMPORAL_ADDRESS=temporal:7233\r\n", "CPI_CEILING=\t8 ", "OTHERS= x ")
	for name, want := range map[string]string{"TEMPORAL_NAMESPACE": "surveys", "TEMPORAL_ADDRESS": "temporal:7233", "CPI_CEILING": "8", "OTHERS": " x "} {
		if got, _ := g.LookupEnv(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestNoFileIsNoFault(t *testing.T) {
	if g := config.Read(t.TempDir(), []string{"A=b=c"}); g.Err() != nil || g.Get("A") != "b=c" {
		t.Errorf("%v, %v", g.Environment, g.Err())
	}
}

func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".env"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := config.Read(dir, nil).Err(); err == nil || !strings.Contains(err.Error(), ".env can't be read") {
		t.Errorf("fault of a folder in the file's place: %v", err)
	}
}

// TestNames: a misspelled name is never ignored silently.
func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		environ []string
		fault   string // empty: none
		warning string // empty: none
	}{
		"ours":                            {"CPI_CEILING=8\n", []string{"CPI_SECOND_APPROVER_ABOVE=5"}, "", ""},
		"misspelled in the file":          {"\nCPI_CEILLING=8", nil, ".env line 2 sets CPI_CEILLING, which is not read: write CPI_CEILING", ""},
		"of nobody in the file":           {"POSTGRES_PORT=1", nil, ".env line 1 sets POSTGRES_PORT, which is not read: remove it", ""},
		"misspelled of Compose's":         {"POSTGRES_PASWORD=1", nil, "write POSTGRES_PASSWORD", ""},
		"small letters in the file":       {"cpi_ceiling=8", nil, ".env line 1 sets a variable that is not read: write CPI_CEILING", ""},
		"a piece of a secret":             {"PRODEGE_API_KEY=x\nHUNTER2HUNTER2==", nil, ".env line 2 sets a variable that is not read: remove it", ""},
		"Compose's and others'":           {"POSTGRES_PASSWORD=x\nTEMPORAL_VERSION=1\nCOMPOSE_PROJECT_NAME=x\nDOCKER_HOST=x\nTEMPORAL_SOMETHING=x\nTEMPORAL_GRPC_META_A=b", nil, "", ""},
		"nearly one of Temporal's":        {"TEMPORAL_ADRESS=x", nil, "", "TEMPORAL_ADRESS is not read: write TEMPORAL_ADDRESS"},
		"misspelled in the environment":   {"", []string{"APPROVAL_TIMOUT=1h"}, "APPROVAL_TIMOUT is not read: write APPROVAL_TIMEOUT, which is not set", ""},
		"a letter too many":               {"", []string{"CPI_CEILLING=8"}, "write CPI_CEILING", ""},
		"two letters exchanged":           {"", []string{"CPI_CIELING=8"}, "write CPI_CEILING", ""},
		"two slips in a long name":        {"", []string{"PRODEGE_SECERT_KY=x"}, "write PRODEGE_SECRET_KEY", ""},
		"two slips in a short name":       {"", []string{"CPI_CELNG=8"}, "", ""},
		"small letters":                   {"", []string{"inbox_dir=x"}, "inbox_dir is not read: write INBOX_DIR", ""},
		"not a critical one":              {"", []string{"SLACK_ESCALATON=S1"}, "", "SLACK_ESCALATON is not read: write SLACK_ESCALATION"},
		"the right one is set":            {"", []string{"CPI_CEILLING=8", "CPI_CEILING=9"}, "", ""},
		"the right one is in the file":    {"CPI_CEILING=9", []string{"CPI_CEILLING=8"}, "", ""},
		"the right one is empty":          {"", []string{"CPI_CEILLING=8", "CPI_CEILING= "}, "write CPI_CEILING", ""},
		"another program's":               {"", []string{"HTTP_PROXY=x", "HOME=/", "TEMPORAL_ENV=prod", "BILLING_PORT=tcp://10.0.0.1:80"}, "", ""},
		"both names and a line are wrong": {"CPI_CEILING=$8", []string{"CPI_CIELING=8"}, ".env line 1 (CPI_CEILING) has a value with $", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := given(t, c.file, c.environ...)
			holds(t, "fault", errorText(g.Err()), c.fault)
			var warnings []string
			for _, w := range g.Warnings {
				warnings = append(warnings, w.Variable+" "+w.Text)
			}
			holds(t, "warning", strings.Join(warnings, "\n"), c.warning)
			if strings.Contains(errorText(g.Err()), "HUNTER2") {
				t.Errorf("a piece of a secret is told: %v", g.Err())
			}
		})
	}
}

func holds(t *testing.T, what, got, want string) {
	t.Helper()
	if (want == "") != (got == "") || !strings.Contains(got, want) {
		t.Errorf("%s %q, want %q", what, got, want)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestOneFaultForOneLine: a variable that a faulty line should have set is not reported as missing, too.
func TestOneFaultForOneLine(t *testing.T) {
	g := given(t, "PRODEGE_SECRET_KEY=pa$$word\nSLACK_BOT_TOKEM=xoxb-1\nSLACK_APPROVERS=“anyone”\nBILLING_URL=https://billing.example\n",
		"CPI_CEILING=lots", "BILLING_SIGNIN_SECRET=x", "SLACK_ALERT_CHANNEL=C1")
	_, err := config.Load(g.Get, config.Worker)
	var further []config.Fault
	if faults, ok := err.(*config.Faults); ok {
		further = faults.List
	}
	got := g.Err(further...).Error()
	want := `the configuration is invalid:
  .env line 1 (PRODEGE_SECRET_KEY) has a value with $, a quote, a backslash or #: put it in single quotes, NAME='value'
  .env line 2 sets SLACK_BOT_TOKEM, which is not read: write SLACK_BOT_TOKEN
  .env line 3 (SLACK_APPROVERS) has typographic quotes: write ' or "
  BILLING_SIGNIN_SECRET is not read: write BILLING_SIGNING_SECRET, which is not set
  SLACK_SIGNING_SECRET is required and missing
  SLACK_ALERTS_CHANNEL is required and missing; SLACK_ALERT_CHANNEL is set, but not read
  CPI_CEILING must be US dollars as a plain decimal number like "4.25": "lots"`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestSettings(t *testing.T) {
	g := given(t, "SLACK_ALERTS_CHANNEL=C1\nCPI_CEILING=8\nDIGEST='Mon 09:00 UTC'\nPRODEGE_SECRET_KEY=hunter2\nSLACK_ESCALATION=xoxb-hunter2\n",
		"CPI_CEILING=9", "DIGEST=", "BILLING_URL=https://billing.example/in?key=hunter2", "SLACK_API_URL=https://me:hunter2@slack.example/api/",
		"TEMPORAL_API_KEY=hunter2", "TEMPORAL_GRPC_META_AUTHORIZATION=hunter2", "ALERT_ACTIONS=")
	got := map[string]config.Setting{}
	for _, s := range g.Settings() {
		got[s.Name] = s
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows a secret: %q", s.Name, s.Value)
		}
	}
	for _, want := range []config.Setting{
		{Name: "CPI_CEILING", Value: "9", From: config.FromEnvironment},
		{Name: "DIGEST", Value: "", From: config.FromEnvironment},
		{Name: "ALERT_ACTIONS", Value: "on", From: config.FromDefault},
		{Name: "SLACK_ALERTS_CHANNEL", Value: "C1", From: config.FromFile},
		{Name: "SLACK_FINANCE_CHANNEL", Value: "C1", From: config.FromDefault},
		{Name: "PRODEGE_SECRET_KEY", Value: "set", From: config.FromFile},
		{Name: "PRODEGE_API_KEY", Value: "", From: config.FromDefault},
		{Name: "BILLING_URL", Value: "https://billing.example/in?…", From: config.FromEnvironment},
		{Name: "SLACK_API_URL", Value: "(an address, not shown)", From: config.FromEnvironment},
		{Name: "SLACK_ESCALATION", Value: "(a token, not shown)", From: config.FromFile},
		{Name: "TEMPORAL_ADDRESS", Value: "localhost:7233", From: config.FromDefault},
		{Name: "TEMPORAL_API_KEY", Value: "set", From: config.FromEnvironment},
		{Name: "TEMPORAL_GRPC_META_AUTHORIZATION", Value: "set", From: config.FromEnvironment},
	} {
		if diff := cmp.Diff(want, got[want.Name]); diff != "" {
			t.Errorf("setting (-want +got):\n%s", diff)
		}
	}
	if _, shown := got["TEMPORAL_TLS"]; shown {
		t.Error("a variable of the connection is shown that is not set and has no default")
	}
}
