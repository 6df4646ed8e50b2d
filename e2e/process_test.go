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

// patience is how long a test waits for anything. It is long because other tests may keep the machine busy, and only a
// failing test takes that long.
const waitTimeout = 90 * time.Second

// process is the program running a subcommand. It may be killed and started again, at the same address.
type process struct {
	t       *testing.T
	args    []string
	env     map[string]string
	dir     string
	addrVar string // the variable with its address
	admin   string // the ingress's address for readiness and metrics
	url     string
	log     *buffer

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	code int
}

// buffer collects a process's output and may be read at the same time.
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
			p.t.Fatalf("%s ended with code %d", p.args[0], p.code)
		}
		return p.parseAddress(p.log.String()[seen:])
	})
	p.env[p.addrVar] = strings.TrimPrefix(p.url, "http://") // the same after a restart
}

// listens finds the address in the log.
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

// ready waits until the process says that it is ready.
func (p *process) waitReady() {
	p.t.Helper()
	await(p.t, p.args[0]+" to be ready", func() bool {
		if p.exited() {
			p.t.Fatalf("%s ended with code %d", p.args[0], p.code)
		}
		status, _ := p.get("/readyz")
		return status == http.StatusOK
	})
}

func (p *process) get(path string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	at := p.url
	if p.admin != "" && path != "/healthz" {
		at = p.admin
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
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
		p.t.Errorf("%s was asked to stop and ended with code %d", p.args[0], p.code)
	}
}

func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(waitTimeout):
		_ = p.cmd.Process.Kill()
		p.t.Fatalf("%s does not end", p.args[0])
	}
}

// await polls until a condition is true, if there is no event to wait for.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(waitTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		<-tick.C
	}
}
