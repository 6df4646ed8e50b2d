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

// isGuest asks Slack whether somebody is a guest in our workspace or belongs to another organization. It needs the scope
// users:read. In a simulated Slack without users nobody is a guest.
func isGuest(api *slack.Client) func(ctx context.Context, user string) (bool, error) {
	return func(ctx context.Context, user string) (bool, error) {
		u, err := api.GetUserInfoContext(ctx, user)
		var refusal slack.SlackErrorResponse
		switch {
		case errors.As(err, &refusal) && refusal.Err == "unknown_method":
			return false, nil
		case err != nil:
			return false, fmt.Errorf("ask slack who is a guest: %w", err)
		}
		return u.IsRestricted || u.IsUltraRestricted || u.IsStranger, nil
	}
}

// uiLink returns the address of a workflow in the Temporal UI.
func (p Process) uiLink(workflowID string) string {
	return p.Config.TemporalUIURL + "/namespaces/" + url.PathEscape(p.Temporal.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}
