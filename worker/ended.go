package worker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/workflows"
)

const (
	endedLook = time.Minute
	// endedBack is how far back a worker that starts looks for projects that ended while none ran.
	endedBack = 10 * time.Minute
)

// keepEnded tells of projects that Temporal ended (terminated, failed, timed out): they can say nothing themselves, and
// what they had begun is not finished. Each is told once by each worker.
func (w *Worker) keepEnded(ctx context.Context) {
	flows := workflows.NewClient(w.options.Client, w.options.TaskQueue)
	since, told := time.Now().Add(-endedBack), map[string]bool{}
	for {
		ended, err := flows.EndedSince(ctx, since)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("can't look for projects that Temporal ended", "error", err)
		}
		for _, e := range ended {
			if !told[e.Run] {
				told[e.Run] = true
				w.tellEnded(ctx, e)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(endedLook):
		}
	}
}

func (w *Worker) tellEnded(ctx context.Context, e workflows.Ended) {
	w.log.Error("a project's workflow was ended in Temporal: it can say nothing any more", "workflow_id", e.Workflow, "run_id", e.Run, "how", e.How)
	if w.options.Alarm == nil {
		return
	}
	id := strings.TrimPrefix(e.Workflow, "project-")
	text := fmt.Sprintf("The workflow of project %s was ended in Temporal (%s). It can say nothing any more, its messages may still have buttons, and what it had begun may not be finished. "+
		"`fieldmarshal doctor` says what to do; the project's next event begins it anew.", id, strings.ToLower(e.How))
	if err := w.options.Alarm(ctx, text); err != nil {
		w.log.Error("the alerts channel could not be told", "error", err)
	}
}
