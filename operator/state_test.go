package operator

import (
	"context"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"

	"fieldmarshal/activities"
	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

func TestState(t *testing.T) {
	a := run(t, asks().world(), "", "state", "29303649")
	a.wants(t, 0, "Project 29303649  Oat milk", "PO-7", "PAUSED since 2026-03-02 10:00:00Z (2 h)", "waits for  a person's decision on the required CPI, since",
		"required $4.25, max CPI now $3.75: waits for a decision", "expires 2026-03-03 10:00:00Z (in 22 h)", "http://slack/1",
		"3 received = 1 applied + 1 duplicate + 1 late + 0 unusable", "approve (dry run)", "U1 (slack)", "http://ui/namespaces/default/workflows/project-29303649")
	if strings.Contains(a.out, "\x1b") {
		t.Error("a project's name can steer the terminal")
	}
	short := run(t, asks().world(), "", "state", "29303649", "--ledger", "1")
	if short.wants(t, 0, "refused: no"); strings.Contains(short.out, "paused for CPI") {
		t.Errorf("--ledger 1 shows more than one line:\n%s", short.out)
	}
	var s State
	if err := json.Unmarshal([]byte(run(t, asks().world(), "", "state", "29303649", "--json").out), &s); err != nil {
		t.Fatal(err)
	}
	if s.Project != theProject || s.WaitingFor != workflows.WaitsApproval || len(s.Requests) != 1 || !s.Requests[0].Required.Equal(prodege.MustUSD("4.25")) || len(s.Events) != 3 {
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
		"unknown project":    {workflows.ErrClosed, nil, ExitVain, "fieldmarshal watch 29303649"},
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
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, Status: prodege.Paused, WaitingFor: workflows.WaitsApproval, WaitingSince: noon.Add(-time.Hour), NeedsAttention: true, Summary: "asks to accept $4.25"}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "No worker answers", "asks to accept $4.25", "ATTENTION", "required CPI, since 2026-03-02 11:00:00Z (1 h)")
	if f.query != "WorkflowId = 'project-29303649'" {
		t.Errorf("asked %s", f.query)
	}
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"source": "search attributes"`)
}

func TestWhatSlackRefusesNeedsAttention(t *testing.T) {
	f := asks()
	f.project.Messages = []*workflows.Message{{Key: "said", Wanted: 1, Shown: 1, Fault: "old"}, {Key: "k", Wanted: 1, Fault: "the app is not in the channel"}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "ATTENTION  Slack: the app is not in the channel")
}

// TestVocabulary: every phase and answer there is has words here, and the words sent are those of the cards.
func TestVocabulary(t *testing.T) {
	for what, words := range map[string]map[string]string{"Phase": phases, "InvoicePhase": invoices, "AnswerKind": answers} {
		all := constants(t, "../cards/facts.go", what)
		if len(all) < 10 {
			t.Fatalf("only %d constants of %s were found", len(all), what)
		}
		if what == "AnswerKind" {
			// A command says these itself: it records its decision as it asks, and knows no workspace.
			all = slices.DeleteFunc(all, func(k string) bool { return k == string(cards.AnswerNotTaken) || k == string(cards.AnswerForeign) })
		} else {
			all = append(all, "lost") // what a Project notes of a child that was terminated
		}
		for _, c := range all {
			if words[c] == "" && (what != "Phase" || acts[c] == "") {
				t.Errorf("%s %s has no words", what, c)
			}
		}
	}
	if fromCommand != cards.FromCommand || verdictApprove != cards.Approve || verdictReject != cards.Reject ||
		verdictAskAgain != cards.AskAgain || verdictTryAgain != cards.TryAgain || verdictClose != cards.Close {
		t.Error("a decision is not worded as cards word it")
	}
}

// constants are the values of a file's string constants of a type.
func constants(t *testing.T, path, ofType string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == ofType && len(spec.Values) == 1 {
			if value, ok := spec.Values[0].(*ast.BasicLit); ok {
				text, err := strconv.Unquote(value.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, text)
			}
		}
		return true
	})
	return values
}

// TestALostInvoicingNeedsAttention: its workflow was terminated, so that nothing else tells.
func TestALostInvoicingNeedsAttention(t *testing.T) {
	f := asks()
	f.project.Status, f.project.Pause = prodege.Complete, nil
	f.project.Invoicing = &workflows.InvoiceState{Status: workflows.ChildStatus{Phase: "lost", Closed: true, Revision: 1}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "ATTENTION", "the invoicing was terminated")
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "its workflow was terminated in Temporal", "People must look: the invoicing was terminated")
}

// TestStateTellsTheInactivityClock: the date on which Prodege completes the project is told, with a worker and without.
func TestStateTellsTheInactivityClock(t *testing.T) {
	const told = "Prodege completes it by itself about 2026-03-16 07:00:00Z (in 13 d 19 h)"
	at := noon.Add(13*24*time.Hour + 19*time.Hour)
	f := asks()
	if a := run(t, f.world(), "", "state", "29303649"); strings.Contains(a.out, "by itself") {
		t.Errorf("a clock is told that does not run:\n%s", a.out)
	}
	f.project.Pause.Inactivity = &workflows.InactivityClock{Paused: noon, At: at}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, told)
	f.fault = context.DeadlineExceeded
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, Status: prodege.Paused, AutoComplete: at}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, told)
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"auto_complete_at": "2026-03-16T07:00:00Z"`)
}

// TestAPauseThatOffersSomethingWaitsForAPerson: not for Prodege alone, and what can be done is named.
func TestAPauseThatOffersSomethingWaitsForAPerson(t *testing.T) {
	const waits, what = "a person to act on its alert, or Prodege to set it LIVE again", "“Raise sample size”, “Complete project” (fieldmarshal act 29303649)"
	for phase, offered := range map[string]bool{"open": true, "refused": true, "stopped": true, "still": true, "accepted": false, "held": false, "other": false} {
		f := offers()
		f.project.Waiting = workflows.WaitsLive
		f.project.Requests[0].Status = workflows.ChildStatus{Phase: phase, Acting: &activities.Acting{Event: f.action.Event}}
		for _, command := range []string{"state", "explain"} {
			a := run(t, f.world(), "", command, "29303649")
			if told := strings.Contains(a.out, waits) && strings.Contains(a.out, what); told != offered {
				t.Errorf("%s, %s: offered %t:\n%s", command, phase, told, a.out)
			}
			a.wants(t, 0, "to set it LIVE again, since")
		}
	}
	f := offers()
	f.project.Waiting = workflows.WaitsLive
	f.project.Requests[0].Status = workflows.ChildStatus{Phase: "refused", Attention: "Prodege: no", Acting: &activities.Acting{Event: f.action.Event}}
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "ATTENTION  Prodege: no", "“Try again”, “Raise sample size”")
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "People must look: Prodege: no.")
	run(t, f.world(), "", "approve", "29303649", "--as", "U1").wants(t, ExitVain, "PAUSED and waits for "+waits)
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"action": "sample"`)
}

// TestStateTellsWhenThePauseBegan: a further event of the same pause does not make it younger.
func TestStateTellsWhenThePauseBegan(t *testing.T) {
	f := asks()
	f.project.StatusSince, f.project.Pause.Since = noon.Add(-2*time.Minute), noon.Add(-7*time.Minute)
	run(t, f.world(), "", "state", "29303649").wants(t, 0, "PAUSED since 2026-03-02 11:53:00Z (7 min), newest event 2026-03-02 11:58:00Z (2 min ago): ")
	run(t, f.world(), "", "state", "29303649", "--json").wants(t, 0, `"paused_since": "2026-03-02T11:53:00Z"`, `"status_since": "2026-03-02T11:58:00Z"`)
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "2026-03-02 11:53:00Z  Since then it is PAUSED: ", "; the newest event is of 2026-03-02 11:58:00Z.  [state]")
	f.project.Pause.Since = f.project.StatusSince
	if a := run(t, f.world(), "", "state", "29303649"); strings.Contains(a.out, "newest event") {
		t.Errorf("one event is told twice:\n%s", a.out)
	}
}
