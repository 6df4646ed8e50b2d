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
	cmd := o.command("accepting", func(c *call) error {
		ctx, cancel := c.within()
		defer cancel()
		last, err := c.world.Flows.LastSwitch(ctx)
		if err != nil {
			return c.explained(err, "read the kill switch")
		}
		return c.showSwitch(Accepting{last.On, last.By, last.At})
	})
	cmd.AddCommand(o.turn("on", true), o.turn("off", false))
	return cmd
}

func (o Options) turn(name string, on bool) *cobra.Command {
	as := unnamed
	cmd := o.command(name, func(c *call) error {
		if as != unnamed {
			if _, err := parseUser(as); err != nil {
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
			return noEffect("accepting was not switched %s: %w; say who with --as U…", name, err)
		case c.world.Flows.Health(c.ctx) == nil && errors.Is(err, context.DeadlineExceeded):
			return failed("%w: it takes effect as soon as one runs. See fieldmarshal accepting", err)
		}
		return c.explained(err, "switch acceptance "+name)
	})
	cmd.Flags().StringVar(&as, "as", unnamed, "who switches it: a Slack user id; to switch it on, one of SLACK_APPROVERS")
	return cmd
}

func (c *call) showSwitch(a Accepting) error {
	return c.show(a, func(p *page) {
		text := "Accepting is OFF: decisions are recorded and held back, nothing is accepted at Prodege."
		if a.On {
			text = "Accepting is ON: what is approved is accepted at Prodege."
		}
		if a.By != "" {
			text += " Switched by " + a.By + " at " + stamp(a.At) + "."
		}
		p.line("%s", text)
	})
}
