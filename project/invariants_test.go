package project

import (
	"fmt"
	"slices"
	"strings"

	"fieldmarshal/prodege"
)

// The invariants of every reachable state. Each check returns a description of what is wrong, or "".

// checkStart checks a task that is about to start.
func (w *world) checkStart(t Task) string {
	kind := t.Kind()
	if w.s.Cancelled && kind != KindEdit && kind != KindEphemeral && !(kind == KindPost && (!t.Post.Tried.IsZero() || t.Post.Card.Invoice != nil)) {
		return "started after the cancellation: " + t.ID
	}
	switch kind {
	case KindAccept, KindAct:
		if slices.ContainsFunc(w.running, func(r running) bool { return r.task.Accept != nil || r.task.Act != nil }) {
			return "two calls that change the project at Prodege are running"
		}
		return w.checkAct(t)
	case KindInvoice:
		return w.checkInvoice(t.Invoice)
	case KindPost:
		p := t.Post
		if p.Tried.IsZero() && (w.messageByKey(p.Key) != nil || slices.Contains(w.postedKeys, p.Key)) {
			return p.Key + " is posted again without looking for the first message"
		}
	}
	return ""
}

// checkAct checks a call to Prodege that is about to start: an approver decided on exactly this amount or action, for
// this generation, and within the limits.
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
		return "a call starts for a pause that is over: " + t.Summary
	case q.Generation != a.Generation:
		return fmt.Sprintf("a call starts for generation %d although %d is open: %s", a.Generation, q.Generation, t.Summary)
	case q.Newer != nil:
		return "a call starts although a newer event waits for its result: " + t.Summary
	case s.Settings.DryRun && !a.Maybe && a.Tries == 0:
		return "a call starts in a dry run"
	}
	users := ""
	for _, one := range w.approved {
		if one.id == q.ID && one.generation == q.Generation && one.amount == amount {
			users = one.users
		}
	}
	if users == "" {
		return "a call starts that no approver decided on: " + t.Summary
	}
	if t.Accept == nil {
		return ""
	}
	approved := &t.Accept.Approved
	switch {
	case !s.Pause.ForCPI:
		return "an amount is accepted although the project is paused for another reason: " + t.Summary
	case q.Required != nil && approved.Cmp(*q.Required) < 0:
		return "less than the required amount is accepted: " + t.Summary
	case q.Required != nil && approved.Cmp(MostApprovable(*q.Required, nil)) > 0:
		return "more than twice the required amount is accepted: " + t.Summary
	case users == "r" && !t.Accept.MustRead:
		return "an automatic approval may be sent without reading the project"
	case users != "r" && exceeds(approved, s.Settings.SecondApproverAbove) && len(strings.Trim(users, "r")) < 2:
		return "a single person approved an amount that needs two: " + t.Summary
	}
	return ""
}

// checkInvoice checks a call to billing that is about to start.
func (w *world) checkInvoice(c *InvoiceCall) string {
	first := true
	for _, b := range w.billingCalls {
		switch {
		case b.key == c.Key && b.body != c.Body:
			return "different bodies for " + c.Key
		case b.key == c.Key:
			first = false
		}
	}
	if !first {
		return ""
	}
	s := w.s
	if n := len(w.billingCalls); n > 0 && w.billingCalls[n-1].facts == factsOf(c.Body) {
		return c.Key + " has the same facts as " + w.billingCalls[n-1].key
	}
	switch {
	case s.Status == prodege.PendingComplete:
		return "an invoice is sent while the project is PENDING_COMPLETE"
	case s.Status == prodege.Deleted:
		return "an invoice is sent for a deleted project"
	case s.Settings.DryRun:
		return "an invoice is sent in a dry run"
	case !w.confirmed && (w.m.hadEarlierRun || s.Invoice.Event.Vouched != "" || s.Invoice.Event.Status == prodege.Invoiced):
		return "an invoice that may exist already is sent without confirmation"
	case !w.confirmed && w.heldBack:
		return "an invoice held back by a dry run is sent without confirmation"
	case !w.wasCompleted():
		return "an invoice is sent for a project that was never COMPLETE"
	}
	w.billingCalls = append(slices.Clone(w.billingCalls), bookedInvoice{c.Key, c.Body, factsOf(c.Body)})
	return ""
}

// wasCompleted reports whether the project has been COMPLETE or INVOICED.
func (w *world) wasCompleted() bool {
	for i := range w.m.events {
		if e := &w.m.events[i].e; w.happened&(1<<i) != 0 && (e.Status == prodege.Complete || e.Status == prodege.Invoiced) {
			return true
		}
	}
	return w.truth.status == prodege.Complete || w.truth.status == prodege.Invoiced
}

// checkTurn checks the output of a turn.
func (w *world) checkTurn(t Turn, out Output) string {
	for _, a := range out.Answered {
		at := slices.IndexFunc(w.openClicks, func(o openClick) bool { return o.id == a.ID })
		if at < 0 {
			return "a click is answered twice: " + a.ID
		}
		if w.openClicks[at].slack && w.s.message("answer-"+a.ID) == nil {
			return "the answer to " + a.ID + " is not posted"
		}
		w.openClicks = slices.Delete(w.openClicks, at, at+1)
	}
	for _, l := range out.Lines {
		if l.Kind == LineFound && !w.confirmedByPolls() {
			return "a poll finding is applied that was not confirmed a minute later without an event in between"
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
		at := slices.IndexFunc(w.openClicks, func(o openClick) bool { return o.user == l.By && o.verdict == l.Verdict })
		switch {
		case at < 0:
			return fmt.Sprintf("a decision is recorded that nobody made: %s %s", l.By, l.Verdict)
		case l.Kind == LineDecided && !isApprover(l.By):
			return "a decision of " + l.By + ", who is no approver, is recorded: " + string(l.Verdict)
		case l.Kind == LineDecided && l.Verdict == Approve && exceeds(l.Amount, w.settings.Ceiling):
			return "an amount above the ceiling is approved: " + l.Amount.Dollars()
		}
		w.openClicks = slices.Delete(w.openClicks, at, at+1)
		if l.Kind == LineInvoice {
			w.confirmed = true
		}
	}
	if slices.ContainsFunc(out.Events, func(e EventLine) bool { return e.Disposition == Applied }) {
		w.pollTimes = nil
		for i := range w.running {
			w.running[i].overtaken = true
		}
	}
	if len(w.openClicks) != len(w.s.Pending) {
		return fmt.Sprintf("%d clicks were neither recorded nor answered, but only %d are being checked", len(w.openClicks), len(w.s.Pending))
	}
	if i := w.s.Invoice; i != nil && i.Phase == InvoiceDryRun {
		w.heldBack, w.confirmed = true, false
	}
	for i, e := range t.Events {
		if c := out.Events[min(i, len(out.Events)-1)]; e.Rejected() && (c.Disposition == Applied || c.Disposition == Late) && c.ID == e.ID {
			w.rejectionsDue = append(slices.Clone(w.rejectionsDue), string(e.ID))
		}
	}
	return ""
}

// confirmedByPolls reports whether Prodege answered twice, a minute apart, since the last applied event.
func (w *world) confirmedByPolls() bool {
	n := len(w.pollTimes)
	return n >= 2 && w.pollTimes[n-1].Sub(w.pollTimes[0]) >= pollAgain-pollSkew
}

// checkRule checks an automatic approval.
func (w *world) checkRule(l Line) string {
	s, q := w.s, w.s.Request
	event := q.Event
	switch {
	case !(s.Settings.AutoApproveUpTo != nil && l.Amount.Cmp(*s.Settings.AutoApproveUpTo) <= 0):
		return "automatically approved above the limit: " + l.Amount.Dollars()
	case event.Source == prodege.FromSweep:
		return "a poll finding was approved automatically"
	case event.Vouched != "":
		return "a vouched event was approved automatically"
	case w.now.Sub(event.Time) >= automaticFresh:
		return "an old event was approved automatically"
	case w.m.hadEarlierRun || s.Life.Old || !s.Life.Known:
		return "automatically approved although an earlier run is possible"
	case q.Numbers == nil || q.Numbers.MaxCPI == nil:
		return "automatically approved without reading the project"
	}
	recent := 0
	for _, at := range w.automaticApprovals {
		if w.now.Sub(at) < automaticWithin {
			recent++
		}
	}
	if recent >= maxAutomatic {
		return "automatically approved for the fourth time within a day"
	}
	w.automaticApprovals = append(slices.Clone(w.automaticApprovals), w.now)
	w.addApproval(q.ID, q.Generation, l.Amount.String(), "r")
	return ""
}

// checkState checks a state.
func (w *world) checkState() string {
	s := w.s
	if c := s.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable {
		return fmt.Sprintf("the dispositions do not add up: %+v", c)
	}
	if newest := w.newestDelivered(); newest != (Order{}) && s.Newest != newest {
		return fmt.Sprintf("the newest event is %s, but the state has %s", newest.ID, s.Newest.ID)
	}
	if n := w.duplicateCount(); s.Counts.Duplicate != n {
		return fmt.Sprintf("%d duplicates were delivered, but the state counts %d", n, s.Counts.Duplicate)
	}
	for _, m := range s.Outbox {
		if c := summarize(&m.Card); c.buttons {
			if fault := w.buttonFault(c); fault != "" {
				return fmt.Sprintf("%s has live buttons, but %s", c, fault)
			}
		}
	}
	for _, m := range w.messages {
		if !m.card.buttons {
			continue
		}
		at := slices.IndexFunc(s.Outbox, func(o *Message) bool { return s.slackKey(o) == m.key })
		if at < 0 {
			if w.cancelTimedOut() {
				continue
			}
			if w.ended && w.cancelled {
				return "the cancelled workflow ended with live buttons: " + m.card.String()
			}
			return "the state has no record of a message with live buttons: " + m.card.String()
		}
		if o := s.Outbox[at]; !o.pending() && !o.Busy && summarize(&o.Card) != m.card {
			return fmt.Sprintf("the message is %s, should be %s, and is not edited", m.card, summarize(&o.Card))
		} else if w.ended && o.pending() && !w.cancelTimedOut() {
			return "the workflow ended with live buttons: " + m.card.String()
		}
	}
	if s.Act != nil && s.question(s.Act.Kind, s.Act.ID) == nil {
		return "an act has no question"
	}
	_ = s.View()
	return ""
}

// cancelTimedOut reports whether a cancelled workflow ended because its five minutes were over.
func (w *world) cancelTimedOut() bool {
	return w.ended && w.cancelled && !w.now.Before(w.cancelDeadline)
}

// buttonFault returns why a card's buttons have no effect, or "" if they have.
func (w *world) buttonFault(c cardSummary) string {
	s := w.s
	if s.Cancelled && !w.eventsAfterCancel { // otherwise it continues
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
		return "its act is in progress"
	}
	return ""
}

// newestDelivered returns the order of the newest usable event that was delivered.
func (w *world) newestDelivered() (newest Order) {
	for i := range w.m.events {
		e := &w.m.events[i].e
		if o := (Order{e.Time, e.ID}); w.delivered&(1<<i) != 0 && e.ID != "" && e.Status != "" && e.ProjectID == w.s.ID && (newest.ID == "" || newest.before(o)) {
			newest = o
		}
	}
	return newest
}

// duplicateCount returns how many events were delivered repeatedly.
func (w *world) duplicateCount() (n int64) {
	for i := range w.m.events {
		for j := range i {
			if w.delivered&(1<<i) != 0 && w.delivered&(1<<j) != 0 && w.m.events[i].e.ID == w.m.events[j].e.ID {
				n++
				break
			}
		}
	}
	return n
}

// checkAtRest checks a state in which no task is running and only polls will follow: everything due has been done, or
// waits for people.
func (w *world) checkAtRest() string {
	s := w.s
	if w.ended && w.cancelled {
		return "" // only the cancellation is shown
	}
	for _, id := range w.rejectionsDue {
		if !slices.ContainsFunc(w.messages, func(m slackMessage) bool { return m.card.kind == "rejection" && m.card.id == id }) {
			return "the rejection " + id + " was never posted"
		}
	}
	if w.ended {
		return ""
	}
	for _, m := range s.Outbox {
		if m.pending() {
			return "never posted: " + m.Key
		}
	}
	switch i := s.Invoice; {
	case len(s.Outages) > 0:
		return "an outage never ends"
	case len(s.Pending) > 0:
		return "a click is never checked"
	case s.Act != nil && !w.switchOff:
		return "an act never ends"
	case i != nil && (i.Phase == InvoiceDue || i.underWay()):
		return "an invoice is never sent: " + string(i.Phase)
	case i != nil && i.Next != nil:
		return "a revision is never sent"
	case s.InvoicedFirst != nil:
		return "an INVOICED is never invoiced"
	case s.Figures != nil && s.Figures.Busy:
		return "a read of figures never ends"
	}
	if fault := w.checkInvoiced(); fault != "" {
		return fault
	}
	for _, q := range []*Question{s.Request, s.Action} {
		if q != nil && (q.Stage != "" || q.ToAct && !q.Closed || q.Newer != nil || q.Check != nil || !q.CheckAt.IsZero()) {
			return "a question makes no progress: " + string(q.Kind)
		}
		if q != nil && !q.Closed && s.Act == nil && (q.Phase == PhaseApproved || q.Phase == PhaseHeld) {
			return "a decision is never carried out: " + string(q.Kind)
		}
	}
	return w.checkAgreement()
}

// checkInvoiced checks that a delivered COMPLETE or INVOICED led to an invoice.
func (w *world) checkInvoiced() string {
	for i := range w.m.events {
		e := &w.m.events[i].e
		if w.delivered&(1<<i) != 0 && (e.Status == prodege.Complete || e.Status == prodege.Invoiced) && e.ProjectID == w.s.ID && e.ID != "" && w.s.Invoice == nil {
			deleted := slices.ContainsFunc(w.m.events, func(h modelEvent) bool { return h.e.Status == prodege.Deleted })
			if !deleted && w.restarts == 0 {
				return string(e.ID) + " was never invoiced"
			}
		}
	}
	return ""
}

// checkAgreement checks that people can decide what the project waits for, and that the state agrees with Prodege.
func (w *world) checkAgreement() string {
	s, t := w.s, &w.truth
	q := s.OpenRequest()
	if q != nil && s.Pause.ForCPI && (q.Phase == PhaseOpen || q.Phase == PhaseSecond || q.Phase.Failed()) && !s.Cancelled {
		if !slices.ContainsFunc(w.messages, func(m slackMessage) bool {
			return m.card.kind == "request" && m.card.id == string(q.ID) && m.card.generation == q.Generation && m.card.buttons
		}) {
			return "people are asked, but there is no message with buttons"
		}
	}
	polled := s.pollable() && s.pollEvery() > 0 && t.status != "" && s.Status != ""
	switch {
	case !polled:
	case t.status != s.Status:
		return fmt.Sprintf("the status is %s at Prodege, but stays %s here", t.status, s.Status)
	case t.forCPI() && (q == nil || !s.Pause.ForCPI):
		return "Prodege waits for a CPI, but nobody is asked"
	case t.forCPI() && !(q.Phase.Decidable() || q.Phase.Failed() || q.Phase == PhaseHeld || q.Phase == PhaseDryRun || q.Phase == PhaseByHand):
		return "Prodege waits for a CPI, but the request is " + string(q.Phase)
	case t.forCPI() && q.Required != nil && t.required != nil && q.Phase.Decidable() && !q.Required.Equal(*t.required):
		return fmt.Sprintf("people are asked for %s, but Prodege requires %s", q.Required.Dollars(), t.required.Dollars())
	case t.forCPI() && q.Approved != nil && t.required != nil && q.Phase.Failed() && q.Approved.Cmp(*t.required) < 0:
		return fmt.Sprintf("people may try again with %s, but Prodege requires %s", q.Approved.Dollars(), t.required.Dollars())
	}
	return ""
}
