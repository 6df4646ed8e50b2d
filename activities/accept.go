package activities

import (
	"context"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// AcceptCPI accepts an amount that people approved: it reads the project, and only if that is still paused for CPI, at a
// price within the amount, raises max_cpi to it and sets the project LIVE. If an earlier acceptance arrived and its answer
// was lost, the project is LIVE and the acceptance counts as sent.
func (p *Prodege) AcceptCPI(ctx context.Context, in project.AcceptCPI) (project.Acceptance, error) {
	a := attempt{Prodege: p, project: in.Project, name: "accept " + in.Approved.Dollars(),
		maybe: in.Maybe, amount: in.Amount, approved: &in.Approved, unread: !in.MustRead}
	a.obstacle = func(info prodege.ProjectInfo) project.Outcome {
		switch {
		case !info.PausedForCPI:
			return project.OutcomeOther
		case info.RequiredCPI != nil && info.RequiredCPI.Cmp(in.Approved) > 0:
			return project.OutcomeRisen
		}
		return ""
	}
	a.done = func(info prodege.ProjectInfo) bool {
		return info.Status == prodege.Live && (info.MaxCPI == nil || info.MaxCPI.Cmp(in.Approved) >= 0)
	}
	a.update = func(info *prodege.ProjectInfo) prodege.ProjectUpdate {
		u := prodege.ProjectUpdate{Status: prodege.Live}
		if info == nil || info.MaxCPI == nil || info.MaxCPI.Cmp(in.Approved) < 0 { // it is never lowered
			u.MaxCPI = &in.Approved
		}
		return u
	}
	if in.Approved.Cmp(prodege.USD{}) <= 0 {
		a.invalid = "the approved amount is not a positive price, so it is not sent"
	}
	return a.act(ctx)
}
