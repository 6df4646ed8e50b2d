// Package worker registers the workflows and the activities with Temporal, polls for them on the main task queue and on
// one for each Slack channel, and reports whether it is ready.
//
// It does not poll until Temporal answers and knows every search attribute: a workflow that sets an unregistered one
// would be stuck. Until then it is alive but not ready, and says why.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"fieldmarshal/activities"
	"fieldmarshal/workflows"
)

// stopTimeout is how long a stopping worker waits for running activities: longer than one attempt at a post, an action
// or an invoice, which is limited to 30 s. The report, which takes longer, ends when its worker stops.
const stopTimeout = 40 * time.Second

// Options are what a Worker needs.
type Options struct {
	// Required.
	Client    client.Client // may be lazy: Temporal need not be up at start
	Namespace string        // the one that Client uses
	TaskQueue string
	Workflows *workflows.Workflows
	Slack     *activities.Slack
	Prodege   *activities.Prodege
	Billing   *activities.Billing
	Flows     *activities.Flows
	Channels  []string // Slack channels to post in; duplicates are ignored
	Logger    *slog.Logger
	Registry  *prometheus.Registry // shown by /metrics

	PostsPerSecond float64 // per channel, across all workers

	// Optional.
	Digest       string                                       // when to post the weekly report, in the format of DIGEST: "Mon 09:00 America/New_York"; empty: never
	Alarm        func(ctx context.Context, text string) error // posts in the alerts channel; nil: alarms are only logged
	PollInterval time.Duration                                // between checks whether Temporal is up and has the attributes; 0: 2 s
}

// Worker is the worker of one namespace. Its methods are safe for concurrent use.
type Worker struct {
	options Options
	log     *slog.Logger
	digest  weekly // if options.Digest is set
	fatal   chan error

	mu  sync.Mutex
	why string // why it is not ready; empty: it polls
}

// New makes a Worker. It does nothing until Run is called.
func New(o Options) (*Worker, error) {
	if o.PollInterval == 0 {
		o.PollInterval = 2 * time.Second
	}
	w := &Worker{options: o, log: o.Logger, fatal: make(chan error, 1), why: "starting"}
	if o.Digest != "" {
		var err error
		if w.digest, err = parseWeekly(o.Digest); err != nil {
			return nil, fmt.Errorf("make worker: DIGEST %w", err)
		}
	}
	return w, nil
}

// Run polls until ctx is done; then it stops polling, waits for running activities, and returns nil. While Temporal is
// down it waits. It returns an error only if it can't continue, such as when the namespace is deleted; the process should
// then be restarted.
func (w *Worker) Run(ctx context.Context) error {
	if w.await(ctx, w.reach) != nil || w.await(ctx, w.attributes) != nil {
		return nil // ctx is done
	}
	workers, err := w.start()
	if err != nil {
		return err
	}
	go w.keepSchedule(ctx)
	go w.keepSwitch(ctx)
	go w.reportEnded(ctx)
	w.set("")
	w.log.Info("the worker is polling", "task_queue", w.options.TaskQueue, "namespace", w.options.Namespace, "channels", w.channels())
	select {
	case <-ctx.Done():
	case err = <-w.fatal:
		err = fmt.Errorf("the worker can't continue: %w", err)
	}
	w.set("stopping")
	var all sync.WaitGroup
	for _, one := range workers {
		all.Go(one.Stop)
	}
	all.Wait()
	return err
}

// switchInterval is how often a worker checks that the kill switch is running.
const switchInterval = time.Minute

// keepSwitch starts the kill switch again if somebody terminated it. Otherwise it would read as on, whatever it was,
// once Temporal has deleted its history.
func (w *Worker) keepSwitch(ctx context.Context) {
	flows := workflows.NewClient(w.options.Client, w.options.TaskQueue)
	for ok := true; ok; ok = sleep(ctx, switchInterval) {
		switch revived, err := flows.ReviveSwitch(ctx); {
		case ctx.Err() != nil:
		case err != nil:
			w.log.Warn("can't check whether the kill switch is running", "error", err)
		case revived:
			w.log.Warn("the kill switch had ended: it was restarted as last set", "workflow_id", workflows.ControlID)
		}
	}
}

// await repeats a step until it succeeds or ctx is done, and logs the reason for waiting whenever it changes.
func (w *Worker) await(ctx context.Context, step func(context.Context) error) error {
	for {
		err := step(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if w.set(err.Error()) {
			w.log.Warn("the worker is not ready: " + err.Error())
		}
		sleep(ctx, w.options.PollInterval)
	}
}

// sleep waits, and reports whether ctx is not done.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// set records why the worker is not ready, and reports whether the reason changed.
func (w *Worker) set(why string) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed = w.why != why
	w.why = why
	return changed
}

func (w *Worker) state() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

// start registers everything and starts polling: the main queue, and one queue per channel for Slack's activities only.
func (w *Worker) start() ([]sdkworker.Worker, error) {
	main := sdkworker.New(w.options.Client, w.options.TaskQueue, sdkworker.Options{
		WorkerStopTimeout: stopTimeout, OnFatalError: w.fail, DeadlockDetectionTimeout: deadlock,
	})
	workflows.Register(main, w.options.Workflows)
	for _, activity := range []any{w.options.Slack, w.options.Prodege, w.options.Billing, w.options.Flows} {
		main.RegisterActivity(activity)
	}
	workers := []sdkworker.Worker{main}
	for _, channel := range w.channels() {
		posts := sdkworker.New(w.options.Client, workflows.SlackQueue(w.options.TaskQueue, channel), sdkworker.Options{
			WorkerStopTimeout: stopTimeout, OnFatalError: w.fail,
			DisableWorkflowWorker:        true,
			TaskQueueActivitiesPerSecond: w.options.PostsPerSecond, // enforced by Temporal, across all workers
		})
		posts.RegisterActivity(w.options.Slack)
		workers = append(workers, posts)
	}
	for i, one := range workers {
		if err := one.Start(); err != nil {
			for _, started := range workers[:i] {
				started.Stop()
			}
			return nil, fmt.Errorf("start worker: %w", err)
		}
	}
	return workers, nil
}

// deadlock is how long workflow code may run without yielding before its task fails. The limit is there to find code that
// blocks; on a busy machine other code exceeds the SDK's default of one second, too.
const deadlock = 10 * time.Second

// fail receives fatal errors of the workers; the first one counts.
func (w *Worker) fail(err error) {
	select {
	case w.fatal <- err:
	default:
	}
}

func (w *Worker) channels() []string {
	return slices.Compact(slices.Sorted(slices.Values(w.options.Channels)))
}
