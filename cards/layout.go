package cards

import (
	"github.com/slack-go/slack"

	"fieldmarshal/project"
)

// Slack's limits, in characters (docs.slack.dev, Block Kit reference). The sum over all blocks, about 13,000, is
// not documented; it is held by the length that each outside text is cut to, and a test adds up the worst case.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxLabel   = 75
	maxFields  = 10
	maxBlocks  = 50
)

// layout gathers the blocks of one message.
type layout struct{ blocks []slack.Block }

// words is a mrkdwn text of ours. Verbatim: what looks like an address or a channel in a project's name stays text.
func words(text string, max int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, cut(text, max), false, true)
}

// label is a plain text. Outside words in it went through plain.
func label(text string, max int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, plain(text, max), true, false)
}

// header is the title of a message.
func (l *layout) header(text string) {
	l.blocks = append(l.blocks, slack.NewHeaderBlock(label(text, maxHeader)))
}

// section is a paragraph of the lines that are not empty.
func (l *layout) section(parts ...string) {
	if text := lines(parts...); text != "" {
		l.blocks = append(l.blocks, slack.NewSectionBlock(words(text, maxSection), nil, nil))
	}
}

// field is one named value.
type field struct{ name, value string }

// fields is a table of what is known: two columns on a desktop, one on a phone.
func (l *layout) fields(all ...field) {
	var texts []*slack.TextBlockObject
	for _, f := range all {
		if f.value != "" && len(texts) < maxFields {
			texts = append(texts, words("*"+f.name+"*\n"+f.value, maxField))
		}
	}
	if texts != nil {
		l.blocks = append(l.blocks, slack.NewSectionBlock(nil, texts, nil))
	}
}

// context is a small grey line of the parts that are not empty.
func (l *layout) context(parts ...string) {
	if text := dots(parts...); text != "" {
		l.blocks = append(l.blocks, slack.NewContextBlock("", words(text, maxSection)))
	}
}

// frame ends a root message: links, and that it is simulated.
func (l *layout) frame(f project.Frame, links ...string) {
	mark := ""
	if f.Simulated {
		mark = "🧪 simulated: nothing here reaches Prodege"
	}
	l.context(append(append([]string{mark}, links...), link(f.UI, "Temporal UI"))...)
}

// actions is a row of buttons. Without buttons it adds no block.
func (l *layout) actions(buttons ...*slack.ButtonBlockElement) {
	var elements []slack.BlockElement
	for _, b := range buttons {
		if b != nil {
			elements = append(elements, b)
		}
	}
	if elements != nil {
		l.blocks = append(l.blocks, slack.NewActionBlock("", elements...))
	}
}
