package e2e

import (
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func TestSlashCommandAndHomeTab(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.list(`WaitingFor = 'approval' AND Summary = 'asks to accept $4.25, now $3.75'`, 1)
	for text, want := range map[string][]string{
		"status 29303649": {"Oat milk study", "paused", "applied"},
		"status 5":        {"5"},
		"status many":     {"No open project"},
		"open":            {"29303649", "Oat milk study", "$4.25"},
		"help":            {"status", "open"},
		"":                {"status", "open"},
	} {
		shown := w.slashCommand(eve, text, want...)
		for _, part := range want {
			if !contains(shown, part) {
				t.Errorf("/fieldmarshal %s does not show %q:\n%s", text, part, simulator.PlainText(shown))
			}
		}
	}
	if err := w.slack.VerifyEventsURL(w.ctx); err != nil {
		t.Error(err)
	}
	for user, want := range map[string]string{ann: "Waiting for you", eve: "not among the approvers"} {
		w.checkHome(user, want, "$4.25", "Oat milk study")
	}
	if all := w.slack.AllMessages(alerts); len(all) != 0 {
		t.Errorf("the answer is visible to others: %s", simulator.PlainText(all[0]))
	}
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.HighDropOff)) // whose alert has a button
	w.list(`ProjectStatus = 'PAUSED' AND UpdateReason = 222`, 1)
	if shown := w.slashCommand(eve, "open", "29303649", "drop out"); !contains(shown, "29303649") || !contains(shown, "drop out") {
		t.Errorf("/fieldmarshal open does not show a pause:\n%s", simulator.PlainText(shown))
	}
}

func TestTwoWebhooksOfOnePauseMakeOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutUpdateEvents)
	p := newProject(theProject)
	p.ActualIR, p.ActualLOI = 7, 19
	w.prodege.SetProject(p)
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, amount, simulator.How{Pricing: true}))
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Received == 2 }, "both webhooks")
	m := w.waitRoot(approvals, "Approve a CPI of $4.25?")
	view := w.openModal(ann, m, details)
	if text := simulator.PlainText(simulator.Message{Blocks: view.Blocks}); !strings.Contains(text, "actual 7 %") {
		t.Errorf("the details lack what the pricing webhook contained:\n%s", text)
	}
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, higherAmount, simulator.How{Pricing: true}))
	w.waitUpdated(m, "Approve a newer CPI of $4.50?")
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Received == 4 }, "both webhooks again")
	w.click(ann, m, approve)
	w.checkAccepted("4.50")
	w.checkDelivered(w.prodege.Live(w.ctx, theProject, simulator.How{Pricing: true}))
	w.waitUpdated(m, "Live again at $4.50")
	w.checkAcceptances(1)
	state := w.waitRequest(func(s *project.Question) bool { return s.Phase == project.PhaseLive }, "the request to end")
	if all := w.slack.Messages(approvals); state.Generation != 2 || len(all) != 1 || len(all[0].Replies) != 1 {
		t.Errorf("%d generations, %d messages", state.Generation, len(all))
	}
	w.waitProject(theProject, func(s *project.State) bool {
		return s.Status == prodege.Live && s.Counts.Received == 6 && s.Waiting == project.WaitsNothing
	}, "all six events")
}

func TestNamesAreEscapedAndTruncated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newProject(theProject)
	p.Name = "<!channel> *Oat* & \u202emilk " + string(make([]rune, 3000)) + "end"
	w.prodege.SetProject(p)
	m := w.pauseForCPI(amount)
	if text := simulator.PlainText(m); !contains(m, "&lt;!channel&gt;") || contains(m, "<!channel>") || len(text) > 13000 {
		t.Errorf("the request has %d bytes and text:\n%.500s", len(text), text)
	}
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
}
