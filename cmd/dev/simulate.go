package main

import (
	"context"
	"maps"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"fieldmarshal/config"
	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

// What stands in for secrets between the parts of this one process. They protect nothing but the simulators,
// which listen on this machine only.
const (
	simulatedSecretKey = "dev-prodege-secret-key"
	simulatedAPIKey    = "dev-prodege-api-key"
	simulatedToken     = "xoxb-dev-simulated"
	simulatedSigning   = "dev-slack-signing-secret"
	simulatedBilling   = "whsec_ZGV2LWJpbGxpbmctc2lnbmluZy1zZWNyZXQh"
)

// The people and channels of the simulated workspace.
const (
	alertsChannel    = "C0ALERTS1"
	approvalsChannel = "C0APPROVE"
	financeChannel   = "C0FINANCE"
	approverAnn      = "U0ANN0001"
	approverBen      = "U0BEN0001"
	outsiderEve      = "U0EVE0001"
	approversGroup   = "S0APPROVE"

	firstScenario prodege.ProjectID = 71000001 // and those after it
)

// cast is who plays in the scenarios.
var cast = simulator.Cast{
	Approver: approverAnn, Second: approverBen, Outsider: outsiderEve,
	Alerts: alertsChannel, Approvals: approvalsChannel, Finance: financeChannel, FirstProject: firstScenario,
}

// simulate starts the stand-ins for whatever is not real, serves them with their page, and gives the
// environment with the variables that lead to them. Prodege and billing are real with -real only, whatever
// .env holds; Slack is real if there is a token.
func (s *stack) simulate(env config.Environment) (config.Environment, error) {
	env = maps.Clone(env)
	mux := http.NewServeMux()
	page := simulator.PageOptions{
		TemporalUI: s.temporal.UIURL, EffectLimit: s.limits.effect, Soon: s.limits.soon,
		Stage: simulator.Stage{Cast: cast, Parts: s.parts(), Waiting: s.waiting, Breath: s.limits.breath, StepLimit: s.limits.step},
	}
	if !s.real {
		if err := s.simulateProdege(mux, env); err != nil {
			return nil, err
		}
		page.Prodege, page.Billing = s.prodege, s.billing
	}
	if env["SLACK_BOT_TOKEN"] == "" {
		s.simulateSlack(mux, env)
		page.Slack = s.slack
	} else {
		page.SlackNote = "Messages go to the real Slack workspace that SLACK_BOT_TOKEN belongs to."
	}
	mux.Handle("/", simulator.Page(page))
	maps.Copy(env, config.Environment{"INBOX_DIR": filepath.Join(s.data, "inbox"), "TEMPORAL_UI_URL": s.temporal.UIURL})

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(s.page) }() // ends when it is closed
	s.stops = append(s.stops, func() { _ = server.Close() })
	return env, nil
}

func (s *stack) simulateProdege(mux *http.ServeMux, env config.Environment) error {
	hooks := address(s.http) + "/webhooks/prodege/"
	s.prodege = simulator.NewProdege(simulator.ProdegeOptions{
		APIKey: simulatedAPIKey, SecretKey: simulatedSecretKey,
		WebhookURL: hooks + "project-status", PricingURL: hooks + "real-time-pricing",
		AnnounceUpdates: true, AnnounceAfter: s.limits.live,
	})
	s.stops = append(s.stops, s.prodege.Close)
	kept, err := keepProjects(s.prodege, filepath.Join(s.data, "prodege.json"))
	if err != nil {
		return err
	}
	s.stops = append(s.stops, kept)
	s.billing = simulator.NewBilling(simulatedBilling)
	mux.Handle("/prodege/", s.prodege.Handler())
	mux.Handle("/billing/", s.billing.Handler())
	maps.Copy(env, config.Environment{
		"PRODEGE_SECRET_KEY": simulatedSecretKey, "PRODEGE_API_KEY": simulatedAPIKey, "PRODEGE_BASE_URL": address(s.page) + "/prodege",
		"BILLING_URL": address(s.page) + "/billing/invoices", "BILLING_SIGNING_SECRET": simulatedBilling,
	})
	return nil
}

func (s *stack) simulateSlack(mux *http.ServeMux, env config.Environment) {
	s.slack = simulator.NewSlack(simulator.SlackOptions{
		BotToken: simulatedToken, SigningSecret: simulatedSigning, URL: address(s.page), TeamURL: address(s.page) + "/",
		Channels: []simulator.Channel{{ID: alertsChannel, Name: "survey-alerts"}, {ID: approvalsChannel, Name: "cpi-approvals"}, {ID: financeChannel, Name: "survey-finance"}},
		Users: []simulator.User{
			{ID: approverAnn, Name: "Ann", Title: "approver"},
			{ID: approverBen, Name: "Ben", Title: "approver"},
			{ID: outsiderEve, Name: "Eve", Title: "not an approver"},
		},
		Groups:         []simulator.Group{{ID: approversGroup, Handle: "cpi-approvers", Users: []string{approverAnn, approverBen}}},
		AppURL:         address(s.http) + "/slack",
		PostsPerSecond: 1, PostBurst: 5, // as the real one
		Patience: s.limits.slack,
	})
	mux.Handle("/api/", s.slack.Handler())
	mux.Handle("/response/", s.slack.Handler())
	maps.Copy(env, config.Environment{
		"SLACK_BOT_TOKEN": simulatedToken, "SLACK_SIGNING_SECRET": simulatedSigning, "SLACK_API_URL": address(s.page) + "/api/",
		"SLACK_ALERTS_CHANNEL": alertsChannel, "SLACK_APPROVALS_CHANNEL": approvalsChannel, "SLACK_FINANCE_CHANNEL": financeChannel,
		"SLACK_APPROVERS": approversGroup, "SLACK_ESCALATION": approversGroup,
	})
}

// follow calls changed after each change of the stand-in, until stop is called, which calls it a last time.
func follow(p *simulator.Prodege, changed func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	news := p.Changed()
	following.Go(func() {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-news:
				news = p.Changed()
			}
			changed()
		}
	})
	return func() {
		cancel()
		following.Wait()
	}
}
