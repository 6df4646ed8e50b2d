package cards

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

func TestOverview(t *testing.T) {
	at := time.Date(2026, 5, 4, 14, 2, 0, 0, time.UTC)
	o := Overview{
		Frame:  Frame{Project: Project{ID: 29303649, Name: "<!channel> oats", PONumber: "PO-7"}, UI: "https://ui.example/w"},
		Status: prodege.Paused, Since: at, Reason: prodege.RealTimePricing, Waits: "approval", WaitsSince: at, Required: usd("4.25"),
		Attention: "Slack: not_in_channel", Request: "https://x.slack.com/archives/C1/p1",
		Last: []PastEvent{{At: at.Add(-time.Hour), Status: prodege.Live, Became: "applied"}, {At: at, Status: prodege.Paused, Reason: 160, Became: "late"}},
	}
	m := o.Message()
	text := blocksText(t, m)
	for _, want := range []string{"oats", "Paused since", "reason 160", "a decision about its CPI", "$4.25", "not_in_channel", "CPI request", "Temporal UI", "late", "applied"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if strings.Contains(text, "<!channel>") || strings.Contains(m.Text, "<!channel>") {
		t.Error("a project's name pings everybody")
	}
	if strings.Index(text, "late") > strings.Index(text, "applied") {
		t.Error("the newest event is not first")
	}
	if text := (Overview{Frame: Frame{Project: Project{ID: 1}}}).Message().Text; !strings.Contains(text, "Not known yet") {
		t.Errorf("nothing known: %s", text)
	}
}

// answersToQuestions are what the slash command and the home tab show.
func answersToQuestions() map[string]any {
	at := time.Date(2026, 5, 4, 14, 2, 0, 0, time.UTC)
	oats := Project{ID: 29303649, Name: "Oat milk study", PONumber: "PO-7731"}
	ui := func(id string) string { return "https://temporal.example/namespaces/default/workflows/project-" + id }
	slack := "https://example.slack.com/archives/C0CPI/p1777903320000100"
	list := OpenList{Items: []OpenItem{
		{Project: Project{ID: 42}, Summary: "PAUSED: 158 sample size reached", Since: at.Add(-time.Hour), UI: ui("42")}, // its worker does not answer
		{Project: oats, Summary: "asks to accept $4.25, now $3.75", Since: at, Link: slack, UI: ui("29303649"), Decision: true},
		{Project: Project{ID: 41, Name: "Dog owners"}, Summary: "asks a second person to accept $9.00, now $7.50", Since: at.Add(time.Hour), Link: slack, UI: ui("41"), Decision: true, Approved: true},
	}}
	read := func(reader Reader, items ...OpenItem) any { return OpenList{Items: items, Reader: reader}.Home() }
	forOthers := append([]OpenItem(nil), list.Items...)
	forOthers[2].Approved = false
	status := Overview{
		Frame:  Frame{Project: oats, UI: ui("29303649")},
		Status: prodege.Paused, Since: at, Reason: prodege.RealTimePricing, Waits: "approval", WaitsSince: at, Required: usd("4.25"), Request: slack,
		Last: []PastEvent{{At: at.Add(-time.Hour), Status: prodege.Live, Became: "applied"}, {At: at, Status: prodege.Paused, Reason: 160, Became: "applied"}},
	}
	attention := status
	attention.Attention = "Slack: not_in_channel"
	return map[string]any{
		"alarm":           payload(Alarm("Temporal has not taken events for 2m0s; 3 wait safely in the inbox and are tried again.", false)),
		"alarm-simulated": payload(Alarm("5 deliveries of Prodege's webhook were refused lately: see `fieldmarshal refused`.", true)),

		"command-status":           payload(status.Message()),
		"command-status-attention": payload(attention.Message()),
		"command-status-unknown":   payload(Overview{Frame: Frame{Project: Project{ID: 7}, UI: ui("7")}}.Message()),
		"command-open":             payload(list.Message()),
		"command-open-nothing":     payload(OpenList{}.Message()),
		"command-help":             payload(Help("/fieldmarshal")),
		"home-approver":            read(Approver, list.Items...),
		"home-approver-nothing":    read(Approver),
		"home-onlooker":            read(Onlooker, forOthers...),
		"home-unknown-reader":      read(Somebody, forOthers...),
	}
}

func TestOpenList(t *testing.T) {
	if m := (OpenList{}).Message(); m.Text != "Nothing waits for a person." {
		t.Errorf("nothing: %s", m.Text)
	}
	var many OpenList
	long := strings.Repeat("&<>é", 500)
	for i := range 300 {
		many.Items = append(many.Items, OpenItem{Project: Project{ID: prodege.ProjectID(i + 1), Name: long, PONumber: long}, Summary: long,
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
