package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// weeklyTime returns a weekly time some days from now, so that only the test itself triggers it.
func weeklyTime(t *testing.T, days int, hour int, zone string) (day time.Weekday, digest string) {
	t.Helper()
	in, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	day = time.Now().In(in).AddDate(0, 0, days).Weekday()
	return day, fmt.Sprintf("%s %02d:00 %s", day.String()[:3], hour, zone)
}

// resolveTwoPauses approves a CPI and raises a sample size, and waits until both pauses are recorded as ended.
func resolveTwoPauses(w *world) (request, alert simulator.Message) {
	w.t.Helper()
	request = w.pauseForCPI(amount)
	w.click(ann, request, approve)
	request = w.waitUpdated(request, "Live again at $4.25")
	w.waitPauseHistories(1)
	alert = w.pauseWithActions(prodege.SampleSize, actSample, actComplete)
	w.submit(ben, alert, actSample, map[string]string{numberField: "650"})
	alert = w.waitUpdated(alert, "Live again")
	w.waitPauseHistories(2)
	return request, alert
}

// waitPauseHistories waits until the ledger has n completed pauses, and returns them.
func (w *world) waitPauseHistories(n int) (pauses []project.PauseHistory) {
	w.t.Helper()
	await(w.t, "the pauses to end", func() bool {
		ledger, err := w.flows.Ledger(w.ctx, theProject)
		pauses = project.PauseHistories(ledger.Lines)
		return err == nil && len(pauses) == n && !pauses[n-1].Sent.IsZero() && !pauses[n-1].Ended.IsZero()
	})
	return pauses
}

// TestPauseDurationsAreReported checks that the durations of pauses are in the ledger, the metrics, and the report on
// the command line and in Slack.
func TestPauseDurationsAreReported(t *testing.T) {
	t.Parallel()
	_, digest := weeklyTime(t, 3, 9, "America/New_York")
	w := newWorld(t, with("DIGEST", digest))
	request, alert := resolveTwoPauses(w)
	if !contains(request, "<@"+ann+"> approved $4.25") && !contains(request, "@"+ann+" approved $4.25") {
		t.Errorf("the closed request does not say who decided:\n%s", simulator.PlainText(request))
	}
	if !contains(alert, "decided by") {
		t.Errorf("the closed alert does not say who decided:\n%s", simulator.PlainText(alert))
	}
	for i, want := range []struct{ by, cost string }{{ann, "125.00"}, {ben, "525.00"}} {
		p := w.waitPauseHistories(2)[i]
		if p.By != want.by || p.Told.IsZero() || p.Decided.IsZero() || p.EndStatus != prodege.Live || p.Cost == nil || p.Cost.String() != want.cost {
			t.Errorf("pause %d: %+v, cost %v", i, p, p.Cost)
		}
	}
	for label, want := range map[string]float64{`kind="cpi"`: 4, `kind="action"`: 4, `until="post"`: 2, `until="decision"`: 2, `until="acceptance"`: 2, `until="live"`: 2, `reason="158"`: 4} {
		if n := w.worker.metric("fieldmarshal_pause_seconds_count", label); n != want {
			t.Errorf("fieldmarshal_pause_seconds_count with %s = %v, want %v", label, n, want)
		}
	}
	var report struct {
		Reasons []struct {
			Reason     int    `json:"update_reason"`
			Pauses     int    `json:"pauses"`
			ToDecision *int64 `json:"median_seconds_to_decision"`
			ToLive     *int64 `json:"median_seconds_to_live"`
			Approved   string `json:"approved_usd"`
		} `json:"reasons"`
		Projects int      `json:"projects_read"`
		Unread   []string `json:"projects_not_read"`
	}
	if out := w.run(0, "report", "--since", "1d", "--json"); json.Unmarshal([]byte(out), &report) != nil || len(report.Reasons) != 2 || report.Projects != 1 || len(report.Unread) != 0 {
		t.Fatalf("report:\n%s", out)
	}
	for _, r := range report.Reasons {
		if r.Pauses != 1 || r.ToDecision == nil || r.ToLive == nil || *r.ToLive > 3600 || r.Approved != map[int]string{160: "125.00", 158: "525.00"}[r.Reason] {
			t.Errorf("report of reason %d: %+v", r.Reason, r)
		}
	}
	checkContains(t, w.run(0, "report"), "sample size reached (reason 158)", "$125.00")
	w.triggerReport()
	m := w.waitRoot(alerts, "Pauses of the last 7 days")
	for _, text := range []string{"2 pauses", "$650.00 approved", "1 project read", "The 7 days before: none"} {
		if !contains(m, text) {
			t.Errorf("the weekly report lacks %q:\n%s", text, simulator.PlainText(m))
		}
	}
}

// triggerReport waits for the schedule and triggers it.
func (w *world) triggerReport() {
	w.t.Helper()
	schedule := w.temporal.ScheduleClient().GetHandle(w.ctx, workflows.ReportID)
	await(w.t, "the schedule", func() bool {
		_, err := schedule.Describe(w.ctx)
		return err == nil
	})
	if err := schedule.Trigger(w.ctx, client.ScheduleTriggerOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// TestScheduleFollowsConfiguration checks that starting the worker with another DIGEST creates, changes or deletes the
// schedule.
func TestScheduleFollowsConfiguration(t *testing.T) {
	t.Parallel()
	day, digest := weeklyTime(t, 3, 9, "America/New_York")
	w := newWorld(t, with("DIGEST", digest))
	schedule := w.temporal.ScheduleClient().GetHandle(w.ctx, workflows.ReportID)
	waitNext := func(day time.Weekday, hour int, zone string) {
		t.Helper()
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		await(t, "the schedule's time", func() bool {
			got, err := schedule.Describe(w.ctx)
			if err != nil || len(got.Info.NextActionTimes) == 0 {
				return false
			}
			at := got.Info.NextActionTimes[0].In(location)
			return at.Weekday() == day && at.Hour() == hour && at.Minute() == 0
		})
	}
	waitNext(day, 9, "America/New_York")
	w.restartWorkerWith("DIGEST", digest)
	if strings.Contains(w.worker.log.String(), "was rescheduled") {
		t.Error("the schedule was changed although DIGEST had not")
	}
	day, digest = weeklyTime(t, 4, 16, "Europe/Berlin")
	w.restartWorkerWith("DIGEST", digest)
	waitNext(day, 16, "Europe/Berlin")
	w.restartWorkerWith("DIGEST", "")
	await(t, "the schedule to be deleted", func() bool {
		_, err := schedule.Describe(w.ctx)
		var missing *serviceerror.NotFound
		return errors.As(err, &missing)
	})
}

// restartWorkerWith restarts the worker with another value of an environment variable.
func (w *world) restartWorkerWith(name, value string) {
	w.t.Helper()
	env := maps.Clone(w.worker.env)
	env[name] = value
	w.restartWorker(env)
}
