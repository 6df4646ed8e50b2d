package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

// sendWithFallback sends a card. If Slack refuses its layout, only the text is sent, with how to decide without buttons.
// plain reports whether that happened.
func sendWithFallback(ctx context.Context, channel string, card project.Card, send func(cards.Message) error) (plain bool, err error) {
	m := cards.Render(card)
	err = send(m)
	f := classifySlack(err)
	if f.kind != slackLayout {
		return false, err
	}
	activity.GetLogger(ctx).Error("Slack refuses the layout of a message, so only its text is sent, without buttons", "channel", channel, "why", f.words)
	count(ctx, metricSlack, "plain", "")
	if m.Text == "" {
		return true, err
	}
	return true, send(cards.Message{Text: plainText(m.Text, withoutButtons(card))})
}

// plainText joins both within the strictest of Slack's limits, which is chat.update's 4,000 bytes. It cuts text if
// necessary.
func plainText(text, words string) string {
	const maxBytes = 3900
	if words != "" {
		words = "\n" + words
	}
	if left := maxBytes - len(words); len(text) > left {
		text = strings.ToValidUTF8(text[:left], "") + "…"
	}
	return text + words
}

// invoiceButtons are the phases in which an invoice's message has a button. There is no command for these.
var invoiceButtons = []project.InvoicePhase{project.InvoiceByHand, project.InvoiceAsks, project.InvoiceAsked, project.InvoiceRefused}

// withoutButtons says how to decide if a message lacks its buttons; empty if it has none anyway.
func withoutButtons(c project.Card) string {
	var id fmt.Stringer
	var commands []string
	switch r, p, i := c.Request, c.Pause, c.Invoice; {
	case r != nil:
		id, commands = r.Project.ID, requestCommands(r)
	case p != nil && p.Action.HasButtons():
		id, commands = p.Project.ID, []string{"act %s"}
		if p.Action.Phase.Failed() {
			commands = append(commands, "act %s try-again")
		}
	case i != nil && slices.Contains(invoiceButtons, i.Phase):
		return "Slack refuses the layout of this message, so it has no buttons. Ask whoever runs Fieldmarshal to look into it; once it is fixed, the buttons return with the next change."
	}
	if len(commands) == 0 {
		return ""
	}
	for i, c := range commands {
		commands[i] = "`fieldmarshal " + fmt.Sprintf(c, id) + " --as U…`"
	}
	return "Slack refuses the layout of this message, so it has no buttons. To decide, run " + strings.Join(commands, " or ") + " (U… is your Slack user id), or ask whoever runs Fieldmarshal to do it."
}

// requestCommands returns the commands that do the same as a request's buttons.
func requestCommands(r *project.RequestFacts) []string {
	switch {
	case r.Required == nil:
		return nil
	case r.Phase == project.PhaseOpen, r.Phase == project.PhaseSecond:
		return []string{"approve %s --amount " + r.Required.String(), "reject %s"}
	case r.Phase.Failed():
		return []string{"act %s try-again", "act %s close"}
	case r.Phase == project.PhaseExpired, r.Phase == project.PhaseRejected:
		return []string{"act %s ask-again"}
	}
	return nil
}
