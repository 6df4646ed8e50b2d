package e2e

import (
	"fmt"
	"maps"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// changedSettings has a different value for every setting of the worker.
var changedSettings = map[string]string{
	"DRY_RUN": "true", "PRODEGE_API_KEY": "", "BILLING_URL": "", "BILLING_SIGNING_SECRET": "",
	"APPROVAL_TIMEOUT": "1h", "APPROVAL_REMINDER_EVERY": "7m", "RESUME_TIMEOUT": "9s", "APPROVAL_HOURS": "Mon-Fri 08:00-19:00 America/New_York",
	"CPI_CEILING": "5", "CPI_SECOND_APPROVER_ABOVE": "4.9", "CPI_AUTO_APPROVE_UP_TO": "1",
	"PRODEGE_POLL_EVERY": "1h", "PRODEGE_MAX_EVENT_AGE": "24h", "PROJECT_LINGER": "48h", "SLACK_ESCALATION": ben, "SLACK_APPROVERS": ann,
	"SLACK_ALERTS_CHANNEL": finance, "SLACK_APPROVALS_CHANNEL": alerts, "SLACK_FINANCE_CHANNEL": approvals, "SLACK_POSTS_PER_SECOND": "20",
	"TEMPORAL_UI_URL": "https://temporal.example", "ALERT_ACTIONS": "off", "LOG_LEVEL": "debug",
}

// TestEverySettingChangesUnderWhatIsOpen has a project in each phase of a request, and pending invoices, when a worker
// with all settings changed takes over, and then one with the original settings. Each replays the histories of the
// worker before it. That no workflow task failed is checked at the end of every test.
func TestEverySettingChangesUnderWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutUpdateEvents, with("CPI_SECOND_APPROVER_ABOVE", "4.25"))
	first := maps.Clone(w.worker.env)
	changed := maps.Clone(first)
	maps.Copy(changed, changedSettings)
	id := func(n int) prodege.ProjectID { return prodege.ProjectID(82000000 + n) }
	requests := map[int]simulator.Message{}
	for n, amount := range []string{"4.00", "4.50", "4.00", "4.00", "4.00", "4.00"} {
		w.prodege.SetProject(newProject(id(n)))
		w.checkDelivered(w.prodege.PauseForCPI(w.ctx, id(n), prodege.MustUSD(amount)))
		requests[n] = w.waitMessage(approvals, fmt.Sprintf("the request of project %d", n), func(m simulator.Message) bool {
			return m.Thread == "" && contains(m, id(n).String()) && contains(m, "Approve a CPI of $"+amount)
		})
	}
	w.click(ann, requests[1], approve)
	w.waitUpdated(requests[1], "One of two approvals given")
	w.click(ann, requests[2], approve)
	w.waitUpdated(requests[2], "not live yet")
	w.submit(ben, requests[3], reject, nil)
	w.waitUpdated(requests[3], "Rejected")
	w.checkDelivered(w.prodege.Complete(w.ctx, id(4), prodege.ReconciliationComplete, ""))
	w.waitInvoice(project.InvoiceKey(id(4), 1))

	w.restartWorker(changed)
	w.click(ann, requests[0], approve)
	w.waitUpdated(requests[0], "nothing sent (dry run)") // decided under the new settings
	w.checkDelivered(w.prodege.Live(w.ctx, id(2)))
	w.waitUpdated(requests[2], "Live again at $4.00")
	w.checkDelivered(w.prodege.Live(w.ctx, id(3)))
	w.checkDelivered(w.prodege.Pause(w.ctx, id(3), prodege.SupportAgent)) // another pause, with an alert in the other channel
	w.waitMessage(finance, "the alert in the other channel", func(m simulator.Message) bool { return contains(m, id(3).String()) })
	w.checkDelivered(w.prodege.Complete(w.ctx, id(5), prodege.ReconciliationComplete, ""))
	w.waitMessage(approvals, "the invoice in the other channel", func(m simulator.Message) bool {
		return contains(m, id(5).String()) && contains(m, "not sent (dry run)")
	})

	w.restartWorker(first)
	w.click(ben, requests[1], approve)
	w.waitUpdated(requests[1], "not live yet") // the second approval, two workers later
	if all := w.prodege.Acceptances(id(1)); len(all) != 1 || all[0].Params["max_cpi"] != "4.5" && all[0].Params["max_cpi"] != "4.50" {
		t.Errorf("acceptances: %+v", all)
	}
	for n := range 6 {
		w.checkDelivered(w.prodege.Tell(w.ctx, prodege.Event{ProjectID: id(n), Status: prodege.Deleted, Reason: prodege.Other}))
		w.waitProject(id(n), func(s *project.State) bool { return s.Status == prodege.Deleted }, fmt.Sprintf("project %d to handle its last event", n))
	}
}

// restartWorker replaces the worker with one with the environment.
func (w *world) restartWorker(env map[string]string) {
	w.t.Helper()
	w.worker.stop()
	w.worker.env = maps.Clone(env)
	w.worker.launch()
	w.worker.waitReady()
}
