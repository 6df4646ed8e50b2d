package cards

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// Action ids of the buttons. They stand in messages that were posted long ago: never rename one.
const (
	ActionApprove      = "cpi_approve"
	ActionReject       = "cpi_reject"        // opens RejectModal
	ActionApproveUpTo  = "cpi_approve_up_to" // opens ApproveUpToModal
	ActionAskAgain     = "cpi_ask_again"
	ActionTryAgain     = "cpi_try_again"
	ActionClose        = "cpi_close"
	ActionMarkInvoiced = "invoice_mark"
	ActionInvoiceRetry = "invoice_retry"
	ActionInvoiceSend  = "invoice_send"
)

// action is what one kind of button says and means.
type action struct {
	verdict Verdict
	words   string // on the button, and of a click on it
}

var actionTable = map[string]action{
	ActionApprove:      {Approve, "Approve"},
	ActionReject:       {Reject, "Reject"},
	ActionApproveUpTo:  {Approve, "Approve up to…"},
	ActionAskAgain:     {AskAgain, "Ask again"},
	ActionTryAgain:     {TryAgain, "Try again"},
	ActionClose:        {Close, "Close"},
	ActionMarkInvoiced: {MarkInvoiced, "Mark as invoiced"},
	ActionInvoiceRetry: {TryAgain, "Try again"},
	ActionInvoiceSend:  {SendInvoice, "Send now"},
}

// actionOf finds what a kind of button says and means: ours, or one of the table of actions.
func actionOf(actionID string) (action, bool) {
	if a, ok := actionTable[actionID]; ok {
		return a, true
	}
	if label := prodege.ActionLabel(prodege.ActionID(actionID)); label != "" {
		return action{Act, label}, true
	}
	return action{}, false
}

// VerdictOf says what a click on a button of that action id decides; false where the button is none of ours.
func VerdictOf(actionID string) (Verdict, bool) {
	a, ok := actionOf(actionID)
	return a.verdict, ok
}

// OpensModal says whether a click on it asks something first, instead of deciding at once.
func OpensModal(actionID string) bool {
	a, _ := actionOf(actionID)
	return actionID == ActionReject || actionID == ActionApproveUpTo || a.verdict == Act
}

// Button is what a button is bound to: one workflow, project, generation and amount (or one revision of an
// invoice). It is a claim only: the workflow compares it with what it knows.
type Button struct {
	Workflow   string
	Project    prodege.ProjectID
	Generation int
	Amount     *prodege.USD // the required CPI of the generation; nil: Prodege told none
	UpTo       *prodege.USD // on the second approval of more than Amount: the sum the first person approved
	Revision   int          // of an invoice
	Ceiling    *prodege.USD // CPI_CEILING when the message was written, so that a modal can check at once

	Reason  prodege.Reason // of an action: the reason that offers it
	Figures *Figures       // of an action, for its modal; nil: not known
}

// The value is these fields in this order, joined by "|", an absent one empty:
// b1|<workflow>|<project>|<generation>|<amount>|<up to>|<revision>|<ceiling>, and of an action
// b2|<workflow>|<project>|<generation>|<reason>|<cpi>|<completes>|<wanted>|<click cap>|<clicks left>|<refill>|<clicks known: 1>,
// the last seven empty where the figures are not known.
const (
	buttonVersion = "b1"
	buttonFields  = 8
	actionVersion = "b2"
	actionFields  = 12
	maxWorkflow   = 300 // our ids are at most about 170 bytes
)

// OfAction says whether the button is one of a pause's alert.
func (b Button) OfAction() bool { return b.Reason != 0 }

// Encode gives the button's value, at most 500 bytes, or an error where a field can't stand in one.
func (b Button) Encode() (string, error) {
	if err := b.valid(); err != nil {
		return "", fmt.Errorf("encode button: %w", err)
	}
	if b.OfAction() {
		return b.encodeAction(), nil
	}
	return strings.Join([]string{
		buttonVersion, b.Workflow, b.Project.String(), count(b.Generation),
		usdText(b.Amount), usdText(b.UpTo), count(b.Revision), usdText(b.Ceiling),
	}, "|"), nil
}

// DecodeButton reads a value. Only what Encode writes is taken, byte for byte.
func DecodeButton(value string) (Button, error) {
	parts := strings.Split(value, "|")
	if parts[0] == actionVersion {
		return decodeAction(value, parts)
	}
	if len(parts) != buttonFields || parts[0] != buttonVersion {
		return Button{}, errors.New("decode button: not a value of ours")
	}
	b := Button{Workflow: parts[1]}
	var errs [6]error
	b.Project, errs[0] = prodege.ParseProjectID(parts[2])
	b.Generation, errs[1] = strconv.Atoi(parts[3])
	b.Amount, errs[2] = parseUSD(parts[4])
	b.UpTo, errs[3] = parseUSD(parts[5])
	b.Revision, errs[4] = strconv.Atoi(parts[6])
	b.Ceiling, errs[5] = parseUSD(parts[7])
	if err := errors.Join(errs[:]...); err != nil {
		return Button{}, fmt.Errorf("decode button: %w", err)
	}
	if again, err := b.Encode(); err != nil || again != value {
		return Button{}, errors.New("decode button: not as it was encoded")
	}
	return b, nil
}

func (b Button) valid() error {
	plainID := strings.IndexFunc(b.Workflow, func(r rune) bool { return r <= ' ' || r > '~' || r == '|' }) < 0
	switch {
	case b.Workflow == "" || len(b.Workflow) > maxWorkflow || !plainID:
		return fmt.Errorf("not a workflow id: %.40q", b.Workflow)
	case b.Project <= 0:
		return errors.New("no project")
	case b.Generation < 0 || b.Revision < 0:
		return errors.New("negative generation or revision")
	}
	ofAmount := b.Amount != nil || b.UpTo != nil || b.Ceiling != nil || b.Revision != 0
	if b.Reason < 0 || b.OfAction() && ofAmount || !b.OfAction() && b.Figures != nil {
		return errors.New("of an amount and of an action at once")
	}
	amounts := []*prodege.USD{b.Amount, b.UpTo, b.Ceiling}
	if f := b.Figures; f != nil {
		if min(f.Completes, f.Wanted, f.ClickCap, f.ClicksLeft, int64(f.Refill)) < 0 {
			return errors.New("negative figures")
		}
		amounts = append(amounts, f.CPI)
	}
	for _, u := range amounts {
		if again, err := parseUSD(usdText(u)); err != nil || (u != nil && !again.Equal(*u)) {
			return errors.New("not an amount")
		}
	}
	return nil
}

func count(n int) string { return strconv.Itoa(n) }

func usdText(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.String()
}

func parseUSD(text string) (*prodege.USD, error) {
	if text == "" {
		return nil, nil
	}
	u, err := prodege.ParseUSD(text)
	return &u, err
}

// element draws the button; nil where its value can't be encoded, as a button that does nothing helps nobody.
// suffix follows the action's words on the label: "Approve" " $4.25".
func (b Button) element(actionID, suffix string, style slack.Style) *slack.ButtonBlockElement {
	value, err := b.Encode()
	if err != nil {
		return nil
	}
	a, _ := actionOf(actionID)
	text := label(a.words+suffix, maxLabel)
	return slack.NewButtonBlockElement(actionID, value, text).WithStyle(style)
}
