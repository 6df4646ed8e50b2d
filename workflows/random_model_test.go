package workflows

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// truth is how the project stands at Prodege.
type truth struct {
	status   prodege.Status
	reason   prodege.Reason
	forCPI   bool
	required *prodege.USD
}

func (t *truth) take(e prodege.Event) {
	t.status, t.reason, t.forCPI, t.required = e.Status, e.Reason, e.AsksCPI(), e.RequiredCPI
}

func (t *truth) info() prodege.ProjectInfo {
	usd := prodege.MustUSD
	return prodege.ProjectInfo{ID: theProject, Name: "Oat milk study", Status: t.status, PausedForCPI: t.forCPI, RequiredCPI: t.required,
		PausedClicks: t.reason == prodege.MaxClicks, CPI: ptr(usd("3.10")), MaxCPI: ptr(usd("3.75")), SampleSize: 500}
}

// sweeps says whether a Project of that status asks Prodege by itself, so that a lost webhook is found.
func sweeps(s prodege.Status) bool {
	return s == prodege.Live || s == prodege.Paused || s == prodege.PendingComplete || s == prodege.Complete
}

// next is what happens next at Prodege; nothing happens after INVOICED.
func (t *truth) next(r *rand.Rand) (prodege.Event, bool) {
	pause := prodege.Event{Status: prodege.Paused, Reason: []prodege.Reason{113, 156, 158, 207, 222, 244, 999, 777}[r.IntN(8)]}
	forCPI := prodege.Event{Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: ptr(prodege.MustUSD([]string{"4.25", "5.00", "5.75", "7.10"}[r.IntN(4)]))}
	live := prodege.Event{Status: prodege.Live}
	pending := prodege.Event{Status: prodege.PendingComplete, Reason: 902}
	complete := prodege.Event{Status: prodege.Complete, Reason: 903, ReconciliationNote: []string{"", "a", "b"}[r.IntN(3)]}
	rejected := prodege.Event{Status: prodege.Paused, RejectionNote: "redo"}
	var may []prodege.Event
	switch t.status {
	case prodege.Paused:
		may = []prodege.Event{live, live, live, live, pause, pause, forCPI, forCPI, forCPI, forCPI, rejected, complete, pending}
	case prodege.PendingComplete:
		may = []prodege.Event{complete, complete, rejected, live, forCPI}
	case prodege.Complete:
		may = []prodege.Event{{Status: prodege.Invoiced}, {Status: prodege.Invoiced}, complete, pending}
	case prodege.Invoiced, prodege.Deleted:
		return prodege.Event{}, false
	default:
		may = []prodege.Event{pause, pause, pause, forCPI, forCPI, forCPI, forCPI, forCPI, forCPI, live, pending, complete, {Status: "FROZEN"}, {Status: prodege.Deleted}}
	}
	return may[r.IntN(len(may))], true
}

// acceptance is the activity as it is specified: it reads, then sends only what is still asked for. It may
// fail before its effect, and after.
func (s *story) acceptance(in activities.AcceptCPI) (got activities.Acceptance, err error) {
	defer func() { s.note("accept %s: %s %v", in.Approved, got.Outcome, err) }()
	r := s.dice("accept", len(s.accepts))
	if r.IntN(6) == 0 {
		s.faults++
		return activities.Acceptance{}, passing("ProdegeUnavailable", 0)
	}
	switch t := s.truth; {
	case t.status == prodege.Live && s.ours:
		return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved, Status: prodege.Live}, nil
	case t.status == prodege.Live:
		return activities.Acceptance{Outcome: activities.AcceptAlreadyLive, Status: t.status}, nil
	case t.status != prodege.Paused:
		return activities.Acceptance{Outcome: activities.AcceptEnded, Status: t.status}, nil
	case !t.forCPI:
		return activities.Acceptance{Outcome: activities.AcceptOther, Status: t.status}, nil
	case t.required.Cmp(in.Approved) > 0:
		return activities.Acceptance{Outcome: activities.AcceptRisen, Required: t.required, Status: t.status}, nil
	}
	s.accepted = append(s.accepted, in.Approved)
	s.emit(prodege.Event{Status: prodege.Live})
	s.ours = true
	if r.IntN(6) == 0 {
		s.faults++
		return activities.Acceptance{}, passing("ProdegeUnavailable", 0) // done, and the answer is lost
	}
	return activities.Acceptance{Outcome: activities.AcceptSent, Sent: &in.Approved, Status: prodege.Paused}, nil
}

func (s *story) billing(n int) (activities.InvoiceSent, error) {
	if s.dice("bill", n).IntN(4) == 0 {
		s.faults++
		return activities.InvoiceSent{}, passing("BillingUnavailable", 0)
	}
	return activities.InvoiceSent{Status: 202}, nil
}

// model is what a Project must make of the events in the order in which they arrive.
type model struct {
	ids                      map[prodege.EventID]bool
	stamps                   []string
	newest                   prodege.Event
	applied, duplicate, late int
	due                      bool // a COMPLETE or INVOICED came: an invoice is due
}

func (m *model) take(e prodege.Event) {
	if slices.Contains(m.stamps, e.Delivery) {
		return
	}
	m.stamps = append(m.stamps, e.Delivery)
	m.due = m.due || e.Status == prodege.Complete || e.Status == prodege.Invoiced
	switch {
	case m.ids[e.ID]:
		m.duplicate++
	case m.newest.ID == "" || m.newest.Before(e):
		m.applied++
		m.newest = e
	default:
		m.late++
	}
	m.ids[e.ID] = true
}

// check compares the end with the model.
func (s *story) check() {
	s.t.Helper()
	t, end := s.t, s.ended
	if len(s.arrived) == 0 {
		return // everything was lost: there is no project
	}
	counts := Counts{Received: int64(s.model.applied + s.model.duplicate + s.model.late), Applied: int64(s.model.applied), Duplicate: int64(s.model.duplicate), Late: int64(s.model.late)}
	want(t, "dispositions", end.Counts, counts)
	byOrder := s.model.newest.Status
	found := s.settings.HasAPIKey && end.Status == s.truth.status // whatever was lost or is of one second, asking finds it
	if !found && (s.settings.HasAPIKey && sweeps(byOrder) || end.Status != byOrder) {
		t.Errorf("status: got %s; by the events' order it is %s, at Prodege %s", end.Status, byOrder, s.truth.status)
	}
	s.checkMoney()
	s.checkInvoices()
	s.checkRequests()
	s.checkSaid()
}

// checkMoney holds that each effective acceptance has a decision of its own, for that very amount, by somebody allowed.
func (s *story) checkMoney() {
	s.t.Helper()
	var decided []string
	for _, line := range s.ended.Ledger {
		approved := line.What == string(activities.VerdictApprove) || line.What == string(activities.VerdictTryAgain)
		if line.Kind == LineDecision && approved && line.By != "U0EVE" && line.By != "" {
			decided = append(decided, line.Amount.String())
		}
	}
	for _, amount := range s.accepted {
		i := slices.Index(decided, amount.String())
		if i < 0 {
			s.t.Errorf("%s was accepted (all: %v) without a decision for it of its own", amount, s.accepted)
			continue
		}
		decided = slices.Delete(decided, i, i+1)
	}
}

// checkInvoices holds that each revision has one body, that numbers have no gap, and that an invoice which is
// due was made.
func (s *story) checkInvoices() {
	s.t.Helper()
	bodies := map[string]string{}
	for _, i := range s.invoices {
		if body, sent := bodies[i.Key]; sent && body != i.Body {
			s.t.Errorf("%s was sent with two bodies", i.Key)
		}
		bodies[i.Key] = i.Body
	}
	for n := range len(bodies) {
		if _, sent := bodies[InvoiceKey(theProject, n+1)]; !sent {
			s.t.Errorf("of %d invoices revision %d is missing", len(bodies), n+1)
		}
	}
	settled := s.ended.Status == prodege.Complete || s.ended.Status == prodege.Invoiced
	if (s.model.due || settled) && settled && len(bodies) == 0 {
		s.t.Errorf("an invoice is due and none was sent")
	}
	if len(bodies) > 0 && !s.model.due && !settled && s.lost == 0 {
		s.t.Errorf("an invoice was sent for a project that was never complete")
	}
}

// live are the phases with buttons that decide something.
var live = []activities.Phase{activities.PhaseOpen, activities.PhaseSecond, activities.PhaseExpired, activities.PhaseRefused, activities.PhaseStopped, activities.PhaseStill}

// gone are the phases that say that nothing is asked any more.
var gone = []activities.Phase{activities.PhaseElsewhere, activities.PhaseEnded, activities.PhaseLive, activities.PhaseOther, activities.PhaseAccepted}

// checkRequests holds that buttons are left for the standing pause alone, and that a project which stands
// still for CPI has a request that says so, for the amount that is asked now.
func (s *story) checkRequests() {
	s.t.Helper()
	standing := ""
	if p := s.ended.Pause; p != nil && p.ForCPI {
		standing = p.Request
	}
	var request *activities.Request
	for _, m := range s.messages {
		r := m.Card.Request
		switch {
		case r == nil:
		case r.Workflow == standing && standing != "":
			request = r
		case slices.Contains(live, r.Phase):
			s.t.Errorf("the request %s has buttons (%s) and its pause is over", r.Workflow, r.Phase)
		}
	}
	asked, wanted := s.truth.forCPI && s.truth.status == prodege.Paused, s.truth.required
	if !s.settings.HasAPIKey { // events of one second are told apart by their ids alone
		asked, wanted = s.model.newest.AsksCPI(), s.model.newest.RequiredCPI
	}
	if !asked || s.ended.Status != prodege.Paused {
		return
	}
	switch {
	case request == nil:
		s.t.Errorf("the project stands still for CPI and nobody is asked")
	case slices.Contains(gone, request.Phase):
		s.t.Errorf("the project stands still for CPI and its request says %q", request.Phase)
	case approvedFor(request, wanted): // a price that has fallen below what was approved is not asked about again
	case !sameAmount(request.Required, wanted):
		s.t.Errorf("%v is asked for, Prodege wants %v", request.Required, wanted)
	}
}

// approvedFor says whether what was approved reaches for an amount, and goes on or waits for people to try again.
func approvedFor(r *activities.Request, wanted *prodege.USD) bool {
	going := []activities.Phase{activities.PhaseHeld, activities.PhaseAccepted, activities.PhaseStill, activities.PhaseRefused, activities.PhaseStopped, activities.PhaseByHand}
	if !slices.Contains(going, r.Phase) || wanted == nil {
		return false
	}
	for i := len(r.Decisions) - 1; i >= 0; i-- {
		if d := r.Decisions[i]; d.Verdict == activities.VerdictApprove {
			return d.Amount != nil && d.Amount.Cmp(*wanted) >= 0
		}
	}
	return false
}

// checkSaid holds that nothing that is due to be said was left unsaid, and that no text is twice the same root.
func (s *story) checkSaid() {
	s.t.Helper()
	if len(s.whispers) > s.clicks {
		s.t.Errorf("%d answers to %d clicks", len(s.whispers), s.clicks)
	}
	for _, m := range s.ended.Messages {
		if m.unsaid() {
			s.t.Errorf("%s was never said", m.Key)
		}
	}
	for _, m := range s.messages {
		if r := m.Card.Request; r != nil && slices.Contains(failedPhases, r.Phase) && !s.toldFailed(m.TS, r.Phase) {
			s.t.Errorf("the request %s stands as %s, and its thread does not say so", r.Workflow, r.Phase)
		}
	}
	for _, kind := range s.notes() {
		if strings.HasSuffix(kind, string(activities.NoteMore)) && len(s.arrived) < maxUnsaid {
			s.t.Errorf("news were folded where there were few")
		}
	}
}

var failedPhases = []activities.Phase{activities.PhaseRefused, activities.PhaseStopped, activities.PhaseStill}

// toldFailed says whether a thread tells that phase.
func (s *story) toldFailed(thread string, phase activities.Phase) bool {
	return slices.ContainsFunc(s.messages, func(m *said) bool {
		return m.Thread == thread && m.Card.Note != nil && m.Card.Note.Kind == activities.NoteFailed && m.Card.Note.Phase == phase
	})
}

// TestTheModelTellsOrders keeps the model itself honest.
func TestTheModelTellsOrders(t *testing.T) {
	m := model{ids: map[prodege.EventID]bool{}}
	at := time.Unix(1700000000, 0)
	for _, e := range []prodege.Event{{ID: "b", Time: at, Delivery: "1"}, {ID: "b", Time: at, Delivery: "1"}, {ID: "b", Time: at, Delivery: "2"}, {ID: "a", Time: at, Delivery: "3"}, {ID: "c", Time: at, Delivery: "4"}} {
		m.take(e)
	}
	want(t, "applied, duplicate, late", [3]int{m.applied, m.duplicate, m.late}, [3]int{2, 1, 1})
}
