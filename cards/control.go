package cards

import "time"

// Accepting is the page of the kill switch in the Temporal UI, as Markdown.
func Accepting(on bool, by string, at time.Time) string {
	text := "Accepting CPIs at Prodege is ON"
	if !on {
		text = "Accepting CPIs at Prodege is OFF: decisions are recorded and held back"
	}
	if by == "" {
		return "### " + text
	}
	return "### " + text + "\nby " + markdown(by) + ", " + stamp(at)
}

// HeldBack begins the summary of a project whose decision waits for accepting to be switched on.
const HeldBack = "held back"
