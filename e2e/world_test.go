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

// Constants of every world. The secrets occur nowhere else, so that logs can be searched for them.
const (
	theProject prodege.ProjectID = 29303649

	alerts    = "C0ALERTS"
	approvals = "C0APPROVE"
	finance   = "C0FINANCE"

	ann = "U0ANN" // in the group of approvers
	ben = "U0BEN" // in the group of approvers
	eve = "U0EVE" // in no group

	buyers = "S0BUYERS"

	prodegeSecret = "prodege-secret-never-to-be-seen"
	prodegeKey    = "prodege-apikey-never-to-be-seen"
	botToken      = "xoxb-token-never-to-be-seen"
	slackSecret   = "slack-secret-never-to-be-seen"
	billingSecret = "whsec_YmlsbGluZyBzZWNyZXQgbmV2ZXIgdG8gYmUgc2Vlbg=="
)

// world is an installation: the two processes and the three counterparties.
type world struct {
	t         *testing.T
	ctx       context.Context // ends after the time limit of the test
	plan      *plan
	namespace string
	temporal  client.Client
	flows     *workflows.Client

	ingress, worker *process
	slack           *simulator.Slack
	prodege         *simulator.Prodege
	billing         *simulator.Billing
}

// plan is the configuration of a world.
type plan struct {
	env      map[string]string // an empty value unsets a variable
	prodege  func(*simulator.ProdegeOptions)
	worker   []string // additional arguments
	noWorker bool     // the worker is started by the test
	temporal string   // address for the ingress; default the server's

	namespace      string // default: a prepared one
	allowCancelled bool   // workflows may end as canceled
}

// newWorld returns a world whose processes are running and ready.
func newWorld(t *testing.T, plans ...func(*plan)) *world {
	t.Helper()
	w := prepareWorld(t, server.HostPort, plans...)
	w.start()
	return w
}

// prepareWorld returns a world with the Temporal server at hostPort whose processes are not started yet.
func prepareWorld(t *testing.T, hostPort string, plans ...func(*plan)) *world {
	t.Helper()
	p := &plan{env: map[string]string{}}
	for _, change := range plans {
		change(p)
	}
	limit := 4 * waitTimeout
	if *long {
		limit *= 5
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, plan: p, namespace: p.namespace}
	if p.namespace == "" {
		w.namespace = ownNamespace(t)
	}
	w.startCounterparties()
	c, err := client.Dial(client.Options{HostPort: hostPort, Namespace: w.namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w.temporal, w.flows = c, workflows.NewClient(c, workflows.TaskQueue)
	w.configureProcesses()
	t.Cleanup(w.close)
	return w
}

// start starts the processes and waits until they are ready.
func (w *world) start() {
	w.t.Helper()
	w.ingress.launch()
	w.slack.Set(func(o *simulator.SlackOptions) { o.AppURL = w.ingress.url + "/slack" })
	w.prodege.Set(func(o *simulator.ProdegeOptions) {
		o.WebhookURL = w.ingress.url + "/webhooks/prodege/project-status"
		o.PricingURL = w.ingress.url + "/webhooks/prodege/real-time-pricing"
	})
	if !w.plan.noWorker {
		w.worker.launch()
		w.worker.waitReady()
	}
	w.ingress.waitReady()
}

// with sets environment variables, given as alternating names and values.
func with(pairs ...string) func(*plan) {
	return func(p *plan) {
		for i := 0; i < len(pairs); i += 2 {
			p.env[pairs[i]] = pairs[i+1]
		}
	}
}

func withoutWorker(p *plan) { p.noWorker = true }

// startCounterparties starts the simulated Slack, Prodege and billing.
func (w *world) startCounterparties() {
	w.slack = simulator.NewSlack(simulator.SlackOptions{
		BotToken: botToken, SigningSecret: slackSecret, Patience: slackTimeout,
		Channels: []simulator.Channel{{ID: alerts, Name: "alerts"}, {ID: approvals, Name: "approvals"}, {ID: finance, Name: "finance"}},
		Users:    []simulator.User{{ID: ann, Name: "Ann"}, {ID: ben, Name: "Ben"}, {ID: eve, Name: "Eve"}},
		Groups:   []simulator.Group{{ID: buyers, Handle: "buyers", Users: []string{ann, ben}}},
	})
	options := simulator.ProdegeOptions{APIKey: prodegeKey, SecretKey: prodegeSecret, AnnounceUpdates: true}
	if w.plan.prodege != nil {
		w.plan.prodege(&options)
	}
	w.prodege = simulator.NewProdege(options)
	w.t.Cleanup(w.prodege.Close)
	w.prodege.SetProject(newProject(theProject))
	w.billing = simulator.NewBilling(billingSecret)
	w.slack.Set(func(o *simulator.SlackOptions) { o.URL = w.serve("SLACK_API_URL", w.slack.Handler(), "/api/") })
	w.serve("PRODEGE_BASE_URL", w.prodege.Handler(), "")
	w.serve("BILLING_URL", w.billing.Handler(), "/invoices")
}

// serve starts a counterparty's server and sets the program's environment variable to its address.
func (w *world) serve(variable string, h http.Handler, path string) string {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	if _, set := w.plan.env[variable]; !set {
		w.plan.env[variable] = s.URL + path
	}
	return s.URL
}

// newProject returns a live project with a max CPI of $3.75.
func newProject(id prodege.ProjectID) simulator.Project {
	cpi, most := prodege.MustUSD("3.50"), prodege.MustUSD("3.75")
	return simulator.Project{
		ID: id, Name: "Oat milk study", ReferenceID: "PO-4711", Status: prodege.Live, CPI: &cpi, AvgCPI: &cpi, MaxCPI: &most,
		SampleSize: 400, Quotas: []simulator.Quota{{ID: 1, Active: true, Respondents: 400, Completes: 150, Clicks: 900}}, ExpectedIR: 30, LOI: 12,
	}
}

// configureProcesses configures the ingress and the worker without starting them.
func (w *world) configureProcesses() {
	p := w.plan
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

// close checks what must hold at the end of every test, and stops the processes.
func (w *world) close() {
	if !w.t.Failed() {
		w.checkEnd()
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

// do sends a request and returns the status and the body of the response, which must be JSON.
func (w *world) do(request *http.Request) (int, string) {
	w.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		w.t.Errorf("the response to %s %s has content type %q", request.Method, request.URL.Path, kind)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

// waitProject returns a project's state once it meets a condition. A delivery is answered before Temporal has it.
func (w *world) waitProject(id prodege.ProjectID, is func(*project.State) bool, what string) *project.State {
	w.t.Helper()
	last := &project.State{}
	await(w.t, what, func() bool {
		state, err := w.flows.Project(w.ctx, id)
		if err != nil && !errors.Is(err, workflows.ErrClosed) && w.ctx.Err() != nil {
			w.t.Fatalf("query project %s: %v (last state: %+v)", id, err, last)
		}
		if err == nil {
			last = state
		}
		return err == nil && is(state)
	})
	return last
}

// waitInvoiced waits until a project's invoice needs nothing more, because Prodege has invoiced or deleted the project.
func (w *world) waitInvoiced(id prodege.ProjectID) {
	w.t.Helper()
	w.waitProject(id, func(s *project.State) bool {
		return s.Invoice != nil && (s.Invoice.Phase == project.InvoiceDone || s.Invoice.Phase == project.InvoiceDeleted)
	}, "the invoice to be done")
}

// checkDelivered checks that a delivery was answered with 200, and returns it.
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

// waitMessage waits for a message in a channel that meets a condition.
func (w *world) waitMessage(channel, what string, is func(simulator.Message) bool) simulator.Message {
	w.t.Helper()
	m, err := w.slack.WaitMessage(w.waitContext(), channel, is)
	if err != nil {
		var all []string
		for _, m := range w.slack.AllMessages(channel) {
			all = append(all, simulator.PlainText(m))
		}
		w.t.Fatalf("no message (%s): %v; the messages are:\n%s", what, err, strings.Join(all, "\n---\n"))
	}
	return m
}

// waitRoot waits for a root message in a channel that contains a text.
func (w *world) waitRoot(channel, text string) simulator.Message {
	w.t.Helper()
	return w.waitMessage(channel, text, func(m simulator.Message) bool {
		return m.Thread == "" && contains(m, text)
	})
}

// waitReply waits for a reply in a thread that contains a text.
func (w *world) waitReply(channel, text string) simulator.Message {
	w.t.Helper()
	return w.waitMessage(channel, "reply: "+text, func(m simulator.Message) bool {
		return m.Thread != "" && contains(m, text)
	})
}

// waitEphemeral waits for an ephemeral message to a person that contains a text.
func (w *world) waitEphemeral(user, text string) {
	w.t.Helper()
	_, err := w.slack.WaitEphemeral(w.waitContext(), user, func(m simulator.Message) bool {
		return contains(m, text)
	})
	if err != nil {
		var all []string
		for _, m := range w.slack.Ephemerals(user) {
			all = append(all, simulator.PlainText(m))
		}
		w.t.Fatalf("no ephemeral message to %s with %q: %v; the messages are:\n%s", user, text, err, strings.Join(all, "\n---\n"))
	}
}

// waitContext returns a context for a single wait.
func (w *world) waitContext() context.Context {
	ctx, cancel := context.WithTimeout(w.ctx, waitTimeout)
	w.t.Cleanup(cancel)
	return ctx
}

// contains reports whether a message contains a text, ignoring case.
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

// skipIfShort skips a test that takes more than ten seconds if -short is set.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
}
