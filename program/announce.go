package program

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"fieldmarshal/operator"
)

// announce logs at start which build this is, what is sent and what limits spending, and the warnings about the
// configuration. What is sent and its limits are a warning if nothing limits spending, or if people might not expect it.
func (p Process) announce(who string) {
	b, c := build(), p.Config
	p.Logger.Info("fieldmarshal "+who+" starts", "version", b.Version, "revision", b.Revision, "go", b.Go)
	level, approvers, prodege, billing := slog.LevelInfo, strings.Join(c.Slack.Approvers, ","), "set", "set"
	if c.Slack.Anyone {
		approvers = "anyone: every member of our workspace who is in the channel can approve a CPI"
	}
	if c.Prodege.APIKey == "" {
		prodege = "none: nothing is read or accepted at Prodege, people are asked to do it by hand"
	}
	if c.Billing.URL == "" {
		billing = "none: people in the finance channel are asked to create invoices"
	}
	if c.Slack.Anyone || c.Approval.Ceiling == "" || c.DryRun || c.Prodege.APIKey == "" || c.Billing.URL == "" && c.Billing.SigningSecret != "" {
		level = slog.LevelWarn
	}
	p.Logger.Log(context.Background(), level, "limits in force",
		"CPI_CEILING", cmp.Or(c.Approval.Ceiling, "none: every approved amount is sent"),
		"CPI_SECOND_APPROVER_ABOVE", cmp.Or(c.Approval.SecondApproverAbove, "none: one approval is enough"),
		"CPI_AUTO_APPROVE_UP_TO", cmp.Or(c.Approval.AutoApproveUpTo, "none: nothing is approved without a person"),
		"DRY_RUN", c.DryRun, "SLACK_APPROVERS", approvers, "PRODEGE_API_KEY", prodege, "BILLING_URL", billing)
	for _, warning := range c.Warnings {
		p.Logger.Warn(warning.Variable + " " + warning.Text)
	}
}

// Set by the linker when the image is built, where there is no version control:
//
//	go build -ldflags "-X fieldmarshal/program.version=v1.2.3 -X fieldmarshal/program.revision=4f2a…"
var version, revision string

// build returns the version of this program, as set by the linker or recorded by Go.
func build() operator.Build {
	b := operator.Build{Version: version, Revision: revision, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, info.Main.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = cmp.Or(b.Revision, s.Value)
			}
		}
	}
	b.Version, b.Revision = cmp.Or(b.Version, "(devel)"), cmp.Or(b.Revision, "unknown")
	return b
}

// buildInfo returns a metric that is always 1; its labels give the version.
func buildInfo() prometheus.Collector {
	b := build()
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fieldmarshal_build_info", Help: "1, with the version, the revision and the Go version of this build.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "goversion": b.Go},
	})
	g.Set(1)
	return g
}
