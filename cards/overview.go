package cards

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// Overview is how one project stands, for one person who asked.
type Overview struct {
	Frame
	Status      prodege.Status
	Since       time.Time
	Reason      prodege.Reason
	Description string
	Waits       string // what it waits for, as the search attribute WaitingFor has it
	WaitsSince  time.Time
	Attention   string       // why people must look; empty: they need not
	Required    *prodege.USD // of the open request
	Request     string       // link to the open request
	Alert       string       // link to the alert of the present pause
	Last        []PastEvent  // oldest first
}

// PastEvent is one of a project's last events, with what became of it.
type PastEvent struct {
	At     time.Time
	Status prodege.Status
	Reason prodege.Reason
	Became string // applied, duplicate, late, unusable
}

// waits are the words for what a project waits for.
var waits = map[string]string{
	"nothing":        "nothing",
	"approval":       "a decision about its CPI",
	"live":           "the project to go live again",
	"reconciliation": "its reconciliation to be completed",
	"invoicing":      "its invoice to be made",
	"invoiced":       "Prodege's invoice",
}

// Message is the overview, newest event first.
func (o Overview) Message() Message {
	const shown = 10 // events
	stands := statusWords(o.Status) + " since " + when(o.Since)
	if o.Status == "" {
		stands = "not known yet"
	}
	why := ""
	if o.Reason != 0 || o.Description != "" {
		why = "Prodege's " + reasonWords(o.Reason, o.Description)
	}
	waiting := waits[o.Waits]
	if waiting == "" {
		waiting = clean(o.Waits, 60)
	}
	if o.Waits != "nothing" && !o.WaitsSince.IsZero() {
		waiting += " since " + when(o.WaitsSince)
	}
	attention := ""
	if o.Attention != "" {
		attention = "⚠️ Needs attention: " + clean(o.Attention, 300)
	}
	var l layout
	l.section(o.Project.label(), sentence(stands, why), "Waits for "+waiting+".", known("Required CPI", dollars(o.Required)), attention)
	events := ""
	for i := len(o.Last) - 1; i >= 0 && i >= len(o.Last)-shown; i-- {
		e := o.Last[i]
		events = lines(events, dots("• "+when(e.At), clean(string(e.Status), 40), reasonCode(e.Reason), clean(e.Became, 40)))
	}
	if events != "" {
		l.section(bold("Last events"), events)
	}
	l.frame(o.Frame, link(o.Request, "CPI request"), link(o.Alert, "pause alert"))
	return Message{Text: o.line(sentence(stands, why), "Waits for "+waiting+".", attention), Blocks: l.blocks}
}

func reasonCode(r prodege.Reason) string {
	if r == 0 {
		return ""
	}
	return fmt.Sprintf("reason %d", r)
}

// OpenItem is a project that waits for a person.
type OpenItem struct {
	Project  Project
	Summary  string // "asks to accept $4.25, now $3.75"
	Since    time.Time
	Link     string // to the message in Slack
	UI       string // to the workflow in the Temporal UI
	Decision bool   // an approver has to decide
	Approved bool   // the reader has approved, and another person is asked
}

// Reader is whether who reads a list may decide.
type Reader string

const (
	Somebody Reader = ""         // it is not known, or matters not
	Approver Reader = "approver" // is among SLACK_APPROVERS
	Onlooker Reader = "onlooker" // is not
)

// OpenList is all that waits for a person, the most urgent first: those are shown where not all can be.
type OpenList struct {
	Items     []OpenItem
	Reader    Reader
	Simulated bool
}

// OpenInMessage and OpenAtHome are how many items are shown at most. Slack takes 50 blocks and 100.
const (
	OpenInMessage = 20
	OpenAtHome    = 40
)

// Message is the list, for one person who asked: oldest first.
func (o OpenList) Message() Message {
	shown := slices.Clone(o.Items[:min(len(o.Items), OpenInMessage)])
	slices.SortStableFunc(shown, func(a, b OpenItem) int { return a.Since.Compare(b.Since) })
	return Message{Text: o.title(), Blocks: o.blocks(chapter{o.title(), shown})}
}

// Home is the list on the app's home tab: first what its reader has to decide, then what waits for others.
func (o OpenList) Home() slack.HomeTabViewRequest {
	shown := o.Items[:min(len(o.Items), OpenAtHome)]
	chapters := []chapter{{o.title(), shown}}
	switch o.Reader {
	case Approver:
		var mine, others []OpenItem
		for _, item := range shown {
			if item.Decision && !item.Approved {
				mine = append(mine, item)
			} else {
				others = append(others, item)
			}
		}
		chapters = []chapter{{decisionsWait(len(mine)), mine}}
		if len(others) > 0 {
			chapters = append(chapters, chapter{"Waiting for others, or for something to be mended", others})
		}
	case Onlooker:
		if len(o.Items) > 0 {
			chapters[0].title = lines(bold(chapters[0].title), "You are not among those who may decide about a CPI: you see here what waits for them.")
		}
	}
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: o.blocks(chapters...)}}
}

func decisionsWait(n int) string {
	switch n {
	case 0:
		return "No decision waits for you."
	case 1:
		return "One decision waits for you."
	default:
		return number(int64(n)) + " decisions wait for you, oldest first."
	}
}

func (o OpenList) title() string {
	switch n := len(o.Items); n {
	case 0:
		return "Nothing waits for a person."
	case 1:
		return "One project waits for a person."
	default:
		return fmt.Sprintf("%s projects wait for a person, oldest first.", number(int64(n)))
	}
}

// chapter is a part of a list.
type chapter struct {
	title string
	items []OpenItem
}

// blocks shows chapters; each item is at most some 500 characters, so that the whole stays within bounds.
func (o OpenList) blocks(chapters ...chapter) []slack.Block {
	var l layout
	left := len(o.Items)
	for _, c := range chapters {
		l.section(bold(c.title))
		for _, item := range c.items {
			left--
			p := item.Project
			p.Name = plain(p.Name, 60)
			approved := ""
			if item.Approved {
				approved = "You approved; another person is asked."
			}
			l.section(p.label(), sentences(sentence(strings.TrimSuffix(clean(item.Summary, 120), ".")), "Since "+whenAgo(item.Since)+".", approved), dots(link(item.Link, "message"), shortLink(item.UI)))
		}
	}
	if left > 0 {
		l.context(fmt.Sprintf("and %s more: the Temporal UI lists them all", number(int64(left))))
	}
	l.frame(Frame{Simulated: o.Simulated})
	return l.blocks
}

// shortLink leaves out an address so long that a list of them would not fit.
func shortLink(address string) string {
	const most = 200
	if len(address) > most {
		return ""
	}
	return link(address, "Temporal UI")
}

// Alarm is what the ingress itself has to say to the team that runs it.
func Alarm(text string, simulated bool) Message {
	text = "🚨 " + clean(text, 1000)
	var l layout
	l.section(text)
	l.frame(Frame{Simulated: simulated})
	return Message{Text: text, Blocks: l.blocks}
}

// Help says what the slash command can do.
func Help(command string) Message {
	c := clean(command, 40)
	text := lines(
		"`"+c+" status <project id>`: how a project stands, its last events and what became of them",
		"`"+c+" open`: what waits for a person, oldest first",
		"`"+c+" help`: this",
	)
	var l layout
	l.section(text)
	return Message{Text: text, Blocks: l.blocks}
}

// Sorry says why a question could not be answered.
func Sorry(why string) Message {
	text := clean(why, 500)
	var l layout
	l.section(text)
	return Message{Text: text, Blocks: l.blocks}
}
