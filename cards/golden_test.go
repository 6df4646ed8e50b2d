package cards

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

var update = flag.Bool("update", false, "write the golden files anew")

// payload is what Slack's Block Kit Builder takes when pasted, with the fallback text beside it.
type payload struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

func TestGolden(t *testing.T) {
	files := map[string]any{}
	for name, card := range facts() {
		m := Render(card)
		files[name] = payload(m)
	}
	b := fullButton()
	b.UpTo, b.Revision = nil, 0
	for name, actionID := range map[string]string{"modal-reject": ActionReject, "modal-approve-up-to": ActionApproveUpTo, "modal-details": ActionDetails} {
		files[name] = must(OpenModal(actionID, b, "C0CPI", "1773176520.000100"))
		files[name+"-unread"] = must(OpenModal(actionID, Button{Project: 29303649, Request: "e1", Generation: 1}, "C0CPI", "1773176520.000100"))
	}
	maps.Copy(files, actionModals())
	maps.Copy(files, answersToQuestions())

	for name, shown := range files {
		t.Run(name, func(t *testing.T) { golden(t, name, encode(t, shown)) })
	}
	stands, _ := filepath.Glob("testdata/*.golden.json")
	for _, path := range stands {
		if _, ok := files[strings.TrimSuffix(filepath.Base(path), ".golden.json")]; !ok {
			t.Errorf("%s shows no message any more: remove it", path)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldenText(t, name+".golden.json", string(got))
}

// encode writes JSON without HTML escapes, as people read it.
func encode(t *testing.T, v any) []byte {
	t.Helper()
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	// slack-go's own marshallers escape for HTML all the same.
	text := buf.Bytes()
	for escaped, char := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} {
		text = bytes.ReplaceAll(text, []byte(escaped), []byte(char))
	}
	return text
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestEveryStateHasGolden fails where a phase or kind is added without a message to look at.
func TestEveryStateHasGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range facts() {
		switch {
		case c.Pause != nil && c.Pause.Action != nil:
			seen[string(c.Pause.Action.Phase)] = true
		case c.Request != nil:
			seen[string(c.Request.Phase)] = true
		case c.Invoice != nil:
			seen["invoice "+string(c.Invoice.Phase)] = true
		case c.Note != nil:
			seen["note "+string(c.Note.Kind)] = true
		case c.Answer != nil:
			seen["answer "+string(c.Answer.Kind)] = true
		}
	}
	prefixes := map[string]string{"Phase": "", "Invoice": "invoice ", "Note": "note ", "Answer": "answer "}
	states := 0
	for name, value := range constants(t, "facts.go") {
		for prefix, kind := range prefixes {
			if strings.HasPrefix(name, prefix) {
				states++
				if !seen[kind+value] {
					t.Errorf("no golden file shows %s (%s)", name, kind+value)
				}
			}
		}
	}
	if states < 45 {
		t.Fatalf("found %d states in project/facts.go, there are more", states)
	}
}

// buttonsOf are the labels of a card's buttons, in order.
func buttonsOf(c project.Card) (labels []string) {
	for _, b := range Render(c).Blocks {
		if actions, ok := b.(*slack.ActionBlock); ok {
			for _, e := range actions.Elements.ElementSet {
				labels = append(labels, e.(*slack.ButtonBlockElement).Text.Text)
			}
		}
	}
	return labels
}

func TestButtonsOfEachState(t *testing.T) {
	want := map[string]string{
		"request-open": "Approve $4.25, Approve up to…, Reject, Details", "request-open-no-amount": "Approve up to…, Reject, Details",
		"request-open-odd-amount": "Approve up to…, Reject, Details", "request-open-at-ceiling": "Approve $4.25, Reject, Details",
		"request-second": "Approve $4.25, Approve up to…, Reject, Details", "request-second-up-to": "Approve up to $4.50, Approve up to…, Reject, Details",
		"request-over-limit": "Reject", "request-expired": "Ask again", "request-rejected": "Ask again", "request-closed": "Ask again",
		"request-refused": "Try again, Close", "request-refused-ours": "Try again, Close", "request-refused-ceiling": "Try again, Close", "request-stopped": "Try again, Close", "request-still": "Try again, Close",
		"pause-act-113-open": "Allow more clicks…", "pause-act-156-open": "Set live…", "pause-act-158-open": "Raise sample size…, Complete project…", "pause-act-nobody": "Raise sample size…, Complete project…",
		"pause-act-158-dry-run": "Raise sample size…, Complete project…", "pause-act-207-open": "Set live…, Complete project…", "pause-act-refused-ours": "Try again, Raise sample size…, Complete project…",
		"pause-act-still": "Try again, Set live…", "pause-act-refused": "Try again, Raise sample size…, Complete project…", "pause-act-stopped": "Try again, Raise sample size…, Complete project…",
		"invoice-byhand": "Mark as invoiced", "invoice-byhand-inactive": "Mark as invoiced", "invoice-refused": "Try again", "invoice-refused-ours": "Try again",
		"invoice-asks": "Send now", "invoice-asked": "Send now", "invoice-vouched": "Send now",
	}
	for name, card := range facts() {
		expected := want[name]
		if expected == "" && strings.HasPrefix(name, "request-open") {
			expected = want["request-open"]
		}
		if got := strings.Join(buttonsOf(card), ", "); got != expected {
			t.Errorf("%s: buttons %q, want %q", name, got, expected)
		}
	}
}

// What was offered is drawn as it was offered, whatever the table says now.
func TestOffersAreRecorded(t *testing.T) {
	c := actionCard(prodege.SampleSize, project.PhaseOpen, func(p *project.PauseFacts) {
		p.Action.Offers = []prodege.Action{{ID: "act_new", Label: "Something new", Status: prodege.Live}}
	})
	if got := strings.Join(buttonsOf(c), ", "); got != "Something new…" {
		t.Errorf("buttons %q", got)
	}
}

// A refusal of our own client, or of the ceiling, is never put in Prodege's mouth.
func TestOwnRefusalsAreOurs(t *testing.T) {
	for _, name := range []string{"request-refused-ours", "request-refused-ceiling", "pause-act-refused-ours", "note-refused-ours", "invoice-refused-ours"} {
		m := Render(facts()[name])
		for _, bad := range []string{"Prodege said", "Prodege refused", "Billing said", "refused by billing", "Prodege names"} {
			if strings.Contains(m.Text+blocksText(t, m), bad) {
				t.Errorf("%s says %q: %s", name, bad, m.Text)
			}
		}
	}
}
