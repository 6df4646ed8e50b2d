package ingress

import (
	"context"
	"errors"
	"slices"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// askOpenTimeout limits the queries to the projects of a list. Without a worker all of them would wait.
const askOpenTimeout = time.Second

// OpenItem is a project that waits for a person.
type OpenItem struct {
	Project   prodege.ProjectID
	Waiting   project.Waiting
	Since     time.Time // since when it waits
	Summary   string    // a few words, which may contain prices
	Attention bool      // somebody must fix something
}

// openList lists what waits for a person. The first ones, up to shown, are the most urgent, oldest first, and have what only
// their workflows know, provided that these answer in time.
func (in *Ingress) openList(ctx context.Context, shown int, who reader) (cards.OpenList, error) {
	list := cards.OpenList{Simulated: in.options.Simulated}
	if in.options.Directory == nil {
		return list, errors.New("there is no directory of open projects")
	}
	all, err := in.options.Directory.Waiting(ctx)
	if err != nil {
		in.log.Warn("what waits for a person could not be listed", "error", err)
		return list, err
	}
	// Somebody is asked for something, rather than only informed of a pause.
	urgent := func(i OpenItem) bool { return i.Attention || i.Waiting != project.WaitsAction }
	items := slices.DeleteFunc(slices.Clone(all), func(i OpenItem) bool { return !urgent(i) })
	items = append(items, slices.DeleteFunc(all, urgent)...)
	shown = min(shown, len(items))
	list.Items = make([]cards.OpenItem, len(items))
	ids := make([]prodege.ProjectID, len(items))
	for n, i := range items {
		list.Items[n], ids[n] = in.openItem(i, who), i.Project
	}
	ctx, cancel := context.WithTimeout(ctx, askOpenTimeout)
	defer cancel()
	in.ask(ctx, ids[:shown], func(n int, s *project.State) { in.addState(&list.Items[n], items[n], s, who) })
	slices.SortStableFunc(list.Items[:shown], func(a, b cards.OpenItem) int { return a.Since.Compare(b.Since) })
	return list, nil
}

// openItem returns what Temporal knows about a project without its worker.
func (in *Ingress) openItem(i OpenItem, who reader) cards.OpenItem {
	name, _ := in.names.get(i.Project)
	name.ID = i.Project
	item := cards.OpenItem{Project: name, Summary: i.Summary, Since: i.Since, UI: in.uiLink(i.Project),
		Decision: i.Waiting == project.WaitsApproval}
	item.Repair = i.Attention && !item.Decision
	if who.guest {
		item.Summary = "waits for " + cards.Waits(i.Waiting)
	}
	return item
}

// addState adds what the workflow knows: the project's name, the message on which people decide, and whether the reader has
// approved already.
func (in *Ingress) addState(item *cards.OpenItem, i OpenItem, s *project.State, who reader) {
	item.Project, _ = in.names.get(i.Project)
	message, decides := asks(s)
	if message != nil {
		item.Link = message.Link
	}
	item.Decision = decides || i.Waiting == project.WaitsApproval
	switch s.Attention().Kind {
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
	if s.Pause == nil {
		for _, m := range slices.Backward(s.Outbox) {
			if m.Card.Invoice != nil {
				return m, false
			}
		}
		return nil, false
	}
	if s.Pause.ForCPI {
		if m := message(s, s.Pause.Request); m != nil {
			q := s.OpenRequest()
			return m, q != nil && m.Card.Request != nil && (q.Phase.Failed() || q.Phase.Decidable() && q.Phase != project.PhaseRejected)
		}
	}
	if m := message(s, s.Pause.Alert); m != nil {
		return m, m.Card.Pause != nil && m.Card.Pause.End == nil && m.Card.Pause.Action.HasButtons()
	}
	return nil, false
}

func message(s *project.State, key string) *project.Message {
	if i := slices.IndexFunc(s.Outbox, func(m *project.Message) bool { return m.Key == key && key != "" }); i >= 0 {
		return s.Outbox[i]
	}
	return nil
}
