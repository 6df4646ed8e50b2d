package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"fieldmarshal/prodege"
)

// pageView is the page as one person sees it. The templates read its fields and call its methods.
type pageView struct {
	*page
	As      User
	Play    *playback
	Playing bool
	words   mrkdwn
}

func (p *page) view(as string) *pageView {
	v := &pageView{page: p, Play: p.player.watch()}
	v.Playing = v.Play != nil && !v.Play.Over
	if p.Slack != nil {
		for i, u := range p.Slack.Users() {
			if u.ID == as || i == 0 {
				v.As = u
			}
		}
		v.words = p.Slack.format(v.As.ID)
	}
	return v
}

// newest gives the last n elements of a list, the newest first.
func newest[T any](list []T, n int) []T {
	list = slices.Clone(list[max(0, len(list)-n):])
	slices.Reverse(list)
	return list
}

// Channels are those that the person is in.
func (v *pageView) Channels() []Channel {
	return only(v.Slack.Channels(), func(c Channel) bool { return c.has(v.As.ID) })
}

// Messages are a channel's messages with those to the person alone, the newest first.
func (v *pageView) Messages(channel string) []Message {
	all := append(v.Slack.Messages(channel), only(v.Slack.Ephemerals(v.As.ID), func(m Message) bool { return m.Channel == channel })...)
	slices.SortStableFunc(all, func(a, b Message) int { return b.Time().Compare(a.Time()) })
	return all
}

// Home is the person's home tab; nil if there is none.
func (v *pageView) Home() *View {
	if home, ok := v.Slack.Home(v.As.ID); ok {
		return &home
	}
	return nil
}

// Notes are the newest complaints of Slack, Violations those of billing.
func (v *pageView) Notes() []string      { return newest(v.Slack.Complaints(), 5) }
func (v *pageView) Violations() []string { return newest(v.Billing.Complaints(), 5) }

// Words shows a text of Block Kit.
func (v *pageView) Words(kind, text string) template.HTML {
	if kind == "mrkdwn" {
		return v.words.html(text)
	}
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(text), "\n", "<br>"))
}

// Projects are those of Prodege but for the Past ones, of scenarios that are over.
func (v *pageView) Projects() []Project {
	return only(v.Prodege.Projects(), func(p Project) bool { return !v.past(p) })
}

// Past are the projects of scenarios that are over, the newest first.
func (v *pageView) Past() []Project {
	past := only(v.Prodege.Projects(), v.past)
	return newest(past, len(past))
}

func (v *pageView) past(p Project) bool {
	return v.ofScenario(p.ID) && !(v.Playing && v.Play.Project == p.ID)
}

// The logs, of which the newest lines are shown.
func (v *pageView) Exchanges() []Exchange       { return newest(v.Prodege.Exchanges(), 25) }
func (v *pageView) Calls() []ProdegeCall        { return newest(v.Prodege.Calls(0), 25) }
func (v *pageView) BillingCalls() []BillingCall { return newest(v.Billing.Calls(), 20) }

// Workflow leads to a project's workflow in the Temporal UI; empty if that is not known.
func (v *pageView) Workflow(id prodege.ProjectID) string {
	if v.TemporalUI == "" {
		return ""
	}
	return v.TemporalUI + "/namespaces/default/workflows/project-" + id.String()
}

// Faults are those that the page offers, Active those that are set, and Hinders what a scenario may fail by.
func (v *pageView) Faults() []faultChoice {
	return only(faultChoices, func(f faultChoice) bool {
		return slices.ContainsFunc(v.standIns(), func(c *counterparty) bool { return strings.HasPrefix(f.ID, c.name) })
	})
}
func (v *pageView) Active() []Fault   { return v.activeFaults() }
func (v *pageView) Hinders() []string { return v.hindrances(v.Play) }

// Suggested is an amount a little above what is required or allowed now.
func (project Project) Suggested() string {
	for _, u := range []*prodege.USD{project.RequiredCPI, project.MaxCPI} {
		if u != nil {
			return u.Add(prodege.MustUSD("0.50")).String()
		}
	}
	return "4.25"
}

// Completes says how many completes there are, and how many are wanted.
func (project Project) Completes() string {
	wanted := project.SampleSize
	if wanted == 0 {
		for _, q := range project.Quotas {
			wanted += q.Respondents
		}
	}
	if wanted == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", project.completes(), wanted)
}

// pretty indents JSON; what is none stays as it is.
func pretty(b []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return string(b)
	}
	return out.String()
}
