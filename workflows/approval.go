package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// CPIApproval asks people to accept the required CPI of one pause, records who decided what, accepts it at
// Prodege and waits for the project to go live. A newer amount in the same pause is a new generation of it.
// It ends when the pause ends.
func (w *Workflows) CPIApproval(ctx workflow.Context, in ApprovalInput) error {
	a, err := w.setupApproval(ctx, in)
	if err != nil {
		return err
	}
	return a.run(ctx)
}

// ApprovalInput starts a CPIApproval, or continues one.
type ApprovalInput struct {
	Project    activities.ProjectName `json:"project"`
	Event      prodege.Event          `json:"event"`               // that asks for the CPI
	Earlier    []activities.Decided   `json:"earlier,omitempty"`   // the last decisions on this project, oldest first
	Automatic  []time.Time            `json:"automatic,omitempty"` // automatic approvals of the last day
	Alert      string                 `json:"alert,omitempty"`
	SecondLife bool                   `json:"second_life,omitempty"`
	State      *ApprovalState         `json:"state,omitempty"`
}

// ApprovalState is a CPIApproval's whole memory.
type ApprovalState struct {
	ApprovalInput
	DecisionState
	Required  *prodege.USD `json:"required,omitempty"`
	Previous  *prodege.USD `json:"previous,omitempty"`
	PausedAt  time.Time    `json:"paused_at"`
	FromSweep bool         `json:"from_sweep,omitempty"`
	AskedFor  time.Time    `json:"asked_for"` // event_time of what asks for this amount

	Approved *prodege.USD `json:"approved,omitempty"` // the ceiling that was approved
	ByRule   bool         `json:"by_rule,omitempty"`
	Sent     *prodege.USD `json:"sent,omitempty"`
	Unread   bool         `json:"sent_unread,omitempty"`

	Numbers *activities.Numbers `json:"numbers,omitempty"`

	ClockFrom    time.Time `json:"clock_from,omitzero"`   // when the message stood: reminders and expiry count from here
	SilentSince  time.Time `json:"silent_since,omitzero"` // Slack refuses what we say since then
	NextReminder time.Time `json:"next_reminder,omitzero"`
	Deadline     time.Time `json:"deadline,omitzero"`
	Reminders    int       `json:"reminders,omitempty"`
}

// requestMessage is the key of the request's one root message.
const requestMessage = "request"

// approval is the matter of a required CPI.
type approval struct {
	deciding
	*ApprovalState
}

func (w *Workflows) setupApproval(ctx workflow.Context, in ApprovalInput) (*approval, error) {
	state := in.State
	fresh := state == nil
	if fresh {
		state = &ApprovalState{ApprovalInput: in, PausedAt: in.Event.Time}
	}
	a := &approval{ApprovalState: state}
	a.setup(ctx, w, &state.DecisionState, &state.Project, state.Event.ID, a)
	err := workflow.SetQueryHandler(ctx, StateQuery, func() (*ApprovalState, error) { return a.ApprovalState, nil })
	if err == nil && fresh {
		a.ask(ctx, in.Event)
	}
	return a, err
}

func (a *approval) continued() (string, any) {
	a.board.tidy(1, func(key string) bool { return key == requestMessage })
	return TypeCPIApproval, ApprovalInput{State: a.ApprovalState}
}

// ask opens a generation: the project is read for the figures that belong on the message, for 15 s at most,
// then people are asked.
func (a *approval) ask(ctx workflow.Context, e prodege.Event) {
	a.Settings = a.w.readSettings(ctx)
	a.Generation++
	generation := a.Generation
	if a.Previous = a.Required; sameAmount(a.Previous, e.RequiredCPI) {
		a.Previous = nil
	}
	a.Required = e.RequiredCPI
	a.AskedFor, a.FromSweep = e.Time, e.Source == prodege.FromSweep
	a.Decisions, a.Approved, a.ByRule, a.Sent, a.Refusal, a.Other, a.Unread, a.MaybeSent = nil, nil, false, nil, nil, nil, false, false
	a.ClockFrom, a.NextReminder, a.Deadline, a.Reminders, a.LookAgain = time.Time{}, time.Time{}, time.Time{}, 0, time.Time{}
	a.Phase, a.PhaseAt = activities.PhaseOpen, workflow.Now(ctx)
	info := a.readNumbers(ctx, e)
	if info != nil && info.RequiredCPI != nil && (a.Required == nil || a.FromSweep && info.RequiredCPI.Cmp(*a.Required) > 0) {
		a.Required = info.RequiredCPI // the figure of now
	}
	a.hearProject(ctx) // what happened while we read
	if a.Generation != generation {
		return // a newer amount came meanwhile and has asked
	}
	if a.Phase != activities.PhaseOpen {
		a.draw(ctx)
		return
	}
	if a.SecondLife && info != nil && info.Status != prodege.Paused {
		a.Ended, a.EndStatus = nil, info.Status
		a.enter(ctx, endPhase(info.Status))
		a.draw(ctx)
		return
	}
	if a.Required != nil && a.Settings.Ceiling != nil && a.Required.Cmp(*a.Settings.Ceiling) > 0 {
		a.enter(ctx, activities.PhaseOverLimit)
	}
	if a.mayApproveByRule(ctx, info) {
		a.approveByRule(ctx)
	}
	a.draw(ctx)
	a.tellProject(ctx, &Line{At: workflow.Now(ctx), Kind: LineRequest, What: "CPI decision asked for", Amount: a.Required, Ref: string(e.ID)})
}

// waits says for whom or what the request waits, and why people must look at it, if they must.
func (a *approval) waits() (Waiting, string) {
	switch a.Phase {
	case activities.PhaseOpen, activities.PhaseSecond, activities.PhaseOverLimit:
		return WaitsApproval, ""
	case activities.PhaseExpired:
		return WaitsApproval, "nobody decided in time"
	case activities.PhaseRefused, activities.PhaseStopped:
		why := "the acceptance failed"
		if a.Refusal != nil {
			why = a.Refusal.Party + ": " + a.Refusal.Text
		}
		return WaitsApproval, cut(why, 200)
	case activities.PhaseStill:
		return WaitsLive, "accepted, but the project still stands still"
	case activities.PhaseByHand:
		return WaitsLive, "must be accepted by hand at Prodege"
	}
	return WaitsLive, ""
}

// open says whether a decision can still be taken.
func (a *approval) open() bool {
	return a.Phase == activities.PhaseOpen || a.Phase == activities.PhaseSecond
}
