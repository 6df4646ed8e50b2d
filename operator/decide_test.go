package operator

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// records is a workflow that takes the decision, and stands in phase then.
func records(phase activities.Phase) func(*workflows.ApprovalState, workflows.Decision) {
	return func(a *workflows.ApprovalState, d workflows.Decision) {
		amount := d.Amount
		if d.UpTo != nil {
			amount = d.UpTo
		}
		a.Decisions = append(a.Decisions, activities.Decided{Verdict: d.Verdict, User: d.User, Amount: amount, At: d.At, From: d.From, Reason: d.Reason})
		a.Phase, a.PhaseAt = phase, d.At
	}
}

// answersWith is a workflow that does not count the decision.
func answersWith(kind activities.AnswerKind, amount *prodege.USD) func(*workflows.ApprovalState, workflows.Decision) {
	return func(a *workflows.ApprovalState, d workflows.Decision) {
		a.Answers = append(a.Answers, workflows.Answered{Click: "another", Kind: "closed"}, workflows.Answered{Click: d.Click, User: d.User, Kind: kind, Amount: amount})
	}
}

func TestDecisions(t *testing.T) {
	for name, c := range map[string]struct {
		args     string
		consider func(*workflows.ApprovalState, workflows.Decision)
		code     int
		says     []string
	}{
		"approved":          {"approve 29303649 --as U1", records("accepted"), 0, []string{"asks to accept $4.25 (generation 2)", "Recorded: approve of $4.25 by U1", "accepted at Prodege"}},
		"the very amount":   {"approve 29303649 --as U1 --amount 4.250", records("dryrun"), 0, []string{"dry run"}},
		"held back":         {"approve 29303649 --as U1", records("held"), 0, []string{"fieldmarshal accepting on"}},
		"first of two":      {"approve 29303649 --as W1", records("second"), 0, []string{"another person's"}},
		"up to":             {"approve 29303649 --as U1 --up-to 4.5", records("accepted"), 0, []string{"approve of $4.50"}},
		"still under way":   {"approve 29303649 --as U1 --wait 300ms", records("approved"), 0, []string{"being accepted"}},
		"rejected":          {"reject 29303649 --as U1 --reason enough", records("rejected"), 0, []string{"Recorded: reject of $4.25 by U1"}},
		"not allowed":       {"approve 29303649 --as U9", answersWith("not_allowed", nil), ExitVain, []string{"did NOT count", "SLACK_APPROVERS"}},
		"superseded":        {"approve 29303649 --as U1", answersWith("superseded", usd("4.75")), ExitVain, []string{"another now: $4.75"}},
		"above the ceiling": {"approve 29303649 --as U1", answersWith("over_ceiling", usd("4.00")), ExitVain, []string{"CPI_CEILING of $4.00"}},
		"no answer":         {"approve 29303649 --as U1 --wait 300ms", func(*workflows.ApprovalState, workflows.Decision) {}, ExitFailed, []string{"nothing is known of it after 300ms", "do not repeat"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := asks()
			f.consider = c.consider
			run(t, f.world(), "", strings.Fields(c.args)...).wants(t, c.code, c.says...)
			if len(f.decided) != 1 {
				t.Fatalf("%d decisions were sent", len(f.decided))
			}
			d := f.decided[0]
			if d.Generation != 2 || d.Amount == nil || !d.Amount.Equal(prodege.MustUSD("4.25")) || d.From != fromCommand || d.Click == "" || !d.At.Equal(noon) || d.Channel != "" {
				t.Errorf("sent %+v", d)
			}
		})
	}
}

// TestAfterTheDecision: the buttons of a request that can't be decided on any more are commands, too.
func TestAfterTheDecision(t *testing.T) {
	for _, c := range []struct {
		command  string
		from, to activities.Phase
		says     string
	}{
		{"ask-again", "expired", "open", "Recorded: ask again of $4.25 by U1. The request: waits for a decision."},
		{"try-again", "refused", "accepted", "Recorded: try again of $4.25 by U1. The request: accepted at Prodege"},
		{"try-again", "still", "live", "Recorded: try again of $4.25 by U1. The request: live again"},
		{"close", "stopped", "rejected", "Recorded: close of $4.25 by U1. The request: rejected."},
	} {
		t.Run(c.command+" "+string(c.from), func(t *testing.T) {
			f := asks()
			f.approval.Phase, f.consider = c.from, records(c.to)
			run(t, f.world(), "", c.command, "29303649", "--as", "U1").wants(t, 0, c.says)
			if len(f.decided) != 1 || string(f.decided[0].Verdict) != strings.ReplaceAll(c.command, "-", "_") || f.decided[0].Generation != 2 {
				t.Errorf("sent %+v", f.decided)
			}
		})
	}
}

// TestNothingIsSent: what can't count is refused before anything is sent, and says why.
func TestNothingIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		args   string
		change func(*fakes)
		code   int
		says   string
	}{
		"another amount":    {"approve 29303649 --as U1 --amount 4.00", nil, ExitVain, "asks for $4.25 (generation 2), not $4.00"},
		"too low a ceiling": {"approve 29303649 --as U1 --up-to 4.00", nil, ExitVain, "above --up-to $4.00"},
		"no open request":   {"approve 29303649 --as U1", func(f *fakes) { f.project.Pause = nil }, ExitVain, "no open CPI request"},
		"closed request":    {"reject 29303649 --as U1", func(f *fakes) { f.project.Requests[0].Status.Closed = true }, ExitVain, "no open CPI request"},
		"not begun":         {"reject 29303649 --as U1", func(f *fakes) { f.project.Requests[0].Started = false }, ExitVain, "in flight"},
		"decided already": {"approve 29303649 --as U1", func(f *fakes) {
			records("accepted")(&f.approval, workflows.Decision{Verdict: "approve", User: "U2", At: noon})
		}, ExitVain, "approve by U2 at 2026-03-02 12:00:00Z"},
		"expired":         {"approve 29303649 --as U1", func(f *fakes) { f.approval.Phase = "expired" }, ExitVain, "Ask again"},
		"not expired":     {"ask-again 29303649 --as U1", nil, ExitVain, "ask again does not fit the request for $4.25 now: waits for a decision"},
		"did not fail":    {"try-again 29303649 --as U1", nil, ExitVain, "try again does not fit"},
		"not to give up":  {"close 29303649 --as U1", nil, ExitVain, "close does not fit"},
		"failed already":  {"approve 29303649 --as U1", func(f *fakes) { f.approval.Phase = "stopped" }, ExitVain, "try-again, or close"},
		"no amount told":  {"approve 29303649 --as U1", func(f *fakes) { f.approval.Required = nil }, ExitUsage, "give --up-to"},
		"unknown project": {"approve 1 --as U1", func(f *fakes) { f.project = nil }, ExitVain, "not known here"},
		"nobody":          {"approve 29303649", nil, ExitUsage, "--as"},
		"a name":          {"approve 29303649 --as ann", nil, ExitUsage, "--as"},
		"a group":         {"approve 29303649 --as S1", nil, ExitUsage, "--as"},
		"no number":       {"approve 29303649 --as U1 --amount 4,25", nil, ExitUsage, "--amount"},
		"no project":      {"approve --as U1", nil, ExitUsage, "needs the id of a project"},
		"a word":          {"reject x --as U1", nil, ExitUsage, "not a project id"},
		"two projects":    {"reject 1 2 --as U1", nil, ExitUsage, "nothing more"},
	} {
		t.Run(name, func(t *testing.T) {
			f := asks()
			if c.change != nil {
				c.change(f)
			}
			run(t, f.world(), "", strings.Fields(c.args)...).wants(t, c.code, c.says)
			if len(f.decided) > 0 {
				t.Errorf("sent %+v", f.decided)
			}
		})
	}
}

// TestTheRequestMovesOnLater: a decision that is recorded already while the request still stands where it stood
// is told with what follows from it.
func TestTheRequestMovesOnLater(t *testing.T) {
	f := asks()
	f.consider = func(a *workflows.ApprovalState, d workflows.Decision) {
		records(a.Phase)(a, d)
		a.PhaseAt = time.Time{}
		time.AfterFunc(2*lookEvery, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.approval.Phase, f.approval.PhaseAt = "rejected", noon
		})
	}
	run(t, f.world(), "", "reject", "29303649", "--as", "U1").wants(t, 0, "Recorded: reject of $4.25 by U1. The request: rejected.")
}

func TestADecisionInJSON(t *testing.T) {
	f := asks()
	f.consider = answersWith("not_allowed", nil)
	a := run(t, f.world(), "", "approve", "29303649", "--as", "U9", "--json")
	var d Decided
	if err := json.Unmarshal([]byte(a.out), &d); err != nil {
		t.Fatalf("%v: %s", err, a.out)
	}
	if a.code != ExitVain || d.Recorded || d.Why == "" || d.By != "U9" || d.Generation != 2 {
		t.Errorf("%d %+v", a.code, d)
	}
}

// TestADecisionOfAGenerationThatIsOver: a newer amount that comes at once does not hide that it was recorded.
func TestADecisionOfAGenerationThatIsOver(t *testing.T) {
	f := asks()
	f.consider = func(a *workflows.ApprovalState, d workflows.Decision) {
		records("open")(a, d)
		a.Earlier, a.Decisions, a.Generation = a.Decisions, nil, 3
	}
	run(t, f.world(), "", "approve", "29303649", "--as", "U1").wants(t, 0, "Recorded: approve of $4.25")
}
