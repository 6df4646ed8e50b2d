package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

// AcceptingMemo is the memo field in which Control keeps the kill switch, so that it can be read without a worker.
const AcceptingMemo = "accepting"

// SwitchMemo is the memo field in which Control keeps its whole state for people: who switched it, and when. Only
// AcceptingMemo decides whether anything is accepted.
const SwitchMemo = "accepting_switch"

// maxSwitched is how many results of switching are remembered.
const maxSwitched = 20

// Switch turns acceptance on or off for all projects.
type Switch struct {
	On bool   `json:"on"`
	By string `json:"by"`
	ID string `json:"id,omitempty"` // identifies the result in ControlState.Switched
}

// Switched is the result of a Switch.
type Switched struct {
	ID  string `json:"id"`
	Why string `json:"why,omitempty"` // why it was refused; empty if it was done
}

// ControlState is the kill switch: whether anything is accepted at Prodege, who set it and when.
type ControlState struct {
	On       bool       `json:"on"`
	By       string     `json:"by,omitempty"`
	At       time.Time  `json:"at,omitzero"`
	Switched []Switched `json:"switched,omitempty"` // the newest, oldest first
	Resumed  time.Time  `json:"resumed,omitzero"`   // when projects with held-back decisions were last told
}

// Control is the kill switch for everything that is sent to Prodege. It never ends, even if somebody cancels it, because
// Temporal deletes a closed workflow after its retention, and then the switch would read as on, which is what it is if it was
// never set. Anybody may switch it off, which takes effect at once; only one of SLACK_APPROVERS may switch it on.
func (w *Workflows) Control(root workflow.Context, state ControlState) error {
	ctx, _ := workflow.NewDisconnectedContext(root)
	c := &control{ControlState: state}
	if err := workflow.SetQueryHandler(root, StateQuery, func() (ControlState, error) { return c.ControlState, nil }); err != nil {
		return err
	}
	for {
		settings := w.readSettings(ctx)
		c.receive(ctx, Accepting.drain(ctx), settings.Anyone)
		c.checkPermissions(ctx)
		c.resume(ctx)
		if err := workflow.UpsertMemo(ctx, map[string]any{AcceptingMemo: c.On, SwitchMemo: c.ControlState}); err != nil {
			return err
		}
		workflow.SetCurrentDetails(root, cards.Accepting(c.On, c.By, c.At))
		if (root.Err() != nil || settings.full(ctx)) && c.may == nil && c.resuming == nil && !Accepting.waits(ctx) {
			return workflow.NewContinueAsNewError(ctx, TypeControl, c.ControlState)
		}
		seen := root.Err() != nil
		_ = workflow.Await(ctx, func() bool {
			return Accepting.waits(ctx) || c.may != nil && c.may.IsReady() || c.resuming != nil && c.resuming.IsReady() || (root.Err() != nil) != seen
		})
	}
}

type control struct {
	ControlState
	asked    []Switch        // requests to switch on, in order
	may      workflow.Future // whether the first of them is allowed
	resuming workflow.Future // projects are being told that accepting is on
	toResume bool
}

// receive handles new switches. Switching off takes effect at once, and overrides requests to switch on that are being checked.
func (c *control) receive(ctx workflow.Context, switches []Switch, anyone bool) {
	for _, s := range switches {
		switch {
		case s.On && !anyone:
			c.asked = append(c.asked, s)
		case s.On:
			c.apply(ctx, s)
		default:
			for _, a := range c.asked {
				c.record(a, "accepting was switched off in the meantime")
			}
			c.asked, c.may = nil, nil
			c.apply(ctx, s)
		}
	}
}

// checkPermissions handles the answer whether a person may switch on, and asks about the next one.
func (c *control) checkPermissions(ctx workflow.Context) {
	if c.may != nil && c.may.IsReady() {
		var may project.Permission
		err := c.may.Get(ctx, &may)
		s := c.asked[0]
		c.asked, c.may = c.asked[1:], nil
		switch {
		case err != nil || !may.Known:
			c.record(s, "the list of approvers can't be read from Slack right now")
		case !may.Allowed:
			c.record(s, fmt.Sprintf("%s is not one of SLACK_APPROVERS", s.By))
		default:
			c.apply(ctx, s)
		}
	}
	if c.may == nil && len(c.asked) > 0 {
		by := c.asked[0].By
		c.may = execute(ctx, within(permissionFor), "check whether "+by+" may switch accepting on", slackSteps.CheckPermission, project.CheckPermission{User: by})
	}
}

// apply sets the switch.
func (c *control) apply(ctx workflow.Context, s Switch) {
	c.On, c.By, c.At = s.On, s.By, workflow.Now(ctx)
	c.toResume = s.On
	c.record(s, "")
	workflow.GetLogger(ctx).Info("audit", "kind", "accepting", "on", s.On, "by", s.By)
}

// record records the result of a switch.
func (c *control) record(s Switch, why string) {
	c.Switched = append(c.Switched, Switched{ID: s.ID, Why: why})
	if n := len(c.Switched) - maxSwitched; n > 0 {
		c.Switched = append([]Switched(nil), c.Switched[n:]...)
	}
}

// resume tells projects whose decisions are held back that accepting is on. A failure is not repeated, because these projects
// also check every minute.
func (c *control) resume(ctx workflow.Context) {
	if c.resuming != nil && c.resuming.IsReady() {
		if err := c.resuming.Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Warn("projects could not be told that accepting is on; each checks within a minute", "error", err)
		}
		c.resuming, c.Resumed = nil, workflow.Now(ctx)
	}
	if c.resuming == nil && c.toResume {
		c.toResume = false
		c.resuming = execute(ctx, within(attempt), "tell projects that accepting is on", flowSteps.Resume)
	}
}
