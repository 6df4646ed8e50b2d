package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"

	"fieldmarshal/activities"
	"fieldmarshal/inbox"
	"fieldmarshal/ingress"
	"fieldmarshal/operator"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// RunIngress runs the ingress until ctx is done. It starts even if Temporal and Slack are down: deliveries go to disk, and
// people who click are told that the click does not count.
func (p Process) RunIngress(ctx context.Context) (err error) {
	admin, err := p.listen(p.Admin, "ingress's readiness and metrics", p.Config.IngressAdminAddr, "the ingress serves readiness and metrics")
	if err != nil {
		return err
	}
	defer admin.Close() // serving closes it, too, which is harmless
	listener, err := p.listen(p.Listener, "ingress", p.Config.HTTPAddr, "ingress listens")
	if err != nil {
		return err
	}
	defer listener.Close()
	p.announce("ingress")
	temporal, err := p.dial(nil)
	if err != nil {
		return err
	}
	defer temporal.Close()
	flows := workflows.NewClient(temporal, p.Config.TaskQueue)
	api := p.slackAPI()
	alert := untilStopped(ctx, activities.Alarms(api, p.Config.Slack.AlertsChannel, p.Simulated))

	box, err := inbox.Open(inbox.Options{
		Dir: p.Config.InboxDir, Logger: p.Logger,
		Final: func(err error) bool { return errors.Is(err, workflows.ErrRefused) },
		Alarm: func(text string) {
			if err := alert(context.WithoutCancel(ctx), text); err != nil {
				p.Logger.Error("an alarm could not be posted in the alerts channel", "error", err)
			}
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()

	health := temporalHealth(temporal, p.Temporal.HostPort, p.Temporal.Namespace)
	door, err := ingress.New(ingress.Options{
		Logger: p.Logger, Inbox: box, Workflows: flows, Registry: newRegistry(),
		ProdegeSecrets: secrets(p.Config.Prodege.SecretKeys), SigningSecrets: secrets(p.Config.Slack.SigningSecrets),
		Slack: api, SlackAPIURL: p.Config.Slack.APIURL, Team: ownTeam(api),
		Approvers: p.approvers(api), Anyone: p.Config.Slack.Anyone,
		Secrets:   []prodege.Secret{prodege.Secret(p.Config.Slack.BotToken), prodege.Secret(p.Config.Prodege.APIKey), prodege.Secret(p.Config.Billing.SigningSecret)},
		Simulated: p.Simulated, MaxEventAge: p.Config.Prodege.MaxEventAge,
		Alert: alert, Directory: directory{operator.NewTemporal(temporal, p.Temporal.Namespace, p.Config.TaskQueue)}, Guest: isGuest(api), UILink: p.uiLink, Temporal: health,
		ApprovalsChannel: p.Config.Slack.ApprovalsChannel, AlertsChannel: p.Config.Slack.AlertsChannel,
	})
	if err != nil {
		return err
	}
	last := context.WithoutCancel(ctx) // what runs on while the last requests finish
	defer background(last, func(ctx context.Context) { box.Run(ctx, flows.Deliver) })()
	defer door.Wait()
	defer background(last, func(ctx context.Context) { p.serveAdmin(ctx, door.AdminServer(), admin) })()
	defer background(ctx, func(ctx context.Context) { p.checkTemporal(ctx, health) })()
	return p.serve(ctx, door.Server(), door.Listener(listener))
}

// alarmGrace is how long alarms may take once the process has been told to stop.
const alarmGrace = 5 * time.Second

// untilStopped lets post finish while the process stops, but not for long: if Slack is down it must not delay the end.
func untilStopped(process context.Context, post func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, text string) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(process, func() { time.AfterFunc(alarmGrace, cancel) })()
		return post(ctx, text)
	}
}

// background runs do until stop is called, which ends its context and waits for it.
func background(ctx context.Context, do func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { do(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// uiLink returns the address of a workflow in the Temporal UI.
func (p Process) uiLink(workflowID string) string {
	return p.Config.TemporalUIURL + "/namespaces/" + url.PathEscape(p.Temporal.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}

// serveAdmin serves readiness and metrics until ctx is done, which is after the last requests have finished.
func (p Process) serveAdmin(ctx context.Context, server *http.Server, l net.Listener) {
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		p.Logger.Error("the ingress's admin address is not served any more", "error", err)
	}
}

// temporalHealth returns why Temporal can't take events: it does not answer, refuses us, or lacks our namespace.
func temporalHealth(c client.Client, address, namespace string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		var missing *serviceerror.NamespaceNotFound
		var denied *serviceerror.PermissionDenied
		switch {
		case err == nil:
			return nil
		case errors.As(err, &missing):
			return fmt.Errorf("the namespace %q is missing at %s: create it, or set TEMPORAL_NAMESPACE: %w", namespace, address, err)
		case errors.As(err, &denied): // it answers, and may permit us to start workflows
			return nil
		case serviceerror.ToStatus(err).Code() == codes.Unauthenticated:
			return fmt.Errorf("%s does not know us: check TEMPORAL_API_KEY or the certificate: %w", address, err)
		}
		return fmt.Errorf("does not answer at %s: %w", address, err)
	}
}

// startCheckTimeout is how long Temporal may take to answer at start.
const startCheckTimeout = 10 * time.Second

// checkTemporal logs at start if Temporal can't take events; otherwise that would be noticed only with the first event.
func (p Process) checkTemporal(ctx context.Context, ask func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, startCheckTimeout)
	defer cancel()
	if err := ask(ctx); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		p.Logger.Warn("Temporal can't take events, which wait on disk", "address", p.Temporal.HostPort, "namespace", p.Temporal.Namespace, "error", err)
	}
}
