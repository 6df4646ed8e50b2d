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

// hasher hashes the parts of a state that decide its future behavior. Two states with the same hash are treated as
// equal: they differ only in the ledger, texts, links and counters. Ids of poll findings are replaced by their rank,
// and times by whether they are past, present, or by their rank among future times. TestHashReadsEveryField checks
// that every other field is hashed, and exploration.checkEquivalent that states with the same hash behave the same.
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

func (h *hasher) bool(b bool) {
	if b {
		h.buf = append(h.buf, 1)
	} else {
		h.buf = append(h.buf, 0)
	}
}

func (h *hasher) int(n int) { h.buf = append(h.buf, byte(n), byte(n>>8)) }

// string writes a text. Each "sweep-<second>" in it is replaced by the order of its first occurrence.
func (h *hasher) string(s string) {
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

// time writes a time as past, present, or by its rank among future times.
func (h *hasher) time(t time.Time) { h.times = append(h.times, t) }

// timePlus writes t plus d if t is set.
func (h *hasher) timePlus(t time.Time, d time.Duration) {
	if !t.IsZero() {
		t = t.Add(d)
	}
	h.time(t)
}

func (h *hasher) usd(u *prodege.USD) {
	if u == nil {
		h.bool(false)
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

// state writes the parts of a state that decide its future behavior.
func (h *hasher) state(s *State) {
	h.string(string(s.Status))
	h.int(int(s.Reason))
	h.time(s.StatusSince)
	h.string(string(s.Waiting))
	h.string(string(s.Newest.ID))
	h.bool(s.Counts.Received == 0 && s.Runs == 0)
	h.bool(s.Name.Name != "")
	h.pause(s.Pause)
	h.pause(s.LastPause)
	h.question(s, s.Request)
	h.question(s, s.Action)
	h.question(s, s.Former)
	h.act(s.Act)
	h.int(len(s.Automatic))
	for _, at := range s.Automatic {
		h.timePlus(at, automaticWithin)
	}
	h.int(len(s.Pending))
	for i := range s.Pending {
		p := &s.Pending[i]
		h.decision(&p.Decision)
		h.try(&p.Check)
		h.bool(p.Answer != nil)
		if p.Answer != nil {
			h.bool(p.Answer.Allowed)
			h.bool(p.Answer.Known)
		}
	}
	h.invoice(s)
	h.bool(s.InvoicedFirst != nil)
	if f := s.InvoicedFirst; f != nil {
		h.event(&f.Event)
		h.time(f.Until)
	}
	p := &s.Poll
	h.time(p.Next)
	h.tryPtr(p.Asking)
	h.bool(p.Applied == s.Counts.Applied)
	h.eventPtr(p.Found)
	if p.Found != nil {
		h.timePlus(p.Found.Time, pollAgain-pollSkew)
		h.timePlus(p.Found.Time, pollAgain)
	}
	h.timePlus(p.AskedAt, pollAgain)
	h.time(p.LastAt)
	h.tryPtr(s.Figures)
	l := &s.Life
	h.bool(l.Old)
	h.bool(l.Known)
	h.bool(l.Earlier)
	h.try(&l.Search)
	h.int(len(s.Outbox))
	for _, m := range s.Outbox {
		h.message(s, m)
	}
	h.int(len(s.Outages))
	for i := range s.Outages {
		h.string(s.Outages[i].Channel)
		h.string(trimVersion(s.Outages[i].Alert))
	}
	h.time(s.ClosesAt)
	h.bool(s.Cancelled)
	h.bool(s.AskAnew)
	set := &s.Settings
	h.bool(set.DryRun)
	h.bool(set.HasAPIKey)
	h.bool(set.HasBilling)
	h.bool(set.AlertActions)
	h.usd(set.Ceiling)
}

func (h *hasher) try(t *Try) {
	h.bool(t.Busy)
	h.time(t.After)
	h.bool(t.Maybe)
	h.time(t.Until)
	h.bool(t.First.IsZero())
}

func (h *hasher) tryPtr(t *Try) {
	h.bool(t != nil)
	if t != nil {
		h.try(t)
	}
}

func (h *hasher) event(e *prodege.Event) {
	h.string(string(e.ID))
	h.time(e.Time)
	h.string(string(e.Status))
	h.int(int(e.Reason))
	h.string(e.Description)
	h.bool(e.RejectionNote != "")
	h.string(e.ReconciliationNote)
	h.usd(e.RequiredCPI)
	h.bool(e.RequiredCPIText != "")
	h.string(string(e.Source))
	h.bool(e.Vouched != "")
}

func (h *hasher) eventPtr(e *prodege.Event) {
	h.bool(e != nil)
	if e != nil {
		h.event(e)
	}
}

func (h *hasher) pause(p *Pause) {
	h.bool(p != nil)
	if p == nil {
		return
	}
	h.string(string(p.Opened))
	h.time(p.Since)
	h.string(string(p.After.ID))
	h.event(&p.Event)
	h.event(&p.About)
	h.bool(p.ForCPI)
	h.string(p.Alert)
	h.string(p.Request)
	h.string(p.Rejection)
	h.int(min(p.Times, 2))
	h.int(min(p.Flaps, maxAlerts))
	h.bool(p.Posted)
	h.bool(p.Decided != nil)
	h.eventPtr(p.Ended)
	if p.Ended != nil {
		h.timePlus(p.Ended.Time, flapWithin)
	}
	h.bool(p.Inactivity != nil)
	if c := p.Inactivity; c != nil {
		h.time(c.Paused)
		h.time(c.At)
		h.time(c.Remind)
		h.bool(c.Polled)
	}
}

func (h *hasher) question(s *State, q *Question) {
	h.bool(q != nil)
	if q == nil {
		return
	}
	h.string(string(q.Kind))
	h.string(string(q.ID))
	h.int(q.Generation)
	h.string(string(q.Phase))
	h.time(q.PhaseAt)
	if q.Phase == PhaseOverLimit {
		h.time(s.nextCheck(q.PhaseAt, ceilingCheckEvery))
	}
	h.event(&q.Event)
	h.timePlus(q.Event.Time, automaticFresh)
	h.int(len(q.Decisions))
	for i := range q.Decisions {
		d := &q.Decisions[i]
		h.string(string(d.Verdict))
		h.string(d.User)
		h.usd(d.Amount)
		h.string(string(d.Action))
		h.int(int(d.Number))
	}
	h.bool(q.Refusal != nil)
	h.bool(q.MaybeSent)
	h.bool(q.Other != nil)
	h.string(string(q.EndStatus))
	h.bool(q.Closed)
	h.bool(q.ToAct)
	h.eventPtr(q.Newer)
	h.time(q.CheckAt)
	h.tryPtr(q.Check)
	h.bool(q.Nobody)
	h.string(string(q.Stage))
	h.try(&q.Read)
	h.usd(q.Required)
	h.bool(q.Previous != nil)
	h.usd(q.Approved)
	h.bool(q.ByRule)
	h.bool(q.Numbers != nil)
	if n := q.Numbers; n != nil {
		h.usd(n.MaxCPI)
		h.int(int(n.Wanted))
		h.time(n.AsOf) // the same figures read later change the card
	}
	h.bool(q.FromPoll)
	c := &q.Clock
	h.time(c.From)
	h.time(c.Remind)
	h.time(c.Deadline)
	h.time(c.SilentSince)
	h.int(len(q.Offers))
	for i := range q.Offers {
		h.string(string(q.Offers[i].ID))
		h.int(int(q.Offers[i].Reason))
	}
	h.bool(q.Figures != nil)
	if f := q.Figures; f != nil {
		h.int(int(f.Wanted))
		h.int(int(f.Completes))
	}
}

func (h *hasher) act(a *Act) {
	h.bool(a != nil)
	if a == nil {
		return
	}
	h.try(&a.Try)
	h.string(string(a.Kind))
	h.string(string(a.ID))
	h.int(a.Generation)
	h.usd(a.Amount)
	h.bool(a.MustRead)
	h.bool(a.Action != nil)
	if a.Action != nil {
		h.string(string(a.Action.ID))
	}
	h.int(int(a.Number))
	h.usd(a.MaybeAmount)
}

func (h *hasher) decision(d *Decision) {
	h.string(d.ID)
	h.string(string(d.Of))
	h.string(string(d.Verdict))
	h.string(string(d.Request))
	h.int(d.Generation)
	h.usd(d.Amount)
	h.usd(d.UpTo)
	h.bool(d.Second)
	h.string(string(d.Action))
	h.int(int(d.Number))
	h.int(d.Revision)
	h.string(d.User)
	h.bool(d.Channel != "")
}

func (h *hasher) invoice(s *State) {
	i := s.Invoice
	h.bool(i != nil)
	if i == nil {
		return
	}
	h.try(&i.Try)
	h.timePlus(i.First, invoiceSlow)
	h.event(&i.Event)
	h.string(string(i.Newest.ID))
	h.time(s.invoicedBy())
	h.int(i.Revision)
	h.int(i.Accepted)
	h.bool(i.Body != "")
	h.string(string(i.Phase))
	h.bool(i.Refusal != nil)
	h.bool(i.HeldBack)
	h.bool(i.Confirmed)
	h.bool(i.Hold)
	h.string(string(i.Ended))
	h.bool(i.Missing)
	h.eventPtr(i.Next)
	h.tryPtr(i.Facts)
	h.bool(i.FactsRead)
	h.string(string(i.Status))
	h.timePlus(i.Conflict, conflictAgain)
	if i.Phase == InvoiceDryRun {
		h.time(s.nextCheck(i.PhaseAt, dryRunCheckEvery))
	}
}

// trimVersion returns a message's key without the version of the outage in it.
func trimVersion(key string) string {
	if strings.Contains(key, "outage-") {
		key = key[:strings.LastIndexByte(key, '-')]
	}
	return key
}

func (h *hasher) message(s *State, m *Message) {
	h.string(trimVersion(m.Key))
	h.string(m.Channel)
	h.string(m.Parent)
	h.string(m.User)
	h.card(summarize(&m.Card))
	h.try(&m.Try)
	h.bool(m.Tries == 0)
	h.bool(m.pending())
	h.bool(m.Busy && m.Attempting == m.Wanted)
	h.bool(m.Read != nil)
	h.bool(m.TS != "")
	parent := s.message(m.Parent)
	h.bool(m.Thread != "" && (parent == nil || parent.TS != m.Thread)) // the last attempt was in a thread that is gone
	h.bool(m.PostedAt.IsZero())
	h.timePlus(m.Due, overdueAfter)
	h.time(m.Hold)
	h.bool(m.MayDigest)
	h.bool(m.Digesting)
	h.bool(m.InDigest)
	h.bool(m.Fault != "")
	h.bool(m.Failure != "")
	h.bool(m.Queued)
	h.bool(m.Overdue)
	h.bool(m.Plain)
}

// cardSummary contains what a card is about and what can be clicked on it.
type cardSummary struct {
	kind       string // "request", "pause", …, or the kind of a note
	id         string // of the question, the invoice's key, or the event
	generation int
	phase      string
	amount     string
	buttons    bool
	over       bool
}

func (h *hasher) card(c cardSummary) {
	h.string(c.kind)
	h.string(c.id)
	h.int(c.generation)
	h.string(c.phase)
	h.string(c.amount)
	h.bool(c.buttons)
	h.bool(c.over)
}

func summarize(c *Card) cardSummary {
	switch {
	case c.Request != nil:
		r := c.Request
		amount := ""
		if r.Required != nil {
			amount = r.Required.String()
		}
		return cardSummary{"request", string(r.ID), r.Generation, string(r.Phase), amount, r.HasButtons(), r.Closed}
	case c.Pause != nil:
		out := cardSummary{kind: "pause", id: string(c.Pause.Event.ID), over: c.Pause.End != nil}
		if a := c.Pause.Action; a != nil {
			out.id, out.generation, out.phase = string(a.ID), a.Generation, string(a.Phase)
			out.buttons = a.HasButtons() && !out.over
		}
		return out
	case c.Rejection != nil:
		return cardSummary{kind: "rejection", id: string(c.Rejection.Event.ID), over: c.Rejection.End != nil}
	case c.Invoice != nil:
		phase := c.Invoice.Phase
		buttons := phase == InvoiceByHand || phase == InvoiceRefused || phase == InvoiceAsks || phase == InvoiceAsked
		return cardSummary{kind: "invoice", id: c.Invoice.Key, generation: c.Invoice.Revision, phase: string(phase), buttons: buttons}
	case c.Note != nil:
		return cardSummary{kind: string(c.Note.Kind), over: !c.Note.Over.IsZero()}
	case c.Answer != nil:
		return cardSummary{kind: "answer", phase: string(c.Answer.Kind)}
	}
	return cardSummary{}
}

// unhashed lists the fields that are not hashed, and why.
var unhashed = map[string]string{
	"ID": "never changes", "Version": "never changes here", "Name": "text", "Description": "text", "Note": "text",
	"WaitingSince": "shown only", "Seen": "implied by the delivered events",
	"Deliveries": "implied by the delivered events", "Counts": "counters", "Last": "text", "Acts": "a counter", "Act.N": "a counter", "Act.Fault": "text", "Runs": "a counter",
	"Decisions": "text", "Handled": "implied by the clicks made", "Answers": "text",
	"Ledger": "the ledger", "Forgotten": "the ledger", "LedgerCut": "the ledger",
	"Settings":   "the world hashes those that change",
	"Poll.Asked": "a counter", "Poll.Applied": "only whether an event was applied since", "Poll.Fault": "text",
	"Invoice.Key": "implied by Revision", "Invoice.Body": "text", "Invoice.CPI": "text", "Invoice.Wanted": "text", "Invoice.Info": "text",
	"Invoice.By": "text", "Invoice.PhaseAt": "only the time of the next check", "Invoice.Twice": "text", "Invoice.Refusal": "text",
	"Pending[].Decision.Reason": "text", "Pending[].Decision.From": "text", "Pending[].Decision.At": "text",
	"Outbox[].Card": "text; its summary is hashed", "Outbox[].What": "text", "Outbox[].Sent": "implied by TS", "Outbox[].Link": "a link",
	"Outages[].What": "text", "Outages[].Since": "shown only", "Outages[].Failure": "text",
	"Outbox[].Again": "a counter", "Outbox[].Wanted": "a counter", "Outbox[].Shown": "a counter", "Outbox[].Attempting": "a counter", "Outbox[].Read": "text",
}

// unhashedFields lists the fields that are not hashed of any value of a type, and why.
var unhashedFields = map[reflect.Type]map[string]string{
	reflect.TypeFor[Try]():            {"Tries": "a counter", "First": "only whether it is set"},
	reflect.TypeFor[prodege.Event]():  {"ProjectID": "never differs", "Pricing": "text", "Unknown": "text", "Truncated": "text", "TimeGuessed": "text", "Delivery": "text", "Received": "text", "Future": "implied by its time", "Ahead": "text", "Vouched": "only whether it is set", "RejectionNote": "only whether it is set"},
	reflect.TypeFor[Pause]():          {"Decided": "only whether it is set"},
	reflect.TypeFor[Order]():          {"At": "implied by its ID"},
	reflect.TypeFor[Question]():       {"Previous": "text", "Sent": "text", "Unread": "text", "Earlier": "text", "PausedAt": "text", "Refusal": "text", "Other": "text"},
	reflect.TypeFor[Clock]():          {"Reminders": "a counter"},
	reflect.TypeFor[Decided]():        {"Reason": "text", "At": "text", "From": "text", "DryRun": "text"},
	reflect.TypeFor[Numbers]():        {"CPI": "text", "AvgCPI": "text", "Completes": "text", "BidIR": "text", "ActualIR": "text", "BidLOI": "text", "ActualLOI": "text"},
	reflect.TypeFor[Figures]():        {"CPI": "text", "ClickCap": "text", "ClicksLeft": "text", "Refill": "text", "Clicks": "text"},
	reflect.TypeFor[prodege.Action](): {"Label": "implied by the ID", "Asks": "implied by the ID", "Status": "implied by the ID", "Confirm": "text", "Reason": "implied by the ID"},
}

// TestHashReadsEveryField changes each field in turn: the hash must change unless the field is listed as unhashed.
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
		if _, out := unhashed[name]; out {
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
				if _, out := unhashedFields[v.Type()][f.Name]; !f.IsExported() || out {
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
			for _, other := range otherValues(v) {
				v.Set(other)
				if sum(s) != before {
					v.Set(old)
					return
				}
			}
			v.Set(old)
			t.Errorf("State.%s is neither hashed nor listed as unhashed", name)
		}
	}
	walk("", reflect.ValueOf(s).Elem())
	for name, why := range unhashed {
		if !used[name] {
			t.Errorf("State.%s is listed as unhashed (%s), but there is no such field", name, why)
		}
	}
	if sum(s) != before {
		t.Fatal("the test changed its state")
	}
}

// otherValues returns values that differ from a field's.
func otherValues(v reflect.Value) []reflect.Value {
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

func (c cardSummary) String() string {
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
