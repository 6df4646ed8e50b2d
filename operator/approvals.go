package operator

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/prodege"
)

// Open is a CPI request that waits for a person. What a worker must tell is empty where none answered.
type Open struct {
	Project    prodege.ProjectID `json:"project_id"`
	Name       string            `json:"name,omitempty"`
	PONumber   string            `json:"po_number,omitempty"`
	Since      time.Time         `json:"waiting_since"`
	Deadline   time.Time         `json:"deadline,omitzero"`
	Summary    string            `json:"summary"`
	Workflow   string            `json:"workflow,omitempty"` // of the request
	Generation int               `json:"generation,omitempty"`
	Required   *prodege.USD      `json:"required,omitempty"`
	MaxCPI     *prodege.USD      `json:"max_cpi,omitempty"`
	Phase      string            `json:"phase,omitempty"`
	Attention  bool              `json:"needs_attention"`
	Link       string            `json:"link,omitempty"` // the message in Slack
}

// askAtOnce is how many workflows are asked at the same time, and askTimeout how long each may take.
const (
	askAtOnce  = 8
	askTimeout = 3 * time.Second
)

func (o Options) approvals() *cobra.Command {
	limit := 50
	cmd := o.command(words{
		use: "approvals", short: "List the CPI requests that wait for a person, oldest first",
		long: "List the CPI requests that wait for a person: those to be decided, and those that expired or failed and offer\n" +
			"to ask or try again. Amounts and phases need a worker; without one the list's own summary is shown.",
		example: "  fieldmarshal approvals\n  fieldmarshal approvals --json | jq '.[] | select(.phase == \"open\") | .project_id'",
	}, cobra.NoArgs, func(c *call) error { return c.approvals(limit) })
	cmd.Flags().IntVar(&limit, "limit", limit, "how many are listed at most")
	return noFiles(cmd)
}

func (c *call) approvals(limit int) error {
	if limit < 1 {
		return misused("--limit must be above nothing")
	}
	rows, more, err := c.find(openApprovals())
	if err != nil {
		return err
	}
	if len(rows) > limit {
		rows, more = rows[:limit], true
	}
	list := make([]Open, len(rows))
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for i, r := range rows {
		asking.Go(func() error {
			list[i] = c.openOf(r)
			return nil
		})
	}
	_ = asking.Wait() // none fails
	return c.show(list, func(p *page) { c.approvalsText(p, list, more) })
}

// openOf asks the project and its request for what the list does not know.
func (c *call) openOf(r Row) Open {
	o := Open{Project: projectOf(r), Since: r.WaitingSince, Deadline: r.Deadline, Summary: r.Summary, Attention: r.NeedsAttention}
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	p, err := c.world.Flows.Project(ctx, o.Project)
	if err != nil {
		return o
	}
	o.Name, o.PONumber = p.Name.Name, p.Name.PONumber
	request := p.OpenRequest()
	if request == nil {
		return o
	}
	s := request.Status
	o.Workflow, o.Required, o.MaxCPI, o.Phase, o.Link = request.Workflow, s.Required, s.MaxCPI, s.Phase, s.Link
	if a, err := c.world.Flows.Approval(ctx, request.Workflow); err == nil {
		o.Generation, o.Required, o.Phase = a.Generation, a.Required, string(a.Phase)
	}
	return o
}

func (c *call) approvalsText(p *page, list []Open, more bool) {
	if len(list) == 0 {
		p.line("No CPI request waits for a person.")
		return
	}
	var rows [][]string
	for _, o := range list {
		where := o.Summary
		if o.Phase != "" {
			where = phaseWords(o.Phase)
		}
		expires := "-"
		if !o.Deadline.IsZero() {
			expires = "in " + lasting(o.Deadline.Sub(c.now()))
		}
		rows = append(rows, []string{o.Project.String(), or(o.Name, "-"), dollars(o.Required), dollars(o.MaxCPI), rise(o.MaxCPI, o.Required), c.ago(o.Since), expires, where})
	}
	p.table([]string{"PROJECT", "NAME", "REQUIRED", "MAX CPI", "RISE", "WAITS", "EXPIRES", "STANDS"}, rows)
	if more {
		p.line("There are more: give --limit.")
	}
	p.line("\nfieldmarshal approve <project> --as U… --amount <required>   or   fieldmarshal reject <project> --as U…")
}

// rise is the way from the one amount to the other, in money and per cent.
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
