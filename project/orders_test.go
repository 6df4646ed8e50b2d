package project

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

// eventPool returns the events whose subsets TestOrderIndependence delivers in every order.
func eventPool() []prodege.Event {
	silent := cpi(72, "p3", "")
	other := at(70, "k3", prodege.Paused, 158)
	return []prodege.Event{
		cpi(80, "p1", "4.00"), cpi(75, "p2", "4.50"), at(73, "l0", prodege.Live, 0), silent, at(70, "k1", prodege.Paused, prodege.MaxClicks), at(70, "k2", prodege.Live, 0), other,
		rejected(at(65, "r1", prodege.Paused, 0)), at(60, "l1", prodege.Live, 0), at(55, "pc", prodege.PendingComplete, 902),
		noted(at(50, "c1", prodege.Complete, 903), "done"), noted(at(45, "c2", prodege.Complete, 903), "done again"), at(40, "i1", prodege.Invoiced, 0), cpi(38, "p9", "4.25"), at(37, "pc9", prodege.PendingComplete, 902),
		at(35, "d1", prodege.Deleted, 0),
	}
}

// TestOrderIndependence delivers each set of at most four events in every order, without clicks or time in between,
// one event per turn and all in one turn: the outcome must be the same each time.
func TestOrderIndependence(t *testing.T) {
	events := eventPool()
	size := 4
	if *large {
		size = 5
	}
	orders := 0
	for set := range 1 << len(events) {
		var chosen []prodege.Event
		for i, e := range events {
			if set&(1<<i) != 0 {
				chosen = append(chosen, e)
			}
		}
		if len(chosen) == 0 || len(chosen) > size {
			continue
		}
		first, firstName := "", ""
		permute(chosen, func(order []prodege.Event) {
			for _, together := range []bool{false, true} {
				orders++
				got := outcomeOf(order, together)
				name := fmt.Sprintf("%s together=%t", eventLabels(order), together)
				if first == "" {
					first, firstName = got, name
				} else if got != first {
					t.Errorf("the outcome depends on the order:\n  %s\n    %s\n  %s\n    %s", firstName, first, name, got)
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d orders", orders)
}

// outcomeOf returns the part of the state after events that must not depend on their order: status, what is waited
// for, the open amount, and the facts of the newest invoice.
func outcomeOf(order []prodege.Event, together bool) string {
	s := New(projectN)
	if together {
		s.Step(Turn{Now: start, Settings: settings(), Events: slices.Clone(order)})
	} else {
		for _, e := range order {
			s.Step(Turn{Now: start, Settings: settings(), Events: []prodege.Event{e}})
		}
	}
	text := fmt.Sprintf("%s waits for %s", s.Status, s.Waiting)
	if q := s.OpenRequest(); q != nil && s.Pause.ForCPI && q.Required != nil {
		text += " asks for " + q.Required.Dollars()
	}
	if i := s.Invoice; i != nil {
		text += fmt.Sprintf(" invoice of %s %q ended %q", i.Event.ID, i.Event.ReconciliationNote, i.Ended)
	} else if f := s.InvoicedFirst; f != nil {
		text += " invoice of " + string(f.Event.ID)
	}
	return text
}

func eventLabels(order []prodege.Event) string {
	var list []string
	for _, e := range order {
		list = append(list, string(e.ID))
	}
	return strings.Join(list, " ")
}

func permute(list []prodege.Event, each func([]prodege.Event)) {
	var walk func(k int)
	walk = func(k int) {
		if k == len(list) {
			each(list)
			return
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			walk(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	walk(0)
}
