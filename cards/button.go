package cards

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

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

// A value is a version and these fields in this order, joined by "|". A field without a value is empty.
const (
	ofRequest = "b1" // also of an invoice
	ofAction  = "b2"

	maxRequest = 128 // bytes of an event id in a value
	maxFigure  = 40  // bytes of a text field in a value, as it is escaped
	maxName    = 90  // likewise, of the project's name
)

// fieldsOf lists the fields of a version: what they are read into and written from.
func (b *Button) fieldsOf(version string) []valueField {
	fields := []valueField{wholeField(&b.Project), idField(&b.Request), wholeField(&b.Generation)}
	if version == ofAction {
		f := &b.Figures
		return append(fields, wholeField(&b.Reason), amountField(&f.CPI), wholeField(&f.Completes), wholeField(&f.Wanted),
			wholeField(&f.ClickCap), wholeField(&f.ClicksLeft), wholeField(&f.Refill), flagField(&f.Clicks), textField(&b.Name, maxName))
	}
	n := &b.Numbers
	return append(fields, amountField(&b.Amount), amountField(&b.UpTo), wholeField(&b.Revision), amountField(&b.Ceiling),
		amountField(&n.MaxCPI), amountField(&n.CPI), amountField(&n.AvgCPI), wholeField(&n.Completes), wholeField(&n.Wanted), timeField(&n.AsOf),
		textField(&n.BidIR, maxFigure), textField(&n.ActualIR, maxFigure), textField(&n.BidLOI, maxFigure), textField(&n.ActualLOI, maxFigure), textField(&b.Name, maxName))
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
	version := ofRequest
	if b.OfAction() {
		version = ofAction
	}
	parts := []string{version}
	for _, f := range b.fieldsOf(version) {
		part, ok := f.write()
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
	parts, fields := strings.Split(rest, "|"), b.fieldsOf(version)
	if version != ofRequest && version != ofAction || len(parts) != len(fields) {
		return Button{}, errors.New("decode button: not a value of ours")
	}
	for i, f := range fields {
		if parts[i] != "" && !f.read(parts[i]) {
			return Button{}, fmt.Errorf("decode button: field %d: %.40q", i+1, parts[i])
		}
	}
	if again, err := b.Encode(); err != nil || again != value {
		return Button{}, errors.New("decode button: not as it was encoded")
	}
	return b, nil
}

// valueField is one field of a value: how it is written and how it is read back. Both report whether that worked.
type valueField struct {
	write func() (string, bool)
	read  func(string) bool
}

// wholeField is a number that is not negative; 0 is written as nothing.
func wholeField[T ~int | ~int64](n *T) valueField {
	return valueField{
		write: func() (string, bool) {
			if *n == 0 {
				return "", true
			}
			return strconv.FormatInt(int64(*n), 10), *n > 0
		},
		read: func(s string) bool {
			v, err := strconv.ParseInt(s, 10, 64)
			*n = T(v)
			return err == nil
		},
	}
}

func amountField(u **prodege.USD) valueField {
	return valueField{
		write: func() (string, bool) {
			if *u == nil {
				return "", true
			}
			return (*u).String(), encodable(*u)
		},
		read: func(s string) bool {
			v, err := prodege.ParseUSD(s)
			*u = &v
			return err == nil
		},
	}
}

// encodable reports whether a value can hold an amount.
func encodable(u *prodege.USD) bool {
	again, err := prodege.ParseUSD(u.String())
	return err == nil && again.Equal(*u)
}

func idField(id *prodege.EventID) valueField {
	return valueField{
		write: func() (string, bool) { return string(*id), *id == "" || plainID(string(*id), maxRequest) },
		read:  func(s string) bool { *id = prodege.EventID(s); return true },
	}
}

func flagField(v *bool) valueField {
	return valueField{
		write: func() (string, bool) {
			if *v {
				return "1", true
			}
			return "", true
		},
		read: func(s string) bool { *v = s == "1"; return *v },
	}
}

func timeField(t *time.Time) valueField {
	return valueField{
		write: func() (string, bool) {
			if t.IsZero() {
				return "", true
			}
			return strconv.FormatInt(t.Unix(), 10), t.Unix() > 0
		},
		read: func(s string) bool {
			v, err := strconv.ParseInt(s, 10, 64)
			*t = time.Unix(v, 0).UTC()
			return err == nil
		},
	}
}

// textField is words from outside, escaped as in the query of an address.
func textField(s *string, max int) valueField {
	return valueField{
		write: func() (string, bool) {
			escaped := url.QueryEscape(*s)
			return escaped, len(escaped) <= max
		},
		read: func(escaped string) bool {
			v, err := url.QueryUnescape(escaped)
			*s = v
			return err == nil
		},
	}
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

// carriedNumbers leaves out of a request's figures what a value can't carry: a figure must never cost a button.
func carriedNumbers(n project.Numbers) project.Numbers {
	for _, u := range []**prodege.USD{&n.MaxCPI, &n.CPI, &n.AvgCPI} {
		if *u != nil && !encodable(*u) {
			*u = nil
		}
	}
	n.Completes, n.Wanted = max(n.Completes, 0), max(n.Wanted, 0)
	if n.AsOf = n.AsOf.UTC().Truncate(time.Second); n.AsOf.Unix() <= 0 {
		n.AsOf = time.Time{}
	}
	for _, s := range []*string{&n.BidIR, &n.ActualIR, &n.BidLOI, &n.ActualLOI} {
		*s = carried(*s, maxFigure)
	}
	return n
}

// carriedFigures is the same for an action's figures.
func carriedFigures(f *project.Figures) project.Figures {
	if f == nil {
		return project.Figures{}
	}
	c := *f
	if c.CPI != nil && !encodable(c.CPI) {
		c.CPI = nil
	}
	c.Completes, c.Wanted, c.ClickCap, c.ClicksLeft = max(c.Completes, 0), max(c.Wanted, 0), max(c.ClickCap, 0), max(c.ClicksLeft, 0)
	c.Refill = max(c.Refill, 0)
	return c
}
