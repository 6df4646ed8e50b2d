package operator

import (
	"cmp"
	"strconv"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

func (o Options) approvals() *cobra.Command {
	f := filter{waitingFor: string(project.WaitsApproval), limit: 50}
	cmd := o.command(help{
		use: "approvals", short: "List the CPI requests that wait for a person",
		long: "List the CPI requests that wait for a person: those to be decided, and those that expired or failed and offer to ask or\n" +
			"try again. Amounts need a worker; without one the list's own summary is shown.",
		example: "  fieldmarshal approvals\n  fieldmarshal approvals --json | jq '.[] | select(.phase == \"open\") | .project_id'",
	}, none, func(c *call) error {
		l, err := c.find(f)
		if err != nil {
			return err
		}
		return c.show(l.Projects, func(p *page) { c.approvalsText(p, l) })
	})
	cmd.Flags().IntVar(&f.limit, "limit", f.limit, "how many are listed at most")
	return cmd
}

func (c *call) approvalsText(p *page, l Listed) {
	if len(l.Projects) == 0 {
		p.line("No CPI request waits for a person.")
		return
	}
	var rows [][]string
	for _, r := range l.Projects {
		expires := "-"
		if !r.Deadline.IsZero() {
			expires = "in " + lasting(r.Deadline.Sub(c.now()))
		}
		rows = append(rows, []string{attentionMark(r), r.Project.String(), cmp.Or(r.Name, "-"), dollars(r.Required), dollars(r.MaxCPI), rise(r.MaxCPI, r.Required), c.ago(r.WaitingSince), expires, r.Summary})
	}
	p.table([]string{"", "PROJECT", "NAME", "REQUIRED", "MAX CPI", "RISE", "WAITS", "EXPIRES", "SUMMARY"}, rows)
	if l.More {
		p.line("There are more: give --limit.")
	}
	p.line("\nfieldmarshal approve <project> --as U… --amount <required>   or   fieldmarshal reject <project> --as U…")
}

// rise is the way from one amount to another, in money and per cent.
func rise(from, to *prodege.USD) string {
	if from == nil || to == nil {
		return "-"
	}
	text := to.Sub(*from).Dollars()
	if percent, ok := to.PercentOf(*from); ok {
		text += " (" + strconv.FormatInt(percent, 10) + " %)"
	}
	return text
}
