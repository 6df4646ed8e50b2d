package operator

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) inbox() *cobra.Command {
	return group(words{
		use: "inbox", short: "Look into the inbox of the ingress on this machine, or empty it",
		long: "The inbox holds deliveries on disk until Temporal has them. These commands speak to the ingress that runs on this machine\n" +
			"with the same INBOX_DIR. By itself it does what list does.",
		example: "  fieldmarshal inbox list\n  fieldmarshal inbox drain",
	}, o.inboxList(), o.inboxDrain())
}

func (o Options) inboxList() *cobra.Command {
	return noFiles(o.command(words{
		use: "list", short: "Show how the inbox stands, and the events that wait", long: "Show how the inbox stands, and the oldest thousand events that wait.",
		example: "  fieldmarshal inbox list --json | jq .stats.depth",
	}, cobra.NoArgs, func(c *call) error {
		l, err := c.world.Inbox.List(c.ctx)
		if err != nil {
			return failed("list the inbox: %w", err)
		}
		return c.show(l, func(p *page) {
			c.statsText(p, l.Stats)
			var rows [][]string
			for _, w := range l.Waiting {
				rows = append(rows, []string{stamp(w.At), w.Event.ProjectID.String(), string(w.Event.ID), string(w.Event.Status)})
			}
			if len(rows) > 0 {
				p.table([]string{"SINCE", "PROJECT", "EVENT", "STATUS"}, rows)
			}
		})
	}))
}

func (c *call) statsText(p *page, s inbox.Stats) {
	p.line("%d waiting, %d handed on since the ingress started, %d dead letters", s.Depth, s.Forwarded, s.DeadLetters)
	if !s.Oldest.IsZero() {
		p.line("the oldest has waited for %s", c.ago(s.Oldest))
	}
	if s.Draining {
		p.line("it is draining: it takes no new events")
	}
	if s.Fault != "" {
		p.line("THE DISK TAKES NOTHING: %s", s.Fault)
	}
}

func (o Options) inboxDrain() *cobra.Command {
	timeout := time.Minute
	cmd := o.command(words{
		use: "drain", short: "Hand everything on and take nothing new, before the inbox is removed for good",
		long: "Have the ingress take nothing new into its inbox and wait until all that waited was handed to Temporal. After that its\n" +
			"INBOX_DIR may be removed once the process has stopped. Where the time is not enough the inbox takes events again.",
		example: "  fieldmarshal inbox drain --timeout 5m",
	}, cobra.NoArgs, func(c *call) error {
		if timeout <= 0 {
			return misused("--timeout must be above nothing")
		}
		ctx, cancel := context.WithTimeout(c.ctx, timeout)
		defer cancel()
		s, err := c.world.Inbox.Drain(ctx)
		if ctx.Err() != nil {
			return failed("drain the inbox: not empty after %s, and it takes events again; is Temporal away?", timeout)
		}
		if err != nil {
			return failed("%w", err)
		}
		return c.show(s, func(p *page) {
			p.line("The inbox is empty and takes nothing any more. Stop the ingress; then INBOX_DIR may be removed.")
			if s.DeadLetters > 0 {
				p.line("But %d dead letters lie in it: see fieldmarshal deadletter list.", s.DeadLetters)
			}
		})
	})
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for it to be empty")
	return noFiles(cmd)
}
