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
