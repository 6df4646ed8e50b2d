package devserver_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/devserver"
)

// timeout is how long a start may take; the machine may be busy with other tests.
const timeout = 2 * time.Minute

func TestMain(m *testing.M) {
	os.Exit(func() int {
		flag.Parse()
		defer devserver.TestTurn()()
		return m.Run()
	}())
}

func start(t *testing.T, o devserver.Options) *devserver.Server {
	t.Helper()
	begun := time.Now()
	o.Timeout = timeout
	s, err := devserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %s at %s", time.Since(begun).Round(time.Millisecond), s.HostPort)
	return s
}

func dial(t *testing.T, s *devserver.Server, namespace string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.HostPort, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

// runs checks that a workflow runs to its end.
func runs(t *testing.T, c client.Client, id string) {
	t.Helper()
	if err := execute(t, c, id); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, c client.Client, id string) error {
	w := worker.New(c, "greetings", worker.Options{})
	w.RegisterWorkflowWithOptions(greet, workflow.RegisterOptions{Name: "greet"})
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: "greetings"}, "greet", "world")
	if err != nil {
		return err
	}
	var got string
	if err := run.Get(ctx, &got); err != nil || got != "hello world" {
		return fmt.Errorf("the workflow said %q, %v", got, err)
	}
	return nil
}

func TestFileOutlivesTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "temporal.db")
	s := start(t, devserver.Options{File: file, UIPort: -1, Retention: 45 * 24 * time.Hour})
	runs(t, dial(t, s, "default"), "before")
	s.Stop()

	s = start(t, devserver.Options{File: file, UIPort: -1})
	defer s.Stop()
	c := dial(t, s, "default")
	var said string
	if err := c.GetWorkflow(t.Context(), "before", "").Get(t.Context(), &said); err != nil || said != "hello world" {
		t.Errorf("after a restart the old workflow says %q, %v", said, err)
	}
	runs(t, c, "after")
	ns, err := client.NewNamespaceClient(client.Options{HostPort: s.HostPort, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	d, err := ns.Describe(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != 45*24*time.Hour {
		t.Errorf("retention is %s", got)
	}
}

func TestSeveralInOneProcess(t *testing.T) {
	var all errgroup.Group
	for _, namespace := range []string{"one", "two"} {
		s := start(t, devserver.Options{UIPort: -1, Namespaces: []string{namespace}})
		defer s.Stop()
		c := dial(t, s, namespace)
		all.Go(func() error { return execute(t, c, "same-id") }) // which must not end the test from another goroutine
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

func TestWebUI(t *testing.T) {
	s := start(t, devserver.Options{})
	defer s.Stop()
	for path, want := range map[string]string{"/": "<html", "/api/v1/namespaces/default": `"default"`} {
		resp, err := http.Get(s.UIURL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("GET %s: %d, without %s: %.200s", path, resp.StatusCode, want, body)
		}
	}
}

func TestTakenPortIsAFault(t *testing.T) {
	s := start(t, devserver.Options{})
	defer s.Stop()
	var uiPort int
	if _, err := fmt.Sscanf(s.UIURL, "http://127.0.0.1:%d", &uiPort); err != nil {
		t.Fatal(err)
	}
	if other, err := devserver.Start(t.Context(), devserver.Options{UIPort: uiPort}); err == nil {
		other.Stop()
		t.Error("two UIs on one port")
	}
}
