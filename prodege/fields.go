package prodege

import (
	"slices"
	"strings"
)

// member is a name and a value of a JSON object, the value exactly as it was sent.
type member struct {
	name  string
	value []byte
	taken bool
}

type members []member

// memberName returns a name as text, for the names of the contract without allocating.
func memberName(quoted []byte) string {
	for _, name := range [...]string{
		"event_id", "event_time", "status", "update_reason", "description", "project_id", "required_cpi",
		"rejection_note", "reconciliation_note", "project_status", "max_cpi", "current_cpi", "avg_cpi",
		"bid_ir", "actual_ir", "bid_loi", "actual_median_loi",
	} {
		if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name {
			return name
		}
	}
	return asText(quoted)
}

// membersOf lists an object's members.
func membersOf(o rawObject) members {
	var all members
	for name, value := range o {
		all = append(all, member{name: name, value: value})
	}
	return all
}

// fieldReader takes the known fields out of one of Prodege's objects; what is left in the end is unknown.
type fieldReader struct {
	members members
	room    bounds
	odd     []Field // known fields whose values could not be read, shown like the unknown ones
}

// raw returns a field as it was sent; nil if it wasn't.
func (r *fieldReader) raw(name string) []byte {
	for i := range r.members {
		if r.members[i].name == name {
			return r.members[i].value
		}
	}
	return nil
}

// take returns a field as text and marks it as known.
func (r *fieldReader) take(name string) string {
	for i := range r.members {
		if m := &r.members[i]; m.name == name {
			m.taken = true
			return asText(m.value)
		}
	}
	return ""
}

// note takes a text for people; empty if it says nothing.
func (r *fieldReader) note(name string) string { return r.short(name, maxText) }

// short is note with at most max bytes.
func (r *fieldReader) short(name string, max int) string {
	text := r.take(name)
	if SaysNothing(text) {
		return ""
	}
	return r.room.text(text, max)
}

// amount takes an amount; one that can't be read is kept as an unknown field.
func (r *fieldReader) amount(name string) *USD {
	text := r.take(name)
	if SaysNothing(text) {
		return nil
	}
	amount, ok := wireUSD(text)
	if !ok {
		r.keep(name, trim(text))
		return nil
	}
	return &amount
}

// price takes an amount that is above zero.
func (r *fieldReader) price(name string) *USD {
	if amount := r.amount(name); amount != nil && !amount.IsZero() {
		return amount
	}
	return nil
}

// keep keeps a known field that could not be read, so that it is shown as it came.
func (r *fieldReader) keep(name, text string) { r.odd = append(r.odd, Field{name, text}) }

// unknown returns the fields that were not taken, sorted by name, each value up to max bytes, as far as there is room.
func (r *fieldReader) unknown(max int) []Field {
	all := r.odd
	for _, m := range r.members {
		if !m.taken {
			all = append(all, Field{m.name, asText(m.value)})
		}
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
