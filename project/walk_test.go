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
	walks     = flag.Int("walks", 120, "how many random histories are walked")
	walkSteps = flag.Int("walks.steps", 300, "how many steps each has")
	trailed   = flag.Int("walks.trail", 40, "how many steps of a walk that fails are shown")
	walkSeed  = flag.Uint64("walks.seed", 1, "seed of the first one")
)

// TestRandomWalks walks long random histories through the world of the models, with clicks and faults without a bound,
// and the same invariants. Now and then the state goes through JSON: what is wanted must be the same after it, and it
// must stay small.
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

// walk walks one random history. It returns the size of the largest state, and what went wrong.
func walk(seed uint64, steps int) (largest int, fault string) {
	r := rand.New(rand.NewPCG(seed, 7))
	w := newWorld(randomModel(r))
	var trail []string
	var list []transition
	for step := range steps {
		if list = w.transitions(list[:0]); len(list) == 0 {
			break
		}
		t := chosen(r, list)
		trail = append(trail, t.label)
		bare := w.bare()
		if fault := w.take(t); fault != "" {
			return largest, told(fault, trail, w)
		}
		if fault := bare.take(t); fault != "" {
			return largest, told("without its ledger and texts: "+fault, trail, bare)
		}
		if one, other := w.wants(), bare.wants(); one != other {
			return largest, told("with its ledger and texts it wants\n  "+one+"\nand without them\n  "+other, trail, w)
		}
		if step%7 == 0 && !w.ended {
			size, fault := throughJSON(w)
			if largest = max(largest, size); fault != "" {
				return largest, told(fault, trail, w)
			}
		}
	}
	return largest, settled(w, trail)
}

// bare is a copy without what no decision may read.
func (w *world) bare() *world {
	c := w.clone()
	s := c.s
	s.Ledger, s.Forgotten, s.LedgerCut, s.Last, s.Answers = nil, 0, time.Time{}, nil, nil
	s.Decisions, s.Note, s.Description, s.WaitingSince = nil, "", "", time.Time{}
	return c
}

// settled follows a walk to its rest, all going well and nothing new coming: whatever was owed must be done.
func settled(w *world, trail []string) string {
	for step := range 500 {
		if step > 400 && len(w.running) == 0 || w.ended {
			if fault := w.atRest(); fault != "" {
				return told("at rest, and "+fault, trail, w)
			}
			return ""
		}
		list := w.transitions(nil)
		at := slices.IndexFunc(list, func(t transition) bool { return t.good })
		if at < 0 {
			break
		}
		trail = append(trail, list[at].label)
		if fault := w.take(list[at]); fault != "" {
			return told(fault, trail, w)
		}
	}
	if fault := w.atRest(); fault != "" && len(w.running) == 0 {
		return told("at rest, and "+fault, trail, w)
	}
	return ""
}

func told(fault string, trail []string, w *world) string {
	return fault + "\n     " + strings.Join(trail[max(0, len(trail)-*trailed):], "\n     ") + "\n" + describe(w)
}

// chosen is a random transition: answers come more often than anything else, and time passes seldom.
func chosen(r *rand.Rand, list []transition) transition {
	kinds := map[string][]transition{}
	for _, t := range list {
		word, _, _ := strings.Cut(strings.NewReplacer(",", " ", ":", " ").Replace(t.kind), " ")
		switch word {
		case "event", "click", "time", "operator":
		default:
			word = "a fault"
			if t.good {
				word = "an answer"
			}
		}
		kinds[word] = append(kinds[word], t)
	}
	for {
		word := "an answer"
		switch n := r.IntN(100); {
		case n < 15:
			word = "event"
		case n < 30:
			word = "click"
		case n < 37:
			word = "time"
		case n < 38:
			word = "operator"
		case n < 47:
			word = "a fault"
		}
		if of := kinds[word]; len(of) > 0 {
			return of[r.IntN(len(of))]
		}
	}
}

// throughJSON carries the state as continue-as-new does: after a further turn both want the same.
func throughJSON(w *world) (size int, fault string) {
	raw, err := json.Marshal(w.s)
	if err != nil {
		return 0, err.Error()
	}
	if len(raw) > maxState {
		return len(raw), fmt.Sprintf("the state has %d bytes", len(raw))
	}
	carried := &State{}
	if err := json.Unmarshal(raw, carried); err != nil {
		return len(raw), "it can't be read back: " + err.Error()
	}
	mine := w.s.clone()
	turn := Turn{Now: w.now, Settings: w.settings, Cancelled: w.cancelled}
	mine.Step(turn)
	carried.Step(turn)
	return len(raw), sameWants(mine, carried)
}

// randomModel is a life of up to 60 events, in which anybody clicks and anything fails again and again.
func randomModel(r *rand.Rand) *model {
	m := &model{name: "random", truth: live(), faults: 1 << 30, endless: true, keep: true, settings: with(func(s *Settings) {
		s.Ceiling, s.SecondApproverAbove = money("5.00"), money("4.40")
		if r.IntN(4) > 0 {
			s.AutoApproveUpTo = money("4.00")
		}
		s.HasBilling, s.HasAPIKey = r.IntN(4) > 0, r.IntN(8) > 0
	})}
	for i := range 1 + r.IntN(60) {
		e := randomEvent(r, i)
		if i > 0 && r.IntN(12) == 0 {
			e = m.events[r.IntN(i)].e // once more
		}
		m.events = append(m.events, happening{e: e})
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
	m.clicks = append(m.clicks, by("fin", OfInvoice, TryAgain), by("fin", OfInvoice, MarkInvoiced), by("fin", OfInvoice, SendInvoice))
	m.moves = []move{
		change("switch off", func(w *world) { w.switchOff = true }),
		{name: "switch on", after: func(w *world) bool { return w.switchOff }, do: func(w *world) *Decision {
			w.switchOff = false
			return &Decision{Verdict: Resume}
		}},
		change("dry run on", func(w *world) { w.settings.DryRun = true }),
		change("dry run off", func(w *world) { w.settings.DryRun = false }),
		change("the ceiling is lowered", func(w *world) { w.settings.Ceiling = money("4.20") }),
		continueMove,
	}
	if r.IntN(4) == 0 {
		m.moves = append(m.moves, cancelMove(nil))
	}
	return m
}

// randomEvent is the i-th event; each lies half a minute after the one before, or in the same second.
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
		pick -= 3 // it lives a while before it is complete
	}
	e := kinds[r.IntN(pick)]
	e.ID = prodege.EventID(fmt.Sprintf("e%03d", r.IntN(10)+i*10))
	e.Time = start.Add(-45 * time.Minute).Add(time.Duration(i) * 30 * time.Second)
	if r.IntN(10) == 0 {
		e.Time = e.Time.Add(-30 * time.Second) // of the same second as the one before
	}
	return e
}
