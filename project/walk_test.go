package project

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

var (
	walks       = flag.Int("walks", 120, "number of random walks")
	walkSteps   = flag.Int("walks.steps", 300, "number of steps of each walk")
	traceLength = flag.Int("walks.trace", 40, "number of steps to print of a walk that fails")
	walkSeed    = flag.Uint64("walks.seed", 1, "seed of the first walk")
)

// TestRandomWalks takes long random walks through the world of the models, with any number of clicks and faults, and
// checks the same invariants. It also checks that no decision reads the ledger or texts, that a state decoded from its
// JSON behaves the same, and that states stay small.
func TestRandomWalks(t *testing.T) {
	n, steps := *walks, *walkSteps
	if testing.Short() {
		n = 20
	}
	largest := 0
	for i := range n {
		seed := *walkSeed + uint64(i)
		size, fault := walk(seed, steps)
		largest = max(largest, size)
		if fault != "" {
			t.Fatalf("walk %d (-walks.seed %d -walks 1): %s", i, seed, fault)
		}
	}
	t.Logf("%d walks of %d steps, the largest state has %d bytes", n, steps, largest)
}

// walk takes one random walk. It returns the size of the largest state in bytes and a description of any fault.
func walk(seed uint64, steps int) (largest int, fault string) {
	r := rand.New(rand.NewPCG(seed, 7))
	w := newWorld(randomModel(r))
	var trace []string
	var list []transition
	for step := range steps {
		if list = w.transitions(list[:0]); len(list) == 0 {
			break
		}
		t := pick(r, list)
		trace = append(trace, t.label)
		stripped := w.stripped()
		if fault := w.step(t); fault != "" {
			return largest, failureReport(fault, trace, w)
		}
		if fault := stripped.step(t); fault != "" {
			return largest, failureReport("without ledger and texts: "+fault, trace, stripped)
		}
		if one, other := w.runningTasks(), stripped.runningTasks(); one != other {
			return largest, failureReport("running tasks with ledger and texts:\n  "+one+"\nwithout:\n  "+other, trace, w)
		}
		if step%7 == 0 && !w.ended {
			size, fault := checkRoundTrip(w)
			if largest = max(largest, size); fault != "" {
				return largest, failureReport(fault, trace, w)
			}
		}
	}
	return largest, checkSettles(w, trace)
}

// stripped returns a copy without the parts of the state that no decision may read.
func (w *world) stripped() *world {
	c := w.clone()
	s := c.s
	s.Ledger, s.Forgotten, s.LedgerCut, s.Last, s.Answers = nil, 0, time.Time{}, nil, nil
	s.Decisions, s.Note, s.Description, s.WaitingSince = nil, "", "", time.Time{}
	return c
}

// checkSettles lets a walk end with no further faults or events, and checks that everything due was done.
func checkSettles(w *world, trace []string) string {
	for step := range 500 {
		if step > 400 && len(w.running) == 0 || w.ended {
			if fault := w.checkAtRest(); fault != "" {
				return failureReport("at rest: "+fault, trace, w)
			}
			return ""
		}
		list := w.transitions(nil)
		at := slices.IndexFunc(list, func(t transition) bool { return t.happyPath })
		if at < 0 {
			break
		}
		trace = append(trace, list[at].label)
		if fault := w.step(list[at]); fault != "" {
			return failureReport(fault, trace, w)
		}
	}
	if fault := w.checkAtRest(); fault != "" && len(w.running) == 0 {
		return failureReport("at rest: "+fault, trace, w)
	}
	return ""
}

// failureReport returns a fault with the last steps that led to it and the state.
func failureReport(fault string, trace []string, w *world) string {
	return fault + "\n     " + strings.Join(trace[max(0, len(trace)-*traceLength):], "\n     ") + "\n" + describe(w)
}

// pick returns a random transition: task results are most frequent, and time passes rarely.
func pick(r *rand.Rand, list []transition) transition {
	classes := map[string][]transition{}
	for _, t := range list {
		class, _, _ := strings.Cut(strings.NewReplacer(",", " ", ":", " ").Replace(t.kind), " ")
		switch class {
		case "event", "click", "time", "operator":
		default:
			class = "fault"
			if t.happyPath {
				class = "result"
			}
		}
		classes[class] = append(classes[class], t)
	}
	for {
		class := "result"
		switch n := r.IntN(100); {
		case n < 15:
			class = "event"
		case n < 30:
			class = "click"
		case n < 37:
			class = "time"
		case n < 38:
			class = "operator"
		case n < 47:
			class = "fault"
		}
		if of := classes[class]; len(of) > 0 {
			return of[r.IntN(len(of))]
		}
	}
}

// checkRoundTrip checks that a state decoded from its JSON, as after continue-as-new, behaves like the original. It
// returns the size of the JSON in bytes.
func checkRoundTrip(w *world) (size int, fault string) {
	raw, err := json.Marshal(w.s)
	if err != nil {
		return 0, err.Error()
	}
	if len(raw) > maxState {
		return len(raw), fmt.Sprintf("the state has %d bytes", len(raw))
	}
	decoded := &State{}
	if err := json.Unmarshal(raw, decoded); err != nil {
		return len(raw), "the state can't be decoded: " + err.Error()
	}
	original := w.s.clone()
	turn := Turn{Now: w.now, Settings: w.settings, Cancelled: w.cancelled}
	original.Step(turn)
	decoded.Step(turn)
	return len(raw), DiffWanted(original, decoded)
}

// randomModel returns a model of up to 60 events, with any number of clicks and faults.
func randomModel(r *rand.Rand) *model {
	m := &model{name: "random", truth: live(), maxFaults: 1 << 30, unbounded: true, keepLedger: true, settings: with(func(s *Settings) {
		s.Ceiling, s.SecondApproverAbove = money("5.00"), money("4.40")
		if r.IntN(4) > 0 {
			s.AutoApproveUpTo = money("4.00")
		}
		s.HasBilling, s.HasAPIKey = r.IntN(4) > 0, r.IntN(8) > 0
	})}
	for i := range 1 + r.IntN(60) {
		e := randomEvent(r, i)
		if i > 0 && r.IntN(12) == 0 {
			e = m.events[r.IntN(i)].e // a repeat
		}
		m.events = append(m.events, modelEvent{e: e})
	}
	for _, user := range []string{"ana", "bob", "eve"} {
		for _, v := range []Verdict{Approve, Reject, AskAgain, TryAgain, Close} {
			m.clicks = append(m.clicks, click{user: user, of: OfCPI, verdict: v})
		}
		m.clicks = append(m.clicks, click{user: user, of: OfCPI, verdict: Approve, upTo: money("4.75")},
			click{user: user, of: OfAction, verdict: ChooseAction, action: prodege.ActClicks, number: 100},
			click{user: user, of: OfAction, verdict: ChooseAction, action: prodege.ActSample, number: 500},
			click{user: user, of: OfAction, verdict: ChooseAction, action: prodege.ActLive},
			click{user: user, of: OfAction, verdict: TryAgain})
	}
	m.clicks = append(m.clicks, byCommand("fin", OfInvoice, TryAgain), byCommand("fin", OfInvoice, MarkInvoiced), byCommand("fin", OfInvoice, SendInvoice))
	m.operations = []operation{
		change("turn accepting off", func(w *world) { w.switchOff = true }),
		{name: "turn accepting on", enabled: func(w *world) bool { return w.switchOff }, do: func(w *world) *Decision {
			w.switchOff = false
			return &Decision{Verdict: Resume}
		}},
		change("turn dry run on", func(w *world) { w.settings.DryRun = true }),
		change("turn dry run off", func(w *world) { w.settings.DryRun = false }),
		change("lower the ceiling", func(w *world) { w.settings.Ceiling = money("4.20") }),
		continueAsNewOperation,
	}
	if r.IntN(4) == 0 {
		m.operations = append(m.operations, cancelOperation(nil))
	}
	return m
}

// randomEvent returns the i-th event. It happens half a minute after the one before, or in the same second.
func randomEvent(r *rand.Rand, i int) prodege.Event {
	kinds := []prodege.Event{
		cpi(0, "", "3.90"), cpi(0, "", "3.80"), cpi(0, "", "4.00"), cpi(0, "", "4.25"), cpi(0, "", "4.50"), cpi(0, "", "5.25"), cpi(0, "", ""),
		at(0, "", prodege.Paused, prodege.MaxClicks), at(0, "", prodege.Paused, prodege.SampleSize), at(0, "", prodege.Paused, prodege.PausedInactive),
		at(0, "", prodege.Paused, prodege.HighDropOff), rejected(at(0, "", prodege.Paused, 0)), at(0, "", prodege.Live, 0), at(0, "", prodege.Live, 0),
		at(0, "", prodege.Live, 0), at(0, "", "ODD", 0),
		at(0, "", prodege.PendingComplete, 902), noted(at(0, "", prodege.Complete, 903), fmt.Sprint("note ", i)), at(0, "", prodege.Invoiced, 0),
	}
	pick := len(kinds)
	if i < 20 {
		pick -= 3 // not complete yet
	}
	e := kinds[r.IntN(pick)]
	e.ID = prodege.EventID(fmt.Sprintf("e%03d", r.IntN(10)+i*10))
	e.Time = start.Add(-45 * time.Minute).Add(time.Duration(i) * 30 * time.Second)
	if r.IntN(10) == 0 {
		e.Time = e.Time.Add(-30 * time.Second) // the same second as the event before
	}
	return e
}
