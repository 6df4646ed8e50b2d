package operator

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) deadletter() *cobra.Command {
	return group(words{
		use: "deadletter", short: "Look at events that can't be handed on, retry or drop them",
		long: "Dead letters are events that Temporal refused for good, or that could not be read from disk. They wait in the inbox of the\n" +
			"ingress on this machine for a person. By itself it lists them.",
		example: "  fieldmarshal deadletter list\n  fieldmarshal deadletter retry 3",
	}, o.letters(), o.letter(), o.retry(), o.drop())
}

func (o Options) letters() *cobra.Command {
	return noFiles(o.command(words{
		use: "list", short: "List dead letters, oldest first", long: "List dead letters, oldest first.", example: "  fieldmarshal deadletter list --json",
	}, cobra.NoArgs, func(c *call) error {
		list, err := c.world.Inbox.DeadLetters(c.ctx)
		if err != nil {
			return failed("list dead letters: %w", err)
		}
		return c.show(list, func(p *page) {
			if len(list) == 0 {
				p.line("No dead letters.")
				return
			}
			var rows [][]string
			for _, l := range list {
				rows = append(rows, []string{strconv.FormatUint(l.ID, 10), stamp(l.At), l.Event.ProjectID.String(), string(l.Event.ID), l.Reason})
			}
			p.table([]string{"NUMBER", "SINCE", "PROJECT", "EVENT", "WHY"}, rows)
		})
	}))
}

func (o Options) letter() *cobra.Command {
	return noFiles(o.command(words{
		use: "show <number>", short: "Show one dead letter in full", long: "Show one dead letter in full, with the event in Prodege's own form.", example: "  fieldmarshal deadletter show 3",
	}, one("the number of a dead letter"), func(c *call) error {
		l, err := c.findLetter()
		if err != nil {
			return err
		}
		return c.show(l, func(p *page) { letterText(p, l) })
	}))
}

func letterText(p *page, l inbox.DeadLetter) {
	p.line("Dead letter %d, since %s\n%s", l.ID, stamp(l.At), l.Reason)
	if len(l.Damaged) > 0 {
		p.line("It can't be read as an event: %q", l.Damaged)
		return
	}
	p.line("%s", l.Event.WireJSON())
}

func (o Options) retry() *cobra.Command {
	return noFiles(o.command(words{
		use: "retry <number>", short: "Put a dead letter back among what waits", long: "Put a dead letter back among what waits, behind all of its project. It becomes a dead letter again where Temporal still refuses it.", example: "  fieldmarshal deadletter retry 3",
	}, one("the number of a dead letter"), func(c *call) error {
		id, err := c.letterNumber()
		if err != nil {
			return err
		}
		if err := lettered(c.world.Inbox.Retry(c.ctx, id), id); err != nil {
			return err
		}
		return c.show(map[string]any{"id": id, "retried": true}, func(p *page) { p.line("Dead letter %d waits again.", id) })
	}))
}

func (o Options) drop() *cobra.Command {
	yes := false
	cmd := o.command(words{
		use: "drop <number>", short: "Forget a dead letter for good",
		long:    "Forget a dead letter for good, after it was shown and you confirmed. What it tells of a project is lost then.",
		example: "  fieldmarshal deadletter drop 3\n  fieldmarshal deadletter drop 3 --yes",
	}, one("the number of a dead letter"), func(c *call) error {
		l, err := c.findLetter()
		if err != nil {
			return err
		}
		if !yes && !c.confirmed(l) {
			return failed("dead letter %d was not dropped: nobody confirmed (answer yes, or give --yes)", l.ID)
		}
		if err := lettered(c.world.Inbox.Drop(c.ctx, l.ID), l.ID); err != nil {
			return err
		}
		return c.show(map[string]any{"id": l.ID, "dropped": true}, func(p *page) { p.line("Dead letter %d is forgotten.", l.ID) })
	})
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return noFiles(cmd)
}

// confirmed shows what is to be lost and asks.
func (c *call) confirmed(l inbox.DeadLetter) bool {
	p := &page{}
	letterText(p, l)
	return c.yes(p.String() + "Forget it for good?")
}

// yes asks before what can't be undone. The question goes beside the answer, so that JSON stays JSON; no answer
// is no.
func (c *call) yes(question string) bool {
	fmt.Fprint(c.cmd.ErrOrStderr(), printable(question), " Write yes: ")
	answer, _ := bufio.NewReader(c.cmd.InOrStdin()).ReadString('\n')
	return strings.TrimSpace(answer) == "yes"
}

func (c *call) letterNumber() (uint64, error) {
	id, err := strconv.ParseUint(c.args[0], 10, 64)
	if err != nil {
		return 0, misused("%q is not the number of a dead letter", c.args[0])
	}
	return id, nil
}

func (c *call) findLetter() (inbox.DeadLetter, error) {
	id, err := c.letterNumber()
	if err != nil {
		return inbox.DeadLetter{}, err
	}
	l, err := c.world.Inbox.DeadLetter(c.ctx, id)
	return l, lettered(err, id)
}

// lettered tells a dead letter that is not there from an inbox that does not answer.
func lettered(err error, id uint64) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inbox.ErrNoLetter):
		return inVain("there is no dead letter %d", id)
	}
	return failed("dead letter %d: %w", id, err)
}
