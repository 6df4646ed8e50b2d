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

// Project is the life of one survey project. It stays open until PROJECT_LINGER after INVOICED or DELETED, so that late
// duplicates are recognized, and until everything that we owe is done.
func (w *Workflows) Project(ctx workflow.Context, in ProjectInput) error {
	d, err := w.setup(ctx, in)
	if err != nil {
		return err
	}
	return d.run()
}

// ProjectInput starts a Project: a new one, or one with the state of an earlier run.
type ProjectInput struct {
	ProjectID prodege.ProjectID `json:"project_id"`
	State     *project.State    `json:"state,omitempty"`
	Shown     *project.View     `json:"shown,omitempty"` // search attributes as last written
}

// Ledger is the answer to LedgerQuery.
type Ledger struct {
	Lines     []project.Line `json:"lines"`               // the newest ones, oldest first
	Forgotten int            `json:"forgotten,omitempty"` // how many older ones were dropped
	Cut       time.Time      `json:"cut,omitzero"`        // time of the newest of those
}

// driver drives the core of one project.
type driver struct {
	w          *Workflows
	root       workflow.Context // the workflow's: it reports cancellation, and is needed for current details
	ctx        workflow.Context // not affected by cancellation
	state      *project.State
	settings   Settings
	running    []*running
	wake       wake
	shown      *project.View
	details    string
	giveUp     time.Time // when a cancelled project ends at the latest
	eventsCame bool      // events came after the cancellation
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

// run takes turns until the project has ended, the history is long enough, or somebody cancels the workflow.
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
		case d.settings.full(d.ctx):
			if !d.mustAwait() {
				return d.continueAsNew()
			}
		case d.state.Finished() && len(d.running) == 0:
			d.publish()
			return nil
		default:
			d.start()
		}
		d.publish()
		d.wait()
	}
}

// receive collects everything that has come since the last turn, settings first, by the only recorded read.
func (d *driver) receive() project.Turn {
	d.settings = d.w.readSettings(d.ctx)
	t := project.Turn{Now: workflow.Now(d.ctx), Settings: d.settings.Settings, Cancelled: d.cancelled()}
	t.Events = append(StatusUpdate.drain(d.ctx), PricingUpdate.drain(d.ctx)...)
	t.Decisions = Decide.drain(d.ctx)
	d.running = slices.DeleteFunc(d.running, func(r *running) bool {
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

// start starts wanted tasks that are not running, and cancels reads that are no longer wanted.
func (d *driver) start() {
	tasks := d.state.Wanted()
	wanted := map[string]bool{}
	for _, t := range tasks {
		wanted[t.ID] = true
	}
	d.running = slices.DeleteFunc(d.running, func(r *running) bool {
		if wanted[r.task.ID] || !r.task.Kind().Repeatable() {
			return false
		}
		r.cancel()
		return true
	})
	for _, t := range tasks {
		if !slices.ContainsFunc(d.running, func(r *running) bool { return r.task.ID == t.ID }) {
			d.running = append(d.running, d.launch(t))
			d.state.Begin(t.ID)
		}
	}
}

// endsWithin is how long any task may run: a post waits up to a minute for its turn, and an attempt takes half a minute.
const endsWithin = 2 * time.Minute

// wait waits until something comes, or until the core wants to be woken.
func (d *driver) wait() {
	at, why := d.state.Wake()
	if !d.giveUp.IsZero() && (at.IsZero() || d.giveUp.Before(at)) {
		at, why = d.giveUp, "cancelled: open messages are edited until then"
	}
	if len(d.running) > 0 && at.Sub(workflow.Now(d.ctx)) > endsWithin {
		at = time.Time{} // a running task ends sooner, which leads to a turn
	}
	d.wake.set(d.ctx, at, why)
	seen := d.cancelled() // once cancelled, it remains so
	_ = workflow.Await(d.ctx, func() bool {
		return StatusUpdate.waits(d.ctx) || PricingUpdate.waits(d.ctx) || Decide.waits(d.ctx) || d.wake.fired() || d.cancelled() != seen ||
			slices.ContainsFunc(d.running, func(r *running) bool { return r.future.IsReady() })
	}) // the context is never cancelled
}

// mustAwait reports whether a task is running whose result must not be lost.
func (d *driver) mustAwait() bool {
	return slices.ContainsFunc(d.running, func(r *running) bool { return !r.task.Kind().Repeatable() })
}

func (d *driver) continueAsNew() error {
	d.state.DropReads()
	return workflow.NewContinueAsNewError(d.ctx, TypeProject, ProjectInput{ProjectID: d.state.ID, State: d.state, Shown: d.shown})
}

// cancelledFor is how long a cancelled project may take to edit its open messages.
const cancelledFor = 5 * time.Minute

func (d *driver) cancelled() bool { return d.root.Err() != nil }

// drained reports whether a cancelled project need not wait for anything any more.
func (d *driver) drained() bool {
	if d.giveUp.IsZero() {
		d.giveUp = workflow.Now(d.ctx).Add(cancelledFor)
	}
	return !d.mustAwait() && (d.state.Drained() || !workflow.Now(d.ctx).Before(d.giveUp))
}

// endCancelled ends a cancelled run. If events came after the cancellation, a new life begins with them.
func (d *driver) endCancelled() error {
	if !d.eventsCame {
		d.publish()
		return workflow.ErrCanceled
	}
	d.state.Restarted()
	return d.continueAsNew()
}

// publish updates what people see in the Temporal UI: search attributes for the list, and current details for the page.
func (d *driver) publish() {
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

// report writes a turn's log lines and metrics, which the SDK suppresses during a replay.
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
	for _, u := range out.Outages {
		metrics.WithTags(map[string]string{"channel": u.Channel}).Counter("fieldmarshal_slack_overdue").Inc(1)
		log.Error("Slack has not accepted a message for five minutes", "project_id", id, "channel", u.Channel, "what", u.What, "since", u.Since, "error", u.Failure)
	}
	for _, step := range out.Steps {
		kind := "action"
		if step.ForCPI {
			kind = "cpi"
		}
		metrics.WithTags(map[string]string{"until": step.Until, "kind": kind, "reason": strconv.Itoa(int(step.Reason))}).Timer(MetricPause).Record(step.After)
	}
}

// MetricPause is how long after the beginning of a pause a step towards its end came; the tag until names the step.
const MetricPause = "fieldmarshal_pause"

// wake is the only timer of a driver. It is replaced only by an earlier one, because waking up too early costs less than
// canceling a timer every turn.
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

func (w *wake) fired() bool { return w.future != nil && w.future.IsReady() }
