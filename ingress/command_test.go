package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
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
			return []OpenItem{
				{Workflow: "project-7", Project: 7, Summary: "asks to accept $4.25", Since: time.Now(), Decision: true},
				{Workflow: "project-8", Project: 8, Summary: "asks a second person to accept $9.00", Since: time.Now(), Decision: true},
				{Workflow: "project-9", Project: 9, Summary: "PAUSED", Since: time.Now()}, // nobody answers for it
			}, nil
		}
	})
	waits := func(id prodege.ProjectID, name, phase string) workflows.ProjectState {
		child := "project-" + id.String() + "-cpi-1"
		return workflows.ProjectState{ProjectID: id, Name: cards.Project{ID: id, Name: name}, Pause: &workflows.PauseState{Request: child}, Requests: []*workflows.RequestState{
			{Workflow: child, Status: workflows.ChildStatus{Phase: phase, Link: "https://slack.example/" + child}},
		}}
	}
	w.temporal.projects = map[prodege.ProjectID]workflows.ProjectState{7: waits(7, "Oat milk", "open"), 8: waits(8, "Dog owners", "second")}
	w.temporal.requests = map[string]workflows.ApprovalState{"project-8-cpi-1": {DecisionState: workflows.DecisionState{
		Decisions: []cards.Decision{{Verdict: cards.Approve, User: "U0BEN"}},
	}}}
	if err := w.slack.VerifyEventsURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	home := func(user string) string {
		t.Helper()
		if reply, err := w.slack.OpenHome(t.Context(), user); err != nil || !reply.OK() {
			t.Fatalf("%+v, %v", reply, err)
		}
		w.in.Wait()
		home, _ := w.slack.Home(user)
		return simulator.ViewText(home)
	}
	for user, want := range map[string][]string{
		"U0ANN": {"2 decisions wait for you", "Oat milk", "Dog owners", "Waiting for others"},
		"U0BEN": {"One decision waits for you", "Oat milk", "Waiting for others", "You approved; another person is asked"}, // approved the other already
		"U0EVE": {"3 projects wait", "not among those who may decide", "Oat milk"},
	} {
		got := home(user)
		for _, part := range append(want, "$4.25", "project 9") {
			if !strings.Contains(strings.ToLower(got), strings.ToLower(part)) {
				t.Errorf("%s: %q is missing in\n%s", user, part, got)
			}
		}
	}
	shown, _ := w.slack.Home("U0ANN")
	if b, _ := json.Marshal(shown.Blocks); !strings.Contains(string(b), "https://slack.example/project-7-cpi-1") {
		t.Errorf("no link to the message: %s", b)
	}
	w.who.mu.Lock()
	w.who.unknown = true
	w.who.mu.Unlock()
	if got := home("U0EVE"); !strings.Contains(got, "3 projects wait") || strings.Contains(got, "not among") {
		t.Errorf("where the list of approvers can't be had:\n%s", got)
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

// TestDecisionsAreListedHoweverManyPausesAreOlder, and with what their workflows tell.
func TestDecisionsAreListedHoweverManyPausesAreOlder(t *testing.T) {
	at := time.Now()
	w := newWorld(t, func(o *Options) {
		o.Open = func(context.Context) ([]OpenItem, error) {
			many := []OpenItem{{Workflow: "project-7", Project: 7, Summary: "asks to accept $4.25", Since: at, Decision: true}}
			for n := range prodege.ProjectID(45) {
				many = append(many, OpenItem{Workflow: "project-" + (n + 100).String(), Project: n + 100, Summary: "PAUSED", Since: at.Add(-time.Hour)})
			}
			return many, nil
		}
	})
	w.temporal.projects = map[prodege.ProjectID]workflows.ProjectState{7: {
		Name:      cards.Project{ID: 7, Name: "Oat milk"},
		Invoicing: &workflows.InvoiceState{Status: workflows.ChildStatus{Phase: "byhand", Link: "https://slack.example/invoice"}},
	}}
	if reply, err := w.slack.Command(t.Context(), "U0ANN", approvals, "/fieldmarshal", "open"); err != nil || !reply.OK() {
		t.Fatalf("%+v, %v", reply, err)
	}
	if reply, err := w.slack.OpenHome(t.Context(), "U0ANN"); err != nil || !reply.OK() {
		t.Fatalf("%+v, %v", reply, err)
	}
	w.in.Wait()
	told, home := w.slack.Ephemerals("U0ANN"), ""
	if v, ok := w.slack.Home("U0ANN"); ok {
		home = simulator.ViewText(v)
	}
	for what, text := range map[string]string{"open": simulator.PlainText(told[0]), "home": home} {
		for _, part := range []string{"Oat milk", "https://slack.example/invoice", map[string]string{"open": "26 more", "home": "6 more"}[what]} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is missing in\n%s", what, part, text)
			}
		}
	}
	if text := simulator.PlainText(told[0]); strings.Index(text, "PAUSED") > strings.Index(text, "Oat milk") {
		t.Errorf("the oldest is not first:\n%s", text)
	}
}

// TestAListNeedsNoWorker: a workflow that does not answer costs its name and link, and no more than its share of time.
func TestAListNeedsNoWorker(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Open = func(context.Context) ([]OpenItem, error) {
			var many []OpenItem
			for n := range prodege.ProjectID(30) {
				many = append(many, OpenItem{Workflow: "project-" + (n + 1).String(), Project: n + 1, Summary: "asks to accept $4.25"})
			}
			return many, nil
		}
	})
	w.temporal.silent = true
	reply, err := w.slack.Command(t.Context(), "U0EVE", approvals, "/fieldmarshal", "open")
	told := w.slack.Ephemerals("U0EVE")
	if err != nil || !reply.OK() || len(told) != 1 || !strings.Contains(told[0].Text, "30 projects wait") {
		t.Fatalf("%+v, %v, %+v", reply, err, told)
	}
	if given := w.temporal.until.Sub(w.temporal.asked); w.temporal.until.IsZero() || given > askOpenTimeout {
		t.Errorf("all workflows together may take %s to answer, want %s", given, askOpenTimeout)
	}
}
