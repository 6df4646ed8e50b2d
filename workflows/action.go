package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// ProjectAction lets people act on one pause from its alert: it offers what the table of actions has for the
// pause's reason, records who decided what, does it at Prodege and waits for its effect. Another reason in the
// same pause is a new generation of it. It ends when the pause ends. The alert is the Project's: it shows what
// this workflow tells it.
func (w *Workflows) ProjectAction(ctx workflow.Context, in ActionInput) error {
	a, err := w.setupAction(ctx, in)
	if err != nil {
		return err
	}
	return a.run(ctx)
}

// ActionInput starts a ProjectAction, or continues one.
type ActionInput struct {
	Project activities.ProjectName `json:"project"`
	Opened  prodege.EventID        `json:"opened"` // the event that opened the pause
	Event   prodege.Event          `json:"event"`  // the pause as it stands, whose reason offers something
	State   *ActionState           `json:"state,omitempty"`
}

// ActionState is a ProjectAction's whole memory.
type ActionState struct {
	ActionInput
	DecisionState
	Figures *activities.Figures `json:"figures,omitempty"` // nil: nothing was to be asked, or Prodege did not answer
}

// action is the matter of what is done about a pause.
type action struct {
	deciding
	*ActionState
}

func (w *Workflows) setupAction(ctx workflow.Context, in ActionInput) (*action, error) {
	state := in.State
	fresh := state == nil
	if fresh {
		state = &ActionState{ActionInput: in}
	}
	a := &action{ActionState: state}
	a.setup(ctx, w, &state.DecisionState, &state.Project, state.Opened, a)
	err := workflow.SetQueryHandler(ctx, StateQuery, func() (*ActionState, error) { return a.ActionState, nil })
	if err == nil && fresh {
		a.offer(ctx, in.Event)
	}
	return a, err
}

func (a *action) continued() (string, any) {
	a.board.tidy(0, func(string) bool { return false })
	return TypeProjectAction, ActionInput{State: a.ActionState}
}

// offer opens a generation: what the reason offers, with the figures that belong to it. The alert stands
// already; its buttons come when this is told to the Project.
func (a *action) offer(ctx workflow.Context, e prodege.Event) {
	a.Settings = a.w.readSettings(ctx)
	a.Generation++
	generation := a.Generation
	a.Event, a.Figures, a.Decisions, a.Refusal, a.Other, a.MaybeSent = e, nil, nil, nil, nil, false
	a.LookAgain, a.EndStatus = time.Time{}, ""
	a.enter(ctx, activities.PhaseOpen)
	info := a.readFigures(ctx, e)
	a.hearProject(ctx) // what happened while we read
	if a.Generation != generation || a.Ended != nil || a.Phase != activities.PhaseOpen {
		return
	}
	if info != nil && info.Status != prodege.Paused {
		a.EndStatus = info.Status
		a.enter(ctx, endPhase(info.Status))
		a.tell(ctx, Outcome{Ask: true})
	}
}

// readFigures asks Prodege for what the reason's actions show; nil where nothing is to be asked, or no answer
// comes in time.
func (a *action) readFigures(ctx workflow.Context, e prodege.Event) *prodege.ProjectInfo {
	read := activities.ReadProject{Project: a.Project.ID}
	for _, row := range e.Actions() {
		read.Quotas = read.Quotas || row.Asks == prodege.AsksSample
		read.Clicks = read.Clicks || row.Asks == prodege.AsksClicks
	}
	if !read.Quotas && !read.Clicks || !a.Settings.HasAPIKey {
		return nil
	}
	got := a.read(ctx, read, "read the project's figures for what is offered")
	if got == nil {
		return nil
	}
	a.fill(ctx, *got)
	return &got.Info
}

// fill keeps what modals show.
func (a *action) fill(_ workflow.Context, got activities.Reading) {
	f := &activities.Figures{CPI: got.Info.CPI, Wanted: got.Info.SampleSize}
	if q := got.Quotas; q != nil {
		f.Completes = q.Completes
		if f.Wanted == 0 {
			f.Wanted = q.Wanted
		}
	}
	if c := got.Clicks; c != nil {
		f.Clicks, f.ClickCap, f.ClicksLeft, f.Refill = true, c.Cap, c.Left, c.Refill
	}
	a.Figures = f
}

// decide considers what somebody wants done. The first valid decision wins; after one that failed, another may
// be taken.
func (a *action) decide(ctx workflow.Context, d Decision) {
	row, offered := prodege.FindAction(d.Action, a.Event.ActionReason())
	settings := a.w.readSettings(ctx)
	switch {
	case d.Verdict != activities.VerdictAct:
		a.answer(ctx, d, activities.AnswerMismatch)
	case a.Ended != nil:
		a.answer(ctx, d, activities.AnswerClosed)
	case d.Generation != a.Generation:
		a.answer(ctx, d, activities.AnswerSuperseded)
	case a.acting != nil || a.Phase != activities.PhaseOpen && !a.failed() && a.decided() != nil:
		a.answer(ctx, d, activities.AnswerDecided)
	case a.Phase != activities.PhaseOpen && !a.failed():
		a.answer(ctx, d, activities.AnswerClosed)
	case !offered, !a.fits(row, d.Number):
		a.answer(ctx, d, activities.AnswerMismatch)
	case !settings.AlertActions:
		a.answer(ctx, d, activities.AnswerNotNow)
	default:
		a.Settings = settings
		if last := a.decided(); last == nil || last.Action != d.Action || last.Number != d.Number {
			a.MaybeSent = false // what was sent before was something else
		}
		a.record(ctx, d, nil)
		a.act(ctx)
	}
}

// fits says whether a number can be sent: what the row says, and more than there is now.
func (a *action) fits(row prodege.Action, n int64) bool {
	if row.Asks == prodege.AsksSample && a.Figures != nil && n <= max(a.Figures.Wanted, a.Figures.Completes) {
		return false
	}
	return row.Fits(n)
}

func (a *action) decidedOn() (*prodege.USD, bool) { return nil, a.decided() != nil }

func (a *action) begin(ctx workflow.Context) workflow.Future {
	d := a.decided()
	in := activities.ActOnProject{Project: a.Project.ID, Action: d.Action, Reason: a.Event.ActionReason(), Number: d.Number, MaybeSent: a.MaybeSent}
	return actOnProject(ctx, in, actionWords(*d)+" at Prodege")
}

// row is the table's row of what was decided.
func (a *action) row() prodege.Action {
	d := a.decided()
	if d == nil {
		return prodege.Action{}
	}
	row, _ := prodege.FindAction(d.Action, a.Event.ActionReason())
	return row
}

// actionWords names what was decided to be done: "Raise sample size 500".
func actionWords(d activities.Decided) string {
	text := prodege.ActionLabel(d.Action)
	if d.Number != 0 {
		text += fmt.Sprintf(" %d", d.Number)
	}
	return text
}

func (a *action) sent(activities.Acceptance) (what string, amount *prodege.USD) {
	what = "set " + string(a.row().Status)
	if a.row().Asks != prodege.AsksNothing {
		what = fmt.Sprintf("%s %d, %s", a.row().Asks, a.decided().Number, what)
	}
	return what, nil
}

// took has nothing to do: no outcome is an action's own.
func (a *action) took(ctx workflow.Context, got activities.Acceptance) {
	workflow.GetLogger(ctx).Error("an action ended in an outcome that it can't have", "project_id", a.Project.ID.String(), "outcome", string(got.Outcome))
}

// effect says whether a status is what was sent. Completing goes by way of PENDING_COMPLETE for some.
func (a *action) effect(s prodege.Status) (activities.Phase, bool) {
	switch want := a.row().Status; {
	case want == prodege.Live && s == prodege.Live:
		return activities.PhaseLive, true
	case want == prodege.Complete && (s == prodege.Complete || s == prodege.PendingComplete || s == prodege.Invoiced):
		return activities.PhaseDone, true
	}
	return activities.PhaseStill, false
}

func (a *action) heed(ctx workflow.Context, c Change) {
	switch {
	case c.Kind != ChangeOther && c.Kind != ChangeAmount:
	case a.acting != nil:
		a.Newer = &c.Event
	default:
		a.another(ctx, c.Event)
	}
}

// goOn takes up another reason that waited.
func (a *action) goOn(ctx workflow.Context, newer prodege.Event) { a.another(ctx, newer) }

// another is the next generation where the pause has another reason now, or the same one after people were
// told that nothing was to be done any more.
func (a *action) another(ctx workflow.Context, e prodege.Event) {
	switch {
	case len(e.Actions()) == 0:
		a.Other = &e
		a.LookAgain = time.Time{}
		a.enter(ctx, activities.PhaseOther)
	case !sameReason(a.Event, e) || a.thoughtOver():
		a.offer(ctx, e)
	}
}

func (a *action) ofPause() bool { return true }

func (a *action) asked(activities.AnswerKind) *prodege.USD { return nil }

// draw has nothing to state: the alert is the Project's, and shows what tellProject tells.
func (a *action) draw(workflow.Context) {}

// rewrite asks the Project to write the alert once more.
func (a *action) rewrite(ctx workflow.Context) { a.tell(ctx, Outcome{Rewrite: true}) }

// reply asks the Project to say something in the alert's thread.
func (a *action) reply(ctx workflow.Context, r Reply) { a.tell(ctx, Outcome{Reply: &r}) }

func (a *action) doWhatIsDue(ctx workflow.Context) { a.doDueActs(ctx) }

func (a *action) wakes() []wake { return nil }
