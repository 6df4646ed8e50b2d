package operator

import (
	"cmp"
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
	cmd := o.command("refused", func(c *call) error {
		list, err := c.world.Inbox.Refused(c.ctx)
		if err != nil {
			return failed("list refused deliveries: %w", err)
		}
		return c.show(list, func(p *page) { refusedText(p, list, full) })
	})
	cmd.Flags().BoolVar(&full, "full", false, "show headers and bodies")
	cmd.AddCommand(o.admit())
	return cmd
}

func refusedText(p *page, list inbox.RefusedList, full bool) {
	if len(list.Counts) == 0 {
		p.line("No delivery was refused.")
		return
	}
	table(p, "CAUSE|REFUSED", slices.Sorted(maps.Keys(list.Counts)), func(cause string) []any { return []any{cause, list.Counts[cause]} })
	p.line("")
	table(p, "NUMBER|TIME|LOT|COUNT|CAUSE|FROM|PATH|ADMIT|WHY", backward(list.Kept), func(r inbox.Refused) []any {
		admit := "-"
		if r.Size > 0 {
			admit = "can be"
		}
		if r.AdmittedBy != "" {
			admit = "by " + r.AdmittedBy
		}
		return []any{r.ID, r.At, r.Lot, r.Count, r.Cause, cmp.Or(r.Remote, "-"), cmp.Or(r.Path, "-"), admit, r.Detail}
	})
	if !full {
		return
	}
	for _, r := range slices.Backward(list.Kept) {
		p.line("")
		p.line("%d, %s, %s", r.ID, stamp(r.At), r.Cause)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			p.line("  %s: %s", name, strings.Join(r.Header[name], ", "))
		}
		p.block("  " + strings.NewReplacer("\r", " ", "\n", "\n  ").Replace(r.Body))
		if r.Cut {
			p.line("  … more came than was kept")
		}
	}
}

// Admission is what came of one refused delivery that was to be admitted.
type Admission struct {
	Number   uint64 `json:"number"`
	Admitted bool   `json:"admitted"`
	Why      string `json:"why,omitempty"` // why not
}

func (o Options) admit() *cobra.Command {
	as := ""
	cmd := o.command("admit <number>…", func(c *call) error {
		as, err := parseUser(as)
		if err != nil {
			return err
		}
		all := make([]Admission, len(c.args))
		for i, arg := range c.args {
			if all[i].Number, err = strconv.ParseUint(arg, 10, 64); err != nil {
				return usageError("%q is not the number of a refused delivery: fieldmarshal refused lists them", arg)
			}
		}
		vain := 0
		for i := range all {
			err := c.world.Inbox.Admit(c.ctx, all[i].Number, as)
			if errors.Is(err, inbox.ErrNone) {
				err = errors.New("there is no such number, or no longer")
			}
			if all[i].Admitted = err == nil; err != nil {
				all[i].Why = err.Error()
				vain++
			}
		}
		err = c.show(all, func(p *page) {
			for _, a := range all {
				if a.Admitted {
					p.line("%d was handed on; %s vouches for it.", a.Number, as)
				} else {
					p.line("%d was not handed on: %s", a.Number, a.Why)
				}
			}
		})
		if err == nil && vain > 0 {
			return noEffect("%d of %d were not handed on", vain, len(all))
		}
		return err
	})
	cmd.Flags().StringVar(&as, "as", "", "who vouches: a Slack user id (required)")
	return cmd
}
