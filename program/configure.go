package program

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"fieldmarshal/config"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/worker"
	"fieldmarshal/workflows"
)

// load reads the configuration of a process. The error, a *config.Faults, lists all faults.
func (i Invocation) load(part config.Part) (Process, error) {
	p, err := i.read(part)
	p.Logger = slog.New(slog.NewJSONHandler(i.Stderr, &slog.HandlerOptions{Level: p.Config.LogLevel}))
	p.Listening = i.Listening
	return p, err
}

// read reads the configuration for a part. With an error it returns what could be read.
func (i Invocation) read(part config.Part) (Process, error) {
	given := config.Read(i.Dir, i.Env)
	c, faults := Load(given.Environment, part)
	temporal, unconnected := Connection(given.Environment)
	c.Warnings = append(given.Warnings, c.Warnings...)
	if given.Get("TEMPORAL_PROFILE") != "" && given.Get("TEMPORAL_CONFIG_FILE") == "" {
		c.Warnings = append(c.Warnings, config.Fault{Variable: "TEMPORAL_PROFILE", Text: "is not read without TEMPORAL_CONFIG_FILE: set both, or neither"})
	}
	return Process{Config: c, Temporal: temporal}, given.Err(append(faults, unconnected...)...)
}

// Load is config.Load with the rules of other packages.
func Load(env config.Environment, part config.Part) (config.Config, []config.Fault) {
	c, err := config.Load(env.Get, part,
		config.Check{Variable: "APPROVAL_HOURS", Rule: func(text string) error { _, err := project.ParseHours(text); return err }},
		config.Check{Variable: "CPI_AUTO_APPROVE_UP_TO", Rule: isAmount},
		config.Check{Variable: "CPI_SECOND_APPROVER_ABOVE", Rule: isAmount},
		config.Check{Variable: "CPI_CEILING", Rule: isAmount},
		config.Check{Variable: "DIGEST", Rule: worker.CheckDigest},
	)
	var faults *config.Faults
	if errors.As(err, &faults) {
		return c, faults.List
	}
	return c, nil
}

func isAmount(text string) error {
	_, err := prodege.ParseUSD(text)
	return err
}

// Connection returns the options for connecting to Temporal: TEMPORAL_ADDRESS and the like, and a file only if
// TEMPORAL_CONFIG_FILE names one. By default envconfig would find one in the home folder, with somebody's Temporal Cloud.
func Connection(env config.Environment) (client.Options, []config.Fault) {
	if faults := connectionFaults(env); len(faults) > 0 {
		return client.Options{}, faults
	}
	o, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{DisableFile: env.Get("TEMPORAL_CONFIG_FILE") == "", EnvLookup: env})
	if err != nil {
		return client.Options{}, []config.Fault{{Variable: "TEMPORAL_…", Text: "can't be used: " + err.Error()}}
	}
	o.HostPort, o.Namespace = cmp.Or(o.HostPort, client.DefaultHostPort), cmp.Or(o.Namespace, client.DefaultNamespace)
	return o, nil
}

// connectionFaults returns what envconfig would ignore silently, so that the program would connect to another Temporal
// than intended: a missing file, or a word that is neither true nor false.
func connectionFaults(env config.Environment) (faults []config.Fault) {
	wrong := func(variable, text string) { faults = append(faults, config.Fault{Variable: variable, Text: text}) }
	for _, name := range config.ConnectionVariables() {
		if text := config.Quoted(env.Get(name)); text != "" {
			wrong(name, text)
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if file := env.Get("TEMPORAL_CONFIG_FILE"); file != "" {
		if _, err := os.Stat(file); err != nil {
			wrong("TEMPORAL_CONFIG_FILE", "can't be read: "+err.Error())
		}
	}
	for _, name := range []string{"TEMPORAL_TLS", "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"} {
		if _, err := strconv.ParseBool(env.Get(name)); err != nil && env.Get(name) != "" {
			wrong(name, fmt.Sprintf("must be true or false, not %q", env.Get(name)))
		}
	}
	if name := env.Get("TEMPORAL_NAMESPACE"); strings.ContainsAny(name, " \t,") {
		wrong("TEMPORAL_NAMESPACE", fmt.Sprintf("must be one word: %q", name))
	}
	scheme, _, url := strings.Cut(env.Get("TEMPORAL_ADDRESS"), "://")
	_, port, err := net.SplitHostPort(env.Get("TEMPORAL_ADDRESS"))
	_, portErr := strconv.ParseUint(port, 10, 16)
	switch {
	case url && !strings.HasPrefix(scheme, "http"), env.Get("TEMPORAL_ADDRESS") == "": // as in dns:///temporal:7233, which gRPC reads
	case url, err != nil, portErr != nil:
		wrong("TEMPORAL_ADDRESS", fmt.Sprintf("must be host:port, without http:// or https://, not %q (TEMPORAL_TLS=true turns on encryption)", env.Get("TEMPORAL_ADDRESS")))
	}
	return faults
}

// settings returns the part of the configuration that the workflows read.
func (p Process) settings() workflows.Settings {
	c := p.Config
	return workflows.Settings{TaskQueue: c.TaskQueue, HistoryLimit: p.HistoryLimit, Settings: project.Settings{
		Version:       project.CurrentVersion,
		AlertsChannel: c.Slack.AlertsChannel, ApprovalsChannel: c.Slack.ApprovalsChannel, FinanceChannel: c.Slack.FinanceChannel,
		Anyone: c.Slack.Anyone, Approvers: c.Slack.Approvers, Escalation: c.Slack.Escalation,
		ApprovalTimeout: c.Approval.Timeout, ApprovalReminderEvery: c.Approval.ReminderEvery, ResumeTimeout: c.Approval.ResumeTimeout, ApprovalHours: c.Approval.Hours,
		AutoApproveUpTo: amount(c.Approval.AutoApproveUpTo), SecondApproverAbove: amount(c.Approval.SecondApproverAbove), Ceiling: amount(c.Approval.Ceiling),
		AlertActions: c.AlertActions, DryRun: c.DryRun, HasAPIKey: c.Prodege.APIKey != "", HasBilling: c.Billing.URL != "", Simulated: p.Simulated,
		PollEvery: c.Prodege.PollEvery, ProjectLinger: c.Prodege.ProjectLinger,
		TemporalUIURL: c.TemporalUIURL, Namespace: p.Temporal.Namespace,
	}}
}

// amount parses dollars that Load has checked; nil if text is empty.
func amount(text string) *prodege.USD {
	if text == "" {
		return nil
	}
	usd := prodege.MustUSD(text)
	return &usd
}

func secrets(list []config.Secret) []prodege.Secret {
	out := make([]prodege.Secret, len(list))
	for i, s := range list {
		out[i] = prodege.Secret(s)
	}
	return out
}
