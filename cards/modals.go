package cards

import (
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
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

// Modal is what a modal carries through Slack and brings back: the button that opened it, the message with that
// button, and what the person entered.
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
	Verdict project.Verdict
	Reason  string
	UpTo    *prodege.USD // of Approve up to

	Action prodege.ActionID // of an action
	Number int64            // of an action that asks for one
}

// OpenModal returns the modal that a click on a button opens, see OpensModal. It shows only what the button carries,
// because a modal opens before anything can be asked.
func OpenModal(actionID string, b Button, channel, ts string) (slack.ModalViewRequest, error) {
	m := Modal{Button: b, Channel: channel, TS: ts}
	switch {
	case b.OfAction():
		m.Callback, m.Action = CallbackAction, prodege.ActionID(actionID)
		return actionModal(m)
	case b.Request == "":
	case actionID == ActionReject:
		m.Callback = CallbackReject
		return rejectModal(m)
	case actionID == ActionApproveUpTo:
		m.Callback = CallbackApproveUpTo
		return approveUpToModal(m)
	case actionID == ActionDetails:
		return detailsModal(b), nil
	}
	return slack.ModalViewRequest{}, fmt.Errorf("a button of no modal on %.40q", actionID)
}

// Field is the block id of the modal's one field, where its errors are shown.
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

// Check returns what the person decided, or errors by block id for Slack to show at the fields.
func (m Modal) Check() (Entered, map[string]string) {
	check := m.checkAmount
	switch m.Callback {
	case CallbackAction:
		check = m.checkAction
	case CallbackReject:
		check = m.checkReason
	}
	entered, fault := check()
	if fault != "" {
		return Entered{}, map[string]string{m.Field(): fault}
	}
	return entered, nil
}

// view is a modal with a text and one field. The title and the label of its button are at most 24 characters.
func (m Modal) view(title, submit, intro string, input *slack.InputBlock) (slack.ModalViewRequest, error) {
	metadata, err := m.encode()
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	var l layout
	l.section(intro)
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: m.Callback, PrivateMetadata: metadata,
		Title: label(title, 24), Submit: label(submit, 24), Close: label("Back", 24),
		Blocks: slack.Blocks{BlockSet: append(l.blocks, input)},
	}, nil
}

// encode returns private_metadata (Slack takes 3,000 characters): m1|<channel>|<ts>|<button value>, and for an action
// m2|<action>|<channel>|<ts>|<button value>.
func (m Modal) encode() (string, error) {
	value, err := m.Button.Encode()
	if err != nil {
		return "", fmt.Errorf("encode modal: %w", err)
	}
	if !plainID(m.Channel, 64) || !plainID(m.TS, 64) {
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

// ReadModal reads a submitted view. Only what OpenModal builds is taken.
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

// textInput is the one field of a modal: a line, or a paragraph that may stay empty.
func textInput(block, name, hint, example string, longest int, paragraph bool) (*slack.InputBlock, *slack.PlainTextInputBlockElement) {
	var placeholder *slack.TextBlockObject
	if example != "" {
		placeholder = label(example, 150)
	}
	input := slack.NewPlainTextInputBlockElement(placeholder, inputAction)
	input.MaxLength, input.FocusOnLoad, input.Multiline = longest, true, paragraph
	return slack.NewInputBlock(block, label(name, 100), label(hint, 150), input).WithOptional(paragraph), input
}

// project names the button's project to people.
func (b Button) project() string { return nameLine(project.Name{ID: b.Project, Name: b.Name}) }
