package activities

import (
	"context"
	"errors"
	"fmt"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// ActOnProject does what people decided from a pause's alert: it reads the project, and only if that is still paused, for
// no other reason that Prodege shows, does what the action's row says. The row is the one that was offered. If an earlier
// action arrived and its answer was lost, the project's status shows that and the action counts as sent.
func (p *Prodege) ActOnProject(ctx context.Context, in project.ActOnProject) (project.Acceptance, error) {
	// It always reads the project first: it spends money or ends the project, and is never urgent.
	a := attempt{Prodege: p, operation: &action{in: in}, project: in.Project, name: string(in.Action.ID), heard: heard{maybe: in.Maybe}}
	switch row := in.Action; {
	case row.ID == "" || row.Status != prodege.Live && row.Status != prodege.Complete:
		a.invalid = fmt.Errorf("%q is not an action that can be done here", row.ID)
	case !row.Fits(in.Number):
		a.invalid = fmt.Errorf("%s can't be done with %d", row.ID, in.Number)
	}
	return a.act(ctx)
}

// action is the operation of ActOnProject.
type action struct {
	in     project.ActOnProject
	refill prodege.Refill // the current refill of the clicks, which is kept
	size   int64          // the current sample size
}

func (a *action) settle(info prodege.ProjectInfo, earlier heard) (got project.Acceptance, settled bool) {
	got = project.Acceptance{Status: info.Status, Required: info.RequiredCPI, MaxCPI: info.MaxCPI}
	switch info.Status {
	case prodege.Live:
		got.Outcome = project.OutcomeAlreadyLive
	case prodege.Complete, prodege.PendingComplete, prodege.Invoiced, prodege.Deleted:
		got.Outcome = project.OutcomeEnded
	case prodege.Paused:
		if info.PausedForCPI || info.PausedClicks && a.in.Action.Reason != prodege.MaxClicks {
			got.Outcome = project.OutcomeOther
		}
	default:
		got.Outcome = project.OutcomeOther
	}
	if earlier.maybe && a.shows(info) {
		got.Outcome = project.OutcomeSent
	}
	return got, got.Outcome != ""
}

// shows reports whether the project is in the state that the action leads to.
func (a *action) shows(info prodege.ProjectInfo) bool {
	row := a.in.Action
	small := row.Asks == prodege.AsksSample && info.SampleSize > 0 && info.SampleSize < a.in.Number
	ended := row.Status == prodege.Complete && (info.Status == prodege.PendingComplete || info.Status == prodege.Invoiced)
	return !small && (info.Status == row.Status || ended)
}

// prepare reads how often Prodege refills the clicks, because setting them sets that, too, or the sample size if the project
// does not contain it.
func (a *action) prepare(ctx context.Context, p *Prodege, info *prodege.ProjectInfo) error {
	asks := a.in.Action.Asks
	if asks == prodege.AsksSample && info.SampleSize > 0 {
		a.size = info.SampleSize
		return nil
	}
	if asks == prodege.AsksNothing {
		return nil
	}
	if err := p.turns.wait(ctx, forUpdate); err != nil {
		return err
	}
	if asks == prodege.AsksSample {
		return a.prepareSample(ctx, p)
	}
	settings, err := p.api.ClickSettings(ctx, a.in.Project)
	a.refill = settings.Refill
	return err
}

// prepareSample reads the sample size from the quotas. An unknown size is not changed, because it might be lowered.
func (a *action) prepareSample(ctx context.Context, p *Prodege) error {
	quotas, err := p.api.Quotas(ctx, a.in.Project)
	if err != nil {
		return err
	}
	if a.size = max(quotas.Wanted, quotas.Completes); a.size == 0 {
		return errors.New("Prodege does not say how large the sample is, so it is not changed: it might be lowered")
	}
	return nil
}

func (a *action) update(*prodege.ProjectInfo) prodege.ProjectUpdate {
	return a.in.Action.Update(a.in.Number, a.size)
}

func (a *action) before(ctx context.Context, p *Prodege) error {
	if a.in.Action.Asks != prodege.AsksClicks {
		return nil
	}
	err := p.api.AllowClicks(ctx, a.in.Project, a.in.Number, a.refill)
	if err == nil {
		count(ctx, metricProdege, "done", "clicks")
	}
	return err
}
