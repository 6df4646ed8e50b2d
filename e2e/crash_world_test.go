package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"fieldmarshal/devserver"
	"fieldmarshal/simulator"
)

// Environment variables that make this test program run Temporal, so that a test can kill it.
const (
	temporalFileVar = "E2E_TEMPORAL_FILE"
	temporalPortVar = "E2E_TEMPORAL_PORT"
)

func init() {
	if file := os.Getenv(temporalFileVar); file != "" {
		runTemporal(file)
	}
}

// runTemporal runs Temporal, with its data in a file, until it is killed.
func runTemporal(file string) {
	port, _ := strconv.Atoi(os.Getenv(temporalPortVar))
	s, err := devserver.Start(context.Background(), devserver.Options{File: file, Port: port, UIPort: -1, Namespaces: []string{client.DefaultNamespace}, Timeout: waitTimeout})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("listening on", s.HostPort)
	select {}
}

// temporalProcess is a Temporal server whose data in a file survives kill -9.
type temporalProcess struct {
	t        *testing.T
	file     string
	hostPort string
	cmd      *exec.Cmd
}

func newTemporalProcess(t *testing.T) *temporalProcess {
	t.Helper()
	// This process reserves the port, because a reservation by the child would end with it.
	k := &temporalProcess{t: t, file: filepath.Join(t.TempDir(), "temporal.db"), hostPort: ownAddress(t)}
	k.launch()
	t.Cleanup(k.kill)
	return k
}

func (k *temporalProcess) launch() {
	k.t.Helper()
	_, port, _ := strings.Cut(k.hostPort, ":")
	k.cmd = exec.Command(os.Args[0])
	k.cmd.Env = append(os.Environ(), temporalFileVar+"="+k.file, temporalPortVar+"="+port)
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "listening on "+k.hostPort+"\n" {
		k.t.Fatalf("temporal does not start: %s %v", line, err)
	}
}

func (k *temporalProcess) kill() {
	_ = k.cmd.Process.Kill()
	_ = k.cmd.Wait()
}

// trapped is a world whose processes make all calls through traps.
type trapped struct {
	*world
	*traps
	ownTemporal *temporalProcess // nil: the server shared by all tests
}

func newTrapped(t *testing.T, own bool, plans ...func(*plan)) *trapped {
	t.Helper()
	ts := &traps{}
	w := &trapped{traps: ts}
	hostPort := server.HostPort
	if own {
		w.ownTemporal = newTemporalProcess(t)
		hostPort = w.ownTemporal.hostPort
		plans = append(plans, func(p *plan) { p.namespace = client.DefaultNamespace })
	}
	slack, supplier, billing := newHTTPGate(t, ts), newHTTPGate(t, ts), newHTTPGate(t, ts)
	temporal := newTemporalGate(t, ts, hostPort)
	plans = append(plans, with("SLACK_API_URL", slack.URL+"/api/", "PRODEGE_BASE_URL", supplier.URL, "BILLING_URL", billing.URL+"/invoices",
		"TEMPORAL_ADDRESS", temporal.address))
	w.world = prepareWorld(t, hostPort, plans...)
	w.slack.Set(func(o *simulator.SlackOptions) { o.URL = slack.URL })
	slack.forwardTo(w.slack.Handler())
	supplier.forwardTo(w.prodege.Handler())
	billing.forwardTo(w.billing.Handler())
	w.start()
	return w
}
