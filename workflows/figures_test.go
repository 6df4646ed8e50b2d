package workflows

import (
	"fmt"
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

// tells schedules an event of the Real Time Pricing webhook.
func (w *world) tells(after time.Duration, id string, amount string, p prodege.Pricing, change ...func(*prodege.Event)) {
	w.at(after, func() {
		e := w.event(id, prodege.Paused, append([]func(*prodege.Event){cpi(amount)}, change...)...)
		e.Source, e.Pricing = prodege.FromPricing, &p
		w.env.SignalWorkflow(string(PricingUpdate), e)
	})
}

// pricing is all that the Real Time Pricing webhook can tell.
func pricing() prodege.Pricing {
	usd := prodege.MustUSD
	return prodege.Pricing{MaxCPI: ptr(usd("3.80")), CurrentCPI: ptr(usd("3.20")), AvgCPI: ptr(usd("3.15")), BidIR: "30", ActualIR: "22", BidLOI: "12", ActualMedianLOI: "15"}
}

// shows writes the figures on the request in one line.
func (w *world) shows() string {
	n := w.request().Numbers
	if n == nil {
		return "none"
	}
	return fmt.Sprint(n.CPI, n.AvgCPI, n.MaxCPI, n.Completes, n.Wanted, " IR ", n.BidIR, "/", n.ActualIR, " LOI ", n.BidLOI, "/", n.ActualLOI)
}

func TestThePricingWebhooksFiguresWithoutAnAPIKey(t *testing.T) {
	w := asked(t)
	w.settings.HasAPIKey = false
	w.at(2*time.Minute, func() { want(t, "before", w.shows(), "none") })
	w.tells(3*time.Minute, "rtp", "4.25", pricing())
	const all = "3.20 3.15 3.80 0 0 IR 30/22 LOI 12/15"
	w.at(4*time.Minute, func() {
		want(t, "told", w.shows(), all)
		want(t, "generation", w.request().Generation, 1)
		want(t, "summary", w.state().Shown.Summary, "asks to accept $4.25, now $3.80")
	})
	w.tells(5*time.Minute, "rtp-2", "4.25", prodege.Pricing{ActualIR: "21"})
	w.at(6*time.Minute, func() { want(t, "one newer, none blanked", w.shows(), "3.20 3.15 3.80 0 0 IR 30/21 LOI 12/15") })
	w.click(26*time.Hour, "U1", activities.VerdictAskAgain)
	w.at(26*time.Hour+time.Minute, func() {
		want(t, "asked again", w.request().Generation, 2)
		want(t, "still known", w.shows(), "3.20 3.15 3.80 0 0 IR 30/21 LOI 12/15")
	})
	w.click(27*time.Hour, "U1", activities.VerdictApprove)
	w.tells(28*time.Hour, "rtp-3", "4.25", prodege.Pricing{MaxCPI: ptr(prodege.MustUSD("4.25"))})
	w.at(29*time.Hour, func() { want(t, "what it was decided by stands", w.request().Numbers.MaxCPI.String(), "3.80") })
	w.ends(30 * time.Hour)
}

func TestReadingFillsWhatThePricingWebhookDidNotTell(t *testing.T) {
	w := asked(t)
	w.slowProdege(5 * time.Minute)
	w.info.MaxCPI = nil
	w.tells(3*time.Minute, "rtp", "4.25", pricing())
	w.at(4*time.Minute, func() { want(t, "told", w.shows(), "3.20 3.15 3.80 0 0 IR 30/22 LOI 12/15") })
	w.at(15*time.Minute, func() { want(t, "read", w.shows(), "3.10 3.05 3.80 312 500 IR 30/22 LOI 12/15") })
	w.tells(20*time.Minute, "older than the reading", "4.25", prodege.Pricing{CurrentCPI: ptr(prodege.MustUSD("9")), ActualIR: "20"}, earlier(16*time.Minute))
	w.at(21*time.Minute, func() { want(t, "the newer stays", w.shows(), "3.10 3.05 3.80 312 500 IR 30/20 LOI 12/15") })
	w.tells(25*time.Minute, "newer than the reading", "4.25", prodege.Pricing{CurrentCPI: ptr(prodege.MustUSD("3.30"))})
	w.at(26*time.Minute, func() { want(t, "newer", w.shows(), "3.30 3.05 3.80 312 500 IR 30/20 LOI 12/15") })
	w.ends(time.Hour)
}

// TestTheSameAmountAskedAgainByThePricingWebhookKeepsWhatWasRead, also while Prodege can't be read.
func TestTheSameAmountAskedAgainByThePricingWebhookKeepsWhatWasRead(t *testing.T) {
	w := asked(t)
	w.at(2*time.Minute, func() { want(t, "read", w.request().Numbers.Wanted, int64(500)) })
	w.deliver(5*time.Minute, "other", prodege.Paused, because(prodege.SupportAgent))
	w.at(6*time.Minute, w.set(func() { w.readErr = passing(activities.TypeProdegePassing, 30*time.Second) }))
	w.tells(10*time.Minute, "rtp", "4.25", prodege.Pricing{ActualIR: "21"})
	w.at(12*time.Minute, func() {
		n := w.request().Numbers
		want(t, "generation", w.request().Generation, 2)
		want(t, "wanted", n.Wanted, int64(500))
		want(t, "max CPI", n.MaxCPI.String(), "3.75")
		want(t, "actual IR", n.ActualIR, "21")
	})
	w.ends(time.Hour)
}
