package operator

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// pausedProjects is what two projects remember: a CPI approved, one refused in the time before, a pause that lasts.
func pausedProjects() *fakes {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	day := 24 * time.Hour
	return &fakes{workers: 1, gathered: workflows.Gathered{Projects: 2, PauseHistories: []project.PauseHistory{
		{Opened: "e1", Reason: prodege.RealTimePricing, ForCPI: true, Paused: at(-3 * day), Decided: at(-3*day + 7*time.Minute), Sent: at(-3*day + 8*time.Minute),
			Ended: at(-3*day + 9*time.Minute), EndStatus: prodege.Live, By: "U1", Verdict: project.Approve, Amount: usd("4.25"), Cost: usd("125")},
		{Opened: "e2", Reason: prodege.RealTimePricing, ForCPI: true, Paused: at(-10 * day), Decided: at(-9 * day), Verdict: project.Reject, Amount: usd("9.99"), Cost: usd("1500"),
			Ended: at(-8 * day), EndStatus: prodege.Complete},
		{Opened: "e3", Reason: prodege.SampleSize, Paused: at(-90 * time.Minute)},
	}}}
}

func TestReport(t *testing.T) {
	f := pausedProjects()
	a := run(t, f.world(), "", "report", "--since", "7d", "--json")
	a.wants(t, 0)
	var r Report
	if err := json.Unmarshal([]byte(a.out), &r); err != nil {
		t.Fatal(err)
	}
	if !f.since.Equal(noon.AddDate(0, 0, -7)) || r.Projects != 2 || len(r.Reasons) != 2 {
		t.Fatalf("since %s: %s", f.since, a.out)
	}
	sample, cpi := r.Reasons[0], r.Reasons[1]
	if sample.Reason != prodege.SampleSize || sample.Pauses != 1 || sample.Standing != 1 || sample.Hours != 1.5 || sample.ToLive != nil || sample.ToDecision != nil {
		t.Errorf("the pause that lasts: %+v", sample)
	}
	if cpi.Pauses != 1 || cpi.Decided != 1 || *cpi.ToDecision != 420 || *cpi.ToLive != 540 || cpi.Approved.String() != "125.00" || !cpi.Refused.IsZero() {
		t.Errorf("the CPI: %+v", cpi)
	}

	a = run(t, f.world(), "", "report")
	a.wants(t, 0, "required CPI", "12 h 3 min", "9 min", "$125.00", "$1,500.00", "sample size reached (reason 158)")
}

func TestReportSaysWhatIsMissing(t *testing.T) {
	f := pausedProjects()
	f.gathered.Unread, f.gathered.Why, f.gathered.Forgotten = []string{"project-4711"}, errors.New("history is gone"), []string{"project-4712"}
	a := run(t, f.world(), "", "report")
	a.wants(t, 0)
	for _, text := range []string{"project-4711", "history is gone", "project-4712"} {
		if !strings.Contains(a.asked, text) {
			t.Errorf("%q is not said on standard error: %s", text, a.asked)
		}
	}
	if strings.Contains(a.out, "4711") {
		t.Errorf("it stands in the table: %s", a.out)
	}
	run(t, (&fakes{workers: 1}).world(), "", "report").wants(t, 0, "No project was paused")
}

func TestReportMisused(t *testing.T) {
	for _, args := range [][]string{{"--since", "soon"}, {"--since", "-3d"}, {"--since", "2099-01-01"}, {"--since", "0d"}} {
		run(t, pausedProjects().world(), "", append([]string{"report"}, args...)...).wants(t, ExitUsage)
	}
	f := pausedProjects()
	f.fault = errNoWorker
	run(t, f.world(), "", "report").wants(t, ExitFailed, "no worker")
}

// TestReportWithoutAWorkerFailsSoon: before all projects are tried.
func TestReportWithoutAWorkerFailsSoon(t *testing.T) {
	f := pausedProjects()
	f.workers = 0
	run(t, f.world(), "", "report").wants(t, ExitFailed, "the pauses of all projects: temporal answers, but no worker does: start `fieldmarshal worker`")
	if !f.since.IsZero() {
		t.Error("all projects were read to find that out")
	}
}
