package operator

import (
	"cmp"
	"strconv"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Approval is a CPI request that waits for a person. What only its project knows is left out if no worker answers.
type Approval struct {
	Row
	Generation int           `json:"generation,omitempty"`
	Required   *prodege.USD  `json:"required,omitempty"`
	MaxCPI     *prodege.USD  `json:"max_cpi,omitempty"`
	Phase      project.Phase `json:"phase,omitempty"`
	Link       string        `json:"link,omitempty"` // the message in Slack
}

func (o Options) approvals() *cobra.Command {
	f := filter{waitingFor: string(project.WaitsApproval), limit: 50}
	cmd := o.command(help{
		use: "approvals", short: "List the CPI requests that wait for a person",
		long: "List the CPI requests that wait for a person: those to be decided, and those that expired or failed and offer to ask or\n" +
			"try again. Amounts and phases need a worker; without one the list's own summary is shown.",
		example: "  fieldmarshal approvals\n  fieldmarshal approvals --json | jq '.[] | select(.phase == \"open\") | .project_id'",
	}, none, func(c *call) error { return c.approvals(f) })
	cmd.Flags().IntVar(&f.limit, "limit", f.limit, "how many are listed at most")
	return cmd
}

func (c *call) approvals(f filter) error {
	l, states, err := c.find(f)
	if err != nil {
		return err
	}
	list := make([]Approval, len(l.Projects))
	for i, r := range l.Projects {
		list[i] = Approval{Row: r}
		if s := states[i]; s != nil && s.OpenRequest() != nil {
			q := s.OpenRequest()
			list[i].Generation, list[i].Required, list[i].MaxCPI, list[i].Phase, list[i].Link = q.Generation, q.Required, maxCPI(q), q.Phase, requestLink(s)
			list[i].Summary = cards.RequestLine(q)
		}
	}
	return c.show(list, func(p *page) {
		if len(list) == 0 {
			p.line("No CPI request waits for a person.")
			return
		}
		var rows [][]string
		for _, a := range list {
			expires := "-"
			if !a.Deadline.IsZero() {
				expires = "in " + lasting(a.Deadline.Sub(c.now()))
			}
			rows = append(rows, []string{attentionMark(a.Row), a.Project.String(), cmp.Or(a.Name, "-"), dollars(a.Required), dollars(a.MaxCPI), rise(a.MaxCPI, a.Required), c.ago(a.WaitingSince), expires, a.Summary})
		}
		p.table([]string{"", "PROJECT", "NAME", "REQUIRED", "MAX CPI", "RISE", "WAITS", "EXPIRES", "SUMMARY"}, rows)
		if l.More {
			p.line("There are more: give --limit.")
		}
		p.line("\nfieldmarshal approve <project> --as U… --amount <required>   or   fieldmarshal reject <project> --as U…")
	})
}

// maxCPI is the maximum CPI in force at Prodege, as far as it was read or set; nil if it is not known.
func maxCPI(q *project.Question) *prodege.USD {
	if q == nil || q.Numbers == nil {
		return nil
	}
	return q.Numbers.MaxCPI
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
