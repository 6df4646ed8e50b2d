package cards

import (
	"time"

	"github.com/slack-go/slack"
)

// Recorded is a message after a click on it was taken: the buttons are gone, and a line says who clicked
// what. Neutral words: whether the click decides is the workflow's to say, which then writes the message anew.
func Recorded(original []slack.Block, user, actionID string, at time.Time) Message {
	what := "a button"
	if a, ok := actionOf(actionID); ok {
		what = a.words
	}
	var l layout
	for _, b := range original {
		if b.BlockType() != slack.MBTAction {
			l.blocks = append(l.blocks, b)
		}
	}
	if len(l.blocks) > maxBlocks-1 {
		l.blocks = l.blocks[:maxBlocks-1]
	}
	l.context("⏳ " + person(user) + " clicked " + what + " " + when(at) + ", recorded")
	return Message{Text: person(user) + " clicked " + what + " at " + at.UTC().Format("15:04 UTC") + ", recorded", Blocks: l.blocks}
}
