package operator

import (
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

// TestSlips: what is misspelled is named with what was meant, and nothing is done.
func TestSlips(t *testing.T) {
	for args, says := range map[string]string{
		"lsit":                            `fieldmarshal has no command "lsit": see fieldmarshal --help; did you mean list?`,
		"dead":                            "did you mean deadletter?",
		"lsit --limit 3":                  "did you mean list?",
		"help lsit":                       "did you mean list?",
		"completion bahs":                 "it has bash, fish, powershell, zsh; did you mean bash?",
		"frobnicate":                      `fieldmarshal has no command "frobnicate": see fieldmarshal --help`,
		"--version":                       "did you mean fieldmarshal version?",
		"--verbose":                       "fieldmarshal has no flag --verbose",
		"list --waitin-for approval":      "did you mean --waiting-for?",
		"list --waiting approval":         "did you mean --waiting-for?",
		"list --waiting-for aproval":      "did you mean approval?",
		"list --status PAUSD":             "did you mean PAUSED?",
		"list --limit many":               `--limit must be a whole number, not "many"`,
		"list --longer-than 3":            `--longer-than must be a time such as 90s, 1h30m or 3d, not "3"`,
		"list --longer-than -1h":          `--longer-than must be a time such as`,
		"list -json":                      "did you mean --json?",
		"list --json=maybe":               `--json must be true or false, not "maybe"`,
		"list 29303649":                   `list takes no arguments, but got "29303649"`,
		"doctor extra":                    `doctor takes no arguments, but got "extra"`,
		"doctor jsn":                      "did you mean --json?",
		"accepting onn":                   "it has off, on; did you mean on?",
		"accepting on now":                "accepting on takes no arguments",
		"refused admti 3":                 "did you mean admit?",
		"refused admit":                   "refused admit needs",
		"inbox drian":                     "did you mean drain?",
		"deadletter rtery 3":              "did you mean retry?",
		"deadletter show":                 "needs the number of a dead letter",
		"send --encoding from":            "did you mean form?",
		"send now":                        "send takes no arguments",
		"state":                           "state needs the id of a project",
		"state 123 extra":                 `nothing more, but got "extra"`,
		"state 29303649 --legder 5":       "did you mean --ledger?",
		"approve 29303649 --ammount 4":    "did you mean --amount?",
		"explain 1 2 3":                   `nothing more, but got "3"`,
		"act 29303649 sampel 5 --as U1":   "did you mean sample?",
		"evidence 29303649 --csv --json":  "--json and --csv can't go together",
		"report --since 2026-13-01":       "30d, 12h or 2026-03-01",
		"approve 29303649 --as @ann":      `not "@ann": names change, ids stay`,
		"approve 29303649 --wait 0s":      "--wait must be",
		"state 29303649 --unimaginable":   "state has no flag --unimaginable",
		"inbox drain --timeout yesterday": "--timeout must be a time",
	} {
		a := run(t, asks().world(), "", strings.Fields(args)...)
		if a.wants(t, ExitUsage, says); !strings.Contains(says, "mean") && strings.Contains(a.fault, "mean") {
			t.Errorf("%s: %s", args, a.fault)
		}
	}
}

// TestHelpFitsAScreen of 80 columns and 24 lines, and names every command.
func TestHelpFitsAScreen(t *testing.T) {
	a := run(t, (&fakes{}).world(), "", "--help")
	lines := slices.Collect(strings.Lines(a.out))
	if a.code != 0 || len(lines) > 24 {
		t.Errorf("%d lines, exit code %d:\n%s", len(lines), a.code, a.out)
	}
	for _, line := range lines {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, cmd := range Root(Options{}).Commands() {
		if name := cmd.Name(); name != "help" && !strings.Contains(a.out, name) {
			t.Errorf("%s is not named", name)
		}
	}
	for _, args := range []string{"", "help"} {
		if got := run(t, (&fakes{}).world(), "", strings.Fields(args)...); got.out != a.out {
			t.Errorf("%q prints\n%s", args, got.out)
		}
	}
	run(t, (&fakes{}).world(), "", "help", "accepting", "on").wants(t, 0, "Switch acceptance on for all projects")
}

// TestProjectsAsTheyAreTyped: an id in every form that a message shows.
func TestProjectsAsTheyAreTyped(t *testing.T) {
	for _, text := range []string{"29303649", " 29303649 ", "#29303649", "29,303,649", "29.303.649", "29 303 649", "29'303'649", "29_303_649", "project-29303649", "project 29303649", "Project #29303649"} {
		if id, err := prodege.TypedProjectID(text); id != theProject || err != nil {
			t.Errorf("%q is %d, %v", text, id, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "29303649.0", "2,9303649", "1e7", "2930364x", "9223372036854775808", "２９"} {
		if id, err := prodege.TypedProjectID(text); err == nil {
			t.Errorf("%q is %d", text, id)
		}
	}
}

// TestProjectsByName: whoever looks may name a project, whoever decides is told its id.
func TestProjectsByName(t *testing.T) {
	world := func(polled bool, ids ...prodege.ProjectID) *World {
		f := asks()
		f.project.Name.Name = "Oat milk"
		if polled {
			f.pollers = polling()
		}
		for _, id := range ids {
			f.rows = append(f.rows, Row{Workflow: "project-" + id.String(), Project: id})
		}
		return f.world()
	}
	for _, text := range []string{"PO-7", "po-7", "oat", "milk oat", "oat po-7"} {
		a := run(t, world(true, theProject), "", "state", text)
		if a.wants(t, 0, "Project 29303649"); !strings.Contains(a.asked, "is project 29303649 (Oat milk, PO-7)") {
			t.Errorf("%s: noted %q", text, a.asked)
		}
	}
	run(t, world(true, theProject), "", "explain", "oat").wants(t, 0, "It waits for")
	run(t, world(true, theProject, 5), "", "state", "oat").wants(t, ExitNoEffect, `"oat" matches 2 open projects, such as 29303649 (Oat milk, PO-7); 5 (`)
	run(t, world(true, theProject), "", "state", "rye").wants(t, ExitNoEffect, "not the id of a project", "no open project")
	run(t, world(false, theProject), "", "state", "oat").wants(t, ExitFailed, "1 open projects do not say", "a worker runs")
	for _, args := range []string{"approve oat --as U1", "reject PO-7 --as U1", "act oat", "watch oat"} {
		w := world(true, theProject)
		run(t, w, "", strings.Fields(args)...).wants(t, ExitUsage, "needs the id of a project", "29303649 (Oat milk, PO-7)")
		if f := w.Flows.(*fakes); len(f.decided)+len(f.delivered) > 0 {
			t.Errorf("%s sent %+v %+v", args, f.decided, f.delivered)
		}
	}
}

// TestAPONumberMayLookLikeAnID.
func TestAPONumberMayLookLikeAnID(t *testing.T) {
	f := asks()
	f.project.Name.PONumber = "4720"
	f.pollers, f.rows = polling(), []Row{{Workflow: "project-29303649", Project: theProject}}
	w := f.world()
	w.Flows = onlyOne{f}
	run(t, w, "", "state", "4720").wants(t, ExitNoEffect, "project 4720 is not known here, but 4720 is the PO number of project 29303649")
}

func TestCompletionOfProjects(t *testing.T) {
	f := &fakes{rows: []Row{{Project: theProject, Summary: "asks to accept $4.25"}, {Project: 5, Summary: "LIVE"}}}
	a := run(t, f.world(), "", "__complete", "state", "29")
	if a.wants(t, 0, "29303649\tasks to accept $4.25"); strings.Contains(a.out, "LIVE") {
		t.Errorf("offers all: %s", a.out)
	}
	run(t, f.world(), "", "__complete", "act", "29303649", "").wants(t, 0, "sample", "ask-again")
}
