package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestEnterInABrowser types into fields and presses Enter, as people do who have a keyboard.
func TestEnterInABrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	r := launch(t, t.TempDir())
	project := fmt.Sprintf("#p-%d", cpiProject)
	request := "#msgs-" + approvalsChannel

	b.as(r, approverAnn)
	b.types(project+" input[name=amount]", "4.25")
	b.sees("the request", says(request+" h4", "Approve a CPI of $4.25?"))

	b.press(project + " summary")
	b.types(project+" input[name=note]", "Please send it again")
	b.press(project + " input[name=pricing]")

	b.until("the modal", "document.querySelector('dialog:modal input:not([type=hidden])') !== null", func() {
		b.press(request + " button[value=cpi_approve_up_to]")
	})
	b.until("the modal to be taken", "document.querySelector('dialog') === null", func() { b.types("dialog:modal input:not([type=hidden])", "4.40") })
	b.sees("the project to be live", says(project+" .badge", "LIVE"))
	b.sees("the modal to be gone", "document.querySelector('dialog') === null")
	var paused int
	for _, e := range r.prodege.Exchanges() {
		if e.Event.AsksCPI() {
			paused++
		}
	}
	if paused != 1 {
		t.Errorf("%d pauses for CPI were sent, want the one that was asked for", paused)
	}
}

// focusIs is true if the focus is to be seen, and on what an expression about e says.
const focusIs = `(() => { const e = document.activeElement; return e !== document.body && getComputedStyle(e).outlineStyle !== 'none' && e.getBoundingClientRect().width > 0 && %s })()`

// focused waits until what has the focus is as an expression about e says, and to be seen.
func (b *tab) focused(what, expression string) {
	b.t.Helper()
	b.sees("the focus, visible, on "+what, fmt.Sprintf(focusIs, expression))
}

// tabs presses Tab until what has the focus is as an expression about e says. The focus is to be seen all the way.
func (b *tab) tabs(what, expression string) {
	b.t.Helper()
	for range 150 { // the page has about a hundred stops
		b.do("press Tab", chromedp.KeyEvent(kb.Tab))
		b.focused("whatever is next", "true")
		if b.text("String("+fmt.Sprintf(focusIs, expression)+")") == "true" {
			return
		}
	}
	b.fail("tab to "+what, errors.New("it is not reached"))
}

// TestKeyboardInABrowser decides with the keyboard alone, from the top of the page, and looks where the focus is
// after everything that replaces what had it.
func TestKeyboardInABrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	r := launch(t, t.TempDir(), "-demo")
	request := "#msgs-" + approvalsChannel
	message := "e.matches('" + request + " > .message:not(.ephemeral)')"
	on := func(action string) string { return "e.matches('" + request + " button[value=" + action + "]')" }

	b.as(r, approverAnn)
	b.sees("the request", says(request+" h4", "Approve a CPI of $4.25?"))
	b.tabs("the scenarios", "e.matches('.plays button')")
	b.tabs("whom one is", "e.matches('#who select')")
	for _, user := range []string{approverBen, outsiderEve} { // the select goes on with the arrow keys
		b.do("press the arrow down", chromedp.KeyEvent(kb.ArrowDown))
		b.focused("the choice of a person", "e.matches('#who select') && e.value === '"+user+"'")
		b.sees("the page to be of "+user, "document.querySelector('"+request+" input[name=as]').value === '"+user+"'")
		b.focused("the choice of a person still", "e.matches('#who select')")
	}
	b.tabs("Approve", on("cpi_approve"))
	b.do("press Enter", chromedp.KeyEvent(kb.Enter))
	b.sees("the answer to Eve alone", says(request+" .ephemeral", "did not count"))
	b.focused("Approve, where it was", on("cpi_approve"))

	b.do("go back to the choice of a person", chromedp.Evaluate[chromedp.Void]("document.querySelector('#who select').focus()"))
	b.do("press Home", chromedp.KeyEvent(kb.Home))
	b.sees("Eve's message to be gone", "document.querySelector('"+request+" .ephemeral') === null")
	b.tabs("Reject", on("cpi_reject"))
	for name, leave := range map[string]string{"Escape": kb.Escape, "Cancel": kb.Tab + kb.Enter} {
		b.until("the modal", "document.querySelector('dialog:modal textarea') !== null", func() { b.do("press Enter", chromedp.KeyEvent(kb.Enter)) })
		b.focused("the modal's field", "e.matches('dialog:modal textarea')")
		b.do("leave by "+name, chromedp.KeyEvent(leave))
		b.sees("the modal to close by "+name, "document.querySelector('dialog') === null")
		b.focused("Reject again after "+name, on("cpi_reject"))
	}
	b.do("go back to Approve up to…", chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	b.focused("Approve up to…", on("cpi_approve_up_to"))
	b.until("the modal", "document.querySelector('dialog:modal input') !== null", func() { b.do("press Enter", chromedp.KeyEvent(kb.Enter)) })
	b.focused("the modal's field", "e.matches('dialog:modal input')")
	b.until("the modal to be taken", "document.querySelector('dialog') === null", func() { b.do("submit the modal", chromedp.KeyEvent(kb.Enter)) })
	b.sees("the message's last words", says(request+" h4", "Live again at $4.25"))
	b.focused("the message, as its buttons are gone", message)
}
