package operator

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/workflows"
)

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
		return c.showSwitch(last)
	})
	cmd.AddCommand(o.turn("on", true), o.turn("off", false))
	return cmd
}

func (o Options) turn(name string, on bool) *cobra.Command {
	as := ""
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
			return c.showSwitch(workflows.ControlState{On: on, By: as, At: c.now().UTC()})
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

func (c *call) showSwitch(s workflows.ControlState) error {
	return c.show(s, func(p *page) { p.markdown(cards.Accepting(s.On, s.By, s.At)) })
}
