package ingress

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// askOpenTimeout and askAtOnce limit the queries to the projects of a list. Without a worker all of them would wait.
const (
	askOpenTimeout = time.Second
	askAtOnce      = 8
)

// Directory lists open projects. It needs no worker.
type Directory interface {
	// Waiting lists all projects that wait for a person, oldest first.
	Waiting(ctx context.Context) ([]OpenItem, error)
	// Open lists all open projects, newest first.
	Open(ctx context.Context) ([]prodege.ProjectID, error)
}

// OpenItem is a project that waits for a person.
type OpenItem struct {
	Project   prodege.ProjectID
	Waiting   project.Waiting
	Since     time.Time // since when it waits
	Summary   string    // a few words, which may contain prices
	Attention bool      // somebody must fix something
}

// urgent reports whether somebody is asked for something, rather than only informed of a pause.
func (i OpenItem) urgent() bool { return i.Attention || i.Waiting != project.WaitsAction }

// openList lists what waits for a person. The first ones, up to shown, are the most urgent, oldest first, and have what only
// their workflows know, provided that these answer in time.
func (in *Ingress) openList(ctx context.Context, shown int, who reader) (cards.OpenList, error) {
	list := cards.OpenList{Simulated: in.options.Simulated}
	if in.options.Directory == nil {
		return list, errors.New("there is no directory of open projects")
	}
	items, err := in.options.Directory.Waiting(ctx)
	if err != nil {
		in.log.Warn("what waits for a person could not be listed", "error", err)
		return list, err
	}
	slices.SortStableFunc(items, func(a, b OpenItem) int {
		switch {
		case a.urgent() == b.urgent():
			return 0
		case a.urgent():
			return -1
		}
		return 1
	})
	list.Items = make([]cards.OpenItem, len(items))
	ctx, cancel := context.WithTimeout(ctx, askOpenTimeout)
	defer cancel()
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for n, i := range items {
		list.Items[n] = in.openItem(i, who)
		if n < shown {
			asking.Go(func() error {
				in.askOpen(ctx, i, &list.Items[n], who)
				return nil
			})
		}
	}
	_ = asking.Wait() // none fails
	slices.SortStableFunc(list.Items[:min(shown, len(items))], func(a, b cards.OpenItem) int { return a.Since.Compare(b.Since) })
	return list, nil
}

// openItem returns what Temporal knows about a project without its worker.
func (in *Ingress) openItem(i OpenItem, who reader) cards.OpenItem {
	name, _ := in.names.get(i.Project, in.now())
	name.ID = i.Project
	item := cards.OpenItem{Project: name, Summary: i.Summary, Since: i.Since, UI: in.uiLink(i.Project), Decision: i.Waiting == project.WaitsApproval}
	item.Repair = i.Attention && !item.Decision
	if who.guest {
		item.Summary = "waits for " + cards.Waits(i.Waiting)
	}
	return item
}

// askOpen queries a project for its name, the message on which people decide, and whether the reader has approved already.
func (in *Ingress) askOpen(ctx context.Context, i OpenItem, item *cards.OpenItem, who reader) {
	if ctx.Err() != nil {
		return
	}
	s, err := in.options.Workflows.Project(ctx, i.Project)
	if err != nil {
		return
	}
	item.Project = in.rememberName(i.Project, s)
	message, decides := asks(s)
	if message != nil {
		item.Link = message.Link
	}
	attention := s.Attention().Kind
	item.Decision = decides || i.Waiting == project.WaitsApproval
	switch attention {
	case project.AttentionNone, project.AttentionInvoice, project.AttentionInvoiceAsked: // the latter two are for finance
		item.Repair = false
	case project.AttentionNobody, project.AttentionCeiling:
		item.Repair = true // its buttons are no use
	default:
		item.Repair = !decides
	}
	if decides && !who.guest {
		item.Card = message.Card
	}
	if q := s.OpenRequest(); q != nil && q.Phase == project.PhaseSecond {
		item.Approved = slices.ContainsFunc(q.Decisions, func(d project.Decided) bool {
			return d.User == who.user && d.Verdict == project.Approve
		})
	}
}

// asks finds the message on which a person acts for a project: its CPI request, its alert, or its invoice. decides reports
// whether it has buttons for approvers; a rejected request does not count, because it waits for nobody.
func asks(s *project.State) (m *project.Message, decides bool) {
	if s.Pause != nil && s.Pause.ForCPI {
		if m := message(s, s.Pause.Request); m != nil {
			q := s.OpenRequest()
			return m, q != nil && m.Card.Request != nil && (q.Phase.Failed() || q.Phase.Decidable() && q.Phase != project.PhaseRejected)
		}
	}
	if s.Pause != nil {
		if m := message(s, s.Pause.Alert); m != nil {
			return m, m.Card.Pause != nil && m.Card.Pause.End == nil && m.Card.Pause.Action.HasButtons()
		}
		return nil, false
	}
	for n := len(s.Outbox) - 1; n >= 0; n-- {
		if m := s.Outbox[n]; m.Card.Invoice != nil {
			return m, false
		}
	}
	return nil, false
}

func message(s *project.State, key string) *project.Message {
	for _, m := range s.Outbox {
		if m.Key == key && key != "" {
			return m
		}
	}
	return nil
}

// channelOf returns the channel for answers to a person who clicked a button on the home tab: that of its message.
func (in *Ingress) channelOf(b cards.Button) string {
	if b.OfAction() {
		return in.options.AlertsChannel
	}
	return in.options.ApprovalsChannel
}
