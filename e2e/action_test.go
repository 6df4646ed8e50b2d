package e2e

import (
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// Action ids and the field of an action's modal. They must not change, because old messages contain them.
const (
	actClicks   = "act_clicks"
	actLive     = "act_live"
	actSample   = "act_sample"
	actComplete = "act_complete"

	numberField = "number/value"
)

// pauseWithActions pauses the project for a reason and returns the alert once it has the given buttons.
func (w *world) pauseWithActions(reason prodege.Reason, offered ...string) simulator.Message {
	w.t.Helper()
	project := newProject(theProject)
	project.SampleSize, project.Quotas = 500, []simulator.Quota{{ID: 1, Active: true, Respondents: 500, Completes: 498}}
	project.Settings = map[string]string{"enable_max_clicks": "true", "enable_max_clicks_cap": "1200", "enable_max_clicks_allowed_clicks": "0", "enable_max_clicks_max_click_rate_id": "3"}
	w.prodege.SetProject(project)
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, reason))
	return w.waitMessage(alerts, "an alert with buttons", func(m simulator.Message) bool { return slices.Equal(buttons(m), offered) })
}

// checkOnlyUpdate checks that exactly one project-update changed something, and with which parameters.
func (w *world) checkOnlyUpdate(want map[string]string) {
	w.t.Helper()
	var all []simulator.ProdegeCall
	for _, c := range w.prodege.Updates(theProject) {
		if c.Changed {
			all = append(all, c)
		}
	}
	if len(all) != 1 {
		w.t.Fatalf("%d updates changed something: %+v", len(all), all)
	}
	for _, name := range []string{"status", "sample_size", "max_cpi"} {
		if all[0].Params[name] != want[name] {
			w.t.Errorf("%s was sent as %q, want %q", name, all[0].Params[name], want[name])
		}
	}
}

func TestRaiseSampleSizeFromAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseWithActions(prodege.SampleSize, actSample, actComplete)
	view := w.openModal(ann, m, actSample)
	for _, text := range []string{"about 500 completes", "at least 501", "100 more are about"} {
		if !strings.Contains(simulator.PlainText(simulator.Message{Blocks: view.Blocks}), text) {
			t.Errorf("the modal does not say %q:\n%s", text, simulator.PlainText(simulator.Message{Blocks: view.Blocks}))
		}
	}
	if out := w.submitModal(ann, view, map[string]string{numberField: "500"}); out.Action != "errors" {
		t.Errorf("a size that is not larger was answered %+v", out)
	}
	if out := w.submitModal(ann, view, map[string]string{numberField: "650"}); out.Action != "" {
		t.Fatalf("answered %+v", out)
	}
	end := w.waitUpdated(m, "Live again")
	if !contains(end, "chose “Raise sample size” (650)") || len(buttons(end)) != 0 {
		t.Errorf("the closed alert has buttons %v and says:\n%s", buttons(end), simulator.PlainText(end))
	}
	w.checkOnlyUpdate(map[string]string{"status": "LIVE", "sample_size": "650"})
	state := w.waitProject(theProject, func(s *project.State) bool {
		return s.Waiting == project.WaitsNothing && s.Action != nil && s.Action.Closed && s.Act == nil
	}, "the project to wait for nothing")
	if phase := state.Action.Phase; phase != project.PhaseLive {
		t.Errorf("it ended as %s", phase)
	}
	if all := w.slack.Messages(alerts); len(all) != 1 {
		t.Errorf("%d messages", len(all))
	}
}

func TestAllowClicksFromAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseWithActions(prodege.MaxClicks, actClicks)
	if !contains(m, "click limit 1,200, 0 left, refilled by Prodege every 24 hours") {
		t.Errorf("the alert says:\n%s", simulator.PlainText(m))
	}
	w.submit(ann, m, actClicks, map[string]string{numberField: "300"})
	w.waitUpdated(m, "Live again")
	w.checkOnlyUpdate(map[string]string{"status": "LIVE"})
	now, _ := w.prodege.Project(theProject)
	if now.Settings["enable_max_clicks_allowed_clicks"] != "300" || now.Settings["enable_max_clicks_max_click_rate_id"] != "3" {
		t.Errorf("settings are %v", now.Settings)
	}
}

// TestCompleteFromAlert completes a project from its alert, with a note for the record, up to the invoice. A person who
// is not an approver is refused.
func TestCompleteFromAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("SLACK_APPROVERS", ann))
	m := w.pauseWithActions(prodege.PausedInactive, actLive, actComplete)
	w.waitProject(theProject, func(s *project.State) bool { return slices.Equal(s.Settings.Approvers, []string{ann}) }, "the approvers")
	w.list(`AutoCompleteAt IS NOT NULL AND ProjectId = `+theProject.String(), 1)
	if !contains(m, "Prodege completes it by itself about") {
		t.Errorf("the alert says:\n%s", simulator.PlainText(m))
	}
	w.submit(eve, m, actComplete, nil)
	w.waitEphemeral(eve, "only people on the list of approvers")
	w.submit(ann, m, actComplete, map[string]string{reasonField: "the client has enough"})
	end := w.waitUpdated(m, "Pause over")
	if !contains(end, "the client has enough") {
		t.Errorf("the closed alert says:\n%s", simulator.PlainText(end))
	}
	w.checkOnlyUpdate(map[string]string{"status": "COMPLETE"})
	w.waitInvoice(project.InvoiceKey(theProject, 1))
}

func TestActionRefusedByProdege(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseWithActions(prodege.NoUniqueLinks, actLive)
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2017", Method: "project-update"})
	w.submit(ann, m, actLive, nil)
	refused := w.waitUpdated(m, "refused")
	if want := []string{tryAgain, actLive}; !slices.Equal(buttons(refused), want) || !contains(refused, "2017") {
		t.Errorf("buttons %v, want %v, on:\n%s", buttons(refused), want, simulator.PlainText(refused))
	}
	if reply := w.waitReply(alerts, "refused"); reply.Thread != m.TS || !contains(reply, "@"+ann) || !contains(reply, "2017") {
		t.Errorf("the thread says:\n%s", simulator.PlainText(reply))
	}
	w.click(ann, refused, tryAgain)
	w.waitUpdated(m, "Live again")
	w.checkOnlyUpdate(map[string]string{"status": "LIVE"})
}

func TestActOnCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseWithActions(prodege.SampleSize, actSample, actComplete)
	id := theProject.String()
	checkContains(t, w.run(0, "act", id), "Raise sample size", "Complete project")
	w.run(3, "act", id, "sample", "500", "--as", ann)
	checkContains(t, w.run(0, "act", id, "sample", "650", "--as", ann), "Recorded: "+ann+" chose “Raise sample size” (650)")
	w.waitUpdated(m, "Live again")
	w.checkOnlyUpdate(map[string]string{"status": "LIVE", "sample_size": "650"})
	checkContains(t, w.run(0, "state", id), "Raise sample size", "650")
}

func TestAlertsWithoutButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with("ALERT_ACTIONS", "off"))
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	w.waitRoot(alerts, "sample size reached")
	w.waitProject(theProject, func(s *project.State) bool {
		return s.Pause != nil && s.Action == nil
	}, "an alert without actions")
}
