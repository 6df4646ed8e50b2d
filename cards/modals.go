package cards

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// Callback ids of the modals, and the block ids of their one field each: field errors are keyed by block id.
const (
	CallbackReject      = "cpi_reject_modal"
	CallbackApproveUpTo = "cpi_approve_up_to_modal"
	CallbackAction      = "act_modal"

	BlockReason = "reason"
	BlockAmount = "amount"
	BlockNumber = "number"

	inputAction = "value"
	maxReason   = 500 // characters of a reason
)

// Modal is what a modal carries through Slack and brings back: the button that opened it, the message that
// stands on, and what the person entered.
type Modal struct {
	Callback string
	Action   prodege.ActionID // with CallbackAction
	Button   Button
	Channel  string // of the message
	TS       string // of the message
	Reason   string // entered, as it came; check with Check
	Amount   string // entered, as it came; check with Check
	Number   string // entered, as it came; check with Check
}

// Entered is what a checked modal decides.
type Entered struct {
	Verdict Verdict
	Reason  string
	UpTo    *prodege.USD // set by ApproveUpToModal

	Action prodege.ActionID // set by ActionModal
	Number int64            // set by ActionModal, where the action asks for one
}

// OpenModal is the modal that a click on a button opens, see OpensModal.
func OpenModal(actionID string, b Button, channel, ts string) (slack.ModalViewRequest, error) {
	switch {
	case b.OfAction():
		return ActionModal(prodege.ActionID(actionID), b, channel, ts)
	case actionID == ActionReject:
		return RejectModal(b, channel, ts)
	case actionID == ActionApproveUpTo:
		return ApproveUpToModal(b, channel, ts)
	}
	return slack.ModalViewRequest{}, fmt.Errorf("a button of no action on %.40q", actionID)
}

// Field is the block id of the modal's one field, where its errors stand.
func (m Modal) Field() string {
	row, _ := prodege.FindAction(m.Action, m.Button.Reason)
	switch {
	case m.Callback == CallbackApproveUpTo:
		return BlockAmount
	case row.Asks != prodege.AsksNothing:
		return BlockNumber
	}
	return BlockReason
}

// RejectModal asks for a reason, which may stay empty.
func RejectModal(b Button, channel, ts string) (slack.ModalViewRequest, error) {
	input := slack.NewPlainTextInputBlockElement(label("Too expensive for this study", 150), inputAction)
	input.Multiline, input.MaxLength, input.FocusOnLoad = true, maxReason, true
	field := slack.NewInputBlock(BlockReason, label("Reason", 100), label("Stands on the message and in the record.", 150), input).WithOptional(true)
	intro := fmt.Sprintf("Reject %s for project %s? Nothing is sent to Prodege, and the project stays paused.",
		amountOr(b.Amount, "the required CPI"), b.Project)
	return modal(Modal{Callback: CallbackReject, Button: b, Channel: channel, TS: ts}, "Reject", "Reject", intro, field)
}

// ApproveUpToModal asks for the most that a complete may cost.
func ApproveUpToModal(b Button, channel, ts string) (slack.ModalViewRequest, error) {
	input := slack.NewPlainTextInputBlockElement(label("4.50", 150), inputAction)
	input.MaxLength, input.FocusOnLoad = 20, true
	if b.Amount != nil {
		input.InitialValue = b.Amount.String()
	}
	hint := "In dollars."
	if bounds := b.bounds(); bounds != "" {
		hint = "In dollars, " + bounds + "."
	}
	field := slack.NewInputBlock(BlockAmount, label("Most a complete may cost", 100), label(hint, 150), input)
	intro := fmt.Sprintf("For project %s Prodege requires %s. What you write is what max CPI is set to, so the project "+
		"also resumes if the price rises that far before it is accepted.", b.Project, amountOr(b.Amount, "an amount it did not tell"))
	return modal(Modal{Callback: CallbackApproveUpTo, Button: b, Channel: channel, TS: ts}, "Approve up to…", "Approve", intro, field)
}

func modal(m Modal, title, submit, intro string, field *slack.InputBlock) (slack.ModalViewRequest, error) {
	metadata, err := m.encode()
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: m.Callback, PrivateMetadata: metadata,
		Title: label(title, 24), Submit: label(submit, 24), Close: label("Back", 24),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewSectionBlock(words(intro, maxSection), nil, nil), field}},
	}, nil
}

// encode gives private_metadata (Slack takes 3,000 characters): m1|<channel>|<ts>|<button value>, and for an
// action m2|<action>|<channel>|<ts>|<button value>.
func (m Modal) encode() (string, error) {
	value, err := m.Button.Encode()
	if err != nil {
		return "", fmt.Errorf("encode modal: %w", err)
	}
	if !plainID(m.Channel) || !plainID(m.TS) {
		return "", fmt.Errorf("encode modal: not a message: %.40q %.40q", m.Channel, m.TS)
	}
	if m.Callback != CallbackAction {
		return strings.Join([]string{"m1", m.Channel, m.TS, value}, "|"), nil
	}
	if _, known := prodege.FindAction(m.Action, m.Button.Reason); !known {
		return "", fmt.Errorf("encode modal: reason %d offers no %.40q", m.Button.Reason, m.Action)
	}
	return strings.Join([]string{"m2", string(m.Action), m.Channel, m.TS, value}, "|"), nil
}

// ReadModal reads a submitted view. Only what the functions above build is taken.
func ReadModal(view slack.View) (Modal, error) {
	m := Modal{Callback: view.CallbackID}
	version, rest, _ := strings.Cut(view.PrivateMetadata, "|")
	switch {
	case m.Callback == CallbackAction && version == "m2":
		id, after, _ := strings.Cut(rest, "|")
		m.Action, rest = prodege.ActionID(id), after
	case (m.Callback == CallbackReject || m.Callback == CallbackApproveUpTo) && version == "m1":
	default:
		return Modal{}, errors.New("read modal: not a modal of ours")
	}
	parts := strings.SplitN(rest, "|", 3)
	if len(parts) != 3 {
		return Modal{}, errors.New("read modal: not metadata of ours")
	}
	b, err := DecodeButton(parts[2])
	if err != nil {
		return Modal{}, fmt.Errorf("read modal: %w", err)
	}
	m.Button, m.Channel, m.TS = b, parts[0], parts[1]
	if _, err := m.encode(); err != nil {
		return Modal{}, fmt.Errorf("read modal: %w", err)
	}
	if view.State != nil {
		m.Reason = view.State.Values[BlockReason][inputAction].Value
		m.Amount = view.State.Values[BlockAmount][inputAction].Value
		m.Number = view.State.Values[BlockNumber][inputAction].Value
	}
	return m, nil
}

// Check gives what the person decided, or errors by block id for Slack to show at the fields.
func (m Modal) Check() (Entered, map[string]string) {
	switch m.Callback {
	case CallbackAction:
		return m.checkAction()
	case CallbackReject:
		reason := strings.TrimSpace(m.Reason)
		if utf8.RuneCountInString(reason) > maxReason {
			return Entered{}, map[string]string{BlockReason: fmt.Sprintf("At most %d characters, please.", maxReason)}
		}
		return Entered{Verdict: Reject, Reason: reason}, nil
	}
	upTo, err := prodege.ParseUSD(strings.TrimPrefix(strings.TrimSpace(m.Amount), "$"))
	fault := ""
	switch b := m.Button; {
	case err != nil || upTo.IsZero():
		fault = "Please write dollars with a point, such as 4.50."
	case b.Amount != nil && upTo.Cmp(*b.Amount) < 0:
		fault = "Less than Prodege requires: at least " + b.Amount.Dollars() + ", or reject."
	case b.Ceiling != nil && upTo.Cmp(*b.Ceiling) > 0:
		fault = "Above the ceiling: at most " + b.Ceiling.Dollars() + " can be approved here."
	default:
		return Entered{Verdict: Approve, UpTo: &upTo}, nil
	}
	return Entered{}, map[string]string{BlockAmount: fault}
}

// bounds says between which amounts one may approve.
func (b Button) bounds() string {
	low, high := "", ""
	if b.Amount != nil {
		low = "at least " + b.Amount.Dollars()
	}
	if b.Ceiling != nil {
		high = "at most " + b.Ceiling.Dollars()
	}
	return strings.Join(some(low, high), ", ")
}
