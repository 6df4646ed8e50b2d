package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/dynamicconfig"
	"google.golang.org/protobuf/types/known/durationpb"

	"fieldmarshal/devserver"
	"fieldmarshal/workflows"
)

// preparedNamespaces is how many namespaces are created with the server. Each test has its own, so that tests don't
// share ids and the kill switch. They have the search attributes already, because a worker that adds them waits for
// seconds. If more are needed (-count), they are created one by one, and the worker adds the attributes.
const preparedNamespaces = 80

var usedNamespaces atomic.Int32

func startTemporal(ctx context.Context) (*devserver.Server, error) {
	names := make([]string, preparedNamespaces)
	for i := range names {
		names[i] = namespaceName(i)
	}
	s, err := devserver.Start(ctx, devserver.Options{
		UIPort: -1, Namespaces: names, Timeout: waitTimeout, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 4})),
		Dynamic: map[dynamicconfig.Key]any{
			// Makes new search attributes known at once instead of after seconds.
			dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
			dynamicconfig.NamespaceCacheRefreshInterval.Key():           200 * time.Millisecond,
			dynamicconfig.MaximumSignalsPerExecution.Key():              signalLimits,
		},
	})
	if err != nil {
		return nil, err
	}
	c, err := client.Dial(client.Options{HostPort: s.HostPort, Namespace: names[0], Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	attributes := map[string]enums.IndexedValueType{}
	for _, a := range workflows.Attributes() {
		attributes[a.Name] = a.Type
	}
	for _, name := range names {
		if _, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: attributes}); err != nil {
			return nil, fmt.Errorf("prepare the namespace %s: %w", name, err)
		}
	}
	return s, nil
}

func namespaceName(i int) string { return fmt.Sprintf("test-%d", i) }

// ownNamespace returns a namespace that no other test uses.
func ownNamespace(t *testing.T) string {
	t.Helper()
	n := int(usedNamespaces.Add(1)) - 1
	if n >= preparedNamespaces {
		registerNamespace(t, namespaceName(n))
	}
	return namespaceName(n)
}

// registerNamespace creates an empty namespace, as in a new installation.
func registerNamespace(t *testing.T, name string) {
	t.Helper()
	c, err := client.NewNamespaceClient(client.Options{HostPort: server.HostPort, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	err = c.Register(ctx, &workflowservice.RegisterNamespaceRequest{Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour)})
	if exists := new(serviceerror.NamespaceAlreadyExists); err != nil && !errors.As(err, &exists) {
		t.Fatalf("create the namespace %s: %v", name, err)
	}
}
