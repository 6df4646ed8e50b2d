package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// TestIngressDrainsOnStop checks that the ingress finishes a request in progress when it is asked to stop.
func TestIngressDrainsOnStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, body := signDelivery(eventJSON("slow", 700, live), prodege.JSON)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.ingress.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(waitTimeout))
	reader := bufio.NewReader(conn)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", statusPath, len(body))
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the ingress does not ask for the body: %q, %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.ingress.stop() }()
	await(t, "the ingress to stop accepting connections", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.ingress.url, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if _, err := conn.Write(body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the request in progress was not finished: %v, %v", response, err)
	}
	<-stopped
	w.ingress.launch()
	w.waitProject(700, func(s *project.State) bool { return s.Counts.Applied == 1 }, "the event")
}

// TestWorkerFinishesTasksOnStop checks that the worker finishes a running activity when it is asked to stop.
func TestWorkerFinishesTasksOnStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: "chat.postMessage", Delay: 2 * time.Second})
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.waitRoot(alerts, "sample size reached")
	w.worker.stop()
	w.worker.launch()
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	w.waitUpdated(m, "Live again")
	if calls := w.slack.Calls("chat.postMessage"); len(calls) != 1 {
		t.Errorf("%d posts, want 1: the post in progress was abandoned", len(calls))
	}
}

// runProgram runs the program with the environment and returns its exit code and output.
func runProgram(t *testing.T, env []string, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = t.TempDir(), append(env, "TEMPORAL_ADDRESS="+server.HostPort)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestConfigurationErrorsAreReportedTogether(t *testing.T) {
	t.Parallel()
	wrong := []string{
		"LOG_LEVEL=loud", "PRODEGE_POLL_EVERY=soon", "PROJECT_LINGER=-1h", "PRODEGE_BASE_URL=ftp://x", "SLACK_API_URL=slack",
		"SLACK_APPROVERS=ann", "SLACK_POSTS_PER_SECOND=0", "APPROVAL_TIMEOUT=1 day", "APPROVAL_HOURS=never", "CPI_CEILING=lots",
		"CPI_AUTO_APPROVE_UP_TO=5", "CPI_SECOND_APPROVER_ABOVE=4", "DRY_RUN=perhaps", "BILLING_SIGNING_SECRET=" + prodegeKey, "SLACK_BOT_TOKEN=" + botToken,
	}
	required := []string{"PRODEGE_SECRET_KEY", "SLACK_SIGNING_SECRET", "SLACK_ALERTS_CHANNEL"}
	for _, process := range []string{"ingress", "worker"} {
		code, out := runProgram(t, wrong, process)
		if code == 0 {
			t.Errorf("%s starts with an invalid configuration", process)
		}
		names := append([]string{}, required...)
		for _, pair := range wrong {
			if name, _, _ := strings.Cut(pair, "="); name != "SLACK_BOT_TOKEN" && name != "CPI_SECOND_APPROVER_ABOVE" {
				names = append(names, name)
			}
		}
		for _, name := range names {
			if !strings.Contains(out, name) {
				t.Errorf("the errors of %s do not include %s:\n%s", process, name, out)
			}
		}
		for _, secret := range secrets {
			if strings.Contains(out, secret) {
				t.Errorf("%s prints a secret:\n%s", process, out)
			}
		}
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutWorker)
	env := []string{"PRODEGE_SECRET_KEY=x", "SLACK_BOT_TOKEN=x", "SLACK_SIGNING_SECRET=x", "SLACK_ALERTS_CHANNEL=C0", "SLACK_APPROVERS=anyone"}
	inUse := strings.TrimPrefix(w.ingress.url, "http://")
	for variable, process := range map[string]string{"HTTP_ADDR": "ingress", "INGRESS_ADMIN_ADDR": "ingress", "WORKER_HTTP_ADDR": "worker"} {
		code, out := runProgram(t, append(env, "INGRESS_ADMIN_ADDR="+ownAddress(t), variable+"="+inUse), process)
		if code == 0 || !strings.Contains(out, inUse) {
			t.Errorf("%s exits with code %d and prints:\n%s", process, code, out)
		}
	}
}

func TestSearchAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prodege.SetProject(newProject(900))
	w.checkDelivered(w.prodege.Pause(w.ctx, 900, prodege.SampleSize))
	m := w.pauseForCPI(amount)
	listed := w.list(`WaitingFor = 'approval' AND Summary = 'asks to accept $4.25, now $3.75' AND ApprovalDeadline IS NOT NULL`, 1)
	if listed["ProjectStatus"] != "PAUSED" || listed["ProjectId"] != float64(theProject) ||
		listed["UpdateReason"] != float64(160) || listed["RequiredCPI"] != 4.25 || listed["NeedsAttention"] != false || listed["WaitingSince"] == nil {
		t.Errorf("the search attributes are %v", listed)
	}
	since := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	w.list(`WorkflowType = 'Project' AND WaitingFor = 'approval' AND WaitingSince < '`+since+`'`, 1)
	if listed := w.list(`WaitingFor = 'action'`, 1); listed["ProjectId"] != float64(900) {
		t.Errorf("the search attributes are %v", listed)
	}
	w.worker.kill() // listing needs no worker
	w.list(`WaitingFor = 'approval'`, 1)
	w.worker.launch()
	w.click(ann, m, approve)
	w.list(`WaitingFor = 'nothing' AND ProjectStatus = 'LIVE'`, 1)
	w.list(`WaitingFor = 'approval'`, 0)
}

// list waits until a query finds the given number of workflows, and returns the search attributes of the last.
func (w *world) list(query string, want int) map[string]any {
	w.t.Helper()
	attributes := map[string]any{}
	var last error
	defer func() {
		if last != nil && w.t.Failed() {
			w.t.Logf("last error of listing %s: %v", query, last)
		}
	}()
	await(w.t, fmt.Sprintf("%d workflows with %s", want, query), func() bool {
		found, err := w.temporal.ListWorkflow(w.ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: w.namespace, Query: query})
		if err != nil {
			last = err
			return false
		}
		for _, e := range found.GetExecutions() {
			for name, payload := range e.GetSearchAttributes().GetIndexedFields() {
				var value any
				if err := converter.GetDefaultDataConverter().FromPayload(payload, &value); err != nil {
					w.t.Fatal(err)
				}
				attributes[name] = value
			}
		}
		return len(found.GetExecutions()) == want
	})
	return attributes
}
