package program

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
)

// announce logs at start which build this is, which limits are in force, and the warnings about the configuration.
func (p Process) announce(who string) {
	b := build()
	p.Logger.Info("fieldmarshal "+who+" starts", "version", b.Version, "revision", b.Revision, "modified", b.Modified, "go", b.Go)
	p.limits()
	for _, warning := range p.Config.Warnings {
		p.Logger.Warn(warning.Variable + " " + warning.Text)
	}
}

// limits logs what limits spending. The line is a warning if nothing does.
func (p Process) limits() {
	c := p.Config
	level, approvers := slog.LevelInfo, strings.Join(c.Slack.Approvers, ",")
	if c.Slack.Anyone {
		level, approvers = slog.LevelWarn, "anyone: every member of our workspace who is in the channel can approve a CPI"
	}
	if c.Approval.Ceiling == "" {
		level = slog.LevelWarn
	}
	p.Logger.Log(context.Background(), level, "limits in force",
		"CPI_CEILING", cmp.Or(c.Approval.Ceiling, "none: every approved amount is sent"),
		"CPI_SECOND_APPROVER_ABOVE", cmp.Or(c.Approval.SecondApproverAbove, "none: one approval is enough"),
		"CPI_AUTO_APPROVE_UP_TO", cmp.Or(c.Approval.AutoApproveUpTo, "none: nothing is approved without a person"),
		"DRY_RUN", c.DryRun, "SLACK_APPROVERS", approvers)
}
