package cards

import (
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/project"
)

// OpenItem is a project that waits for a person.
type OpenItem struct {
	Project  project.Name
	Summary  string // "asks to accept $4.25, now $3.75"
	Since    time.Time
	Link     string // to the message in Slack
	UI       string // to the workflow in the Temporal UI
	Decision bool   // an approver has to decide
	Approved bool   // the reader has approved, and another person is asked
	Repair   bool   // something must be put right first, so that no decision helps

	// Card is the message that asks, if it is known. Its buttons are shown to a reader who may click them.
	Card project.Card
}

// Reader is whether the person who reads a list may decide.
type Reader string

const (
	Somebody Reader = ""         // not known
	Approver Reader = "approver" // is among SLACK_APPROVERS
	Onlooker Reader = "onlooker" // is not
)

// OpenList is everything that waits for a person, the most urgent first: those are shown if not all can be.
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
	title := number(len(o.Items)) + " projects wait for a person, oldest first."
	switch len(o.Items) {
	case 0:
		title = "Nothing waits for a person."
	case 1:
		title = "One project waits for a person."
	}
	shown := slices.Clone(o.Items[:min(len(o.Items), OpenInMessage)])
	slices.SortStableFunc(shown, func(a, b OpenItem) int { return a.Since.Compare(b.Since) })
	return Message{Text: title, Blocks: o.blocks(chapter{title: title, items: shown})}
}

// Home is the list on the app's home tab: first what waits for its reader, with its buttons, then what waits for others,
// then what somebody has to put right.
func (o OpenList) Home() slack.HomeTabViewRequest {
	chapters := []chapter{{title: "Waiting for you", buttons: true}, {title: "Waiting for others"},
		{title: "Needs somebody to put right"}}
	for _, item := range o.Items[:min(len(o.Items), OpenAtHome)] {
		c := &chapters[1]
		switch {
		case item.Repair:
			c = &chapters[2]
		case o.Reader == Approver && item.Decision && !item.Approved:
			c = &chapters[0]
		}
		c.items = append(c.items, item)
	}
	chapters[0].intro = map[Reader]string{
		Approver: only(chapters[0].items == nil, "Nothing waits for you."),
		Onlooker: "Nothing waits for you: you are not among the approvers (SLACK_APPROVERS).",
		Somebody: "Whether you are an approver can't be read from Slack right now, so everything is listed below. Open this tab again in a minute.",
	}[o.Reader]
	chapters = slices.DeleteFunc(chapters, func(c chapter) bool { return c.items == nil && c.intro == "" })
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: o.blocks(chapters...)}}
}

type chapter struct {
	title, intro string
	items        []OpenItem
	buttons      bool
}

// blocks shows chapters; each item is at most some 500 characters, so that the whole stays within bounds.
func (o OpenList) blocks(chapters ...chapter) []slack.Block {
	var l layout
	left := len(o.Items)
	for _, c := range chapters {
		l.header(c.title)
		l.section(c.intro)
		left -= len(c.items)
		for _, item := range c.items {
			l.section(item.lines()...)
			if c.buttons {
				l.actions(item.buttons()...)
			}
		}
	}
	l.context(only(left > 0, "and "+number(left)+" more: the Temporal UI lists them all"))
	l.frame(project.Frame{Simulated: o.Simulated})
	return l.blocks
}

func (i OpenItem) lines() []string {
	const longestLink = 200 // of which a list of them fits
	name := i.Project
	name.Name = plain(name.Name, 60)
	return []string{
		nameLine(name),
		sentences(sentence(strings.TrimSuffix(clean(i.Summary, 120), ".")), "Since "+whenAgo(i.Since)+".",
			only(i.Approved, "You approved; a second person must approve as well.")),
		dots(link(i.Link, "message"), only(len(i.UI) <= longestLink, link(i.UI, "Temporal UI"))),
	}
}

// buttons are those of the message that asks.
func (i OpenItem) buttons() []*slack.ButtonBlockElement {
	switch c := i.Card; {
	case c.Request != nil:
		return request{c.Request}.buttons()
	case c.Pause != nil && c.Pause.End == nil:
		return actions{deref(c.Pause.Action)}.buttons(c.Pause.Project)
	}
	return nil
}
