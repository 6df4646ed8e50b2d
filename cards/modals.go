package cards

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// The block ids of the modals' one field each: field errors are keyed by block id.
const (
	BlockReason = "reason"
	BlockAmount = "amount"
	BlockNumber = "number"

	inputAction = "value"
	maxReason   = 500 // characters of a reason
)

// Modal is what a modal carries through Slack and brings back: the button that opened it, the message with that
// button, and what the person entered.
type Modal struct {
	ActionID string // of the button
	Button   Button
	Channel  string // of the message
	TS       string // of the message
	Entered  string // as it came; see Check
}

// Entered is what a checked modal decides.
type Entered struct {
	Verdict project.Verdict
	Reason  string
	UpTo    *prodege.USD // of Approve up to

	Action prodege.ActionID // of an action
	Number int64            // of an action that asks for one
}

// action is the row of the action that the modal is about; ok is false if it is about none.
func (m Modal) action() (row prodege.Action, ok bool) {
	return prodege.FindAction(prodege.ActionID(m.ActionID), m.Button.Reason)
}

// OpenModal returns the modal that a click on a button opens, see OpensModal. It shows only what the button carries,
// because a modal opens before anything can be asked.
func OpenModal(actionID string, b Button, channel, ts string) (slack.ModalViewRequest, error) {
	if actionID == ActionDetails && b.Request != "" && !b.OfAction() {
		return detailsModal(b), nil
	}
	m := Modal{ActionID: actionID, Button: b, Channel: channel, TS: ts}
	metadata, err := m.encode()
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	f, block := m.form(), m.Field()
	input := slack.NewPlainTextInputBlockElement(nil, inputAction)
	if f.example != "" {
		input.Placeholder = label(f.example, 150)
	}
	input.MaxLength = map[string]int{BlockReason: maxReason, BlockAmount: 20, BlockNumber: 12}[block]
	input.FocusOnLoad, input.InitialValue, input.Multiline = true, f.value, block == BlockReason
	field := slack.NewInputBlock(block, label(f.name, 100), label(f.hint, 150), input).WithOptional(block == BlockReason)
	v := b.view(f.title, f.intro, field)
	v.CallbackID, v.PrivateMetadata, v.Submit = m.callback(), metadata, label(cmp.Or(f.submit, f.title), 24)
	return v, nil
}

// view is a modal that names the project. The title and the label of its button are at most 24 characters.
func (b Button) view(title, intro string, blocks ...slack.Block) slack.ModalViewRequest {
	var l layout
	l.section(nameLine(project.Name{ID: b.Project, Name: b.Name}), intro)
	return slack.ModalViewRequest{Type: slack.VTModal, Title: label(title, 24), Close: label("Back", 24),
		Blocks: slack.Blocks{BlockSet: append(l.blocks, blocks...)}}
}

// detailsModal shows the figures that a price is judged by, and decides nothing.
func detailsModal(b Button) slack.ModalViewRequest {
	f := figures{b.Numbers, b.Amount}
	var l layout
	l.fields(f.fields()...)
	l.context(only(!f.AsOf.IsZero(), "figures as of "+when(f.AsOf)), known("ceiling:", dollars(b.Ceiling)),
		"estimates: quotas may overlap, and the CPI may stay below its maximum")
	return b.view("CPI request", "", l.blocks...)
}

// form is what a modal says, and its one field: a line, or for a reason a paragraph that may stay empty.
type form struct {
	title, submit, intro       string // without words for submit, the title serves
	name, hint, example, value string // of the field
}

func (m Modal) form() form {
	if row, ok := m.action(); ok {
		return m.Button.actionForm(row)
	}
	if m.ActionID == ActionApproveUpTo {
		return m.Button.approveForm()
	}
	amount := amountOr(m.Button.Amount, "the required CPI")
	return form{title: "Reject", intro: "Reject " + amount + "? Nothing is sent to Prodege, and the project stays paused.",
		name: "Reason", hint: reasonHint, example: "Too expensive for this study"}
}

const reasonHint = "Shown on the message and kept in the record."

// approveForm asks for the most that a complete may cost.
func (b Button) approveForm() form {
	most, costs, value := b.most(), "", ""
	if b.Amount != nil {
		f := figures{b.Numbers, b.Amount}
		value, costs = b.Amount.String(), "What it costs is not known: Prodege's figures could not be read."
		if cost := f.cost(*b.Amount); cost != "" {
			costs = lines("• "+b.Amount.Dollars()+" costs "+cost, only(most.Cmp(*b.Amount) > 0,
				"• "+most.Dollars()+", the most that can be approved here, costs "+f.cost(*most)))
		}
	}
	return form{title: "Approve up to…", submit: "Approve", name: "Most a complete may cost", example: "4.50", value: value,
		hint: sentence("in dollars", known("at least", dollars(b.Amount)), known("at most", dollars(most))),
		intro: lines(
			"Required CPI: "+amountOr(b.Amount, "not given")+". Max CPI now: "+amountOr(b.Numbers.MaxCPI, "not known")+".", costs,
			"Max CPI is set to what you enter, so the project also resumes if the price rises that far before it is accepted.")}
}

// actionForm asks what an action needs, and says what it sends and costs. It is made from the action's row and from
// what the button carries, so that a new row needs nothing here.
func (b Button) actionForm(row prodege.Action) form {
	const lookThere = "Look at the project in Prodege peeq."
	form := form{title: row.Label, name: "Note", hint: reasonHint}
	sends, facts, f := "status "+string(row.Status), "", b.Figures
	switch row.Asks {
	case prodege.AsksClicks:
		form.name, form.hint, form.example = "Clicks to allow from now on", "This many clicks are left afterwards.", "500"
		sends = "the number of clicks, then " + sends
		facts = "The click limit is not known. " + lookThere
		if f.Clicks {
			facts = fmt.Sprintf("Click limit: %s before a pause, %s left now, refilled %s.",
				number(f.ClickCap), number(f.ClicksLeft), refillWords(f.Refill))
		}
	case prodege.AsksSample:
		least, most := b.numberBounds(row)
		bounds := commas("at least "+number(least), only(most > 0, "at most "+number(most)))
		form.name, form.hint = "New total of completes", "All completes of the project together: "+bounds+"."
		form.example = strconv.FormatInt(least+99, 10)
		sends = "the sample size and " + sends
		facts = "The number of completes is not known. " + lookThere
		if f.Wanted > 0 {
			facts = sentences("There are about "+number(f.Completes)+" completes; the sample size is "+number(f.Wanted)+".", b.sampleCost(most))
		}
	}
	sends = "_Sent to Prodege: " + sends + ". The project is read right before; if it has changed by then, nothing is sent._"
	form.intro = lines(row.Confirm, facts, sends)
	return form
}

// sampleCost says what more completes cost; most is the most that can be asked for.
func (b Button) sampleCost(most int64) string {
	const step = 100
	cpi := deref(b.Figures.CPI)
	text := fmt.Sprintf("Each added complete costs about %s at the current CPI: %d more are about %s", cpi.Dollars(), step, cpi.Times(step).Dollars())
	if most > 0 {
		text += fmt.Sprintf("; a total of %s, the most that can be asked for here, costs about %s more",
			number(most), cpi.Times(most-b.Figures.Wanted).Dollars())
	}
	return only(b.Figures.CPI != nil, text+".")
}

// most is the highest amount that can be approved; nil if there is no limit.
func (b Button) most() *prodege.USD {
	if b.Amount == nil {
		return b.Ceiling
	}
	most := project.MostApprovable(*b.Amount, b.Ceiling)
	return &most
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

// Field is the block id of the modal's one field, where its errors are shown.
func (m Modal) Field() string {
	row, _ := m.action()
	switch {
	case m.ActionID == ActionApproveUpTo:
		return BlockAmount
	case row.Asks != prodege.AsksNothing:
		return BlockNumber
	}
	return BlockReason
}

// Check returns what the person decided, or errors by block id for Slack to show at the fields.
func (m Modal) Check() (Entered, map[string]string) {
	e, fault := Entered{}, ""
	e.Verdict, _ = VerdictOf(m.ActionID)
	row, _ := m.action()
	e.Action = row.ID
	switch m.Field() {
	case BlockAmount:
		e.UpTo, fault = m.Button.checkAmount(m.Entered)
	case BlockNumber:
		e.Number, fault = m.Button.checkNumber(row, m.Entered)
	default:
		e.Reason = strings.TrimSpace(m.Entered)
		fault = only(utf8.RuneCountInString(e.Reason) > maxReason, fmt.Sprintf("At most %d characters, please.", maxReason))
	}
	if fault != "" {
		return Entered{}, map[string]string{m.Field(): fault}
	}
	return e, nil
}

func (b Button) checkAmount(entered string) (*prodege.USD, string) {
	upTo, err := prodege.TypedUSD(entered)
	switch {
	case err != nil || upTo.IsZero():
		return nil, "Please write dollars with a point, such as 4.50."
	case b.Amount != nil && upTo.Cmp(*b.Amount) < 0:
		return nil, "Less than Prodege requires: at least " + b.Amount.Dollars() + ", or reject."
	case b.Ceiling != nil && upTo.Cmp(*b.Ceiling) > 0:
		return nil, "Above the ceiling: at most " + b.most().Dollars() + " can be approved here."
	case b.Amount != nil && upTo.Cmp(*b.most()) > 0:
		return nil, "More than twice what Prodege requires: at most " + b.most().Dollars() + " can be approved here."
	}
	return &upTo, ""
}

func (b Button) checkNumber(row prodege.Action, entered string) (int64, string) {
	parsed, err := strconv.ParseUint(prodege.Ungrouped(entered), 10, 32)
	n := int64(parsed)
	least, most := b.numberBounds(row)
	switch {
	case err != nil:
		return 0, "Please write a whole number, such as 500."
	case n < least:
		return 0, "At least " + number(least) + ", please."
	case !row.Fits(n):
		return 0, "At most " + number(int64(prodege.MaxNumber)) + ", please."
	case most > 0 && n > most:
		fault := "More than twice the present total: at most " + number(most) + " at once. "
		if cpi := b.Figures.CPI; cpi != nil {
			fault += number(n) + " would cost about " + cpi.Times(n-b.Figures.Wanted).Dollars() + " more."
		}
		return 0, fault
	}
	return n, ""
}

// callback tells the kinds of modals apart.
func (m Modal) callback() string {
	if m.Button.OfAction() {
		return "act_modal"
	}
	return m.ActionID + "_modal"
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
	head := "m1"
	if _, offered := m.action(); offered {
		head = "m2|" + m.ActionID
	} else if m.Button.OfAction() || m.Button.Request == "" || m.ActionID != ActionReject && m.ActionID != ActionApproveUpTo {
		return "", fmt.Errorf("encode modal: a button of no modal on %.40q", m.ActionID)
	}
	return strings.Join([]string{head, m.Channel, m.TS, value}, "|"), nil
}

// ReadModal reads a submitted view. Only what OpenModal builds is taken.
func ReadModal(v slack.View) (Modal, error) {
	version, rest, _ := strings.Cut(v.PrivateMetadata, "|")
	m := Modal{ActionID: strings.TrimSuffix(v.CallbackID, "_modal")}
	if version == "m2" {
		m.ActionID, rest, _ = strings.Cut(rest, "|")
	}
	parts := strings.SplitN(rest, "|", 3)
	if len(parts) != 3 {
		return Modal{}, errors.New("read modal: not metadata of ours")
	}
	var err error
	m.Channel, m.TS = parts[0], parts[1]
	if m.Button, err = DecodeButton(parts[2]); err != nil {
		return Modal{}, fmt.Errorf("read modal: %w", err)
	}
	if again, err := m.encode(); err != nil || again != v.PrivateMetadata || m.callback() != v.CallbackID {
		return Modal{}, errors.New("read modal: not a modal of ours")
	}
	if v.State != nil {
		m.Entered = v.State.Values[m.Field()][inputAction].Value
	}
	return m, nil
}
