package operator

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/workflows"
)

// Accepting is the kill switch, as accepting answers it in JSON.
type Accepting struct {
	On bool      `json:"on"`
	By string    `json:"by,omitempty"` // who switched it so; empty: it was never switched
	At time.Time `json:"at,omitzero"`
}

// unnamed is who switched it if the command line does not tell. Whoever sees danger may switch it off.
const unnamed = "the command line"

func (o Options) accepting() *cobra.Command {
	return group(o.command("accepting", none, func(c *call) error {
		ctx, cancel := c.within()
		defer cancel()
		last, err := c.world.Flows.LastSwitch(ctx)
		if err != nil {
			return c.explained(err, "read the kill switch")
		}
		return c.showSwitch(Accepting{last.On, last.By, last.At})
	}), "status", o.turn("on", true), o.turn("off", false))
}

func (o Options) turn(name string, on bool) *cobra.Command {
	as := unnamed
	cmd := o.command(name, none, func(c *call) error {
		as := as
		if as != unnamed {
			var err error
			if as, err = parseUser(as); err != nil {
				return err
			}
		}
		ctx, cancel := c.within()
		defer cancel()
		err := c.world.Flows.Accepting(ctx, on, as)
		switch {
		case err == nil:
			return c.showSwitch(Accepting{on, as, c.now().UTC()})
		case errors.Is(err, workflows.ErrNotAllowed):
			return c.notSwitched(err, as)
		case c.world.Flows.Health(c.ctx) == nil && errors.Is(err, context.DeadlineExceeded):
			return failed("%w: it takes effect as soon as one runs. See fieldmarshal accepting", err)
		}
		return c.explained(err, "switch acceptance "+name)
	})
	cmd.Flags().StringVar(&as, "as", unnamed, "who switches it: a Slack user id; switching it on takes somebody of SLACK_APPROVERS")
	return cmd
}

// notSwitched says that a switch was refused, and how it is set.
func (c *call) notSwitched(refusal error, as string) error {
	ctx, cancel := c.within()
	defer cancel()
	still := "accepting was not switched"
	if last, err := c.world.Flows.LastSwitch(ctx); err == nil {
		still = map[bool]string{true: "accepting was on already, and stays so", false: "accepting stays off"}[last.On]
	}
	if as == unnamed {
		return noEffect("%s: somebody of SLACK_APPROVERS must switch it on; say who with --as U…", still)
	}
	return noEffect("%s: %w", still, refusal)
}

func (c *call) showSwitch(a Accepting) error {
	text := "Accepting is OFF: decisions are recorded and held back, nothing is accepted at Prodege."
	if a.On {
		text = "Accepting is ON: what is approved is accepted at Prodege."
	}
	if a.By != "" {
		text += " Switched by " + a.By + " at " + stamp(a.At) + "."
	}
	return c.show(a, func(p *page) { p.line("%s", text) })
}
