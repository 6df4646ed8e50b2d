package simulator

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
)

// pageView is what the template shows.
type pageView struct {
	Said     string
	Bad      bool // what is said tells of a failure
	As       User
	People   []User
	UI       string
	Prodege  *prodegeView
	Slack    *slackView
	Billing  *billingView
	Faults   []faultChoice
	Active   []faultView
	Note     string
	Command  string
	Channels []Channel

	Scenarios []Scenario
	Play      *playback
	Playing   bool
	Hinders   []string // a scenario
	PlayLink  string   // to its project in the Temporal UI
	Parts     []partView
	Waiting   int // -1: not known
}

type slackView struct {
	Channels []channelView
	Modals   []modalView
	Home     []blockView
	HasHome  bool
	Notes    []string // the newest complaints
}

type channelView struct {
	Channel
	Messages []messageView // newest first
	Hidden   int           // older ones, left out
}

type messageView struct {
	Key, Anchor, Channel, TS string
	Author, Initial          string
	Clock, Full              string
	Blocks                   []blockView
	Edited                   bool
	Edits                    int
	Ephemeral                bool
	Replies                  []messageView
}

type blockView struct {
	Kind    string
	HTML    template.HTML
	Fields  []template.HTML
	Items   []template.HTML
	Buttons []Element
	Block   Block // of an input
	Label   template.HTML
	Hint    template.HTML
	Error   string
	Number  int // among the modal's inputs
}

type modalView struct {
	View
	Inner []blockView
}

// shownMessages is how many root messages a channel shows on the page.
const shownMessages = 40

func (p *page) view(query url.Values) *pageView {
	v := &pageView{Said: query.Get("said"), Bad: query.Get("bad") != "", UI: p.TemporalUI, Note: p.SlackNote, Command: p.Command, Faults: p.faultChoices(), Active: p.activeFaults()}
	v.Parts, v.Waiting, v.Play = p.partViews(), -1, p.player.watch()
	if p.Waiting != nil {
		v.Waiting = p.Waiting()
	}
	v.Scenarios = p.scenarios()
	if v.Play != nil {
		v.Playing, v.PlayLink = !v.Play.Over, p.workflowLink(v.Play.Project)
	}
	v.Hinders = p.hindrances(v.Play)
	if p.Slack != nil {
		v.People = p.Slack.Users()
		v.Channels = p.Slack.Channels()
		for i, u := range v.People {
			if u.ID == query.Get("as") || i == 0 {
				v.As = u
			}
		}
		v.Slack = p.slackView(v.As.ID)
	}
	if p.Prodege != nil {
		v.Prodege = p.prodegeView()
	}
	if p.Billing != nil {
		v.Billing = p.billingView()
	}
	return v
}

func (p *page) slackView(as string) *slackView {
	m := p.Slack.format(as)
	out := &slackView{}
	private := p.Slack.Ephemerals(as)
	for _, c := range p.Slack.Channels() {
		if !c.has(as) {
			continue
		}
		all := p.Slack.Messages(c.ID)
		for _, e := range private {
			if e.Channel == c.ID {
				all = append(all, e)
			}
		}
		slices.SortStableFunc(all, func(a, b Message) int { return b.Time().Compare(a.Time()) })
		cv := channelView{Channel: c}
		if cv.Hidden = len(all) - shownMessages; cv.Hidden > 0 {
			all = all[:shownMessages]
		}
		for _, msg := range all {
			cv.Messages = append(cv.Messages, p.message(m, msg))
		}
		out.Channels = append(out.Channels, cv)
	}
	for _, v := range p.Slack.Views(as) {
		out.Modals = append(out.Modals, modalView{View: v, Inner: blocksOf(m, v.Blocks, v.Errors)})
	}
	if home, ok := p.Slack.Home(as); ok {
		out.Home, out.HasHome = blocksOf(m, home.Blocks, nil), true
	}
	out.Notes = lastOf(p.Slack.Complaints(), 5)
	return out
}

// format gives what turns this workspace's mrkdwn into HTML.
func (s *Slack) format(me string) mrkdwn {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]string{s.opts.BotUser: s.opts.AppName}
	for _, u := range s.opts.Users {
		names[u.ID] = u.Name
	}
	for _, c := range s.opts.Channels {
		names[c.ID] = c.Name
	}
	for _, g := range s.opts.Groups {
		names[g.ID] = g.Handle
	}
	return mrkdwn{names: names, me: me, team: s.opts.TeamURL}
}

func (p *page) message(m mrkdwn, msg Message) messageView {
	author := or(m.names[msg.User], msg.User)
	at := msg.Time().Local()
	out := messageView{
		Key: messageAnchor(msg.Channel, msg.TS), Anchor: messageAnchor(msg.Channel, msg.TS), Channel: msg.Channel, TS: msg.TS,
		Author: author, Initial: strings.ToUpper(author[:1]), Clock: at.Format("15:04:05"), Full: at.Format("Monday, January 2, 2006, 15:04:05 MST"),
		Edited: msg.Edited, Edits: msg.Edits, Ephemeral: msg.Ephemeral,
		Blocks: blocksOf(m, msg.Blocks, nil),
	}
	if msg.Blocks == nil {
		out.Blocks = []blockView{{Kind: "section", HTML: m.html(msg.Text)}}
	}
	for _, r := range msg.Replies {
		out.Replies = append(out.Replies, p.message(m, r))
	}
	return out
}

func blocksOf(m mrkdwn, blocks []Block, errors map[string]string) []blockView {
	out := make([]blockView, 0, len(blocks))
	for i, b := range blocks {
		v := blockView{Kind: b.Type, Block: b, Number: i, Error: errors[b.BlockID]}
		if b.Text != nil {
			v.HTML = m.text(*b.Text)
		}
		if b.Label != nil {
			v.Label = m.text(*b.Label)
		}
		if b.Hint != nil {
			v.Hint = m.text(*b.Hint)
		}
		for _, f := range b.Fields {
			v.Fields = append(v.Fields, m.text(f))
		}
		for _, e := range b.Elements {
			switch e.Type {
			case "button":
				v.Buttons = append(v.Buttons, e)
			case "mrkdwn", "plain_text":
				v.Items = append(v.Items, m.text(Text{e.Type, e.Text.Text}))
			}
		}
		out = append(out, v)
	}
	return out
}

// text shows a text object.
func (m mrkdwn) text(t Text) template.HTML {
	if t.Type == "mrkdwn" {
		return m.html(t.Text)
	}
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(t.Text), "\n", "<br>"))
}

func lastOf[T any](all []T, n int) []T {
	return all[max(0, len(all)-n):]
}

func clockOf(t time.Time) string { return t.Local().Format("15:04:05") }
