package operator

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) deadletter() *cobra.Command {
	cmd := o.command("deadletter", func(c *call) error {
		list, err := c.world.Inbox.DeadLetters(c.ctx)
		if err != nil {
			return failed("list dead letters: %w", err)
		}
		return c.show(list, func(p *page) {
			if len(list) == 0 {
				p.line("No dead letters.")
			}
			table(p, "NUMBER|SINCE|PROJECT|EVENT|WHY", list, func(l inbox.DeadLetter) []any {
				return []any{l.ID, l.At, l.Event.ProjectID, l.Event.ID, l.Reason}
			})
		})
	})
	yes := false
	drop := o.letter("drop <number>", func(c *call, l inbox.DeadLetter) error {
		if !yes && !c.yes(letterText(l)+"Forget it permanently?") {
			return usageError("dead letter %d was not dropped: nobody confirmed (answer yes, or give --yes)", l.ID)
		}
		if err := c.world.Inbox.Drop(c.ctx, l.ID); err != nil {
			return letterFault(err, l.ID)
		}
		return c.show(map[string]any{"id": l.ID, "dropped": true}, func(p *page) { p.line("Dead letter %d is forgotten.", l.ID) })
	})
	drop.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	retry := o.letter("retry <number>", func(c *call, l inbox.DeadLetter) error {
		if err := c.world.Inbox.Retry(c.ctx, l.ID); err != nil {
			return letterFault(err, l.ID)
		}
		return c.show(map[string]any{"id": l.ID, "retried": true}, func(p *page) { p.line("Dead letter %d waits again.", l.ID) })
	})
	show := o.letter("show <number>", func(c *call, l inbox.DeadLetter) error {
		return c.show(l, func(p *page) { p.WriteString(letterText(l)) })
	})
	cmd.AddCommand(show, retry, drop)
	return cmd
}

// letter makes a command about one dead letter.
func (o Options) letter(use string, run func(*call, inbox.DeadLetter) error) *cobra.Command {
	return o.command(use, func(c *call) error {
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

func letterText(l inbox.DeadLetter) string {
	p := &page{}
	p.line("Dead letter %d, since %s", l.ID, stamp(l.At))
	p.line("%s", l.Reason)
	if len(l.Damaged) > 0 {
		p.line("It can't be read as an event: %q", l.Damaged)
	} else {
		p.line("%s", l.Event.WireJSON())
	}
	return p.String()
}

// letterFault distinguishes a dead letter that does not exist from an inbox that does not answer.
func letterFault(err error, id uint64) error {
	if errors.Is(err, inbox.ErrNone) {
		return noEffect("there is no dead letter %d", id)
	}
	return failed("dead letter %d: %w", id, err)
}
