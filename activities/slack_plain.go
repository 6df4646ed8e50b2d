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

// sendWithFallback sends a card. If Slack refuses its layout, the text is sent alone, with the words how to decide
// without buttons: something is better than nothing. plain reports whether it came to that.
func sendWithFallback(ctx context.Context, channel string, card project.Card, send func(cards.Message) error) (plain bool, err error) {
	m := cards.Render(card)
	err = send(m)
	f := classifySlack(err)
	if f.kind != slackLayout {
		return false, err
	}
	activity.GetLogger(ctx).Error("Slack refuses the layout of a message, so its text is sent alone, without buttons", "channel", channel, "why", f.words)
	count(ctx, metricSlack, "plain", "")
	if m.Text == "" {
		return true, err
	}
	return true, send(cards.Message{Text: plainText(m.Text, withoutButtons(card))})
}

// plainText puts both in the strictest of Slack's limits, which is chat.update's 4,000 bytes. What is cut is the
// first.
func plainText(text, words string) string {
	const most = 3900
	if words != "" {
		words = "\n" + words
	}
	if left := most - len(words); len(text) > left {
		text = strings.ToValidUTF8(text[:left], "") + "…"
	}
	return text + words
}

// invoiceButtons are the phases in which an invoice's message has a button. No command does the same.
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
			commands = append(commands, "try-again %s")
		}
	case i != nil && slices.Contains(invoiceButtons, i.Phase):
		return "Slack refuses the layout of this message, so it has no buttons. Ask whoever runs Fieldmarshal to look at it: the buttons come back with its next edit."
	}
	if len(commands) == 0 {
		return ""
	}
	for i, c := range commands {
		commands[i] = "`fieldmarshal " + fmt.Sprintf(c, id) + " --as U…`"
	}
	return "Slack refuses the layout of this message, so it has no buttons. To decide, run " + strings.Join(commands, " or ") + " (U… is your Slack user id), or ask whoever runs Fieldmarshal to do it."
}

// requestCommands are the commands that do what a request's buttons do.
func requestCommands(r *project.RequestFacts) []string {
	switch {
	case r.Required == nil:
		return nil
	case r.Phase == project.PhaseOpen, r.Phase == project.PhaseSecond:
		return []string{"approve %s --amount " + r.Required.String(), "reject %s"}
	case r.Phase.Failed():
		return []string{"try-again %s", "close %s"}
	case r.Phase == project.PhaseExpired, r.Phase == project.PhaseRejected:
		return []string{"ask-again %s"}
	}
	return nil
}
