package cards

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// TestRecordedTakesButtonsAway starts from blocks as Slack sends them with a click.
func TestRecordedTakesButtonsAway(t *testing.T) {
	text, err := json.Marshal(slack.Blocks{BlockSet: facts()["request-open"].Message().Blocks})
	if err != nil {
		t.Fatal(err)
	}
	var original slack.Blocks
	if err := json.Unmarshal([]byte(strings.Replace(string(text), "[", `[{"type":"new_kind","x":1},`, 1)), &original); err != nil {
		t.Fatal(err)
	}
	m := Recorded(original.BlockSet, "U0ANN", ActionApprove, decided)
	if want := "<@U0ANN> clicked Approve at 21:09 UTC, recorded"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
	shown := string(encode(t, m.Blocks))
	for _, want := range []string{"Spring tracker UK", "<@U0ANN> clicked Approve <!date^", "new_kind"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is gone from %s", want, shown)
		}
	}
	if strings.Contains(shown, `"button"`) {
		t.Errorf("a button is left: %s", shown)
	}
	if len(m.Blocks) != len(original.BlockSet) {
		t.Errorf("%d blocks became %d; the buttons make way for one line", len(original.BlockSet), len(m.Blocks))
	}
}

func TestRecordedWithinLimits(t *testing.T) {
	original := make([]slack.Block, 50)
	for i := range original {
		original[i] = slack.NewDividerBlock()
	}
	m := Recorded(original, "<!here>", "unknown", decided)
	if len(m.Blocks) != 50 || !strings.HasPrefix(m.Text, "&lt;!here&gt; clicked a button") {
		t.Errorf("%d blocks, %q", len(m.Blocks), m.Text)
	}
}

// buttonsOf gives the labels of a card's buttons, in order.
func buttonsOf(c Card) (labels []string) {
	for _, b := range c.Message().Blocks {
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
		"request-open": "Approve $4.25, Approve up to…, Reject", "request-open-no-amount": "Approve up to…, Reject", "request-open-at-ceiling": "Approve $4.25, Reject",
		"request-second": "Approve $4.25, Approve up to…, Reject", "request-second-up-to": "Approve up to $4.50, Approve up to…, Reject",
		"request-over-limit": "Reject", "request-expired": "Ask again", "request-refused": "Try again, Close", "request-refused-ceiling": "Try again, Close", "request-stopped": "Try again, Close", "request-still": "Try again, Close",
		"pause-act-113-open": "Allow more clicks…", "pause-act-156-open": "Set live…", "pause-act-158-open": "Raise sample size…, Complete project…",
		"pause-act-158-dry-run": "Raise sample size…, Complete project…", "pause-act-207-open": "Set live…, Complete project…",
		"pause-act-still": "Try again, Set live…", "pause-act-refused": "Try again, Raise sample size…, Complete project…", "pause-act-stopped": "Try again, Raise sample size…, Complete project…",
		"invoice-byhand": "Mark as invoiced", "invoice-byhand-inactive": "Mark as invoiced", "invoice-refused": "Try again", "invoice-asks": "Send now", "invoice-asked": "Send now",
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
