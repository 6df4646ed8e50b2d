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

var mutate = flag.Bool("mutations", false, "run every mutation of the core, not only a few")

// mutation is one fault put into the core: a text that stands in a file exactly once, and what takes its place. Each
// must be caught by the model, or by another test, that is named.
type mutation struct {
	what     string
	file     string
	from, to string
	by       string // a model, or the name of a test
	always   bool   // run it even without -mutations
}

var mutations = []mutation{
	{what: "anybody decides", file: "decision.go", from: "case !may.Allowed:", to: "case false:", by: "who may not", always: true},
	{what: "no list counts as allowed", file: "decision.go", from: "case !may.Known:\n\t\ts.answer(d, q, AnswerNoList)\n\tcase !may.Allowed && q != nil && q.Nobody:\n\t\ts.answer(d, q, AnswerNobody)\n\tcase !may.Allowed:", to: "case may.Known && !may.Allowed:", by: "who may not"},
	{what: "a button of an older generation counts", file: "decision.go", from: "case d.Generation != q.Generation:", to: "case false:", by: "an act from the alert"},
	{what: "a cancel leaves clicks without an answer", file: "project.go", from: "\t\ts.answer(p.Decision, nil, AnswerClosed)\n", to: "\t\t_ = p\n", by: "cancel"},
	{what: "a cancel ends before its edits are made", file: "project.go", from: "return len(s.jobs()) == 0", to: "for _, j := range s.jobs() {\n\t\tif j.try.Busy || j.try.due(s.now) {\n\t\t\treturn false\n\t\t}\n\t}\n\treturn true", by: "cancel"},
	{what: "a message that may stand is not looked for after a cancel", file: "posting.go", from: " && !(m.Maybe && m.root())", to: "", by: "cancel"},
	{what: "one person approves twice", file: "approval.go", from: "second && first.User == d.User", to: `second && first.User == ""`, by: "two approvers"},
	{what: "a second approval of another amount counts", file: "approval.go", from: "first != nil && sameAmount(first.Amount, amount)", to: "first != nil", by: "two amounts"},
	{what: "the ceiling is not looked at", file: "approval.go", from: "case exceeds(amount, s.Settings.Ceiling):", to: "case false:", by: "who may not"},
	{what: "less than required is approved", file: "approval.go", from: "q.Required != nil && amount.Cmp(*q.Required) < 0, ", to: "", by: "who may not"},
	{what: "a price that has risen counts as covered", file: "request.go", from: "e.RequiredCPI.Cmp(*q.Approved) <= 0", to: "e.RequiredCPI.Cmp(*q.Approved) >= 0", by: "CPI"},
	{what: "a rule approves what somebody vouched for", file: "approval.go", from: ` || q.Event.Vouched != ""`, to: "", by: "an old event by rule"},
	{what: "a rule approves an old event", file: "approval.go", from: "recent < maxAutomatic && s.now.Sub(q.Event.Time) < automaticFresh", to: "recent < maxAutomatic", by: "an old event by rule"},
	{what: "a rule approves in an old life", file: "approval.go", from: " || s.Life.Old {\n\t\treturn false", to: " {\n\t\treturn false", by: "an old life"},
	{what: "a rule approves in a second life", file: "approval.go", from: "!s.Life.Known || s.Life.Earlier || ", to: "", by: "a second life"},
	{what: "an automatic approval may go unread", file: "act.go", from: "q.Approved, q.ByRule\n", to: "q.Approved, false\n", by: "by rule"},
	{what: "an act begins while another is in flight", file: "act.go", from: "!q.ToAct || s.Act != nil || q.Closed", to: "!q.ToAct || q.Closed", by: "a request and an action"},
	{what: "an act in flight is dropped for a newer event", file: "act.go", from: "case a.Busy:\n\t\tq.Newer", to: "case false:\n\t\tq.Newer", by: "CPI", always: true},
	{what: "an act goes on after its pause", file: "act.go", from: "case !final && (q.Closed || q.Newer != nil || s.Cancelled):", to: "case false:", by: "Prodege refuses or is silent"},
	{what: "what the kill switch holds back is forgotten", file: "act.go", from: "\t\ts.Act = a\n\t\ta.After, a.Until = s.now.Add(heldCheckEvery)", to: "\t\ta.After, a.Until = s.now.Add(heldCheckEvery)", by: "switch and limits"},
	{what: "a question stays open after its pause", file: "pause.go", from: "\t\t\ts.close(q, e.Status)\n", to: "\t\t\t_ = q\n", by: "CPI"},
	{what: "PENDING_COMPLETE holds nothing", file: "invoice.go", from: "\tif i.Hold {\n\t\ts.enterInvoice(InvoiceHeld)\n\t\treturn\n\t}\n", to: "", by: "invoicing"},
	{what: "an invoice's body is made anew at each try", file: "invoice.go", from: "if i.Body == \"\" {\n\t\t\ti.Body = s.compose()\n\t\t}", to: "i.Body = s.compose()", by: "invoicing"},
	{what: "a revision overtakes the call under way", file: "invoice.go", from: "case other && i.underWay():", to: "case false:", by: "invoicing"},
	{what: "a COMPLETE that says the same is a revision", file: "invoice.go", from: "other := !sameFacts(i.Event, e)", to: "other := true", by: "the same COMPLETE"},
	{what: "an earlier life is invoiced once more", file: "invoice.go", from: "case uncertain && !i.Confirmed:", to: "case uncertain && false:", by: "a second life"},
	{what: "what a dry run held back is sent unasked", file: "invoice.go", from: "case i.HeldBack && !i.Confirmed:", to: "case false:", by: "by hand"},
	{what: "a late event is applied", file: "events.go", from: `forgotten, s.Newest.ID != "" && order.before(s.Newest)`, to: "forgotten", by: "late, duplicate, same second"},
	{what: "a duplicate counts as new", file: "events.go", from: "case duplicate:", to: "case duplicate && false:", by: "late, duplicate, same second"},
	{what: "a late rejection is not told", file: "events.go", from: "\tif e.Rejected() {\n\t\ts.tellRejection(e, true)\n\t}\n", to: "", by: "late, duplicate, same second"},
	{what: "a finding counts at once", file: "poll.go", from: "case p.Found.Time.Sub(before.Time) < pollAgain-pollSkew:", to: "case false:", by: "Prodege refuses or is silent"},
	{what: "an answer counts that an event has overtaken", file: "poll.go", from: "if p.Applied != s.Counts.Applied {", to: "if false {", by: "poll against webhook"},
	{what: "a message with buttons is forgotten", file: "outbox.go", from: "said(m) && !s.inUse(m.Key)", to: "said(m)", by: "CPI"},
	{what: "a post that may stand is repeated without a look", file: "posting.go", from: "m.Maybe = m.Maybe || f.Maybe\n\tm.Failure", to: "m.Failure", by: "Slack away"},
	{what: "a deleted message is posted twice", file: "posting.go", from: "parent != nil && parent.TS == m.Thread", to: "parent != nil", by: "Slack away from a request"},
	{what: "an edit that fails is not made again", file: "posting.go", from: "f.Kind == FailedNotStarted\n\tswitch {", to: "f.Kind == FailedNotStarted\n\tm.Shown = m.Wanted\n\tswitch {", by: "cancel"},
	{what: "an amount that comes late is dropped", file: "events.go", from: "\ts.lateAmount(e)\n", to: "", by: "TestOrdersEndAlike"},
	{what: "an INVOICED that comes first is forgotten", file: "events.go", from: "\ts.invoicedFirst(e)\n\ts.endInvoice(e)", to: "\ts.endInvoice(e)", by: "TestOrdersEndAlike"},
	{what: "a decision reads the ledger", file: "approval.go", from: "if limit == nil || q.Required == nil", to: "if len(s.Ledger) > 1 || limit == nil || q.Required == nil", by: "TestRandomWalks"},
}

// TestMutationsMatch holds that each mutation still has its place in the core.
func TestMutationsMatch(t *testing.T) {
	for _, m := range mutations {
		source, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), m.from); n != 1 {
			t.Errorf("%s: %q stands %d times in %s, not once: write the mutation anew", m.what, m.from, n, m.file)
		}
	}
}

// TestMutations shows that exploration can fail: each mutation of the core must be caught.
func TestMutations(t *testing.T) {
	if testing.Short() && !*mutate {
		t.Skip("builds the package for each mutation")
	}
	for _, m := range mutations {
		if !*mutate && !m.always {
			continue
		}
		t.Run(m.what, func(t *testing.T) { t.Parallel(); m.run(t) })
	}
}

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
		t.Fatalf("it does not compile: %v\n%s", err, out)
	}
	args := []string{"-test.run", "^TestExplore$", "-explore.model", m.by}
	if strings.HasPrefix(m.by, "Test") {
		args = []string{"-test.run", "^" + m.by + "$"}
	}
	out, err := exec.Command(binary, append(args, "-test.timeout", "5m")...).CombinedOutput()
	switch {
	case err == nil:
		t.Fatalf("it is not caught by %s:\n%s", m.by, out)
	case !strings.Contains(string(out), "--- FAIL: "+strings.Split("TestExplore "+m.by, " ")[0]) && !strings.Contains(string(out), "--- FAIL: "+m.by):
		t.Fatalf("it ends in another way: %v\n%s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "_test.go:") && !strings.Contains(line, " states, ") {
			t.Log(strings.TrimSpace(line))
			return
		}
	}
}
