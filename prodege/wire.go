package prodege

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// Encoding is one of the forms in which a delivery can come.
type Encoding string

// The encodings. Prodege does not publish which one it uses.
const (
	JSON       Encoding = "json"        // {"data": {…}, "signature": "…"}
	JSONString Encoding = "json_string" // {"data": "{…}", "signature": "…"}
	Form       Encoding = "form"        // data={…}&signature=…
)

// Encodings lists them all.
var Encodings = []Encoding{JSON, JSONString, Form}

// EncodeDelivery makes a signed delivery as Prodege would send it. data is the JSON text of an event or an array of
// events; it is not checked. Simulators, tests and the operator's commands use it.
func EncodeDelivery(data []byte, secret Secret, encoding Encoding) (contentType string, body []byte) {
	signature := Sign(secret, map[string]string{dataName: string(data)})
	if encoding == Form {
		return "application/x-www-form-urlencoded", []byte(url.Values{dataName: {string(data)}, signatureName: {signature}}.Encode())
	}
	text := string(data)
	if encoding == JSONString {
		text = string(quote(text))
	}
	return "application/json", []byte(`{"data":` + text + `,"signature":"` + signature + `"}`)
}

// EncodeEvents is EncodeDelivery for events: one is sent as an object, several as an array.
func EncodeEvents(events []Event, secret Secret, encoding Encoding) (contentType string, body []byte) {
	return EncodeDelivery(WireData(events...), secret, encoding)
}

// WireData returns the JSON text of data for events: an object for one, an array for none or several.
func WireData(events ...Event) []byte {
	if len(events) == 1 {
		return events[0].WireJSON()
	}
	var all [][]byte
	for _, e := range events {
		all = append(all, e.WireJSON())
	}
	return []byte("[" + string(bytes.Join(all, []byte(","))) + "]")
}

// WireJSON encodes the event as Prodege sends it: event_time in Pacific Time, amounts as strings, unknown fields as
// text. One from the Real Time Pricing webhook has that webhook's form. What only this program knows (delivery, time
// of receipt) is left out.
func (e Event) WireJSON() []byte {
	var p Pricing
	if e.Pricing != nil {
		p = *e.Pricing
	}
	odd := map[string]string{} // known fields that could not be read are among the unknown ones, and are sent as they came
	for _, f := range e.Unknown {
		odd[f.Name] = f.Value
	}
	var members []string
	written := map[string]bool{}
	add := func(name string, value any) {
		if written[name] {
			return
		}
		written[name] = true
		if as, found := odd[name]; found {
			value = as
		}
		members = append(members, string(quote(name))+":"+string(quote(value)))
	}
	for _, known := range []struct {
		name  string
		value any
	}{
		{"event_id", string(e.ID)},
		{"event_time", e.Time.In(pacific).Format(wallClock + ".999999999")},
		{"max_cpi", amountText(p.MaxCPI)},
		{"current_cpi", amountText(p.CurrentCPI)},
		{"avg_cpi", amountText(p.AvgCPI)},
		{statusName(e.Source), string(e.Status)},
		{"update_reason", figure(strings.TrimPrefix(strconv.Itoa(int(e.Reason)), "0"))},
		{"description", e.Description},
		{"project_id", figure(e.ProjectID.String())},
		{"required_cpi", cmp.Or(amountText(e.RequiredCPI), e.RequiredCPIText)},
		{"rejection_note", e.RejectionNote},
		{"reconciliation_note", e.ReconciliationNote},
		{"bid_ir", figure(p.BidIR)},
		{"actual_ir", figure(p.ActualIR)},
		{"bid_loi", figure(p.BidLOI)},
		{"actual_median_loi", figure(p.ActualMedianLOI)},
	} {
		if known.value != "" {
			add(known.name, known.value)
		}
	}
	for _, f := range e.Unknown {
		add(f.Name, f.Value)
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

func amountText(amount *USD) string {
	if amount == nil {
		return ""
	}
	return amount.String()
}

// figure returns a text as a JSON number if it is one.
func figure(text string) any {
	if kind([]byte(text)) == '0' && json.Valid([]byte(text)) {
		return json.Number(text)
	}
	return text
}

// quote encodes a text or a number as Prodege does, without HTML escapes.
func quote(value any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) != nil {
		return []byte("null") // impossible for a text or a number
	}
	return bytes.TrimSpace(b.Bytes())
}
