package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/project"
)

const (
	reportDays = 7 * 24 * time.Hour
	gatherFor  = 6 * time.Hour // a later report is useless
	gatherOnce = time.Hour     // to read all projects, eight at a time; thousands take minutes
	gatherBeat = 2 * gatherTimeout
)

// Report posts a summary of the last seven days' pauses in the alerts channel.
func (w *Workflows) Report(ctx workflow.Context) error {
	settings := w.readSettings(ctx)
	until := workflow.Now(ctx).UTC()
	reading := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: gatherOnce, ScheduleToCloseTimeout: gatherFor, HeartbeatTimeout: gatherBeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute}, Summary: "read the ledgers of all projects"})
	var facts project.Report
	if err := workflow.ExecuteActivity(reading, flowSteps.GatherReport, activities.GatherReport{Since: until.Add(-reportDays), Until: until}).Get(ctx, &facts); err != nil {
		return err
	}
	facts.UI, facts.Simulated = settings.TemporalUIURL, settings.Simulated
	return announce(ctx, settings, project.Post{Channel: settings.AlertsChannel, Key: "report-" + until.Format("20060102T150405"), Card: project.Card{Report: &facts}}, "weekly report")
}

// announce posts a message of a workflow other than Project, retrying until it succeeds. If an attempt may have succeeded, the next
// one gets its time, so that the activity searches first. The error is non-nil only if ctx is cancelled.
func announce(ctx workflow.Context, settings Settings, in project.Post, what string) error {
	in.Queue, in.Wait = in.Channel, time.Hour
	wait := time.Second
	for {
		var out project.Posted
		began := workflow.Now(ctx)
		err := execute(ctx, post(settings.TaskQueue, in), what, slackSteps.Post, in).Get(ctx, &out)
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
