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
	o := &action{ActOnProject: in, prodege: p}
	a := attempt{Prodege: p, project: in.Project, name: string(in.Action.ID), maybe: in.Maybe,
		obstacle: o.obstacle, done: o.done, prepare: o.prepare, update: o.update, before: o.before}
	switch row := in.Action; {
	case row.ID == "" || row.Status != prodege.Live && row.Status != prodege.Complete:
		a.invalid = fmt.Sprintf("%q is not an action that can be done here", row.ID)
	case !row.Fits(in.Number):
		a.invalid = fmt.Sprintf("%s can't be done with %d", row.ID, in.Number)
	}
	return a.act(ctx)
}

// action is what ActOnProject does.
type action struct {
	project.ActOnProject
	prodege *Prodege
	refill  prodege.Refill // the current refill of the clicks, which is kept
	size    int64          // the current sample size
}

func (a *action) obstacle(info prodege.ProjectInfo) project.Outcome {
	if info.PausedForCPI || info.PausedClicks && a.Action.Reason != prodege.MaxClicks {
		return project.OutcomeOther
	}
	return ""
}

func (a *action) done(info prodege.ProjectInfo) bool {
	small := a.Action.Asks == prodege.AsksSample && info.SampleSize > 0 && info.SampleSize < a.Number
	ended := a.Action.Status == prodege.Complete && (info.Status == prodege.PendingComplete || info.Status == prodege.Invoiced)
	return !small && (info.Status == a.Action.Status || ended)
}

// prepare reads how often Prodege refills the clicks, because setting them sets that, too, or the sample size if the project
// does not contain it. An unknown size is not changed, because it might be lowered.
func (a *action) prepare(ctx context.Context, info *prodege.ProjectInfo) error {
	switch asks := a.Action.Asks; {
	case asks == prodege.AsksNothing:
		return nil
	case asks == prodege.AsksSample && info.SampleSize > 0:
		a.size = info.SampleSize
		return nil
	}
	if err := a.prodege.turns.wait(ctx, forUpdate); err != nil {
		return err
	}
	if a.Action.Asks == prodege.AsksClicks {
		settings, err := a.prodege.api.ClickSettings(ctx, a.Project)
		a.refill = settings.Refill
		return err
	}
	quotas, err := a.prodege.api.Quotas(ctx, a.Project)
	if a.size = max(quotas.Wanted, quotas.Completes); err == nil && a.size == 0 {
		err = errors.New("Prodege does not say how large the sample is, so it is not changed: it might be lowered")
	}
	return err
}

func (a *action) update(*prodege.ProjectInfo) prodege.ProjectUpdate {
	return a.Action.Update(a.Number, a.size)
}

func (a *action) before(ctx context.Context) error {
	if a.Action.Asks != prodege.AsksClicks {
		return nil
	}
	err := a.prodege.api.AllowClicks(ctx, a.Project, a.Number, a.refill)
	if err == nil {
		count(ctx, metricProdege, "done", "clicks")
	}
	return err
}
