package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// waitTimeout is how long a test waits for anything. It is long because other tests may keep the machine busy, and only
// a failing test takes that long.
const waitTimeout = 90 * time.Second

// process is the program running a subcommand. It can be killed and started again with the same address.
type process struct {
	t       *testing.T
	args    []string
	env     map[string]string
	dir     string
	addrVar string // the environment variable with its address
	admin   string // the URL of the ingress's readiness and metrics
	url     string
	log     *buffer

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has exited
	code int
}

// buffer collects a process's output. It is safe for concurrent use.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// launch starts the process and waits until it listens.
func (p *process) launch() {
	p.t.Helper()
	seen := len(p.log.String())
	p.cmd = exec.Command(program, p.args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, p.log, p.log
	p.cmd.Env = []string{"HOME=" + p.dir}
	for name, value := range p.env {
		if value != "" {
			p.cmd.Env = append(p.cmd.Env, name+"="+value)
		}
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	p.done = done
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait()
		p.code = cmd.ProcessState.ExitCode()
		close(done)
	}(p.cmd)
	await(p.t, p.args[0]+" to listen", func() bool {
		if p.exited() {
			p.t.Fatalf("%s exited with code %d", p.args[0], p.code)
		}
		return p.parseAddress(p.log.String()[seen:])
	})
	p.env[p.addrVar] = strings.TrimPrefix(p.url, "http://") // keep the address across restarts
}

// parseAddress reads the address from the log, and reports whether it is there.
func (p *process) parseAddress(log string) bool {
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && strings.HasSuffix(entry.Msg, " listens") {
			p.url = "http://" + entry.Addr
			return true
		}
	}
	return false
}

func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// waitReady waits until the process is ready.
func (p *process) waitReady() {
	p.t.Helper()
	await(p.t, p.args[0]+" to be ready", func() bool {
		if p.exited() {
			p.t.Fatalf("%s exited with code %d", p.args[0], p.code)
		}
		status, _ := p.get("/readyz")
		return status == http.StatusOK
	})
}

// get returns the status and the body of a GET request, or 0 and the error.
func (p *process) get(path string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	base := p.url
	if p.admin != "" && path != "/healthz" {
		base = p.admin
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// kill kills the process.
func (p *process) kill() {
	p.t.Helper()
	_ = p.cmd.Process.Kill()
	p.wait()
}

// stop asks the process to exit, as an orchestrator does, and checks that it does so with code 0.
func (p *process) stop() {
	p.t.Helper()
	if p.exited() {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.wait()
	if p.code != 0 {
		p.t.Errorf("%s exited with code %d after SIGTERM", p.args[0], p.code)
	}
}

func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(waitTimeout):
		_ = p.cmd.Process.Kill()
		p.t.Fatalf("%s does not exit", p.args[0])
	}
}

// await polls until a condition is true, for when there is no event to wait for.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(waitTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		<-tick.C
	}
}
