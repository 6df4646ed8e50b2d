package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

const (
	// TypeReport is the workflow that sums up the pauses of a week, started by a schedule.
	TypeReport = "Report"
	// ReportID is the id of the schedule, and how the ids of the workflows that it starts begin.
	ReportID = "fieldmarshal-report"
)

const (
	reportDays = 7 * 24 * time.Hour
	// gatherFor is how long the reading is tried again; a report later than that helps nobody.
	gatherFor = 6 * time.Hour
	// gatherOnce bounds one reading of all Projects: eight at a time, some thousands in minutes.
	gatherOnce = time.Hour
	// gatherBeat is how long it may be silent: twice what one Project may take.
	gatherBeat = 2 * gatherTimeout
)

// Report posts what the pauses of the last seven days came to, in the alerts channel.
func (w *Workflows) Report(ctx workflow.Context) error {
	settings := w.readSettings(ctx)
	until := workflow.Now(ctx).UTC()
	facts, err := gatherReport(ctx, activities.GatherReport{Since: until.Add(-reportDays), Until: until})
	if err != nil {
		return err
	}
	facts.UI, facts.Simulated = settings.TemporalUIURL, settings.Simulated
	var messages []*Message
	b := newBoard(ctx, &messages, settings.TaskQueue, func() {})
	b.post("report-"+until.Format("20060102T150405"), settings.AlertsChannel, activities.Card{Report: &facts}, "weekly report")
	return workflow.Await(ctx, b.idle)
}

func gatherReport(ctx workflow.Context, in activities.GatherReport) (facts activities.ReportFacts, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: gatherOnce, ScheduleToCloseTimeout: gatherFor, HeartbeatTimeout: gatherBeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute}, Summary: "read the pauses of all projects"})
	err = workflow.ExecuteActivity(ctx, reportSteps.GatherReport, in).Get(ctx, &facts)
	return facts, err
}
