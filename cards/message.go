package cards

import "github.com/slack-go/slack"

// Message is a card as Slack takes it. Text stands in notifications and wherever blocks can't be shown: it
// says it all in one line. Both are mrkdwn, escaped, and within Slack's limits.
type Message struct {
	Text   string
	Blocks []slack.Block
}

// Message renders whichever fact is set. A card with none gives an empty Message, which Slack refuses, so
// that the fault shows.
func (c Card) Message() Message {
	switch {
	case c.Pause != nil:
		return c.Pause.message()
	case c.Rejection != nil:
		return c.Rejection.message()
	case c.Request != nil:
		return c.Request.message()
	case c.Invoice != nil:
		return c.Invoice.message()
	case c.Note != nil:
		return c.Note.message()
	case c.Answer != nil:
		return c.Answer.message()
	case c.Digest != nil:
		return c.Digest.message()
	case c.Report != nil:
		return c.Report.message()
	}
	return Message{}
}
