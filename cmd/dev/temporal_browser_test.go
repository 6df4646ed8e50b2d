package main

import (
	"fmt"
	"strings"
	"testing"
)

// clicks clicks an element of the Temporal UI until that shows an effect: an element may be drawn before it reacts. The
// effect is an expression; if it is true already nothing is clicked.
func (b *tab) clicks(selector, effect string) {
	b.t.Helper()
	b.sees("what comes of clicks on "+selector, fmt.Sprintf(`(() => {
		if (%s) return true;
		const e = document.querySelector(%q), now = Date.now();
		if (e && now - (window.clickedAt ?? 0) > 1000) { window.clickedAt = now; e.click() }
		return false
	})()`, effect, selector))
}

// shown is an expression that is true if there is such an element of the Temporal UI.
func shown(id string) string {
	return fmt.Sprintf("document.querySelector('[data-testid=%q]') !== null", id)
}

// TestTemporalUIInABrowser looks at what an engineer sees: which projects wait for a person and why, in the list; what
// one waits for and since when, whom it asked and what became of its events, on its page.
func TestTemporalUIInABrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	b := openTab(t)
	r := launch(t, t.TempDir(), "-demo")
	base := r.temporal.UIURL + "/namespaces/default/workflows"

	// The list, with the column that the README says how to add.
	b.goes(base + `?query=WaitingFor%3D%22approval%22`)
	b.sees("the one project that waits", says("tbody tr", fmt.Sprintf("project-%d", cpiProject)))
	b.clicks("[data-testid=workflows-summary-table-configuration-button]", shown("drawer-close-button"))
	for _, column := range []string{"Summary", "WaitingFor", "WaitingSince"} {
		b.clicks(`[data-testid="orderable-list-item-`+column+`-add-button"]`, shown("orderable-list-item-"+column+"-remove-button"))
	}
	for _, column := range []string{"Run ID", "Type", "Start", "End"} { // as wide as the screen
		b.clicks(`[data-testid="orderable-list-item-`+column+`-remove-button"]`, shown("orderable-list-item-"+column+"-add-button"))
	}
	b.clicks("[data-testid=drawer-close-button]", "!("+shown("drawer-close-button")+")")
	b.sees("the summary", says("tbody tr", "asks to accept $4.25, now $3.75"))
	if rows := b.text("String(document.querySelectorAll('tbody tr').length)"); rows != "1" {
		t.Errorf("%s workflows wait for a person, want 1: %s", rows, b.text("document.querySelector('tbody').innerText"))
	}
	b.picture("temporal-list", "body", 1280, 620, false)

	// The project's page: the bars of its timeline have names, and its details say the rest.
	b.goes(fmt.Sprintf("%s/project-%d", base, cpiProject))
	b.sees("the timeline", "document.body.innerText.includes('Timeline') && location.pathname.endsWith('/timeline')")
	run := strings.TrimSuffix(b.text("location.origin + location.pathname"), "/timeline")
	for _, bar := range []string{"read the project's figures for the request", "post CPI request", "StatusUpdate"} {
		b.sees("a bar named "+bar, fmt.Sprintf("document.body.innerText.includes(%q) || document.body.textContent.includes(%q)", bar, bar))
	}
	b.picture("temporal-timeline", "body", 1280, 860, false)
	b.goes(run + "/user-metadata")
	for _, text := range []string{fmt.Sprintf("Prodege project %d", cpiProject), "Status PAUSED since", "Waits for approval of its CPI since", "asks to accept $4.25, now $3.75", "asked in " + approvalsChannel, "Events received: 2 (applied 2", "(reason 160): applied"} {
		b.sees("details that say "+text, fmt.Sprintf("[...document.querySelectorAll('iframe')].map(f => f.contentDocument?.body?.innerText ?? '').join(' ').replace(/\\s+/g, ' ').includes(%q)", text))
	}
	b.picture("temporal-details", "body", 1280, 900, false)
}
