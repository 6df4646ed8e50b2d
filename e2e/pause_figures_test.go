package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// TestFiguresOfAPause measures from end to end how many pauses are posted per second, the time from an event to its
// alert and from a click to the call to Prodege, also while hundreds of alerts wait for their figures, and the history
// events of each. For comparison it measures a bare workflow with one activity on the same server. Without -figures it
// only checks that all of it happens.
func TestFiguresOfAPause(t *testing.T) {
	t.Parallel()
	pauses, each, waiting := 20, 3, 20
	if *figures {
		pauses, each, waiting = 1000, 60, 500
	}
	w := newWorld(t, with("SLACK_POSTS_PER_SECOND", "1000"))
	var b strings.Builder
	b.WriteString("| what | figure |\n| --- | --- |\n")
	row := func(what, figure string, values ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", what, fmt.Sprintf(figure, values...))
	}
	w.prodege.SetProject(newProject(theProject))
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SupportAgent))
	w.waitRoot(alerts, theProject.String())
	w.waitIdle(theProject)
	events, activities := w.costOf(theProject)
	row("history of a plain pause, events and activities", "%d, %d", events, activities)
	const approved = prodege.ProjectID(60_000_000)
	w.prodege.SetProject(newProject(approved))
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, approved, amount, simulator.How{Age: 5 * time.Second}))
	m := w.waitRoot(approvals, approved.String())
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.waitProject(approved, func(s *project.State) bool { return s.Waiting == project.WaitsNothing && s.Act == nil }, "live again")
	w.waitIdle(approved)
	events, activities = w.costOf(approved)
	row("history of an approved CPI until live again, events and activities", "%d, %d", events, activities)

	alertTimes := w.measureEach(each, func(i int) {
		id := prodege.ProjectID(20_000_000 + i)
		w.prodege.SetProject(newProject(id))
		w.checkDelivered(w.prodege.Pause(w.ctx, id, prodege.SupportAgent))
		w.waitMessage(alerts, "the alert", func(m simulator.Message) bool { return contains(m, id.String()) })
	})
	row("event to alert, one at a time", "p50 %.0f ms, p99 %.0f ms", ms(alertTimes[len(alertTimes)/2]), ms(alertTimes[len(alertTimes)*99/100]))

	clickTimes := w.measureAfter(each, func(i int) {
		id := prodege.ProjectID(30_000_000 + i)
		w.prodege.SetProject(newProject(id))
		w.checkDelivered(w.prodege.PauseForCPI(w.ctx, id, amount))
		m = w.waitMessage(approvals, "the request", func(m simulator.Message) bool { return contains(m, id.String()) && len(buttons(m)) > 0 })
	}, func(i int) {
		id := prodege.ProjectID(30_000_000 + i)
		w.click(ann, m, approve)
		w.waitAccepted(id)
	})
	row("click to Prodege called, one at a time", "p50 %.0f ms, p99 %.0f ms", ms(clickTimes[len(clickTimes)/2]), ms(clickTimes[len(clickTimes)*99/100]))

	bare := w.bareRate(pauses)
	posted := w.alertRate(10_000_000, pauses)
	row("bare workflow with one activity", "%.0f per second", bare)
	row("pauses posted in Slack", "%.0f per second, %.2f of the bare workflow", posted, posted/bare)

	id := prodege.ProjectID(40_000_000)
	w.prodege.SetProject(newProject(id))
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, id, amount))
	m = w.waitMessage(approvals, "the request", func(m simulator.Message) bool { return contains(m, id.String()) && len(buttons(m)) > 0 })
	for i := range waiting {
		other := prodege.ProjectID(50_000_000 + i)
		w.prodege.SetProject(newProject(other))
		w.checkDelivered(w.prodege.Pause(w.ctx, other, prodege.SampleSize))
	}
	begin := time.Now()
	w.click(ann, m, approve)
	w.waitAccepted(id)
	row(fmt.Sprintf("click to Prodege called while %d alerts wait for figures", waiting), "%.1f s", time.Since(begin).Seconds())

	t.Logf("\n%s", b.String())
	if *report && *figures {
		writeSection(t, "pauses", b.String())
	}
}

// measureEach is measureAfter without anything before.
func (w *world) measureEach(n int, do func(i int)) []time.Duration {
	return w.measureAfter(n, func(int) {}, do)
}

// measureAfter calls before and do n times in sequence, measures do, and returns the durations sorted. With -figures it
// waits a second in between, so that the rate limit of calls to Prodege does not slow down the next one.
func (w *world) measureAfter(n int, before, do func(i int)) []time.Duration {
	var took []time.Duration
	pause := time.NewTicker(time.Second)
	defer pause.Stop()
	for i := range n {
		before(i)
		if *figures {
			<-pause.C
		}
		begin := time.Now()
		do(i)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return took
}

// alertRate pauses a number of projects, and returns how many alerts are posted per second.
func (w *world) alertRate(first prodege.ProjectID, n int) float64 {
	w.t.Helper()
	for i := range n {
		w.prodege.SetProject(newProject(first + prodege.ProjectID(i)))
	}
	before := len(w.slack.Messages(alerts))
	begin := time.Now()
	next := make(chan int)
	for range 16 {
		go func() {
			for i := range next {
				if _, err := w.prodege.Pause(w.ctx, first+prodege.ProjectID(i), prodege.SupportAgent); err != nil {
					w.t.Error(err)
				}
			}
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	await(w.t, "all alerts", func() bool { return len(w.slack.Messages(alerts))-before >= n })
	return float64(n) / time.Since(begin).Seconds()
}

const bareType = "Bare"

// bareRate starts a number of workflows with one activity each, and returns how many complete per second.
func (w *world) bareRate(n int) float64 {
	w.t.Helper()
	const queue = "bare"
	one := worker.New(w.temporal, queue, worker.Options{})
	one.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		return workflow.ExecuteActivity(ctx, "nothing").Get(ctx, nil)
	}, workflow.RegisterOptions{Name: bareType})
	one.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "nothing"})
	if err := one.Start(); err != nil {
		w.t.Fatal(err)
	}
	defer one.Stop()
	var done atomic.Int64
	begin := time.Now()
	next := make(chan int)
	for range 16 {
		go func() {
			for i := range next {
				run, err := w.temporal.ExecuteWorkflow(w.ctx, client.StartWorkflowOptions{ID: fmt.Sprintf("bare-%d", i), TaskQueue: queue}, bareType)
				if err == nil {
					err = run.Get(w.ctx, nil)
				}
				if err != nil {
					w.t.Error(err)
				}
				done.Add(1)
			}
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	await(w.t, "the bare workflows", func() bool { return done.Load() == int64(n) })
	return float64(n) / time.Since(begin).Seconds()
}
