package cards

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// DecisionLine says who decided what in plain text: "U0ANN approved $4.25".
func DecisionLine(d project.Decided) string { return decisionWords(cmp.Or(d.User, "someone"), d, nil) }

// decisionText says it for Slack: "<@U1> approved $4.25". asked is the required CPI at the time.
func decisionText(d project.Decided, asked *prodege.USD) string {
	return decisionWords(mention(d.User), d, asked)
}

// decider is who decided: the person, unless a rule did.
func decider(from, who string) string {
	if from == project.FromRule {
		return "the rule (CPI_AUTO_APPROVE_UP_TO)"
	}
	return who
}

func decisionWords(who string, d project.Decided, asked *prodege.USD) string {
	more := d.Verdict == project.Approve && d.Amount != nil && asked != nil && d.Amount.Cmp(*asked) > 0
	amount := only(more, " up to") + known("", dollars(d.Amount))
	did := map[project.Verdict]string{
		project.Approve:      "approved" + amount,
		project.Reject:       "rejected" + amount,
		project.AskAgain:     "asked again",
		project.TryAgain:     "asked to try again",
		project.Close:        "closed it",
		project.ChooseAction: "chose “" + actionLabel(d) + "”" + actionNumber(d),
		project.MarkInvoiced: "marked it as invoiced",
		project.SendInvoice:  "asked to send the invoice",
	}[d.Verdict]
	return sentences(decider(d.From, who), cmp.Or(did, "decided "+clean(string(d.Verdict), 40)),
		only(d.From == project.FromCommand, "on the command line"), only(d.DryRun, "(dry run)"))
}

// doing names the chosen action: "Raise sample size (1,200)".
func doing(d project.Decided) string { return actionLabel(d) + actionNumber(d) }

func actionLabel(d project.Decided) string {
	return cmp.Or(d.Action.Row().Label, clean(string(d.Action), 40))
}

func actionNumber(d project.Decided) string { return only(d.Number != 0, " ("+number(d.Number)+")") }

// course is who decided what and when, in one line between what came before and after: "<@U1> approved $4.25 14:09", and
// below it the reasons that they gave. It tells the last five decisions, which fit one section. asked is the required CPI,
// at writes a time.
func course(before string, all []project.Decided, asked *prodege.USD, at func(time.Time) string, after string) []string {
	var reasons []string
	for _, d := range all[max(0, len(all)-5):] {
		before = dots(before, decisionText(d, asked)+" "+at(d.At))
		reasons = append(reasons, quoted(d.Reason, 400))
	}
	return append([]string{dots(before, after)}, reasons...)
}

// refusal says why something did not succeed. Only what Prodege answered with a code of its own is put in its mouth: on
// the way, or in a web page that answers in its place, nobody said anything. A refusal of our own client says that
// nothing was sent.
func refusal(f *project.Refusal) string {
	const most = 5
	if f == nil {
		return ""
	}
	text := strings.TrimRight(clean(f.Text, 500), ".")
	switch {
	case f.Party == project.PartyUs:
		return sentence("nothing was sent: " + text)
	case f.Party != "Prodege" || len(f.Codes) == 0:
		return sentence(text) // which names whom it is about
	}
	codes := strings.ReplaceAll(strings.Trim(fmt.Sprint(f.Codes[:min(most, len(f.Codes))]), "[]"), " ", "; ")
	return "Prodege said: " + text + " (code " + codes + ")."
}

// isOurs reports whether Fieldmarshal itself refused, so that the counterparty was not asked.
func isOurs(f *project.Refusal) bool {
	return f != nil && (f.Party == project.PartyUs || f.Party == project.PartyCeiling)
}

// What can be done instead of trying again, on a request and on an alert.
const (
	closes = "“Close” ends this request without accepting."
	others = "You can also do something else."
)

// failures tell of an act that did not succeed: {what} is an amount or an action, {refusal} why.
var failures = map[project.Phase]story{
	project.PhaseStill: {"⚠️", "Prodege accepted {what}, but the project is not live", "{refusal}",
		"Look at the project at Prodege: it may be paused for something else. “Try again” sends the same once more."},
	project.PhaseStopped: {"⚠️", "Sending {what} to Prodege did not succeed within 30 minutes",
		"{refusal} The last attempt may have reached Prodege; the project is read before each new one.",
		"Check that Prodege's API can be reached, then click “Try again”."},
	project.PhaseRefused: {"⚠️", "Prodege refused {what}", "{refusal} The project stays paused.",
		"Fix what Prodege objects to, then click “Try again”."},
	project.PhaseRefused + "/here": {"⚠️", "Could not send {what} to Prodege", "{refusal} The project stays paused.",
		"When that is fixed, click “Try again”."},
	project.PhaseRefused + "/ceiling": {"⚠️", "{what} is above the ceiling that applies now",
		"The ceiling (CPI_CEILING) was lowered after the approval. Nothing was sent; the project stays paused.",
		"An operator of Fieldmarshal can raise it; then click “Try again”."},
}

// failedStory tells of an act that did not succeed, on the message itself and in its thread: the acceptance of an
// amount, or an action. instead is what people can do but try again.
func failedStory(phase project.Phase, what, instead string, fault *project.Refusal) story {
	switch {
	case phase == project.PhaseStill || phase == project.PhaseStopped:
	case fault != nil && fault.Party == project.PartyCeiling:
		phase = project.PhaseRefused + "/ceiling"
	case isOurs(fault):
		phase = project.PhaseRefused + "/here"
	default:
		phase = project.PhaseRefused
	}
	s := failures[phase].fill("{what}", what, "{refusal}", refusal(fault))
	s.todo = sentences(s.todo, instead)
	return s
}
