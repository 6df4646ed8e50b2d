// Package worker registers the workflows and the activities with Temporal, polls for them on the main task queue and on
// one for each Slack channel, and reports whether it is ready.
//
// It polls nothing before Temporal answers and knows every search attribute: a workflow that sets one that is not
// registered would be stuck. Until then it is alive, not ready, and says why.
package worker

import (
	"context"
	"errors"
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

// stopTimeout is how long a stopping worker waits for what is under way: longer than one try of a post, an act or an
// invoice, which is cut off after 30 s. The report, which takes longer, ends when its worker stops.
const stopTimeout = 40 * time.Second

// Options are what a Worker needs.
type Options struct {
	// Required.
	Client    client.Client // a lazy one will do: Temporal may be away at start
	Namespace string        // that Client works in
	TaskQueue string
	Workflows *workflows.Workflows
	Slack     *activities.Slack
	Prodege   *activities.Prodege
	Billing   *activities.Billing
	Flows     *activities.Flows
	Channels  []string // Slack channels that are posted in; one that is given twice counts once
	Logger    *slog.Logger
	Registry  *prometheus.Registry // what /metrics shows

	PostsPerSecond float64 // in each channel, across all workers

	// Optional.
	Digest    string                                       // when the weekly report is posted, as DIGEST has it: "Mon 09:00 America/New_York"; never if empty
	Alarm     func(ctx context.Context, text string) error // tells the alerts channel; nil: only logged
	LookEvery time.Duration                                // between looks at a Temporal that is away or lacks attributes; 2 s if 0
}

func (o Options) check() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what+" is missing"))
		}
	}
	need(o.Client != nil, "Client")
	need(o.Namespace != "", "Namespace")
	need(o.TaskQueue != "", "TaskQueue")
	need(o.Workflows != nil, "Workflows")
	need(o.Slack != nil, "Slack")
	need(o.Prodege != nil, "Prodege")
	need(o.Billing != nil, "Billing")
	need(o.Flows != nil, "Flows")
	need(len(o.Channels) > 0, "Channels")
	need(o.PostsPerSecond > 0, "PostsPerSecond")
	need(o.Logger != nil, "Logger")
	need(o.Registry != nil, "Registry")
	return errors.Join(errs...)
}

// Worker works for one namespace. Its methods are safe for concurrent use.
type Worker struct {
	options Options
	log     *slog.Logger
	digest  weekly // if there is a DIGEST
	fatal   chan error

	mu  sync.Mutex
	why string // why it is not ready; empty: it polls
}

// New makes a Worker. It does nothing before Run.
func New(o Options) (*Worker, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("make worker: %w", err)
	}
	if o.LookEvery == 0 {
		o.LookEvery = 2 * time.Second
	}
	w := &Worker{options: o, log: o.Logger, fatal: make(chan error, 1), why: "starting"}
	if o.Digest != "" {
		var err error
		if w.digest, err = parseWeekly(o.Digest); err != nil {
			return nil, fmt.Errorf("make worker: DIGEST: %w", err)
		}
	}
	return w, nil
}

// Run works until ctx ends; then it stops polling, waits for what is under way, and returns nil. It waits for a
// Temporal that is away. It returns an error only if it can't go on, such as when the namespace is deleted under it:
// whoever started the process starts it again.
func (w *Worker) Run(ctx context.Context) error {
	if w.await(ctx, w.reach) != nil || w.await(ctx, w.attributes) != nil {
		return nil // ctx ended
	}
	workers, err := w.start()
	if err != nil {
		return err
	}
	go w.keepSchedule(ctx)
	go w.keepSwitch(ctx)
	go w.keepEnded(ctx)
	w.set("")
	w.log.Info("the worker polls", "task_queue", w.options.TaskQueue, "namespace", w.options.Namespace, "channels", w.channels())
	select {
	case <-ctx.Done():
	case err = <-w.fatal:
		err = fmt.Errorf("the worker can't go on: %w", err)
	}
	w.set("stopping")
	var all sync.WaitGroup
	for _, one := range workers {
		all.Go(one.Stop)
	}
	all.Wait()
	return err
}

// switchLook is how often a worker looks whether the kill switch still runs.
const switchLook = time.Minute

// keepSwitch starts the kill switch again if somebody terminated it: once Temporal has forgotten it, it would read as
// on, whatever it was.
func (w *Worker) keepSwitch(ctx context.Context) {
	flows := workflows.NewClient(w.options.Client, w.options.TaskQueue)
	for {
		switch revived, err := flows.ReviveSwitch(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.log.Warn("can't look whether the kill switch runs", "error", err)
		case revived:
			w.log.Warn("the kill switch had ended: it runs again, as it was set last", "workflow_id", workflows.ControlID)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(switchLook):
		}
	}
}

// await repeats a step until it succeeds or ctx ends, and says why it waits whenever that changes.
func (w *Worker) await(ctx context.Context, step func(context.Context) error) error {
	for {
		err := step(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if w.set(err.Error()) {
			w.log.Warn("the worker is not ready: " + err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.options.LookEvery):
		}
	}
}

// set notes why the worker is not ready, and reports whether that is news.
func (w *Worker) set(why string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := w.why != why
	w.why = why
	return news
}

func (w *Worker) state() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

// start registers everything and starts to poll: the main queue, and each channel's for Slack's activities only.
func (w *Worker) start() ([]sdkworker.Worker, error) {
	main := sdkworker.New(w.options.Client, w.options.TaskQueue, sdkworker.Options{
		WorkerStopTimeout: stopTimeout, OnFatalError: w.fail, DeadlockDetectionTimeout: deadlock,
	})
	workflows.Register(main, w.options.Workflows)
	main.RegisterActivity(w.options.Slack)
	main.RegisterActivity(w.options.Prodege)
	main.RegisterActivity(w.options.Billing)
	main.RegisterActivity(w.options.Flows)
	workers := []sdkworker.Worker{main}
	for _, channel := range w.channels() {
		posts := sdkworker.New(w.options.Client, workflows.SlackQueue(w.options.TaskQueue, channel), sdkworker.Options{
			WorkerStopTimeout: stopTimeout, OnFatalError: w.fail,
			DisableWorkflowWorker:        true,
			TaskQueueActivitiesPerSecond: w.options.PostsPerSecond, // held by Temporal, across all workers
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

// deadlock is how long a workflow's code may run without waiting for anything before its task is failed. The limit is
// there to find code that blocks; the SDK's one second is also reached on a busy machine.
const deadlock = 10 * time.Second

// fail takes the fault of any of the workers; the first one counts.
func (w *Worker) fail(err error) {
	select {
	case w.fatal <- err:
	default:
	}
}

func (w *Worker) channels() []string {
	return slices.Compact(slices.Sorted(slices.Values(w.options.Channels)))
}
