package project

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// Each event is handled once and gets exactly one disposition:
//
//   - unusable: it has no id or status, or belongs to another project.
//   - duplicate: its id was seen before. Nothing happens.
//   - late: a newer event was applied before. It changes neither status nor requests and opens no pause; but what is due once
//     in a project's life (an invoice, a note about reconciliation) is still done, and marked as late.
//   - applied: it is the newest, and takes effect by its reason, then by its status (see apply).
//
// Events are ordered by event_time, then by event_id. event_time only has seconds: if two events in the same second disagree, or
// a late one contradicts the state, Prodege is asked.

const (
	// maxSeen is how many events are remembered. Once that many are, an event older than all of them is late, so a forgotten
	// event can't be applied again.
	maxSeen = 1000
	// maxDeliveries is how many delivery stamps are remembered. The ingress hands over a delivery twice only when it retries,
	// long before there are that many others.
	maxDeliveries = 300
	// maxLast is how many events people see.
	maxLast = 10
)

// remember remembers an event in Seen. It reports whether the event was remembered already, or is so old that it may have been
// forgotten.
func (s *State) remember(order Order) (duplicate, forgotten bool) {
	id := hashOf(string(order.ID))
	if slices.ContainsFunc(s.Seen, func(seen string) bool { return strings.HasSuffix(seen, id) }) {
		return true, false
	}
	event := order.At.UTC().Format("20060102150405") + id
	at, _ := slices.BinarySearch(s.Seen, event)
	if len(s.Seen) >= maxSeen {
		if at == 0 {
			return false, true
		}
		s.Seen, at = slices.Delete(s.Seen, 0, 1), at-1
	}
	s.Seen = slices.Insert(s.Seen, at, event)
	return false, false
}

// hashOf returns 16 characters of a text's hash.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// receive handles a new event.
func (s *State) receive(e prodege.Event) {
	if e.Source == prodege.FromCommand { // an operator opened the project
		s.Poll.Next = s.now
		s.Life.Old = s.Life.Old || s.Status == ""
		return
	}
	if e.Delivery != "" && !rememberNew(&s.Deliveries, hashOf(e.Delivery), maxDeliveries) {
		return // the ingress handed over the same delivery twice, which counts once
	}
	if e.Future {
		e.Time = s.Newest.At // its own time is implausibly far ahead of our clock
		if !e.Received.Before(e.Time) {
			e.Time = e.Received
		}
	}
	if s.Counts.Received == 0 && s.Runs == 0 {
		s.Life.Old = s.Life.Old || e.Time.Before(s.now.Add(-s.Settings.ProjectLinger))
	}
	d := s.disposition(e)
	s.count(e, d)
	e = withUnknown(e)
	switch d {
	case Applied:
		s.Poll.Found = nil // it was found before this event
		s.pollIfAmbiguous(e)
		s.apply(e)
		s.Newest = orderOf(e)
	case Late:
		s.late(e)
	}
}

// disposition determines an event's disposition.
func (s *State) disposition(e prodege.Event) Disposition {
	if e.ProjectID != s.ID || e.ID == "" || e.Status == "" {
		return Unusable
	}
	order := orderOf(e)
	duplicate, forgotten := s.remember(order)
	switch {
	case duplicate:
		return Duplicate
	case forgotten, s.Newest.ID != "" && order.before(s.Newest):
		return Late
	}
	return Applied
}

// count records an event's disposition.
func (s *State) count(e prodege.Event, d Disposition) {
	c := &s.Counts
	c.Received++
	*map[Disposition]*int64{Applied: &c.Applied, Duplicate: &c.Duplicate, Late: &c.Late, Unusable: &c.Unusable}[d]++
	s.keepLine(e, d)
}

func (s *State) keepLine(e prodege.Event, d Disposition) {
	line := EventLine{ID: prodege.EventID(Cut(string(e.ID), 128)), Time: e.Time, Status: prodege.Status(Cut(string(e.Status), 40)),
		Reason: e.Reason, Source: e.Source, Disposition: d, Future: e.Future, Vouched: Cut(e.Vouched, 20)}
	s.out.Events = append(s.out.Events, line)
	s.Last = appendBounded(s.Last, line, maxLast)
}

// pollIfAmbiguous asks Prodege if the order of events is uncertain, or if a finding may be newer.
func (s *State) pollIfAmbiguous(e prodege.Event) {
	overtaken := s.Poll.LastAt.After(e.Time)
	if (s.sameSecond(e) || overtaken) && (e.Status != s.Status || e.AsksCPI()) || s.sameSecond(e) && s.otherReason(e) {
		s.pollSoon()
	}
}

func (s *State) sameSecond(e prodege.Event) bool {
	return s.Status != "" && s.StatusSince.Unix() == e.Time.Unix()
}

func (s *State) otherReason(e prodege.Event) bool {
	return e.Status == prodege.Paused && e.Reason != s.Reason
}

// late handles an event after newer ones.
func (s *State) late(e prodege.Event) {
	if e.Rejected() {
		s.tellRejection(e, true)
	}
	if e.ReconciliationNote != "" && (e.Status == prodege.PendingComplete || e.Status == prodege.Complete) {
		s.tellReconciliation(e, true)
	}
	switch e.Status {
	case prodege.Complete:
		s.invoiceFor(e)
	case prodege.Invoiced:
		s.lateInvoiced(e)
	}
	s.lateAmount(e)
	otherPause := e.Status == prodege.Paused && s.Pause != nil && !sameCause(e, s.Pause.Event)
	if e.Status != s.Status || s.sameSecond(e) && (e.AsksCPI() || s.otherReason(e)) || otherPause {
		s.pollSoon()
	}
}

// apply makes an event the project's newest, which takes effect by its reason, then by its status.
func (s *State) apply(e prodege.Event) {
	s.Status, s.Reason, s.Description = e.Status, e.Reason, e.Description
	s.StatusSince, s.ClosesAt = e.Time, time.Time{}
	s.Note = cmp.Or(e.ReconciliationNote, s.Note)
	switch {
	case e.Status == prodege.Live:
		s.resumed(e)
	case e.AsksCPI():
		s.pausedForCPI(e)
	case e.Status == prodege.Paused:
		s.paused(e)
	case e.Status == prodege.PendingComplete:
		s.endPause(e)
		s.holdInvoice()
		s.tellReconciliation(e, false)
	case e.Status == prodege.Complete:
		s.completedInactive(e)
		s.endPause(e)
		s.invoiceFor(e)
	case e.Status == prodege.Invoiced:
		s.endPause(e)
		s.ClosesAt = s.now.Add(s.Settings.ProjectLinger)
		s.invoicedFirst(e)
		s.endInvoice(e)
	case e.Status == prodege.Deleted:
		s.endPause(e)
		s.ClosesAt = s.now.Add(s.Settings.ProjectLinger)
		s.endInvoice(e)
		s.line(Line{At: e.Time, Kind: LineEnded, Status: e.Status, Ref: string(SafeID(e.ID))})
	case e.Status == prodege.Pending:
		s.endPause(e)
	default:
		s.postOrCount(key("unknown", e), s.Settings.AlertsChannel, Card{Note: &Note{Frame: s.frame(), Kind: NoteUnknown, Event: ptr(trimmed(e))}}, e, "an unknown status")
	}
	if e.Rejected() && e.Status != prodege.Paused {
		s.tellRejection(e, false)
	}
	s.schedulePoll()
}

// tellRejection posts an alert that a reconciliation must be redone, and returns the message's key.
func (s *State) tellRejection(e prodege.Event, late bool) string {
	k := key("rejection", e)
	s.postOrCount(k, s.Settings.AlertsChannel, Card{Rejection: &RejectionFacts{Frame: s.frame(), Event: e, Late: late}}, e, "reconciliation rejected")
	return k
}

// tellReconciliation posts that reconciliation is in progress, or what Prodege wrote about it.
func (s *State) tellReconciliation(e prodege.Event, late bool) {
	kind := NotePendingComplete
	if e.Status == prodege.Complete {
		kind = NoteReconciliation
	}
	s.postOrCount(key("reconciliation", e), s.Settings.AlertsChannel, Card{Note: &Note{Frame: s.frame(), Kind: kind, Event: ptr(trimmed(e)), Late: late}}, e, "reconciliation")
}

// key returns the key of a message from what it says and the event that it is about.
func key(what string, e prodege.Event) string { return what + "-" + string(SafeID(e.ID)) }

func itoa(n int) string { return strconv.Itoa(n) }
