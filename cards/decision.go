package cards

import (
	"cmp"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// decision words one recorded decision.
type decision struct{ project.Decided }

// words says who decided what: "<@U1> approved $4.25". asked is the required CPI at the time.
func (d decision) words(asked *prodege.USD) string { return d.line(d.who(), asked) }

// DecisionLine is the same in plain text: "U0ANN approved $4.25".
func DecisionLine(d project.Decided) string {
	who := cmp.Or(d.User, "someone")
	if d.From == project.FromRule {
		who = theRule
	}
	return decision{d}.line(who, nil)
}

const theRule = "the rule (CPI_AUTO_APPROVE_UP_TO)"

func (d decision) line(who string, asked *prodege.USD) string {
	text := who + " " + d.did(asked)
	if d.From == project.FromCommand {
		text += " on the command line"
	}
	if d.DryRun {
		text += " (dry run)"
	}
	return text
}

func (d decision) who() string {
	if d.From == project.FromRule {
		return theRule
	}
	return person(d.User)
}

func (d decision) did(asked *prodege.USD) string {
	amount := ""
	if d.Amount != nil {
		amount = " " + d.Amount.Dollars()
		if d.Verdict == project.Approve && asked != nil && d.Amount.Cmp(*asked) > 0 {
			amount = " up to" + amount
		}
	}
	switch d.Verdict {
	case project.Approve:
		return "approved" + amount
	case project.Reject:
		return "rejected" + amount
	case project.AskAgain:
		return "asked again"
	case project.TryAgain:
		return "asked to try again"
	case project.Close:
		return "closed it"
	case project.ChooseAction:
		return "chose “" + d.label() + "”" + d.count()
	case project.MarkInvoiced:
		return "marked it as invoiced"
	case project.SendInvoice:
		return "asked to send the invoice"
	}
	return "decided " + clean(string(d.Verdict), 40)
}

// doing names the chosen action: "Raise sample size (1,200)".
func (d decision) doing() string { return d.label() + d.count() }

func (d decision) label() string {
	if text := prodege.ActionLabel(d.Action); text != "" {
		return text
	}
	return clean(string(d.Action), 40)
}

func (d decision) count() string {
	if d.Number == 0 {
		return ""
	}
	return " (" + number(d.Number) + ")"
}

// newest returns the last decisions, oldest first: as many as fit one section with their reasons.
func newest(all []project.Decided) []project.Decided {
	const most = 5
	return all[max(0, len(all)-most):]
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
	case f.Party != partyProdege || len(f.Codes) == 0:
		return sentence(text) // which names whom it is about
	}
	var codes []string
	for _, c := range f.Codes[:min(most, len(f.Codes))] {
		codes = append(codes, number(int64(c)))
	}
	return "Prodege said: " + text + " (code " + strings.ReplaceAll(strings.Join(codes, "; "), ",", "") + ")."
}

// partyProdege is the Party of a refusal by Prodege.
const partyProdege = "Prodege"

// isOurs reports whether Fieldmarshal itself refused, so that the counterparty was not asked.
func isOurs(f *project.Refusal) bool {
	return f != nil && (f.Party == project.PartyUs || f.Party == project.PartyCeiling)
}
