package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/project"
)

// Typed steps: one function per activity, with its timeouts and what the timeline says. A try is an activity: none is
// retried by Temporal, the core decides about the next.

var (
	slackSteps   *activities.Slack
	prodegeSteps *activities.Prodege
	billingSteps *activities.Billing
	flowSteps    *activities.Flows
)

const (
	attempt      = 30 * time.Second // one try of whatever changes something
	mayFor       = 10 * time.Second // may this person decide?
	earlierFor   = time.Minute
	ephemeralFor = time.Minute
	overTime     = 5 * time.Second // an activity that ends itself in time says more than a timeout
)

var once = &temporal.RetryPolicy{MaximumAttempts: 1}

// running is a task under way.
type running struct {
	task   project.Task
	future workflow.Future
	cancel workflow.CancelFunc
	out    project.Result
	get    func(ctx workflow.Context) error
}

// launch starts a task.
func (d *driver) launch(t project.Task) *running {
	ctx, cancel := workflow.WithCancel(d.ctx)
	r := &running{task: t, cancel: cancel, out: project.Result{ID: t.ID}}
	switch t.Kind() {
	case project.KindPost:
		run(r, post(ctx, d.settings.TaskQueue, *t.Post), slackSteps.Post, *t.Post, &r.out.Posted)
	case project.KindEdit:
		run(r, awaited(ctx), slackSteps.Edit, *t.Edit, &r.out.Edited)
	case project.KindEphemeral:
		do(r, within(ctx, ephemeralFor), slackSteps.Ephemeral, *t.Ephemeral)
	case project.KindFold:
		do(r, awaited(ctx), flowSteps.Fold, *t.Fold)
	case project.KindRead:
		run(r, within(ctx, t.Read.Within+overTime), prodegeSteps.ReadProject, *t.Read, &r.out.Reading)
	case project.KindMay:
		run(r, within(ctx, mayFor), slackSteps.MayDecide, *t.May, &r.out.Permission)
	case project.KindAccept:
		run(r, awaited(ctx), prodegeSteps.AcceptCPI, *t.Accept, &r.out.Acceptance)
	case project.KindAct:
		run(r, awaited(ctx), prodegeSteps.ActOnProject, *t.Act, &r.out.Acceptance)
	case project.KindInvoice:
		run(r, awaited(ctx), billingSteps.SendInvoice, *t.Invoice, &r.out.Invoice)
	default:
		run(r, within(ctx, earlierFor), flowSteps.EarlierRuns, *t.Earlier, &r.out.Earlier)
	}
	return r
}

// result is the end of a task whose future is ready.
func (r *running) result(ctx workflow.Context) project.Result {
	if err := r.get(ctx); err != nil {
		f := activities.FailureOf(err)
		r.out.Failure = &f
	}
	return r.out
}

// run starts an activity: function, input and output belong together, which ExecuteActivity alone does not check.
func run[In, Out any](r *running, ctx workflow.Context, activity func(context.Context, In) (Out, error), in In, into **Out) {
	r.future = workflow.ExecuteActivity(r.options(ctx), activity, in)
	r.get = func(ctx workflow.Context) error {
		out := new(Out)
		err := r.future.Get(ctx, out)
		if err == nil {
			*into = out
		}
		return err
	}
}

// do is run for an activity without an output.
func do[In any](r *running, ctx workflow.Context, activity func(context.Context, In) error, in In) {
	r.future = workflow.ExecuteActivity(r.options(ctx), activity, in)
	r.get = func(ctx workflow.Context) error { return r.future.Get(ctx, nil) }
}

func (r *running) options(ctx workflow.Context) workflow.Context {
	o := workflow.GetActivityOptions(ctx)
	o.Summary, o.RetryPolicy = r.task.Summary, once
	return workflow.WithActivityOptions(ctx, o)
}

// awaited is for what changes something: it waits for a worker for as long as it takes, and its try is bounded.
func awaited(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: attempt})
}

// within is for what is worth nothing later than that, the wait for a worker included.
func within(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: min(attempt, limit), ScheduleToCloseTimeout: limit})
}

// post runs on the channel's queue, which keeps Slack's rate across workers; if its turn does not come in time it was
// certainly not heard.
func post(ctx workflow.Context, base string, in project.Post) workflow.Context {
	o := workflow.ActivityOptions{StartToCloseTimeout: attempt}
	if in.Queue != "" {
		o.TaskQueue, o.ScheduleToStartTimeout = SlackQueue(base, in.Queue), in.Wait
	}
	return workflow.WithActivityOptions(ctx, o)
}
