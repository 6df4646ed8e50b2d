package activities

import (
	"strings"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

// openRequest is a request with buttons.
func openRequest() cards.Card {
	return cards.Card{Request: &cards.Request{Frame: cards.Frame{Project: cards.Project{ID: project}}, Workflow: "project-812-cpi-e1", Generation: 1,
		Required: usd("4.25"), PausedAt: time.Now(), Phase: cards.PhaseOpen}}
}

func TestEdit(t *testing.T) {
	sim, s := workspace(t)
	posted, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: openRequest()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := sim.Message("C1", posted.TS)
	if len(simulator.Buttons(m)) == 0 {
		t.Fatal("an open request has no buttons")
	}
	closed := openRequest()
	closed.Request.Phase = cards.PhaseEnded
	closed.Request.EndStatus = prodege.Complete
	in := Edit{Channel: "C1", TS: posted.TS, Key: "k", Card: closed}

	edited, err := once[Edited](t, s.Edit, in, try{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "gone", edited.Gone, false)
	m, _ = sim.Message("C1", posted.TS)
	want(t, "buttons", len(simulator.Buttons(m)), 0)
	want(t, "text", m.Text, closed.Message().Text)
	want(t, "key", m.Metadata.EventPayload["key"], any("k"))

	sim.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "chat.update"})
	if _, attempts, err := retried[Edited](t, s.Edit, in); err != nil || attempts != 2 {
		t.Errorf("after a lost answer: %d attempts, %v", attempts, err)
	}
}

// Buttons go even where Slack refuses the blocks.
func TestEditRatherBadlyThanNotAtAll(t *testing.T) {
	sim, s := workspace(t)
	posted, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: openRequest()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.update", Code: "invalid_blocks"})
	if _, err := once[Edited](t, s.Edit, Edit{Channel: "C1", TS: posted.TS, Key: "k", Card: aCard()}, try{}); err != nil {
		t.Fatal(err)
	}
	m, _ := sim.Message("C1", posted.TS)
	want(t, "blocks", len(m.Blocks), 0)
	want(t, "text", m.Text, aCard().Message().Text)
}

func TestEditWhatIsGone(t *testing.T) {
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		sim, s := workspace(t)
		sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.update", Code: code})
		edited, err := once[Edited](t, s.Edit, Edit{Channel: "C1", TS: "1700000000.000100", Card: aCard()}, try{})
		if err != nil || !edited.Gone {
			t.Errorf("%s: %+v, %v", code, edited, err)
		}
	}
}

func TestEditFaults(t *testing.T) {
	sim, s := workspace(t)
	in := Edit{Channel: "C1", TS: "1700000000.000100", Card: aCard()}
	sim.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "chat.update", RetryAfter: 9 * time.Second})
	_, err := once[Edited](t, s.Edit, in, try{})
	want(t, "delay", appError(t, err).NextRetryDelay(), 9*time.Second)
	in.Channel = "C2"
	_, err = once[Edited](t, s.Edit, in, try{})
	if words, known := MendOf(err); !known || !strings.Contains(words, "invite") {
		t.Errorf("not a member: %v", err)
	}
}

func TestWhisper(t *testing.T) {
	sim, s := workspace(t)
	card := cards.Card{Answer: &cards.Answer{Kind: cards.AnswerNotAllowed, Project: cards.Project{ID: project}}}
	if _, err := once[struct{}](t, s.Whisper, Whisper{Channel: "C4", User: "U1", Card: card}, try{}); err != nil {
		t.Fatal(err)
	}
	seen := sim.Ephemerals("U1")
	want(t, "messages", len(seen), 1)
	want(t, "text", seen[0].Text, card.Message().Text)
	want(t, "seen by others", len(sim.AllMessages("C4")), 0)

	_, attempts, err := retried[struct{}](t, s.Whisper, Whisper{Channel: "C4", User: "U2", Card: card})
	want(t, "attempts", attempts, 1)
	if words, known := MendOf(err); !known || !strings.Contains(words, "not in the channel") {
		t.Errorf("someone who left: %v", err)
	}
	sim.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "chat.postEphemeral", Times: 2})
	if _, attempts, err := retried[struct{}](t, s.Whisper, Whisper{Channel: "C4", User: "U1", Card: card}); err != nil || attempts != 3 {
		t.Errorf("Slack out of order: %d attempts, %v", attempts, err)
	}
}
