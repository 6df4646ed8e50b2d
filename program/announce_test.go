package program_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fieldmarshal/operator"
	"fieldmarshal/program"
)

// logged returns the lines of a log with a message.
func logged(t *testing.T, log, message string) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if line["msg"] == message {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestLimitsAreSaidAtStart: one line gives the limits in force, as a warning if nothing limits spending.
func TestLimitsAreSaidAtStart(t *testing.T) {
	for name, c := range map[string]struct {
		env   []string
		level string
		says  map[string]any
	}{
		"limits": {[]string{"CPI_CEILING=8", "CPI_SECOND_APPROVER_ABOVE=5", "CPI_AUTO_APPROVE_UP_TO=1", "PRODEGE_API_KEY=key", "SLACK_APPROVERS=U1, S2"}, "INFO", map[string]any{
			"CPI_CEILING": "8", "CPI_SECOND_APPROVER_ABOVE": "5", "CPI_AUTO_APPROVE_UP_TO": "1", "DRY_RUN": false, "SLACK_APPROVERS": "U1,S2", "PRODEGE_API_KEY": "set"}},
		"dry run": {[]string{"CPI_CEILING=8", "PRODEGE_API_KEY=key", "DRY_RUN=true"}, "WARN", map[string]any{"DRY_RUN": true}},
		"no ceiling": {nil, "WARN", map[string]any{
			"CPI_CEILING": "none: every approved amount is sent", "CPI_SECOND_APPROVER_ABOVE": "none: one approval is enough",
			"CPI_AUTO_APPROVE_UP_TO": "none: nothing is approved without a person", "DRY_RUN": false, "SLACK_APPROVERS": "U1"}},
		"anyone": {[]string{"CPI_CEILING=8", "SLACK_APPROVERS=anyone"}, "WARN", map[string]any{
			"PRODEGE_API_KEY": "none: nothing is read or accepted at Prodege, people are asked to do it by hand", "CPI_CEILING": "8", "SLACK_APPROVERS": "anyone: every member of our workspace who is in the channel can approve a CPI"}},
	} {
		for _, process := range []string{"ingress", "worker"} {
			t.Run(name+" "+process, func(t *testing.T) {
				p := start(t, process, enough(t, append(c.env, "APPROVAL_REMINDER_EVERY=24h")...))
				lines := logged(t, p.log.String(), "limits in force")
				if len(lines) != 1 || lines[0]["level"] != c.level {
					t.Fatalf("limits: %v, want one line at %s", lines, c.level)
				}
				for key, want := range c.says {
					if lines[0][key] != want {
						t.Errorf("%s is %v, want %v", key, lines[0][key], want)
					}
				}
				if starts := logged(t, p.log.String(), "fieldmarshal "+process+" starts"); len(starts) != 1 || starts[0]["go"] == "" || starts[0]["revision"] == "" {
					t.Errorf("what runs: %v", starts)
				}
				if !strings.Contains(p.log.String(), "APPROVAL_REMINDER_EVERY (24h0m0s) is not shorter than") {
					t.Errorf("a warning is missing:\n%s", p.log)
				}
				address := p.address
				if process == "ingress" {
					address = p.admin
				}
				if _, metrics := get(t, "http://"+address+"/metrics"); !strings.Contains(metrics, "fieldmarshal_build_info{") {
					t.Error("/metrics does not say what runs")
				}
			})
		}
	}
}

// TestConfigSaysWhereFrom: a value comes from the environment, the file, a Temporal profile or the defaults.
func TestConfigSaysWhereFrom(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(".env", "CPI_CEILING=8\nDRY_RUN=maybe\nCPI_CIELING=9\n")
	profile := write("temporal.toml", "[profile.default]\naddress = \"cloud.example:7233\"\nnamespace = \"ours\"\n")
	var stdout, stderr bytes.Buffer
	code := program.Run(t.Context(), program.Invocation{Args: []string{"config", "--json"}, Dir: dir, Stdout: &stdout, Stderr: &stderr,
		Env: []string{"SLACK_BOT_TOKEN=xoxb-1", "TEMPORAL_CONFIG_FILE=" + profile, "TEMPORAL_NAMESPACE=mine"}})
	var all []operator.Setting
	if err := json.Unmarshal(stdout.Bytes(), &all); err != nil || code != program.ExitUsage {
		t.Fatalf("exit code %d, %v: %s%s", code, err, &stdout, &stderr)
	}
	got := map[string]operator.Setting{}
	for _, s := range all {
		got[s.Variable] = s
	}
	for _, want := range []operator.Setting{
		{Variable: "CPI_CEILING", Value: "8", From: ".env"}, {Variable: "SLACK_BOT_TOKEN", Value: "set", From: "environment"},
		{Variable: "APPROVAL_TIMEOUT", Value: "24h", From: "default"}, {Variable: "TEMPORAL_ADDRESS", Value: "cloud.example:7233", From: "TEMPORAL_CONFIG_FILE"},
		{Variable: "TEMPORAL_NAMESPACE", Value: "mine", From: "environment"},
	} {
		if got[want.Variable] != want {
			t.Errorf("%+v, want %+v", got[want.Variable], want)
		}
	}
	for _, fault := range []string{".env line 3 sets CPI_CIELING, which is not read: write CPI_CEILING", "DRY_RUN must be true or false", "SLACK_APPROVERS is required and missing"} {
		if !strings.Contains(stderr.String(), fault) {
			t.Errorf("the fault %q is not told:\n%s", fault, &stderr)
		}
	}
}

// TestDoctorTellsOfTheFile: doctor reports a faulty line of .env, and every other command fails.
func TestDoctorTellsOfTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("CPI_CEILING=$8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for command, code := range map[string]int{"doctor": program.ExitFault, "list": program.ExitUsage} {
		out := &output{}
		got := program.Run(t.Context(), program.Invocation{Args: []string{command}, Dir: dir, Env: enough(t), Stdout: out, Stderr: out})
		if got != code || !strings.Contains(out.String(), ".env line 1 (CPI_CEILING) has a value with $") {
			t.Errorf("%s: exit code %d, want %d:\n%s", command, got, code, out)
		}
	}
}

func TestVersion(t *testing.T) {
	if code, out, _ := command(t, nil, "version"); code != program.ExitOK || !strings.HasPrefix(out, "fieldmarshal ") || !strings.Contains(out, "go1.") {
		t.Errorf("%d: %s", code, out)
	}
}
