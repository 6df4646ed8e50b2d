package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// TestEveryCommandHelps: each has a sentence, a long help and an example, and answers in JSON where it answers.
func TestEveryCommandHelps(t *testing.T) {
	seen := 0
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		if c.Short == "" || c.Long == "" || !strings.Contains(c.Example, "fieldmarshal "+strings.Fields(c.Use)[0]) && !c.HasParent() {
			t.Errorf("%s lacks help or an example", c.CommandPath())
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if !c.HasSubCommands() {
			if seen++; c.Flags().Lookup("json") == nil {
				t.Errorf("%s has no --json", c.CommandPath())
			}
		}
		for _, child := range c.Commands() {
			look(child)
		}
	}
	for _, c := range Root(Options{}).Commands() {
		if c.Name() != "help" && c.Name() != "completion" {
			look(c)
		}
	}
	if seen < 20 {
		t.Errorf("%d commands only", seen)
	}
}

func TestCompletion(t *testing.T) {
	a := run(t, (&fakes{}).world(), "", "__complete", "list", "--waiting-for", "")
	a.wants(t, 0, "approval", "reconciliation")
	run(t, (&fakes{}).world(), "", "__complete", "send", "--encoding", "").wants(t, 0, "json_string")
}

func TestAFaultOfTheConfigurationEndsACommand(t *testing.T) {
	w := asks().world()
	w.Wrong = errors.New("CPI_CEILING is not an amount")
	run(t, w, "", "state", "29303649").wants(t, ExitUsage, "CPI_CEILING")
	run(t, w, "", "accepting").wants(t, ExitUsage, "CPI_CEILING")
	run(t, w, "", "inbox", "eat").wants(t, ExitUsage)
}

func TestAccepting(t *testing.T) {
	f := &fakes{accepting: true}
	run(t, f.world(), "", "accepting").wants(t, 0, "ON")
	run(t, f.world(), "", "accepting", "--json").wants(t, 0, `"on": true`)
	run(t, f.world(), "", "accepting", "off", "--as", "ann").wants(t, ExitUsage, "--as")
	if !f.accepting {
		t.Error("switched by nobody")
	}
	run(t, f.world(), "", "accepting", "off").wants(t, 0, "OFF", "by the command line, 2026-03-02 12:00:00 UTC")
	f.accepting = true
	run(t, f.world(), "", "accepting", "off", "--as", "U1").wants(t, 0, "OFF", "by U1, 2026-03-02 12:00:00 UTC")
	run(t, f.world(), "", "accepting", "--json").wants(t, 0, `"on": false`, `"by": "U1"`, `"at": "2026-03-02T12:00:00Z"`)
	f.fault = context.DeadlineExceeded
	run(t, f.world(), "", "accepting", "on", "--as", "U1").wants(t, ExitFailed, "as soon as one runs")
	f.fault = fmt.Errorf("%w: U9 is not one of SLACK_APPROVERS", workflows.ErrNotAllowed)
	run(t, f.world(), "", "accepting", "on", "--as", "U9").wants(t, ExitNoEffect, "accepting was not switched on", "SLACK_APPROVERS")
	run(t, f.world(), "", "accepting", "on").wants(t, ExitNoEffect, "accepting was not switched on", "--as U")
}

func TestWatch(t *testing.T) {
	f := &fakes{}
	run(t, f.world(), "", "watch", "29303649").wants(t, 0, "http://ui/project-29303649", "PRODEGE_API_KEY is not set")
	if len(f.delivered) != 1 || f.delivered[0].Source != prodege.FromCommand || f.delivered[0].ProjectID != theProject || f.delivered[0].ID == "" {
		t.Errorf("delivered %+v", f.delivered)
	}
}

func TestDeadLetters(t *testing.T) {
	with := func() *fakes {
		return &fakes{letters: []inbox.DeadLetter{{ID: 3, At: noon, Reason: "refused for good", Event: prodege.Event{ID: "e3", ProjectID: theProject, Status: prodege.Live, Time: noon}}}}
	}
	f := with()
	run(t, f.world(), "", "deadletter").wants(t, 0, "3", "29303649", "refused for good")
	run(t, f.world(), "", "deadletter", "show", "3").wants(t, 0, `"event_id":"e3"`)
	run(t, f.world(), "", "deadletter", "show", "4").wants(t, ExitNoEffect, "no dead letter 4")
	run(t, f.world(), "", "deadletter", "show", "three").wants(t, ExitUsage)
	for _, answer := range []string{"", "no\n", "y\n"} {
		a := run(t, f.world(), answer, "deadletter", "drop", "3")
		a.wants(t, ExitUsage, "not dropped")
		if !strings.Contains(a.asked, "e3") || len(f.letters) != 1 {
			t.Errorf("answer %q: asked %q, left %d", answer, a.asked, len(f.letters))
		}
	}
	run(t, f.world(), "yes\n", "deadletter", "drop", "3", "--json").wants(t, 0, `"dropped": true`)
	run(t, f.world(), "", "deadletter").wants(t, 0, "No dead letters")
	f = with()
	run(t, f.world(), "", "deadletter", "drop", "3", "--yes").wants(t, 0, "forgotten")
	f = with()
	run(t, f.world(), "", "deadletter", "retry", "3").wants(t, 0, "waits again")
	run(t, f.world(), "", "deadletter", "retry", "3").wants(t, ExitNoEffect)
}

func TestRefused(t *testing.T) {
	f := &fakes{refused: inbox.RefusedList{Counts: map[string]uint64{"bad_signature": 7}, Kept: []inbox.Refused{
		{ID: 3, At: noon, Lot: inbox.LotDeliveries, Cause: "bad_signature", Path: "/x", Body: "its body", Size: 100, RefusedTally: inbox.RefusedTally{Count: 6}},
		{ID: 4, At: noon, Lot: inbox.LotJunk, Cause: "malformed", RefusedTally: inbox.RefusedTally{Count: 1}},
	}}}
	run(t, f.world(), "", "refused").wants(t, 0, "bad_signature", "7", "deliveries", "can be", "junk")
	run(t, f.world(), "", "refused", "--full").wants(t, 0, "its body")
	run(t, f.world(), "", "refused", "admit", "3").wants(t, ExitUsage, "--as")
	run(t, f.world(), "", "refused", "admit", "three", "--as", "U1").wants(t, ExitUsage, "three")
	run(t, f.world(), "", "refused", "admit", "--as", "U1").wants(t, ExitUsage)
	run(t, f.world(), "", "refused", "admit", "3", "--as", "U1").wants(t, 0, "3 was handed on; U1 vouches")
	run(t, f.world(), "", "refused", "admit", "3", "4", "5", "--as", "U1").wants(t, ExitNoEffect, "4 was not handed on: its data was not kept", "5 was not handed on: there is no such number", "2 of 3")
	run(t, f.world(), "", "refused").wants(t, 0, "by U1")
	run(t, f.world(), "", "refused", "admit", "4", "--as", "U1", "--json").wants(t, ExitNoEffect, `"admitted": false`)
}

func TestAStuckEventIsShown(t *testing.T) {
	f := &fakes{listing: inbox.Listing{Stats: inbox.Stats{Depth: 2, Stuck: 1}, Waiting: []inbox.Waiting{
		{At: noon, Event: prodege.Event{ID: "e1", ProjectID: theProject}, Error: "BUSY_WORKFLOW", Stuck: true},
		{At: noon, Event: prodege.Event{ID: "e2", ProjectID: theProject}},
	}}}
	run(t, f.world(), "", "inbox").wants(t, 0, "1 STUCK", "stuck", "BUSY_WORKFLOW")
}

// TestARealInbox: the commands speak to the socket of an inbox that is open.
func TestARealInbox(t *testing.T) {
	dir := t.TempDir()
	w := (&fakes{}).world()
	w.Inbox = inbox.NewControl(dir)
	run(t, w, "", "inbox").wants(t, ExitFailed, "no ingress answers", "INBOX_DIR")
	in, err := inbox.Open(inbox.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler), Final: func(error) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.Append(t.Context(), []prodege.Event{{ID: "e1", ProjectID: theProject, Status: prodege.Live, Time: noon}}); err != nil {
		t.Fatal(err)
	}
	in.Refuse(inbox.Refused{Cause: prodege.BadSignature, Path: "/x", Body: "nonsense"})
	run(t, w, "", "inbox").wants(t, 0, "1 waiting", "e1")
	run(t, w, "", "refused").wants(t, 0, "bad_signature")
	run(t, w, "", "refused", "--full").wants(t, 0, "nonsense")
	run(t, w, "", "inbox", "drain", "--timeout", "100ms").wants(t, ExitFailed, "not empty after 100ms")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go in.Run(ctx, func(context.Context, prodege.Event) error { return errors.New("unwanted") }) // refused for good
	run(t, w, "", "inbox", "drain").wants(t, 0, "The inbox is empty", "1 dead letters")
	var letters []inbox.DeadLetter
	if err := json.Unmarshal([]byte(run(t, w, "", "deadletter", "--json").out), &letters); err != nil || len(letters) != 1 {
		t.Fatalf("%+v, %v", letters, err)
	}
	run(t, w, "yes\n", "deadletter", "drop", "1").wants(t, 0, "forgotten")
}

func TestLasting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", 90 * time.Second: "1 min", 3 * time.Hour: "3 h 0 min", 3*time.Hour + 5*time.Minute: "3 h 5 min",
		48 * time.Hour: "2 d 0 h", 49 * time.Hour: "2 d 1 h",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%s reads %q, want %q", d, got, want)
		}
	}
}

// TestNoTextFromOutsideSteersTheTerminal: neither words nor JSON nor a fault holds what a terminal obeys, and JSON
// tells it all the same.
func TestNoTextFromOutsideSteersTheTerminal(t *testing.T) {
	const name = "Oat \x1b[31m\u009b31m \u202emilk\u2066\x7f"
	f := asks()
	f.project.Name.Name = name
	w := f.world()
	for _, args := range [][]string{{"state", "29303649"}, {"state", "29303649", "--json"}, {"explain", "29303649"}, {"evidence", "29303649"}, {"evidence", "29303649", "--csv"}} {
		a := run(t, w, "", args...)
		if strings.ContainsFunc(a.out+a.asked+a.fault, steersTerminal) {
			t.Errorf("%v prints what a terminal obeys: %q", args, a.out+a.asked+a.fault)
		}
	}
	var s State
	if err := json.Unmarshal([]byte(run(t, w, "", "state", "29303649", "--json").out), &s); err != nil || s.Name.Name != name {
		t.Errorf("the name in JSON is %q, %v", s.Name, err)
	}
	f.workers = 1
	f.fault = errors.New("refused: \x1b]0;title\a\u009b\u202e\nAccepting is OFF")
	for _, args := range []string{"state 29303649", "approve 29303649 --as U1", "watch 29303649", "accepting on --as U1", "inbox", "report"} {
		if a := run(t, w, "", strings.Fields(args)...); a.code != ExitFailed || strings.ContainsFunc(a.fault, steersTerminal) || !strings.Contains(a.fault, "refused: ") || strings.Contains(a.fault, "\n") {
			t.Errorf("%s: code %d, a fault that a terminal obeys: %q", args, a.code, a.fault)
		}
	}
}

// TestNoTextFromOutsideBeginsALine: it could look like one of ours.
func TestNoTextFromOutsideBeginsALine(t *testing.T) {
	const forged = "\nFORGED\r\tFORGED"
	f := asks()
	f.workers = 1
	f.project.Name.Name, f.project.Note, f.project.Description, f.project.Poll.Fault = forged, forged, forged, forged
	f.project.Ledger = append(f.project.Ledger, project.Line{Kind: project.LineRefused, Text: forged, At: noon})
	f.rows = []Row{{Workflow: "project-29303649", Project: theProject, Summary: forged}}
	f.letters = []inbox.DeadLetter{{ID: 3, At: noon, Reason: forged, Damaged: []byte(forged)}}
	f.refused = inbox.RefusedList{Counts: map[string]uint64{"malformed": 1}, Kept: []inbox.Refused{{ID: 3, At: noon, Detail: forged, Remote: forged, Body: forged, Header: map[string][]string{"X": {forged}}}}}
	f.listing.Stats.Fault = forged
	w := f.world()
	w.Slack = workspace{fault: errors.New(forged)}
	for _, args := range []string{"state 29303649", "explain 29303649", "list", "evidence 29303649 --csv", "deadletter", "deadletter show 3", "refused --full", "inbox", "doctor"} {
		a := run(t, w, "", strings.Fields(args)...)
		for line := range strings.Lines(a.out + a.asked + a.fault) {
			if strings.HasPrefix(line, "FORGED") || strings.ContainsAny(line, "\r") {
				t.Errorf("%s prints a line from outside: %q", args, line)
			}
		}
		if !strings.Contains(a.out+a.fault, "FORGED") {
			t.Errorf("%s does not print it at all", args)
		}
	}
}
