package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Project is the life of one survey project: it takes each event Prodege sends, once and in order, and sees
// to it that people and systems are told, asked and called. It stays open until PROJECT_LINGER after
// INVOICED or DELETED, so that late duplicates are still recognised.
func (w *Workflows) Project(ctx workflow.Context, in ProjectInput) error {
	p, err := w.setupProject(ctx, in)
	if err != nil {
		return err
	}
	return p.run(ctx)
}

type project struct {
	w *Workflows
	*ProjectState
	board     *board
	alarm     alarm
	clock     alarm            // of inactivity
	news      workflow.Channel // something happened in another coroutine
	sweep     *sweeping        // a question to Prodege under way
	root      workflow.Context // current details must be set on the workflow's own context
	details   string
	begun     map[string]bool // ids of the children that this run started
	changedAt time.Time       // event_time of the newest change, for since when it waits
}

func (w *Workflows) setupProject(ctx workflow.Context, in ProjectInput) (*project, error) {
	state := in.State
	if state == nil {
		state = &ProjectState{ProjectID: in.ProjectID}
		state.Name.ID = in.ProjectID
	}
	p := &project{w: w, ProjectState: state, root: ctx, news: workflow.NewNamedBufferedChannel(ctx, "news", 1), begun: map[string]bool{}}
	p.Settings = w.readSettings(ctx)
	p.board = newBoard(ctx, &state.Messages, p.Settings.TaskQueue, func() { p.news.SendAsync(true) })
	return p, workflow.SetQueryHandler(ctx, StateQuery, func() (*ProjectState, error) { return p.ProjectState, nil })
}

func (p *project) run(ctx workflow.Context) error {
	return untilCancelled(ctx, p.live, p.endCancelled)
}

// live goes on until PROJECT_LINGER after the project's end, or until somebody cancels the workflow.
func (p *project) live(ctx workflow.Context) error {
	for ctx.Err() == nil {
		p.takeEvents(ctx)
		p.takeOutcomes(ctx)
		p.takeFinding(ctx)
		p.doWhatIsDue(ctx)
		p.noteTold(ctx)
		p.look(ctx)
		switch {
		case p.hasNews(ctx):
			if p.mustContinue(ctx) {
				return p.continueAsNew(ctx)
			}
		case p.finished(ctx):
			return nil
		case p.full(ctx):
			return p.continueAsNew(ctx)
		default:
			p.wait(ctx)
		}
	}
	return ctx.Err() // somebody cancelled it
}

// doWhatIsDue sees to what time alone brings.
func (p *project) doWhatIsDue(ctx workflow.Context) {
	p.startRequests(ctx)
	if due(ctx, p.lateCompleteBy()) && p.Invoicing == nil {
		p.startInvoicing(ctx, p.InvoicedFirst.Event)
	}
	p.ringInactivity(ctx)
	if due(ctx, p.Sweep.Next) {
		p.askProdege(ctx)
	}
}

func (p *project) wait(ctx workflow.Context) {
	next := soonest(
		wake{p.closeAt(ctx), "close the project's workflow"},
		wake{p.sweepAt(), "ask Prodege how the project stands"},
		wake{p.lateCompleteBy(), "wait for a late COMPLETE before invoicing"},
	)
	p.alarm.set(ctx, next.at, next.what)
	sel := workflow.NewSelector(ctx)
	StatusUpdate.wakes(ctx, sel)
	PricingUpdate.wakes(ctx, sel)
	ChildOutcome.wakes(ctx, sel)
	sel.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	sel.AddReceive(p.news, func(c workflow.ReceiveChannel, _ bool) { c.ReceiveAsync(nil) })
	p.alarm.wakes(sel)
	p.waitInactivity(ctx, sel)
	if p.sweep != nil {
		sel.AddFuture(p.sweep.answer, func(workflow.Future) {})
	}
	sel.Select(ctx)
}

// hasNews says whether a signal came while we were busy: nothing completes or continues as new over one.
func (p *project) hasNews(ctx workflow.Context) bool {
	sel := workflow.NewSelector(ctx)
	StatusUpdate.wakes(ctx, sel)
	PricingUpdate.wakes(ctx, sel)
	ChildOutcome.wakes(ctx, sel)
	return sel.HasPending() || len(p.Came) > 0
}

// maxCame bounds what is carried over of events that were not handled yet, in bytes: the state must stay small.
const maxCame = 64 << 10

// eventsWait says whether events have come that were not taken yet.
func (p *project) eventsWait(ctx workflow.Context) bool {
	return len(p.Came) > 0 || StatusUpdate.waits(ctx) || PricingUpdate.waits(ctx)
}

// carryEvents takes the events that came into the state, for the next run.
func (p *project) carryEvents(ctx workflow.Context) {
	p.Came = append(append(p.Came, StatusUpdate.drain(ctx)...), PricingUpdate.drain(ctx)...)
}

// mustContinue says whether a run has grown so long that it continues as new though events come faster than it
// handles them; those are carried over.
func (p *project) mustContinue(ctx workflow.Context) bool {
	if !historyFull(ctx, p.Settings.HistoryLimit, false) || workflow.GetVersion(ctx, "continues under a stream of events", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return false
	}
	p.carryEvents(ctx)
	p.takeOutcomes(ctx)
	return jsonSize(p.Came) <= maxCame
}

// closeAt is when the workflow closes; once that is due, what is still unsaid wakes us, not the clock.
func (p *project) closeAt(ctx workflow.Context) time.Time {
	if due(ctx, p.ClosesAt) && !p.finished(ctx) {
		return time.Time{}
	}
	return p.ClosesAt
}

func (p *project) finished(ctx workflow.Context) bool {
	return due(ctx, p.ClosesAt) && p.lateCompleteBy().IsZero() && p.board.idle() && len(p.unstarted()) == 0
}

// forcedOver is by how much a run may outgrow the suggested length while Slack holds the speaker up.
const forcedOver = 3

// full says whether this run's history is long enough to continue as new. It waits for the speaker to be
// idle; where Slack is away for long the run continues all the same, and what is unsaid is carried over with
// the time it was first tried, so that the repeat looks before it posts.
func (p *project) full(ctx workflow.Context) bool {
	quiet := p.board.idle() && p.sweep == nil
	return historyFull(ctx, p.Settings.HistoryLimit, quiet)
}

// historyFull says whether a run should continue as new; a busy one only when it is thrice as long.
func historyFull(ctx workflow.Context, limit int, quiet bool) bool {
	info := workflow.GetInfo(ctx)
	length := info.GetCurrentHistoryLength()
	if limit > 0 {
		return length >= limit && quiet || length >= limit*forcedOver
	}
	const suggested = 4096 // the server's default for suggesting continue-as-new
	return info.GetContinueAsNewSuggested() && (quiet || length >= suggested*forcedOver)
}

func (p *project) continueAsNew(ctx workflow.Context) error {
	p.Runs++
	if p.sweep != nil {
		p.Sweep.Next, p.Sweep.NameOnly = workflow.Now(ctx), p.sweep.nameOnly // its answer is lost with this run
	}
	p.compact(ctx)
	return workflow.NewContinueAsNewError(ctx, TypeProject, ProjectInput{ProjectID: p.ProjectID, State: p.ProjectState})
}

// compact drops what need not be carried: closed requests but the newest, messages that stand and are not in use.
func (p *project) compact(ctx workflow.Context) {
	for i := 0; i < len(p.Requests)-1; i++ {
		if p.Requests[i].Status.Closed {
			p.Requests = append(p.Requests[:i], p.Requests[i+1:]...)
			i--
		}
	}
	p.board.tidy(3, func(key string) bool {
		return p.Pause != nil && p.Pause.Alert == key || p.LastPause != nil && p.LastPause.Alert == key
	})
	day := workflow.Now(ctx).Add(-24 * time.Hour)
	for len(p.Automatic) > 0 && p.Automatic[0].Before(day) {
		p.Automatic = p.Automatic[1:]
	}
	p.bound(ctx)
}

// maxState is the size a state stays under: a continue-as-new input over 2 MiB would be fatal, and history
// holds one for each run.
const maxState = 256 << 10

// bound drops the oldest paces, then the oldest ledger lines, until the state fits: the ledger is evidence.
func (p *project) bound(ctx workflow.Context) {
	p.boundPaces()
	for jsonSize(p.ProjectState) > maxState && len(p.Ledger) > 10 {
		p.Ledger = append(Ledger(nil), p.Ledger[len(p.Ledger)/4+1:]...)
	}
	if size := jsonSize(p.ProjectState); size > maxState {
		workflow.GetLogger(ctx).Error("a project's state is larger than it may be", "project_id", p.ProjectID.String(), "bytes", size)
	}
}
