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
	modal   bool            // it opens a modal first
}

var actionTable = map[string]action{
	ActionApprove:      {project.Approve, "Approve", false},
	ActionReject:       {project.Reject, "Reject", true},
	ActionApproveUpTo:  {project.Approve, "Approve up to…", true},
	ActionDetails:      {"", "Details", true},
	ActionAskAgain:     {project.AskAgain, "Ask again", false},
	ActionTryAgain:     {project.TryAgain, "Try again", false},
	ActionClose:        {project.Close, "Close", false},
	ActionMarkInvoiced: {project.MarkInvoiced, "Mark as invoiced", false},
	ActionInvoiceRetry: {project.TryAgain, "Try again", false},
	ActionInvoiceSend:  {project.SendInvoice, "Send now", false},
}

// actionOf finds what a kind of button says and means: one of ours, or one of the table of actions.
func actionOf(actionID string) (action, bool) {
	if label := prodege.ActionID(actionID).Row().Label; label != "" {
		return action{project.ChooseAction, label, true}, true
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

// A value is a version and fields joined by "|". A field without a value is empty.
const (
	ofRequest = "b1" // also of an invoice
	ofAction  = "b2"

	maxRequest = 128 // bytes of an event id in a value
	maxName    = 90  // bytes of a text in a value, as it is escaped
	maxFigure  = 40  // likewise, to which a figure is cut
)

// fields are pointers to what a value of that version holds, in this order: what the button is bound to, then figures
// that a modal shows, then the project's name.
func (b *Button) fields(version string) (bound, figures []any, name any) {
	bound = []any{&b.Project, &b.Request, &b.Generation}
	if version == ofAction {
		f := &b.Figures
		return append(bound, &b.Reason),
			[]any{&f.CPI, &f.Completes, &f.Wanted, &f.ClickCap, &f.ClicksLeft, &f.Refill, &f.Clicks}, &b.Name
	}
	n := &b.Numbers
	return append(bound, &b.Amount, &b.UpTo, &b.Revision, &b.Ceiling),
		[]any{&n.MaxCPI, &n.CPI, &n.AvgCPI, &n.Completes, &n.Wanted, &n.AsOf, &n.BidIR, &n.ActualIR, &n.BidLOI, &n.ActualLOI}, &b.Name
}

func (b *Button) allFields(version string) []any {
	bound, figures, name := b.fields(version)
	return append(append(bound, figures...), name)
}

func (b *Button) version() string {
	if b.OfAction() {
		return ofAction
	}
	return ofRequest
}

// fitting returns the button with its words cut, and without the figures that a value can't hold: what a modal shows
// must never cost a button.
func (b Button) fitting() Button {
	_, figures, _ := b.fields(b.version())
	for _, field := range figures {
		if text, isText := field.(*string); isText {
			*text = carried(*text, maxFigure)
		} else if _, ok := writeField(field); !ok {
			reflect.ValueOf(field).Elem().SetZero()
		}
	}
	b.Name = carried(b.Name, maxName)
	return b
}

// carried cuts words from outside to what a value can carry.
func carried(words string, max int) string {
	words = plain(words, 60)
	for len(url.QueryEscape(words)) > max {
		_, size := utf8.DecodeLastRuneInString(words)
		words = words[:len(words)-size]
	}
	return words
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
	parts := []string{b.version()}
	for _, field := range b.allFields(b.version()) {
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
	version, rest, _ := strings.Cut(value, "|")
	parts, fields := strings.Split(rest, "|"), b.allFields(version)
	if version != ofRequest && version != ofAction || len(parts) != len(fields) {
		return Button{}, errors.New("decode button: not a value of ours")
	}
	for i, field := range fields {
		if parts[i] != "" && readField(field, parts[i]) != nil {
			return Button{}, fmt.Errorf("decode button: field %d: %.40q", i+1, parts[i])
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
		return text, len(text) <= maxName
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
