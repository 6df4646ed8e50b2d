package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"fieldmarshal/workflows"
)

// reportCatchUp is how late a report may be posted if Temporal was down at its time.
const reportCatchUp = 24 * time.Hour

// weekly is a time of the week in a time zone.
type weekly struct {
	day          time.Weekday
	hour, minute int
	zone         string
}

// CheckDigest returns an error unless text is a time of the week for DIGEST. The error continues the variable's name.
func CheckDigest(text string) error {
	_, err := parseWeekly(text)
	return err
}

// parseWeekly parses DIGEST, such as "Mon 09:00 America/New_York".
func parseWeekly(text string) (weekly, error) {
	parts := strings.Fields(text)
	if len(parts) == 3 && parts[2] != "Local" { // which depends on the machine
		day := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, strings.ToLower(parts[0]))
		clock, err := time.Parse("15:04", parts[1])
		if _, zoneErr := time.LoadLocation(parts[2]); day >= 0 && err == nil && zoneErr == nil {
			return weekly{time.Weekday(day), clock.Hour(), clock.Minute(), parts[2]}, nil
		}
	}
	return weekly{}, fmt.Errorf(`must be like "Mon 09:00 America/New_York": %q`, text)
}

func (w weekly) spec() client.ScheduleSpec {
	at := func(n int) []client.ScheduleRange { return []client.ScheduleRange{{Start: n}} }
	return client.ScheduleSpec{TimeZoneName: w.zone, Calendars: []client.ScheduleCalendarSpec{{DayOfWeek: at(int(w.day)), Hour: at(w.hour), Minute: at(w.minute)}}}
}

// is reports whether a schedule has this time. Temporal returns what it was given with defaults filled in.
func (w weekly) is(spec *client.ScheduleSpec) bool {
	if spec == nil || spec.TimeZoneName != w.zone || len(spec.Calendars) != 1 {
		return false
	}
	at := func(ranges []client.ScheduleRange, n int) bool {
		return len(ranges) == 1 && ranges[0].Start == n && ranges[0].End <= n // 0 or n: one value
	}
	c := spec.Calendars[0]
	return at(c.DayOfWeek, int(w.day)) && at(c.Hour, w.hour) && at(c.Minute, w.minute)
}

// keepSchedule makes the schedule of the weekly report match DIGEST, retrying while Temporal does not answer. If it may
// not create schedules there is no report, and everything else works.
func (w *Worker) keepSchedule(ctx context.Context) {
	logged := ""
	for ok := true; ok; ok = sleep(ctx, w.options.PollInterval) {
		err := w.ensureSchedule(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case mayNot(err) && w.options.Digest == "":
			return // there can be none to delete
		case mayNot(err):
			w.log.Warn("there will be no weekly report: Temporal does not permit us to manage schedules in this namespace, which takes write access", "error", err)
			return
		case logged != err.Error():
			logged = err.Error()
			w.log.Warn("the schedule of the weekly report could not be checked, will try again", "error", err)
		}
	}
}

// ensureSchedule compares the schedule with DIGEST and changes it if necessary. Another worker may do so at the same
// time, which is harmless.
func (w *Worker) ensureSchedule(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	handle := w.options.Client.ScheduleClient().GetHandle(ctx, workflows.ReportID)
	found, err := handle.Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing) && w.options.Digest == "":
		return nil
	case errors.As(err, &missing):
		return w.createSchedule(ctx)
	case err != nil:
		return fmt.Errorf("describe the schedule %s: %w", workflows.ReportID, err)
	case w.options.Digest == "":
		if err := handle.Delete(ctx); err != nil && !errors.As(err, &missing) {
			return fmt.Errorf("delete the schedule %s: %w", workflows.ReportID, err)
		}
		w.log.Info("the weekly report was removed, because DIGEST is not set")
		return nil
	case w.digest.is(found.Schedule.Spec) && w.starts(found.Schedule.Action):
		return nil
	}
	err = handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		spec := w.digest.spec()
		changed := in.Description.Schedule // a schedule that people have paused stays paused
		changed.Spec, changed.Action = &spec, w.reportAction()
		return &client.ScheduleUpdate{Schedule: &changed}, nil
	}})
	if err != nil {
		return fmt.Errorf("change the schedule %s: %w", workflows.ReportID, err)
	}
	w.log.Info("the weekly report was rescheduled", "digest", w.options.Digest)
	return nil
}

func (w *Worker) createSchedule(ctx context.Context) error {
	_, err := w.options.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: workflows.ReportID, Spec: w.digest.spec(), Action: w.reportAction(),
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: reportCatchUp,
	})
	if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("create the schedule %s: %w", workflows.ReportID, err)
	}
	w.log.Info("the weekly report is scheduled", "digest", w.options.Digest)
	return nil
}

func (w *Worker) reportAction() *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{ID: workflows.ReportID, Workflow: workflows.TypeReport, TaskQueue: w.options.TaskQueue,
		StaticSummary: "What the pauses of the last seven days came to"}
}

// starts reports whether a schedule starts the report on this worker's queue.
func (w *Worker) starts(action client.ScheduleAction) bool {
	a, ok := action.(*client.ScheduleWorkflowAction)
	return ok && a.Workflow == workflows.TypeReport && a.TaskQueue == w.options.TaskQueue
}
