package operator

import (
	"strings"
	"testing"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// offers is a world in which a project paused because its sample size was reached.
func offers() *fakes {
	f := asks()
	event := prodege.Event{ID: "e1", ProjectID: theProject, Status: prodege.Paused, Reason: prodege.SampleSize}
	id := workflows.ActionWorkflowID(theProject, "e1")
	f.project.Pause = &workflows.PauseState{Opened: "e1", Event: event, Action: id}
	f.project.Requests = []*workflows.RequestState{{Action: true, Workflow: id, Started: true}}
	f.action = workflows.ActionState{DecisionState: workflows.DecisionState{Generation: 3, Phase: "open"}}
	f.action.Project.ID, f.action.Event = theProject, event
	return f
}

func does(phase activities.Phase) func(*workflows.ActionState, workflows.Decision) {
	return func(a *workflows.ActionState, d workflows.Decision) {
		a.Decisions = append(a.Decisions, activities.Decided{Verdict: d.Verdict, User: d.User, At: d.At, From: d.From, Action: d.Action, Number: d.Number})
		a.Phase, a.PhaseAt = phase, d.At
	}
}

func TestActs(t *testing.T) {
	for name, c := range map[string]struct {
		args  string
		input string
		heed  func(*workflows.ActionState, workflows.Decision)
		code  int
		says  []string
		sent  workflows.Decision
	}{
		"more completes": {"act 29303649 sample --sample-size 600 --as U1", "", does("accepted"), 0, []string{"reason 158 (generation 3)", "Recorded: sample 600 by U1", "waits for its effect"},
			workflows.Decision{Verdict: "act", Action: prodege.ActSample, Number: 600}},
		"with a value": {"act 29303649 sample 600 --as U1", "", does("accepted"), 0, []string{"Recorded: sample 600 by U1"},
			workflows.Decision{Verdict: "act", Action: prodege.ActSample, Number: 600}},
		"named as its button": {"act 29303649 act_sample 600 --as U1", "", does("accepted"), 0, []string{"Recorded: sample 600 by U1"},
			workflows.Decision{Verdict: "act", Action: prodege.ActSample, Number: 600}},
		"a value that is no number": {"act 29303649 sample lots --as U1", "", nil, ExitUsage, []string{`"lots" is no whole number`}, workflows.Decision{}},
		"a value below one":         {"act 29303649 sample 0 --as U1", "", nil, ExitUsage, []string{`"0" is no whole number above nothing`}, workflows.Decision{}},
		"a value too many":          {"act 29303649 complete 5 --as U1", "", nil, ExitUsage, []string{"complete takes no number"}, workflows.Decision{}},
		"two values":                {"act 29303649 sample 600 --sample-size 700 --as U1", "", nil, ExitUsage, []string{"two numbers, 600 and 700"}, workflows.Decision{}},
		"completed, asked first":    {"act 29303649 complete --as U1", "yes\n", does("done"), 0, []string{"Recorded: complete by U1"}, workflows.Decision{Verdict: "act", Action: prodege.ActComplete}},
		"completed, not asked":      {"act 29303649 complete --as U1 --yes", "", does("held"), 0, []string{"accepting on"}, workflows.Decision{Verdict: "act", Action: prodege.ActComplete}},
		"not completed":             {"act 29303649 complete --as U1", "no\n", nil, ExitFailed, []string{"nobody confirmed"}, workflows.Decision{}},
		"nothing known of that":     {"act 29303649 foo --as U1", "", nil, ExitUsage, []string{`"foo" is none of clicks, live, sample, complete, again`}, workflows.Decision{}},
		"nothing to repeat":         {"act 29303649 again --as U1", "", nil, ExitVain, []string{"again would not count now", "waits for somebody"}, workflows.Decision{}},
		"once more":                 {"act 29303649 again --as U1", "", does("accepted"), 0, []string{"Recorded: try again by U1"}, workflows.Decision{Verdict: "try_again"}},
		"not allowed": {"act 29303649 sample --sample-size 600 --as U9", "", func(a *workflows.ActionState, d workflows.Decision) {
			a.Answers = append(a.Answers, workflows.Answered{Click: d.Click, Kind: "not_allowed"})
		}, ExitVain, []string{"did NOT count", "SLACK_APPROVERS"}, workflows.Decision{Verdict: "act", Action: prodege.ActSample, Number: 600}},
		"of another reason": {"act 29303649 clicks --clicks 5 --as U1", "", nil, ExitVain, []string{"does not offer \"clicks\""}, workflows.Decision{}},
		"no number":         {"act 29303649 sample --as U1", "", nil, ExitUsage, []string{"--sample-size"}, workflows.Decision{}},
		"nobody":            {"act 29303649 sample --sample-size 600", "", nil, ExitUsage, []string{"--as"}, workflows.Decision{}},
		"what is offered":   {"act 29303649", "", nil, 0, []string{"Raise sample size", "Complete project", "sample size", "can't be undone"}, workflows.Decision{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := offers()
			f.heed = c.heed
			if name == "once more" {
				f.action.Phase = "refused"
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
			if d.Verdict != c.sent.Verdict || d.Action != c.sent.Action || d.Number != c.sent.Number || d.Generation != 3 || d.From != fromCommand || d.Click == "" || !d.At.Equal(noon) {
				t.Errorf("sent %+v", d)
			}
		})
	}
	f := offers()
	f.project.Pause = nil
	run(t, f.world(), "", "act", "29303649", "live", "--as", "U1").wants(t, ExitVain, "offers nothing")
	f = offers()
	f.project.Requests[0].Started = false
	run(t, f.world(), "", "act", "29303649").wants(t, ExitVain, "once the acceptance in flight has ended")
}

// TestActsWhereNothingCanBeDone: no table of what would not count, and no question before it is refused.
func TestActsWhereNothingCanBeDone(t *testing.T) {
	for _, phase := range []activities.Phase{"approved", "held", "accepted", "dryrun", "byhand", "live", "done", "elsewhere", "other", "ended", "cancelled"} {
		f := offers()
		f.action.Phase = phase
		a := run(t, f.world(), "", "act", "29303649")
		a.wants(t, ExitVain, actWords(string(phase)), "Nothing can be done")
		if strings.Contains(a.out, "ACTION") || strings.Contains(a.out, "Raise sample size") {
			t.Errorf("%s: offered all the same:\n%s", phase, a.out)
		}
		run(t, f.world(), "", "act", "29303649", "--json").wants(t, ExitVain, `"offers": []`)
		a = run(t, f.world(), "yes\n", "act", "29303649", "complete", "--as", "U1")
		a.wants(t, ExitVain, "complete would not count now", actWords(string(phase)))
		if a.asked != "" || len(f.decided) > 0 {
			t.Errorf("%s: asked %q, sent %v", phase, a.asked, f.decided)
		}
	}
	f := offers()
	f.action.Phase, f.action.Decisions = "refused", []activities.Decided{{Verdict: "act", Action: prodege.ActSample, Number: 600, User: "U1", At: noon}}
	run(t, f.world(), "", "act", "29303649").wants(t, 0, "Prodege refused it (sample 600 by U1 at 2026-03-02 12:00:00Z)", "again", "Raise sample size")
}

// TestActIsCheckedBeforeAnybodyIsAsked: what is wrong with the command line is said even of an unknown project.
func TestActIsCheckedBeforeAnybodyIsAsked(t *testing.T) {
	for _, args := range []string{"act 5 foo", "act 5 foo --as U1", "act 5 live", "act 5 sample --as U1", "act 5 clicks --clicks 1000001 --as U1", "act x"} {
		run(t, (&fakes{}).world(), "", strings.Fields(args)...).wants(t, ExitUsage)
	}
	run(t, (&fakes{}).world(), "", "act", "5", "live", "--as", "U1").wants(t, ExitVain, "not known here")
}

func TestNumbersAreThoseOfTheTable(t *testing.T) {
	for reason := range prodege.Reason(1000) {
		for _, id := range prodege.ActionIDs() {
			if row, found := prodege.FindAction(id, reason); found && row.Asks != prodege.ActionAsks(id) {
				t.Errorf("%s asks for %q, here for %q", id, row.Asks, prodege.ActionAsks(id))
			}
		}
	}
}
