package program

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"

	"fieldmarshal/config"
	"fieldmarshal/inbox"
	"fieldmarshal/operator"
	"fieldmarshal/workflows"
)

// world reads the configuration for an operator's command and returns what the command can reach. It calls nothing yet.
func (i Invocation) world(context.Context) (*operator.World, func(), error) {
	p, wrong := i.read(config.Operator)
	if p.Temporal.HostPort == "" { // it is unknown which Temporal is meant
		return nil, nil, wrong
	}
	p.Logger = slog.New(slog.NewTextHandler(i.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	c := p.Config
	reach, err := p.dial(nil)
	if err != nil {
		return nil, nil, err
	}
	w := &operator.World{
		Flows:    workflows.NewClient(reach, c.TaskQueue),
		Temporal: operator.NewTemporal(reach, p.Temporal.Namespace, c.TaskQueue),
		Inbox:    inbox.NewControl(c.InboxDir),
		UILink:   p.uiLink,
		Facts:    p.facts(),
	}
	if api := p.prodegeAPI(); api != nil {
		w.Prodege = api
	}
	if c.Slack.BotToken != "" {
		api := p.slackAPI()
		w.Slack = slackCheck{api, p.approvers(api)}
	}
	w.Wrong = wrong
	var faults *config.Faults
	if _, err := i.read(config.Ingress | config.Worker); errors.As(err, &faults) {
		for _, fault := range faults.List {
			w.Findings = append(w.Findings, fault.Variable+" "+fault.Text)
		}
	}
	for _, warning := range c.Warnings {
		w.Warnings = append(w.Warnings, warning.Variable+" "+warning.Text)
	}
	return w, reach.Close, nil
}

// facts returns the part of the configuration that commands show.
func (p Process) facts() operator.Facts {
	c := p.Config
	f := operator.Facts{
		TemporalAddress: p.Temporal.HostPort, Namespace: p.Temporal.Namespace, TaskQueue: c.TaskQueue,
		IngressURL: localURL(c.HTTPAddr), SecretKeys: secrets(c.Prodege.SecretKeys),
		Anyone: c.Slack.Anyone, ProdegeURL: c.Prodege.BaseURL, InboxDir: c.InboxDir, ProjectLinger: c.Prodege.ProjectLinger, DryRun: c.DryRun,
	}
	for _, channel := range []operator.Channel{
		{Variable: "SLACK_ALERTS_CHANNEL", ID: c.Slack.AlertsChannel},
		{Variable: "SLACK_APPROVALS_CHANNEL", ID: c.Slack.ApprovalsChannel},
		{Variable: "SLACK_FINANCE_CHANNEL", ID: c.Slack.FinanceChannel},
	} {
		if channel.ID != "" && !slices.ContainsFunc(f.Channels, func(known operator.Channel) bool { return known.ID == channel.ID }) {
			f.Channels = append(f.Channels, channel)
		}
	}
	return f
}

// localURL returns the URL of a process that listens on address, as seen from its own machine.
func localURL(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// settings returns the configuration in force, for the command that shows it, with its faults.
func (i Invocation) settings() ([]operator.Setting, error) {
	given := config.Read(i.Dir, i.Env)
	p, wrong := i.read(config.Ingress | config.Worker)
	var all []operator.Setting
	for _, s := range given.Settings() {
		shown := operator.Setting{Variable: s.Name, Value: s.Value, From: string(s.From)}
		// A profile file may say how to reach Temporal; the environment and .env take precedence.
		for name, value := range map[string]string{"TEMPORAL_ADDRESS": p.Temporal.HostPort, "TEMPORAL_NAMESPACE": p.Temporal.Namespace} {
			if s.Name == name && s.From == config.FromDefault && value != "" && value != s.Value {
				shown.Value, shown.From = value, "TEMPORAL_CONFIG_FILE"
			}
		}
		all = append(all, shown)
	}
	return all, wrong
}
