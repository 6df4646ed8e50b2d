package e2e

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"fieldmarshal/devserver"
	"fieldmarshal/workflows"
)

// A test may need a Temporal that can be killed: this test program, started again with these variables.
const (
	childFile = "E2E_TEMPORAL_FILE"
	childPort = "E2E_TEMPORAL_PORT"
)

func init() {
	if file := os.Getenv(childFile); file != "" {
		runTemporal(file)
	}
}

// beTemporal runs Temporal, with its data in a file, until it is killed.
func runTemporal(file string) {
	port, _ := strconv.Atoi(os.Getenv(childPort))
	s, err := devserver.Start(context.Background(), devserver.Options{File: file, Port: port, UIPort: -1, Namespaces: []string{client.DefaultNamespace}, Timeout: waitTimeout})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("serves", s.HostPort)
	select {}
}

// killable is a Temporal process whose data survives kill -9 in a file.
type temporalProcess struct {
	t        *testing.T
	file     string
	hostPort string
	cmd      *exec.Cmd
}

func newTemporalProcess(t *testing.T) *temporalProcess {
	t.Helper()
	// This process reserves the port, because a reservation by the child would die with it.
	k := &temporalProcess{t: t, file: filepath.Join(t.TempDir(), "temporal.db"), hostPort: ownAddress(t)}
	k.launch()
	t.Cleanup(k.kill)
	return k
}

func (k *temporalProcess) launch() {
	k.t.Helper()
	_, port, _ := strings.Cut(k.hostPort, ":")
	k.cmd = exec.Command(os.Args[0])
	k.cmd.Env = append(os.Environ(), childFile+"="+k.file, childPort+"="+port)
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "serves "+k.hostPort+"\n" {
		k.t.Fatalf("temporal does not start: %s %v", line, err)
	}
}

func (k *temporalProcess) kill() {
	_ = k.cmd.Process.Kill()
	_ = k.cmd.Wait()
}

// trapped is a world whose processes make every call through traps.
type trapped struct {
	*world
	*traps
	ownTemporal *temporalProcess // nil: the server that all tests share
}

func newTrapped(t *testing.T, own bool, plans ...func(*plan)) *trapped {
	t.Helper()
	ts := &traps{}
	w := &trapped{traps: ts}
	hostPort, ns := server.HostPort, ""
	if own {
		w.ownTemporal = newTemporalProcess(t)
		hostPort, ns = w.ownTemporal.hostPort, client.DefaultNamespace
	}
	slack, supplier, billing := newHTTPGate(t, ts), newHTTPGate(t, ts), newHTTPGate(t, ts)
	temporal := newTemporalGate(t, ts, hostPort)
	plans = append(plans, with("SLACK_API_URL", slack.URL+"/api/", "PRODEGE_BASE_URL", supplier.URL, "BILLING_URL", billing.URL+"/invoices",
		"TEMPORAL_ADDRESS", temporal.address))
	w.world = prepareWorld(t, hostPort, ns, plans...)
	w.slack.SetURL(slack.URL)
	slack.forwardTo(w.slack.Handler())
	supplier.forwardTo(w.prodege.Handler())
	billing.forwardTo(w.billing.Handler())
	w.begin()
	return w
}

// prepareWorld returns a world whose processes are not started yet, in a namespace of the Temporal at that address; if
// empty, in a namespace of its own.
func prepareWorld(t *testing.T, hostPort, ns string, plans ...func(*plan)) *world {
	t.Helper()
	p := &plan{env: map[string]string{}}
	for _, change := range plans {
		change(p)
	}
	limit := 4 * waitTimeout
	if *long {
		limit = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	if ns == "" {
		ns = ownNamespace(t)
	}
	w := &world{t: t, ctx: ctx, namespace: ns}
	w.counterparties(p)
	c, err := client.Dial(client.Options{HostPort: hostPort, Namespace: ns, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w.temporal, w.flows = c, workflows.NewClient(c, workflows.TaskQueue)
	w.processes(p)
	t.Cleanup(func() { w.close(p) })
	return w
}

// begin starts both processes and waits until they are ready.
func (w *world) begin() {
	w.t.Helper()
	w.ingress.launch()
	w.slack.SetAppURL(w.ingress.url + "/slack")
	w.prodege.SetWebhookURL(w.ingress.url + "/webhooks/prodege/project-status")
	w.prodege.SetPricingURL(w.ingress.url + "/webhooks/prodege/real-time-pricing")
	w.worker.launch()
	w.worker.waitReady()
	w.ingress.waitReady()
}
