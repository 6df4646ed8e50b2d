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

	"github.com/slack-go/slack"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"fieldmarshal/activities"
	"fieldmarshal/inbox"
	"fieldmarshal/ingress"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// RunIngress runs the ingress until ctx ends. It starts while Temporal and Slack are away: deliveries go to
// disk, clicks are told that they don't count.
func (p Process) RunIngress(ctx context.Context) (err error) {
	admin, err := p.listen(p.Admin, "ingress's readiness and metrics", p.Config.IngressAdmin, "the ingress serves readiness and metrics")
	if err != nil {
		return err
	}
	defer admin.Close() // serving closes them too, which does no harm
	listener, err := p.listen(p.Listener, "ingress", p.Config.HTTPAddr, "ingress listens")
	if err != nil {
		return err
	}
	defer listener.Close()
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
		Final: func(err error) bool { return errors.Is(err, workflows.ErrForGood) },
		Alarm: func(text string) {
			if err := alert(context.WithoutCancel(ctx), text); err != nil {
				p.Logger.Error("the alerts channel could not be told", "error", err)
			}
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()

	door, err := ingress.New(ingress.Options{
		Logger: p.Logger, Inbox: box, Workflows: flows, Registry: newRegistry(),
		ProdegeSecrets: secrets(p.Config.Prodege.SecretKeys), SigningSecrets: secrets(p.Config.Slack.SigningSecrets),
		Slack: api, SlackAPIURL: p.Config.Slack.APIURL, Team: ownTeam(api),
		Approvers: activities.NewApprovers(api, p.Config.Slack.Approvers, p.Logger), Anyone: len(p.Config.Slack.Approvers) == 0,
		Secrets:   []prodege.Secret{prodege.Secret(p.Config.Slack.BotToken), prodege.Secret(p.Config.Prodege.APIKey), prodege.Secret(p.Config.Billing.SigningSecret)},
		Simulated: p.Simulated, MaxEventAge: p.Config.Prodege.MaxEventAge,
		Alert: alert, Open: openItems(temporal), UILink: p.uiLink, Temporal: temporalHealth(temporal, p.Temporal.Namespace),
	})
	if err != nil {
		return err
	}
	if len(p.Config.Slack.Approvers) == 0 {
		p.Logger.Warn("SLACK_APPROVERS is empty: anyone in the channel can approve a CPI")
	}
	stopForwarding := forward(ctx, box, flows)
	defer stopForwarding()
	defer door.Wait()
	defer p.serveAdmin(door.AdminServer(), admin)()
	return p.serve(ctx, door.Server(), door.Listener(listener))
}

// serveAdmin serves readiness and metrics until stop is called, also while requests under way finish.
func (p Process) serveAdmin(server *http.Server, l net.Listener) (stop func()) {
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.Logger.Error("the ingress's admin address is not served any more", "error", err)
		}
	})
	return func() {
		_ = server.Close()
		serving.Wait()
	}
}

// temporalHealth says why Temporal can't take events: it does not answer, or lacks our namespace.
func temporalHealth(c client.Client, namespace string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		var missing *serviceerror.NamespaceNotFound
		var denied *serviceerror.PermissionDenied
		switch {
		case errors.As(err, &missing):
			return &ingress.NamespaceMissing{Namespace: namespace}
		case errors.As(err, &denied): // it answers, and starting workflows may be allowed all the same
			return nil
		}
		return err
	}
}

// alarmGrace is how long an alarm may still be told once the process is to stop.
const alarmGrace = 5 * time.Second

// untilStopped tells things even while the process stops, but not for long: a Slack that is away must not hold up its end.
func untilStopped(process context.Context, tell func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, text string) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(process, func() { time.AfterFunc(alarmGrace, cancel) })()
		return tell(ctx, text)
	}
}

// forward hands on what the inbox holds until stop is called, which waits for the calls under way.
func forward(ctx context.Context, box *inbox.Inbox, flows *workflows.Client) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it goes on while requests under way finish
	var forwarding sync.WaitGroup
	forwarding.Go(func() { box.Run(ctx, flows.Deliver) })
	return func() {
		cancel()
		forwarding.Wait()
	}
}

// ownTeam asks Slack which workspace the token belongs to.
func ownTeam(api *slack.Client) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		who, err := api.AuthTestContext(ctx)
		if err != nil {
			return "", fmt.Errorf("ask slack for our workspace: %w", err)
		}
		return who.TeamID, nil
	}
}

// uiLink leads to a workflow in the Temporal UI.
func (p Process) uiLink(workflowID string) string {
	return p.Config.TemporalUIURL + "/namespaces/" + url.PathEscape(p.Temporal.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}
