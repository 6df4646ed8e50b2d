// Package cards words the facts of package project for people: Slack messages with their fallback text, modals, the
// home tab, the page in the Temporal UI and the one line of lists. It is pure: no clock, no network, no
// configuration. The value that a button carries is encoded and decoded here, side by side.
//
// Text from outside is escaped, so that a project named <!channel> pings nobody, and cut, so that Slack's limits
// hold for any input.
//
// Rules of wording: the message says first what happened or what is asked, then what to do. Amounts carry their
// difference in money and per cent. A fault names the party that reported it, and Prodege is never said to have
// answered what it was not asked. Every message names the project.
package cards

import (
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/project"
)

// Message is a card as Slack takes it. Text is shown in notifications and when blocks can't be: it says everything in
// one line. Both are mrkdwn, escaped, and within Slack's limits.
type Message struct {
	Text   string
	Blocks []slack.Block
}

// Render words whichever fact of a card is set. An empty card gives an empty Message, which Slack refuses, so that
// the fault shows.
func Render(c project.Card) Message {
	switch {
	case c.Pause != nil:
		return pause{c.Pause}.message()
	case c.Rejection != nil:
		return rejectionMessage(c.Rejection)
	case c.Request != nil:
		return request{c.Request}.message()
	case c.Invoice != nil:
		return invoiceMessage(c.Invoice)
	case c.Note != nil:
		return noteMessage(c.Note)
	case c.Answer != nil:
		return answerMessage(c.Answer)
	case c.Digest != nil:
		return digestMessage(c.Digest)
	case c.Report != nil:
		return reportMessage(c.Report)
	}
	return Message{}
}

// paragraph is a message of one text.
func paragraph(text string, simulated bool) Message {
	var l layout
	l.section(text)
	return l.end(project.Frame{Simulated: simulated})
}

// story is what a message tells: a title, what happened, what to do. The blocks and the fallback text share it.
type story struct {
	icon, title, what, todo string
}

// phase is a phase in words: in one line for lists, on every surface, and as a message. A key such as PhaseOpen+"/newer"
// is a case of a phase that is told apart in words only.
type phase struct {
	line string // plain text, not escaped
	story
}

// fill replaces placeholders such as {cpi}, given in pairs with the words for them, which may be empty.
func (s story) fill(pairs ...string) story {
	r := strings.NewReplacer(pairs...)
	fill := func(text string) string { return strings.TrimSpace(r.Replace(text)) }
	return story{s.icon, fill(s.title), fill(s.what), fill(s.todo)}
}
