package activities

import (
	"context"
	"errors"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// AcceptCPI accepts an amount that people approved: it reads the project, and only if that is still paused for CPI, at a
// price within the amount, raises max_cpi to it and sets the project LIVE. If an earlier acceptance arrived and its answer
// was lost, the project is LIVE and the acceptance counts as sent.
func (p *Prodege) AcceptCPI(ctx context.Context, in project.AcceptCPI) (project.Acceptance, error) {
	a := attempt{Prodege: p, operation: acceptance{in}, project: in.Project, name: "accept " + in.Approved.Dollars(),
		heard: heard{in.Maybe, in.Amount}, approved: &in.Approved, unread: !in.MustRead}
	if in.Approved.Cmp(prodege.USD{}) <= 0 {
		a.invalid = errors.New("the approved amount is not a positive price, so it is not sent")
	}
	return a.act(ctx)
}

// acceptance is the operation of AcceptCPI.
type acceptance struct{ in project.AcceptCPI }

func (a acceptance) settle(info prodege.ProjectInfo, earlier heard) (got project.Acceptance, settled bool) {
	got = project.Acceptance{Status: info.Status, Required: info.RequiredCPI, MaxCPI: info.MaxCPI}
	switch info.Status {
	case prodege.Live:
		got.Outcome = project.OutcomeAlreadyLive
		if earlier.maybe && (info.MaxCPI == nil || info.MaxCPI.Cmp(a.in.Approved) >= 0) {
			got.Outcome, got.Sent = project.OutcomeSent, a.sentEarlier(info, earlier)
		}
	case prodege.Complete, prodege.PendingComplete, prodege.Invoiced, prodege.Deleted:
		got.Outcome = project.OutcomeEnded
	case prodege.Paused:
		switch {
		case !info.PausedForCPI:
			got.Outcome = project.OutcomeOther
		case info.RequiredCPI != nil && info.RequiredCPI.Cmp(a.in.Approved) > 0:
			got.Outcome = project.OutcomeRisen
		}
	default:
		got.Outcome = project.OutcomeOther
	}
	return got, got.Outcome != ""
}

// sentEarlier returns what the earlier attempt sent as max_cpi; nil if unknown.
func (a acceptance) sentEarlier(info prodege.ProjectInfo, earlier heard) *prodege.USD {
	if earlier.amount == nil && info.MaxCPI != nil && info.MaxCPI.Equal(a.in.Approved) {
		return &a.in.Approved
	}
	return earlier.amount
}

func (a acceptance) prepare(context.Context, *Prodege, *prodege.ProjectInfo) error { return nil }

// update raises max_cpi if it is below the amount, and never lowers it.
func (a acceptance) update(info *prodege.ProjectInfo) prodege.ProjectUpdate {
	u := prodege.ProjectUpdate{Status: prodege.Live}
	if info == nil || info.MaxCPI == nil || info.MaxCPI.Cmp(a.in.Approved) < 0 {
		u.MaxCPI = &a.in.Approved
	}
	return u
}

func (a acceptance) before(context.Context, *Prodege) error { return nil }
