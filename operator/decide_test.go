package operator

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// records is a project that records the decision, and whose request is in a phase then.
func records(phase project.Phase) func(*project.State, project.Decision) {
	return func(s *project.State, d project.Decision) {
		amount := d.Amount
		if d.UpTo != nil {
			amount = d.UpTo
		}
		one := project.Decided{Verdict: d.Verdict, User: d.User, Amount: amount, At: d.At, From: d.From, Reason: d.Reason}
		s.Request.Decisions, s.Decisions = append(s.Request.Decisions, one), append(s.Decisions, one)
		s.Request.Approved, s.Request.Phase, s.Request.PhaseAt = amount, phase, d.At
	}
}

// answersWith is a project that does not count the decision.
func answersWith(kind project.AnswerKind, amount *prodege.USD) func(*project.State, project.Decision) {
	return func(s *project.State, d project.Decision) {
		s.Answers = append(s.Answers, project.Answered{ID: "another", Kind: project.AnswerClosed}, project.Answered{ID: d.ID, User: d.User, Kind: kind, Amount: amount})
	}
}

func TestDecisions(t *testing.T) {
	for name, c := range map[string]struct {
		args     string
		consider func(*project.State, project.Decision)
		code     int
		says     []string
	}{
		"approved":          {"approve 29303649 --as U1", records("accepted"), 0, []string{"Recorded: U1 approved $4.25 on the command line", "Prodege accepted $4.25, not live yet"}},
		"the very amount":   {"approve 29303649 --as U1 --amount 4.250", records("dryrun"), 0, []string{"dry run"}},
		"held back":         {"approve 29303649 --as U1", records("held"), 0, []string{"held back"}},
		"first of two":      {"approve 29303649 --as W1", records("second"), 0, []string{"a second person"}},
		"up to":             {"approve 29303649 --as U1 --up-to 4.5", records("accepted"), 0, []string{"approved $4.50"}},
		"up to twice":       {"approve 29303649 --as U1 --up-to 8.50", records("accepted"), 0, []string{"approved $8.50"}},
		"still under way":   {"approve 29303649 --as U1 --wait 300ms", records("approved"), 0, []string{"accepting $4.25 at Prodege"}},
		"rejected":          {"reject 29303649 --as U1 --note enough", records("rejected"), 0, []string{"Recorded: U1 rejected $4.25"}},
		"not allowed":       {"approve 29303649 --as U9", answersWith(project.AnswerNotAllowed, nil), ExitNoEffect, []string{"did NOT count", "SLACK_APPROVERS"}},
		"superseded":        {"approve 29303649 --as U1", answersWith(project.AnswerSuperseded, usd("4.75")), ExitNoEffect, []string{"another amount now: $4.75"}},
		"above the ceiling": {"approve 29303649 --as U1", answersWith(project.AnswerOverCeiling, usd("4.00")), ExitNoEffect, []string{"CPI_CEILING"}},
		"no answer":         {"approve 29303649 --as U1 --wait 300ms", func(*project.State, project.Decision) {}, ExitFailed, []string{"nothing is known of it after 300ms", "do not repeat"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := asks()
			f.consider = c.consider
			a := run(t, f.world(), "", strings.Fields(c.args)...)
			if a.wants(t, c.code, c.says...); !strings.Contains(a.asked, "generation 1: asks to accept $4.25") {
				t.Errorf("what is decided about is not told: %s", a.asked)
			}
			if len(f.decided) != 1 {
				t.Fatalf("%d decisions were sent", len(f.decided))
			}
			d := f.decided[0]
			if d.Generation != 1 || d.Of != project.OfCPI || d.Request != "e1" || d.Amount == nil || !d.Amount.Equal(prodege.MustUSD("4.25")) || d.From != project.FromCommand || d.ID == "" || !d.At.Equal(noon) || d.Channel != "" {
				t.Errorf("sent %+v", d)
			}
		})
	}
}

// TestSecondApproval is for the amount of the first.
func TestSecondApproval(t *testing.T) {
	f := asks()
	records(project.PhaseSecond)(f.project, project.Decision{Verdict: project.Approve, User: "U2", Amount: usd("4.50"), At: noon.Add(-time.Hour)})
	run(t, f.world(), "", "approve", "29303649", "--as", "U1", "--amount", "4.25").wants(t, ExitNoEffect, "asks for $4.50")
	f.consider = records(project.PhaseAccepted)
	run(t, f.world(), "", "approve", "29303649", "--as", "U1", "--amount", "4.50").wants(t, 0, "Recorded: U1 approved $4.50")
	if d := f.decided[0]; !d.Second || !d.UpTo.Equal(*usd("4.50")) || !d.Amount.Equal(*usd("4.25")) {
		t.Errorf("sent %+v", d)
	}
}

// TestAfterTheDecision: the buttons of a request that can't be decided any more are commands, too.
func TestAfterTheDecision(t *testing.T) {
	for _, c := range []struct {
		command  string
		from, to project.Phase
		says     string
	}{
		{"ask-again", "expired", "open", "Recorded: U1 asked again on the command line. Now: asks to accept $4.25"},
		{"ask-again", "rejected", "open", "Recorded: U1 asked again"},
		{"try-again", "refused", "accepted", "Recorded: U1 asked to try again on the command line. Now: Prodege accepted $4.25"},
		{"try-again", "still", "live", "live again at $4.25"},
		{"close", "stopped", "rejected", "Recorded: U1 closed it"},
	} {
		t.Run(c.command+" "+string(c.from), func(t *testing.T) {
			f := asks()
			f.project.Request.Phase, f.consider = c.from, records(c.to)
			run(t, f.world(), "", "act", "29303649", c.command, "--as", "U1").wants(t, 0, c.says)
			if len(f.decided) != 1 || strings.ReplaceAll(string(f.decided[0].Verdict), "_", "-") != c.command {
				t.Errorf("sent %+v", f.decided)
			}
		})
	}
}

// TestWhatDoesNotCount: the project says why, and how it stands.
func TestWhatDoesNotCount(t *testing.T) {
	for args, phase := range map[string]project.Phase{
		"approve 29303649 --as U1 --up-to 8.51": project.PhaseOpen,
		"approve 29303649 --as U1":              project.PhaseExpired,
		"reject 29303649 --as U1":               project.PhaseStopped,
		"act 29303649 ask-again --as U1":        project.PhaseOpen,
		"act 29303649 try-again --as U1":        project.PhaseOpen,
		"act 29303649 close --as U1":            project.PhaseOpen,
	} {
		f := asks()
		f.project.Request.Phase = phase
		run(t, f.world(), "", strings.Fields(args)...).wants(t, ExitNoEffect, "It did NOT count: ", " Now: ")
		if len(f.decided) != 1 || f.project.Request.Phase != phase {
			t.Errorf("%s: sent %d, now %s", args, len(f.decided), f.project.Request.Phase)
		}
	}
}

// TestNothingIsSent: what does not fit is refused before anything is sent, and says why.
func TestNothingIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		args   string
		change func(*fakes)
		code   int
		says   string
	}{
		"another amount":    {"approve 29303649 --as U1 --amount 4.00", nil, ExitNoEffect, "asks for $4.25 (generation 1), not $4.00"},
		"too low a ceiling": {"approve 29303649 --as U1 --up-to 4.00", nil, ExitNoEffect, "above --up-to $4.00"},
		"no open request":   {"approve 29303649 --as U1", func(f *fakes) { f.project.Pause = nil }, ExitNoEffect, "asks nothing of the kind"},
		"closed request":    {"reject 29303649 --as U1", func(f *fakes) { f.project.Request.Closed = true }, ExitNoEffect, "asks nothing of the kind"},
		"no amount told":    {"approve 29303649 --as U1", func(f *fakes) { f.project.Request.Required = nil }, ExitUsage, "give --up-to"},
		"unknown project":   {"approve 1 --as U1", func(f *fakes) { f.project = nil }, ExitNoEffect, "not known here"},
		"nobody":            {"approve 29303649", nil, ExitUsage, "--as"},
		"a name":            {"approve 29303649 --as ann", nil, ExitUsage, "--as"},
		"a group":           {"approve 29303649 --as S1", nil, ExitUsage, "--as"},
		"a comma":           {"approve 29303649 --as U1 --amount 4,25", nil, ExitUsage, "--amount must be dollars with a point, such as 4.25, not \"4,25\""},
		"no project":        {"approve --as U1", nil, ExitUsage, "an argument is missing"},
		"a word":            {"reject x --as U1", nil, ExitUsage, "not the id of a project"},
		"two projects":      {"reject 1 2 --as U1", nil, ExitUsage, "unexpected argument"},
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

func TestADecisionInJSON(t *testing.T) {
	f := asks()
	f.consider = answersWith(project.AnswerNotAllowed, nil)
	a := run(t, f.world(), "", "approve", "29303649", "--as", "U9", "--json")
	var o Outcome
	if err := json.Unmarshal([]byte(a.out), &o); err != nil {
		t.Fatalf("%v: %s", err, a.out)
	}
	if a.code != ExitNoEffect || o.Recorded || o.Why == "" || o.Generation != 1 {
		t.Errorf("%d %+v", a.code, o)
	}
}

// TestADecisionOfAnEarlierGeneration: a newer amount that comes at once does not hide that it was recorded.
func TestADecisionOfAnEarlierGeneration(t *testing.T) {
	f := asks()
	f.consider = func(s *project.State, d project.Decision) {
		records(project.PhaseOpen)(s, d)
		s.Request.Decisions, s.Request.Generation = nil, 2
	}
	run(t, f.world(), "", "approve", "29303649", "--as", "U1").wants(t, 0, "Recorded: U1 approved $4.25")
}
