package prodege

import (
	"bytes"
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
	w := wire{unknown: map[string]string{}}
	for _, f := range e.Unknown {
		if _, twice := w.unknown[f.Name]; !twice {
			w.unknown[f.Name] = f.Value
		}
	}
	w.text("event_id", string(e.ID))
	w.text("event_time", e.Time.In(pacific).Format(wallClock+".999999999"))
	if p := e.Pricing; p != nil {
		w.amount("max_cpi", p.MaxCPI)
		w.amount("current_cpi", p.CurrentCPI)
		w.amount("avg_cpi", p.AvgCPI)
	}
	w.text(statusName(e.Source), string(e.Status))
	if e.Reason != 0 {
		w.raw("update_reason", json.Number(strconv.Itoa(int(e.Reason))))
	}
	w.some("description", e.Description)
	w.raw("project_id", json.Number(e.ProjectID.String()))
	w.amount("required_cpi", e.RequiredCPI)
	w.some("required_cpi", e.RequiredCPIText)
	w.some("rejection_note", e.RejectionNote)
	w.some("reconciliation_note", e.ReconciliationNote)
	if p := e.Pricing; p != nil {
		w.number("bid_ir", p.BidIR)
		w.number("actual_ir", p.ActualIR)
		w.number("bid_loi", p.BidLOI)
		w.number("actual_median_loi", p.ActualMedianLOI)
	}
	for _, f := range e.Unknown {
		w.text(f.Name, f.Value)
	}
	return []byte("{" + strings.Join(w.members, ",") + "}")
}

// wire collects the members of an object in order, each name once. A known field that could not be read is among the
// unknown ones as it came, and is sent as it came.
type wire struct {
	members []string
	unknown map[string]string
	written map[string]bool
}

func (w *wire) raw(name string, value any) {
	if w.written[name] {
		return
	}
	if w.written == nil {
		w.written = map[string]bool{}
	}
	w.written[name] = true
	if as, odd := w.unknown[name]; odd {
		value = as
	}
	w.members = append(w.members, string(quote(name))+":"+string(quote(value)))
}

func (w *wire) text(name, value string) { w.raw(name, value) }

func (w *wire) some(name, value string) {
	if value != "" {
		w.raw(name, value)
	}
}

func (w *wire) amount(name string, value *USD) {
	if value != nil {
		w.raw(name, value.String())
	}
}

// number writes a figure as a JSON number if it is one.
func (w *wire) number(name, value string) {
	if json.Valid([]byte(value)) && kind([]byte(value)) == '0' {
		w.raw(name, json.Number(value))
		return
	}
	w.some(name, value)
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
