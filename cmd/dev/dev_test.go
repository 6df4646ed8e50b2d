package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fieldmarshal/devserver"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"

	"go.temporal.io/sdk/client"
)

// patience is how long a test waits for anything; it is only used up if one fails.
const patience = 3 * time.Minute

// patient is how dev runs in tests: on a busy machine, where what takes milliseconds takes seconds at times.
var patient = limits{ready: patience, step: patience, effect: 30 * time.Second, soon: 30 * time.Second, slack: 30 * time.Second}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		flag.Parse()
		if !slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.parallel") }) {
			_ = flag.Set("test.parallel", "3") // tests wait more than they compute
		}
		defer devserver.TestTurn()()
		return m.Run()
	}())
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

// running is dev as it runs.
type running struct {
	*stack
	out, err *output
	stop     func() int // and gives the exit code
}

// launch starts dev on free ports with its data in dir, where .env is looked for too.
func launch(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	return launchWith(t, dir, invocation{limits: patient}, args...)
}

// launchWith is launch with other limits or settings.
func launchWith(t *testing.T, dir string, i invocation, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{out: &output{}, err: &output{}}
	args = append([]string{"-data", filepath.Join(dir, "data"), "-http", "0", "-admin-http", "0", "-worker-http", "0", "-page", "0", "-temporal", "0", "-ui", "0"}, args...)
	up, ended := make(chan *stack, 1), make(chan int, 1)
	go func() {
		defer close(ended) // who asks after the first gets 0, and doesn't wait for ever
		i.args, i.dir, i.stdout, i.stderr, i.ready = args, dir, r.out, r.err, func(s *stack) { up <- s }
		ended <- run(ctx, i)
	}()
	r.stop = sync.OnceValue(func() int { cancel(); return <-ended })
	t.Cleanup(func() { r.stop() })
	select {
	case r.stack = <-up:
	case code := <-ended:
		t.Fatalf("it ended with %d:\n%s", code, r.err)
	case <-time.After(2 * patience): // Temporal, its UI, and all the rest
		t.Fatalf("it is not ready:\n%s", r.err)
	}
	return r
}

// state waits until a project's state is as wanted.
func (r *running) state(t *testing.T, id prodege.ProjectID, what string, is func(*project.State) bool) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: r.temporal.HostPort})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	flows := workflows.NewClient(c, workflows.TaskQueue)
	var last *project.State
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last, err = flows.Project(t.Context(), id); err == nil && is(last) {
			return
		}
	}
	t.Fatalf("waited in vain for %s; last %+v, %v", what, last, err)
}

// approves has somebody approve by a click, and waits until the project of the CPI pause is live at Prodege. Who is
// told that the click could not be recorded, as the machine is busy, clicks again.
func (r *running) approves(t *testing.T, user string, click func()) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		told := len(r.slack.Ephemerals(user))
		click()
		for again := false; !again; time.Sleep(20 * time.Millisecond) {
			if p, _ := r.prodege.Project(cpiProject); p.Status == prodege.Live {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("it was approved, and the project is not live\n%s", r.err)
			}
			for _, m := range r.slack.Ephemerals(user)[told:] {
				text := simulator.PlainText(m)
				again = again || strings.Contains(text, "could not be recorded right now") || strings.Contains(text, "can't be read from Slack right now")
			}
		}
	}
}

// TestDemo goes the newcomer's way: an alert, an open request, Approve, live again; after a restart all is
// still known. Whatever .env says, nothing goes to the real Prodege or billing.
func TestDemo(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer outside.Close()
	dir := t.TempDir()
	env := "PRODEGE_SECRET_KEY=real-secret\nPRODEGE_API_KEY=real-key\nPRODEGE_BASE_URL=" + outside.URL + "\nBILLING_URL=" + outside.URL +
		"/invoices\nBILLING_SIGNING_SECRET=whsec_cmVhbC1zaWduaW5nLXNlY3JldC0xMjM0\nTEMPORAL_ADDRESS=127.0.0.1:1\nPRODEGE_POLL_EVERY=1s\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	r := launch(t, dir, "-demo")
	for _, text := range []string{address(r.page), r.temporal.UIURL, address(r.http) + "/webhooks/prodege/project-status", "Prodege  is simulated", "press Approve as Ann"} {
		if !strings.Contains(r.out.String(), text) {
			t.Errorf("the output lacks %q:\n%s", text, r.out)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	alert, err := r.slack.WaitMessage(ctx, alertsChannel, func(m simulator.Message) bool { return strings.Contains(simulator.PlainText(m), "29303649") })
	if err != nil || !strings.Contains(strings.ToLower(simulator.PlainText(alert)), "simulated") {
		t.Errorf("the alert: %v\n%s", err, simulator.PlainText(alert))
	}
	request, err := r.slack.WaitMessage(ctx, approvalsChannel, func(m simulator.Message) bool { return len(simulator.Buttons(m)) > 0 })
	if err != nil {
		t.Fatal(err)
	}
	r.approves(t, approverAnn, func() {
		if _, err := r.slack.Click(ctx, simulator.Click{User: approverAnn, Channel: request.Channel, TS: request.TS, ActionID: "cpi_approve", Stale: true}); err != nil {
			t.Fatal(err)
		}
	})
	second := &output{}
	code := run(t.Context(), invocation{args: []string{"-demo", "-data", filepath.Join(dir, "data")}, dir: dir, stdout: second, stderr: second, limits: patient})
	if want := fmt.Sprintf("dev: a demo already runs here (%d)", port(r.page)); code != 1 || !strings.Contains(second.String(), want) {
		t.Errorf("a second demo in the folder ends with %d, and does not say %q:\n%s", code, want, second)
	}
	live := func(s *project.State) bool { return s.Status == prodege.Live }
	r.state(t, cpiProject, "the project to be live", live)
	if code := r.stop(); code != 0 || !strings.Contains(r.out.String(), "Stopping") {
		t.Errorf("it ended with %d:\n%s%s", code, r.out, r.err)
	}
	for _, part := range r.parts() { // a scenario that is still on starts what it stopped
		if err := part.Start(t.Context()); !errors.Is(err, errClosed) || !part.Stopped() {
			t.Errorf("%s starts after everything has stopped: %v", part.Name, err)
		}
	}

	r = launch(t, dir, "-data", filepath.Join(dir, "data", "demo"))
	r.state(t, cpiProject, "the project to be known after a restart", live)
	if p, ok := r.stack.prodege.Project(cpiProject); !ok || p.MaxCPI == nil || p.MaxCPI.String() != "4.25" {
		t.Errorf("after a restart the simulated project is %+v", p)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls went outside", n)
	}
}

// TestATakenPortIsNamed: what is used instead of a port that is in use is said.
func TestATakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &stack{flags: flags{httpPort: port(l)}}
	defer s.stop()
	if err := s.listen(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("Port %d is in use: the ingress is at %d instead.", port(l), port(s.http))
	if len(s.portsTaken) != 1 || s.portsTaken[0] != want {
		t.Errorf("it says %q, want %q", s.portsTaken, want)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a demo with the real Prodege": {[]string{"-demo", "-real"}, 2, "must never spend money"},
		"real without a real Slack":    {[]string{"-real"}, 1, "SLACK_BOT_TOKEN"},
		"an argument":                  {[]string{"demo"}, 2, `"demo"`},
		"an unknown flag":              {[]string{"-fast"}, 2, "fast"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &output{}
			dir := t.TempDir()
			code := run(t.Context(), invocation{args: append([]string{"-data", filepath.Join(dir, "data")}, c.args...), dir: dir, stdout: log, stderr: log})
			if code != c.code || !strings.Contains(log.String(), c.says) {
				t.Errorf("exit code %d, want %d, saying %q:\n%s", code, c.code, c.says, log)
			}
			if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
				t.Error("something was started")
			}
		})
	}
}
