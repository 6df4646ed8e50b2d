package operator

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
)

func (o Options) refused() *cobra.Command {
	bodies := false
	cmd := o.command(words{
		use: "refused", short: "Show deliveries that the ingress refused, by cause, and the last hundred of them",
		long: "Show how many deliveries the ingress on this machine has refused, by cause, and the last hundred with headers and bodies.\n" +
			"Prodege does not send a refused delivery again. Where bad_signature stands here for deliveries that are Prodege's own,\n" +
			"check PRODEGE_SECRET_KEY, and whether something on the way changes the body.",
		example: "  fieldmarshal refused\n  fieldmarshal refused --full\n  fieldmarshal refused --json | jq .counts",
	}, cobra.NoArgs, func(c *call) error {
		list, err := c.world.Inbox.Refused(c.ctx)
		if err != nil {
			return failed("list refused deliveries: %w", err)
		}
		return c.show(list, func(p *page) { refusedText(p, list, bodies) })
	})
	cmd.Flags().BoolVar(&bodies, "full", false, "show headers and bodies")
	return noFiles(cmd)
}

func refusedText(p *page, list inbox.RefusedList, bodies bool) {
	if len(list.Counts) == 0 {
		p.line("No delivery was refused.")
		return
	}
	var counts [][]string
	for _, cause := range slices.Sorted(maps.Keys(list.Counts)) {
		counts = append(counts, []string{cause, strconv.FormatUint(list.Counts[cause], 10)})
	}
	p.table([]string{"CAUSE", "REFUSED"}, counts)
	p.line("")
	var rows [][]string
	for _, r := range slices.Backward(list.Kept) {
		rows = append(rows, []string{strconv.FormatUint(r.ID, 10), stamp(r.At), r.Cause, r.Remote, r.Path, r.Detail})
	}
	p.table([]string{"NUMBER", "TIME", "CAUSE", "FROM", "PATH", "WHY"}, rows)
	if !bodies {
		return
	}
	for _, r := range slices.Backward(list.Kept) {
		p.line("\n%d, %s, %s", r.ID, stamp(r.At), r.Cause)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			p.line("  %s: %s", name, strings.Join(r.Header[name], ", "))
		}
		p.line("  %s", strings.ReplaceAll(r.Body, "\n", "\n  "))
		if r.Cut {
			p.line("  … more came than was kept")
		}
	}
}
