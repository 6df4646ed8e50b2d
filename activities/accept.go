package activities

import (
	"context"
	"errors"

	"fieldmarshal/prodege"
)

// AcceptCPI accepts an amount that people approved: it reads the project, and only where that still stands
// still for CPI, at a price within the amount, raises max_cpi to it and sets the project LIVE. An acceptance
// that arrived though its answer was lost shows as LIVE and counts as sent.
func (p *Prodege) AcceptCPI(ctx context.Context, in AcceptCPI) (Acceptance, error) {
	return p.act(ctx, in.Project, "accept "+in.Approved.Dollars(), in.MaybeSent, accepting{in})
}

// accepting is the deed of an acceptance.
type accepting struct{ in AcceptCPI }

func (a accepting) fault() error {
	if a.in.Approved.Cmp(prodege.USD{}) <= 0 {
		return errors.New("that is no price")
	}
	return nil
}

func (a accepting) overLimit(p *Prodege) bool {
	return p.ceiling != nil && a.in.Approved.Cmp(*p.ceiling) > 0
}

func (a accepting) unreadToo() bool { return !a.in.MustRead }

func (a accepting) judge(info prodege.ProjectInfo, t trail) (got Acceptance, settled bool) {
	got = Acceptance{Status: info.Status, Required: info.RequiredCPI}
	switch info.Status {
	case prodege.Live:
		got.Outcome = AcceptAlreadyLive
		if t.Maybe && (info.MaxCPI == nil || info.MaxCPI.Cmp(a.in.Approved) >= 0) {
			got.Outcome, got.Sent = AcceptSent, a.wasSent(info, t)
		}
	case prodege.Complete, prodege.PendingComplete, prodege.Invoiced, prodege.Deleted:
		got.Outcome = AcceptEnded
	case prodege.Paused:
		switch {
		case !info.PausedForCPI:
			got.Outcome = AcceptOther
		case info.RequiredCPI != nil && info.RequiredCPI.Cmp(a.in.Approved) > 0:
			got.Outcome = AcceptRisen
		}
	default:
		got.Outcome = AcceptOther
	}
	return got, got.Outcome != ""
}

// wasSent gives what the earlier try sent as max_cpi, as far as it is known.
func (a accepting) wasSent(info prodege.ProjectInfo, t trail) *prodege.USD {
	if t.Amount == nil && info.MaxCPI != nil && info.MaxCPI.Equal(a.in.Approved) {
		return &a.in.Approved
	}
	return t.Amount
}

func (a accepting) prepare(context.Context, *Prodege, *prodege.ProjectInfo) error { return nil }

// update raises max_cpi where it is below the amount, and never lowers it.
func (a accepting) update(info *prodege.ProjectInfo) prodege.ProjectUpdate {
	u := prodege.ProjectUpdate{Status: prodege.Live}
	if info == nil || info.MaxCPI == nil || info.MaxCPI.Cmp(a.in.Approved) < 0 {
		u.MaxCPI = &a.in.Approved
	}
	return u
}

func (a accepting) before(context.Context, *Prodege) error { return nil }
