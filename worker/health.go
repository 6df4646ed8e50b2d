package worker

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
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
