package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/project"
)

// announce posts a message of a workflow other than Project, retrying until it succeeds. If an attempt may have succeeded, the next
// one gets its time, so that the activity searches first. The error is non-nil only if ctx is cancelled.
func announce(ctx workflow.Context, settings Settings, in project.Post, what string) error {
	in.Queue, in.Wait = in.Channel, time.Hour
	wait := time.Second
	for {
		var out project.Posted
		began := workflow.Now(ctx)
		o := workflow.GetActivityOptions(post(ctx, settings.TaskQueue, in))
		o.Summary, o.RetryPolicy = what, once
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), slackSteps.Post, in).Get(ctx, &out)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		f := activities.FailureOf(err)
		if f.Maybe && in.Tried.IsZero() {
			in.Tried = began
		}
		switch f.Kind {
		case project.FailedNotStarted:
			in.Queue = "" // nobody serves the channel's queue any more
		case project.FailedOperator, project.FailedRefused:
			wait = 15 * time.Minute
		}
		workflow.GetLogger(ctx).Error("a message could not be posted in Slack, will try again", "what", what, "channel", in.Channel, "error", f.Text)
		timer := workflow.NewTimerWithOptions(ctx, max(wait, f.RetryAfter), workflow.TimerOptions{Summary: "try again: " + what})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
		wait = min(2*wait, time.Minute)
	}
}
