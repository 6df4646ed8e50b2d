package activities

import (
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// openRequest is a request with buttons.
func openRequest() project.Card {
	return project.Card{Request: &project.RequestFacts{Frame: project.Frame{Project: project.Name{ID: projectID}}, ID: "e1", Generation: 1,
		Required: usd("4.25"), PausedAt: time.Now(), Phase: project.PhaseOpen}}
}

// alertWithActions is an alert with buttons.
func alertWithActions() project.Card {
	e := prodege.Event{ID: "e1", ProjectID: projectID, Status: prodege.Paused, Reason: prodege.NoUniqueLinks, Time: time.Now()}
	return project.Card{Pause: &project.PauseFacts{Frame: project.Frame{Project: project.Name{ID: projectID}}, Event: e, Since: e.Time, Times: 1,
		Action: &project.ActionFacts{ID: e.ID, Generation: 1, Reason: e.Reason, Offers: e.Actions(), Phase: project.PhaseOpen}}}
}

func TestEdit(t *testing.T) {
	sim, s := workspace(t)
	posted, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: openRequest()})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := sim.Message("C1", posted.TS)
	if len(simulator.Buttons(m)) == 0 {
		t.Fatal("an open request has no buttons")
	}
	closed := openRequest()
	closed.Request.Phase = project.PhaseEnded
	closed.Request.EndStatus = prodege.Complete
	in := project.Edit{Channel: "C1", TS: posted.TS, Key: "k", Card: closed}

	edited, err := once[project.Edited](t, s.Edit, in)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "gone", edited.Gone, false)
	m, _ = sim.Message("C1", posted.TS)
	want(t, "buttons", len(simulator.Buttons(m)), 0)
	want(t, "text", m.Text, cards.Render(closed).Text)
	want(t, "key", m.Metadata.EventPayload["key"], any("k"))

	sim.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "chat.update"})
	if _, attempts, err := repeated[project.Edited](t, s.Edit, in, carryNothing); err != nil || attempts != 2 {
		t.Errorf("after a lost answer: %d attempts, %v", attempts, err)
	}
}

// The buttons are removed even if Slack refuses the blocks.
func TestEditPlain(t *testing.T) {
	sim, s := workspace(t)
	posted, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: openRequest()})
	if err != nil {
		t.Fatal(err)
	}
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.update", Code: "invalid_blocks"})
	edited, err := once[project.Edited](t, s.Edit, project.Edit{Channel: "C1", TS: posted.TS, Key: "k", Card: aCard()})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "plain", edited.Plain, true)
	m, _ := sim.Message("C1", posted.TS)
	want(t, "blocks", len(m.Blocks), 0)
	want(t, "text", m.Text, cards.Render(aCard()).Text)
}

func TestEditWhatIsGone(t *testing.T) {
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		sim, s := workspace(t)
		sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.update", Code: code})
		edited, err := once[project.Edited](t, s.Edit, project.Edit{Channel: "C1", TS: "1700000000.000100", Card: aCard()})
		if err != nil || !edited.Gone {
			t.Errorf("%s: %+v, %v", code, edited, err)
		}
	}
}

func TestEditFaults(t *testing.T) {
	sim, s := workspace(t)
	in := project.Edit{Channel: "C1", TS: "1700000000.000100", Card: aCard()}
	sim.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "chat.update", RetryAfter: 9 * time.Second})
	_, err := once[project.Edited](t, s.Edit, in)
	want(t, "delay", failureOf(t, err).RetryAfter, 9*time.Second)
	in.Channel = "C2"
	_, err = once[project.Edited](t, s.Edit, in)
	f := failureOf(t, err)
	want(t, "not a member", f.Kind, project.FailedOperator)
	contains(t, "not a member", f.Text, "edit a message in C2", "invite")
}

func TestEphemeral(t *testing.T) {
	sim, s := workspace(t)
	card := project.Card{Answer: &project.Answer{Kind: project.AnswerNotAllowed, Project: project.Name{ID: projectID}}}
	in := project.Ephemeral{Channel: "C4", User: "U1", Card: card}
	if _, err := once[struct{}](t, s.Ephemeral, in); err != nil {
		t.Fatal(err)
	}
	seen := sim.Ephemerals("U1")
	want(t, "messages", len(seen), 1)
	want(t, "text", seen[0].Text, cards.Render(card).Text)
	want(t, "seen by others", len(sim.AllMessages("C4")), 0)

	_, err := once[struct{}](t, s.Ephemeral, project.Ephemeral{Channel: "C4", User: "U2", Card: card})
	f := failureOf(t, err)
	want(t, "someone who left", f.Kind, project.FailedOperator)
	contains(t, "someone who left", f.Text, "not in the channel")
	sim.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "chat.postEphemeral", Times: 2})
	if _, attempts, err := repeated[struct{}](t, s.Ephemeral, in, carryNothing); err != nil || attempts != 3 {
		t.Errorf("Slack out of order: %d attempts, %v", attempts, err)
	}
}
