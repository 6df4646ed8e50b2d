package operator

import (
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

// TestSlips: what is misspelled is named, and nothing is done.
func TestSlips(t *testing.T) {
	for args, says := range map[string]string{
		"lsit":                            `unknown command "lsit" for "fieldmarshal"`,
		"lsit --limit 3":                  "Did you mean this?\n\tlist",
		"--verbose":                       "unknown flag: --verbose",
		"list --waitin-for approval":      "unknown flag: --waitin-for; did you mean --waiting-for?",
		"list --waiting-for aproval":      "invoicing, invoiced; did you mean approval?",
		"list --status PAUSD":             "must be one of PENDING, LIVE, PAUSED",
		"list --limit many":               `invalid argument "many" for "--limit" flag`,
		"list --longer-than 3":            `--longer-than must be in the past, like 30d, 12h or 2026-03-01, not "3"`,
		"list --longer-than -1h":          "--longer-than must be in the past",
		"list 29303649":                   `unexpected argument "29303649"; usage: fieldmarshal list [flags]`,
		"accepting onn":                   `unknown command "onn" for "fieldmarshal accepting"`,
		"accepting on now":                `unexpected argument "now"`,
		"refused admit":                   "an argument is missing; usage: fieldmarshal refused admit <number>…",
		"inbox list":                      `unknown command "list" for "fieldmarshal inbox"`,
		"deadletter show":                 "an argument is missing",
		"send --encoding from":            "must be one of json, json_string, form",
		"state":                           "an argument is missing; usage: fieldmarshal state <project>",
		"state 123 extra":                 `unexpected argument "extra"`,
		"explain 1 2 3":                   `unexpected argument "3"`,
		"evidence 29303649 --csv --json":  "[csv json]",
		"report --since 2026-13-01":       "30d, 12h or 2026-03-01",
		"approve 29303649 --as @ann":      `not "ann": names change, ids stay`,
		"send --project 1 --status PAUSD": "did you mean PAUSED?; --anyway sends it nevertheless",
		"act 1 smple 500 --as U1":         "ask-again, try-again, close; did you mean sample?",
		"approve oat --as U1":             `"oat" is not the id of a project`,
		"inbox drain --timeout yesterday": "--timeout",
	} {
		run(t, asks().world(), "", strings.Fields(args)...).wants(t, ExitUsage, says)
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

// TestAmountsAsTheyAreTyped: an amount as people write it in a flag, and the person as Slack writes a mention.
func TestAmountsAsTheyAreTyped(t *testing.T) {
	for _, text := range []string{"4.25", "$4.25", " 4.25 USD ", "4.25usd"} {
		if amount, err := parseUSD("--amount", text); err != nil || amount.Dollars() != "$4.25" {
			t.Errorf("%q is %v, %v", text, amount, err)
		}
	}
	for _, text := range []string{"4,25", "$", "USD", "4.25 EUR", "1e3"} {
		if amount, err := parseUSD("--amount", text); err == nil {
			t.Errorf("%q is %s", text, amount.Dollars())
		}
	}
	if user, err := parseUser("<@U0ANN>"); user != "U0ANN" || err != nil {
		t.Errorf("the mention is %q, %v", user, err)
	}
}

func TestCompletionOfActions(t *testing.T) {
	run(t, (&fakes{}).world(), "", "__complete", "act", "29303649", "").wants(t, 0, "sample", "ask-again")
}
