package cards

import (
	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// actions words what people can do about a pause from its alert, or did.
type actions struct{ *project.ActionFacts }

// state says in bold what was decided about the pause and how far it is; empty while nobody decided.
func (a actions) state() string {
	what, icon, more := ActionPhase(a.Phase, a.Chosen()), "", ""
	switch a.Phase {
	case project.PhaseApproved:
		icon, more = "⏳", "Fieldmarshal reads the project once more first."
	case project.PhaseHeld:
		icon, what, more = "✋", decision{*a.Chosen()}.doing()+": held back", "Accepting is switched off for all projects. The decision is kept, and nothing has been sent. "+switchOn
	case project.PhaseAccepted:
		icon, more = "☑️", "Waiting for Prodege to report the project "+a.awaited()+"."
	case project.PhaseStill, project.PhaseRefused, project.PhaseStopped:
		s := failedStory(a.Phase, a.doing(), others, a.Refusal)
		icon, what, more = s.icon, s.title, sentences(s.what, s.todo)
	case project.PhaseDryRun:
		icon, more = "🧪", "The decision is recorded; it will not be sent later either. To do it, enter it at Prodege by hand."
	case project.PhaseByHand:
		icon, more = "✍️", "No Prodege API key is set any more, so nothing was sent."
	case project.PhaseCancelled:
		icon, what, more = "🛑", "cancelled by an operator", "Nothing can be done from here any more."
		if a.Chosen() != nil {
			more = a.doing() + " may have reached Prodege before: look at the project there. Nothing more is sent from here."
		}
	case project.PhaseElsewhere:
		icon, what = "▶️", "the project is live; nothing was sent from here"
		if a.MaybeSent {
			what, more = "the project is live", a.doing()+" may have done it: "+cutOff
		}
	case project.PhaseEnded:
		icon, what = "🏁", "the project is "+statusWords(a.EndStatus)+": nothing can be done from here"
	default:
		return ""
	}
	return sentences(icon, bold(capital(what)+"."), more)
}

// doing names what was decided last, in quotation marks.
func (a actions) doing() string {
	if d := a.Chosen(); d != nil {
		return "“" + decision{*d}.doing() + "”"
	}
	return "what was decided"
}

// awaited is the status that was set, by the action as it was offered.
func (a actions) awaited() string {
	if d := a.Chosen(); d != nil {
		for _, row := range a.Offers {
			if row.ID == d.Action {
				return statusWords(row.Status)
			}
		}
	}
	return statusWords(prodege.Live)
}

// course is who decided what and when, in one line: "<@U1> chose “Raise sample size” (600) 14:09".
func (a actions) course() []string {
	var steps, reasons []string
	for _, d := range newest(a.Decisions) {
		steps = append(steps, decision{d}.words(nil)+" "+when(d.At))
		reasons = append(reasons, quoted(d.Reason, 400))
	}
	return append([]string{dots(steps...)}, reasons...)
}

// advises reports whether people still have to know what can be done: nothing is under way, and nothing is over.
func (a actions) advises() bool {
	if a.ActionFacts == nil {
		return true
	}
	switch a.Phase {
	case project.PhaseApproved, project.PhaseHeld, project.PhaseAccepted, project.PhaseElsewhere, project.PhaseEnded, project.PhaseLive, project.PhaseDone:
		return false
	}
	return true
}

// buttons are what was offered, after one to try again what did not succeed.
func (a actions) buttons(name project.Name) []*slack.ButtonBlockElement {
	if !a.HasButtons() {
		return nil
	}
	b := Button{Project: name.ID, Name: carried(name.Name, maxName), Request: a.ID, Generation: a.Generation, Reason: a.Reason, Figures: carriedFigures(a.Figures)}
	var all []*slack.ButtonBlockElement
	if a.Phase != project.PhaseOpen {
		all = append(all, b.element(ActionTryAgain, "", slack.StylePrimary))
	}
	for i, row := range a.Offers {
		style := slack.StyleDefault
		switch {
		case row.Status == prodege.Complete:
			style = slack.StyleDanger
		case i == 0 && a.Phase == project.PhaseOpen:
			style = slack.StylePrimary
		}
		all = append(all, b.labelled(string(row.ID), row.Label+"…", style))
	}
	return all
}

// rules are what those who decide must know.
func (a actions) rules() string {
	if !a.HasButtons() {
		return ""
	}
	who, dry := whoDecides(a.Anyone), ""
	if a.Nobody {
		who = nobodyDecides
	}
	if a.DryRun {
		dry = "🧪 dry run: decisions are recorded, and nothing is sent"
	}
	return dots(actionFigures(a.Figures), who, dry)
}

// actionFigures is what Prodege reports, for the small print.
func actionFigures(f *project.Figures) string {
	switch {
	case f == nil:
		return ""
	case f.Clicks:
		return "click limit " + number(f.ClickCap) + ", " + number(f.ClicksLeft) + " left, refilled " + refillWords(f.Refill)
	case f.Wanted <= 0:
		return ""
	}
	text := "about " + number(f.Completes) + " of " + number(f.Wanted) + " completes"
	if f.CPI != nil {
		text += " at " + f.CPI.Dollars()
	}
	return text
}

var refills = map[prodege.Refill]string{
	prodege.RefillNever:    "never",
	prodege.RefillHalfHour: "by Prodege every 30 minutes",
	prodege.RefillHour:     "by Prodege every hour",
	prodege.RefillDay:      "by Prodege every 24 hours",
}

func refillWords(r prodege.Refill) string {
	if text, known := refills[r]; known {
		return text
	}
	return "by Prodege, it does not say when"
}
