package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// DecisionState is what every matter that people decide remembers, a CPIApproval and a ProjectAction alike.
type DecisionState struct {
	Generation int              `json:"generation"`
	Phase      activities.Phase `json:"phase"`
	PhaseAt    time.Time        `json:"phase_at"`

	Decisions []activities.Decided `json:"decisions,omitempty"` // of this generation
	Clicks    Clicks               `json:"clicks,omitempty"`    // handled, the newest 200
	Answers   []Answered           `json:"answers,omitempty"`   // clicks that did nothing, the newest 20
	MaybeSent bool                 `json:"maybe_sent,omitempty"`
	Refusal   *activities.Refusal  `json:"refusal,omitempty"`

	Other     *prodege.Event `json:"other,omitempty"`
	EndStatus prodege.Status `json:"end_status,omitempty"`
	Ended     *Change        `json:"ended,omitempty"` // the pause is over
	EndedSeen time.Time      `json:"ended_seen,omitzero"`
	Newer     *prodege.Event `json:"newer,omitempty"` // a newer amount or reason, waiting for the act in flight to end

	LookAgain  time.Time `json:"look_again,omitzero"`  // resume timeout, or the kill switch is looked at again
	WriteAgain time.Time `json:"write_again,omitzero"` // the message is written once more, after the ingress' own late edit

	Messages []*Message `json:"messages,omitempty"`
	Shown    *view      `json:"shown,omitempty"`
	Settings Settings   `json:"settings"`
	Told     *Outcome   `json:"told,omitempty"` // what the Project was told last
}

// matter is what people decide about, as far as it differs: a required CPI, or what is to be done about a pause.
type matter interface {
	// decide considers a verdict of somebody who may decide. Try again is the machine's own.
	decide(ctx workflow.Context, d Decision)
	// decidedOn is what was decided to be sent: its amount, if it has one; false where nothing was.
	decidedOn() (*prodege.USD, bool)
	// begin starts the activity that sends it.
	begin(ctx workflow.Context) workflow.Future
	// sent keeps what was sent and says it in a line of the ledger.
	sent(got activities.Acceptance) (what string, amount *prodege.USD)
	// cost is what a decision is about in money, all in all; nil where that is not known.
	cost(d activities.Decided) *prodege.USD
	// took handles the outcomes of an act that only this matter knows.
	took(ctx workflow.Context, got activities.Acceptance)
	// goOn takes up what came while an act was in flight, once that has ended and the pause has not.
	goOn(ctx workflow.Context, newer prodege.Event)
	// effect is the phase of a project that has that status because of us; false where it is not what was sent.
	effect(s prodege.Status) (activities.Phase, bool)
	// heed takes a change of the pause that does not end it.
	heed(ctx workflow.Context, c Change)
	// fill puts figures that came late on the message.
	fill(ctx workflow.Context, got activities.Reading)
	// ofPause says whether its buttons stand on a pause's alert.
	ofPause() bool
	// asked is the amount that a vain click is told of.
	asked(kind activities.AnswerKind) *prodege.USD
	// draw states what should stand in Slack, rewrite has it written once more.
	draw(ctx workflow.Context)
	rewrite(ctx workflow.Context)
	// reply says something in the message's thread.
	reply(ctx workflow.Context, r Reply)
	// status is where it stands, for the Project.
	status() ChildStatus
	// seen is what the list of the Temporal UI shows of it, but for what needs attention; describe is its page's Markdown.
	seen(s ChildStatus) view
	describe(s ChildStatus) string
	// doWhatIsDue sees to what time alone brings; doDueActs is the machine's share of it.
	doWhatIsDue(ctx workflow.Context)
	// wakes are the times at which it has to do something by itself.
	wakes() []wake
	// continued is the workflow's type and input for the next run.
	continued() (kind string, input any)
}

// deciding is the machine that takes a matter from the question to its effect: who may decide, which click
// counts, one act at Prodege at a time, the wait for its effect, the end of the pause. It is one for all
// matters, so that they are handled with the same care.
type deciding struct {
	w       *Workflows
	s       *DecisionState
	project *activities.ProjectName
	ref     prodege.EventID // the event that opened it, for the ledger
	matter  matter
	board   *board
	alarm   alarm
	news    workflow.Channel
	acting  *acting
	later   *reading
	changes []Change // that came and are not heeded yet
	root    workflow.Context
	details string
}

// setup makes the machine of a workflow run; m is the matter that embeds it.
func (d *deciding) setup(ctx workflow.Context, w *Workflows, s *DecisionState, project *activities.ProjectName, ref prodege.EventID, m matter) {
	*d = deciding{w: w, s: s, project: project, ref: ref, matter: m, root: ctx, news: workflow.NewNamedBufferedChannel(ctx, "news", 1)}
	s.Settings = w.readSettings(ctx)
	d.board = newBoard(ctx, &s.Messages, s.Settings.TaskQueue, func() { d.news.SendAsync(true) })
}

func (d *deciding) run(ctx workflow.Context) error {
	return untilCancelled(ctx, d.live, d.endCancelled)
}

// live goes on until the pause is over and all is said, or until somebody cancels the workflow.
func (d *deciding) live(ctx workflow.Context) error {
	for ctx.Err() == nil {
		d.hearProject(ctx)
		d.hearProdege(ctx)
		d.hearFigures(ctx)
		d.hearPeople(ctx)
		d.matter.doWhatIsDue(ctx)
		d.tellProject(ctx, nil)
		d.look(ctx)
		switch {
		case d.hasNews(ctx):
		case d.finished():
			if d.tellProject(ctx, nil); d.hasNews(ctx) || !d.finished() {
				continue // a click that came meanwhile is still answered, and the message written after it
			}
			d.look(ctx)
			return nil
		case historyFull(ctx, d.s.Settings.HistoryLimit, d.board.idle()) && d.acting == nil && d.later == nil:
			kind, input := d.matter.continued()
			return workflow.NewContinueAsNewError(ctx, kind, input)
		default:
			d.wait(ctx)
		}
	}
	return ctx.Err()
}

func (d *deciding) enter(ctx workflow.Context, phase activities.Phase) {
	if d.s.Phase != phase {
		d.board.withdraw(toldOfFailure) // what could not be said of the phase before is not so any more
		d.s.Phase, d.s.PhaseAt = phase, workflow.Now(ctx)
	}
}

// thoughtOver says whether people were told that nothing is asked or to be done any more, though no event has ended
// the pause: it stood for another reason, or reading it showed it live or ended. The next event of the pause that
// asks for something, be it the same, is then taken up anew.
func (d *deciding) thoughtOver() bool { return thoughtOver(d.s.Phase) }

func thoughtOver(phase activities.Phase) bool {
	switch phase {
	case activities.PhaseOther, activities.PhaseElsewhere, activities.PhaseLive, activities.PhaseDone, activities.PhaseEnded:
		return true
	}
	return false
}

// over says whether the pause is over and nothing is under way any more.
func (d *deciding) over() bool { return d.s.Ended != nil && d.acting == nil }

func (d *deciding) finished() bool {
	return d.over() && d.later == nil && d.board.idle() && d.s.WriteAgain.IsZero()
}

func (d *deciding) hasNews(ctx workflow.Context) bool {
	sel := workflow.NewSelector(ctx)
	ProjectChanged.wakes(ctx, sel)
	Decide.wakes(ctx, sel)
	return sel.HasPending()
}

// doDueActs sees to what is due in any matter: the second writing, the end of patience with an act in flight,
// the look at what became of one.
func (d *deciding) doDueActs(ctx workflow.Context) {
	if due(ctx, d.s.WriteAgain) {
		d.s.WriteAgain = time.Time{}
		d.matter.rewrite(ctx)
	}
	if due(ctx, d.giveUpOn()) {
		d.acting.cancel()
		d.acting.cancelled = true
	}
	if due(ctx, d.s.LookAgain) && d.acting == nil {
		d.lookAgain(ctx)
	}
}

func (d *deciding) wait(ctx workflow.Context) {
	wakes := []wake{{d.s.WriteAgain, "write the message once more"}, {d.giveUpOn(), "wait for the acceptance in flight"}}
	if d.acting == nil {
		what := "LIVE should have come by then"
		if d.s.Phase == activities.PhaseHeld {
			what = "accepting is switched off: look again"
		}
		wakes = append(wakes, wake{d.s.LookAgain, what})
	}
	next := soonest(append(wakes, d.matter.wakes()...)...)
	d.alarm.set(ctx, next.at, next.what)
	sel := workflow.NewSelector(ctx)
	ProjectChanged.wakes(ctx, sel)
	Decide.wakes(ctx, sel)
	sel.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	sel.AddReceive(d.news, func(c workflow.ReceiveChannel, _ bool) { c.ReceiveAsync(nil) })
	d.alarm.wakes(sel)
	if d.acting != nil {
		sel.AddFuture(d.acting.result, func(workflow.Future) {})
	}
	if d.later != nil {
		sel.AddFuture(d.later.answer, func(workflow.Future) {})
	}
	sel.Select(ctx)
}
