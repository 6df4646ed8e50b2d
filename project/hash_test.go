package project

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// hasher writes down what of a state decides how it goes on. Two states with the same sum count as the same: they
// agree on all but ledger, texts, links and counters. IDs of our own findings count by rank, and a time by whether it
// is past, now, or which of those to come it is. TestHashReadsEveryField holds that every other field is read, and
// exploration itself that states of one sum want the same (checkSame).
type hasher struct {
	buf    []byte
	times  []time.Time
	future []int64
	sweeps []string
	now    time.Time
}

func (h *hasher) reset(now time.Time) {
	h.buf, h.times, h.future, h.sweeps, h.now = h.buf[:0], h.times[:0], h.future[:0], h.sweeps[:0], now
}

func (h *hasher) yes(b bool) {
	if b {
		h.buf = append(h.buf, 1)
	} else {
		h.buf = append(h.buf, 0)
	}
}

func (h *hasher) n(n int) { h.buf = append(h.buf, byte(n), byte(n>>8)) }

// str writes a text. "sweep-<second>" in it counts by the order in which such are first met.
func (h *hasher) str(s string) {
	for {
		at := strings.Index(s, "sweep-")
		if at < 0 {
			break
		}
		end := at + len("sweep-")
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		id := s[at:end]
		rank := slices.Index(h.sweeps, id)
		if rank < 0 {
			rank = len(h.sweeps)
			h.sweeps = append(h.sweeps, id)
		}
		h.buf = append(append(h.buf, s[:at]...), 1, byte(rank))
		s = s[end:]
	}
	h.buf = append(append(h.buf, s...), 0)
}

// time writes a time, as past, now or which of those to come.
func (h *hasher) time(t time.Time) { h.times = append(h.times, t) }

// after writes a time that lies some time after another one, if that is set.
func (h *hasher) after(t time.Time, d time.Duration) {
	if !t.IsZero() {
		t = t.Add(d)
	}
	h.time(t)
}

func (h *hasher) usd(u *prodege.USD) {
	if u == nil {
		h.yes(false)
		return
	}
	h.buf = append(append(h.buf, u.String()...), 0)
}

func (h *hasher) sum() [16]byte {
	for _, t := range h.times {
		if t.After(h.now) {
			h.future = append(h.future, t.UnixNano())
		}
	}
	slices.Sort(h.future)
	h.future = slices.Compact(h.future)
	for _, t := range h.times {
		switch {
		case t.IsZero():
			h.buf = append(h.buf, 0)
		case t.After(h.now):
			rank, _ := slices.BinarySearch(h.future, t.UnixNano())
			h.buf = append(h.buf, byte(3+rank))
		case t.Equal(h.now):
			h.buf = append(h.buf, 2)
		default:
			h.buf = append(h.buf, 1)
		}
	}
	sum := sha256.Sum256(h.buf)
	return [16]byte(sum[:16])
}

// state writes what of a state decides how it goes on.
func (h *hasher) state(s *State) {
	h.str(string(s.Status))
	h.n(int(s.Reason))
	h.time(s.StatusSince)
	h.str(string(s.Waiting))
	h.str(string(s.Newest.ID))
	h.yes(s.Counts.Received == 0 && s.Runs == 0)
	h.yes(s.Name.Name != "")
	h.pause(s.Pause)
	h.pause(s.LastPause)
	h.question(s, s.Request)
	h.question(s, s.Action)
	h.question(s, s.Former)
	h.act(s.Act)
	h.n(len(s.Automatic))
	for _, at := range s.Automatic {
		h.after(at, automaticWithin)
	}
	h.n(len(s.Pending))
	for i := range s.Pending {
		p := &s.Pending[i]
		h.decision(&p.Decision)
		h.try(&p.Check)
		h.yes(p.Answer != nil)
		if p.Answer != nil {
			h.yes(p.Answer.Allowed)
			h.yes(p.Answer.Known)
		}
	}
	h.invoice(s)
	h.yes(s.InvoicedFirst != nil)
	if f := s.InvoicedFirst; f != nil {
		h.event(&f.Event)
		h.time(f.Until)
	}
	p := &s.Poll
	h.time(p.Next)
	h.tryIf(p.Asking)
	h.yes(p.Applied == s.Counts.Applied)
	h.eventIf(p.Found)
	if p.Found != nil {
		h.after(p.Found.Time, pollAgain-pollSkew)
		h.after(p.Found.Time, pollAgain)
	}
	h.after(p.AskedAt, pollAgain)
	h.time(p.LastAt)
	h.tryIf(s.Figures)
	l := &s.Life
	h.yes(l.Old)
	h.yes(l.Known)
	h.yes(l.Earlier)
	h.try(&l.Search)
	h.n(len(s.Outbox))
	for _, m := range s.Outbox {
		h.message(s, m)
	}
	h.n(len(s.Outages))
	for i := range s.Outages {
		h.str(s.Outages[i].Channel)
		h.str(uncounted(s.Outages[i].Alert))
	}
	h.time(s.ClosesAt)
	h.yes(s.Cancelled)
	h.yes(s.AskAnew)
	set := &s.Settings
	h.yes(set.DryRun)
	h.yes(set.HasAPIKey)
	h.yes(set.HasBilling)
	h.yes(set.AlertActions)
	h.usd(set.Ceiling)
}

func (h *hasher) try(t *Try) {
	h.yes(t.Busy)
	h.time(t.After)
	h.yes(t.Maybe)
	h.time(t.Until)
	h.yes(t.First.IsZero())
}

func (h *hasher) tryIf(t *Try) {
	h.yes(t != nil)
	if t != nil {
		h.try(t)
	}
}

func (h *hasher) event(e *prodege.Event) {
	h.str(string(e.ID))
	h.time(e.Time)
	h.str(string(e.Status))
	h.n(int(e.Reason))
	h.str(e.Description)
	h.yes(e.RejectionNote != "")
	h.str(e.ReconciliationNote)
	h.usd(e.RequiredCPI)
	h.yes(e.RequiredCPIText != "")
	h.str(string(e.Source))
	h.yes(e.Vouched != "")
}

func (h *hasher) eventIf(e *prodege.Event) {
	h.yes(e != nil)
	if e != nil {
		h.event(e)
	}
}

func (h *hasher) pause(p *Pause) {
	h.yes(p != nil)
	if p == nil {
		return
	}
	h.str(string(p.Opened))
	h.time(p.Since)
	h.str(string(p.After.ID))
	h.event(&p.Event)
	h.event(&p.About)
	h.yes(p.ForCPI)
	h.str(p.Alert)
	h.str(p.Request)
	h.str(p.Rejection)
	h.n(min(p.Times, 2))
	h.n(min(p.Flaps, maxAlerts))
	h.yes(p.Posted)
	h.yes(p.Decided != nil)
	h.eventIf(p.Ended)
	if p.Ended != nil {
		h.after(p.Ended.Time, flapWithin)
	}
	h.yes(p.Inactivity != nil)
	if c := p.Inactivity; c != nil {
		h.time(c.Paused)
		h.time(c.At)
		h.time(c.Remind)
		h.yes(c.Polled)
	}
}

func (h *hasher) question(s *State, q *Question) {
	h.yes(q != nil)
	if q == nil {
		return
	}
	h.str(string(q.Kind))
	h.str(string(q.ID))
	h.n(q.Generation)
	h.str(string(q.Phase))
	h.time(q.PhaseAt)
	if q.Phase == PhaseOverLimit {
		h.time(s.nextCheck(q.PhaseAt, ceilingCheckEvery))
	}
	h.event(&q.Event)
	h.after(q.Event.Time, automaticFresh)
	h.n(len(q.Decisions))
	for i := range q.Decisions {
		d := &q.Decisions[i]
		h.str(string(d.Verdict))
		h.str(d.User)
		h.usd(d.Amount)
		h.str(string(d.Action))
		h.n(int(d.Number))
	}
	h.yes(q.Refusal != nil)
	h.yes(q.MaybeSent)
	h.yes(q.Other != nil)
	h.str(string(q.EndStatus))
	h.yes(q.Closed)
	h.yes(q.ToAct)
	h.eventIf(q.Newer)
	h.time(q.CheckAt)
	h.tryIf(q.Check)
	h.yes(q.Nobody)
	h.str(string(q.Stage))
	h.try(&q.Read)
	h.usd(q.Required)
	h.yes(q.Previous != nil)
	h.usd(q.Approved)
	h.yes(q.ByRule)
	h.yes(q.Numbers != nil)
	if n := q.Numbers; n != nil {
		h.usd(n.MaxCPI)
		h.n(int(n.Wanted))
		h.time(n.AsOf) // the same figures read later are another card
	}
	h.yes(q.FromPoll)
	c := &q.Clock
	h.time(c.From)
	h.time(c.Remind)
	h.time(c.Deadline)
	h.time(c.SilentSince)
	h.n(len(q.Offers))
	for i := range q.Offers {
		h.str(string(q.Offers[i].ID))
		h.n(int(q.Offers[i].Reason))
	}
	h.yes(q.Figures != nil)
	if f := q.Figures; f != nil {
		h.n(int(f.Wanted))
		h.n(int(f.Completes))
	}
}

func (h *hasher) act(a *Act) {
	h.yes(a != nil)
	if a == nil {
		return
	}
	h.try(&a.Try)
	h.str(string(a.Kind))
	h.str(string(a.ID))
	h.n(a.Generation)
	h.usd(a.Amount)
	h.yes(a.MustRead)
	h.yes(a.Action != nil)
	if a.Action != nil {
		h.str(string(a.Action.ID))
	}
	h.n(int(a.Number))
	h.usd(a.MaybeAmount)
}

func (h *hasher) decision(d *Decision) {
	h.str(d.ID)
	h.str(string(d.Of))
	h.str(string(d.Verdict))
	h.str(string(d.Request))
	h.n(d.Generation)
	h.usd(d.Amount)
	h.usd(d.UpTo)
	h.yes(d.Second)
	h.str(string(d.Action))
	h.n(int(d.Number))
	h.n(d.Revision)
	h.str(d.User)
	h.yes(d.Channel != "")
}

func (h *hasher) invoice(s *State) {
	i := s.Invoice
	h.yes(i != nil)
	if i == nil {
		return
	}
	h.try(&i.Try)
	h.after(i.First, invoiceSlow)
	h.event(&i.Event)
	h.str(string(i.Newest.ID))
	h.time(s.invoicedBy())
	h.n(i.Revision)
	h.n(i.Accepted)
	h.yes(i.Body != "")
	h.str(string(i.Phase))
	h.yes(i.Refusal != nil)
	h.yes(i.HeldBack)
	h.yes(i.Confirmed)
	h.yes(i.Hold)
	h.str(string(i.Ended))
	h.yes(i.Missing)
	h.eventIf(i.Next)
	h.tryIf(i.Facts)
	h.yes(i.FactsRead)
	h.str(string(i.Status))
	h.after(i.Conflict, conflictAgain)
	if i.Phase == InvoiceDryRun {
		h.time(s.nextCheck(i.PhaseAt, dryRunCheckEvery))
	}
}

// uncounted is a message's key without the version that it tells of.
func uncounted(key string) string {
	if strings.Contains(key, "outage-") {
		key = key[:strings.LastIndexByte(key, '-')]
	}
	return key
}

func (h *hasher) message(s *State, m *Message) {
	h.str(uncounted(m.Key))
	h.str(m.Channel)
	h.str(m.Parent)
	h.str(m.User)
	h.shown(showsOf(&m.Card))
	h.try(&m.Try)
	h.yes(m.Tries == 0)
	h.yes(m.pending())
	h.yes(m.Busy && m.Attempting == m.Wanted)
	h.yes(m.Read != nil)
	h.yes(m.TS != "")
	parent := s.message(m.Parent)
	h.yes(m.Thread != "" && (parent == nil || parent.TS != m.Thread)) // the last try went in a thread that is not there any more
	h.yes(m.PostedAt.IsZero())
	h.after(m.Due, overdueAfter)
	h.time(m.Hold)
	h.yes(m.MayDigest)
	h.yes(m.Digesting)
	h.yes(m.InDigest)
	h.yes(m.Fault != "")
	h.yes(m.Failure != "")
	h.yes(m.Queued)
	h.yes(m.Overdue)
	h.yes(m.Plain)
}

// shows is what of a card matters: what it is about, and what can be clicked on it.
type shows struct {
	kind       string // "request", "pause", …, or the kind of a note
	id         string // of the question, the invoice's key, or the event
	generation int
	phase      string
	amount     string
	buttons    bool
	over       bool
}

func (h *hasher) shown(c shows) {
	h.str(c.kind)
	h.str(c.id)
	h.n(c.generation)
	h.str(c.phase)
	h.str(c.amount)
	h.yes(c.buttons)
	h.yes(c.over)
}

func showsOf(c *Card) shows {
	switch {
	case c.Request != nil:
		r := c.Request
		amount := ""
		if r.Required != nil {
			amount = r.Required.String()
		}
		return shows{"request", string(r.ID), r.Generation, string(r.Phase), amount, r.HasButtons(), r.Closed}
	case c.Pause != nil:
		out := shows{kind: "pause", id: string(c.Pause.Event.ID), over: c.Pause.End != nil}
		if a := c.Pause.Action; a != nil {
			out.id, out.generation, out.phase = string(a.ID), a.Generation, string(a.Phase)
			out.buttons = a.HasButtons() && !out.over
		}
		return out
	case c.Rejection != nil:
		return shows{kind: "rejection", id: string(c.Rejection.Event.ID), over: c.Rejection.End != nil}
	case c.Invoice != nil:
		phase := c.Invoice.Phase
		buttons := phase == InvoiceByHand || phase == InvoiceRefused || phase == InvoiceAsks || phase == InvoiceAsked
		return shows{kind: "invoice", id: c.Invoice.Key, generation: c.Invoice.Revision, phase: string(phase), buttons: buttons}
	case c.Note != nil:
		return shows{kind: string(c.Note.Kind), over: !c.Note.Over.IsZero()}
	case c.Answer != nil:
		return shows{kind: "answer", phase: string(c.Answer.Kind)}
	}
	return shows{}
}

// leftOut is what a hash does not read, and why.
var leftOut = map[string]string{
	"ID": "never changes", "Version": "never changes here", "Name": "text", "Description": "text", "Note": "text",
	"WaitingSince": "shown only", "Seen": "the events that were handed over tell it",
	"Deliveries": "likewise", "Counts": "counters", "Last": "text", "Acts": "a counter", "Act.N": "a counter", "Act.Fault": "text", "Runs": "a counter",
	"Decisions": "text: the record that people see", "Handled": "the clicks that were made tell it", "Answers": "text",
	"Ledger": "the ledger", "Forgotten": "the ledger", "LedgerCut": "the ledger",
	"Settings":   "the environment tells it; it hashes those that change",
	"Poll.Asked": "a counter", "Poll.Applied": "only whether no event was applied since", "Poll.Fault": "text",
	"Invoice.Key": "Revision tells it", "Invoice.Body": "text", "Invoice.CPI": "text", "Invoice.Wanted": "text", "Invoice.Info": "text",
	"Invoice.By": "text", "Invoice.PhaseAt": "only when it is looked next", "Invoice.Twice": "text", "Invoice.Refusal": "text",
	"Pending[].Decision.Reason": "text", "Pending[].Decision.From": "text", "Pending[].Decision.At": "text",
	"Outbox[].Card": "text; what decides is read", "Outbox[].What": "text", "Outbox[].Sent": "TS tells it", "Outbox[].Link": "a link",
	"Outages[].What": "text", "Outages[].Since": "shown only", "Outages[].Failure": "text",
	"Outbox[].Again": "a counter", "Outbox[].Wanted": "a counter", "Outbox[].Shown": "a counter", "Outbox[].Attempting": "a counter", "Outbox[].Read": "text",
}

// leftOutOf is what a hash does not read of a kind of thing, wherever it stands.
var leftOutOf = map[reflect.Type]map[string]string{
	reflect.TypeFor[Try]():            {"Tries": "a counter", "First": "only whether it is set"},
	reflect.TypeFor[prodege.Event]():  {"ProjectID": "never differs", "Pricing": "text", "Unknown": "text", "Truncated": "text", "TimeGuessed": "text", "Delivery": "text", "Received": "text", "Future": "its time tells it", "Ahead": "text", "Vouched": "only whether it is set", "RejectionNote": "likewise"},
	reflect.TypeFor[Pause]():          {"Decided": "only whether it is set"},
	reflect.TypeFor[Order]():          {"At": "its ID tells it"},
	reflect.TypeFor[Question]():       {"Previous": "text", "Sent": "text", "Unread": "text", "Earlier": "text", "PausedAt": "text", "Refusal": "text", "Other": "text"},
	reflect.TypeFor[Clock]():          {"Reminders": "a counter"},
	reflect.TypeFor[Decided]():        {"Reason": "text", "At": "text", "From": "text", "DryRun": "text"},
	reflect.TypeFor[Numbers]():        {"CPI": "text", "AvgCPI": "text", "Completes": "text", "BidIR": "text", "ActualIR": "text", "BidLOI": "text", "ActualLOI": "text"},
	reflect.TypeFor[Figures]():        {"CPI": "text", "ClickCap": "text", "ClicksLeft": "text", "Refill": "text", "Clicks": "text"},
	reflect.TypeFor[prodege.Action](): {"Label": "the ID tells it", "Asks": "likewise", "Status": "likewise", "Confirm": "text", "Reason": "likewise"},
}

// TestHashReadsEveryField changes one field after another: the hash must change, or the field be listed as left out.
func TestHashReadsEveryField(t *testing.T) {
	h := &hasher{}
	sum := func(s *State) [16]byte {
		h.reset(s.now)
		h.state(s)
		return h.sum()
	}
	s := filledState()
	before := sum(s)
	used := map[string]bool{}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		name := strings.TrimPrefix(path, ".")
		if _, out := leftOut[name]; out {
			used[name] = true
			return
		}
		switch {
		case v.Kind() == reflect.Pointer && v.Type() != reflect.TypeFor[*time.Location]() && v.Type() != reflect.TypeFor[*prodege.USD]():
			walk(path, v.Elem())
		case v.Kind() == reflect.Slice:
			walk(path+"[]", v.Index(0))
		case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]() && v.Type() != reflect.TypeFor[prodege.USD]():
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if _, out := leftOutOf[v.Type()][f.Name]; !f.IsExported() || out {
					continue
				}
				if f.Anonymous {
					walk(path, v.Field(i))
				} else {
					walk(path+"."+f.Name, v.Field(i))
				}
			}
		default:
			old := reflect.ValueOf(v.Interface())
			for _, other := range others(v) {
				v.Set(other)
				if sum(s) != before {
					v.Set(old)
					return
				}
			}
			v.Set(old)
			t.Errorf("the hash does not read State.%s, and it is not listed as left out", name)
		}
	}
	walk("", reflect.ValueOf(s).Elem())
	for name, why := range leftOut {
		if !used[name] {
			t.Errorf("State.%s is listed as left out (%s), but there is no such field", name, why)
		}
	}
	if sum(s) != before {
		t.Fatal("the test changed its state")
	}
}

// others are values that differ from a field's.
func others(v reflect.Value) []reflect.Value {
	list := []reflect.Value{reflect.Zero(v.Type())}
	switch x := v.Interface().(type) {
	case time.Time:
		list = append(list, reflect.ValueOf(filledAt.Add(time.Hour)), reflect.ValueOf(filledAt))
	case string:
		list = append(list, reflect.ValueOf(x+"x"))
	case int:
		list = append(list, reflect.ValueOf(x+1))
	}
	return list
}

func (c shows) String() string {
	text := cmp.Or(c.kind, "nothing")
	if c.id != "" {
		text += " " + c.id
	}
	if c.generation > 0 {
		text += fmt.Sprintf(" g%d", c.generation)
	}
	if c.amount != "" {
		text += " $" + c.amount
	}
	if c.phase != "" {
		text += " " + c.phase
	}
	if c.buttons {
		text += " with buttons"
	}
	if c.over {
		text += " (over)"
	}
	return text
}
