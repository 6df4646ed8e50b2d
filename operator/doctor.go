package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// Verdict is what doctor says of one thing.
type Verdict string

// The verdicts. Only Broken makes the exit code 1.
const (
	Fine    Verdict = "ok"
	Warning Verdict = "warning" // it works, but perhaps not as people expect
	Broken  Verdict = "fault"
)

// Check is one thing that doctor looked at.
type Check struct {
	What    string  `json:"what"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Do      string  `json:"do,omitempty"` // what to do about it
}

// Diagnosis is what doctor answers in JSON.
type Diagnosis struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// checkTime bounds each check.
const checkTime = 8 * time.Second

func (o Options) doctor() *cobra.Command {
	return o.make("doctor", none, func(c *call) error {
		world, done, err := o.Open(c.ctx)
		if err != nil {
			return &Fault{ExitUsage, err}
		}
		defer done()
		c.world = world
		return c.doctor()
	})
}

// examination gathers findings.
type examination struct {
	*call
	checks []Check
}

func (e *examination) add(v Verdict, what, do, found string, args ...any) {
	e.checks = append(e.checks, Check{what, v, fmt.Sprintf(found, args...), do})
}

func (c *call) doctor() error {
	e := &examination{call: c}
	for _, check := range []func(*examination, context.Context){
		(*examination).configuration, (*examination).temporal, (*examination).slack, (*examination).prodege, (*examination).inbox,
	} {
		check(e, c.ctx)
	}
	d := Diagnosis{OK: true, Checks: e.checks}
	faults := 0
	for _, check := range e.checks {
		if check.Verdict == Broken {
			d.OK = false
			faults++
		}
	}
	err := c.show(d, func(p *page) {
		for _, check := range d.Checks {
			p.line("%-8s %s: %s", check.Verdict, check.What, check.Found)
			if check.Do != "" {
				p.line("         → %s", check.Do)
			}
		}
	})
	if err == nil && !d.OK {
		return failed("faults found: %d", faults)
	}
	return err
}
