package prodege

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Unusable is an event of an authentic delivery that can't be used, in the words of the contract's answer.
type Unusable struct {
	EventID EventID `json:"event_id"` // as it was sent; empty where there is none
	Error   string  `json:"error"`    // what it lacks, a sentence
}

// Events reads a delivery of the Project Status Update webhook. now is the time of receipt. Events come in
// the order of the delivery; those that lack what an event can't be without are told apart as unusable, and
// hinder no other. It fails only for a Delivery that ParseDelivery did not make.
func (d *Delivery) Events(now time.Time) (events []Event, unusable []Unusable, err error) {
	return d.read(now, FromWebhook)
}

// ParsePricing reads a delivery of the sister webhook, Real Time Pricing, likewise: Source is FromPricing,
// Pricing is set, and Status is what project_status says.
func (d *Delivery) ParsePricing(now time.Time) (events []Event, unusable []Unusable, err error) {
	return d.read(now, FromPricing)
}

func (d *Delivery) read(now time.Time, source Source) (events []Event, unusable []Unusable, err error) {
	if len(d.events) == 0 {
		return nil, nil, errors.New("read events: the delivery was not parsed")
	}
	for _, text := range d.events {
		raw, ok := object(text)
		if !ok {
			return nil, nil, errors.New("read events: an element is not an object")
		}
		r := eventReader{raw: raw, room: bounds{left: maxEvent}, now: now}
		e, fault := r.event(source)
		if fault != "" {
			unusable = append(unusable, Unusable{EventID: e.ID, Error: fault})
			continue
		}
		events = append(events, e)
	}
	return events, unusable, nil
}

// eventReader takes the fields out of one event's object; what is left in the end is unknown.
type eventReader struct {
	raw  rawObject
	room bounds
	now  time.Time
	odd  []Field // known fields whose values could not be read, kept beside the unknown ones
}

func (r *eventReader) event(source Source) (Event, string) {
	e := Event{Source: source, Received: r.now.UTC()}
	if k := kind(r.raw["event_id"]); k == '"' || k == '0' {
		e.ID = r.room.id(r.take("event_id"))
	}
	if strings.TrimSpace(string(e.ID)) == "" {
		return Event{}, "the event has no event_id"
	}
	project := r.take("project_id")
	id, err := ParseProjectID(withoutZeros(project))
	switch {
	case project == "":
		return e, "the event has no project_id"
	case err != nil:
		return e, fmt.Sprintf("project_id %.40q is not a positive whole number", project)
	}
	e.ProjectID = id
	if e.Status = r.status(source); e.Status == "" {
		return e, "the event has no " + statusName(source)
	}
	e.Reason = r.reason()
	e.RequiredCPI, e.RequiredCPIText = r.requiredCPI()
	e.Time, e.TimeGuessed = r.time(e.ID)
	e.Description = r.room.text(r.take("description"), maxText)
	e.RejectionNote = r.room.text(r.take("rejection_note"), maxText)
	e.ReconciliationNote = r.room.text(r.take("reconciliation_note"), maxText)
	if source == FromPricing {
		e.Pricing = r.pricing()
	}
	e.Unknown = r.unknown(maxText)
	e.Truncated = r.room.cut
	return e, ""
}

// take gives a field as text and removes it.
func (r *eventReader) take(name string) string {
	text := asText(r.raw[name])
	delete(r.raw, name)
	return text
}

// keep remembers a known field that could not be read, so that it is shown as it came.
func (r *eventReader) keep(name, text string) { r.odd = append(r.odd, Field{name, text}) }

func statusName(source Source) string {
	if source == FromPricing {
		return "project_status"
	}
	return "status"
}

// status reads the status. One that we know is known in any case of letters.
func (r *eventReader) status(source Source) Status {
	name := statusName(source)
	if k := kind(r.raw[name]); k != '"' && k != '0' {
		return ""
	}
	return knownStatus(r.room.text(r.take(name), maxText))
}

func knownStatus(text string) Status {
	if known := Status(strings.ToUpper(text)); known.Known() {
		return known
	}
	return Status(text)
}

// reason reads update_reason; one that is no number, or none that a code could be, is kept as unknown.
func (r *eventReader) reason() Reason {
	text := strings.TrimSpace(r.take("update_reason"))
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(withoutZeros(text), 10, 32)
	if err != nil {
		r.keep("update_reason", text)
		return 0
	}
	return Reason(n)
}

// requiredCPI reads required_cpi; what is no amount is kept as it came, for it asks for a decision all the same.
func (r *eventReader) requiredCPI() (*USD, string) {
	text := strings.TrimSpace(r.take("required_cpi"))
	if text == "" {
		return nil, ""
	}
	if amount, err := ParseUSD(text); err == nil {
		return &amount, ""
	}
	return nil, r.room.text(text, maxName)
}

// time reads event_time. Where it is absent or can't be right, the event's order is guessed from the second
// in its id, else from the time of receipt.
func (r *eventReader) time(id EventID) (at time.Time, guessed bool) {
	text := strings.TrimSpace(r.take("event_time"))
	if t, err := ParseTime(text, id); err == nil && plausible(t, r.now) {
		return t, false
	}
	if text != "" {
		r.keep("event_time", text)
	}
	if t, ok := ObjectIDTime(id); ok && plausible(t, r.now) && t.Before(r.now.Add(24*time.Hour)) {
		return t.In(pacific), true
	}
	return r.now.In(pacific).Truncate(time.Second), true
}

// plausible says whether an event can be of time t. A time far ahead would make every later event late.
func plausible(t, now time.Time) bool {
	const ahead = 366 * 24 * time.Hour // generous: clocks of test systems are set ahead
	return t.Year() >= 2000 && t.Before(now.Add(ahead))
}

func (r *eventReader) pricing() *Pricing {
	const maxNumber = 40 // bytes of a per cent figure or of minutes
	text := func(name string) string { return r.room.text(r.take(name), maxNumber) }
	return &Pricing{
		MaxCPI: r.amount("max_cpi"), CurrentCPI: r.amount("current_cpi"), AvgCPI: r.amount("avg_cpi"),
		BidIR: text("bid_ir"), ActualIR: text("actual_ir"), BidLOI: text("bid_loi"), ActualMedianLOI: text("actual_median_loi"),
	}
}

func (r *eventReader) amount(name string) *USD {
	text := strings.TrimSpace(r.take(name))
	if text == "" {
		return nil
	}
	amount, err := ParseUSD(text)
	if err != nil {
		r.keep(name, text)
		return nil
	}
	return &amount
}

// unknown keeps what no one took, sorted by name, each value up to max bytes, as far as there is room.
func (r *eventReader) unknown(max int) []Field {
	all := r.odd
	for name, raw := range r.raw {
		all = append(all, Field{name, asText(raw)})
	}
	slices.SortFunc(all, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	var kept []Field
	for _, f := range all {
		if len(kept) == maxFields {
			r.room.cut = true
			break
		}
		k, ok := r.room.field(f.Name, f.Value, max)
		if !ok {
			break
		}
		kept = append(kept, k)
	}
	return kept
}

// withoutZeros makes a whole number of "29303649.0", as some encoders write it.
func withoutZeros(number string) string {
	whole, frac, dotted := strings.Cut(number, ".")
	if dotted && frac != "" && strings.Trim(frac, "0") == "" {
		return whole
	}
	return number
}
