package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/prodege"
)

// An attempt's time, which workflows bound at 30 s, is shared out: looking before the act, and the act itself,
// which is never broken off once it has begun. One heartbeat a try is enough for a heartbeat timeout of 20 s.
const (
	acceptLook = 14 * time.Second
	acceptSend = 12 * time.Second
	switchRead = 4 * time.Second // a switch that is not read by then can't be read
)

// deed is something that people decided to be done at Prodege.
type deed interface {
	// fault says why it can't be done at all.
	fault() error
	// overLimit says whether a limit that is configured now forbids it.
	overLimit(p *Prodege) bool
	// unreadToo says whether it may be done where Prodege refuses to tell the project (101).
	unreadToo() bool
	// judge says how it ends where nothing is to be sent; t tells of what may have been sent before.
	judge(info prodege.ProjectInfo, t trail) (got Acceptance, settled bool)
	// prepare reads what else the act needs; info is nil where the project could not be read.
	prepare(ctx context.Context, p *Prodege, info *prodege.ProjectInfo) error
	// update is the project-update that does it; info is nil where the project could not be read.
	update(info *prodege.ProjectInfo) prodege.ProjectUpdate
	// before makes the call that must come before project-update, where there is one.
	before(ctx context.Context, p *Prodege) error
}

// acting is one attempt at a deed: it looks, judges, and only then does it. It may be repeated after a lost
// answer, as each attempt looks first. The kill switch, DRY_RUN and the limits are read at each attempt.
type acting struct {
	*Prodege
	deed
	project prodege.ProjectID
	trail   trail
	what    string
}

// act makes one attempt at a deed.
func (p *Prodege) act(ctx context.Context, id prodege.ProjectID, what string, maybeSent bool, d deed) (Acceptance, error) {
	a := &acting{Prodege: p, deed: d, project: id, trail: earlier(ctx, maybeSent), what: what + " for project " + id.String()}
	got, err := a.run(ctx)
	if err != nil {
		a.trail.leave(ctx)
		return Acceptance{}, err
	}
	count(ctx, metricAccept, string(got.Outcome), "")
	activity.GetLogger(ctx).Info("looked whether to act at Prodege", "project_id", id.String(), "what", what, "outcome", string(got.Outcome))
	return got, nil
}

func (a *acting) run(ctx context.Context) (Acceptance, error) {
	look, cancel := context.WithTimeout(ctx, acceptLook)
	defer cancel()
	if err := a.deed.fault(); err != nil {
		return Acceptance{}, prodegeError(a.what, err)
	}
	if outcome := a.forbidden(look); outcome != "" {
		return a.forbiddenNow(ctx, look, outcome)
	}
	info, err := a.read(look)
	if err == nil && info != nil {
		if got, settled := a.judge(*info, a.trail); settled {
			return got, nil
		}
	}
	if err == nil {
		err = a.prepare(look, a.Prodege, info)
	}
	if err != nil {
		return Acceptance{}, a.Prodege.fault(ctx, a.what, "read", err)
	}
	return a.send(ctx, look, info)
}

// forbidden gives what keeps us from sending anything, empty where nothing does.
func (a *acting) forbidden(ctx context.Context) AcceptOutcome {
	switch {
	case a.api == nil:
		return AcceptNoKey
	case a.dryRun:
		return AcceptDryRun
	case a.overLimit(a.Prodege):
		return AcceptOverLimit
	case !a.switchedOn(ctx):
		return AcceptHeld
	}
	return ""
}

// switchedOn reads the kill switch. Where it can't be read it counts as off.
func (a *acting) switchedOn(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, switchRead)
	defer cancel()
	on, err := a.on.AcceptingNow(ctx)
	if err != nil {
		activity.GetLogger(ctx).Warn("the kill switch can't be read, so nothing is sent", "project_id", a.project.String(), "error", err)
	}
	return err == nil && on
}

// forbiddenNow tells what forbids sending; but where an earlier try may have been heard already, that is said
// instead: people must not read that nothing was sent.
func (a *acting) forbiddenNow(ctx, look context.Context, outcome AcceptOutcome) (Acceptance, error) {
	if err := ctx.Err(); err != nil {
		return Acceptance{}, err
	}
	if got, arrived := a.arrived(look); arrived {
		return got, nil
	}
	return Acceptance{Outcome: outcome}, nil
}

// arrived says whether a try that may have been heard shows its effect.
func (a *acting) arrived(ctx context.Context) (Acceptance, bool) {
	if !a.trail.Maybe || a.api == nil {
		return Acceptance{}, false
	}
	info, err := a.read(ctx)
	if err != nil || info == nil {
		return Acceptance{}, false
	}
	got, _ := a.judge(*info, a.trail)
	return got, got.Outcome == AcceptSent
}

// read reads the project; nil where Prodege refuses to tell it (101) and it may be done unread.
func (a *acting) read(ctx context.Context) (*prodege.ProjectInfo, error) {
	var asked time.Time
	info, err := a.info(ctx, a.project, &asked)
	var api *prodege.APIError
	if errors.As(err, &api) && slices.Contains(api.Codes, prodegeUnauthorized) && a.unreadToo() {
		activity.GetLogger(ctx).Warn("Prodege refuses to tell the project, so what was approved is sent unread", "project_id", a.project.String())
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &info, nil
}

// send does it. info is what was read, nil where nothing could be. Until the act begins the activity can be
// cancelled; once it has begun its answer is waited for.
func (a *acting) send(ctx, look context.Context, info *prodege.ProjectInfo) (Acceptance, error) {
	got := Acceptance{Outcome: AcceptSent, Unread: info == nil}
	update := a.deed.update(info)
	if info != nil {
		got.Status, got.Required = info.Status, info.RequiredCPI
	}
	if a.limit.Wait(look) != nil {
		return Acceptance{}, a.Prodege.fault(ctx, a.what, "update", errBusy)
	}
	if !a.switchedOn(look) { // it may have been turned while we read
		return a.forbiddenNow(ctx, look, AcceptHeld)
	}
	a.trail.mark(ctx, update.MaxCPI)
	if err := ctx.Err(); err != nil {
		return Acceptance{}, err
	}
	if err := a.call(ctx, update); err != nil {
		return a.unsure(ctx, look, err)
	}
	got.Sent = update.MaxCPI
	return got, nil
}

// call makes the calls and keeps what they leave behind.
func (a *acting) call(ctx context.Context, update prodege.ProjectUpdate) error {
	act, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptSend)
	defer cancel()
	if err := a.before(act, a.Prodege); err != nil {
		return err // it sets no status, so nothing shows yet, and a repeat sets the same
	}
	err := a.api.UpdateProject(act, a.project, update)
	var api *prodege.APIError
	if err == nil {
		count(ctx, metricProdege, "done", "update")
	} else if errors.As(err, &api) && len(api.Codes) == 0 { // no answer in Prodege's terms: it may be done
		a.trail.Maybe, a.trail.Amount = true, update.MaxCPI
	}
	return err
}

// unsure ends a try whose update failed. A refusal that is final may come of an earlier try that arrived: then
// the project shows it, and that is the answer.
func (a *acting) unsure(ctx, look context.Context, err error) (Acceptance, error) {
	fault := a.Prodege.fault(ctx, a.what, "update", err)
	if isFinal(fault) {
		if got, arrived := a.arrived(look); arrived {
			return got, nil
		}
	}
	return Acceptance{}, fault
}
