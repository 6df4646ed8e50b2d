package operator

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

func TestState(t *testing.T) {
	a := run(t, asks().world(), "", "state", "29303649")
	a.wants(t, 0, "Project 29303649  Oat milk", "PO-7", "PAUSED since 2026-03-02 10:00:00Z (2 h)", "approval of its CPI, since 2026-03-02 10:00:00Z",
		"asks to accept $4.25, now $3.75, expires 2026-03-03 10:00:00Z (in 22 h), http://slack/1",
		"3 received = 1 applied + 1 duplicate + 1 late + 0 unusable", "paused: a CPI of $4.25 is required", "http://ui/namespaces/default/workflows/project-29303649")
	if strings.Contains(a.out, "\x1b") {
		t.Error("a project's name can steer the terminal")
	}
	short := run(t, asks().world(), "", "state", "29303649", "--ledger", "1")
	if short.wants(t, 0, "people are asked to accept $4.25"); strings.Contains(short.out, "paused: a CPI") {
		t.Errorf("--ledger 1 shows more than one line:\n%s", short.out)
	}
	var s State
	if err := json.Unmarshal([]byte(run(t, asks().world(), "", "state", "29303649", "--json").out), &s); err != nil {
		t.Fatal(err)
	}
	if s.ID != theProject || s.Waiting != project.WaitsApproval || !s.Request.Required.Equal(*usd("4.25")) || len(s.Last) != 3 || s.Messages["CPI request"] == "" || s.Outbox != nil {
		t.Errorf("JSON: %+v", s)
	}
}

// TestStateTellsTheMaxCPIInForce: after an acceptance that is what was accepted.
func TestStateTellsTheMaxCPIInForce(t *testing.T) {
	f := asks()
	q := f.project.Request
	f.project.Settings.Anyone = true
	step(f.project, time.Hour, project.Turn{Decisions: []project.Decision{{ID: "c", Of: project.OfCPI, Verdict: project.Approve, Request: "e1", Generation: 1, Amount: usd("4.25"), User: "U1"}}})
	for _, task := range f.project.Wanted() {
		f.project.Begin(task.ID)
		if task.Accept != nil {
			step(f.project, time.Hour, project.Turn{Results: []project.Result{{ID: task.ID, Acceptance: &project.Acceptance{Outcome: project.OutcomeSent, Sent: usd("4.25"), MaxCPI: usd("4.25")}}}})
		}
	}
	if q.Phase != project.PhaseAccepted {
		t.Fatalf("it is %s", q.Phase)
	}
	a := run(t, f.world(), "", "state", "29303649")
	if a.wants(t, 0, "$4.25 in force", "Prodege accepted $4.25", "U1 approved $4.25"); strings.Contains(a.out, "$3.75") {
		t.Errorf("it tells what was in force before:\n%s", a.out)
	}
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"max_cpi": "4.25"`)
}

// TestWhenNobodyAnswers: what is away is named, with what to do about it.
func TestWhenNobodyAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		fault, health error
		code          int
		says          string
	}{
		"unknown project":    {workflows.ErrClosed, nil, ExitNoEffect, "fieldmarshal watch 29303649"},
		"no worker, no poll": {serviceerror.NewFailedPrecondition("no poller seen for task queue recently, worker may be down"), nil, ExitFailed, "no worker does"},
		"no worker, timeout": {context.DeadlineExceeded, nil, ExitFailed, "no worker does"},
		"server's timeout":   {serviceerror.NewDeadlineExceeded("late"), nil, ExitFailed, "no worker does"},
		"never run":          {serviceerror.NewWorkflowNotReady("not scheduled"), nil, ExitFailed, "no worker does"},
		"Temporal away":      {context.DeadlineExceeded, errors.New("refused"), ExitFailed, "temporal does not answer at temporal:7233"},
		"not ours":           {serviceerror.NewPermissionDenied("no", ""), nil, ExitFailed, "TEMPORAL_API_KEY"},
		"no such namespace":  {serviceerror.NewNamespaceNotFound("x"), nil, ExitFailed, "TEMPORAL_NAMESPACE"},
		"something else":     {errors.New("boom"), nil, ExitFailed, "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			f := asks()
			f.fault, f.health = c.fault, c.health
			run(t, f.world(), "", "state", "29303649").wants(t, c.code, c.says)
		})
	}
}

func TestStateWithoutAWorkerShowsTheList(t *testing.T) {
	f := asks()
	f.fault = context.DeadlineExceeded
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, Status: prodege.Paused, WaitingFor: project.WaitsApproval, WaitingSince: noon.Add(-time.Hour), NeedsAttention: true, Summary: "asks to accept $4.25"}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "No worker answers", "asks to accept $4.25", "ATTENTION", "approval of its CPI, since 2026-03-02 11:00:00Z (1 h)")
	if f.query != "WorkflowId = 'project-29303649'" {
		t.Errorf("asked %s", f.query)
	}
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"source": "search attributes"`, `"waiting_for": "approval"`)
}

// TestWhatSlackDoesNotTakeNeedsAttention: at once if people must fix something, else after five minutes.
func TestWhatSlackDoesNotTakeNeedsAttention(t *testing.T) {
	f := asks()
	f.project.Outbox = []*project.Message{{Key: "said", Wanted: 1, Shown: 1, Fault: "old"}, {Key: "k", Wanted: 1, Fault: "the app is not in the channel"}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "ATTENTION", "the app is not in the channel")
	f.project.Outbox = []*project.Message{{Key: "k", Wanted: 1, Failure: "rate_limited", Due: noon.Add(-4 * time.Minute)}}
	if a := run(t, f.world(), "", "state", "29303649"); strings.Contains(a.out, "ATTENTION") {
		t.Errorf("after four minutes:\n%s", a.out)
	}
	step(f.project, -time.Minute, project.Turn{})
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "ATTENTION", "rate_limited")
}

// TestStateTellsTheInactivityClock: the date on which Prodege completes the project is told, with a worker and without.
func TestStateTellsTheInactivityClock(t *testing.T) {
	const told = "Prodege completes it by itself about 2026-03-16 07:00:00Z (in 13 d 19 h)"
	at := noon.Add(13*24*time.Hour + 19*time.Hour)
	f := asks()
	if a := run(t, f.world(), "", "state", "29303649"); strings.Contains(a.out, "by itself") {
		t.Errorf("a clock is told that does not run:\n%s", a.out)
	}
	f.project.Pause.Inactivity = &project.InactivityClock{Paused: noon, At: at}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, told)
	f.fault = context.DeadlineExceeded
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, Status: prodege.Paused, AutoComplete: at}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, told)
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"auto_complete_at": "2026-03-16T07:00:00Z"`)
}

// TestOneVocabulary: what a pause with buttons waits for reads alike in list, state and explain, and what it offers is named.
func TestOneVocabulary(t *testing.T) {
	f := offers()
	const waits, what = "somebody to take action", "offered: Raise sample size, Complete project"
	run(t, f.world(), "", "state", "29303649").wants(t, 0, waits, what, "fieldmarshal act 29303649", "sample size reached (reason 158)")
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "It waits for "+waits, what)
	run(t, f.world(), "", "approve", "29303649", "--as", "U1").wants(t, ExitNoEffect, "it waits for "+waits)
	if f.project.Waiting != project.WaitsAction {
		t.Errorf("it waits for %s", f.project.Waiting)
	}
	recordsChoice(project.PhaseRefused)(f.project, project.Decision{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 600, User: "U1", At: noon})
	f.project.Action.Refusal = &project.Refusal{Party: "Prodege", Text: "no"}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "ATTENTION", "Prodege: no", "Raise sample size (600): refused")
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "It needs attention: ")
}

// TestStateTellsWhenThePauseBegan: a further event of the same pause does not make it younger.
func TestStateTellsWhenThePauseBegan(t *testing.T) {
	f := asks()
	f.project.StatusSince, f.project.Pause.Since = noon.Add(-2*time.Minute), noon.Add(-7*time.Minute)
	const told = "PAUSED since 2026-03-02 11:53:00Z (7 min), newest event 2026-03-02 11:58:00Z (2 min ago): "
	run(t, f.world(), "", "state", "29303649").wants(t, 0, told)
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, told)
	f.project.Pause.Since = f.project.StatusSince
	if a := run(t, f.world(), "", "state", "29303649"); strings.Contains(a.out, "newest event") {
		t.Errorf("one event is told twice:\n%s", a.out)
	}
}
