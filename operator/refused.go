package operator

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) refused() *cobra.Command {
	full := false
	cmd := o.command("refused", none, func(c *call) error {
		list, err := c.world.Inbox.Refused(c.ctx)
		if err != nil {
			return failed("list refused deliveries: %w", err)
		}
		return c.show(list, func(p *page) { refusedText(p, list, full) })
	})
	cmd.Flags().BoolVar(&full, "full", false, "show headers and bodies")
	return group(cmd, "list", o.admit())
}

// Admission is what came of one refused delivery that was to be admitted.
type Admission struct {
	Number   uint64 `json:"number"`
	Admitted bool   `json:"admitted"`
	Why      string `json:"why,omitempty"` // why not
}

func (o Options) admit() *cobra.Command {
	as := ""
	cmd := o.command("admit <number>…", between(1, 100, "number"), func(c *call) error {
		as, err := parseUser(as)
		if err != nil {
			return err
		}
		var numbers []uint64
		for _, arg := range c.args {
			n, err := strconv.ParseUint(arg, 10, 64)
			if err != nil {
				return usageError("%q is not the number of a refused delivery: fieldmarshal refused lists them", arg)
			}
			numbers = append(numbers, n)
		}
		var all []Admission
		vain := 0
		for _, n := range numbers {
			a := Admission{Number: n, Admitted: true}
			err := c.world.Inbox.Admit(c.ctx, n, as)
			if errors.Is(err, inbox.ErrNone) {
				err = errors.New("there is no such number, or no longer")
			}
			if err != nil {
				a.Admitted, a.Why = false, err.Error()
				vain++
			}
			all = append(all, a)
		}
		if err := c.show(all, func(p *page) {
			for _, a := range all {
				if a.Admitted {
					p.line("%d was handed on; %s vouches for it.", a.Number, as)
				} else {
					p.line("%d was not handed on: %s", a.Number, a.Why)
				}
			}
		}); err != nil {
			return err
		}
		if vain > 0 {
			return noEffect("%d of %d were not handed on", vain, len(all))
		}
		return nil
	})
	cmd.Flags().StringVar(&as, "as", "", "who vouches: a Slack user id (required)")
	return cmd
}

func refusedText(p *page, list inbox.RefusedList, full bool) {
	if len(list.Counts) == 0 {
		p.line("No delivery was refused.")
		return
	}
	table(p, []string{"CAUSE", "REFUSED"}, slices.Sorted(maps.Keys(list.Counts)), func(cause string) []any { return []any{cause, list.Counts[cause]} })
	p.line("")
	table(p, []string{"NUMBER", "TIME", "LOT", "COUNT", "CAUSE", "FROM", "PATH", "ADMIT", "WHY"}, backward(list.Kept), func(r inbox.Refused) []any {
		return []any{r.ID, r.At, r.Lot, r.Count, r.Cause, r.Remote, r.Path, admission(r), r.Detail}
	})
	if !full {
		return
	}
	for _, r := range slices.Backward(list.Kept) {
		p.line("\n%d, %s, %s", r.ID, stamp(r.At), r.Cause)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			p.line("  %s: %s", name, strings.Join(r.Header[name], ", "))
		}
		p.block("  " + strings.ReplaceAll(r.Body, "\n", "\n  "))
		if r.Cut {
			p.line("  … more came than was kept")
		}
	}
}

// admission says whether a refused delivery can be admitted, or who did.
func admission(r inbox.Refused) string {
	switch {
	case r.AdmittedBy != "":
		return "by " + r.AdmittedBy
	case r.Size > 0:
		return "can be"
	}
	return "-"
}
