package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// An attempt takes at most 30 s: the preparation, and the act itself, which is never interrupted once it has begun.
const (
	lookLimit   = 14 * time.Second // for the preparation
	actLimit    = 12 * time.Second
	switchLimit = 4 * time.Second // for reading the kill switch
)

// attempt is one attempt at something that people decided: it reads the project, decides whether anything is to be sent, and
// only then sends it. The kill switch and the limits are checked again right before the act.
type attempt struct {
	*Prodege
	project prodege.ProjectID
	name    string
	invalid string // why it can't be done at all; empty if it can

	approved *prodege.USD // must not exceed CPI_CEILING; nil: it has no amount
	unread   bool         // it may be done without reading the project, if Prodege refuses that (101)

	// What Prodege may have received, from an earlier attempt or this one, although no answer came.
	maybe  bool
	amount *prodege.USD // max_cpi; nil: none was sent, or it is unknown

	obstacle func(info prodege.ProjectInfo) project.Outcome                 // what is in the way although the project is paused; empty: nothing
	done     func(info prodege.ProjectInfo) bool                            // reports whether the project is in the state that the attempt leads to
	prepare  func(ctx context.Context, info *prodege.ProjectInfo) error     // reads what else the act needs; may be nil
	update   func(info *prodege.ProjectInfo) (update prodege.ProjectUpdate) // info is nil if the project could not be read
	before   func(ctx context.Context) error                                // makes the call that must precede the update; may be nil
}

// settle returns the result if nothing is to be sent, or an empty outcome.
func (a *attempt) settle(info prodege.ProjectInfo) project.Acceptance {
	got := project.Acceptance{Status: info.Status, Required: info.RequiredCPI, MaxCPI: info.MaxCPI}
	switch info.Status {
	case prodege.Live:
		got.Outcome = project.OutcomeAlreadyLive
	case prodege.Complete, prodege.PendingComplete, prodege.Invoiced, prodege.Deleted:
		got.Outcome = project.OutcomeEnded
	case prodege.Paused:
		got.Outcome = a.obstacle(info)
	default:
		got.Outcome = project.OutcomeOther
	}
	if a.maybe && a.done(info) {
		got.Outcome, got.Sent = project.OutcomeSent, a.amount
		if a.amount == nil && a.approved != nil && info.MaxCPI != nil && info.MaxCPI.Equal(*a.approved) {
			got.Sent = a.approved
		}
	}
	return got
}

// act makes the attempt.
func (a *attempt) act(ctx context.Context) (project.Acceptance, error) {
	name := a.name
	a.name += " for project " + a.project.String()
	got, f := a.run(ctx)
	if f != nil {
		f.Maybe, f.Amount = a.maybe, a.amount
		return project.Acceptance{}, f.err()
	}
	count(ctx, metricAccept, string(got.Outcome), "")
	activity.GetLogger(ctx).Info("attempted an action at Prodege", "project_id", a.project.String(), "what", name, "outcome", string(got.Outcome))
	return got, nil
}

func (a *attempt) run(ctx context.Context) (project.Acceptance, *failure) {
	look, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	if a.invalid != "" {
		return project.Acceptance{}, notSent(a.name, a.invalid)
	}
	if outcome := a.forbidden(look); outcome != "" {
		return a.forbiddenNow(look, project.Acceptance{Outcome: outcome}), nil
	}
	info, err := a.read(look)
	if err == nil && info != nil {
		if got := a.settle(*info); got.Outcome != "" {
			return got, nil
		}
	}
	if err == nil && a.prepare != nil {
		err = a.prepare(look, info)
	}
	if err != nil {
		return project.Acceptance{}, a.failed(ctx, "read", err)
	}
	return a.send(ctx, look, info)
}

// forbidden returns what forbids sending anything; empty if nothing does.
func (a *attempt) forbidden(ctx context.Context) project.Outcome {
	switch {
	case a.api == nil:
		return project.OutcomeNoKey
	case a.dryRun:
		return project.OutcomeDryRun
	case a.ceiling != nil && a.approved != nil && a.approved.Cmp(*a.ceiling) > 0:
		return project.OutcomeOverLimit
	case !a.switchedOn(ctx):
		return project.OutcomeHeld
	}
	return ""
}

// switchedOn reads the kill switch. If it can't be read it counts as off.
func (a *attempt) switchedOn(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, switchLimit)
	defer cancel()
	on, err := a.accepting.AcceptingNow(ctx)
	if err != nil {
		activity.GetLogger(ctx).Warn("the kill switch can't be read, so nothing is sent", "project_id", a.project.String(), "error", err)
	}
	return err == nil && on
}

// forbiddenNow returns got, which says that sending is forbidden, unless an earlier attempt has taken effect: then people
// must not read that nothing was sent.
func (a *attempt) forbiddenNow(look context.Context, got project.Acceptance) project.Acceptance {
	if done, arrived := a.arrived(look); arrived {
		return done
	}
	return got
}

// arrived reports whether an earlier attempt whose answer was lost has taken effect.
func (a *attempt) arrived(ctx context.Context) (project.Acceptance, bool) {
	if !a.maybe || a.api == nil {
		return project.Acceptance{}, false
	}
	info, err := a.read(ctx)
	if err != nil || info == nil {
		return project.Acceptance{}, false
	}
	got := a.settle(*info)
	return got, got.Outcome == project.OutcomeSent
}

// read reads the project; nil if Prodege refuses that (101) and the operation may be done without.
func (a *attempt) read(ctx context.Context) (*prodege.ProjectInfo, error) {
	if err := a.turns.wait(ctx, forAct); err != nil {
		return nil, err
	}
	info, err := a.info(ctx, a.project)
	if api, is := errors.AsType[*prodege.APIError](err); is && api.Has(prodege.CodeUnauthorized) && a.unread {
		activity.GetLogger(ctx).Warn("Prodege refuses to show the project, so the approved amount is sent without reading it", "project_id", a.project.String())
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &info, nil
}

// send acts. info is nil if the project could not be read.
func (a *attempt) send(ctx, look context.Context, info *prodege.ProjectInfo) (project.Acceptance, *failure) {
	got := project.Acceptance{Outcome: project.OutcomeSent, Unread: info == nil}
	if info != nil {
		got.Status, got.Required, got.MaxCPI = info.Status, info.RequiredCPI, info.MaxCPI
	}
	if err := a.turns.wait(look, forUpdate); err != nil {
		return project.Acceptance{}, a.failed(ctx, "update", err)
	}
	if outcome := a.forbidden(look); outcome != "" { // it may have been switched off in the meantime
		got.Outcome, got.Unread = outcome, false
		return a.forbiddenNow(look, got), nil
	}
	if ctx.Err() != nil {
		return project.Acceptance{}, a.failed(ctx, "update", errStopped)
	}
	update := a.update(info)
	if err := a.call(ctx, update); err != nil {
		return a.failedUpdate(ctx, look, err)
	}
	if got.Sent = update.MaxCPI; got.Sent != nil {
		got.MaxCPI = got.Sent
	}
	return got, nil
}

// call makes the calls, and records what may have been received without an answer.
func (a *attempt) call(ctx context.Context, update prodege.ProjectUpdate) error {
	act, cancel := context.WithTimeout(context.WithoutCancel(ctx), actLimit)
	defer cancel()
	if a.before != nil {
		if err := a.before(act); err != nil {
			return err // this call sets no status and can be repeated
		}
	}
	err := a.api.UpdateProject(act, a.project, update)
	if err == nil {
		count(ctx, metricProdege, "done", "update")
	} else if api, is := errors.AsType[*prodege.APIError](err); is && len(api.Codes) == 0 { // not an answer of Prodege's API: it may have been done
		a.maybe, a.amount = true, update.MaxCPI
	}
	return err
}

// failedUpdate ends an attempt whose update failed. If the refusal is final because an earlier attempt had arrived, the
// project shows that, and it counts as success.
func (a *attempt) failedUpdate(ctx, look context.Context, err error) (project.Acceptance, *failure) {
	f := a.failed(ctx, "update", err)
	if f.final() {
		if got, arrived := a.arrived(look); arrived {
			return got, nil
		}
	}
	return project.Acceptance{}, f
}

func (a *attempt) failed(ctx context.Context, call string, err error) *failure {
	return a.Prodege.failed(ctx, a.name, call, err)
}
