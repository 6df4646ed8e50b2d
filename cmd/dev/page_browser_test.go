package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// as opens the simulators' page as somebody.
func (b *tab) as(r *running, user string) {
	b.t.Helper()
	b.goes(address(r.page) + "/?as=" + user)
	b.sees("the page to be live", "document.querySelector('#live.on') !== null")
}

// says is true once a part of the page says something.
func says(selector, text string) string {
	return fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))", selector, text)
}

// TestPageInABrowser does what a newcomer does: a CPI pause, a click that does not count, one that does.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	r := launch(t, t.TempDir())
	card := fmt.Sprintf("#p-%d", cpiProject)
	request := "#msgs-" + approvalsChannel

	b.as(r, outsiderEve)
	b.press(card + " button[value=cpi]")
	b.sees("the request", says(request+" h4", "Approve a CPI of $4.25?"))
	b.picture("page-light", "body", 1280, 1040, false)
	b.picture("page-dark", "body", 1280, 1040, true)
	b.picture("page-narrow", request+" h4", 390, 975, false)
	b.picture("page-narrow-dark", "body", 390, 975, true)
	b.press(request + " button[value=cpi_approve]")
	b.sees("the answer to Eve alone", says(request+" .ephemeral", "did not count"))
	b.sees("the page to say so too", says("#said.bad", "did not count"))
	if p, _ := r.prodege.Project(cpiProject); p.Status != prodege.Paused {
		t.Errorf("the card is %s after an outsider's click", p.Status)
	}

	b.as(r, approverAnn)
	b.until("the modal, with the focus in it", "document.querySelector('dialog:modal') !== null && document.activeElement === document.querySelector('dialog:modal textarea')", func() {
		b.press(request + " button[value=cpi_reject]") // a modal, and away with it
	})
	b.do("press Escape", chromedp.KeyEvent(kb.Escape))
	b.sees("the modal to close", "document.querySelector('dialog') === null")

	r.approves(t, approverAnn, func() { b.pressIfThere(request + " button[value=cpi_approve]") })
	b.sees("the card to be live", says(card+" .badge", "LIVE"))
	b.sees("the message's last words", says(request+" h4", "Live again at $4.25"))
	b.sees("no button on it", "document.querySelector('"+request+" .message:not(.ephemeral) button') === null")
	r.state(t, cpiProject, "the card to be live", func(s *project.State) bool { return s.Status == prodege.Live })
	b.fitsAPhone()
}

// fitsAPhone looks whether the page is as wide as a phone, not wider.
func (b *tab) fitsAPhone() {
	b.t.Helper()
	b.looks(390, 844, true)
	if width := b.text("String(document.documentElement.scrollWidth)"); width != "390" {
		b.t.Errorf("on a phone of 390 the page is %s wide", width)
	}
	b.looks(1280, 1000, false)
}

// TestScenarios plays every scenario of the page to its end, on two pages at a time.
func TestScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	var plays []string
	for _, s := range simulator.Scenarios {
		if s.About != "" {
			plays = append(plays, s.Name)
		}
	}
	for part := range slices.Chunk(plays, (len(plays)+1)/2) {
		t.Run(part[0], func(t *testing.T) {
			t.Parallel()
			b := openTab(t)
			r := launch(t, t.TempDir())
			b.as(r, approverAnn)
			for _, name := range part {
				b.plays(name)
			}
			// What they leave behind is not in the way.
			b.sees("their projects to be folded", fmt.Sprintf("document.querySelectorAll('#past > details').length === %d && !document.querySelector('.past').open", len(part)))
			if n := b.text("String(document.querySelectorAll('#projects > article').length)"); n != fmt.Sprint(len(firstProjects())) {
				t.Errorf("after the scenarios %s projects stand unfolded", n)
			}
			b.fitsAPhone()
		})
	}
}

// plays plays a scenario to its end.
func (b *tab) plays(name string) {
	b.t.Helper()
	b.sees("the stage to be free", "document.querySelector('.plays button[aria-disabled]') === null")
	b.press(".plays button[value=" + name + "]")
	b.sees(name+" to begin", "document.querySelector('.plays button[aria-disabled]') !== null")
	b.focused("the scenario that was begun", "e.matches('.plays button[value="+name+"]')")
	if name == "superseded" {
		b.sees("some steps", "document.querySelectorAll('.play .done').length >= 4")
		b.sees("a step under way", "document.querySelector('.play .now') !== null")
		b.picture("scenario", "body", 1280, 800, false)
	}
	b.sees(name+" to be over", "document.querySelector('.play .good, .play .bad') !== null && document.querySelector('.plays button[aria-disabled]') === null")
	b.sees("the page to say so", says("#said", "was played to its end"))
	if failed := b.text("document.querySelector('.play .bad')?.innerText ?? ''"); failed != "" {
		b.t.Errorf("%s: %s", name, failed)
	}
}

// TestAFaultIsSet sets a fault on the page and clears it.
func TestAFaultIsSet(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	r := launch(t, t.TempDir())
	b.as(r, approverAnn)
	b.sees("a fault to set", "(() => { document.querySelector('[name=fault]').value = 'slack-out'; return true })()")
	b.press("#trouble form.row:not(.part) button")
	b.sees("the fault by its name", says("#active .part", "the app is removed from the channels"))
	b.fitsAPhone()
	b.press("#active .part button")
	b.sees("the fault to be cleared", says("#active", "No fault is set."))
}

// TestTheWorkerIsStopped stops the worker on the page, has an event come meanwhile, and starts it again.
func TestTheWorkerIsStopped(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	r := launch(t, t.TempDir())
	b.as(r, approverAnn)
	b.press("#part-worker button[value=stop]")
	b.sees("the worker to be stopped", says("#part-worker", "stopped"))
	b.press(fmt.Sprintf("#p-%d button[value=pause]", cpiProject))
	b.sees("the delivery to be answered", says("#exchanges .result", "200"))
	b.press("#part-worker button[value=start]")
	b.sees("the worker to run again", says("#part-worker", "running"))
	b.sees("the alert", says("#msgs-"+alertsChannel+" h4", "Paused: sample size reached"))
}

// TestTemporalIsStopped stops Temporal with the page's own button. A delivery is kept and shown so, a click does
// not count and its person is told so; both are made good after it is started.
func TestTemporalIsStopped(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	b := openTab(t)
	r := launch(t, t.TempDir(), "-demo")
	request := "#msgs-" + approvalsChannel
	b.as(r, approverAnn)
	b.sees("the request", says(request+" h4", "Approve a CPI of $4.25?"))
	b.press("#part-temporal button[value=stop]")
	b.sees("Temporal to be stopped", says("#part-temporal .badge", "stopped"))
	b.sees("the page to say so", says("#said", "Temporal is stopped"))
	b.focused("its button, now for the start", "e.matches('#part-temporal button')")
	b.sees("a warning beside the scenarios", says("#hinders", "Temporal is stopped"))

	b.press(fmt.Sprintf("#p-%d button[value=pause]", quietProject))
	b.sees("the delivery to be answered", says("#said", "Sent, and answered 200."))
	b.sees("the delivery to be kept", says("#waiting.warn", "The inbox keeps 1 delivery"))
	b.press(request + " button[value=cpi_approve]")
	b.sees("Ann to be told alone", says(request+" .ephemeral", "could not be recorded"))
	b.sees("the page not to call that a success", says("#said.bad", "did not count"))

	b.press("#part-temporal button[value=start]")
	b.sees("Temporal to run again", says("#part-temporal .badge", "running"))
	b.sees("the inbox to be empty", says("#waiting.dim", "The inbox is empty"))
	b.sees("the alert of what was kept", says("#msgs-"+alertsChannel+" .message", "Streaming habits DE"))
	b.sees("no warning any more", "document.querySelector('#hinders') === null")
	r.approves(t, approverAnn, func() { b.pressIfThere(request + " button[value=cpi_approve]") })
	b.sees("the second click to count", says(request+" h4", "Live again at $4.25"))
}
