package cards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fieldmarshal/project"
)

// TestEveryMessageNamesTheProject, by id and, if it is known, by name: in the blocks, and in the text of a notification.
func TestEveryMessageNamesTheProject(t *testing.T) {
	for name, card := range facts() {
		n, one := projectOf(card)
		if !one {
			continue
		}
		m := Render(card)
		for where, text := range map[string]string{"text": m.Text, "blocks": blocksText(t, m)} {
			if !strings.Contains(text, n.ID.String()) || !strings.Contains(text, n.Name) {
				t.Errorf("%s: the %s do not name project %s %q: %s", name, where, n.ID, n.Name, text)
			}
		}
	}
}

// projectOf is the project that a card is about; one reports whether it is about a single one.
func projectOf(c project.Card) (n project.Name, one bool) {
	switch {
	case c.Pause != nil:
		return c.Pause.Project, true
	case c.Rejection != nil:
		return c.Rejection.Project, true
	case c.Request != nil:
		return c.Request.Project, true
	case c.Invoice != nil:
		return c.Invoice.Project, true
	case c.Note != nil:
		return c.Note.Project, true
	case c.Answer != nil:
		return c.Answer.Project, true
	}
	return project.Name{}, false // a digest names each, a report counts them
}

var (
	bracketed = regexp.MustCompile(`\([^()]*\)`)
	command   = regexp.MustCompile("`[^`\n]*`")
	address   = regexp.MustCompile(`https?://[^\s|)]*|<!date[^>]*>`)
	newHere   = regexp.MustCompile(`(?i)unknown reason \d+|reason \d+, new here|\bSOMETHING_NEW\b`) // nobody has words for them
	bareCode  = regexp.MustCompile(`(?i)\b[a-z]+_[a-z_]+\b|\b(reason|code) \d+`)
)

// TestCodesFollowWords looks at everything that people read: a code of Prodege's or Slack's, or the name of a setting,
// stands only in brackets after plain words.
func TestCodesFollowWords(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden.*")
	if err != nil || len(files) < 150 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range shown(t, path, content) {
			rest := strings.ReplaceAll(text, `\_`, "_")
			for _, known := range []*regexp.Regexp{address, command, newHere, bracketed, bracketed} { // brackets may stand within brackets
				rest = known.ReplaceAllString(rest, "")
			}
			if code := bareCode.FindString(strings.ReplaceAll(rest, "PENDING_COMPLETE", "")); code != "" {
				t.Errorf("%s shows %q without words: %s", path, code, text)
			}
		}
	}
}

// shown are the texts of a golden file that people read: of JSON, those that Slack shows.
func shown(t *testing.T, path string, content []byte) (texts []string) {
	t.Helper()
	if !strings.HasSuffix(path, ".json") {
		return strings.Split(string(content), "\n")
	}
	var value any
	if err := json.Unmarshal(content, &value); err != nil {
		t.Fatal(path, err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if text, is := inner.(string); is && key == "text" {
					texts = append(texts, text)
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(value)
	return texts
}

// TestOneVocabularyOfWaiting: the words for what a project waits for hold the word of the search attribute, by which
// people filter.
func TestOneVocabularyOfWaiting(t *testing.T) {
	for name, value := range constants(t, "state.go") {
		if strings.HasPrefix(name, "Waits") && !strings.Contains(Waits(project.Waiting(value)), value) {
			t.Errorf("WaitingFor %q is told as %q", value, Waits(project.Waiting(value)))
		}
	}
}
