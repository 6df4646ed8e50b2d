package docs_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated pages of docs/reference anew")

// groups are the chapters of the page, each with the beginning of its golden files' names.
var groups = []struct{ prefix, title, intro string }{
	{"pause-", "Alerts about a pause", "In the alerts channel. One message a pause; it is edited as the pause goes on and ends."},
	{"digest", "A burst of pauses", "In the alerts channel, once a minute while pauses come faster than Slack takes messages."},
	{"report", "The weekly report", "In the alerts channel, where `DIGEST` says when."},
	{"rejection", "Rejected reconciliation", "In the alerts channel."},
	{"request-", "CPI requests", "In the approvals channel. One message a pause; it is edited from phase to phase."},
	{"recorded", "Right after a click", "What the message shows until the workflow writes it anew, a moment later."},
	{"modal-", "Modals", "What a button opens that asks something first."},
	{"note-", "Notes", "Replies in the thread of a message, or messages of their own. They are never edited."},
	{"answer-", "Answers to clicks that did not count", "Seen by the person who clicked, and nobody else."},
	{"invoice-", "Invoices", "In the finance channel."},
	{"alarm", "Alarms of the ingress", "In the alerts channel, each kind at most once in ten minutes."},
	{"command-", "The slash command", "Seen by the person who asked, and nobody else."},
	{"home-", "The home tab", "What the app's own page shows to who opens it. What a project's worker does not tell in time (name, link to the message) is left out."},
}

const preamble = `# Slack messages

Every message in every state, as text. It is written by ` + "`go test ./docs -update`" + ` from the golden files in ` + "`cards/testdata`" + `: paste one of those into Slack's
[Block Kit Builder](https://app.slack.com/block-kit-builder) to see it as people do. Buttons are in brackets. Times are shown in the reader's own zone; here in UTC. Each message also has a
fallback text for notifications that says the same in one line.
`

// TestSlackMessages holds the page to the golden files.
func TestSlackMessages(t *testing.T) {
	files, err := filepath.Glob("../cards/testdata/*.golden.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	page := strings.Builder{}
	page.WriteString(preamble)
	shown := 0
	for _, g := range groups {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", g.title, g.intro)
		for _, file := range files {
			if name := strings.TrimSuffix(filepath.Base(file), ".golden.json"); strings.HasPrefix(name, g.prefix) {
				fmt.Fprintf(&page, "\n### %s\n\n```text\n%s\n```\n", name, asText(t, file))
				shown++
			}
		}
	}
	if shown != len(files) {
		t.Errorf("%d golden files, of which %d belong to a chapter: add one to groups", len(files), shown)
	}
	holds(t, "reference/slack-messages.md", page.String(), "the golden files")
}

// block is what the page shows of one of Slack's blocks.
type block struct {
	Type     string  `json:"type"`
	Text     *text   `json:"text"`
	Fields   []text  `json:"fields"`
	Elements []inner `json:"elements"`
	Label    *text   `json:"label"`
	Hint     *text   `json:"hint"`
	Element  *struct {
		Initial     string `json:"initial_value"`
		Placeholder *text  `json:"placeholder"`
	} `json:"element"`
}

type text struct {
	Text string `json:"text"`
}

// inner is an element: a button, whose text is an object, or a text of a context, whose text is a string.
type inner struct {
	Text json.RawMessage `json:"text"`
}

func (i inner) words() (words string, button bool) {
	var t text
	if json.Unmarshal(i.Text, &t) == nil && t.Text != "" {
		return t.Text, true
	}
	_ = json.Unmarshal(i.Text, &words)
	return words, false
}

func asText(t *testing.T, file string) string {
	t.Helper()
	var message struct {
		Title  *text   `json:"title"`
		Submit *text   `json:"submit"`
		Blocks []block `json:"blocks"`
	}
	if err := json.Unmarshal([]byte(read(t, file)), &message); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var lines []string
	if message.Title != nil {
		lines = append(lines, plain(message.Title.Text))
	}
	for _, b := range message.Blocks {
		lines = append(lines, b.lines()...)
	}
	if message.Submit != nil {
		lines = append(lines, "["+plain(message.Submit.Text)+"]")
	}
	return strings.Join(lines, "\n")
}

func (b block) lines() []string {
	var lines []string
	if b.Text != nil {
		lines = append(lines, plain(b.Text.Text))
	}
	for _, f := range b.Fields {
		lines = append(lines, "  "+strings.ReplaceAll(plain(f.Text), "\n", " "))
	}
	var row []string
	for _, e := range b.Elements {
		words, button := e.words()
		if words = plain(words); button && b.Type == "actions" {
			words = "[" + words + "]"
		}
		row = append(row, words)
	}
	if row != nil {
		lines = append(lines, strings.Join(row, " "))
	}
	if b.Label != nil {
		lines = append(lines, plain(b.Label.Text)+":")
	}
	if e := b.Element; e != nil {
		filled := e.Initial
		if filled == "" && e.Placeholder != nil {
			filled = e.Placeholder.Text
		}
		lines = append(lines, "  "+filled)
	}
	if b.Hint != nil {
		lines = append(lines, "  ("+plain(b.Hint.Text)+")")
	}
	return lines
}

var (
	labelled = regexp.MustCompile(`<[^|<>]*\|([^<>]*)>`) // dates and links: what stands after the bar is shown
	mention  = regexp.MustCompile(`<(?:@|!subteam\^)([A-Z0-9]+)>`)
	bold     = regexp.MustCompile(`\*([^*\n]+)\*`)
)

// plain is mrkdwn as one reads it.
func plain(mrkdwn string) string {
	s := labelled.ReplaceAllString(mrkdwn, "$1")
	s = mention.ReplaceAllString(s, "@$1")
	s = bold.ReplaceAllString(s, "$1")
	return html.UnescapeString(s)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
