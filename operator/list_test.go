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
		"--status paused --reason 158":        open + " AND ProjectStatus = 'PAUSED' AND UpdateReason = 158",
		"--waiting-for action":                open + " AND WaitingFor = 'action'",
		"--waiting-for person":                open + " AND (WaitingFor = 'approval' OR WaitingFor = 'action' OR NeedsAttention = true OR WaitingFor = 'invoicing' AND Summary STARTS_WITH 'COMPLETE, invoice made by hand')",
		"--longer-than 1d":                    open + " AND WaitingSince < '2026-03-01T12:00:00Z'",
		"--required-above $4":                 open + " AND RequiredCPI > 4.00",
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
	for _, args := range []string{"--waiting-for godot", "--status o'Neill", "--limit 0", "--longer-than -1h", "--expires-within -1s", "--auto-completes-within -1s", "--required-above 4,25", "--nonsense", "29303649"} {
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
	want := "   PROJECT  NAME  STATUS  WAITS FOR  FOR      SUMMARY\n" +
		"!  2        -     LIVE    nothing    2 min    LIVE\n" +
		"   1        -     PAUSED  approval   2 d 1 h  asks\n" +
		"   3        -     PAUSED  action     1 h      PAUSED: odd\n"
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
	f.pollers = polling()
	run(t, f.world(), "", "list").wants(t, 0, "Oat milk")
	run(t, f.world(), "", "list", "--json").wants(t, 0, `"po_number": "PO-7"`)
}

// TestListOfApprovals shows what is asked: amounts of a worker, or the list's own summary without one.
func TestListOfApprovals(t *testing.T) {
	f := asks()
	f.pollers = polling()
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, WaitingSince: noon.Add(-2 * time.Hour), Deadline: noon.Add(22 * time.Hour), Summary: "asks to accept $4.25, now $3.75"}}
	approvals := []string{"list", "--waiting-for", "approval"}
	run(t, f.world(), "", approvals...).wants(t, 0, "29303649", "$4.25", "$3.75", "$0.50 (13 %)", "2 h", "in 22 h", "asks to accept $4.25, now $3.75", "Oat milk")
	var l Listed
	if err := json.Unmarshal([]byte(run(t, f.world(), "", append(approvals, "--json")...).out), &l); err != nil || len(l.Projects) != 1 || l.Projects[0].Generation != 1 || l.Projects[0].Phase != "open" {
		t.Errorf("%+v, %v", l, err)
	}
	f.fault = errNoWorker
	run(t, f.world(), "", approvals...).wants(t, 0, "29303649", "asks")
	run(t, (&fakes{}).world(), "", append(approvals, "--json")...).wants(t, 0, `"projects": []`)
}
