package cards

import (
	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Action ids of the buttons. Messages that were posted long ago carry them: never rename one.
const (
	ActionApprove      = "cpi_approve"
	ActionReject       = "cpi_reject"        // opens a modal
	ActionApproveUpTo  = "cpi_approve_up_to" // opens a modal
	ActionDetails      = "cpi_details"       // opens a modal that only shows figures
	ActionAskAgain     = "cpi_ask_again"
	ActionTryAgain     = "cpi_try_again"
	ActionClose        = "cpi_close"
	ActionMarkInvoiced = "invoice_mark"
	ActionInvoiceRetry = "invoice_retry"
	ActionInvoiceSend  = "invoice_send"
)

// action is what one kind of button says and means.
type action struct {
	verdict project.Verdict // empty: it decides nothing
	words   string          // on the button
	modal   bool            // it opens a modal first
}

var actionTable = map[string]action{
	ActionApprove:      {verdict: project.Approve, words: "Approve"},
	ActionReject:       {verdict: project.Reject, words: "Reject", modal: true},
	ActionApproveUpTo:  {verdict: project.Approve, words: "Approve up to…", modal: true},
	ActionDetails:      {words: "Details", modal: true},
	ActionAskAgain:     {verdict: project.AskAgain, words: "Ask again"},
	ActionTryAgain:     {verdict: project.TryAgain, words: "Try again"},
	ActionClose:        {verdict: project.Close, words: "Close"},
	ActionMarkInvoiced: {verdict: project.MarkInvoiced, words: "Mark as invoiced"},
	ActionInvoiceRetry: {verdict: project.TryAgain, words: "Try again"},
	ActionInvoiceSend:  {verdict: project.SendInvoice, words: "Send now"},
}

// actionOf finds what a kind of button says and means: one of ours, or one of the table of actions.
func actionOf(actionID string) (action, bool) {
	if a, ok := actionTable[actionID]; ok {
		return a, true
	}
	if label := prodege.ActionLabel(prodege.ActionID(actionID)); label != "" {
		return action{verdict: project.ChooseAction, words: label, modal: true}, true
	}
	return action{}, false
}

// VerdictOf returns what a click on a button of that action id decides, empty if it only shows something. It reports
// whether the button is one of ours.
func VerdictOf(actionID string) (project.Verdict, bool) {
	a, ok := actionOf(actionID)
	return a.verdict, ok
}

// OpensModal reports whether a click on the button opens a modal, instead of deciding at once.
func OpensModal(actionID string) bool {
	a, _ := actionOf(actionID)
	return a.modal
}

// element is the button as Slack takes it. It is nil if its value can't be encoded, because a button that does nothing
// helps nobody. suffix follows the action's words on the label: "Approve" " $4.25".
func (b Button) element(actionID, suffix string, style slack.Style) *slack.ButtonBlockElement {
	a, _ := actionOf(actionID)
	return b.labelled(actionID, a.words+suffix, style)
}

func (b Button) labelled(actionID, text string, style slack.Style) *slack.ButtonBlockElement {
	value, err := b.Encode()
	if err != nil {
		return nil
	}
	return slack.NewButtonBlockElement(actionID, value, label(text, maxLabel)).WithStyle(style)
}
