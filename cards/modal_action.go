package cards

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// actionModal asks what an action needs, and says what it sends and costs. It is made from the action's row and from
// what the button carries, so that a new row needs nothing here.
func actionModal(m Modal) (slack.ModalViewRequest, error) {
	row, known := prodege.FindAction(m.Action, m.Button.Reason)
	if !known {
		return slack.ModalViewRequest{}, fmt.Errorf("reason %d offers no %q", m.Button.Reason, m.Action)
	}
	intro := lines(m.Button.project(), row.Confirm, m.Button.actionFacts(row), sends(row))
	return m.view(row.Label, row.Label, intro, m.Button.actionInput(row))
}

// actionInput is the one field of an action's modal.
func (b Button) actionInput(row prodege.Action) *slack.InputBlock {
	least, most := b.numberBounds(row)
	bounds := "at least " + number(least)
	if most > 0 {
		bounds += ", at most " + number(most)
	}
	var input *slack.InputBlock
	switch row.Asks {
	case prodege.AsksNothing:
		input, _ = textInput(BlockReason, "Note", reasonHint, "", maxReason, true)
	case prodege.AsksClicks:
		input, _ = textInput(BlockNumber, "Clicks to allow from now on", "This many clicks are left afterwards.", "500", 12, false)
	default:
		input, _ = textInput(BlockNumber, "New total of completes", "All completes of the project together: "+bounds+".", strconv.FormatInt(least+99, 10), 12, false)
	}
	return input
}

// numberBounds is the range of numbers that an action takes, as far as the button knows. most is 0 if only the action's
// own bound is known.
func (b Button) numberBounds(row prodege.Action) (least, most int64) {
	if row.Asks != prodege.AsksSample {
		return 1, 0
	}
	present := max(b.Figures.Wanted, b.Figures.Completes)
	return present + 1, project.MostSample(present)
}

// actionFacts are the figures that bear on an action, in sentences.
func (b Button) actionFacts(row prodege.Action) string {
	const lookThere = "Look at the project in Prodege peeq."
	f := b.Figures
	switch row.Asks {
	case prodege.AsksClicks:
		if !f.Clicks {
			return "The click limit is not known. " + lookThere
		}
		return "Click limit: " + number(f.ClickCap) + " before a pause, " + number(f.ClicksLeft) + " left now, refilled " + refillWords(f.Refill) + "."
	case prodege.AsksSample:
		if f.Wanted == 0 {
			return "The number of completes is not known. " + lookThere
		}
		text := "There are about " + number(f.Completes) + " completes; the sample size is " + number(f.Wanted) + "."
		if f.CPI != nil {
			const step = 100
			text += " Each added complete costs about " + f.CPI.Dollars() + " at the current CPI: " + number(step) + " more are about " + f.CPI.Times(step).Dollars()
			if _, most := b.numberBounds(row); most > 0 {
				text += "; a total of " + number(most) + ", the most that can be asked for here, costs about " + f.CPI.Times(most-f.Wanted).Dollars() + " more"
			}
			text += "."
		}
		return text
	}
	return ""
}

// sends says what goes to Prodege.
func sends(row prodege.Action) string {
	text := "status " + string(row.Status)
	switch row.Asks {
	case prodege.AsksClicks:
		text = "the number of clicks, then " + text
	case prodege.AsksSample:
		text = "the sample size and " + text
	}
	return "_Sent to Prodege: " + text + ". The project is read right before; if it has changed by then, nothing is sent._"
}

func (m Modal) checkAction() (Entered, string) {
	row, known := prodege.FindAction(m.Action, m.Button.Reason)
	entered := Entered{Verdict: project.ChooseAction, Action: m.Action}
	switch {
	case !known:
		return Entered{}, "This is not offered any more."
	case row.Asks == prodege.AsksNothing:
		entered.Reason = strings.TrimSpace(m.Reason)
		if utf8.RuneCountInString(entered.Reason) > maxReason {
			return Entered{}, fmt.Sprintf("At most %d characters, please.", maxReason)
		}
		return entered, ""
	}
	n, err := strconv.ParseUint(prodege.Ungrouped(m.Number), 10, 32)
	entered.Number = int64(n)
	least, most := m.Button.numberBounds(row)
	switch {
	case err != nil:
		return Entered{}, "Please write a whole number, such as 500."
	case entered.Number < least:
		return Entered{}, "At least " + number(least) + ", please."
	case !row.Fits(entered.Number):
		return Entered{}, "At most " + number(prodege.MaxNumber) + ", please."
	case most > 0 && entered.Number > most:
		return Entered{}, "More than twice the present total: at most " + number(most) + " at once. " + m.Button.costs(entered.Number)
	}
	return entered, ""
}

// costs is what a new total of completes adds.
func (b Button) costs(total int64) string {
	if b.Figures.CPI == nil {
		return ""
	}
	return number(total) + " would cost about " + b.Figures.CPI.Times(total-b.Figures.Wanted).Dollars() + " more."
}
