package e2e

import (
	"bytes"
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

// TestNoSecretInLogsOrHistories exercises every use of a secret and every error that could quote one, with the most
// verbose log. The logs and histories are searched for secrets at the end of every test (checkLogs, checkEnd); this
// test also checks that the search would find one.
func TestNoSecretInLogsOrHistories(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t, with("LOG_LEVEL", "debug", "PRODEGE_SECRET_KEY", prodegeSecret+",old-"+prodegeSecret, "SLACK_SIGNING_SECRET", slackSecret+",old-"+slackSecret))

	// A refused delivery is kept and reported without its signature.
	contentType, body := signDelivery(eventJSON("tampered", theProject, live), prodege.JSON)
	if status, _ := w.send(webhookCase{contentType: contentType, body: string(bytes.Replace(body, []byte("LIVE"), []byte("DEAD"), 1))}); status != 400 {
		t.Errorf("a forged delivery was answered %d", status)
	}

	// Counterparties that refuse the program's credentials, or whose answers quote them.
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "101", Method: "project-get-info"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "project-quotas-by-id"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.CutBefore, Method: "project-update"})
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2010", Method: "project-update"})
	w.slack.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "ratelimited", Method: "chat.update"})
	w.slack.Inject(simulator.Fault{Kind: simulator.CutBefore, Method: "response"})
	w.billing.Inject(simulator.Fault{Kind: simulator.CutBefore})

	w.checkDelivered(w.prodege.Deliver(w.ctx, []byte(eventJSON("old-secret", 901, live)), simulator.How{Secret: "old-" + prodegeSecret}))
	m := w.pauseForCPI(amount)
	if _, err := w.slack.Click(w.ctx, simulator.Click{User: ann, Channel: m.Channel, TS: m.TS, ActionID: approve, BadSignature: true}); err != nil {
		t.Fatal(err)
	}
	w.click(eve, m, approve)
	w.waitEphemeral(eve, "only people on the list of approvers")
	view := w.openModal(ben, m, reject)
	w.slack.CloseView(view.ID)
	w.click(ann, m, approve)
	w.waitUpdated(m, "Prodege refused $4.25")
	w.click(ann, m, tryAgain)
	w.waitUpdated(m, "Live again at $4.25")
	w.checkDelivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
	w.waitInvoice("project-29303649-invoice-r1")
	if n := w.prodege.Pending() + w.slack.Pending() + w.billing.Pending(); n > 2 { // not every run makes every call
		t.Errorf("%d faults did not fire", n)
	}

	found := 0
	for _, run := range w.runs() {
		if text := historyText(t, run.history); strings.Contains(text, "Oat milk study") && strings.Contains(text, `"max_cpi"`) {
			found++
		}
	}
	if found == 0 {
		t.Error("the text of the histories lacks their contents, so that secrets in it would not be found")
	}
	if !strings.Contains(w.worker.log.String(), `"level":"DEBUG"`) {
		t.Error("the worker's log has no debug messages")
	}
}
