package cards

import (
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
		return rejection{c.Rejection}.message()
	case c.Request != nil:
		return request{c.Request}.message()
	case c.Invoice != nil:
		return invoice{c.Invoice}.message()
	case c.Note != nil:
		return note{c.Note}.message()
	case c.Answer != nil:
		return answer{c.Answer}.message()
	case c.Digest != nil:
		return digest{c.Digest}.message()
	case c.Report != nil:
		return report{c.Report}.message()
	}
	return Message{}
}

// paragraph is a message of one text.
func paragraph(text string, simulated bool) Message {
	var l layout
	l.section(text)
	f := project.Frame{Simulated: simulated}
	l.frame(f)
	return l.message(f)
}
