package prodege

import (
	"fmt"
	"math"
	"strings"
	"time"
)

const (
	// maxAhead is how far ahead of our clock an event may be dated and still be believed.
	maxAhead = 5 * time.Minute
	// maxClockBehind is how far ahead it may be if the second in its id agrees: then our clock is the one that is wrong.
	maxClockBehind = 24 * time.Hour
)

// event reads the fields of an event. fault says what it lacks, if it can't be used; ID and ProjectID are then set if
// they can be read.
func (r *fieldReader) event(source Source, now time.Time) (e Event, fault *Unusable) {
	e = Event{Source: source, Received: now.UTC()}
	project := r.take("project_id")
	id, usable := wireProjectID(project)
	if usable {
		e.ProjectID = id
	}
	if k := kind(r.fields["event_id"]); k == '"' || k == '0' {
		e.ID = r.room.id(r.take("event_id"))
	}
	switch {
	case SaysNothing(string(e.ID)): // with "null" for an id, all later ones would be duplicates
		e.ID = ""
		return e, lacks("event_id")
	case SaysNothing(project):
		return e, lacks("project_id")
	case !usable:
		return e, &Unusable{Error: fmt.Sprintf("project_id %.40q is not a positive whole number", project), Cause: "project_id"}
	}
	if e.Status = r.status(source); e.Status == "" {
		return e, lacks(statusName(source))
	}
	e.Reason = r.reason()
	e.RequiredCPI, e.RequiredCPIText = r.requiredCPI()
	e.Time, e.TimeGuessed = r.time(e.ID, now)
	e.Future = e.Time.After(now.Add(maxAhead)) && !clockBehind(e, now)
	e.Description = r.note("description")
	e.RejectionNote = r.note("rejection_note")
	e.ReconciliationNote = r.note("reconciliation_note")
	if source == FromPricing {
		e.Pricing = r.pricing()
	}
	e.Unknown = r.unknown(maxText)
	e.Truncated = r.room.cut
	return e, nil
}

func lacks(field string) *Unusable {
	return &Unusable{Error: "the event has no " + field, Cause: field}
}

func statusName(source Source) string {
	if source == FromPricing {
		return "project_status"
	}
	return "status"
}

func (r *fieldReader) status(source Source) Status {
	name := statusName(source)
	if k := kind(r.fields[name]); k != '"' && k != '0' {
		return ""
	}
	return knownStatus(r.note(name))
}

// knownStatus finds the status that a text means, ignoring case and with blanks or hyphens for underscores. An unknown
// one is returned as it came.
func knownStatus(text string) Status {
	if known := Status(canonical(text)); known.Known() {
		return known
	}
	return Status(text)
}

// canonical converts a text to the form of Prodege's constants.
func canonical(text string) string {
	if consistsOf(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") {
		return text // as Prodege writes them
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r == '_' || r == '-' || invisible(r) })
	return strings.ToUpper(strings.Join(words, "_"))
}

// reason reads update_reason; one that can't be a code is kept as an unknown field.
func (r *fieldReader) reason() Reason {
	text := trim(r.take("update_reason"))
	if SaysNothing(text) {
		return 0
	}
	n, ok := wholeNumber(text)
	if !ok || n > math.MaxInt32 {
		r.keep("update_reason", text)
		return 0
	}
	return Reason(n)
}

// requiredCPI reads required_cpi. One that is not an amount is kept as it came, because it still needs a decision.
func (r *fieldReader) requiredCPI() (*USD, string) {
	text := trim(r.take("required_cpi"))
	if saysNoPrice(text) {
		if strings.Contains(text, "-") && !SaysNothing(text) {
			r.keep("required_cpi", text) // negative: not a price, but it should be seen
		}
		return nil, ""
	}
	if amount, ok := wireUSD(text); ok {
		return &amount, ""
	}
	return nil, r.room.text(text, maxName)
}

// time reads event_time. If it is absent or unreadable the time is guessed: the second in the event's id if plausible,
// or else the time of receipt.
func (r *fieldReader) time(id EventID, now time.Time) (at time.Time, guessed bool) {
	text := trim(r.take("event_time"))
	if t, err := ParseTime(text, id); err == nil && t.Year() >= firstYear && t.Year() <= lastYear {
		return t, false
	}
	if !SaysNothing(text) {
		r.keep("event_time", text)
	}
	if t, ok := ObjectIDTime(id); ok && t.Year() >= firstYear && !t.After(now.Add(maxAhead)) {
		return t.In(pacific), true
	}
	return now.In(pacific).Truncate(time.Second), true
}

// The years in which an event can be: Prodege is not older, and JSON can't represent later ones.
const (
	firstYear = 2000
	lastYear  = 9998
)

// clockBehind reports whether an event that is dated ahead should be believed nevertheless, because the second in its
// id, which comes from another of Prodege's clocks, agrees.
func clockBehind(e Event, now time.Time) bool {
	made, ok := ObjectIDTime(e.ID)
	return ok && made.Sub(e.Time).Abs() <= maxAhead && e.Time.Before(now.Add(maxClockBehind))
}

// AheadOf reports whether the event is believed although it is dated more than five minutes ahead of clock, which means
// that clock is behind.
func (e Event) AheadOf(clock time.Time) bool {
	return !e.Future && e.Time.After(clock.Add(maxAhead))
}

func (r *fieldReader) pricing() *Pricing {
	const maxFigure = 40 // bytes of a percentage or a number of minutes
	text := func(name string) string { return r.short(name, maxFigure) }
	return &Pricing{
		MaxCPI: r.price("max_cpi"), CurrentCPI: r.price("current_cpi"), AvgCPI: r.amount("avg_cpi"),
		BidIR: text("bid_ir"), ActualIR: text("actual_ir"), BidLOI: text("bid_loi"), ActualMedianLOI: text("actual_median_loi"),
	}
}
