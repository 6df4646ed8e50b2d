package e2e

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"fieldmarshal/worker"
)

// TestNoRoomForSearchAttributes checks the error when attributes of another program leave no room for ours. With SQL
// visibility a namespace has room for three search attributes of most types. Only a real server returns that error.
func TestNoRoomForSearchAttributes(t *testing.T) {
	for name, c := range map[string]struct {
		existing map[string]enums.IndexedValueType
		blocking []string // nil: there is room for ours
	}{
		"a time":      {map[string]enums.IndexedValueType{"TheirDeadline": enums.INDEXED_VALUE_TYPE_DATETIME}, []string{"TheirDeadline (Datetime)"}},
		"two numbers": {map[string]enums.IndexedValueType{"TheirCount": enums.INDEXED_VALUE_TYPE_INT, "TheirSize": enums.INDEXED_VALUE_TYPE_INT}, []string{"TheirCount (Int)", "TheirSize (Int)"}},
		"enough room": {map[string]enums.IndexedValueType{"TheirCount": enums.INDEXED_VALUE_TYPE_INT, "TheirName": enums.INDEXED_VALUE_TYPE_KEYWORD}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := "attributes-" + strings.ReplaceAll(name, " ", "-")
			registerNamespace(t, namespace)
			conn, err := client.Dial(client.Options{HostPort: server.HostPort, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
			defer cancel()
			if _, err := conn.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: c.existing}); err != nil {
				t.Fatal(err)
			}
			err = worker.EnsureAttributes(ctx, conn, namespace)
			if c.blocking == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error without room")
			}
			for _, want := range append(c.blocking, "no room for", "TEMPORAL_NAMESPACE", "search-attribute remove --namespace "+namespace) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not contain %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "search-attribute create") {
				t.Errorf("the error suggests commands that must fail: %v", err)
			}
		})
	}
}
