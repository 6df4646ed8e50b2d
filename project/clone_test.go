package project

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// clone copies a state so that a step of the copy does not change the original. It is written by hand because
// exploration clones millions of states. Clones share what the core never writes in place: amounts, events, refusals,
// recorded decisions, and the facts of cards except those of a pause. TestCloneIsDeep checks that they share nothing
// else.
func (s *State) clone() *State {
	c := *s
	c.Seen, c.Deliveries, c.Last = slices.Clone(s.Seen), slices.Clone(s.Deliveries), slices.Clone(s.Last)
	c.Pause, c.LastPause = s.Pause.clone(), s.LastPause.clone()
	c.Request, c.Action, c.Former = s.Request.clone(), s.Action.clone(), s.Former.clone()
	c.Act = clonePtr(s.Act)
	c.Decisions, c.Automatic = slices.Clone(s.Decisions), slices.Clone(s.Automatic)
	c.Pending, c.Handled, c.Answers = slices.Clone(s.Pending), slices.Clone(s.Handled), slices.Clone(s.Answers)
	if i := clonePtr(s.Invoice); i != nil {
		i.Facts = clonePtr(i.Facts)
		c.Invoice = i
	}
	c.InvoicedFirst = clonePtr(s.InvoicedFirst)
	c.Poll.Asking, c.Figures = clonePtr(s.Poll.Asking), clonePtr(s.Figures)
	c.Ledger, c.Outages = slices.Clone(s.Ledger), slices.Clone(s.Outages)
	if s.Outbox != nil {
		c.Outbox = make([]*Message, len(s.Outbox))
		list := make([]Message, len(s.Outbox))
		for i, m := range s.Outbox {
			list[i] = *m
			list[i].Card.Pause = clonePtr(m.Card.Pause) // Card.Fill writes in place
			c.Outbox[i] = &list[i]
		}
	}
	return &c
}

func (p *Pause) clone() *Pause {
	c := clonePtr(p)
	if c != nil {
		c.Inactivity = clonePtr(p.Inactivity)
	}
	return c
}

func (q *Question) clone() *Question {
	c := clonePtr(q)
	if c != nil {
		c.Check = clonePtr(q.Check)
	}
	return c
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// neverWritten lists the types that the core replaces but never writes in place, so that clones may share them.
var neverWritten = []reflect.Type{
	reflect.TypeFor[*prodege.USD](), reflect.TypeFor[*prodege.Event](), reflect.TypeFor[*prodege.Pricing](), reflect.TypeFor[[]prodege.Field](),
	reflect.TypeFor[*prodege.Action](), reflect.TypeFor[[]prodege.Action](), reflect.TypeFor[[]int](), reflect.TypeFor[[]string](),
	reflect.TypeFor[*Refusal](), reflect.TypeFor[*Decided](), reflect.TypeFor[[]Decided](), reflect.TypeFor[*Permission](),
	reflect.TypeFor[*Numbers](), reflect.TypeFor[*Figures](), reflect.TypeFor[*Read](), reflect.TypeFor[*End](), reflect.TypeFor[*ActionFacts](),
	reflect.TypeFor[*RejectionFacts](), reflect.TypeFor[*RequestFacts](), reflect.TypeFor[*InvoiceFacts](), reflect.TypeFor[*Note](),
	reflect.TypeFor[*Answer](), reflect.TypeFor[*Digest](), reflect.TypeFor[*Report](),
}

// mustCopy lists the fields of those types that the core does write in place.
var mustCopy = []string{".Decisions", ".Deliveries", ".Handled"}

// TestCloneIsDeep checks that a clone has every field and shares only what is never written in place.
func TestCloneIsDeep(t *testing.T) {
	s := filledState()
	c := s.clone()
	if !reflect.DeepEqual(s, c) {
		t.Fatal("a clone is not equal to its original")
	}
	checkShared(t, "", reflect.ValueOf(s).Elem(), reflect.ValueOf(c).Elem())
}

// checkShared fails the test if a clone b shares a pointer or slice with a that it must copy.
func checkShared(t *testing.T, path string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice:
		if a.IsNil() {
			return
		}
		if a.Type() == reflect.TypeFor[*time.Location]() {
			return
		}
		if a.Pointer() == b.Pointer() {
			if !slices.Contains(neverWritten, a.Type()) || slices.Contains(mustCopy, path) {
				t.Errorf("a clone shares State%s (%s) with its original", path, a.Type())
			}
			return
		}
		if a.Kind() == reflect.Pointer {
			checkShared(t, path, a.Elem(), b.Elem())
			return
		}
		for i := range a.Len() {
			checkShared(t, path+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() || a.Type() == reflect.TypeFor[prodege.USD]() {
			return
		}
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				checkShared(t, path+"."+f.Name, a.Field(i), b.Field(i))
			}
		}
	}
}

// filledAt is the current time of a filled state. Every time in the state is earlier.
var filledAt = time.Date(2026, 11, 4, 18, 0, 0, 0, time.UTC)

// filledState returns a state in which every field is set, each to a different value.
func filledState() *State {
	s := &State{}
	n := 0
	fill(reflect.ValueOf(s).Elem(), &n)
	s.now = filledAt
	return s
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 250))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(filledAt.Add(-time.Duration(*n) * 100 * 24 * time.Hour)))
		case reflect.TypeFor[prodege.USD]():
			v.Set(reflect.ValueOf(prodege.MustUSD(fmt.Sprintf("%d.25", *n))))
		default:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					fill(v.Field(i), n)
				}
			}
		}
	default:
		panic("fill does not support fields of kind " + v.Kind().String())
	}
}
