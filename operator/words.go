package operator

import (
	"cmp"
	"fmt"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// A line of the ledger in words. What package cards words elsewhere reads here as there.

// lineWords says what a line of the ledger records, without who and when.
func lineWords(l project.Line) string {
	amount := "an amount that Prodege has not told"
	if l.Amount != nil {
		amount = l.Amount.Dollars()
	}
	what := amount
	if l.Action != "" {
		what = actionWords(l.Action, l.Number)
	}
	switch l.Kind {
	case project.LinePaused:
		if l.Amount != nil {
			return "paused: a CPI of " + amount + " is required"
		}
		return "paused: " + reason(prodege.Paused, l.Reason, l.Text)
	case project.LineTold:
		return joined(" ", "told in Slack", l.Text)
	case project.LineAsked:
		return "people are asked to accept " + amount
	case project.LineDecided:
		text := cards.DecisionLine(project.Decided{Verdict: l.Verdict, User: l.By, Amount: l.Amount, From: l.From, DryRun: l.DryRun, Action: l.Action, Number: l.Number})
		if l.Second {
			text += " (another person is asked)"
		}
		return joined(": ", text, l.Text)
	case project.LineExpired:
		return cards.RequestPhase(project.PhaseExpired, l.Amount, nil, nil)
	case project.LineAccepted:
		return "Prodege accepted " + what
	case project.LineRefused:
		return joined(": ", what+" was refused", l.Text)
	case project.LineStopped:
		return joined(": ", what+" did not succeed within 30 minutes", l.Text)
	case project.LineAbandoned:
		return what + " was called off: the pause ended, or asks for something else"
	case project.LineLive:
		return "live again"
	case project.LineEnded:
		return "ended: " + string(l.Status)
	case project.LineClosed:
		return joined(": ", "closed here", l.Text)
	case project.LineFound:
		if l.Reason != 0 {
			return "Prodege was asked: it is " + string(l.Status) + ", " + reason(l.Status, l.Reason, "")
		}
		return "Prodege was asked: it is " + string(l.Status)
	case project.LineInvoice:
		return joined(" by ", "invoice: "+l.Text, l.By)
	}
	return joined(" ", string(l.Kind), l.Text)
}

// actionWords names an action with its number: "Raise sample size (600)".
func actionWords(id prodege.ActionID, n int64) string {
	text := cmp.Or(id.Row().Label, string(id))
	if n != 0 {
		text += fmt.Sprintf(" (%d)", n)
	}
	return text
}
