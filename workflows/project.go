package workflows

import (
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Project is the life of one survey project. It stays open until PROJECT_LINGER after INVOICED or DELETED, and for as
// long as something of ours is owed, so that late duplicates are still recognised.
func (w *Workflows) Project(ctx workflow.Context, in ProjectInput) error {
	d, err := w.setup(ctx, in)
	if err != nil {
		return err
	}
	return d.run()
}

// ProjectInput starts a Project: blank, or from what a former run carried over.
type ProjectInput struct {
	ProjectID prodege.ProjectID `json:"project_id"`
	State     *project.State    `json:"state,omitempty"`
	Shown     *project.View     `json:"shown,omitempty"` // search attributes as written last
}

// Ledger is the answer to LedgerQuery.
type Ledger struct {
	Lines     []project.Line `json:"lines"`               // the newest, oldest first
	Forgotten int            `json:"forgotten,omitempty"` // how many older ones are not kept any more
	Cut       time.Time      `json:"cut,omitzero"`        // time of the newest of those
}

// driver runs one project's core.
type driver struct {
	w          *Workflows
	root       workflow.Context // of the workflow: it tells of a cancel, and takes current details
	ctx        workflow.Context // outlives a cancel
	state      *project.State
	settings   Settings
	underWay   []*running
	wake       wake
	shown      *project.View
	details    string
	giveUp     time.Time // a cancelled project ends by then
	eventsCame bool      // events came after the cancel
}

func (w *Workflows) setup(ctx workflow.Context, in ProjectInput) (*driver, error) {
	d := &driver{w: w, root: ctx, state: in.State, shown: in.Shown}
	d.ctx, _ = workflow.NewDisconnectedContext(ctx)
	if d.state == nil {
		d.state = project.New(in.ProjectID)
	}
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (*project.State, error) { return d.state.Trimmed(), nil }); err != nil {
		return nil, err
	}
	return d, workflow.SetQueryHandler(ctx, LedgerQuery, func() (Ledger, error) {
		return Ledger{Lines: d.state.Ledger, Forgotten: d.state.Forgotten, Cut: d.state.LedgerCut}, nil
	})
}

// run takes turn after turn until the project has ended, the history is long enough, or somebody cancels it.
func (d *driver) run() error {
	for {
		turn := d.receive()
		d.report(d.state.Step(turn))
		switch {
		case d.cancelled():
			if d.drained() {
				return d.endCancelled()
			}
			d.start()
		case d.full():
			if !d.mustAwait() {
				return d.continueAsNew()
			}
		case d.state.Finished() && len(d.underWay) == 0:
			d.show()
			return nil
		default:
			d.start()
		}
		d.show()
		d.wait()
	}
}

// receive takes all that has come since the last turn: settings first, by the one recorded read.
func (d *driver) receive() project.Turn {
	d.settings = d.w.readSettings(d.ctx)
	t := project.Turn{Now: workflow.Now(d.ctx), Settings: d.settings.Settings, Cancelled: d.cancelled()}
	t.Events = append(StatusUpdate.drain(d.ctx), PricingUpdate.drain(d.ctx)...)
	t.Decisions = Decide.drain(d.ctx)
	d.underWay = slices.DeleteFunc(d.underWay, func(r *running) bool {
		if r.future.IsReady() {
			t.Results = append(t.Results, r.result(d.ctx))
			return true
		}
		return false
	})
	if t.Cancelled && len(t.Events) > 0 {
		d.eventsCame = true
	}
	return t
}

// start starts what is wanted and not under way, and cancels reads that are no longer wanted.
func (d *driver) start() {
	tasks := d.state.Wanted()
	wanted := map[string]bool{}
	for _, t := range tasks {
		wanted[t.ID] = true
	}
	d.underWay = slices.DeleteFunc(d.underWay, func(r *running) bool {
		if wanted[r.task.ID] || !project.Kinds[r.task.Kind()].Abandon {
			return false
		}
		r.cancel()
		return true
	})
	for _, t := range tasks {
		if !slices.ContainsFunc(d.underWay, func(r *running) bool { return r.task.ID == t.ID }) {
			d.underWay = append(d.underWay, d.launch(t))
			d.state.Begin(t.ID)
		}
	}
}

// endsWithin is how soon whatever is under way ends: a post waits a minute for its turn, and a try lasts half a minute.
const endsWithin = 2 * time.Minute

// wait waits until something has come, or the core wants to be woken.
func (d *driver) wait() {
	at, why := d.state.Wake()
	if !d.giveUp.IsZero() && (at.IsZero() || d.giveUp.Before(at)) {
		at, why = d.giveUp, "cancelled: open messages are edited until then"
	}
	if len(d.underWay) > 0 && at.Sub(workflow.Now(d.ctx)) > endsWithin {
		at = time.Time{} // what is under way ends sooner, and brings a turn
	}
	d.wake.set(d.ctx, at, why)
	seen := d.cancelled() // its channel is ready for ever once it was
	_ = workflow.Await(d.ctx, func() bool {
		return StatusUpdate.waits(d.ctx) || PricingUpdate.waits(d.ctx) || Decide.waits(d.ctx) || d.wake.rang() || d.cancelled() != seen ||
			slices.ContainsFunc(d.underWay, func(r *running) bool { return r.future.IsReady() })
	}) // the context is never cancelled
}

// full reports whether the run's history is long enough to continue as new.
func (d *driver) full() bool {
	info := workflow.GetInfo(d.ctx)
	if d.settings.HistoryLimit > 0 {
		return info.GetCurrentHistoryLength() >= d.settings.HistoryLimit
	}
	return info.GetContinueAsNewSuggested()
}

// mustAwait reports whether something is under way whose end may not be lost.
func (d *driver) mustAwait() bool {
	return slices.ContainsFunc(d.underWay, func(r *running) bool { return !project.Kinds[r.task.Kind()].Abandon })
}

func (d *driver) continueAsNew() error {
	d.state.Abandon()
	return workflow.NewContinueAsNewError(d.root, TypeProject, ProjectInput{ProjectID: d.state.ID, State: d.state, Shown: d.shown})
}

// cancelledFor is how long a cancelled project's open messages are edited at most.
const cancelledFor = 5 * time.Minute

func (d *driver) cancelled() bool { return d.root.Err() != nil }

// drained reports whether a cancelled project has nothing to await any more.
func (d *driver) drained() bool {
	if d.giveUp.IsZero() {
		d.giveUp = workflow.Now(d.ctx).Add(cancelledFor)
	}
	return !d.mustAwait() && (d.state.Drained() || !workflow.Now(d.ctx).Before(d.giveUp))
}

// endCancelled ends a cancelled run; if events came after the cancel, a fresh life is begun with them.
func (d *driver) endCancelled() error {
	if !d.eventsCame {
		d.show()
		return workflow.ErrCanceled
	}
	d.state.Restarted()
	d.state.Abandon()
	ctx, _ := workflow.NewDisconnectedContext(d.root)
	return workflow.NewContinueAsNewError(ctx, TypeProject, ProjectInput{ProjectID: d.state.ID, State: d.state, Shown: d.shown})
}

// show writes what people see in the Temporal UI: search attributes for the list if they changed, and current details
// for the page.
func (d *driver) show() {
	v := d.state.View()
	if d.shown == nil || !sameJSON(v, d.shown) {
		upsert(d.ctx, v, d.shown)
		d.shown = &v
	}
	if details := cards.Details(d.state); details != d.details {
		d.details = details
		workflow.SetCurrentDetails(d.root, details)
	}
}

// report writes what a turn leaves for logs and metrics. Neither is written while a history is replayed.
func (d *driver) report(out project.Output) {
	log, metrics := workflow.GetLogger(d.ctx), workflow.GetMetricsHandler(d.ctx)
	id := d.state.ID.String()
	for _, e := range out.Events {
		if e.Source != prodege.FromSweep {
			metrics.WithTags(map[string]string{"disposition": string(e.Disposition)}).Counter("fieldmarshal_events").Inc(1)
		}
		log.Info("event", "project_id", id, "event_id", string(e.ID), "status", string(e.Status), "update_reason", int(e.Reason), "disposition", string(e.Disposition))
	}
	for _, l := range out.Lines {
		amount := ""
		if l.Amount != nil {
			amount = l.Amount.String()
		}
		log.Info("audit", "project_id", id, "kind", string(l.Kind), "ref", l.Ref, "verdict", string(l.Verdict), "action", string(l.Action), "number", l.Number,
			"amount", amount, "by", l.By, "from", l.From, "text", l.Text, "dry_run", l.DryRun)
	}
	for _, a := range out.Answered {
		log.Info("click without effect", "project_id", id, "user", a.User, "click", a.ID, "why", string(a.Kind))
	}
	for _, u := range out.Unsaid {
		metrics.WithTags(map[string]string{"channel": u.Channel}).Counter("fieldmarshal_unsaid").Inc(1)
		log.Error("slack has not taken a message for five minutes", "project_id", id, "channel", u.Channel, "what", u.What, "since", u.Since, "error", u.Trouble)
	}
	for _, step := range out.Steps {
		kind := "action"
		if step.ForCPI {
			kind = "cpi"
		}
		metrics.WithTags(map[string]string{"until": step.Until, "kind": kind, "reason": strconv.Itoa(int(step.Reason))}).Timer(MetricPause).Record(step.After)
	}
}

// MetricPause is how long after a project paused the steps to its end came: the tag until says which.
const MetricPause = "fieldmarshal_pause"

// wake is the one timer of a driver. It is set anew only for something earlier: one that rings too soon costs less than
// one that is cancelled at every turn.
type wake struct {
	at     time.Time
	future workflow.Future
	cancel workflow.CancelFunc
}

func (w *wake) set(ctx workflow.Context, at time.Time, why string) {
	if w.future != nil && w.future.IsReady() {
		w.future = nil
	}
	if at.IsZero() || w.future != nil && !at.Before(w.at) {
		return
	}
	if w.future != nil {
		w.cancel()
	}
	timer, cancel := workflow.WithCancel(ctx)
	w.at, w.cancel = at, cancel
	w.future = workflow.NewTimerWithOptions(timer, max(at.Sub(workflow.Now(ctx)), time.Millisecond), workflow.TimerOptions{Summary: why})
}

func (w *wake) rang() bool { return w.future != nil && w.future.IsReady() }
