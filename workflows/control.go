package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// AcceptingMemo is the memo field in which Control keeps the kill switch, so that it can be read where no
// worker answers.
const AcceptingMemo = "accepting"

// SwitchMemo is the memo field in which Control keeps its whole state, for people: who switched, and when.
// What is accepted hangs on AcceptingMemo alone.
const SwitchMemo = "accepting_switch"

// ControlState is the kill switch: whether anything is accepted at Prodege, who said so and when.
type ControlState struct {
	On bool      `json:"on"`
	By string    `json:"by,omitempty"`
	At time.Time `json:"at,omitzero"`

	Refused string `json:"refused,omitempty"` // id of the newest switching that was not allowed
	Why     string `json:"why,omitempty"`     // it was not
}

// needsWord says whether s takes the word of somebody who may decide about money: accepting is stopped by whoever
// sees a reason to, and goes on again by such a word only.
func needsWord(ctx workflow.Context, s Switch) bool {
	return s.On && s.ID != "" && workflow.GetVersion(ctx, "accepting goes on by an approver's word", workflow.DefaultVersion, 1) >= 1
}

// Control is the kill switch of all acceptance. It lives for ever, whoever cancels it: a switch that has ended is
// forgotten with Temporal's retention, and would read as one that was never turned. Where it was never started,
// accepting is on.
func (w *Workflows) Control(ctx workflow.Context, state ControlState) error {
	c := &control{ControlState: state}
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (ControlState, error) { return c.ControlState, nil }); err != nil {
		return err
	}
	heard, stop := workflow.NewDisconnectedContext(ctx) // whoever asked is answered, though it was cancelled meanwhile
	defer stop()
	for {
		c.take(ctx)
		c.judge(heard)
		if err := workflow.UpsertMemo(ctx, map[string]any{AcceptingMemo: c.On, SwitchMemo: c.ControlState}); err != nil {
			return err
		}
		workflow.SetCurrentDetails(ctx, c.describe())
		full := ctx.Err() != nil || historyFull(ctx, w.readSettings(ctx).HistoryLimit, true)
		if full && c.may == nil && !Accepting.waits(ctx) {
			return workflow.NewContinueAsNewError(ctx, TypeControl, c.ControlState)
		}
		sel := workflow.NewSelector(ctx)
		Accepting.wakes(ctx, sel)
		if ctx.Err() == nil {
			sel.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
		}
		if c.may != nil {
			sel.AddFuture(c.may, func(workflow.Future) {})
		}
		sel.Select(ctx)
	}
}

type control struct {
	ControlState
	asked []Switch        // to be switched on, in their order
	may   workflow.Future // whether the first of them may
}

// take takes the switches that came. One to off holds at once, and beats those that wait for a word.
func (c *control) take(ctx workflow.Context) {
	for _, s := range Accepting.drain(ctx) {
		if needsWord(ctx, s) {
			c.asked = append(c.asked, s)
			continue
		}
		asked := c.asked
		c.turn(ctx, s)
		for _, a := range asked {
			c.refuse(ctx, a, "accepting was switched off meanwhile")
		}
		c.asked, c.may = nil, nil
	}
}

// judge switches on for whoever may, and asks about the next.
func (c *control) judge(ctx workflow.Context) {
	if c.may != nil && c.may.IsReady() {
		var may activities.Permission
		err := c.may.Get(ctx, &may)
		s := c.asked[0]
		c.asked, c.may = c.asked[1:], nil
		switch {
		case err != nil || !may.Known:
			c.refuse(ctx, s, "the list of approvers can't be read from Slack right now")
		case !may.Allowed:
			c.refuse(ctx, s, s.By+" is not among SLACK_APPROVERS")
		default:
			c.turn(ctx, s)
		}
	}
	if c.may == nil && len(c.asked) > 0 {
		c.may = mayDecideLater(ctx, c.asked[0].By)
	}
}

func (c *control) turn(ctx workflow.Context, s Switch) {
	c.ControlState = ControlState{On: s.On, By: s.By, At: workflow.Now(ctx)}
	workflow.GetLogger(ctx).Info("audit", "kind", "accepting", "on", s.On, "by", s.By)
}

func (c *control) refuse(ctx workflow.Context, s Switch, why string) {
	c.Refused, c.Why = s.ID, why
	workflow.GetLogger(ctx).Warn("accepting stays as it is", "by", s.By, "why", why)
}

func (c *control) describe() string {
	text := "Accepting CPIs at Prodege is ON"
	if !c.On {
		text = "Accepting CPIs at Prodege is OFF: decisions are recorded and held back"
	}
	return "### " + text + "\nby " + markdown(c.By) + ", " + stamp(c.At)
}
