package e2e

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// What every world has. The secrets occur nowhere else, so that they can be searched for.
const (
	theProject prodege.ProjectID = 29303649

	alerts    = "C0ALERTS"
	approvals = "C0APPROVE"
	finance   = "C0FINANCE"

	ann = "U0ANN" // in the group of approvers
	ben = "U0BEN" // likewise
	eve = "U0EVE" // in no group

	buyers = "S0BUYERS"

	prodegeSecret = "prodege-secret-never-to-be-seen"
	prodegeKey    = "prodege-apikey-never-to-be-seen"
	botToken      = "xoxb-token-never-to-be-seen"
	slackSecret   = "slack-secret-never-to-be-seen"
	billingSecret = "whsec_YmlsbGluZyBzZWNyZXQgbmV2ZXIgdG8gYmUgc2Vlbg=="
)

// world is one installation: the two processes and the three counterparties.
type world struct {
	t         *testing.T
	ctx       context.Context // ends when the test has waited long enough
	namespace string
	temporal  client.Client
	flows     *workflows.Client

	ingress, worker *process
	slack           *simulator.Slack
	prodege         *simulator.Prodege
	billing         *simulator.Billing
}

// plan is what differs between worlds.
type plan struct {
	env      map[string]string // an empty value unsets a variable
	prodege  func(*simulator.ProdegeOptions)
	worker   []string // further arguments
	noWorker bool     // the worker is started by the test
	temporal string   // address for the ingress; default the server's

	namespace      string // default: a prepared one
	anyFault       bool   // workflow tasks may fail in this test
	allowCancelled bool   // workflows may end as cancelled in this test
}

func newWorld(t *testing.T, plans ...func(*plan)) *world {
	t.Helper()
	p := &plan{env: map[string]string{}}
	for _, change := range plans {
		change(p)
	}
	within := 4 * waitTimeout
	if *long {
		within *= 5
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, namespace: p.namespace}
	if p.namespace == "" {
		w.namespace = ownNamespace(t)
	}
	w.counterparties(p)
	w.reachTemporal()
	w.processes(p)
	t.Cleanup(func() { w.close(p) })
	w.ingress.launch()
	w.slack.SetAppURL(w.ingress.url + "/slack")
	w.prodege.SetWebhookURL(w.ingress.url + "/webhooks/prodege/project-status")
	w.prodege.SetPricingURL(w.ingress.url + "/webhooks/prodege/real-time-pricing")
	if !p.noWorker {
		w.worker.launch()
		w.worker.waitReady()
	}
	w.ingress.waitReady()
	return w
}

// with sets variables, given as name, value, name, value.
func with(pairs ...string) func(*plan) {
	return func(p *plan) {
		for i := 0; i < len(pairs); i += 2 {
			p.env[pairs[i]] = pairs[i+1]
		}
	}
}

func withoutWorker(p *plan) { p.noWorker = true }

func (w *world) counterparties(p *plan) {
	w.slack = simulator.NewSlack(simulator.SlackOptions{
		BotToken: botToken, SigningSecret: slackSecret, Patience: slackTimeout,
		Channels: []simulator.Channel{{ID: alerts, Name: "alerts"}, {ID: approvals, Name: "approvals"}, {ID: finance, Name: "finance"}},
		Users:    []simulator.User{{ID: ann, Name: "Ann"}, {ID: ben, Name: "Ben"}, {ID: eve, Name: "Eve"}},
		Groups:   []simulator.Group{{ID: buyers, Handle: "buyers", Users: []string{ann, ben}}},
	})
	options := simulator.ProdegeOptions{APIKey: prodegeKey, SecretKey: prodegeSecret, AnnounceUpdates: true}
	if p.prodege != nil {
		p.prodege(&options)
	}
	w.prodege = simulator.NewProdege(options)
	w.t.Cleanup(w.prodege.Close)
	w.prodege.SetProject(newProject(theProject))
	w.billing = simulator.NewBilling(billingSecret)
	w.slack.SetURL(w.serve(p, "SLACK_API_URL", w.slack.Handler(), "/api/"))
	w.serve(p, "PRODEGE_BASE_URL", w.prodege.Handler(), "")
	w.serve(p, "BILLING_URL", w.billing.Handler(), "/invoices")
}

// serve starts a counterparty's server, and sets the program's variable to its address.
func (w *world) serve(p *plan, variable string, h http.Handler, path string) string {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	if _, set := p.env[variable]; !set {
		p.env[variable] = s.URL + path
	}
	return s.URL
}

// aProject is live at $3.75 per complete.
func newProject(id prodege.ProjectID) simulator.Project {
	cpi, most := prodege.MustUSD("3.50"), prodege.MustUSD("3.75")
	return simulator.Project{
		ID: id, Name: "Oat milk study", ReferenceID: "PO-4711", Status: prodege.Live, CPI: &cpi, AvgCPI: &cpi, MaxCPI: &most,
		SampleSize: 400, Quotas: []simulator.Quota{{ID: 1, Active: true, Respondents: 400, Completes: 150, Clicks: 900}}, ExpectedIR: 30, LOI: 12,
	}
}

func (w *world) reachTemporal() {
	w.t.Helper()
	var err error
	w.temporal, err = client.Dial(client.Options{HostPort: server.HostPort, Namespace: w.namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.temporal.Close)
	w.flows = workflows.NewClient(w.temporal, workflows.TaskQueue)
}

func (w *world) processes(p *plan) {
	dir := w.t.TempDir()
	env := map[string]string{
		"HTTP_ADDR": ownAddress(w.t), "INGRESS_ADMIN_ADDR": ownAddress(w.t), "WORKER_HTTP_ADDR": ownAddress(w.t),
		"PRODEGE_SECRET_KEY": prodegeSecret, "PRODEGE_API_KEY": prodegeKey,
		"SLACK_BOT_TOKEN": botToken, "SLACK_SIGNING_SECRET": slackSecret,
		"SLACK_ALERTS_CHANNEL": alerts, "SLACK_APPROVALS_CHANNEL": approvals, "SLACK_FINANCE_CHANNEL": finance,
		"SLACK_APPROVERS": buyers, "SLACK_POSTS_PER_SECOND": "50", "BILLING_SIGNING_SECRET": billingSecret,
		"INBOX_DIR": filepath.Join(dir, "inbox"), "TEMPORAL_ADDRESS": server.HostPort, "TEMPORAL_NAMESPACE": w.namespace,
	}
	maps.Copy(env, p.env)
	w.worker = &process{t: w.t, args: append([]string{"worker"}, p.worker...), env: maps.Clone(env), dir: dir, addrVar: "WORKER_HTTP_ADDR", log: &buffer{}}
	if p.temporal != "" {
		env["TEMPORAL_ADDRESS"] = p.temporal
	}
	w.ingress = &process{t: w.t, args: []string{"ingress"}, env: env, dir: dir, addrVar: "HTTP_ADDR", admin: "http://" + env["INGRESS_ADMIN_ADDR"], log: &buffer{}}
}

// close checks what must be true at the end of every test, and stops the processes.
func (w *world) close(p *plan) {
	if !w.t.Failed() {
		w.checkEnd(p)
	}
	for _, one := range []*process{w.ingress, w.worker} {
		if one.cmd != nil {
			one.stop()
		}
	}
	w.checkLogs()
	if w.t.Failed() {
		w.t.Logf("ingress:\n%s", w.ingress.log)
		w.t.Logf("worker:\n%s", w.worker.log)
	}
}

// do sends a request and returns the status and the body of the answer, which must be JSON.
func (w *world) do(request *http.Request) (int, string) {
	w.t.Helper()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		w.t.Errorf("%s %s is answered as %q", request.Method, request.URL.Path, kind)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

// project returns a project's state once it meets a condition: a delivery is answered before Temporal has it.
func (w *world) waitProject(id prodege.ProjectID, is func(*project.State) bool, what string) *project.State {
	w.t.Helper()
	last := &project.State{}
	await(w.t, what, func() bool {
		state, err := w.flows.Project(w.ctx, id)
		if err != nil && !errors.Is(err, workflows.ErrClosed) && w.ctx.Err() != nil {
			w.t.Fatalf("ask project %s: %v (last: %+v)", id, err, last)
		}
		if err == nil {
			last = state
		}
		return err == nil && is(state)
	})
	return last
}

// invoiced waits until nothing more is to be done about a project's invoice, because Prodege has invoiced or deleted it.
func (w *world) waitInvoiced(id prodege.ProjectID) {
	w.t.Helper()
	w.waitProject(id, func(s *project.State) bool {
		return s.Invoice != nil && (s.Invoice.Phase == project.InvoiceDone || s.Invoice.Phase == project.InvoiceDeleted)
	}, "the invoicing to end")
}

// delivered checks that Prodege was answered with 200.
func (w *world) checkDelivered(e simulator.Exchange, err error) simulator.Exchange {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if e.Status() != http.StatusOK {
		w.t.Fatalf("the delivery was answered %d %s", e.Status(), e.Attempts[len(e.Attempts)-1].Body)
	}
	return e
}

// message waits for a message of a channel.
func (w *world) waitMessage(channel, what string, is func(simulator.Message) bool) simulator.Message {
	w.t.Helper()
	m, err := w.slack.WaitMessage(w.within(), channel, is)
	if err != nil {
		var all []string
		for _, m := range w.slack.AllMessages(channel) {
			all = append(all, simulator.PlainText(m))
		}
		w.t.Fatalf("no message: %s: %v; there are:\n%s", what, err, strings.Join(all, "\n---\n"))
	}
	return m
}

// says waits for a root message in a channel that contains a text.
func (w *world) waitRoot(channel, text string) simulator.Message {
	w.t.Helper()
	return w.waitMessage(channel, "one that says "+text, func(m simulator.Message) bool {
		return m.Thread == "" && contains(m, text)
	})
}

// replies waits for a reply in a thread that contains a text.
func (w *world) waitReply(channel, text string) simulator.Message {
	w.t.Helper()
	return w.waitMessage(channel, "a reply that says "+text, func(m simulator.Message) bool {
		return m.Thread != "" && contains(m, text)
	})
}

// ephemeral waits for an ephemeral message to a person.
func (w *world) waitEphemeral(user, text string) {
	w.t.Helper()
	_, err := w.slack.WaitEphemeral(w.within(), user, func(m simulator.Message) bool {
		return contains(m, text)
	})
	if err != nil {
		var all []string
		for _, m := range w.slack.Ephemerals(user) {
			all = append(all, simulator.PlainText(m))
		}
		w.t.Fatalf("%s was not told %q: %v; was told:\n%s", user, text, err, strings.Join(all, "\n---\n"))
	}
}

func (w *world) within() context.Context {
	ctx, cancel := context.WithTimeout(w.ctx, waitTimeout)
	w.t.Cleanup(cancel)
	return ctx
}

// reads reports whether a message contains a text, ignoring case.
func contains(m simulator.Message, text string) bool {
	return strings.Contains(strings.ToLower(simulator.PlainText(m)), strings.ToLower(text))
}

// buttons returns the action ids on a message.
func buttons(m simulator.Message) []string {
	var ids []string
	for _, b := range simulator.Buttons(m) {
		ids = append(ids, b.ActionID)
	}
	return ids
}

// slow marks a test that takes more than ten seconds, which -short leaves out.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
}
