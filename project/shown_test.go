package project_test

import (
	"fmt"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// TestUnknownFieldsAreShown checks that the alert shows unknown fields, and the request an amount that can't be parsed.
func TestUnknownFieldsAreShown(t *testing.T) {
	w := newWorld(t)
	e := prodege.Event{ID: "e1", ProjectID: w.s.ID, Time: w.now, Status: prodege.Paused, Reason: prodege.SampleSize}
	for i := range 9 {
		e.Unknown = append(e.Unknown, prodege.Field{Name: fmt.Sprint("new", i), Value: "x"})
	}
	rejected := e
	rejected.ID, rejected.Time, rejected.RejectionNote = "e2", w.now.Add(1), "wrong ids"
	w.s.Step(project.Turn{Now: w.now, Settings: w.settings, Events: []prodege.Event{e}})
	w.s.Step(project.Turn{Now: w.now, Settings: w.settings, Events: []prodege.Event{rejected}})
	odd := e
	odd.ID, odd.Time, odd.Reason, odd.RequiredCPIText = "e3", w.now.Add(2), prodege.RealTimePricing, "4,25"
	settings := w.settings
	settings.HasAPIKey = false // nothing is read first
	w.s.Step(project.Turn{Now: w.now, Settings: settings, Events: []prodege.Event{odd}})

	shown := map[string]int{}
	for _, m := range w.s.Outbox {
		switch c := m.Card; {
		case c.Pause != nil:
			shown["alert"] = len(c.Pause.Event.Unknown)
		case c.Rejection != nil:
			shown["rejection"] = len(c.Rejection.Event.Unknown)
		case c.Request != nil && c.Request.RequiredText == "4,25":
			shown["request"]++
		}
	}
	if shown["alert"] != 6 || shown["rejection"] != 6 || shown["request"] != 1 {
		t.Errorf("shown: %v", shown)
	}
}
