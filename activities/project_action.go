package activities

import (
	"context"
	"errors"
	"fmt"

	"fieldmarshal/prodege"
)

// ActOnProject does what people decided from a pause's alert: it reads the project, and only where that still
// stands still, for no other reason as far as Prodege tells, does what the action's row says. What arrived
// though its answer was lost shows in the project's status and counts as sent.
func (p *Prodege) ActOnProject(ctx context.Context, in ActOnProject) (Acceptance, error) {
	d := &doing{in: in}
	d.row, d.known = prodege.FindAction(in.Action, in.Reason)
	return p.act(ctx, in.Project, string(in.Action), in.MaybeSent, d)
}

// doing is the deed of an action.
type doing struct {
	in     ActOnProject
	row    prodege.Action
	known  bool
	refill prodege.Refill // of the clicks, kept as it is
	size   int64          // the sample size as it is
}

func (d *doing) fault() error {
	switch {
	case !d.known:
		return fmt.Errorf("reason %d offers no action %q", d.in.Reason, d.in.Action)
	case !d.row.Fits(d.in.Number):
		return fmt.Errorf("%s can't be done with %d", d.row.ID, d.in.Number)
	}
	return nil
}

func (d *doing) overLimit(*Prodege) bool { return false }

// unreadToo is false: what is done from an alert spends money or ends the project, and nothing is in a hurry.
func (d *doing) unreadToo() bool { return false }

func (d *doing) judge(info prodege.ProjectInfo, t trail) (got Acceptance, settled bool) {
	got = Acceptance{Status: info.Status}
	switch info.Status {
	case prodege.Live:
		got.Outcome = AcceptAlreadyLive
	case prodege.Complete, prodege.PendingComplete, prodege.Invoiced, prodege.Deleted:
		got.Outcome = AcceptEnded
	case prodege.Paused:
		if info.PausedForCPI || info.PausedClicks && d.in.Reason != prodege.MaxClicks {
			got.Outcome = AcceptOther
		}
	default:
		got.Outcome = AcceptOther
	}
	if t.Maybe && d.shows(info) {
		got.Outcome = AcceptSent
	}
	return got, got.Outcome != ""
}

// shows says whether the project stands as the action leaves it.
func (d *doing) shows(info prodege.ProjectInfo) bool {
	small := d.row.Asks == prodege.AsksSample && info.SampleSize > 0 && info.SampleSize < d.in.Number
	ended := d.row.Status == prodege.Complete && (info.Status == prodege.PendingComplete || info.Status == prodege.Invoiced)
	return !small && (info.Status == d.row.Status || ended)
}

// prepare reads how often Prodege refills the clicks, as setting them sets that too, or how large the sample is
// where the project itself does not tell.
func (d *doing) prepare(ctx context.Context, p *Prodege, info *prodege.ProjectInfo) error {
	switch {
	case d.row.Asks == prodege.AsksNothing:
		return nil
	case d.row.Asks == prodege.AsksSample && info.SampleSize > 0:
		d.size = info.SampleSize
		return nil
	case p.limit.Wait(ctx) != nil:
		return errBusy
	case d.row.Asks == prodege.AsksSample:
		return d.prepareSample(ctx, p)
	}
	settings, err := p.api.ClickSettings(ctx, d.in.Project)
	d.refill = settings.Refill
	return err
}

// prepareSample reads the sample size off the quotas. A size that nobody can tell is not changed: it might be
// lowered.
func (d *doing) prepareSample(ctx context.Context, p *Prodege) error {
	quotas, err := p.api.Quotas(ctx, d.in.Project)
	if err != nil {
		return err
	}
	if d.size = max(quotas.Wanted, quotas.Completes); d.size == 0 {
		return errors.New("Prodege does not tell how large the sample is, so it is not changed: it might be lowered")
	}
	return nil
}

func (d *doing) update(*prodege.ProjectInfo) prodege.ProjectUpdate {
	return d.row.Update(d.in.Number, d.size)
}

func (d *doing) before(ctx context.Context, p *Prodege) error {
	if d.row.Asks != prodege.AsksClicks {
		return nil
	}
	err := p.api.AllowClicks(ctx, d.in.Project, d.in.Number, d.refill)
	if err == nil {
		count(ctx, metricProdege, "done", "clicks")
	}
	return err
}
