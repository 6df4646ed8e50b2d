package cards

import (
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// actions words what people can do about a pause from its alert, or did.
type actions struct{ *project.ActionFacts }

// state says in bold what was decided about the pause and how far it is; empty while nobody decided.
func (a actions) state() string {
	what := a.doing()
	switch a.Phase {
	case project.PhaseApproved:
		return "⏳ " + bold(what+": sending it to Prodege.") + " The project is read once more first."
	case project.PhaseHeld:
		return "✋ " + bold(what+": held back.") + " Accepting is switched off for all projects. The decision is kept and nothing has been sent. " + switchOn
	case project.PhaseAccepted:
		return "☑️ " + bold(what+": Prodege accepted it.") + " Waiting for Prodege to report the project " + a.awaited() + "."
	case project.PhaseStill, project.PhaseRefused, project.PhaseStopped:
		s := failedAct(a.Phase, what, a.Refusal)
		return s.icon + " " + bold(mark(s.title)) + " " + sentences(s.what, s.todo)
	case project.PhaseDryRun:
		return "🧪 " + bold(what+": nothing sent (dry run).") + " The decision is recorded; it is not sent later either. To do it, enter it at Prodege by hand."
	case project.PhaseByHand:
		return "✍️ " + bold(what+": do it by hand.") + " No Prodege API key is set any more, so nothing was sent."
	case project.PhaseCancelled:
		if a.Chosen() != nil {
			return "🛑 " + bold("Cancelled by an operator.") + " Whether “" + what + "” reached Prodege is not certain: look at the project there. Nothing more is sent from here."
		}
		return "🛑 " + bold("Cancelled by an operator: nothing can be done from here.")
	case project.PhaseElsewhere:
		if a.MaybeSent {
			return "▶️ " + bold("The project is live.") + " Whether “" + what + "” did it is not certain: the call to Prodege was cut off before its answer came."
		}
		return "▶️ " + bold("The project is live: nothing was sent from here.")
	case project.PhaseEnded:
		return "🏁 " + bold("The project is "+statusWords(a.EndStatus)+": nothing can be done from here.")
	}
	return ""
}

// failedAct tells of an act that did not succeed, on the alert itself and in its thread.
func failedAct(phase project.Phase, doing string, fault *project.Refusal) story {
	s := story{icon: "⚠️"}
	switch phase {
	case project.PhaseStill:
		s.title, s.todo = doing+": Prodege accepted it, but the project is still paused", "Look at it at Prodege; try again, or do something else."
	case project.PhaseRefused:
		s.title, s.what, s.todo = doing+": refused", "The project stays paused.", "Fix what Prodege names and try again, or do something else."
		if isOurs(fault) {
			s.title, s.todo = doing+": could not be sent", "When that is fixed, try again, or do something else."
		}
	case project.PhaseStopped:
		s.title, s.what = doing+": no success within 30 minutes", "Whether the last try arrived is not certain; the project is read before each new one."
		s.todo = "Try again, or do something else."
	}
	s.what = sentences(refusal(fault), s.what)
	return s
}

// doing names what was decided last.
func (a actions) doing() string {
	if d := a.Chosen(); d != nil {
		return decision{*d}.doing()
	}
	return "Decided"
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
	prodege.RefillNever:    "never: they are granted once",
	prodege.RefillHalfHour: "by Prodege every 30 minutes",
	prodege.RefillHour:     "by Prodege every hour",
	prodege.RefillDay:      "by Prodege every 24 hours",
}

func refillWords(r prodege.Refill) string {
	if text, known := refills[r]; known {
		return text
	}
	return "by Prodege at times that it does not give"
}

// text is the same for the fallback line.
func (a actions) text() string {
	if a.ActionFacts == nil {
		return ""
	}
	if a.Phase == project.PhaseOpen && a.HasButtons() {
		var labels []string
		for _, row := range a.Offers {
			labels = append(labels, clean(row.Label, 40))
		}
		nobody := ""
		if a.Nobody {
			nobody = strings.ReplaceAll(nobodyDecides, "*", "")
		}
		return sentences("Buttons on the message: "+strings.Join(labels, ", ")+".", nobody)
	}
	by := ""
	if d := a.Chosen(); d != nil {
		by = decision{*d}.words(nil) + ", " + utc(d.At) + "."
	}
	return sentences(strings.ReplaceAll(a.state(), "*", ""), by)
}
