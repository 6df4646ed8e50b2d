package cards

import (
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/project"
)

// Slack's limits, in characters (docs.slack.dev, Block Kit reference). The sum over all blocks, about 13,000, is
// not documented; it is held by the length that each outside text is cut to, and a test adds up the worst case.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000 // a section has at most ten
	maxLabel   = 75
	maxText    = 2900
)

// layout gathers the blocks of one message, and what they say in one line: the text of notifications, and of a message
// whose blocks Slack refuses.
type layout struct {
	blocks []slack.Block
	said   []string
}

// begin starts a message about one project with its title and the project's name.
func begin(title string, n project.Name) *layout {
	var l layout
	l.header(title)
	l.name(n)
	return &l
}

// end adds the frame and returns the message.
func (l *layout) end(f project.Frame, links ...string) Message {
	l.frame(f, links...)
	return l.message(f)
}

// message returns the message. Its text begins with the project that the frame names, if it names one.
func (l *layout) message(f project.Frame) Message {
	name := only(f.Project.ID != 0, capital(shortName(f.Project))+":")
	text := sentences(append([]string{only(f.Simulated, "[simulated]"), name}, l.said...)...)
	return Message{Text: cut(text, maxText), Blocks: l.blocks}
}

var (
	dateForm = regexp.MustCompile(`<!date\^[^<>|]*\|([^<>|]*)>`)
	boldForm = regexp.MustCompile(`(^|\s)\*([^*\n]+)\*`)
)

// say adds the lines of a block to the text, each as a sentence: without bold, and with times in UTC, which only
// blocks show in the reader's own zone.
func (l *layout) say(text string) {
	for line := range strings.Lines(dateForm.ReplaceAllString(text, "$1")) {
		line, quoted := strings.CutPrefix(line, "> ")
		line = strings.TrimSpace(boldForm.ReplaceAllString(line, "$1$2"))
		if !quoted {
			line = capital(line)
		}
		if line == "" {
			continue
		}
		if !strings.HasSuffix(line, "…") && strings.TrimRight(line, ".,;:?!") == line {
			line += "."
		}
		l.said = append(l.said, line)
	}
}

// words is a mrkdwn text of ours. Verbatim: what looks like an address or a channel in a project's name stays text.
func words(text string, max int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, cut(text, max), false, true)
}

// label is a plain text, which may be from outside.
func label(text string, max int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, plain(text, max), true, false)
}

func (l *layout) header(text string) {
	l.blocks = append(l.blocks, slack.NewHeaderBlock(label(text, maxHeader)))
	l.say(escape(plain(text, maxHeader)))
}

func (l *layout) name(n project.Name) {
	l.blocks = append(l.blocks, slack.NewSectionBlock(words(nameLine(n), maxSection), nil, nil))
}

// section is a paragraph of the lines that are not empty.
func (l *layout) section(parts ...string) {
	if text := lines(parts...); text != "" {
		l.blocks = append(l.blocks, slack.NewSectionBlock(words(text, maxSection), nil, nil))
		l.say(text)
	}
}

type field struct{ name, value string }

// fields is a table of what is known: two columns on a desktop, one on a phone.
func (l *layout) fields(all ...field) {
	var texts []*slack.TextBlockObject
	for _, f := range all {
		if f.value != "" {
			texts = append(texts, words("*"+f.name+"*\n"+f.value, maxField))
			l.say(f.name + ": " + strings.ReplaceAll(f.value, "\n", "; "))
		}
	}
	if texts != nil {
		l.blocks = append(l.blocks, slack.NewSectionBlock(nil, texts, nil))
	}
}

// context is a small grey line of the parts that are not empty; the text says it too.
func (l *layout) context(parts ...string) { l.say(l.small(parts...)) }

// small is a context that the text leaves out.
func (l *layout) small(parts ...string) string {
	text := dots(parts...)
	if text != "" {
		l.blocks = append(l.blocks, slack.NewContextBlock("", words(text, maxSection)))
	}
	return text
}

// frame adds the links of a root message, and that it is simulated.
func (l *layout) frame(f project.Frame, links ...string) {
	mark := only(f.Simulated, "🧪 simulated: nothing here reaches Prodege")
	l.small(append(append([]string{mark}, links...), link(f.UI, "Temporal UI"))...)
}

// actions is a row of the buttons that are not nil. Without buttons it adds no block.
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
