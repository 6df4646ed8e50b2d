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
	a.wants(t, 0, "Prodege project 29303649\nOat milk", "PO-7", "Status PAUSED since 2026-03-02 10:00:00 UTC", "approval of its CPI since 2026-03-02 10:00:00 UTC",
		"asks to accept $4.25, now $3.75, expires 2026-03-03 10:00:00 UTC", "http://slack/1",
		"received: 3 (applied 1, duplicate 1, late 1, unusable 0)", "paused: a CPI of $4.25 is required", "http://ui/project-29303649")
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
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "asks to accept $4.25", "approval of its CPI since 2026-03-02 11:00:00Z")
	if f.query != "WorkflowId = 'project-29303649'" {
		t.Errorf("asked %s", f.query)
	}
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"needs_attention": true`, `"waiting_for": "approval"`)
}

// TestWhatSlackDoesNotTakeNeedsAttention: at once if people must fix something, else after five minutes.
func TestWhatSlackDoesNotTakeNeedsAttention(t *testing.T) {
	f := asks()
	f.project.Outbox = []*project.Message{{Key: "said", Wanted: 1, Shown: 1, Fault: "old"}, {Key: "k", Wanted: 1, Fault: "the app is not in the channel"}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "Needs attention", "the app is not in the channel")
	f.project.Outbox = []*project.Message{{Key: "k", Wanted: 1, Failure: "rate_limited", Due: noon.Add(-4 * time.Minute)}}
	if a := run(t, f.world(), "", "state", "29303649"); strings.Contains(a.out, "Needs attention") {
		t.Errorf("after four minutes:\n%s", a.out)
	}
	step(f.project, -time.Minute, project.Turn{})
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "Needs attention", "rate_limited")
}

// TestOneVocabulary: what a pause with buttons waits for reads alike in list, state and explain, and what it offers is named.
func TestOneVocabulary(t *testing.T) {
	f := offers()
	const waits, what = "somebody to take action", "offered: Raise sample size, Complete project"
	run(t, f.world(), "", "state", "29303649").wants(t, 0, waits, what, "sample size reached (reason 158)")
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "It waits for "+waits, what)
	run(t, f.world(), "", "approve", "29303649", "--as", "U1").wants(t, ExitNoEffect, "it waits for "+waits)
	if f.project.Waiting != project.WaitsAction {
		t.Errorf("it waits for %s", f.project.Waiting)
	}
	recordsChoice(project.PhaseRefused)(f.project, project.Decision{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 600, User: "U1", At: noon})
	f.project.Action.Refusal = &project.Refusal{Party: "Prodege", Text: "no"}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "Needs attention", "Prodege: no", "Raise sample size (600): refused")
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "It needs attention: ")
}

// TestExplainTellsWhenThePauseBegan: a further event of the same pause does not make it younger.
func TestExplainTellsWhenThePauseBegan(t *testing.T) {
	f := asks()
	f.project.StatusSince, f.project.Pause.Since = noon.Add(-2*time.Minute), noon.Add(-7*time.Minute)
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "It is PAUSED", "since 2026-03-02 11:53:00Z")
}
