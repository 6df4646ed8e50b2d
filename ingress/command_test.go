package ingress

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

func TestSlashCommand(t *testing.T) {
	var openFault error
	w := newWorld(t, func(o *Options) {
		o.Simulated = true
		o.UILink = func(id string) string { return "https://ui.example/" + id }
		o.Open = func(context.Context) ([]OpenItem, error) {
			return []OpenItem{{Workflow: "project-7", Project: 7, Summary: "asks to accept $4.25", Since: time.Now().Add(-time.Hour)}}, openFault
		}
	})
	w.temporal.projects = map[prodege.ProjectID]workflows.ProjectState{theProject: {
		Status: prodege.Paused, Reason: prodege.SampleSize, StatusSince: time.Now(), Waiting: workflows.WaitsLive, Name: cards.Project{ID: theProject, Name: "Oat milk"},
		Last: []workflows.EventLine{{Status: prodege.Paused, Reason: prodege.SampleSize, Time: time.Now(), Disposition: workflows.Applied}},
	}}
	ask := func(text string) string {
		t.Helper()
		before := len(w.slack.Ephemerals("U0EVE"))
		reply, err := w.slack.Command(t.Context(), "U0EVE", approvals, "/fieldmarshal", text)
		if err != nil || !reply.OK() {
			t.Fatalf("%s: %+v, %v", text, reply, err)
		}
		told := w.slack.Ephemerals("U0EVE")
		if len(told) != before+1 {
			t.Fatalf("%s: told %d times", text, len(told)-before)
		}
		return told[len(told)-1].Text + " " + reply.Body
	}
	for text, want := range map[string][]string{
		"status 29303649": {"Oat milk", "paused", "reason 158", "applied", "https://ui.example/project-29303649", "simulated"},
		"status 1":        {"not known here"},
		"status oats":     {"not a project id"},
		"open":            {"One project waits", "$4.25", "https://ui.example/project-7"},
		"help":            {"/fieldmarshal status"},
		"":                {"/fieldmarshal open"},
		"dance":           {"/fieldmarshal help"},
	} {
		got := ask(text)
		for _, part := range want {
			if !strings.Contains(strings.ToLower(got), strings.ToLower(part)) {
				t.Errorf("%q: %q is missing in %s", text, part, got)
			}
		}
	}
	w.temporal.set(func() { w.temporal.away = errors.New("unavailable") })
	openFault = errors.New("unavailable")
	for _, text := range []string{"status 29303649", "open"} {
		if got := ask(text); !strings.Contains(got, "does not answer") {
			t.Errorf("%q with Temporal away: %s", text, got)
		}
	}
	if len(w.slack.Messages(approvals)) != 0 {
		t.Error("the channel sees an answer")
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

func TestHomeTab(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Open = func(context.Context) ([]OpenItem, error) {
			return []OpenItem{{Workflow: "project-7", Project: 7, Summary: "asks to accept $4.25", Since: time.Now()}}, nil
		}
	})
	if err := w.slack.VerifyEventsURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reply, err := w.slack.OpenHome(t.Context(), "U0ANN"); err != nil || !reply.OK() {
		t.Fatalf("%+v, %v", reply, err)
	}
	w.in.Wait()
	home, ok := w.slack.Home("U0ANN")
	if !ok || len(home.Blocks) < 2 || !strings.Contains(home.Blocks[0].Text.Text, "One project waits") || !strings.Contains(home.Blocks[1].Text.Text, "$4.25") {
		t.Errorf("home: %+v", home)
	}
}
