package cards

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// ActionModal asks what an action needs, and says what it sends and costs. It is drawn from the action's row
// and from what the button carries, so that a new row needs nothing here.
func ActionModal(id prodege.ActionID, b Button, channel, ts string) (slack.ModalViewRequest, error) {
	row, known := prodege.FindAction(id, b.Reason)
	if !known {
		return slack.ModalViewRequest{}, fmt.Errorf("reason %d offers no %q", b.Reason, id)
	}
	intro := lines("Project "+b.Project.String(), row.Confirm, b.Figures.facts(row), sends(row))
	return modal(Modal{Callback: CallbackAction, Action: id, Button: b, Channel: channel, TS: ts}, row.Label, row.Label, intro, inputFor(row, b))
}

// inputFor is the one field of an action's modal.
func inputFor(row prodege.Action, b Button) *slack.InputBlock {
	if row.Asks == prodege.AsksNothing {
		input := slack.NewPlainTextInputBlockElement(nil, inputAction)
		input.Multiline, input.MaxLength, input.FocusOnLoad = true, maxReason, true
		return slack.NewInputBlock(BlockReason, label("Note", 100), label("Stands on the message and in the record.", 150), input).WithOptional(true)
	}
	name, example, hint := "Clicks to allow from now on", "500", "This many clicks are left afterwards."
	if row.Asks == prodege.AsksSample {
		name, example, hint = "New total of completes", "600", "All completes of the project together, more than now."
		if least := b.least(row); least > 1 {
			hint = "All completes of the project together: at least " + number(least) + "."
			example = strconv.FormatInt(least+99, 10)
		}
	}
	input := slack.NewPlainTextInputBlockElement(label(example, 150), inputAction)
	input.MaxLength, input.FocusOnLoad = 12, true
	return slack.NewInputBlock(BlockNumber, label(name, 100), label(hint, 150), input)
}

// least is the smallest number that an action can be done with, as far as the button knows.
func (b Button) least(row prodege.Action) int64 {
	if row.Asks == prodege.AsksSample && b.Figures != nil {
		return max(b.Figures.Wanted, b.Figures.Completes) + 1
	}
	return 1
}

// facts are the figures that bear on an action, in sentences.
func (f *Figures) facts(row prodege.Action) string {
	const lookThere = "Look at the project in Prodege peeq."
	switch row.Asks {
	case prodege.AsksClicks:
		if f == nil || !f.Clicks {
			return "Prodege has not told the click limit. " + lookThere
		}
		return "Click limit: " + number(f.ClickCap) + " before a pause, " + number(f.ClicksLeft) + " left now, refilled " + refillWords(f.Refill) + "."
	case prodege.AsksSample:
		if f == nil || f.Wanted == 0 {
			return "Prodege has not told how many completes there are. " + lookThere
		}
		text := "There are about " + number(f.Completes) + " completes; the sample size is " + number(f.Wanted) + "."
		if f.CPI != nil {
			const some = 100
			text += " Each added complete costs about " + f.CPI.Dollars() + " at the current CPI: " + strconv.Itoa(some) + " more are about " + f.CPI.Times(some).Dollars() + "."
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
	return "_Sent to Prodege: " + text + ". The project is read right before; nothing is sent where it stands otherwise by then._"
}

// checkAction gives what the person decided with an action's modal, or errors by block id.
func (m Modal) checkAction() (Entered, map[string]string) {
	row, known := prodege.FindAction(m.Action, m.Button.Reason)
	entered := Entered{Verdict: Act, Action: m.Action, Reason: strings.TrimSpace(m.Reason)}
	switch {
	case !known:
		return Entered{}, map[string]string{m.Field(): "This is not offered any more."}
	case row.Asks == prodege.AsksNothing && utf8.RuneCountInString(entered.Reason) > maxReason:
		return Entered{}, map[string]string{BlockReason: fmt.Sprintf("At most %d characters, please.", maxReason)}
	case row.Asks == prodege.AsksNothing:
		return entered, nil
	}
	text := strings.NewReplacer(",", "", " ", "", "\u00a0", "").Replace(m.Number)
	n, err := strconv.ParseUint(text, 10, 32)
	entered.Reason, entered.Number = "", int64(n)
	least, fault := m.Button.least(row), ""
	switch {
	case err != nil:
		fault = "Please write a whole number, such as 500."
	case entered.Number < least:
		fault = "At least " + number(least) + ", please."
	case !row.Fits(entered.Number):
		fault = "At most " + number(prodege.MaxNumber) + ", please."
	default:
		return entered, nil
	}
	return Entered{}, map[string]string{BlockNumber: fault}
}
