package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"
)

// serveAdmin serves readiness and metrics until ctx is done, which is after the last requests have finished.
func (p Process) serveAdmin(ctx context.Context, server *http.Server, l net.Listener) {
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		p.Logger.Error("the ingress's admin address is not served any more", "error", err)
	}
}

// temporalHealth returns why Temporal can't take events: it does not answer, refuses us, or lacks our namespace.
func temporalHealth(c client.Client, address, namespace string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		var missing *serviceerror.NamespaceNotFound
		var denied *serviceerror.PermissionDenied
		switch {
		case err == nil:
			return nil
		case errors.As(err, &missing):
			return fmt.Errorf("the namespace %q is missing at %s: create it, or set TEMPORAL_NAMESPACE: %w", namespace, address, err)
		case errors.As(err, &denied): // it answers, and may permit us to start workflows
			return nil
		case serviceerror.ToStatus(err).Code() == codes.Unauthenticated:
			return fmt.Errorf("%s does not know us: check TEMPORAL_API_KEY or the certificate: %w", address, err)
		}
		return fmt.Errorf("does not answer at %s: %w", address, err)
	}
}

// startCheckTimeout is how long Temporal may take to answer at start.
const startCheckTimeout = 10 * time.Second

// checkTemporal logs at start if Temporal can't take events; otherwise that would be noticed only with the first event.
func (p Process) checkTemporal(ctx context.Context, ask func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, startCheckTimeout)
	defer cancel()
	if err := ask(ctx); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		p.Logger.Warn("Temporal can't take events, which wait on disk", "address", p.Temporal.HostPort, "namespace", p.Temporal.Namespace, "error", err)
	}
}
