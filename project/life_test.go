package project_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// maxState is the limit for a state in bytes. Continue-as-new, for which Temporal accepts 2 MiB, and each query
// contain one state.
const maxState = 256 << 10

// burst returns n events of all kinds.
func burst(n int, from time.Time) []prodege.Event {
	statuses := []prodege.Status{prodege.Paused, prodege.Live, prodege.Paused, prodege.PendingComplete, prodege.Complete}
	reasons := []prodege.Reason{113, 0, 160, 902, 903}
	events := make([]prodege.Event, n)
	for i := range events {
		events[i] = prodege.Event{ID: prodege.EventID(fmt.Sprintf("e%08d", i)), Time: from.Add(time.Duration(i) * time.Second), ProjectID: 29303649,
			Status: statuses[i%5], Reason: reasons[i%5], Delivery: fmt.Sprint("delivery ", i), Received: from}
		if events[i].Reason == prodege.RealTimePricing {
			events[i].RequiredCPI = usd(fmt.Sprintf("4.%02d", i%100))
		}
	}
	return events
}

// TestTenThousandEventsInOneTurn checks that a large turn is fast. Temporal repeats a workflow task that takes longer
// than ten seconds, and reports one that takes a second as a deadlock. The turn takes a fraction of a second; the
// limit here allows for a slow machine but not for quadratic time.
func TestTenThousandEventsInOneTurn(t *testing.T) {
	w := newWorld(t)
	events := burst(10_000, w.now)
	began := time.Now()
	w.s.Step(project.Turn{Now: w.now, Settings: w.settings, Events: events})
	wanted := w.s.Wanted()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("10,000 events took %v", took)
	}
	if c := w.s.Counts; c.Received != 10_000 || c.Applied != 10_000 {
		t.Errorf("counts %+v", c)
	}
	if len(wanted) > 10 {
		t.Errorf("%d tasks are wanted at once", len(wanted))
	}
	if size := len(mustJSON(t, w.s)); size > maxState {
		t.Errorf("the state has %d bytes", size)
	}
}

// TestManyAmountsWhileSlackIsAway checks that amounts superseded before they could be posted are never posted.
func TestManyAmountsWhileSlackIsAway(t *testing.T) {
	w := newWorld(t)
	w.slack.behaviour = behaviour{mode: "away"}
	for n := range 3000 {
		w.turn.Events = append(w.turn.Events, prodege.Event{ID: prodege.EventID(fmt.Sprintf("e%06d", n)), Time: w.now, ProjectID: w.id, Status: prodege.Paused,
			Reason: prodege.RealTimePricing, RequiredCPI: usd(fmt.Sprintf("4.%04d", n)), Received: w.now})
		if n%500 == 0 {
			w.settle()
			w.advance(w.now.Add(time.Minute))
		}
	}
	w.settle()
	if len(w.s.Outbox) > 4 { // including the notice of an outage
		t.Errorf("%d messages are pending", len(w.s.Outbox))
	}
}

// TestManyPausesWhileSlackIsAway checks that alerts and requests that can't be posted for long are summed up.
func TestManyPausesWhileSlackIsAway(t *testing.T) {
	w := newWorld(t)
	w.slack.behaviour = behaviour{mode: "refuses", arg: "channel_not_found"}
	w.roundTripEvery = 50
	for n := range 60 {
		for i, status := range []prodege.Status{prodege.Paused, prodege.Live, prodege.Paused, prodege.Live} {
			e := prodege.Event{ID: prodege.EventID(fmt.Sprintf("e%06d%d", n, i)), Time: w.now, ProjectID: w.id, Status: status, Received: w.now}
			if i == 0 {
				e.Reason, e.RequiredCPI = prodege.RealTimePricing, usd("4.25")
			}
			w.turn.Events = append(w.turn.Events, e)
			w.settle()
			w.advance(w.now.Add(time.Hour))
		}
	}
	if size := len(mustJSON(t, w.s)); size > maxState || len(w.s.Outbox) > 30 {
		t.Errorf("%d messages are pending, the state has %d bytes: %s", len(w.s.Outbox), size, sizeReport(t, w.s))
	}
}

func BenchmarkTenThousandEvents(b *testing.B) {
	w := newWorld(nil)
	events := burst(10_000, w.now)
	for b.Loop() {
		project.New(w.id).Step(project.Turn{Now: w.now, Settings: w.settings, Events: events})
	}
}

// TestLongLife runs random long lives of a project, with failing counterparties and the longest texts, and checks that
// the state stays small and that one decoded from its JSON behaves the same.
func TestLongLife(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	lives, turns := 2, 50
	for seed := range lives {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runLongLife(t, rand.New(rand.NewPCG(uint64(seed), 1)), turns) })
	}
}

func runLongLife(t *testing.T, r *rand.Rand, turns int) {
	w := newWorld(t)
	w.roundTripEvery = 50
	w.settings.PollEvery = 6 * time.Hour
	w.settings.Ceiling, w.settings.SecondApproverAbove, w.settings.AutoApproveUpTo = usd("8"), usd("6"), usd("4")
	w.settings.ProjectLinger = 100_000 * time.Hour // longer than the test
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	largest := 0
	for range turns {
		for range r.IntN(60) {
			w.turn.Events = append(w.turn.Events, w.randomEvent(r))
		}
		for range r.IntN(4) {
			w.turn.Decisions = append(w.turn.Decisions, w.randomDecision(r))
		}
		if r.IntN(8) == 0 {
			w.slack.behaviour = behaviour{mode: pick("", "", "away", "queued", "lost", "plain", "refuses")}
			w.prodege.acts = behaviour{mode: pick("", "away", "lost", "ineffective"), arg: "2014"}
			w.prodege.reads = behaviour{mode: pick("", "", "away"), delay: time.Duration(r.IntN(4)) * time.Second}
			w.billing = behaviour{mode: pick("", "409", "500", "422", "lost")}
			w.settings.DryRun = r.IntN(6) == 0
		}
		w.settle()
		w.advance(w.now.Add(time.Duration(r.IntN(1200)) * time.Second))
		w.lines = nil
		if size := len(mustJSON(t, w.s)); size > largest {
			largest = size
		}
		if largest > maxState {
			t.Fatalf("the state has %d bytes: %s", largest, sizeReport(t, w.s))
		}
		if c := w.s.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable {
			t.Fatalf("the dispositions do not add up: %+v", c)
		}
	}
	t.Logf("largest state %d bytes, %d events, %d ledger lines dropped", largest, w.s.Counts.Received, w.s.Forgotten)
}

// TestLongestTexts fills a state with the longest texts while Slack is unavailable, of characters that take six bytes
// each in JSON.
func TestLongestTexts(t *testing.T) {
	w := newWorld(t)
	w.roundTripEvery = 20
	w.slack.behaviour = behaviour{mode: "away"}
	w.approverList = behaviour{mode: "held"}
	long := strings.Repeat("<", 2048)
	for n := range 1500 {
		e := prodege.Event{ID: prodege.EventID(fmt.Sprintf("%024x<%d", n, n)), Time: w.now, ProjectID: w.id, Status: prodege.Paused, Reason: prodege.Reason(n % 300),
			Description: long, RejectionNote: long, ReconciliationNote: long, RequiredCPIText: long, Delivery: fmt.Sprint(n), Received: w.now}
		switch n % 4 {
		case 1:
			e.Status, e.RejectionNote = prodege.PendingComplete, ""
		case 2:
			e.Status = prodege.Status(long)
		case 3:
			e.RejectionNote, e.RequiredCPIText = "", ""
		}
		w.turn.Events = append(w.turn.Events, e)
		w.turn.Decisions = append(w.turn.Decisions, project.Decision{ID: fmt.Sprintf("1764511200.%06d-act", n), Of: project.OfCPI, Verdict: project.Approve, User: "U0ANN",
			Request: project.SafeID(e.ID), Reason: long, Channel: "#approvals", From: project.FromSlack, At: w.now})
		if n%100 == 0 {
			w.settle()
			w.lines = nil
			w.advance(w.now.Add(time.Minute))
			if size := len(mustJSON(t, w.s)); size > maxState {
				t.Fatalf("after %d events the state has %d bytes: %s", n, size, sizeReport(t, w.s))
			}
		}
	}
}

// sizeReport lists the large parts of a state.
func sizeReport(t *testing.T, s *project.State) string {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(mustJSON(t, s)), &fields); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for name, raw := range fields {
		if len(raw) > 4000 {
			fmt.Fprintf(&b, "%s %d, ", name, len(raw))
		}
	}
	kinds := map[string]int{}
	for _, m := range s.Outbox {
		kinds[m.What]++
		kinds[m.What+" bytes"] += len(mustJSON(t, m))
	}
	return b.String() + fmt.Sprint(kinds)
}

func (w *world) randomEvent(r *rand.Rand) prodege.Event {
	w.nextEvent++
	statuses := []prodege.Status{prodege.Paused, prodege.Paused, prodege.Paused, prodege.Live, prodege.Live, prodege.PendingComplete, prodege.Complete, prodege.Invoiced, prodege.Pending, "ARCHIVED"}
	reasons := []prodege.Reason{113, 156, 158, 160, 160, 160, 207, 222, 244, 999, 4711, 0}
	e := prodege.Event{ID: prodege.EventID(fmt.Sprintf("%024x", r.Uint64())), ProjectID: w.id, Received: w.now, Delivery: fmt.Sprint(w.nextEvent),
		Time: w.now.Add(-time.Duration(r.IntN(300)) * time.Second), Status: statuses[r.IntN(len(statuses))], Reason: reasons[r.IntN(len(reasons))]}
	if e.Reason == prodege.RealTimePricing {
		e.RequiredCPI = usd(fmt.Sprintf("%d.%02d", 3+r.IntN(7), r.IntN(100)))
	}
	switch r.IntN(10) {
	case 0:
		e.RejectionNote = strings.Repeat("é<", 500)
	case 1:
		e.ReconciliationNote = strings.Repeat("x\"", 500)
	case 2:
		e.Description = strings.Repeat("y&", 1000)
	}
	i := &w.prodege.info
	i.Status, i.PausedForCPI, i.RequiredCPI = e.Status, e.AsksCPI(), e.RequiredCPI
	return e
}

// randomDecision returns a click that may or may not fit what is open.
func (w *world) randomDecision(r *rand.Rand) project.Decision {
	w.nextClick++
	d := project.Decision{ID: fmt.Sprint("click ", w.nextClick), User: []string{"U0ANN", "U0BOB", "U0EVE"}[r.IntN(3)], From: project.FromSlack, Channel: "#approvals", At: w.now,
		Reason: strings.Repeat("because ", r.IntN(100))}
	verdicts := map[project.QuestionKind][]project.Verdict{
		project.OfCPI:     {project.Approve, project.Approve, project.Reject, project.AskAgain, project.TryAgain, project.Close},
		project.OfAction:  {project.ChooseAction, project.ChooseAction, project.TryAgain},
		project.OfInvoice: {project.MarkInvoiced, project.SendInvoice, project.TryAgain},
	}
	d.Of = []project.QuestionKind{project.OfCPI, project.OfCPI, project.OfAction, project.OfInvoice}[r.IntN(4)]
	d.Verdict = verdicts[d.Of][r.IntN(len(verdicts[d.Of]))]
	if q := w.s.OpenRequest(); q != nil && d.Of == project.OfCPI {
		d.Request, d.Generation, d.Amount = q.ID, q.Generation, q.Required
	}
	if q := w.s.OpenAction(); q != nil && d.Of == project.OfAction {
		d.Request, d.Generation = q.ID, q.Generation
		if len(q.Offers) > 0 {
			row := q.Offers[r.IntN(len(q.Offers))]
			if d.Action = row.ID; row.Asks != prodege.AsksNothing {
				d.Number = int64(500 + r.IntN(200))
			}
		}
	}
	if i := w.s.Invoice; i != nil && d.Of == project.OfInvoice {
		d.Revision = i.Revision
	}
	return d
}
