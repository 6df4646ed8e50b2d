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
	By string    `json:"by,omitempty"` // who switched it so; empty where it was never switched
	At time.Time `json:"at,omitzero"`
}

// nobody is who switched it where the command line does not tell. Whoever sees danger may switch it off.
const nobody = "the command line"

func (o Options) accepting() *cobra.Command {
	return group(words{
		use: "accepting", short: "Switch all acceptance at Prodege on or off, or tell how it stands",
		long: "The kill switch. While accepting is off nothing is accepted at Prodege for any project; decisions are recorded, held\n" +
			"back, and made good within a minute once it is on again. It is kept in Temporal and outlives every restart. By itself it tells how the switch stands.",
		example: "  fieldmarshal accepting off\n  fieldmarshal accepting on --as U012AB3CD\n  fieldmarshal accepting",
	}, o.acceptingStatus(), o.turn("on", true), o.turn("off", false))
}

func (o Options) turn(name string, on bool) *cobra.Command {
	as := nobody
	cmd := o.command(words{
		use: name, short: "Switch acceptance " + name,
		long:    "Switch acceptance " + name + " for all projects. It returns once the switch can be read so; that needs a live worker.",
		example: "  fieldmarshal accepting " + name + "\n  fieldmarshal accepting " + name + " --as U012AB3CD",
	}, cobra.NoArgs, func(c *call) error {
		if as != nobody && !aUser.MatchString(as) {
			return misused("--as must be a Slack user id (U… or W…), not %q", as)
		}
		ctx, cancel := c.within()
		defer cancel()
		if err := c.world.Flows.Accepting(ctx, on, as); err != nil {
			if errors.Is(err, workflows.ErrNotAllowed) {
				if as == nobody {
					return inVain("accepting stays off: somebody among SLACK_APPROVERS must switch it on; say who with --as U…")
				}
				return inVain("accepting stays off: %w", err)
			}
			if c.world.Flows.Health(c.ctx) == nil && errors.Is(err, context.DeadlineExceeded) {
				return failed("%w: it holds as soon as one runs. Look with fieldmarshal accepting status", err)
			}
			return c.reached(err, "switch acceptance "+name)
		}
		return c.showSwitch(Accepting{on, as, c.now().UTC()})
	})
	cmd.Flags().StringVar(&as, "as", nobody, "who switches it: a Slack user id; where SLACK_APPROVERS is set, on takes somebody of it")
	return noFiles(cmd)
}

func (o Options) acceptingStatus() *cobra.Command {
	return noFiles(o.command(words{
		use: "status", short: "Tell whether acceptance is on, and who switched it when",
		long:    "Tell whether acceptance is on, and who switched it when. No worker is needed.",
		example: "  fieldmarshal accepting status --json",
	}, cobra.NoArgs, func(c *call) error {
		ctx, cancel := c.within()
		defer cancel()
		last, err := c.world.Flows.LastSwitch(ctx)
		if err != nil {
			return c.reached(err, "read the switch")
		}
		return c.showSwitch(Accepting{last.On, last.By, last.At})
	}))
}

// showSwitch tells how the switch stands.
func (c *call) showSwitch(a Accepting) error {
	return c.show(a, func(p *page) { p.line("%s", a.sentence()) })
}

func (a Accepting) sentence() string {
	text := "Accepting is OFF: decisions are recorded and held back, nothing is accepted at Prodege."
	if a.On {
		text = "Accepting is ON: what is approved is accepted at Prodege."
	}
	if a.By != "" {
		text += " Switched by " + a.By + " at " + stamp(a.At) + "."
	}
	return text
}
