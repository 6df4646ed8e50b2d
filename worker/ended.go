package worker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/workflows"
)

const (
	endedInterval = time.Minute
	// endedLookback is how far back a starting worker looks for projects that ended while no worker ran.
	endedLookback = 10 * time.Minute
)

// reportEnded reports projects whose workflow ended without saying so (terminated, failed, timed out): what it had begun
// is unfinished. Each worker reports each run once.
func (w *Worker) reportEnded(ctx context.Context) {
	flows := workflows.NewClient(w.options.Client, w.options.TaskQueue)
	since, reported := time.Now().Add(-endedLookback), map[string]bool{}
	for ok := true; ok; ok = sleep(ctx, endedInterval) {
		ended, err := flows.EndedSince(ctx, since)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("can't list the projects that ended in Temporal", "error", err)
		}
		for _, e := range ended {
			if !reported[e.Run] {
				reported[e.Run] = true
				w.alarmEnded(ctx, e)
			}
		}
	}
}

func (w *Worker) alarmEnded(ctx context.Context, e workflows.Ended) {
	w.log.Error("a project's workflow was ended in Temporal and could not say so itself", "workflow_id", e.Workflow, "run_id", e.Run, "how", e.How)
	if w.options.Alarm == nil {
		return
	}
	id := strings.TrimPrefix(e.Workflow, "project-")
	text := fmt.Sprintf("The workflow of project %s was ended in Temporal (%s). It posts nothing any more, its messages may still have buttons, and what it had begun may be unfinished. "+
		"`fieldmarshal doctor` says what to do; the project's next event starts it again.", id, strings.ToLower(e.How))
	if err := w.options.Alarm(ctx, text); err != nil {
		w.log.Error("an alarm could not be posted in the alerts channel", "error", err)
	}
}
