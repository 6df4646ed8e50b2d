package program_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fieldmarshal/operator"
	"fieldmarshal/program"
	"fieldmarshal/simulator"
)

// command runs an operator's command like the program.
func command(t *testing.T, env []string, args ...string) (code int, out, fault string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = program.Run(t.Context(), program.Invocation{Args: args, Dir: t.TempDir(), Env: env, Stdout: &stdout, Stderr: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestExitCodesOfCommands(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		args string
		code int
		says string
	}{
		"Temporal away":           {nil, "state 29303649", program.ExitFault, "temporal does not answer at " + nobody},
		"no such command":         {nil, "frobnicate", program.ExitUsage, "unknown command"},
		"no such flag":            {nil, "list --frob", program.ExitUsage, "--frob"},
		"no project":              {nil, "state", program.ExitUsage, "usage: fieldmarshal state <project>"},
		"a broken setting":        {[]string{"CPI_CEILING=many"}, "list", program.ExitUsage, "CPI_CEILING"},
		"a broken connection":     {[]string{"TEMPORAL_TLS_CLIENT_CERT_PATH=/nowhere/cert.pem", "TEMPORAL_TLS_CLIENT_KEY_PATH=/nowhere/key.pem"}, "list", program.ExitUsage, "TEMPORAL_"},
		"no ingress":              {nil, "refused", program.ExitFault, "no ingress answers"},
		"a misspelled process":    {nil, "wroker", program.ExitUsage, "Did you mean this?\n\tworker"},
		"a misspelled flag of it": {nil, "worker --history-limt 5", program.ExitUsage, "unknown flag: --history-limt"},
		"an argument too many":    {nil, "ingress now", program.ExitUsage, "usage: fieldmarshal ingress"},
		"health of nothing":       {nil, "health", program.ExitUsage, "usage: fieldmarshal health <ingress|worker>"},
		"health of what":          {nil, "health wrker", program.ExitUsage, "did you mean worker?"},
		"health of two":           {nil, "health worker ingress", program.ExitUsage, "usage: fieldmarshal health <ingress|worker>"},
		"completion is cobra's":   {nil, "completion bash", program.ExitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, fault := command(t, enough(t, c.env...), strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(fault, c.says) {
				t.Errorf("exit code %d, want %d; want %q in\n%s\n%s", code, c.code, c.says, fault, out)
			}
		})
	}
}

// TestDoctorAsksSlack: doctor reads token, scopes and channels with Slack's real protocol.
func TestDoctorAsksSlack(t *testing.T) {
	channels := []simulator.Channel{{ID: "C1", Name: "alerts"}, {ID: "C2", Name: "far", NotMember: true}}
	for name, c := range map[string]struct {
		token    string
		channel  string
		scopes   []string
		what     string
		verdict  operator.Verdict
		contains string
	}{
		"fine":                      {"xoxb-token", "C1", nil, "Slack channel SLACK_ALERTS_CHANNEL", operator.Fine, "#alerts"},
		"scopes":                    {"xoxb-token", "C1", nil, "Slack scopes", operator.Fine, "channels:history"},
		"not in the channel":        {"xoxb-token", "C2", nil, "Slack channel SLACK_ALERTS_CHANNEL", operator.Broken, "not in it"},
		"unknown channel":           {"xoxb-token", "C404", nil, "Slack channel SLACK_ALERTS_CHANNEL", operator.Broken, "channel_not_found"},
		"a scope is missing":        {"xoxb-token", "C1", []string{"channels:history"}, "Slack scopes", operator.Broken, "chat:write"},
		"nobody may decide":         {"xoxb-token", "C1", nil, "Slack approvers", operator.Broken, "nobody may decide"},
		"a token that is not valid": {"xoxb-other", "C1", nil, "Slack token", operator.Broken, "invalid_auth"},
	} {
		t.Run(name, func(t *testing.T) {
			slack := simulator.NewSlack(simulator.SlackOptions{BotToken: "xoxb-token", SigningSecret: "s", Channels: channels, Scopes: c.scopes})
			server := httptest.NewServer(slack.Handler())
			defer server.Close()
			slack.Set(func(o *simulator.SlackOptions) { o.URL = server.URL })
			env := enough(t, "SLACK_API_URL="+server.URL+"/api/", "SLACK_BOT_TOKEN="+c.token, "SLACK_ALERTS_CHANNEL="+c.channel, "SLACK_APPROVERS=S404")
			code, out, fault := command(t, env, "doctor", "--json")
			var d operator.Diagnosis
			if err := json.Unmarshal([]byte(out), &d); err != nil || code != program.ExitFault {
				t.Fatalf("%d, %v: %s%s", code, err, out, fault)
			}
			for _, check := range d.Checks {
				if check.What == c.what {
					if check.Verdict != c.verdict || !strings.Contains(check.Found, c.contains) {
						t.Errorf("%+v", check)
					}
					return
				}
			}
			t.Errorf("%s was not looked at: %s", c.what, out)
		})
	}
}

// TestSendReachesAnIngress: a running ingress accepts what send signs with the secret from the same environment, shows it in
// its inbox, and refuses what is signed with another.
func TestSendReachesAnIngress(t *testing.T) {
	env := enough(t)
	in := start(t, "ingress", env)
	env = append(env, "HTTP_ADDR="+in.address) // the later one counts
	code, out, fault := command(t, env, "send", "--project", "29303649", "--status", "PAUSED", "--reason", "158")
	if code != program.ExitOK || !strings.Contains(out, `"success":true`) {
		t.Fatalf("send: %d\n%s\n%s", code, out, fault)
	}
	if code, out, fault = command(t, env, "inbox"); code != program.ExitOK || !strings.Contains(out, "1 waiting") || !strings.Contains(out, "29303649") {
		t.Errorf("inbox list: %d\n%s\n%s", code, out, fault)
	}
	if code, _, fault = command(t, append(env, "PRODEGE_SECRET_KEY=another"), "send", "--project", "1", "--status", "LIVE"); code != program.ExitNoEffect {
		t.Errorf("another secret: %d %s", code, fault)
	}
	if code, out, fault = command(t, env, "refused"); code != program.ExitOK || !strings.Contains(out, "bad_signature") {
		t.Errorf("refused: %d\n%s\n%s", code, out, fault)
	}
}

// TestNoSecretIsShown: no command, failing or not, shows a secret.
func TestNoSecretIsShown(t *testing.T) {
	env := enough(t, "PRODEGE_API_KEY=api-key-of-prodege")
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	env = append(env, "PRODEGE_BASE_URL="+server.URL, "SLACK_API_URL="+server.URL+"/")
	for _, args := range []string{"doctor", "doctor --json", "config", "config --json", "send --project 1 --status LIVE --url " + server.URL} {
		_, out, fault := command(t, env, strings.Fields(args)...)
		for _, secret := range []string{"secret-of-prodege", "api-key-of-prodege", "xoxb-token", "signing-secret"} {
			if strings.Contains(out+fault, secret) {
				t.Errorf("%s shows %s:\n%s\n%s", args, secret, out, fault)
			}
		}
	}
}
