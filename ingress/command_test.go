package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// ask sends the slash command, and returns the answer.
func (w *world) ask(user, text string) string {
	w.t.Helper()
	before := len(w.slack.Ephemerals(user))
	reply, err := w.slack.Command(w.t.Context(), user, approvals, "/fieldmarshal", text)
	if err != nil || !reply.OK() {
		w.t.Fatalf("%s: %+v, %v", text, reply, err)
	}
	told := w.slack.Ephemerals(user)
	if len(told) != before+1 {
		w.t.Fatalf("%s: told %d times", text, len(told)-before)
	}
	return told[len(told)-1].Text + " " + simulator.PlainText(told[len(told)-1]) + " " + reply.Body
}

// home opens the home tab, and returns what it says.
func (w *world) home(user string) string {
	w.t.Helper()
	if reply, err := w.slack.OpenHome(w.t.Context(), user); err != nil || !reply.OK() {
		w.t.Fatalf("%+v, %v", reply, err)
	}
	return w.homeNow(user)
}

func (w *world) homeNow(user string) string {
	w.t.Helper()
	w.in.Wait()
	home, shown := w.slack.Home(user)
	if !shown {
		w.t.Fatalf("%s has no home tab", user)
	}
	return simulator.ViewText(home)
}

// says checks that a text contains parts, ignoring case.
func says(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
			t.Errorf("%s: %q is missing in %s", what, part, text)
		}
	}
}

// asksCPI is a project whose CPI request is in that phase.
func asksCPI(id prodege.ProjectID, name string, phase project.Phase, decided ...project.Decided) *project.State {
	s := project.New(id)
	amount := prodege.MustUSD("4.25")
	e := prodege.Event{ID: pauseID, ProjectID: id, Time: time.Now(), Status: prodege.Paused, Reason: prodege.RealTimePricing}
	s.Name = project.Name{ID: id, Name: name, PONumber: "PO-" + id.String()}
	s.Status, s.Reason, s.Waiting = prodege.Paused, e.Reason, project.WaitsApproval
	s.Pause = &project.Pause{Opened: pauseID, Event: e, ForCPI: true, Request: "request-644b0754"}
	s.Request = &project.Question{Kind: project.OfCPI, ID: pauseID, Generation: 2, Phase: phase, Event: e, Required: &amount, Decisions: decided}
	facts := requestFacts(func(r *project.RequestFacts) { r.Project, r.Phase, r.Decisions = s.Name, phase, decided })
	s.Outbox = []*project.Message{{Key: s.Pause.Request, Channel: approvals, Link: "https://slack.example/request-" + id.String(), Card: project.Card{Request: facts}, Wanted: 1, Shown: 1, TS: "1.2"}}
	return s
}

// asksAction is a project that is paused, with buttons on its alert if it offers actions.
func asksAction(id prodege.ProjectID, name string, reason prodege.Reason) *project.State {
	s := project.New(id)
	facts := alertFacts(reason)
	s.Name = project.Name{ID: id, Name: name}
	facts.Project, facts.Event.ProjectID = s.Name, id
	s.Status, s.Reason, s.Waiting = prodege.Paused, reason, project.WaitsAction
	s.Pause = &project.Pause{Opened: pauseID, Event: facts.Event, Alert: "alert-644b0754"}
	if len(facts.Action.Offers) > 0 {
		s.Action = &project.Question{Kind: project.OfAction, ID: pauseID, Generation: 2, Phase: project.PhaseOpen, Event: facts.Event, Offers: facts.Action.Offers}
	} else {
		facts.Action = nil
	}
	s.Outbox = []*project.Message{{Key: s.Pause.Alert, Channel: alertsChannel, Link: "https://slack.example/alert-" + id.String(), Card: project.Card{Pause: facts}, Wanted: 1, Shown: 1, TS: "1.2"}}
	return s
}

func TestSlashCommand(t *testing.T) {
	list := &directory{open: []prodege.ProjectID{theProject, 29304712, 29304713},
		waiting: []OpenItem{{Project: 7, Waiting: project.WaitsApproval, Summary: "asks to accept $4.25", Since: time.Now().Add(-time.Hour)}}}
	w := newWorld(t, func(o *Options) {
		o.Simulated, o.Directory = true, list
		o.UILink = func(id string) string { return "https://ui.example/" + id }
	})
	paused := asksAction(theProject, "Oat milk", prodege.SampleSize)
	paused.Last = []project.EventLine{{Status: prodege.Paused, Reason: prodege.SampleSize, Time: time.Now(), Disposition: project.Applied}}
	paused.Name.PONumber = "PO-4711"
	w.temporal.projects = map[prodege.ProjectID]*project.State{theProject: paused,
		29304712: asksCPI(29304712, "New parents panel US", project.PhaseOpen), 29304713: asksCPI(29304713, "New parents panel UK", project.PhaseOpen)}
	for text, want := range map[string][]string{
		"status 29303649":           {"Oat milk", "paused", "reason 158", "applied", "https://ui.example/project-29303649", "simulated", "somebody to take action"},
		"Status PO-4711":            {"Oat milk", "reason 158"},
		"status po-4711":            {"Oat milk"},
		"status \"PO-4711\"":        {"Oat milk"},
		"status “oat milk”":         {"Oat milk"},
		"status\u00a0oat\u00a0MILK": {"Oat milk"},
		"status #29303649":          {"Oat milk"},
		"status 29,303,649":         {"Oat milk"},
		"status project-29303649":   {"Oat milk"},
		"status `29303649`":         {"Oat milk"},
		"29303649":                  {"Did you mean “status 29303649”?"},
		"#29303649":                 {"Did you mean “status #29303649”?"},
		"status <@U0ANN>":           {"No open project has"},
		"status <!here>":            {"No open project has"},
		"status oat":                {"Oat milk"},
		"status  parents   us":      {"New parents panel US", "$4.25"},
		"status parents":            {"matches 2 open projects", "29304712 New parents panel US (PO-29304712)", "29304713"},
		"status 1":                  {"not known here"},
		"status soy":                {"No open project has “soy”"},
		"status":                    {"needs a project", "/fieldmarshal status"},
		"open":                      {"One project waits", "$4.25", "https://ui.example/project-7"},
		"open 5":                    {"“open 5” is not understood"},
		"help":                      {"/fieldmarshal status"},
		"":                          {"/fieldmarshal open"},
		"dance":                     {"“dance” is not understood", "/fieldmarshal help"},
		"staus 29303649":            {"“staus 29303649” is not understood", "/fieldmarshal status"},
		"<!channel> everybody up":   {"is not understood"},
	} {
		got := w.ask("U0EVE", text)
		says(t, text, got, want...)
		if strings.Contains(got, "<!channel>") {
			t.Errorf("%q pings everybody: %s", text, got)
		}
	}
	asked := w.temporal.queried
	w.ask("U0EVE", "status soy")
	if w.temporal.queried != asked {
		t.Errorf("a second search asked %d projects for names that are known", w.temporal.queried-asked)
	}
	w.temporal.set(func() { w.temporal.away = errors.New("unavailable") })
	list.fault = errors.New("unavailable")
	for _, text := range []string{"status 29303649", "status oat", "open"} {
		says(t, text+" with Temporal away", w.ask("U0EVE", text), "does not answer")
	}
	if len(w.slack.Messages(approvals)) != 0 {
		t.Error("the channel sees an answer")
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

// TestGuestsSeeNoPrices, nor does anybody who may be one.
func TestGuestsSeeNoPrices(t *testing.T) {
	for name, guest := range map[string]func(context.Context, string) (bool, error){
		"a guest":   func(context.Context, string) (bool, error) { return true, nil },
		"who knows": func(context.Context, string) (bool, error) { return false, errors.New("missing_scope") },
	} {
		t.Run(name, func(t *testing.T) {
			list := &directory{open: []prodege.ProjectID{7}, waiting: []OpenItem{{Project: 7, Waiting: project.WaitsApproval, Summary: "asks to accept $4.25, now $3.75", Since: time.Now()}}}
			w := newWorld(t, func(o *Options) { o.Directory, o.Guest = list, guest })
			amount := prodege.MustUSD("4.25")
			s := asksCPI(7, "Oat milk", project.PhaseRefused, project.Decided{Verdict: project.Approve, User: "U0BEN", Amount: &amount, At: time.Now(), From: project.FromSlack})
			s.Request.Refusal = &project.Refusal{Party: project.PartyCeiling, Text: "$4.25 is above $4.00"}
			w.temporal.projects = map[prodege.ProjectID]*project.State{7: s}
			for _, text := range []string{w.ask("U0ANN", "status 7"), w.ask("U0ANN", "status oat"), w.ask("U0ANN", "open"), w.home("U0ANN")} {
				if strings.Contains(text, "4.25") || strings.Contains(text, "3.75") || !strings.Contains(text, "Oat milk") {
					t.Errorf("told: %s", text)
				}
			}
			if b := w.homeButtons("U0ANN"); len(b) != 0 {
				t.Errorf("buttons at home: %v", b)
			}
		})
	}
}

func (w *world) homeButtons(user string) []string {
	w.t.Helper()
	home, _ := w.slack.Home(user)
	var ids []string
	for _, b := range home.Blocks {
		for _, e := range b.Elements {
			if e.Type == "button" {
				ids = append(ids, e.ActionID)
			}
		}
	}
	return ids
}

func TestHomeTab(t *testing.T) {
	at := time.Now()
	w := newWorld(t, func(o *Options) {
		o.Directory = &directory{waiting: []OpenItem{
			{Project: 12, Waiting: project.WaitsInvoicing, Summary: "COMPLETE, invoice made by hand", Since: at.Add(-6 * time.Hour)},
			{Project: 11, Waiting: project.WaitsAction, Summary: "PAUSED: quality check", Since: at.Add(-5 * time.Hour)},
			{Project: 10, Waiting: project.WaitsAction, Summary: "PAUSED: sample size reached", Since: at.Add(-4 * time.Hour)},
			{Project: 7, Waiting: project.WaitsApproval, Summary: "asks to accept $4.25", Since: at.Add(-3 * time.Hour)},
			{Project: 8, Waiting: project.WaitsApproval, Summary: "asks a second person to accept $9.00", Since: at.Add(-2 * time.Hour)},
			{Project: 9, Waiting: project.WaitsApproval, Summary: "asks to accept $5.00", Since: at.Add(-time.Hour), Attention: true},
			{Project: 14, Waiting: project.WaitsApproval, Summary: "$4.25 is above the ceiling", Since: at, Attention: true},
			{Project: 13, Waiting: project.WaitsInvoiced, Summary: "COMPLETE. Needs attention", Since: at, Attention: true}, // its workflow does not answer
		}}
	})
	amount := prodege.MustUSD("9")
	nobody := asksCPI(9, "Cat owners", project.PhaseOpen)
	nobody.Request.Nobody = true
	w.temporal.projects = map[prodege.ProjectID]*project.State{
		7:  asksCPI(7, "Oat milk", project.PhaseOpen),
		8:  asksCPI(8, "Dog owners", project.PhaseSecond, project.Decided{Verdict: project.Approve, User: "U0BEN", Amount: &amount, At: at, From: project.FromSlack}),
		9:  nobody,
		14: asksCPI(14, "Night owls", project.PhaseOverLimit),
		10: asksAction(10, "Streaming habits", prodege.SampleSize),
		11: asksAction(11, "Car buyers", prodege.Reason(999)),
		12: {ID: 12, Name: project.Name{ID: 12, Name: "Tea"}, Outbox: []*project.Message{{Key: "invoice", Link: "https://slack.example/invoice", Card: project.Card{Invoice: &project.InvoiceFacts{}}}}},
	}
	if err := w.slack.VerifyEventsURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	// In this order, and each once.
	for user, want := range map[string][]string{
		"U0ANN": {"Waiting for you", "Streaming habits", "Oat milk", "Dog owners", "Waiting for others", "Tea", "Car buyers", "Needs somebody to put right", "Cat owners", "Night owls", "13"},
		"U0BEN": {"Waiting for you", "Streaming habits", "Oat milk", "Waiting for others", "Dog owners", "You approved; a second person must approve as well", "Needs somebody to put right"}, // approved it already
		"U0EVE": {"Waiting for you", "not among the approvers", "Waiting for others", "Tea", "Oat milk", "Needs somebody to put right", "Cat owners"},
	} {
		got, from := w.home(user), 0
		for _, part := range want {
			at := strings.Index(strings.ToLower(got[from:]), strings.ToLower(part))
			if at < 0 {
				t.Errorf("%s: %q is missing, or comes too early, in\n%s", user, part, got)
				break
			}
			from += at
		}
	}
	if b := w.homeButtons("U0ANN"); !slices.Contains(b, cards.ActionApprove) || !slices.Contains(b, string(prodege.ActSample)) {
		t.Errorf("buttons: %v", b)
	}
	if b := w.homeButtons("U0EVE"); len(b) != 0 {
		t.Errorf("buttons of somebody who may not decide: %v", b)
	}
	shown, _ := w.slack.Home("U0ANN")
	all, _ := json.Marshal(shown.Blocks)
	for _, link := range []string{"https://slack.example/request-7", "https://slack.example/alert-10", "https://slack.example/invoice"} {
		if !strings.Contains(string(all), link) {
			t.Errorf("no link %s: %s", link, all)
		}
	}
	w.who.mu.Lock()
	w.who.unknown = true
	w.who.mu.Unlock()
	if got := w.home("U0EVE"); !strings.Contains(got, "can't be read from Slack right now") || strings.Contains(got, "not among") {
		t.Errorf("if the list of approvers can't be had:\n%s", got)
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

// TestClicksAtHome: they count like those on the message, and the tab itself answers.
func TestClicksAtHome(t *testing.T) {
	list := &directory{waiting: []OpenItem{{Project: theProject, Waiting: project.WaitsApproval, Summary: "asks to accept $4.25", Since: time.Now()}}}
	w := newWorld(t, func(o *Options) { o.Directory = list })
	w.temporal.projects = map[prodege.ProjectID]*project.State{theProject: asksCPI(theProject, "Oat milk", project.PhaseOpen)}
	click := func(id string) {
		t.Helper()
		if reply, err := w.slack.Click(t.Context(), simulator.Click{User: "U0ANN", Home: true, ActionID: id}); err != nil || !reply.OK() {
			t.Fatalf("%s: %+v, %v", id, reply, err)
		}
		w.in.Wait()
	}
	w.home("U0ANN")
	w.temporal.set(func() { w.temporal.away = errors.New("unavailable") })
	click(cards.ActionApprove)
	if got := w.homeNow("U0ANN"); !strings.Contains(got, "could not be recorded") {
		t.Errorf("Temporal away: %s", got)
	}
	w.temporal.set(func() { w.temporal.away = nil })
	w.home("U0ANN")
	click(cards.ActionApprove)
	says(t, "approved", w.homeNow("U0ANN"), "Recorded: your approval of $4.25", "Oat milk")
	if b := w.homeButtons("U0ANN"); len(b) != 0 {
		t.Errorf("buttons of what was decided: %v", b)
	}
	w.home("U0ANN")
	click(cards.ActionReject)
	view := w.slack.Views("U0ANN")
	if len(view) != 1 {
		t.Fatalf("views: %+v", view)
	}
	if out, err := w.slack.Submit(t.Context(), view[0].ID, "U0ANN", map[string]string{cards.BlockReason + "/value": "no"}); err != nil || out.Action != "" || !out.OK() {
		t.Fatalf("submitted: %+v, %v", out, err)
	}
	says(t, "rejected", w.homeNow("U0ANN"), "Recorded: your rejection of $4.25")
	d := w.temporal.decided()
	if len(d) != 2 || d[0].Verdict != project.Approve || d[1].Verdict != project.Reject || d[0].Channel != approvals || d[1].Channel != approvals || d[0].Request != pauseID {
		t.Errorf("decided: %+v", d)
	}
	if told := w.told("U0ANN"); told != "" {
		t.Errorf("told elsewhere: %s", told)
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

// TestDecisionsAreListedHoweverManyPausesAreOlder, with what their workflows know.
func TestDecisionsAreListedHoweverManyPausesAreOlder(t *testing.T) {
	at := time.Now()
	var many []OpenItem
	for n := range prodege.ProjectID(445) {
		many = append(many, OpenItem{Project: n + 100, Waiting: project.WaitsAction, Summary: "PAUSED", Since: at.Add(-time.Hour)})
	}
	many = append(many, OpenItem{Project: 7, Waiting: project.WaitsApproval, Summary: "asks to accept $4.25", Since: at})
	w := newWorld(t, func(o *Options) { o.Directory = &directory{waiting: many} })
	w.temporal.projects = map[prodege.ProjectID]*project.State{7: asksCPI(7, "Oat milk", project.PhaseOpen)}
	open := w.ask("U0ANN", "open")
	says(t, "open", open, "446 projects wait", "Oat milk", "https://slack.example/request-7", "426 more")
	says(t, "home", w.home("U0ANN"), "Oat milk", "https://slack.example/request-7", "406 more")
	if strings.Index(open, "PAUSED") > strings.Index(open, "Oat milk") {
		t.Errorf("the oldest is not first:\n%s", open)
	}
}

// TestAListNeedsNoWorker: if a workflow does not answer, only its name and link are missing, and the list is still in time.
func TestAListNeedsNoWorker(t *testing.T) {
	var many []OpenItem
	for n := range prodege.ProjectID(30) {
		many = append(many, OpenItem{Project: n + 1, Waiting: project.WaitsApproval, Summary: fmt.Sprintf("asks to accept $%d.25", n+1)})
	}
	w := newWorld(t, func(o *Options) { o.Directory = &directory{waiting: many} })
	w.temporal.silent = true
	says(t, "open", w.ask("U0EVE", "open"), "30 projects wait")
	if given := w.temporal.until.Sub(w.temporal.asked); w.temporal.until.IsZero() || given > askOpenTimeout {
		t.Errorf("all workflows together may take %s to answer, want %s", given, askOpenTimeout)
	}
}
