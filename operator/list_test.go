package operator

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

func TestListAsksTemporal(t *testing.T) {
	const open = "WorkflowType = 'Project' AND ExecutionStatus = 'Running'"
	for args, want := range map[string]string{
		"":                                    open,
		"--closed":                            "WorkflowType = 'Project' AND ExecutionStatus != 'ContinuedAsNew'",
		"--waiting-for approval":              open + " AND WaitingFor = 'approval'",
		"--attention":                         open + " AND NeedsAttention = true",
		"--status PAUSED --waiting-for live":  open + " AND WaitingFor = 'live' AND ProjectStatus = 'PAUSED'",
		"--waiting-for action":                open + " AND WaitingFor = 'action'",
		"--waiting-for person":                open + " AND (WaitingFor = 'approval' OR WaitingFor = 'action' OR NeedsAttention = true OR WaitingFor = 'invoicing' AND Summary STARTS_WITH 'COMPLETE, invoice made by hand')",
		"--longer-than 1d":                    open + " AND WaitingSince < '2026-03-01T12:00:00Z'",
		"--longer-than 1h":                    open + " AND WaitingSince < '2026-03-02T11:00:00Z'",
		"--query RequiredCPI>4 --limit 1":     open + " AND (RequiredCPI>4)",
		"--attention --waiting-for invoicing": open + " AND WaitingFor = 'invoicing' AND NeedsAttention = true",
	} {
		f := &fakes{}
		run(t, f.world(), "", append([]string{"list"}, strings.Fields(args)...)...).wants(t, 0, "No project.")
		if f.query != want {
			t.Errorf("list %s asks\n%s, want\n%s", args, f.query, want)
		}
	}
	for _, args := range []string{"--waiting-for godot", "--status o'Neill", "--limit 0", "--longer-than -1h", "--nonsense", "29303649"} {
		f := &fakes{}
		run(t, f.world(), "", append([]string{"list"}, strings.Fields(args)...)...).wants(t, ExitUsage)
		if f.query != "" {
			t.Errorf("list %s asked Temporal", args)
		}
	}
}

// TestListOrder: first what needs attention, then the oldest.
func TestListOrder(t *testing.T) {
	f := &fakes{rows: []Row{
		{Project: 3, Status: prodege.Paused, WaitingFor: project.WaitsAction, WaitingSince: noon.Add(-time.Hour), Summary: "PAUSED:\nodd"},
		{Project: 1, Status: prodege.Paused, WaitingFor: project.WaitsApproval, WaitingSince: noon.Add(-49 * time.Hour), Summary: "asks"},
		{Project: 2, Status: prodege.Live, WaitingFor: project.WaitsNothing, WaitingSince: noon.Add(-2 * time.Minute), Summary: "LIVE", NeedsAttention: true},
	}}
	want := "   PROJECT  NAME  STATUS  WAITS FOR  FOR        SUMMARY\n" +
		"!  2        -     LIVE    nothing    2 min      LIVE\n" +
		"   1        -     PAUSED  approval   2 d 1 h    asks\n" +
		"   3        -     PAUSED  action     1 h 0 min  PAUSED: odd\n"
	if got := run(t, f.world(), "", "list").out; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var l Listed
	if err := json.Unmarshal([]byte(run(t, f.world(), "", "list", "--limit", "2", "--json").out), &l); err != nil || len(l.Projects) != 2 || !l.More || l.Projects[0].Project != 2 {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestListNames: names are asked for if a worker polls.
func TestListNames(t *testing.T) {
	f := asks()
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject}}
	if got := run(t, f.world(), "", "list").out; strings.Contains(got, "Oat milk") {
		t.Errorf("asked, though no worker polls: %s", got)
	}
	f.workers = 1
	run(t, f.world(), "", "list").wants(t, 0, "Oat milk")
	run(t, f.world(), "", "list", "--json").wants(t, 0, `"po_number": "PO-7"`)
}
