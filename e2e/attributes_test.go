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

// TestAnotherProgramsAttributesAreInTheWay: with SQL visibility a namespace has room for three search attributes of most
// types. The error without room is the server's own, so a real server is needed.
func TestNoRoomForSearchAttributes(t *testing.T) {
	for name, c := range map[string]struct {
		theirs   map[string]enums.IndexedValueType
		inTheWay []string // nil: there is room for ours
	}{
		"a time":           {map[string]enums.IndexedValueType{"TheirDeadline": enums.INDEXED_VALUE_TYPE_DATETIME}, []string{"TheirDeadline (Datetime)"}},
		"two numbers":      {map[string]enums.IndexedValueType{"TheirCount": enums.INDEXED_VALUE_TYPE_INT, "TheirSize": enums.INDEXED_VALUE_TYPE_INT}, []string{"TheirCount (Int)", "TheirSize (Int)"}},
		"what leaves room": {map[string]enums.IndexedValueType{"TheirCount": enums.INDEXED_VALUE_TYPE_INT, "TheirName": enums.INDEXED_VALUE_TYPE_KEYWORD}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := "theirs-" + strings.ReplaceAll(name, " ", "-")
			registerNamespace(t, namespace)
			conn, err := client.Dial(client.Options{HostPort: server.HostPort, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
			defer cancel()
			if _, err := conn.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: c.theirs}); err != nil {
				t.Fatal(err)
			}
			err = worker.EnsureAttributes(ctx, conn, namespace)
			if c.inTheWay == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("there is room")
			}
			for _, want := range append(c.inTheWay, "no room for", "TEMPORAL_NAMESPACE", "search-attribute remove --namespace "+namespace) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not said: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "search-attribute create") {
				t.Errorf("commands are told that must fail: %v", err)
			}
		})
	}
}
