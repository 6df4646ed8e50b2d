package program

import (
	"context"
	"log/slog"
	"net"
	"slices"

	"fieldmarshal/config"
	"fieldmarshal/inbox"
	"fieldmarshal/operator"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// world reads the configuration for an operator's command and gives what it reaches. Nothing is called yet.
func (i Invocation) world(context.Context) (*operator.World, func(), error) {
	env, err := config.ReadEnvironment(i.Dir, i.Env)
	if err != nil {
		return nil, nil, &config.Faults{List: []config.Fault{{Variable: ".env", Text: err.Error()}}}
	}
	c, faults := Load(env, config.Operator)
	temporal, err := Connection(env)
	if err != nil {
		return nil, nil, &config.Faults{List: append(faults, config.Fault{Variable: "TEMPORAL_…", Text: "can't be used: " + err.Error()})}
	}
	p := Process{Config: c, Temporal: temporal, Logger: slog.New(slog.NewTextHandler(i.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	reach, err := p.dial(nil)
	if err != nil {
		return nil, nil, err
	}
	w := &operator.World{
		Flows:    workflows.NewClient(reach, c.TaskQueue),
		Temporal: operator.NewTemporal(reach, temporal.Namespace, c.TaskQueue),
		Inbox:    inbox.NewControl(c.InboxDir),
		Facts:    p.facts(),
	}
	if c.Prodege.APIKey != "" && len(c.Prodege.SecretKeys) > 0 {
		w.Prodege = prodege.NewClient(prodege.Options{APIKey: prodege.Secret(c.Prodege.APIKey), SecretKey: secrets(c.Prodege.SecretKeys)[0], BaseURL: c.Prodege.BaseURL})
	}
	if c.Slack.BotToken != "" {
		w.Slack = slackCheck{p.slackAPI()}
	}
	if len(faults) > 0 {
		w.Wrong = &config.Faults{List: faults}
	}
	_, all := Load(env, config.Ingress|config.Worker)
	for _, fault := range all {
		w.Findings = append(w.Findings, fault.Variable+" "+fault.Text)
	}
	return w, reach.Close, nil
}

// facts are what commands tell of the configuration.
func (p Process) facts() operator.Facts {
	c := p.Config
	f := operator.Facts{
		TemporalAddress: p.Temporal.HostPort, Namespace: p.Temporal.Namespace, TaskQueue: c.TaskQueue, TemporalUIURL: c.TemporalUIURL,
		IngressURL: ingressURL(c.HTTPAddr), SecretKeys: secrets(c.Prodege.SecretKeys),
		SigningSecret: len(c.Slack.SigningSecrets) > 0, Approvers: c.Slack.Approvers,
		ProdegeURL: c.Prodege.BaseURL, InboxDir: c.InboxDir, ProjectLinger: c.Prodege.ProjectLinger, DryRun: c.DryRun, Digest: c.Digest,
	}
	for _, channel := range []operator.Channel{
		{Variable: "SLACK_ALERTS_CHANNEL", ID: c.Slack.AlertsChannel},
		{Variable: "SLACK_APPROVALS_CHANNEL", ID: c.Slack.ApprovalsChannel},
		{Variable: "SLACK_FINANCE_CHANNEL", ID: c.Slack.FinanceChannel},
	} {
		if !slices.ContainsFunc(f.Channels, func(known operator.Channel) bool { return known.ID == channel.ID }) {
			f.Channels = append(f.Channels, channel)
		}
	}
	return f
}

// ingressURL is where the ingress of this configuration is reached from its own machine.
func ingressURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://localhost:8080"
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
