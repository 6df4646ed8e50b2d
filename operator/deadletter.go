package operator

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) deadletter() *cobra.Command {
	return group(o.command("deadletter", none, func(c *call) error {
		list, err := c.world.Inbox.DeadLetters(c.ctx)
		if err != nil {
			return failed("list dead letters: %w", err)
		}
		return c.show(list, func(p *page) {
			if len(list) == 0 {
				p.line("No dead letters.")
				return
			}
			table(p, []string{"NUMBER", "SINCE", "PROJECT", "EVENT", "WHY"}, list, func(l inbox.DeadLetter) []any {
				return []any{l.ID, l.At, l.Event.ProjectID, l.Event.ID, l.Reason}
			})
		})
	}), "list", o.deadShow(), o.deadRetry(), o.deadDrop())
}

func (o Options) deadShow() *cobra.Command {
	return o.letterCommand("show <number>", func(c *call, l inbox.DeadLetter) error {
		return c.show(l, func(p *page) { letterText(p, l) })
	})
}

func (o Options) deadRetry() *cobra.Command {
	return o.letterCommand("retry <number>", func(c *call, l inbox.DeadLetter) error {
		if err := letterFault(c.world.Inbox.Retry(c.ctx, l.ID), l.ID); err != nil {
			return err
		}
		return c.show(map[string]any{"id": l.ID, "retried": true}, func(p *page) { p.line("Dead letter %d waits again.", l.ID) })
	})
}

func (o Options) deadDrop() *cobra.Command {
	yes := false
	cmd := o.letterCommand("drop <number>", func(c *call, l inbox.DeadLetter) error {
		shown := &page{}
		letterText(shown, l)
		if !yes && !c.yes(shown.String()+"Forget it permanently?") {
			return usageError("dead letter %d was not dropped: nobody confirmed (answer yes, or give --yes)", l.ID)
		}
		if err := letterFault(c.world.Inbox.Drop(c.ctx, l.ID), l.ID); err != nil {
			return err
		}
		return c.show(map[string]any{"id": l.ID, "dropped": true}, func(p *page) { p.line("Dead letter %d is forgotten.", l.ID) })
	})
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// letterCommand makes a command about one dead letter.
func (o Options) letterCommand(use string, run func(*call, inbox.DeadLetter) error) *cobra.Command {
	return o.command(use, between(1, 1, "the number of a dead letter"), func(c *call) error {
		id, err := strconv.ParseUint(c.args[0], 10, 64)
		if err != nil {
			return usageError("%q is not the number of a dead letter", c.args[0])
		}
		l, err := c.world.Inbox.DeadLetter(c.ctx, id)
		if err != nil {
			return letterFault(err, id)
		}
		return run(c, l)
	})
}

func letterText(p *page, l inbox.DeadLetter) {
	p.line("Dead letter %d, since %s\n%s", l.ID, stamp(l.At), l.Reason)
	if len(l.Damaged) > 0 {
		p.line("It can't be read as an event: %q", l.Damaged)
		return
	}
	p.line("%s", l.Event.WireJSON())
}

// letterFault distinguishes a dead letter that does not exist from an inbox that does not answer.
func letterFault(err error, id uint64) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inbox.ErrNone):
		return noEffect("there is no dead letter %d", id)
	}
	return failed("dead letter %d: %w", id, err)
}
