package docs_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated pages of docs/reference anew")

// chapters of the page. Each has the beginning of its golden files' names; the phases of which images/ has a picture, in
// the order in which they are shown; and the golden files that are shown as text.
var chapters = []struct {
	prefix, title, intro string
	phases, shown        []string
}{
	{"pause-", "Alerts about a pause", "In the alerts channel. One message per pause; it is edited while the pause lasts and when it ends.", []string{"alert", "alert-live"}, nil},
	{"digest", "A burst of pauses", "In the alerts channel, once a minute while pauses come faster than Slack accepts messages.", nil, nil},
	{"report", "The weekly report", "In the alerts channel, when `DIGEST` says.", nil, nil},
	{"rejection", "Rejected reconciliation", "In the alerts channel.", nil, []string{"rejection"}},
	{"request-", "CPI requests", "In the approvals channel. One message per pause; it is edited from phase to phase.", []string{"asked", "superseded", "approved", "live", "rejected", "expired", "above-ceiling", "nobody", "held", "refused", "not-live"}, nil},
	{"modal-", "Modals", "What a button opens that asks for input, and what *Details* opens.", nil, []string{"modal-approve-up-to"}},
	{"note-", "Notes", "Replies in the thread of a message, or messages of their own.", nil, nil},
	{"answer-", "Answers to one person", "What a click did or did not do. Only the person who clicked sees it.", nil, []string{"answer-superseded"}},
	{"invoice-", "Invoices", "In the finance channel.", []string{"invoice"}, nil},
	{"alarm", "Alarms of the ingress", "In the alerts channel.", nil, nil},
	{"command-", "The slash command", "Only the person who used it sees the answer.", nil, nil},
	{"home-", "The home tab", "What the app's own page shows to the person who opens it.", nil, nil},
}

const preamble = `# Slack messages

This page shows how the most frequent messages look in Slack, and lists every message in every state by the name of its golden file, ` + "`cards/testdata/<name>.golden.json`" + `. Paste one into Slack's [Block Kit Builder](https://app.slack.com/block-kit-builder) to see it as people do.
In the texts, buttons are in brackets; Slack shows times in the reader's own time zone, here UTC. ` + "`go test ./docs -update`" + ` writes this page.
`

// TestSlackMessages holds the page to the golden files and the pictures.
func TestSlackMessages(t *testing.T) {
	files, err := filepath.Glob("../cards/testdata/*.golden.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	page := strings.Builder{}
	page.WriteString(preamble)
	listed := 0
	for _, c := range chapters {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", c.title, c.intro)
		page.WriteString(pictures(c.phases))
		for _, name := range c.shown {
			fmt.Fprintf(&page, "\n```text\n%s\n```\n", asText(t, "../cards/testdata/"+name+".golden.json"))
		}
		var names []string
		for _, file := range files {
			if name := strings.TrimSuffix(filepath.Base(file), ".golden.json"); strings.HasPrefix(name, c.prefix) {
				names = append(names, "`"+name+"`")
			}
		}
		fmt.Fprintf(&page, "\n%s\n", strings.Join(names, ", "))
		listed += len(names)
	}
	if listed != len(files) {
		t.Errorf("%d golden files, of which %d belong to a chapter: add one to chapters", len(files), listed)
	}
	holds(t, "reference/slack-messages.md", page.String(), "the golden files and the pictures")
}

// pictures shows the pictures of phases, two in a row.
func pictures(phases []string) string {
	if phases == nil {
		return ""
	}
	page := "\n| | |\n| --- | --- |\n"
	for pair := range slices.Chunk(phases, 2) {
		for _, phase := range pair {
			words := strings.ReplaceAll(phase, "-", " ")
			page += fmt.Sprintf("| *%s*<br>![%s](../images/phase-%s.png) ", words, words, phase)
		}
		page += strings.Repeat("| ", 2-len(pair)) + "|\n"
	}
	return page
}

// TestPicturesAreShown: each picture of docs/images stands on some page.
func TestPicturesAreShown(t *testing.T) {
	var all strings.Builder
	for _, path := range markdown(t) {
		all.WriteString(read(t, path))
	}
	pictures, err := filepath.Glob("images/*.png")
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	for _, picture := range pictures {
		if !strings.Contains(all.String(), picture) {
			t.Errorf("no page shows docs/%s", picture)
		}
	}
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
