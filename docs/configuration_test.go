package docs_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"fieldmarshal/config"
	"fieldmarshal/project"
)

const configurationPreamble = `# Configuration

Every variable, with what a value must be as the program says it at start. The page is written by ` + "`go test ./docs -update`" + `: what a variable is for comes from the
[README](../../README.md#configuration), and what it must be from trying a value that is none. I is the ingress, W the worker; **bold** means that the process does not start without it.

Variables come from the environment, and from a file ` + "`.env`" + ` in the working folder, which never overrides the environment. All faults are told at once at start, each by its variable's name, and the process ends with exit
code 2. ` + "`fieldmarshal config`" + ` shows what is in force and where each value comes from. An empty value is none. Durations are written like ` + "`90s`, `5m`, `24h`" + `, dollars like ` + "`4.25`" + `, yes and no as ` + "`true`, `on`, `yes`, `1` and `false`, `off`, `no`, `0`" + `. A change holds from the process's next start, and for a
workflow from its next decision.

What concerns the connection to Temporal (` + "`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS…`" + `) is read as Temporal's own tools read it; [how to connect to Temporal Cloud](../how-to.md) has an example.

## The file .env

Each line is blank, a comment that begins with ` + "`#`" + `, or ` + "`NAME=value`" + `, with or without ` + "`export `" + ` before it. Any other line is a fault, told by its number and never by its text.

| a value | stands |
| --- | --- |
| without ` + "`$`" + `, quotes, backslash or ` + "`#`" + ` after a space | as it is: ` + "`CPI_CEILING=8`, `DIGEST=Mon 09:00 America/New_York`" + ` |
| with any of these | in single quotes: ` + "`PRODEGE_SECRET_KEY='pa$$word'`" + ` |
| with an apostrophe | in double quotes, where ` + "`$`" + ` and backslash are not taken |

Each name stands once. A comment has a line of its own. The rules are so narrow because the programs that read such a file (Docker Compose, a shell, libraries) read all else differently: some make nothing of ` + "`$8`" + `.

## Names and values that are not meant so

| found | what becomes of it |
| --- | --- |
| a name in ` + "`.env`" + ` that neither Fieldmarshal nor ` + "`docker-compose.yml`" + ` reads | a fault. Others' ` + "`TEMPORAL_…`, `COMPOSE_…` and `DOCKER_…`" + ` are left alone |
| a name in the environment that is one slip away from one of ours that is not set (two slips where ours has twelve letters or more) | a fault where ours begins with ` + "`CPI_`, `APPROVAL_`, `PRODEGE_`, `BILLING_` or `INBOX_`" + `, else a warning. It names the right one |
| a value with quotes around it, typographic ones too | a fault: they would belong to the value. ` + "`docker run --env-file`" + ` keeps those of its file |
| a variable that is empty in the environment and has a value in ` + "`.env`" + ` | a warning: the empty one counts |
| ` + "`APPROVAL_REMINDER_EVERY`" + ` as long as ` + "`APPROVAL_TIMEOUT`" + ` or longer | a warning: nobody is reminded |

## Variables
`

// TestConfiguration holds the page to the README's table and to what the configuration says of a wrong value.
func TestConfiguration(t *testing.T) {
	purpose := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (.+) \\| (.*) \\| (.+) \\|$").FindAllStringSubmatch(read(t, "../README.md"), -1) {
		purpose[row[1]] = row[2:]
	}
	page := strings.Builder{}
	page.WriteString(configurationPreamble)
	for _, name := range config.Variables() {
		row, ok := purpose[name]
		if !ok {
			t.Errorf("%s is not in the README's table", name)
			continue
		}
		// Links of the README lead from the folder above.
		text := strings.ReplaceAll(row[2], "(docs/", "(../")
		fmt.Fprintf(&page, "\n### %s\n\n%s.\n\n- default: %s\n- used by: %s\n", name, strings.ToUpper(text[:1])+text[1:], row[0], row[1])
		if rule := ruleOf(name); rule != "" {
			fmt.Fprintf(&page, "- a value %s\n", rule)
		}
	}
	holds(t, "reference/configuration.md", page.String(), "what the configuration says")
}

// ruleOf is what the configuration says of a value that is none; empty where any text will do.
func ruleOf(name string) string {
	const wrong = "no such, value"
	_, err := config.Load(func(n string) string {
		if n == name {
			return wrong
		}
		return ""
	}, 0, config.Check{Variable: "APPROVAL_HOURS", Rule: func(value string) error { _, err := project.ParseHours(value); return err }})
	var faults *config.Faults
	if !errors.As(err, &faults) {
		return ""
	}
	for _, f := range faults.List {
		if f.Variable == name {
			rule, _, _ := strings.Cut(f.Text, `: "no such`)
			return strings.ReplaceAll(rule, `, which "no such" is not`, "")
		}
	}
	return ""
}
