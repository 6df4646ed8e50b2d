package operator

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) inbox() *cobra.Command {
	cmd := o.command("inbox", func(c *call) error {
		l, err := c.world.Inbox.List(c.ctx)
		if err != nil {
			return failed("list the inbox: %w", err)
		}
		return c.show(l, func(p *page) {
			s := l.Stats
			p.line("%d waiting, %d passed on since the ingress started, %d dead letters", s.Depth, s.Forwarded, s.DeadLetters)
			if !s.Oldest.IsZero() {
				p.line("the oldest has waited for %s", lasting(c.now().Sub(s.Oldest)))
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
			table(p, "SINCE|PROJECT|EVENT|STATUS|STATE|WHY", l.Waiting, func(w inbox.Waiting) []any {
				return []any{w.At, w.Event.ProjectID, w.Event.ID, w.Event.Status, map[bool]string{true: "stuck"}[w.Stuck], w.Error}
			})
		})
	})
	cmd.AddCommand(o.drain())
	return cmd
}

func (o Options) drain() *cobra.Command {
	var timeout time.Duration
	cmd := o.command("drain", func(c *call) error {
		ctx, cancel := context.WithTimeout(c.ctx, timeout)
		defer cancel()
		s, err := c.world.Inbox.Drain(ctx)
		switch {
		case ctx.Err() != nil:
			return failed("drain the inbox: not empty after %s, and it goes on taking events; is Temporal away?", timeout)
		case err != nil:
			return err
		}
		return c.show(s, func(p *page) {
			p.line("The inbox is empty and takes nothing any more. Stop the ingress; then INBOX_DIR may be removed.")
			if s.DeadLetters > 0 {
				p.line("But %d dead letters lie in it: see fieldmarshal deadletter.", s.DeadLetters)
			}
		})
	})
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to wait for it to be empty")
	return cmd
}
