package cards

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// answersToQuestions are what the slash command and the home tab show.
func answersToQuestions() map[string]any {
	at := time.Date(2026, 5, 4, 14, 2, 0, 0, time.UTC)
	oats := project.Name{ID: 29303649, Name: "Oat milk study", PONumber: "PO-7731"}
	ui := func(id string) string { return "https://temporal.example/namespaces/default/workflows/project-" + id }
	slack := "https://example.slack.com/archives/C0CPI/p1777903320000100"
	list := OpenList{Items: []OpenItem{
		{Project: project.Name{ID: 42}, Summary: "PAUSED: sample size reached", Since: at.Add(-time.Hour), UI: ui("42")}, // its worker does not answer
		{Project: oats, Summary: "asks to accept $4.25, now $3.75", Since: at, Link: slack, UI: ui("29303649"), Decision: true, Card: requestCard(project.PhaseOpen, nil)},
		{Project: project.Name{ID: 41, Name: "Dog owners"}, Summary: "asks a second person to accept $9.00, now $7.50", Since: at.Add(time.Hour), Link: slack, UI: ui("41"), Decision: true, Approved: true},
		{Project: project.Name{ID: 43, Name: "Cat owners"}, Summary: "$4.25 was refused, still paused. Needs attention: what was decided was refused (Prodege: 2014)", Since: at.Add(time.Hour), UI: ui("43"), Repair: true},
	}}
	read := func(reader Reader, items ...OpenItem) any { return OpenList{Items: items, Reader: reader}.Home() }
	forOthers := append([]OpenItem(nil), list.Items...)
	forOthers[2].Approved = false
	attention := pausedState()
	attention.Request.Phase = project.PhaseExpired
	return map[string]any{
		"command-status":           payload(Status(pausedState(), project.Frame{UI: ui("29303649")})),
		"command-status-attention": payload(Status(attention, project.Frame{UI: ui("29303649"), Simulated: true})),
		"command-status-unknown":   payload(Status(project.New(7), project.Frame{UI: ui("7")})),
		"alarm":                    payload(Alarm("Temporal has not accepted events for 2m0s; 3 wait safely in the inbox and are tried again.", false)),
		"alarm-simulated":          payload(Alarm("5 deliveries of Prodege's webhook were refused lately: see `fieldmarshal refused`.", true)),

		"command-open":          payload(list.Message()),
		"command-open-nothing":  payload(OpenList{}.Message()),
		"command-help":          payload(Help("/fieldmarshal")),
		"home-approver":         read(Approver, list.Items...),
		"home-approver-nothing": read(Approver),
		"home-onlooker":         read(Onlooker, forOthers...),
		"home-unknown-reader":   read(Somebody, forOthers...),
	}
}

func TestOpenList(t *testing.T) {
	if m := (OpenList{}).Message(); m.Text != "Nothing waits for a person." {
		t.Errorf("nothing: %s", m.Text)
	}
	var many OpenList
	long := strings.Repeat("&<>é", 500)
	for i := range 300 {
		many.Items = append(many.Items, OpenItem{Project: project.Name{ID: prodege.ProjectID(i + 1), Name: long, PONumber: long}, Summary: long,
			Since: time.Unix(1.7e9, 0), Link: "https://x.example/" + strings.Repeat("a", 400), UI: "https://ui.example/" + strings.Repeat("b", 400)})
	}
	m := many.Message()
	if len(m.Blocks) > 50 || !strings.Contains(blocksText(t, m), "280 more") {
		t.Errorf("%d blocks", len(m.Blocks))
	}
	if n := len(blocksText(t, m)); n > 40_000 { // JSON with all its names around the text
		t.Errorf("%d bytes", n)
	}
	home := many.Home()
	if len(home.Blocks.BlockSet) > 100 {
		t.Errorf("%d blocks at home", len(home.Blocks.BlockSet))
	}
	if !strings.Contains(fmt.Sprint(Help("/fieldmarshal").Text), "/fieldmarshal status") {
		t.Error("help does not help")
	}
}

func blocksText(t *testing.T, m Message) string {
	t.Helper()
	return string(encode(t, json.RawMessage(mustJSON(t, m.Blocks))))
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
