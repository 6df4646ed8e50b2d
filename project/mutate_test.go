package project

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var mutate = flag.Bool("mutations", false, "run every mutation of the core instead of a few")

// mutation is a fault in the core that a test must catch: it replaces a text that occurs exactly once in a file.
type mutation struct {
	name     string
	file     string
	from, to string
	caughtBy string // the name of a model or of a test
	always   bool   // run even without -mutations
}

var mutations = []mutation{
	{name: "anybody may decide", file: "decision.go", from: "case !may.Allowed:", to: "case false:", caughtBy: "rejected clicks", always: true},
	{name: "an unknown list of approvers allows everybody", file: "decision.go", from: "case !may.Known:\n\t\treturn AnswerNoList\n\tcase !may.Allowed && q != nil && q.Nobody:\n\t\treturn AnswerNobody\n\tcase !may.Allowed:", to: "case may.Known && !may.Allowed:", caughtBy: "rejected clicks"},
	{name: "a button of an older generation is accepted", file: "decision.go", from: "case d.Generation != q.Generation:", to: "case false:", caughtBy: "alert action"},
	{name: "a cancellation leaves clicks unanswered", file: "project.go", from: "\t\ts.answer(p.Decision, nil, AnswerClosed)\n", to: "\t\t_ = p\n", caughtBy: "cancel"},
	{name: "a cancelled workflow ends before its edits", file: "project.go", from: "return len(s.jobs()) == 0", to: "for _, j := range s.jobs() {\n\t\tif j.try.Busy || j.try.due(s.now) {\n\t\t\treturn false\n\t\t}\n\t}\n\treturn true", caughtBy: "cancel"},
	{name: "after a cancellation, a possibly posted message is not looked for", file: "posting.go", from: " && !(m.Maybe && m.root())", to: "", caughtBy: "cancel"},
	{name: "one person gives both approvals", file: "approval.go", from: "second && first.User == d.User", to: `second && first.User == ""`, caughtBy: "two approvers"},
	{name: "a second approval of another amount is accepted", file: "approval.go", from: "first != nil && sameAmount(first.Amount, amount)", to: "first != nil", caughtBy: "different amounts"},
	{name: "the ceiling is ignored", file: "approval.go", from: "case exceeds(amount, s.Settings.Ceiling):", to: "case false:", caughtBy: "rejected clicks"},
	{name: "less than the required amount is approved", file: "approval.go", from: "q.Required != nil && amount.Cmp(*q.Required) < 0, ", to: "", caughtBy: "rejected clicks"},
	{name: "a risen price counts as approved", file: "request.go", from: "e.RequiredCPI.Cmp(*q.Approved) <= 0", to: "e.RequiredCPI.Cmp(*q.Approved) >= 0", caughtBy: "CPI"},
	{name: "a vouched event is approved automatically", file: "approval.go", from: ` || q.Event.Vouched != ""`, to: "", caughtBy: "no automatic approval"},
	{name: "an old event is approved automatically", file: "approval.go", from: "recent < maxAutomatic && s.now.Sub(q.Event.Time) < automaticFresh", to: "recent < maxAutomatic", caughtBy: "no automatic approval"},
	{name: "an old first event is approved automatically", file: "approval.go", from: " || s.Life.Old {\n\t\treturn false", to: " {\n\t\treturn false", caughtBy: "old first event"},
	{name: "an event after an earlier run is approved automatically", file: "approval.go", from: "!s.Life.Known || s.Life.Earlier || ", to: "", caughtBy: "earlier run"},
	{name: "an automatic approval is sent without reading the project", file: "act.go", from: "q.Approved, q.ByRule\n", to: "q.Approved, false\n", caughtBy: "automatic approval"},
	{name: "an act starts while another is in progress", file: "act.go", from: "!q.ToAct || s.Act != nil || q.Closed", to: "!q.ToAct || q.Closed", caughtBy: "request and action"},
	{name: "a newer event drops an act in progress", file: "act.go", from: "case a.Busy:\n\t\tq.Newer", to: "case false:\n\t\tq.Newer", caughtBy: "CPI", always: true},
	{name: "an act continues after its pause", file: "act.go", from: "case !final && (q.Closed || q.Newer != nil || s.Cancelled):", to: "case false:", caughtBy: "Prodege fails"},
	{name: "an act held back by the kill switch is dropped", file: "act.go", from: "\t\ts.Act = a\n\t\ta.After, a.Until = s.now.Add(heldCheckEvery)", to: "\t\ta.After, a.Until = s.now.Add(heldCheckEvery)", caughtBy: "switch and limits"},
	{name: "a question stays open after its pause", file: "pause.go", from: "\t\ts.close(q, e.Status)\n", to: "\t\t\t_ = q\n", caughtBy: "CPI"},
	{name: "PENDING_COMPLETE does not hold the invoice", file: "invoice.go", from: "\tif i.Hold {\n\t\ts.enterInvoice(InvoiceHeld)\n\t\treturn\n\t}\n", to: "", caughtBy: "invoicing"},
	{name: "each attempt composes a new invoice body", file: "invoice.go", from: "if i.Body == \"\" {\n\t\t\ti.Body = s.compose()\n\t\t}", to: "i.Body = s.compose()", caughtBy: "invoicing"},
	{name: "a revision overtakes a call in progress", file: "invoice.go", from: "case other && i.underWay():", to: "case false:", caughtBy: "invoicing"},
	{name: "a COMPLETE with the same facts is a revision", file: "invoice.go", from: "other := !sameFacts(i.Event, e)", to: "other := true", caughtBy: "repeated COMPLETE"},
	{name: "a project with an earlier run is invoiced without confirmation", file: "invoice.go", from: "case uncertain && !i.Confirmed:", to: "case uncertain && false:", caughtBy: "earlier run"},
	{name: "an invoice held back by a dry run is sent without confirmation", file: "invoice.go", from: "case i.HeldBack && !i.Confirmed:", to: "case false:", caughtBy: "by hand"},
	{name: "a late event is applied", file: "events.go", from: `forgotten, s.Newest.ID != "" && order.before(s.Newest)`, to: "forgotten", caughtBy: "late, duplicate, same second"},
	{name: "a duplicate is applied", file: "events.go", from: "case duplicate:", to: "case duplicate && false:", caughtBy: "late, duplicate, same second"},
	{name: "a late rejection is not posted", file: "events.go", from: "\tif e.Rejected() {\n\t\ts.tellRejection(e, true)\n\t}\n", to: "", caughtBy: "late, duplicate, same second"},
	{name: "a poll finding is applied without confirmation", file: "poll.go", from: "case p.Found.Time.Sub(before.Time) < pollAgain-pollSkew:", to: "case false:", caughtBy: "Prodege fails"},
	{name: "a poll answer overtaken by an event is used", file: "poll.go", from: "if p.Applied != s.Counts.Applied {", to: "if false {", caughtBy: "poll and webhook"},
	{name: "a message with buttons is dropped", file: "outbox.go", from: "said(m) && !s.inUse(m.Key)", to: "said(m)", caughtBy: "CPI"},
	{name: "a possibly posted message is posted again without looking for it", file: "posting.go", from: "m.Maybe = m.Maybe || f.Maybe\n\tm.Failure", to: "m.Failure", caughtBy: "Slack fails"},
	{name: "a deleted message is posted twice", file: "posting.go", from: "parent != nil && parent.TS == m.Thread", to: "parent != nil", caughtBy: "Slack fails for a request"},
	{name: "a failed edit is not retried", file: "posting.go", from: "f.Kind == FailedNotStarted\n\tswitch {", to: "f.Kind == FailedNotStarted\n\tm.Shown = m.Wanted\n\tswitch {", caughtBy: "cancel"},
	{name: "a late amount is dropped", file: "events.go", from: "\ts.lateAmount(e)\n", to: "", caughtBy: "TestOrderIndependence"},
	{name: "an INVOICED before its COMPLETE is dropped", file: "events.go", from: "\t\ts.invoicedFirst(e)\n\t\ts.endInvoice(e)", to: "\t\ts.endInvoice(e)", caughtBy: "TestOrderIndependence"},
	{name: "a decision reads the ledger", file: "approval.go", from: "if limit == nil || q.Required == nil", to: "if len(s.Ledger) > 1 || limit == nil || q.Required == nil", caughtBy: "TestRandomWalks"},
}

// TestMutationsMatch checks that the text of each mutation occurs once in the core.
func TestMutationsMatch(t *testing.T) {
	for _, m := range mutations {
		source, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), m.from); n != 1 {
			t.Errorf("%s: %q occurs %d times in %s, want once", m.name, m.from, n, m.file)
		}
	}
}

// TestMutations checks that the tests catch each mutation of the core.
func TestMutations(t *testing.T) {
	if testing.Short() && !*mutate {
		t.Skip("builds the package for each mutation")
	}
	for _, m := range mutations {
		if !*mutate && !m.always {
			continue
		}
		t.Run(m.name, func(t *testing.T) { t.Parallel(); m.run(t) })
	}
}

// run builds the package with the mutation, without writing to it, and checks that the test fails.
func (m mutation) run(t *testing.T) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mutated := filepath.Join(dir, m.file)
	if err := os.WriteFile(mutated, []byte(strings.Replace(string(source), m.from, m.to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	list, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mutated.test")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "test", "-c", "-overlay", list, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("the mutated package does not compile: %v\n%s", err, out)
	}
	args := []string{"-test.run", "^TestExplore$", "-explore.model", m.caughtBy}
	if strings.HasPrefix(m.caughtBy, "Test") {
		args = []string{"-test.run", "^" + m.caughtBy + "$"}
	}
	out, err := exec.Command(binary, append(args, "-test.timeout", "5m")...).CombinedOutput()
	switch {
	case err == nil:
		t.Fatalf("%s does not fail:\n%s", m.caughtBy, out)
	case !strings.Contains(string(out), "--- FAIL: "+strings.Split("TestExplore "+m.caughtBy, " ")[0]) && !strings.Contains(string(out), "--- FAIL: "+m.caughtBy):
		t.Fatalf("unexpected failure: %v\n%s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "_test.go:") && !strings.Contains(line, " states, ") {
			t.Log(strings.TrimSpace(line))
			return
		}
	}
}
