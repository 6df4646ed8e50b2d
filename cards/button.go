package cards

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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
	style   slack.Style
	modal   bool // it opens a modal first
}

var actionTable = map[string]action{
	ActionApprove:      {project.Approve, "Approve", slack.StylePrimary, false},
	ActionReject:       {project.Reject, "Reject", slack.StyleDanger, true},
	ActionApproveUpTo:  {project.Approve, "Approve up to…", slack.StyleDefault, true},
	ActionDetails:      {"", "Details", slack.StyleDefault, true},
	ActionAskAgain:     {project.AskAgain, "Ask again", slack.StyleDefault, false},
	ActionTryAgain:     {project.TryAgain, "Try again", slack.StylePrimary, false},
	ActionClose:        {project.Close, "Close", slack.StyleDefault, false},
	ActionMarkInvoiced: {project.MarkInvoiced, "Mark as invoiced", slack.StylePrimary, false},
	ActionInvoiceRetry: {project.TryAgain, "Try again", slack.StylePrimary, false},
	ActionInvoiceSend:  {project.SendInvoice, "Send now", slack.StylePrimary, false},
}

// actionOf finds what a kind of button says and means: one of ours, or one of the table of actions.
func actionOf(actionID string) (action, bool) {
	if label := prodege.ActionID(actionID).Row().Label; label != "" {
		return action{project.ChooseAction, label, slack.StyleDefault, true}, true
	}
	a, ok := actionTable[actionID]
	return a, ok
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

// Button is what a button is bound to: one project, and of it one request, generation and amount, or one action of a
// pause's alert, or one revision of an invoice. It also carries what its modal shows, because a modal opens before
// anything can be asked. It is a claim only: the core compares it with what it knows.
type Button struct {
	Project    prodege.ProjectID
	Name       string          // of the project, cut to what a value can carry
	Request    prodege.EventID // of the event that opened the pause; empty for an invoice
	Generation int
	Revision   int // of an invoice

	Amount  *prodege.USD    // the required CPI of the generation; nil: Prodege gave none
	UpTo    *prodege.USD    // on the second approval of more than Amount: the sum that the first person approved
	Ceiling *prodege.USD    // CPI_CEILING when the message was written, so that a modal can check at once
	Numbers project.Numbers // of a request

	Reason  prodege.Reason  // of an action: the reason that offers it
	Figures project.Figures // of an action
}

// OfAction reports whether the button is one of a pause's alert.
func (b Button) OfAction() bool { return b.Reason != 0 }

// elements are the button as Slack takes it, once for each of the action ids.
func (b Button) elements(actionIDs ...string) (all []*slack.ButtonBlockElement) {
	for _, id := range actionIDs {
		all = append(all, b.element(id, actionTable[id].words, actionTable[id].style))
	}
	return all
}

// element is nil if the button's value can't be encoded, because a button that does nothing helps nobody.
func (b Button) element(actionID, text string, style slack.Style) *slack.ButtonBlockElement {
	value, err := b.Encode()
	if err != nil {
		return nil
	}
	e := slack.NewButtonBlockElement(actionID, value, label(text, maxLabel)).WithStyle(style)
	if actionID == ActionClose {
		e.Confirm = slack.NewConfirmationBlockObject(label("Close this request?", 100),
			label("Nothing more is sent to Prodege for it. The project stays as it is there.", 300),
			label("Close it", 30), label("Back", 30))
	}
	return e
}

// A value is a version and fields joined by "|". A field without a value is empty.
const (
	maxRequest = 128 // bytes of an event id in a value
	maxWords   = 90  // bytes of a text in a value, as it is escaped
)

// fields are pointers to what a value holds, in this order, and its version: b2 of an action, b1 of all else. From the
// index shown on they only serve the modal: the button is bound to the others.
func (b *Button) fields(ofAction bool) (version string, all []any, shown int) {
	f, n := &b.Figures, &b.Numbers
	all = []any{&b.Project, &b.Request, &b.Generation}
	if ofAction {
		return "b2", append(all, &b.Reason,
			&f.CPI, &f.Completes, &f.Wanted, &f.ClickCap, &f.ClicksLeft, &f.Refill, &f.Clicks, &b.Name), 4
	}
	return "b1", append(all, &b.Amount, &b.UpTo, &b.Revision, &b.Ceiling,
		&n.MaxCPI, &n.CPI, &n.AvgCPI, &n.Completes, &n.Wanted, &n.AsOf, &n.BidIR, &n.ActualIR, &n.BidLOI, &n.ActualLOI, &b.Name), 7
}

// fitting returns the button with its texts cut, and without the figures that a value can't hold: what a modal shows
// must never cost a button.
func (b Button) fitting() Button {
	_, all, shown := b.fields(b.OfAction())
	for _, field := range all[shown:] {
		if text, isText := field.(*string); isText {
			*text = plain(*text, 60)
			for len(url.QueryEscape(*text)) > maxWords {
				_, size := utf8.DecodeLastRuneInString(*text)
				*text = (*text)[:len(*text)-size]
			}
		} else if _, ok := writeField(field); !ok {
			reflect.ValueOf(field).Elem().SetZero()
		}
	}
	return b
}

// Encode returns the button's value, or an error if a value can't hold a field.
func (b Button) Encode() (string, error) {
	switch {
	case b.Project <= 0:
		return "", errors.New("encode button: no project")
	case b.OfAction() && (b.Amount != nil || b.UpTo != nil || b.Ceiling != nil || b.Revision != 0 || b.Numbers != project.Numbers{}),
		!b.OfAction() && b.Figures != project.Figures{}:
		return "", errors.New("encode button: of an amount and of an action at once")
	case b.Request == "" && b.Revision == 0:
		return "", errors.New("encode button: of no request and of no invoice")
	}
	version, fields, _ := b.fields(b.OfAction())
	parts := []string{version}
	for _, field := range fields {
		part, ok := writeField(field)
		if !ok {
			return "", fmt.Errorf("encode button: a value can't hold field %d", len(parts))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "|"), nil
}

// DecodeButton reads a value. Only what Encode writes is taken, byte for byte.
func DecodeButton(value string) (Button, error) {
	var b Button
	parts := strings.Split(value, "|")
	version, fields, _ := b.fields(parts[0] == "b2")
	if parts[0] != version || len(parts) != 1+len(fields) {
		return Button{}, errors.New("decode button: not a value of ours")
	}
	for i, field := range fields {
		if part := parts[1+i]; part != "" && readField(field, part) != nil {
			return Button{}, fmt.Errorf("decode button: field %d: %.40q", 1+i, part)
		}
	}
	if again, err := b.Encode(); err != nil || again != value {
		return Button{}, errors.New("decode button: not as it was encoded")
	}
	return b, nil
}

// writeField writes what a field points to, or reports that a value can't hold it: a number below zero, an amount that
// is none of dollars, an odd id, a long text. Texts are escaped as in the query of an address.
func writeField(field any) (text string, ok bool) {
	var n int64
	switch f := field.(type) {
	case *prodege.EventID:
		return string(*f), *f == "" || plainID(string(*f), maxRequest)
	case *string:
		text = url.QueryEscape(*f)
		return text, len(text) <= maxWords
	case **prodege.USD:
		if *f == nil {
			return "", true
		}
		again, err := prodege.ParseUSD((*f).String())
		return (*f).String(), err == nil && again.Equal(**f)
	case *bool:
		return only(*f, "1"), true
	case *time.Time:
		if !f.IsZero() {
			n = f.Unix()
		}
	default:
		n = reflect.ValueOf(field).Elem().Int()
	}
	return only(n != 0, strconv.FormatInt(n, 10)), n >= 0
}

// readField reads what writeField wrote.
func readField(field any, text string) (err error) {
	switch f := field.(type) {
	case *prodege.EventID:
		*f = prodege.EventID(text)
		return nil
	case *string:
		*f, err = url.QueryUnescape(text)
		return err
	case **prodege.USD:
		*f = new(prodege.USD)
		**f, err = prodege.ParseUSD(text)
		return err
	case *bool:
		*f = text == "1"
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if at, isTime := field.(*time.Time); isTime {
		*at = time.Unix(n, 0).UTC()
	} else {
		reflect.ValueOf(field).Elem().SetInt(n)
	}
	return err
}
