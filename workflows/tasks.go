package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/project"
)

// Typed steps: one call per activity, with its timeouts and its summary in the timeline. An attempt is an activity: Temporal
// retries none, the core decides about the next attempt.

var (
	slackSteps   *activities.Slack
	prodegeSteps *activities.Prodege
	billingSteps *activities.Billing
	flowSteps    *activities.Flows
)

const (
	attempt       = 30 * time.Second // one attempt to change something
	permissionFor = 10 * time.Second // to find out whether a person may decide
	earlierFor    = time.Minute
	ephemeralFor  = time.Minute
	overTime      = 5 * time.Second // an activity that ends itself reports more than a timeout
)

// running is a running task.
type running struct {
	task   project.Task
	ctx    workflow.Context
	future workflow.Future
	cancel workflow.CancelFunc
	out    project.Result
	get    func(ctx workflow.Context) error
}

// launch starts a task.
func (d *driver) launch(t project.Task) *running {
	ctx, cancel := workflow.WithCancel(d.ctx)
	r := &running{task: t, ctx: ctx, cancel: cancel, out: project.Result{ID: t.ID}}
	switch t.Kind() {
	case project.KindPost:
		run(r, post(d.settings.TaskQueue, *t.Post), slackSteps.Post, *t.Post, &r.out.Posted)
	case project.KindEdit:
		run(r, awaited, slackSteps.Edit, *t.Edit, &r.out.Edited)
	case project.KindEphemeral:
		do(r, within(ephemeralFor), slackSteps.Ephemeral, *t.Ephemeral)
	case project.KindDigest:
		do(r, awaited, flowSteps.AddToDigest, *t.Digest)
	case project.KindRead:
		run(r, within(t.Read.Within+overTime), prodegeSteps.ReadProject, *t.Read, &r.out.Reading)
	case project.KindPermission:
		run(r, within(permissionFor), slackSteps.CheckPermission, *t.Permission, &r.out.Permission)
	case project.KindAccept:
		run(r, awaited, prodegeSteps.AcceptCPI, *t.Accept, &r.out.Acceptance)
	case project.KindAct:
		run(r, awaited, prodegeSteps.ActOnProject, *t.Act, &r.out.Acceptance)
	case project.KindInvoice:
		run(r, awaited, billingSteps.SendInvoice, *t.Invoice, &r.out.Invoice)
	default:
		run(r, within(earlierFor), flowSteps.EarlierRuns, *t.Earlier, &r.out.Earlier)
	}
	return r
}

// result returns the result of a task whose future is ready.
func (r *running) result(ctx workflow.Context) project.Result {
	if err := r.get(ctx); err != nil {
		f := activities.FailureOf(err)
		r.out.Failure = &f
	}
	return r.out
}

// run starts an activity. Unlike ExecuteActivity it checks that function, input and output belong together.
func run[In, Out any](r *running, o workflow.ActivityOptions, activity func(context.Context, In) (Out, error), in In, into **Out) {
	r.future = execute(r.ctx, o, r.task.Summary, activity, in)
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
func do[In any](r *running, o workflow.ActivityOptions, activity func(context.Context, In) error, in In) {
	r.future = execute(r.ctx, o, r.task.Summary, activity, in)
	r.get = func(ctx workflow.Context) error { return r.future.Get(ctx, nil) }
}

// execute starts an activity for one attempt.
func execute(ctx workflow.Context, o workflow.ActivityOptions, summary string, activity any, in ...any) workflow.Future {
	o.Summary, o.RetryPolicy = summary, &temporal.RetryPolicy{MaximumAttempts: 1}
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), activity, in...)
}

// awaited is for activities that change something: they wait for a worker without limit, and the attempt has a limit.
var awaited = workflow.ActivityOptions{StartToCloseTimeout: attempt}

// within is for activities that are useless after a time limit, which includes waiting for a worker.
func within(limit time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{StartToCloseTimeout: min(attempt, limit), ScheduleToCloseTimeout: limit}
}

// post is for posts: they run on the channel's queue, which enforces Slack's rate limit across workers. One whose turn does not
// come in time was certainly not posted.
func post(base string, in project.Post) workflow.ActivityOptions {
	o := awaited
	if in.Queue != "" {
		o.TaskQueue, o.ScheduleToStartTimeout = SlackQueue(base, in.Queue), in.Wait
	}
	return o
}
