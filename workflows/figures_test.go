package workflows

import (
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// slowProdege answers no question before a time.
func (w *world) slowProdege(until time.Duration) {
	w.readErr = passing(activities.TypeProdegePassing, 30*time.Second)
	w.at(until, w.set(func() { w.readErr = nil }))
}

func TestFiguresAreFilledInWhenTheyCome(t *testing.T) {
	w := asked(t)
	w.slowProdege(3 * time.Minute)
	w.at(2*time.Minute, func() {
		want(t, "stands without figures", w.request().Numbers == nil, true)
		want(t, "asks all the same", w.request().Required.String(), "4.25")
	})
	w.at(5*time.Minute, func() {
		r := w.request()
		want(t, "completes", r.Numbers.Completes, 312)
		want(t, "max CPI", r.Numbers.MaxCPI.String(), "3.75")
		want(t, "name", r.Project.Name, "Oat milk study")
		want(t, "generation", r.Generation, 1)
		want(t, "one message", len(w.roots("C0APPROVE")), 1)
	})
	w.click(6*time.Minute, "U1", activities.VerdictApprove)
	w.becomes(7*time.Minute, activities.PhaseAccepted)
	w.ends(time.Hour)
}

func TestAnAmountThatProdegeToldLate(t *testing.T) {
	w := newWorld(t)
	w.deliver(time.Minute, "pause", prodege.Paused, because(prodege.RealTimePricing))
	w.slowProdege(3 * time.Minute)
	w.at(2*time.Minute, func() { want(t, "no amount", w.request().Required == nil, true) })
	w.at(5*time.Minute, func() {
		want(t, "asked for", w.request().Required.String(), "4.25")
		want(t, "generation", w.request().Generation, 2)
	})
	w.ends(time.Hour)
}

func TestFiguresThatComeTooLateChangeNothing(t *testing.T) {
	w := asked(t)
	w.slowProdege(3 * time.Minute)
	w.deliver(2*time.Minute, "live", prodege.Live)
	w.at(5*time.Minute, func() {
		want(t, "phase", w.request().Phase, activities.PhaseElsewhere)
		want(t, "no figures", w.request().Numbers == nil, true)
	})
	w.ends(time.Hour)
}

func TestAnAlertsFiguresAreFilledIn(t *testing.T) {
	w := stopped(t, prodege.SampleSize)
	w.slowProdege(3 * time.Minute)
	w.at(2*time.Minute, func() {
		want(t, "offered", w.acting().Phase, activities.PhaseOpen)
		want(t, "without figures", w.acting().Figures == nil, true)
	})
	w.at(5*time.Minute, func() { want(t, "completes", w.acting().Figures.Completes, 312) })
	w.ends(time.Hour)
}
