package cards

import (
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// state says in bold what was decided about the pause and where it stands; empty while nobody decided.
func (a *Acting) state() string {
	what := a.doing()
	switch a.Phase {
	case PhaseApproved:
		return "⏳ " + bold(what+": sending it to Prodege.") + " The project is read once more before."
	case PhaseHeld:
		return "✋ " + bold(what+": held back.") + " Accepting is switched off for all projects. The decision is kept and nothing has been sent. Whoever runs Fieldmarshal switches it on again (`fieldmarshal accepting on`)."
	case PhaseAccepted:
		return "☑️ " + bold(what+": Prodege took it.") + " Waiting for Prodege to report the project " + a.awaited() + "."
	case PhaseStill, PhaseRefused, PhaseStopped:
		s := failedAct(a.Phase, what, a.Refusal)
		return s.icon + " " + bold(mark(s.title)) + " " + sentences(s.what, s.todo)
	case PhaseDryRun:
		return "🧪 " + bold(what+": nothing sent (dry run).") + " The decision is recorded and not made up for later. To do it, enter it at Prodege by hand."
	case PhaseByHand:
		return "✍️ " + bold(what+": do it by hand.") + " There is no Prodege API key here any more, so nothing was sent."
	case PhaseCancelled:
		if a.Chosen() != nil {
			return "🛑 " + bold("Closed by whoever runs Fieldmarshal.") + " Whether “" + what + "” had reached Prodege is not certain: look at the project there. Nothing more is sent from here."
		}
		return "🛑 " + bold("Closed by whoever runs Fieldmarshal: nothing can be done from here.")
	case PhaseElsewhere:
		if a.MaybeSent {
			return "▶️ " + bold("The project is live.") + " Whether by “" + what + "” is not certain: the call to Prodege was broken off before its answer came."
		}
		return "▶️ " + bold("The project is live: nothing was sent from here.")
	case PhaseEnded:
		return "🏁 " + bold("The project is "+statusWords(a.EndStatus)+": nothing can be done from here.")
	}
	return ""
}

// failedAct tells of an act that did not come to its end, on the alert itself and in its thread.
func failedAct(phase Phase, doing string, fault *Refusal) story {
	s := story{icon: "⚠️"}
	switch phase {
	case PhaseStill:
		s.title, s.todo = doing+": Prodege took it, but the project still stands still", "Look at it at Prodege; try again, or do something else."
	case PhaseRefused:
		s.title, s.what, s.todo = doing+": refused", "The project stays paused.", "Mend what Prodege names and try again, or do something else."
	case PhaseStopped:
		s.title, s.what = doing+": no success within 30 minutes", "Whether the last try arrived is not certain; the project is read before each new one."
		s.todo = "Try again, or do something else."
	}
	s.what = sentences(fault.words(), s.what)
	return s
}

// doing names what was decided last.
func (a *Acting) doing() string {
	if d := a.Chosen(); d != nil {
		return d.doing()
	}
	return "Decided"
}

// Chosen is the newest decision, which says what is done: whoever tries again repeats it. Nil where there is none.
func (a *Acting) Chosen() *Decision {
	if a == nil || len(a.Decisions) == 0 {
		return nil
	}
	return &a.Decisions[len(a.Decisions)-1]
}

// awaited is the status that was set.
func (a *Acting) awaited() string {
	if d := a.Chosen(); d != nil {
		if row, known := prodege.FindAction(d.Action, a.Event.ActionReason()); known {
			return statusWords(row.Status)
		}
	}
	return "live"
}

// course is who decided what and when, in one line: "<@U1> chose “Raise sample size” (600) 14:09".
func (a *Acting) course() []string {
	var steps, notes []string
	for _, d := range a.Decisions {
		steps = append(steps, d.words(nil)+" "+when(d.At))
		notes = append(notes, quoted(d.Reason, 400))
	}
	return append([]string{dots(steps...)}, notes...)
}

// advises says whether people still have to know what can be done: nothing is under way, and nothing is over.
func (a *Acting) advises() bool {
	if a == nil {
		return true
	}
	switch a.Phase {
	case PhaseApproved, PhaseHeld, PhaseAccepted, PhaseElsewhere, PhaseEnded, PhaseLive, PhaseDone:
		return false
	}
	return true
}

// offers says whether the message has buttons.
func (a *Acting) offers() bool {
	switch a.Phase {
	case PhaseOpen, PhaseRefused, PhaseStopped, PhaseStill:
		return len(a.Event.Actions()) > 0
	}
	return false
}

// buttons are what the reason offers, after one to try again what did not succeed.
func (a *Acting) buttons(project prodege.ProjectID) []*slack.ButtonBlockElement {
	if !a.offers() {
		return nil
	}
	b := Button{Workflow: a.Workflow, Project: project, Generation: a.Generation, Reason: a.Event.ActionReason(), Figures: a.Figures}
	var all []*slack.ButtonBlockElement
	if a.Phase != PhaseOpen {
		all = append(all, b.element(ActionTryAgain, "", slack.StylePrimary))
	}
	for i, row := range a.Event.Actions() {
		style := slack.StyleDefault
		switch {
		case row.Status == prodege.Complete:
			style = slack.StyleDanger
		case i == 0 && a.Phase == PhaseOpen:
			style = slack.StylePrimary
		}
		all = append(all, b.element(string(row.ID), "…", style))
	}
	return all
}

// rules are what whoever decides must know.
func (a *Acting) rules() string {
	if !a.offers() {
		return ""
	}
	who := "only listed approvers decide"
	if a.Anyone {
		who = "anyone in this channel decides"
	}
	dry := ""
	if a.DryRun {
		dry = "🧪 dry run: decisions are recorded, nothing is sent"
	}
	return dots(a.Figures.short(), who, dry)
}

// short is what Prodege told, for the small print.
func (f *Figures) short() string {
	if f == nil {
		return ""
	}
	completes, clicks := "", ""
	if f.Wanted > 0 {
		completes = "about " + number(f.Completes) + " of " + number(f.Wanted) + " completes"
		if f.CPI != nil {
			completes += " at " + f.CPI.Dollars()
		}
	}
	if f.Clicks {
		clicks = "click limit " + number(f.ClickCap) + ", " + number(f.ClicksLeft) + " left, refilled " + refillWords(f.Refill)
		completes = ""
	}
	return dots(completes, clicks)
}

func refillWords(r prodege.Refill) string {
	switch r {
	case prodege.RefillNever:
		return "never: it is granted once"
	case prodege.RefillHalfHour:
		return "by Prodege every 30 minutes"
	case prodege.RefillHour:
		return "by Prodege every hour"
	case prodege.RefillDay:
		return "by Prodege every 24 hours"
	}
	return "by Prodege at times it does not tell"
}

// text is the same in the fallback line.
func (a *Acting) text() string {
	if a == nil {
		return ""
	}
	by := ""
	if d := a.Chosen(); d != nil {
		by = d.words(nil) + ", " + utc(d.At) + "."
	}
	if a.Phase == PhaseOpen && a.offers() {
		var labels []string
		for _, row := range a.Event.Actions() {
			labels = append(labels, row.Label)
		}
		return "From the message: " + strings.Join(labels, ", ") + "."
	}
	state := strings.ReplaceAll(a.state(), "*", "")
	return sentences(state, by)
}
