package prodege

import (
	"maps"
	"slices"
)

// fieldReader takes the known fields out of one of Prodege's objects; what is left in the end is unknown.
type fieldReader struct {
	fields rawObject // not taken yet
	room   bounds
}

// take returns a field as text and removes it.
func (r *fieldReader) take(name string) string {
	value := r.fields[name]
	delete(r.fields, name)
	return asText(value)
}

// keep keeps a known field that could not be read, so that it is shown like an unknown one.
func (r *fieldReader) keep(name, text string) { r.fields[name] = quote(text) }

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

// unknown returns the fields that were not taken, sorted by name, each value up to max bytes, as far as there is room.
func (r *fieldReader) unknown(max int) (kept []Field) {
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		if len(kept) == maxFields {
			r.room.cut = true
			break
		}
		f, ok := r.room.field(name, asText(r.fields[name]), max)
		if !ok {
			break
		}
		kept = append(kept, f)
	}
	return kept
}
