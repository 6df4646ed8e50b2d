package project

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sort"
	"strconv"
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

// SeenEvent is an event that was handled: its second and a hash of its id.
type SeenEvent struct {
	Unix int64
	Hash [16]byte
}

func (a SeenEvent) before(b SeenEvent) bool {
	if a.Unix != b.Unix {
		return a.Unix < b.Unix
	}
	return bytes.Compare(a.Hash[:], b.Hash[:]) < 0
}

// Seen are the newest events, ordered, oldest first. In JSON it is a string of 32 bytes per event.
type Seen []SeenEvent

// MarshalJSON implements json.Marshaler.
func (s Seen) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, len(s)*24)
	for _, e := range s {
		raw = binary.BigEndian.AppendUint64(raw, uint64(e.Unix))
		raw = append(raw, e.Hash[:]...)
	}
	return []byte(strconv.Quote(base64.RawStdEncoding.EncodeToString(raw))), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Seen) UnmarshalJSON(b []byte) error {
	raw, err := base64.RawStdEncoding.DecodeString(string(bytes.Trim(b, `"`)))
	if err != nil || len(raw)%24 != 0 {
		return fmt.Errorf("not a list of seen events: %d bytes", len(b))
	}
	*s = make(Seen, len(raw)/24)
	for i := range *s {
		(*s)[i].Unix = int64(binary.BigEndian.Uint64(raw[i*24:]))
		copy((*s)[i].Hash[:], raw[i*24+8:])
	}
	return nil
}

// remember remembers an event. It reports whether the event was remembered already, or is so old that it may have been forgotten.
func (s *Seen) remember(order Order) (duplicate, forgotten bool) {
	sum := sha256.Sum256([]byte(order.ID))
	it := SeenEvent{Unix: order.At.Unix(), Hash: [16]byte(sum[:16])}
	for i := len(*s) - 1; i >= 0; i-- {
		if (*s)[i].Hash == it.Hash {
			return true, false
		}
	}
	full := len(*s) >= maxSeen
	if full && it.before((*s)[0]) {
		return false, true
	}
	at := sort.Search(len(*s), func(i int) bool { return it.before((*s)[i]) })
	if full {
		copy((*s)[:at-1], (*s)[1:at])
		(*s)[at-1] = it
		return false, false
	}
	*s = append(*s, SeenEvent{})
	copy((*s)[at+1:], (*s)[at:])
	(*s)[at] = it
	return false, false
}

// receive handles a new event.
func (s *State) receive(e prodege.Event) {
	if e.Source == prodege.FromCommand { // an operator opened the project
		s.Poll.Next = s.now
		s.Life.Old = s.Life.Old || s.Status == ""
		return
	}
	if s.redelivered(e.Delivery) {
		return // the ingress handed over the same delivery twice, which counts once
	}
	if e.Future {
		e.Time = s.orderTime(e)
	}
	if s.Counts.Received == 0 && s.Runs == 0 {
		s.Life.Old = s.Life.Old || e.Time.Before(s.now.Add(-s.Settings.ProjectLinger))
	}
	d := s.disposition(e)
	s.count(e, d)
	switch d {
	case Applied:
		s.Poll.Found = nil // it was found before this event
		s.pollIfAmbiguous(e)
		s.apply(e)
		s.Newest = Order{e.Time, e.ID}
	case Late:
		s.late(e)
	}
}

// orderTime returns the time for ordering an event whose own time is implausibly far ahead of our clock.
func (s *State) orderTime(e prodege.Event) time.Time {
	at := e.Received
	if at.IsZero() || at.Before(s.Newest.At) {
		at = s.Newest.At
	}
	return at
}

// disposition determines an event's disposition.
func (s *State) disposition(e prodege.Event) Disposition {
	if e.ProjectID != s.ID || e.ID == "" || e.Status == "" {
		return Unusable
	}
	order := Order{e.Time, e.ID}
	duplicate, forgotten := s.Seen.remember(order)
	switch {
	case duplicate:
		return Duplicate
	case forgotten, s.Newest.ID != "" && order.before(s.Newest):
		return Late
	}
	return Applied
}

// redelivered reports whether the same delivery came before, and remembers it.
func (s *State) redelivered(delivery string) bool {
	if delivery == "" {
		return false
	}
	sum := sha256.Sum256([]byte(delivery))
	stamp := base64.RawURLEncoding.EncodeToString(sum[:9])
	for i := len(s.Deliveries) - 1; i >= 0; i-- {
		if s.Deliveries[i] == stamp {
			return true
		}
	}
	if len(s.Deliveries) >= maxDeliveries {
		copy(s.Deliveries, s.Deliveries[1:])
		s.Deliveries = s.Deliveries[:maxDeliveries-1]
	}
	s.Deliveries = append(s.Deliveries, stamp)
	return false
}

// count records an event's disposition.
func (s *State) count(e prodege.Event, d Disposition) {
	s.Counts.Received++
	switch d {
	case Applied:
		s.Counts.Applied++
	case Duplicate:
		s.Counts.Duplicate++
	case Late:
		s.Counts.Late++
	case Unusable:
		s.Counts.Unusable++
	}
	s.keepLine(e, d)
}

func (s *State) keepLine(e prodege.Event, d Disposition) {
	line := EventLine{ID: prodege.EventID(cut(string(e.ID), 128)), Time: e.Time, Status: prodege.Status(cut(string(e.Status), 40)),
		Reason: e.Reason, Source: e.Source, Disposition: d, Future: e.Future, Vouched: cut(e.Vouched, 20)}
	s.out.Events = append(s.out.Events, line)
	if len(s.Last) >= maxLast {
		copy(s.Last, s.Last[1:])
		s.Last = s.Last[:maxLast-1]
	}
	s.Last = append(s.Last, line)
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
	if e.Status != s.Status || s.sameSecond(e) && (e.AsksCPI() || s.otherReason(e)) || s.otherPause(e) {
		s.pollSoon()
	}
}

// otherPause reports whether a late event is a pause for another reason than the one that is shown.
func (s *State) otherPause(e prodege.Event) bool {
	return e.Status == prodege.Paused && s.Pause != nil && !sameCause(e, s.Pause.Event)
}

// apply makes an event the project's newest, which takes effect by its reason, then by its status.
func (s *State) apply(e prodege.Event) {
	s.Status, s.Reason, s.Description = prodege.Status(cutEncoded(string(e.Status), 100)), e.Reason, cutEncoded(e.Description, 200)
	s.StatusSince, s.ClosesAt = e.Time, time.Time{}
	if e.ReconciliationNote != "" {
		s.Note = cutEncoded(e.ReconciliationNote, 1000)
	}
	switch {
	case e.Status == prodege.Live:
		s.resumed(e)
	case e.AsksCPI():
		s.pausedForCPI(e)
	case e.Status == prodege.Paused:
		s.paused(e)
	case e.Status == prodege.PendingComplete:
		s.pendingComplete(e)
	case e.Status == prodege.Complete:
		s.complete(e)
	case e.Status == prodege.Invoiced:
		s.invoiced(e)
	case e.Status == prodege.Deleted:
		s.deleted(e)
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

func (s *State) pendingComplete(e prodege.Event) {
	s.endPause(e)
	s.holdInvoice()
	s.tellReconciliation(e, false)
}

// complete starts invoicing, once; a later COMPLETE with other facts is a revision.
func (s *State) complete(e prodege.Event) {
	s.completedInactive(e)
	s.endPause(e)
	s.invoiceFor(e)
}

func (s *State) invoiced(e prodege.Event) {
	s.endPause(e)
	s.ClosesAt = s.now.Add(s.Settings.ProjectLinger)
	s.invoicedFirst(e)
	s.endInvoice(e)
}

func (s *State) deleted(e prodege.Event) {
	s.endPause(e)
	s.ClosesAt = s.now.Add(s.Settings.ProjectLinger)
	s.endInvoice(e)
	s.line(Line{At: e.Time, Kind: LineEnded, Status: e.Status, Ref: string(SafeID(e.ID))})
}

// tellRejection posts an alert that a reconciliation must be redone, and returns the message's key.
func (s *State) tellRejection(e prodege.Event, late bool) string {
	k := key("rejection", e)
	s.postOrCount(k, s.Settings.AlertsChannel, Card{Rejection: &RejectionFacts{Frame: s.frame(), Event: withUnknown(e), Late: late}}, e, "reconciliation rejected")
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
