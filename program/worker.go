package program

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
	"fieldmarshal/worker"
	"fieldmarshal/workflows"
)

// RunWorker runs the worker until ctx is done. It serves health and metrics from the start, and is ready once Temporal
// answers and knows the search attributes.
func (p Process) RunWorker(ctx context.Context) error {
	listener, err := p.listen(p.Listener, "worker", p.Config.WorkerHTTPAddr, "worker listens")
	if err != nil {
		return err
	}
	defer listener.Close() // serve closes it, too, which is harmless
	p.announce("worker")
	registry := newRegistry()
	metrics, err := worker.Metrics(registry, p.Logger)
	if err != nil {
		return err
	}
	temporal, err := p.dial(metrics)
	if err != nil {
		return err
	}
	defer temporal.Close()
	o, err := p.workerOptions(temporal)
	if err != nil {
		return err
	}
	o.Registry = registry
	w, err := worker.New(o)
	if err != nil {
		return err
	}

	// Health is served until the worker has stopped, and the worker stops if serving ends.
	working, stopWorking := context.WithCancel(ctx)
	defer stopWorking()
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() {
		defer stopWorking()
		served <- p.serve(serving, &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second}, listener)
	}()
	err = w.Run(working)
	stopServing()
	return errors.Join(err, <-served)
}

func (p Process) workerOptions(temporal client.Client) (worker.Options, error) {
	c := p.Config
	api := p.slackAPI()
	channels := []string{c.Slack.AlertsChannel, c.Slack.ApprovalsChannel, c.Slack.FinanceChannel}
	billing, err := activities.NewBilling(activities.BillingOptions{URL: c.Billing.URL, Secret: prodege.Secret(c.Billing.SigningSecret), DryRun: c.DryRun})
	if err != nil {
		return worker.Options{}, err
	}
	flows := workflows.NewClient(temporal, c.TaskQueue)
	reader := activities.NewProdege(activities.ProdegeOptions{
		API: p.prodegeAPI(), Switch: flows, DryRun: c.DryRun, Ceiling: amount(c.Approval.Ceiling), CallsPerSecond: c.Prodege.CallsPerSecond,
	})
	return worker.Options{
		Client: temporal, Namespace: p.Temporal.Namespace, TaskQueue: c.TaskQueue, Logger: p.Logger,
		Workflows:      &workflows.Workflows{Settings: p.settings()},
		Slack:          activities.NewSlack(activities.SlackOptions{API: api, Approvers: p.approvers(api), Prodege: reader}),
		Prodege:        reader,
		Billing:        billing,
		Flows:          activities.NewFlows(flows),
		Digest:         c.Digest,
		Channels:       channels,
		PostsPerSecond: c.Slack.PostsPerSecond,
		Alarm:          activities.Alarms(api, c.Slack.AlertsChannel, p.Simulated),
	}, nil
}
