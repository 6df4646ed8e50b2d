package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/project"
)

// say posts one message of a workflow that is no project's, for as long as it takes: a try that may have been heard is
// repeated with its time, so that the activity looks first. It returns an error only if ctx is cancelled.
func say(ctx workflow.Context, settings Settings, in project.Post, what string) error {
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
		workflow.GetLogger(ctx).Error("could not say it in Slack, will try again", "what", what, "channel", in.Channel, "error", f.Text)
		timer := workflow.NewTimerWithOptions(ctx, max(wait, f.RetryAfter), workflow.TimerOptions{Summary: "try again: " + what})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
		wait = min(2*wait, time.Minute)
	}
}
