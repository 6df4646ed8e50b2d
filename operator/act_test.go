package operator

import (
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// recordsChoice is a project that records what was chosen from its alert, and is in a phase then.
func recordsChoice(phase project.Phase) func(*project.State, project.Decision) {
	return func(s *project.State, d project.Decision) {
		one := project.Decided{Verdict: d.Verdict, User: d.User, At: d.At, From: d.From, Action: d.Action, Number: d.Number}
		s.Action.Decisions, s.Decisions = append(s.Action.Decisions, one), append(s.Decisions, one)
		s.Action.Phase = phase
	}
}

func TestAct(t *testing.T) {
	sample := project.Decision{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 600}
	complete := project.Decision{Verdict: project.ChooseAction, Action: prodege.ActComplete}
	for name, c := range map[string]struct {
		args     string
		input    string
		consider func(*project.State, project.Decision)
		code     int
		says     []string
		sent     project.Decision
	}{
		"more completes":            {"act 29,303,649 sample 600 --as U1", "", recordsChoice("accepted"), 0, []string{"Recorded: U1 chose “Raise sample size” (600) on the command line", "accepted by Prodege, not in effect yet"}, sample},
		"with a number":             {"act 29303649 sample 600 --as U1", "", recordsChoice("accepted"), 0, []string{"Recorded"}, sample},
		"twice what there is":       {"act 29303649 sample 801 --as U1", "", nil, ExitNoEffect, []string{"the sample size is 400 now", "at most 800, not 801"}, project.Decision{}},
		"no more than there is":     {"act 29303649 sample 400 --as U1", "", nil, ExitNoEffect, []string{"must be above that"}, project.Decision{}},
		"a value that is no number": {"act 29303649 sample lots --as U1", "", nil, ExitUsage, []string{`"lots" is not a whole number`}, project.Decision{}},
		"a value below one":         {"act 29303649 sample 0 --as U1", "", nil, ExitUsage, []string{`"0" is not a whole number above 0`}, project.Decision{}},
		"a value too many":          {"act 29303649 complete 5 --as U1", "", nil, ExitUsage, []string{"complete takes no number"}, project.Decision{}},
		"a value too large":         {"act 29303649 sample 1000000000000000 --as U1", "", nil, ExitUsage, []string{"sample needs a number from 1 to"}, project.Decision{}},
		"no number":                 {"act 29303649 sample --as U1", "", nil, ExitUsage, []string{"sample needs a number", "sample size"}, project.Decision{}},
		"completed, asked first":    {"act 29303649 complete --as U1", "yes\n", recordsChoice("done"), 0, []string{"Complete project: done"}, complete},
		"completed, not asked":      {"act 29303649 complete --as U1 --yes", "", recordsChoice("held"), 0, []string{"accepting is off"}, complete},
		"not completed":             {"act 29303649 complete --as U1", "no\n", nil, ExitUsage, []string{"nobody confirmed"}, project.Decision{}},
		"a slip":                    {"act 29303649 smaple 600 --as U1", "", nil, ExitUsage, []string{`"smaple" is none of clicks, live, sample, complete, ask-again, try-again, close`}, project.Decision{}},
		"nothing to repeat":         {"act 29303649 try-again --as U1", "", nil, ExitNoEffect, []string{"did NOT count", "nobody has acted yet"}, project.Decision{Verdict: project.TryAgain}},
		"once more":                 {"act 29303649 try-again --as U1", "", recordsChoice("accepted"), 0, []string{"Recorded: U1 asked to try again"}, project.Decision{Verdict: project.TryAgain}},
		"not allowed":               {"act 29303649 sample 600 --as U9", "", answersWith(project.AnswerNotAllowed, nil), ExitNoEffect, []string{"did NOT count", "SLACK_APPROVERS"}, sample},
		"of another reason":         {"act 29303649 clicks 5 --as U1", "", nil, ExitNoEffect, []string{"does not offer \"clicks\" now"}, project.Decision{}},
		"nobody":                    {"act 29303649 sample 600", "", nil, ExitUsage, []string{"--as"}, project.Decision{}},
		"what is offered":           {"act 29303649", "", nil, 0, []string{"Raise sample size", "Complete project", "sample size", "can't be undone"}, project.Decision{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := offers()
			f.consider = c.consider
			if strings.HasPrefix(name, "once more") {
				f.project.Action.Phase = project.PhaseRefused
			}
			run(t, f.world(), c.input, strings.Fields(c.args)...).wants(t, c.code, c.says...)
			if c.sent.Verdict == "" {
				if len(f.decided) != 0 {
					t.Fatalf("sent %+v", f.decided)
				}
				return
			}
			if len(f.decided) != 1 {
				t.Fatalf("%d decisions were sent", len(f.decided))
			}
			d := f.decided[0]
			if d.Verdict != c.sent.Verdict || d.Action != c.sent.Action || d.Number != c.sent.Number || d.Generation != 1 || d.Of != project.OfAction || d.Request != "e1" || d.From != project.FromCommand || d.ID == "" || !d.At.Equal(noon) {
				t.Errorf("sent %+v", d)
			}
		})
	}
	f := offers()
	f.project.Pause = nil
	run(t, f.world(), "", "act", "29303649", "live", "--as", "U1").wants(t, ExitNoEffect, "asks nothing of the kind")
	run(t, asks().world(), "", "act", "29303649").wants(t, ExitNoEffect, "asks to accept $4.25", "offers no actions")
	g := asks()
	g.project.Request.Phase = project.PhaseRefused
	run(t, g.world(), "", "act", "29303649").wants(t, 0, "try-again", "close")
}

// TestActsIfNothingCanBeDone: no table of what would not count, and no question before it is refused.
func TestActsIfNothingCanBeDone(t *testing.T) {
	for _, phase := range []project.Phase{project.PhaseApproved, project.PhaseHeld, project.PhaseAccepted, project.PhaseDryRun, project.PhaseByHand, project.PhaseLive, project.PhaseDone, project.PhaseOther, project.PhaseCancelled} {
		f := offers()
		f.project.Action.Phase = phase
		a := run(t, f.world(), "", "act", "29303649")
		a.wants(t, ExitNoEffect, "offers no actions")
		if strings.Contains(a.out, "ACTION") || strings.Contains(a.out, "Raise sample size") {
			t.Errorf("%s: offered all the same:\n%s", phase, a.out)
		}
		run(t, f.world(), "", "act", "29303649", "--json").wants(t, ExitNoEffect, `"offers": []`)
		a = run(t, f.world(), "yes\n", "act", "29303649", "complete", "--as", "U1")
		a.wants(t, ExitNoEffect, "does not offer")
		if a.asked != "" || len(f.decided) > 0 {
			t.Errorf("%s: asked %q, sent %v", phase, a.asked, f.decided)
		}
	}
	f := offers()
	recordsChoice(project.PhaseRefused)(f.project, project.Decision{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 600, User: "U1", At: noon})
	run(t, f.world(), "", "act", "29303649").wants(t, 0, "Raise sample size (600): refused (U1 chose", "at 2026-03-02 12:00:00Z)", "again", "Complete project")
}

func TestNumbersAreThoseOfTheTable(t *testing.T) {
	for reason := range prodege.Reason(1000) {
		for _, id := range prodege.ActionIDs() {
			if row, found := prodege.FindAction(id, reason); found && row.Asks != id.Row().Asks {
				t.Errorf("%s asks for %q, here for %q", id, row.Asks, id.Row().Asks)
			}
		}
	}
}
