package program

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/activities"
	"fieldmarshal/inbox"
	"fieldmarshal/ingress"
	"fieldmarshal/operator"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// RunIngress runs the ingress until ctx ends. It starts while Temporal and Slack are away: deliveries go to disk, and
// those who click are told that it does not count.
func (p Process) RunIngress(ctx context.Context) (err error) {
	admin, err := p.listen(p.Admin, "ingress's readiness and metrics", p.Config.IngressAdminAddr, "the ingress serves readiness and metrics")
	if err != nil {
		return err
	}
	defer admin.Close() // serving closes them too, which does no harm
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
				p.Logger.Error("the alerts channel could not be told", "error", err)
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
	stopForwarding := forward(ctx, box, flows)
	defer stopForwarding()
	defer door.Wait()
	defer p.serveAdmin(door.AdminServer(), admin)()
	defer p.sayTemporal(ctx, health)()
	return p.serve(ctx, door.Server(), door.Listener(listener))
}

// alarmGrace is how long an alarm may still be told once the process is to stop.
const alarmGrace = 5 * time.Second

// untilStopped tells things even while the process stops, but not for long: a Slack that is away must not delay its end.
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

// isGuest asks Slack whether somebody is a guest of our workspace, or belongs to another organization. It takes the
// scope users:read. A stand-in for Slack that knows no users has no guests.
func isGuest(api *slack.Client) func(ctx context.Context, user string) (bool, error) {
	return func(ctx context.Context, user string) (bool, error) {
		u, err := api.GetUserInfoContext(ctx, user)
		switch {
		case slackCode(err) == "unknown_method":
			return false, nil
		case err != nil:
			return false, fmt.Errorf("ask slack who is a guest: %w", err)
		}
		return u.IsRestricted || u.IsUltraRestricted || u.IsStranger, nil
	}
}

// uiLink leads to a workflow in the Temporal UI.
func (p Process) uiLink(workflowID string) string {
	return p.Config.TemporalUIURL + "/namespaces/" + url.PathEscape(p.Temporal.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}
