package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/program"
)

// nobody is an address on which nothing listens.
const nobody = "127.0.0.1:1"

func enough(t *testing.T, more ...string) []string {
	return append([]string{
		"PRODEGE_SECRET_KEY=secret-of-prodege", "SLACK_BOT_TOKEN=xoxb-token", "SLACK_SIGNING_SECRET=signing-secret", "SLACK_ALERTS_CHANNEL=C1", "SLACK_APPROVERS=U1",
		"HTTP_ADDR=127.0.0.1:0", "INGRESS_ADMIN_ADDR=127.0.0.1:0", "WORKER_HTTP_ADDR=127.0.0.1:0", "INBOX_DIR=" + filepath.Join(t.TempDir(), "inbox"),
		"TEMPORAL_ADDRESS=" + nobody, "SLACK_API_URL=http://" + nobody + "/api/",
	}, more...)
}

// output collects what several goroutines write.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

// started is a running process.
type started struct {
	address string
	admin   string // of the ingress
	log     *output
	stop    func() int // returns the exit code
}

func start(t *testing.T, command string, env []string) started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, dir, listening, ended := &output{}, t.TempDir(), make(chan string, 1), make(chan int, 1)
	go func() {
		defer close(ended) // later calls of stop get 0 instead of blocking
		ended <- program.Run(ctx, program.Invocation{Args: []string{command}, Dir: dir, Env: env, Stdout: io.Discard, Stderr: log,
			Listening: func(address string) { listening <- address }})
	}()
	stop := sync.OnceValue(func() int { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	select {
	case address := <-listening:
		return started{address, adminAddress(log.String()), log, stop}
	case code := <-ended:
		t.Fatalf("it ended with %d:\n%s", code, log)
	case <-time.After(90 * time.Second):
		t.Fatalf("it does not listen:\n%s", log)
	}
	panic("unreachable")
}

// adminAddress returns the address of readiness and metrics from the ingress's log.
func adminAddress(log string) string {
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "the ingress serves readiness and metrics" {
			return entry.Addr
		}
	}
	return ""
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// TestIngressAlone: without Temporal and Slack it starts, is ready, keeps a delivery on disk, and exits with 0.
func TestIngressAlone(t *testing.T) {
	env := enough(t)
	p := start(t, "ingress", env)
	event := prodege.Event{ID: "644b075404443f2a3c77c7cb", Time: time.Now().In(prodege.Pacific()), ProjectID: 29303649, Status: prodege.Paused, Reason: prodege.SampleSize}
	contentType, body := prodege.EncodeEvents([]prodege.Event{event}, "secret-of-prodege", prodege.JSON)
	resp, err := http.Post("http://"+p.address+"/webhooks/prodege/project-status", contentType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(said), `"success":true`) {
		t.Errorf("the delivery was answered %d %s", resp.StatusCode, said)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": `"temporal":"does not answer at ` + nobody, "/metrics": "fieldmarshal_inbox_depth 1"} {
		at, not := p.admin, p.address
		if path == "/healthz" {
			at, not = not, at
		}
		if status, body := get(t, "http://"+at+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d, without %s: %s", path, status, want, body)
		}
		if status, _ := get(t, "http://"+not+path); status != http.StatusNotFound {
			t.Errorf("GET %s at the other address: %d", path, status)
		}
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(p.log.String(), "Temporal can't take events"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not say that Temporal is away:\n%s", p.log)
		}
	}
	dir := strings.TrimPrefix(env[slices.IndexFunc(env, func(s string) bool { return strings.HasPrefix(s, "INBOX_DIR=") })], "INBOX_DIR=")
	list, err := inbox.NewControl(dir).List(t.Context())
	if err != nil || len(list.Waiting) != 1 || list.Waiting[0].Event.ID != event.ID {
		t.Errorf("in the inbox: %+v, %v", list, err)
	}
	if code := p.stop(); code != program.ExitOK {
		t.Errorf("it ended with %d:\n%s", code, p.log)
	}
	if strings.Contains(p.log.String(), "secret-of-prodege") || strings.Contains(p.log.String(), "xoxb-token") {
		t.Error("a secret stands in the log")
	}
}

// TestHealth: a container's health check agrees with /readyz.
func TestHealth(t *testing.T) {
	ingress, worker := start(t, "ingress", enough(t)), start(t, "worker", enough(t))
	for _, c := range []struct {
		part, env string
		code      int
		says      string
	}{
		{"ingress", "INGRESS_ADMIN_ADDR=" + ingress.admin, program.ExitOK, `"ready":true`},
		{"worker", "WORKER_HTTP_ADDR=" + worker.address, program.ExitFault, "not ready"},
		{"ingress", "INGRESS_ADMIN_ADDR=" + nobody, program.ExitFault, "nothing answers"},
		{"both", "", program.ExitUsage, "both"},
	} {
		out := &output{}
		code := program.Run(t.Context(), program.Invocation{Args: []string{"health", c.part}, Dir: t.TempDir(), Env: []string{c.env}, Stdout: out, Stderr: out})
		if code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("health %s with %s: exit code %d, want %d, saying %q:\n%s", c.part, c.env, code, c.code, c.says, out)
		}
	}
}

// TestWorkerAlone: without Temporal it runs, is not ready, and exits with 0.
func TestWorkerAlone(t *testing.T) {
	p := start(t, "worker", enough(t))
	if status, body := get(t, "http://"+p.address+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, body)
	}
	if status, body := get(t, "http://"+p.address+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if code := p.stop(); code != program.ExitOK {
		t.Errorf("it ended with %d:\n%s", code, p.log)
	}
}

func TestExitCodes(t *testing.T) {
	busy := start(t, "worker", enough(t))
	for name, c := range map[string]struct {
		args []string
		env  []string
		code int
		says []string // on stderr
	}{
		"nothing configured": {args: []string{"ingress"}, code: program.ExitUsage,
			says: []string{"PRODEGE_SECRET_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_ALERTS_CHANNEL", "SLACK_APPROVERS"}},
		"all faults at once": {args: []string{"worker"}, code: program.ExitUsage, env: enough(t, "APPROVAL_HOURS=sometimes", "CPI_CEILING=0", "DRY_RUN=perhaps",
			"TEMPORAL_TLS_CLIENT_CERT_PATH=/nowhere/cert.pem", "TEMPORAL_TLS_CLIENT_KEY_PATH=/nowhere/key.pem"),
			says: []string{"APPROVAL_HOURS", "DRY_RUN", "TEMPORAL_"}},
		"another Temporal than was meant": {args: []string{"ingress"}, code: program.ExitUsage,
			env:  enough(t, "TEMPORAL_CONFIG_FILE=/nowhere/temporal.toml", "TEMPORAL_TLS=maybe", "TEMPORAL_ADDRESS=temporal"),
			says: []string{"TEMPORAL_CONFIG_FILE", "TEMPORAL_TLS must be true or false", "TEMPORAL_ADDRESS must be host:port"}},
		"a scheme before Temporal's address": {args: []string{"worker"}, code: program.ExitUsage, env: enough(t, "TEMPORAL_ADDRESS=http://temporal:7233"),
			says: []string{"TEMPORAL_ADDRESS must be host:port, without http://"}},
		"Temporal's namespace in quotes": {args: []string{"worker"}, code: program.ExitUsage, env: enough(t, `TEMPORAL_NAMESPACE="default"`),
			says: []string{"TEMPORAL_NAMESPACE has quotes around its value"}},
		"a misspelled limit": {args: []string{"worker"}, code: program.ExitUsage, env: enough(t, "CPI_CEILLING=8"), says: []string{"CPI_CEILLING is not read: write CPI_CEILING"}},
		"unknown command":    {args: []string{"egress"}, code: program.ExitUsage, says: []string{"egress"}},
		"unknown flag":       {args: []string{"worker", "--fast"}, code: program.ExitUsage, says: []string{"--fast"}},
		"address in use":     {args: []string{"ingress"}, env: enough(t, "HTTP_ADDR="+busy.address), code: program.ExitFault, says: []string{"in use"}},
		"help":               {args: []string{"--help"}, code: program.ExitOK},
	} {
		t.Run(name, func(t *testing.T) {
			log := &output{}
			code := program.Run(t.Context(), program.Invocation{Args: c.args, Dir: t.TempDir(), Env: c.env, Stdout: io.Discard, Stderr: log})
			if code != c.code {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, log)
			}
			for _, text := range c.says {
				if !strings.Contains(log.String(), text) {
					t.Errorf("it does not say %q:\n%s", text, log)
				}
			}
		})
	}
}
