package project

import (
	"fmt"
	"slices"
	"strings"

	"fieldmarshal/prodege"
)

// What holds in every state that can be reached. Each check returns what is wrong, in a sentence.

// checkBegin holds as a task is begun.
func (w *world) checkBegin(t Task) string {
	kind := t.Kind()
	if w.s.Cancelled && kind != KindEdit && kind != KindEphemeral && !(kind == KindPost && (!t.Post.Tried.IsZero() || t.Post.Card.Invoice != nil)) {
		return "cancelled, and yet it begins " + t.ID
	}
	switch kind {
	case KindAccept, KindAct:
		if slices.ContainsFunc(w.running, func(r running) bool { return r.task.Accept != nil || r.task.Act != nil }) {
			return "two acts at Prodege are in flight"
		}
		return w.checkAct(t)
	case KindInvoice:
		return w.checkInvoice(t.Invoice)
	case KindPost:
		p := t.Post
		if p.Tried.IsZero() && (w.inSlack(p.Key) != nil || slices.Contains(w.said, p.Key)) {
			return p.Key + " is said twice: it stands already, and it is posted without a look"
		}
	}
	return ""
}

// checkAct holds as an act is begun: somebody allowed decided it, for this very amount and generation, within limits.
func (w *world) checkAct(t Task) string {
	s, a := w.s, w.s.Act
	amount, q := "", s.OpenAction()
	if t.Accept != nil {
		amount, q = t.Accept.Approved.String(), s.OpenRequest()
	} else {
		amount = fmt.Sprintf("%s %d", t.Act.Action.ID, t.Act.Number)
	}
	switch {
	case q == nil || s.Status != prodege.Paused && s.Status.Known():
		return "an act is begun for a pause that is over: " + t.Summary
	case q.Generation != a.Generation:
		return fmt.Sprintf("an act is begun for generation %d, while %d is open: %s", a.Generation, q.Generation, t.Summary)
	case q.Newer != nil:
		return "an act is begun while a newer event waits for its end: " + t.Summary
	case s.Settings.DryRun && !a.Maybe && a.Tries == 0:
		return "an act is begun in a dry run"
	}
	users := ""
	for _, one := range w.approved {
		if one.id == q.ID && one.generation == q.Generation && one.amount == amount {
			users = one.users
		}
	}
	if users == "" {
		return "an act is begun that nobody who may decided: " + t.Summary
	}
	if t.Accept == nil {
		return ""
	}
	approved := &t.Accept.Approved
	switch {
	case !s.Pause.ForCPI:
		return "an amount is accepted while the project is paused for another reason: " + t.Summary
	case q.Required != nil && approved.Cmp(*q.Required) < 0:
		return "less than required is accepted: " + t.Summary
	case q.Required != nil && approved.Cmp(MostApprovable(*q.Required, nil)) > 0:
		return "more than twice what is required is accepted: " + t.Summary
	case users == "r" && !t.Accept.MustRead:
		return "an automatic approval may be sent unread"
	case users != "r" && exceeds(approved, s.Settings.SecondApproverAbove) && len(strings.Trim(users, "r")) < 2:
		return "one person alone approved an amount that needs two: " + t.Summary
	}
	return ""
}

// checkInvoice holds as billing is called.
func (w *world) checkInvoice(c *InvoiceCall) string {
	first := true
	for _, b := range w.called {
		switch {
		case b.key == c.Key && b.body != c.Body:
			return "two bodies for " + c.Key
		case b.key == c.Key:
			first = false
		}
	}
	if !first {
		return ""
	}
	s := w.s
	if n := len(w.called); n > 0 && w.called[n-1].facts == factsOf(c.Body) {
		return c.Key + " says nothing that " + w.called[n-1].key + " did not say"
	}
	switch {
	case s.Status == prodege.PendingComplete:
		return "an invoice is sent while the project is PENDING_COMPLETE"
	case s.Status == prodege.Deleted:
		return "an invoice is sent of a deleted project"
	case s.Settings.DryRun:
		return "an invoice is sent in a dry run"
	case !w.confirmed && (w.m.earlier || s.Invoice.Event.Vouched != "" || s.Invoice.Event.Status == prodege.Invoiced):
		return "an invoice that may have been made before is sent without a word of people"
	case !w.confirmed && w.held:
		return "an invoice that a dry run held back is sent without a word of people"
	case !w.completed():
		return "an invoice is sent of a project that was never COMPLETE"
	}
	w.called = append(slices.Clone(w.called), bill{c.Key, c.Body, factsOf(c.Body)})
	return ""
}

// completed reports whether the project has been COMPLETE, or INVOICED.
func (w *world) completed() bool {
	for i := range w.m.events {
		if e := &w.m.events[i].e; w.happened&(1<<i) != 0 && (e.Status == prodege.Complete || e.Status == prodege.Invoiced) {
			return true
		}
	}
	return w.truth.status == prodege.Complete || w.truth.status == prodege.Invoiced
}

// checkTurn holds of what a turn put out.
func (w *world) checkTurn(t Turn, out Output) string {
	for _, a := range out.Answered {
		at := slices.IndexFunc(w.open, func(o openClick) bool { return o.id == a.ID })
		if at < 0 {
			return "a click is answered twice: " + a.ID
		}
		if w.open[at].slack && w.s.message("answer-"+a.ID) == nil {
			return "the answer to " + a.ID + " is not told"
		}
		w.open = slices.Delete(w.open, at, at+1)
	}
	for _, l := range out.Lines {
		if l.Kind == LineFound && !w.foundTwice() {
			return "a poll's finding counts that was not found twice, a minute apart, with no event in between"
		}
		if l.Kind != LineDecided && (l.Kind != LineInvoice || l.Verdict == "") {
			continue
		}
		if l.From == FromRule {
			if fault := w.checkRule(l); fault != "" {
				return fault
			}
			continue
		}
		at := slices.IndexFunc(w.open, func(o openClick) bool { return o.user == l.By && o.verdict == l.Verdict })
		switch {
		case at < 0:
			return fmt.Sprintf("a decision is recorded that nobody made: %s %s", l.By, l.Verdict)
		case l.Kind == LineDecided && !allowed(l.By):
			return l.By + " may not decide, and it is recorded: " + string(l.Verdict)
		case l.Kind == LineDecided && l.Verdict == Approve && exceeds(l.Amount, w.settings.Ceiling):
			return "an amount above the ceiling is approved: " + l.Amount.Dollars()
		}
		w.open = slices.Delete(w.open, at, at+1)
		if l.Kind == LineInvoice {
			w.confirmed = true
		}
	}
	if slices.ContainsFunc(out.Events, func(e EventLine) bool { return e.Disposition == Applied }) {
		w.polls = nil
		for i := range w.running {
			w.running[i].overtaken = true
		}
	}
	if len(w.open) != len(w.s.Pending) {
		return fmt.Sprintf("%d clicks got neither a record nor an answer, and %d are being checked", len(w.open), len(w.s.Pending))
	}
	if i := w.s.Invoice; i != nil && i.Phase == InvoiceDryRun {
		w.held, w.confirmed = true, false
	}
	for i, e := range t.Events {
		if c := out.Events[min(i, len(out.Events)-1)]; e.Rejected() && (c.Disposition == Applied || c.Disposition == Late) && c.ID == e.ID {
			w.owedNotes = append(slices.Clone(w.owedNotes), string(e.ID))
		}
	}
	return ""
}

// foundTwice reports whether Prodege answered twice since the last event that was applied, a minute apart.
func (w *world) foundTwice() bool {
	n := len(w.polls)
	return n >= 2 && w.polls[n-1].Sub(w.polls[0]) >= pollAgain-pollSkew
}

// checkRule holds of an automatic approval.
func (w *world) checkRule(l Line) string {
	s, q := w.s, w.s.Request
	event := q.Event
	switch {
	case !(s.Settings.AutoApproveUpTo != nil && l.Amount.Cmp(*s.Settings.AutoApproveUpTo) <= 0):
		return "a rule approved more than it may: " + l.Amount.Dollars()
	case event.Source == prodege.FromSweep:
		return "a rule approved what a poll found"
	case event.Vouched != "":
		return "a rule approved what somebody vouched for"
	case w.now.Sub(event.Time) >= automaticFresh:
		return "a rule approved an old event"
	case w.m.earlier || s.Life.Old || !s.Life.Known:
		return "a rule approved in what may be a second life"
	case q.Numbers == nil || q.Numbers.MaxCPI == nil:
		return "a rule approved without having read the project"
	}
	recent := 0
	for _, at := range w.rules {
		if w.now.Sub(at) < automaticWithin {
			recent++
		}
	}
	if recent >= maxAutomatic {
		return "a rule approved a fourth time within a day"
	}
	w.rules = append(slices.Clone(w.rules), w.now)
	w.addApproval(q.ID, q.Generation, l.Amount.String(), "r")
	return ""
}

// checkState holds in each state.
func (w *world) checkState() string {
	s := w.s
	if c := s.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable {
		return fmt.Sprintf("the dispositions do not add up: %+v", c)
	}
	if newest := w.newest(); newest != (Order{}) && s.Newest != newest {
		return fmt.Sprintf("the newest event is %s, not %s", newest.ID, s.Newest.ID)
	}
	if n := w.duplicates(); s.Counts.Duplicate != n {
		return fmt.Sprintf("%d events were handed over twice, and %d count as duplicates", n, s.Counts.Duplicate)
	}
	for _, m := range s.Outbox {
		if c := showsOf(&m.Card); c.buttons {
			if why := w.deadButtons(c); why != "" {
				return fmt.Sprintf("%s should stand with live buttons, but %s", c, why)
			}
		}
	}
	for _, m := range w.standing {
		if !m.shows.buttons {
			continue
		}
		at := slices.IndexFunc(s.Outbox, func(o *Message) bool { return s.slackKey(o) == m.key })
		if at < 0 {
			if w.gaveUp() {
				continue
			}
			if w.ended && w.cancelled {
				return "the cancelled workflow ended and left live buttons: " + m.shows.String()
			}
			return "a message with live buttons is forgotten: " + m.shows.String()
		}
		if o := s.Outbox[at]; !o.pending() && !o.Busy && showsOf(&o.Card) != m.shows {
			return fmt.Sprintf("%s stands, should be %s, and is not edited", m.shows, showsOf(&o.Card))
		} else if w.ended && o.pending() && !w.gaveUp() {
			return "the workflow ended and left live buttons: " + m.shows.String()
		}
	}
	if s.Act != nil && s.question(s.Act.Kind, s.Act.ID) == nil {
		return "an act has lost its question"
	}
	_ = s.View()
	return ""
}

// gaveUp reports whether a cancelled workflow ended as its five minutes were over.
func (w *world) gaveUp() bool { return w.ended && w.cancelled && !w.now.Before(w.giveUp) }

// deadButtons is why nothing can be decided by a card's buttons; empty if something can.
func (w *world) deadButtons(c shows) string {
	s := w.s
	if s.Cancelled && !w.came { // else it lives on
		return "the workflow is cancelled"
	}
	var q *Question
	switch c.kind {
	case "request":
		q = s.OpenRequest()
	case "pause":
		q = s.OpenAction()
	case "invoice":
		if s.Invoice == nil || s.Invoice.Key != c.id {
			return "there is a newer revision"
		}
		return ""
	}
	switch {
	case q == nil || string(q.ID) != c.id:
		return "its question is closed"
	case q.Generation != c.generation:
		return fmt.Sprintf("generation %d is open", q.Generation)
	case string(q.Phase) != c.phase:
		return "its question is " + string(q.Phase)
	case s.actOf(q) != nil:
		return "an act of it is under way"
	}
	return ""
}

// newest is the newest event that was handed over and can be used.
func (w *world) newest() (newest Order) {
	for i := range w.m.events {
		e := &w.m.events[i].e
		if o := (Order{e.Time, e.ID}); w.handed&(1<<i) != 0 && e.ID != "" && e.Status != "" && e.ProjectID == w.s.ID && (newest.ID == "" || newest.before(o)) {
			newest = o
		}
	}
	return newest
}

// duplicates is how many events were handed over that had been before.
func (w *world) duplicates() (n int64) {
	for i := range w.m.events {
		for j := range i {
			if w.handed&(1<<i) != 0 && w.handed&(1<<j) != 0 && w.m.events[i].e.ID == w.m.events[j].e.ID {
				n++
				break
			}
		}
	}
	return n
}

// atRest holds in a state in which nothing is under way and nothing will come but the answers to polls: whatever was
// owed is done, or waits for people.
func (w *world) atRest() string {
	s := w.s
	if w.ended && w.cancelled {
		return "" // nothing more is said but that it was cancelled
	}
	for _, id := range w.owedNotes {
		if !slices.ContainsFunc(w.standing, func(m standing) bool { return m.shows.kind == "rejection" && m.shows.id == id }) {
			return "the rejection of " + id + " was never told"
		}
	}
	if w.ended {
		return ""
	}
	for _, m := range s.Outbox {
		if m.pending() {
			return "it is never said: " + m.Key
		}
	}
	switch i := s.Invoice; {
	case len(s.Outages) > 0:
		return "people are told for ever that Slack does not take a message"
	case len(s.Pending) > 0:
		return "a click is never weighed"
	case s.Act != nil && !w.switchOff:
		return "an act never ends"
	case i != nil && (i.Phase == InvoiceDue || i.underWay()):
		return "an invoice is never sent: " + string(i.Phase)
	case i != nil && i.Next != nil:
		return "a revision is never made"
	case s.InvoicedFirst != nil:
		return "an INVOICED is never invoiced"
	case s.Figures != nil && s.Figures.Busy:
		return "figures are never read"
	}
	if fault := w.invoicedOnce(); fault != "" {
		return fault
	}
	for _, q := range []*Question{s.Request, s.Action} {
		if q != nil && (q.Stage != "" || q.ToAct && !q.Closed || q.Newer != nil || q.Check != nil || !q.CheckAt.IsZero()) {
			return "a question goes no further: " + string(q.Kind)
		}
		if q != nil && !q.Closed && s.Act == nil && (q.Phase == PhaseApproved || q.Phase == PhaseHeld) {
			return "what was decided is never done: " + string(q.Kind)
		}
	}
	return w.agrees()
}

// invoicedOnce reports whether a COMPLETE or an INVOICED led to an invoice.
func (w *world) invoicedOnce() string {
	for i := range w.m.events {
		e := &w.m.events[i].e
		if w.handed&(1<<i) != 0 && (e.Status == prodege.Complete || e.Status == prodege.Invoiced) && e.ProjectID == w.s.ID && e.ID != "" && w.s.Invoice == nil {
			deleted := slices.ContainsFunc(w.m.events, func(h happening) bool { return h.e.Status == prodege.Deleted })
			if !deleted && w.restarts == 0 {
				return string(e.ID) + " was never invoiced"
			}
		}
	}
	return ""
}

// agrees reports whether people can decide what the project waits for, and whether we know how it is at Prodege.
func (w *world) agrees() string {
	s, t := w.s, &w.truth
	q := s.OpenRequest()
	if q != nil && s.Pause.ForCPI && (q.Phase == PhaseOpen || q.Phase == PhaseSecond || q.Phase.Failed()) && !s.Cancelled {
		if !slices.ContainsFunc(w.standing, func(m standing) bool {
			return m.shows.kind == "request" && m.shows.id == string(q.ID) && m.shows.generation == q.Generation && m.shows.buttons
		}) {
			return "people are asked, but no message with buttons stands"
		}
	}
	polled := s.pollable() && s.pollEvery() > 0 && t.status != "" && s.Status != ""
	switch {
	case !polled:
	case t.status != s.Status:
		return fmt.Sprintf("Prodege says %s, and we believe %s for ever", t.status, s.Status)
	case t.forCPI() && (q == nil || !s.Pause.ForCPI):
		return "Prodege waits for a CPI, and nobody is asked"
	case t.forCPI() && !(q.Phase.Decidable() || q.Phase.Failed() || q.Phase == PhaseHeld || q.Phase == PhaseDryRun || q.Phase == PhaseByHand):
		return "Prodege waits for a CPI, and the request is " + string(q.Phase)
	case t.forCPI() && q.Required != nil && t.required != nil && q.Phase.Decidable() && !q.Required.Equal(*t.required):
		return fmt.Sprintf("people are asked for %s, and Prodege wants %s", q.Required.Dollars(), t.required.Dollars())
	case t.forCPI() && q.Approved != nil && t.required != nil && q.Phase.Failed() && q.Approved.Cmp(*t.required) < 0:
		return fmt.Sprintf("people may try again with %s, and Prodege wants %s", q.Approved.Dollars(), t.required.Dollars())
	}
	return ""
}
