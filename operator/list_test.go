package operator

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

func TestListAsksTemporal(t *testing.T) {
	const open = "WorkflowType = 'Project' AND ExecutionStatus = 'Running'"
	for args, want := range map[string]string{
		"":                                    open,
		"--closed":                            "WorkflowType = 'Project'",
		"--waiting-for approval":              open + " AND WaitingFor = 'approval'",
		"--attention":                         open + " AND NeedsAttention = true",
		"--status paused --reason 158":        open + " AND ProjectStatus = 'PAUSED' AND UpdateReason = 158",
		"--status o'Neill":                    open + " AND ProjectStatus = 'O''NEILL'",
		"--longer-than 1h":                    open + " AND WaitingSince < '2026-03-02T11:00:00Z'",
		"--expires-within 2h":                 open + " AND ApprovalDeadline < '2026-03-02T14:00:00Z'",
		"--auto-completes-within 72h":         open + " AND AutoCompleteAt < '2026-03-05T12:00:00Z'",
		"--required-above 4.50":               open + " AND RequiredCPI > 4.50",
		"--query RequiredCPI>4 --limit 1":     open + " AND (RequiredCPI>4)",
		"--attention --waiting-for invoicing": open + " AND WaitingFor = 'invoicing' AND NeedsAttention = true",
	} {
		f := &fakes{}
		run(t, f.world(), "", append([]string{"list"}, strings.Fields(args)...)...).wants(t, 0, "No project.")
		if f.query != want {
			t.Errorf("list %s asks\n%s, want\n%s", args, f.query, want)
		}
	}
	for _, args := range []string{"--waiting-for godot", "--limit 0", "--longer-than -1h", "--expires-within -1s", "--auto-completes-within -1s", "--required-above $4", "--nonsense", "29303649"} {
		f := &fakes{}
		run(t, f.world(), "", append([]string{"list"}, strings.Fields(args)...)...).wants(t, ExitUsage)
		if f.query != "" {
			t.Errorf("list %s asked Temporal", args)
		}
	}
}

func TestListOldestFirst(t *testing.T) {
	f := &fakes{rows: []Row{
		{Project: 3, Status: prodege.Paused, WaitingFor: workflows.WaitsLive, WaitingSince: noon.Add(-time.Hour), Summary: "PAUSED:\nodd"},
		{Project: 1, Status: prodege.Paused, WaitingFor: workflows.WaitsApproval, WaitingSince: noon.Add(-49 * time.Hour), Summary: "asks", NeedsAttention: true},
		{Project: 2, Status: prodege.Live, WaitingFor: workflows.WaitsNothing, WaitingSince: noon.Add(-2 * time.Minute), Summary: "LIVE"},
	}}
	want := "PROJECT     STATUS  WAITS FOR  FOR      SUMMARY\n" +
		"1        !  PAUSED  approval   2 d 1 h  asks\n" +
		"3           PAUSED  live       1 h      PAUSED: odd\n" +
		"2           LIVE    nothing    2 min    LIVE\n"
	if got := run(t, f.world(), "", "list").out; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var l Listed
	if err := json.Unmarshal([]byte(run(t, f.world(), "", "list", "--limit", "2", "--json").out), &l); err != nil || len(l.Projects) != 2 || !l.More || l.Projects[0].Project != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestListTellsWhatPeopleCanDo: a pause whose alert has buttons does not look as if only Prodege could end it.
func TestListTellsWhatPeopleCanDo(t *testing.T) {
	f := &fakes{
		rows: []Row{
			{Project: 1, Status: prodege.Paused, WaitingFor: workflows.WaitsLive, WaitingSince: noon.Add(-time.Hour), Summary: "PAUSED: sample size"},
			{Project: 2, Status: prodege.Paused, WaitingFor: workflows.WaitsLive, WaitingSince: noon.Add(-time.Minute), Summary: "PAUSED: clicks; Set live: accepted"},
			{Project: 3, Status: prodege.Paused, WaitingFor: workflows.WaitsApproval, WaitingSince: noon, Summary: "asks"},
		},
		actions: []Row{{Project: 1, Summary: "offers: Raise sample size, Complete project"}, {Project: 2, Summary: "Set live: accepted"}, {Project: 3, Summary: "offers: Set live"}},
	}
	want := "PROJECT    STATUS  WAITS FOR  FOR    SUMMARY\n" +
		"1          PAUSED  live       1 h    PAUSED: sample size (act: Raise sample size, Complete project)\n" +
		"2          PAUSED  live       1 min  PAUSED: clicks; Set live: accepted\n" +
		"3          PAUSED  approval   0 s    asks\n"
	if got := run(t, f.world(), "", "list").out; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	run(t, f.world(), "", "list", "--json").wants(t, 0, `"offers": "Raise sample size, Complete project"`)
}

func TestApprovals(t *testing.T) {
	f := asks()
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, WaitingSince: noon.Add(-2 * time.Hour), Deadline: noon.Add(22 * time.Hour), Summary: "asks"}}
	a := run(t, f.world(), "", "approvals")
	a.wants(t, 0, "29303649", "$4.25", "$3.75", "$0.50 (13 %)", "2 h", "in 22 h", "waits for a decision")
	if !strings.Contains(f.query, "WaitingFor = 'approval'") {
		t.Errorf("asked %s", f.query)
	}
	var list []Open
	if err := json.Unmarshal([]byte(run(t, f.world(), "", "approvals", "--json").out), &list); err != nil || len(list) != 1 || list[0].Generation != 2 || list[0].Phase != "open" {
		t.Errorf("%+v, %v", list, err)
	}
	f.fault = errNoWorker // the list alone still tells
	run(t, f.world(), "", "approvals").wants(t, 0, "29303649", "asks")
	run(t, (&fakes{}).world(), "", "approvals").wants(t, 0, "No CPI request waits")
	if got := run(t, (&fakes{}).world(), "", "approvals", "--json").out; got != "[]\n" {
		t.Errorf("nothing in JSON is %q", got)
	}
}
