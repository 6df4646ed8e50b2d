package simulator

import (
	"encoding/json"
	"strings"
)

// Block is one block, with the properties of all types that are shown.
type Block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Text     *Text     `json:"text"`
	Fields   []Text    `json:"fields"`
	Elements []Element `json:"elements"`
	Label    *Text     `json:"label"`
	Hint     *Text     `json:"hint"`
	Element  *Element  `json:"element"`
	Optional bool      `json:"optional"`
}

// Element is a button, an input, or a text of a context block.
type Element struct {
	Type         string   `json:"type"`
	ActionID     string   `json:"action_id"`
	Text         Text     `json:"text"`
	Value        string   `json:"value"`
	Style        string   `json:"style"`
	Placeholder  *Text    `json:"placeholder"`
	InitialValue string   `json:"initial_value"`
	Multiline    bool     `json:"multiline"`
	MaxLength    int      `json:"max_length"`
	Confirm      *Confirm `json:"confirm"`
}

// Confirm is the dialog that asks before a click is sent.
type Confirm struct {
	Title   Text `json:"title"`
	Text    Text `json:"text"`
	Confirm Text `json:"confirm"`
	Deny    Text `json:"deny"`
}

// Text is a text object. In a context block the text stands in the element itself, so plain strings are read too.
type Text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// UnmarshalJSON reads a text object or a string.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.Text)
	}
	type plain Text
	return json.Unmarshal(b, (*plain)(t))
}

// Buttons lists a message's buttons in their order.
func Buttons(m Message) []Element {
	var out []Element
	for _, b := range m.Blocks {
		for _, e := range b.Elements {
			if e.Type == "button" {
				out = append(out, e)
			}
		}
	}
	return out
}

// PlainText gives everything that can be read on a message, a line a text, as it was sent (mrkdwn is not taken
// away). A message without blocks is its fallback text.
func PlainText(m Message) string {
	if m.Blocks == nil {
		return m.Text
	}
	return blocksText(m.Blocks)
}

// ViewText gives everything that can be read on a modal or home tab.
func ViewText(v View) string {
	return strings.TrimSpace(v.Title + "\n" + blocksText(v.Blocks) + "\n" + v.Submit)
}

func blocksText(blocks []Block) string {
	var lines []string
	add := func(texts ...string) {
		for _, t := range texts {
			if t != "" {
				lines = append(lines, t)
			}
		}
	}
	for _, b := range blocks {
		for _, t := range []*Text{b.Text, b.Label, b.Hint} {
			if t != nil {
				add(t.Text)
			}
		}
		for _, f := range b.Fields {
			add(f.Text)
		}
		for _, e := range b.Elements {
			add(e.Text.Text)
		}
		if b.Element != nil {
			add(b.Element.InitialValue)
		}
	}
	return strings.Join(lines, "\n")
}
