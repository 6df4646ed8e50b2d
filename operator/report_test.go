package operator

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// pausedProjects is what two projects remember: a CPI approved, one refused in the time before, a pause that lasts.
func pausedProjects() *fakes {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	day := 24 * time.Hour
	return &fakes{gathered: workflows.Gathered{Projects: 2, Paces: []workflows.Pace{
		{Opened: "e1", Reason: prodege.RealTimePricing, ForCPI: true, Paused: at(-3 * day), Decided: at(-3*day + 7*time.Minute), Sent: at(-3*day + 8*time.Minute),
			Ended: at(-3*day + 9*time.Minute), EndStatus: prodege.Live, By: "U1", Verdict: "approve", Amount: usd("4.25"), Cost: usd("125")},
		{Opened: "e2", Reason: prodege.RealTimePricing, ForCPI: true, Paused: at(-10 * day), Decided: at(-9 * day), Verdict: "reject", Amount: usd("9.99"), Cost: usd("1500"),
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
	if sample.Reason != prodege.SampleSize || sample.Pauses != 1 || sample.Standing != 1 || sample.StillHours != 1.5 || sample.ToLive != nil || sample.ToDecision != nil {
		t.Errorf("the pause that lasts: %+v", sample)
	}
	if cpi.Pauses != 1 || cpi.Decided != 1 || *cpi.ToDecision != 420 || *cpi.ToLive != 540 || cpi.Approved.String() != "125.00" || !cpi.Refused.IsZero() {
		t.Errorf("the CPI: %+v", cpi)
	}

	a = run(t, f.world(), "", "report")
	a.wants(t, 0, "Required CPI", "12 h 3 min", "9 min", "$125.00", "$1,500.00", "Sample size reached (158)")
	a = run(t, f.world(), "", "report", "--csv")
	a.wants(t, 0)
	rows, err := csv.NewReader(strings.NewReader(a.out)).ReadAll()
	if err != nil || len(rows) != 4 || rows[3][1] != "all" || rows[3][10] != "1500.00" {
		t.Errorf("%v: %q", err, rows)
	}
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
	run(t, (&fakes{}).world(), "", "report").wants(t, 0, "No project stood still")
}

func TestReportMisused(t *testing.T) {
	for _, args := range [][]string{{"--since", "soon"}, {"--since", "-3d"}, {"--since", "2099-01-01"}, {"--json", "--csv"}, {"--since", "0d"}} {
		run(t, pausedProjects().world(), "", append([]string{"report"}, args...)...).wants(t, ExitUsage)
	}
	f := pausedProjects()
	f.fault = errNoWorker
	run(t, f.world(), "", "report").wants(t, ExitFailed, "no worker")
}

// TestReportWithoutAWorkerFailsSoon: before all projects are tried in vain.
func TestReportWithoutAWorkerFailsSoon(t *testing.T) {
	const says = "the pauses of all projects: temporal answers, but no worker does: start `fieldmarshal worker`"
	never := pausedProjects()
	never.fault, never.rows = serviceerror.NewFailedPrecondition("no poller seen"), []Row{{Project: theProject}, {Project: 4711}}
	stopped := pausedProjects() // just now: it is still remembered as polling, and takes no question
	stopped.fault, stopped.rows, stopped.pollers = context.DeadlineExceeded, never.rows, []Poller{{"1@host", noon}}
	for _, f := range []*fakes{never, stopped} {
		run(t, f.world(), "", "report").wants(t, ExitFailed, says)
		if !f.since.IsZero() {
			t.Error("all projects were read to find that out")
		}
	}
	answers := pausedProjects() // what one of them says is no fault of the worker's
	answers.rows = stopped.rows
	run(t, answers.world(), "", "report").wants(t, 0, "Required CPI")
	run(t, (&busy{stopped, noon}).world(), "", "report").wants(t, ExitFailed, "no worker")
	if stopped.since.IsZero() {
		t.Error("a worker that takes questions was given up")
	}
}

// busy is a Temporal whose worker takes questions, and has not answered yet.
type busy struct {
	*fakes
	seen time.Time
}

func (b *busy) Pollers(context.Context) ([]Poller, error) {
	b.seen = b.seen.Add(time.Second)
	return []Poller{{"1@host", b.seen}}, nil
}

func (b *busy) world() *World {
	w := b.fakes.world()
	w.Temporal = b
	return w
}
