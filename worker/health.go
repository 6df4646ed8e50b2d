package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
)

// Handler serves /healthz (200 while the process runs), /readyz (200 while it polls and Temporal answers) and /metrics.
func (w *Worker) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) {
		answer(out, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", w.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.options.Registry, promhttp.HandlerOpts{}))
	return mux
}

// readiness is the body of /readyz.
type readiness struct {
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty"` // why it is not ready
}

func (w *Worker) readyz(out http.ResponseWriter, r *http.Request) {
	why := w.state()
	if why == "" {
		if err := w.answers(r.Context()); err != nil {
			why = err.Error()
		}
	}
	status := http.StatusOK
	if why != "" {
		status = http.StatusServiceUnavailable
	}
	answer(out, status, readiness{Ready: why == "", Why: why})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// callTimeout is the limit for one call to Temporal. It is generous: an answer usually takes milliseconds.
const callTimeout = 10 * time.Second

// reach returns an error unless Temporal answers and has the namespace. The error says what to do.
func (w *Worker) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := w.options.Client.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: w.options.Namespace})
	var missing *serviceerror.NamespaceNotFound
	var denied *serviceerror.PermissionDenied
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return fmt.Errorf("temporal has no namespace %q: create it, or set TEMPORAL_NAMESPACE", w.options.Namespace)
	case (errors.As(err, &denied) || serviceerror.ToStatus(err).Code() == codes.Unauthenticated) && ctx.Err() == nil:
		return fmt.Errorf("temporal refuses us in namespace %q: check TEMPORAL_API_KEY or the certificate: %w", w.options.Namespace, err)
	}
	return fmt.Errorf("temporal does not answer: %w", err)
}

// answers returns an error unless Temporal answers right now.
func (w *Worker) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := w.options.Client.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{}); err != nil {
		return errors.New("temporal does not answer")
	}
	return nil
}

func (w *Worker) attributes(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return EnsureAttributes(ctx, w.options.Client, w.options.Namespace)
}
