package operator

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) inbox() *cobra.Command {
	return group(o.command("inbox", none, func(c *call) error {
		l, err := c.world.Inbox.List(c.ctx)
		if err != nil {
			return failed("list the inbox: %w", err)
		}
		return c.show(l, func(p *page) {
			s := l.Stats
			p.line("%d waiting, %d passed on since the ingress started, %d dead letters", s.Depth, s.Forwarded, s.DeadLetters)
			if !s.Oldest.IsZero() {
				p.line("the oldest has waited for %s", c.ago(s.Oldest))
			}
			if s.Stuck > 0 {
				p.line("%d STUCK: not accepted by Temporal for a day, though others are; see WHY and the project's workflow in Temporal", s.Stuck)
			}
			if s.Draining {
				p.line("it is drained: it takes no new events")
			}
			if s.Fault != "" {
				p.line("THE DISK REFUSES: %s", s.Fault)
			}
			table(p, []string{"SINCE", "PROJECT", "EVENT", "STATUS", "STATE", "WHY"}, l.Waiting, func(w inbox.Waiting) []any {
				return []any{w.At, w.Event.ProjectID, w.Event.ID, w.Event.Status, map[bool]string{true: "stuck"}[w.Stuck], w.Error}
			})
		})
	}), "list", o.inboxDrain())
}

func (o Options) inboxDrain() *cobra.Command {
	timeout := time.Minute
	cmd := o.command("drain", none, func(c *call) error {
		ctx, cancel := context.WithTimeout(c.ctx, timeout)
		defer cancel()
		s, err := c.world.Inbox.Drain(ctx)
		if ctx.Err() != nil {
			return failed("drain the inbox: not empty after %s, and it goes on taking events; is Temporal away?", timeout)
		}
		if err != nil {
			return failed("%w", err)
		}
		return c.show(s, func(p *page) {
			p.line("The inbox is empty and takes nothing any more. Stop the ingress; then INBOX_DIR may be removed.")
			if s.DeadLetters > 0 {
				p.line("But %d dead letters lie in it: see fieldmarshal deadletter.", s.DeadLetters)
			}
		})
	})
	spanFlag(cmd, &timeout, "timeout", "how long to wait for it to be empty")
	return cmd
}
