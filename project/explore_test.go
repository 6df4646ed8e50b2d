package project

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	large      = flag.Bool("explore.large", false, "explore with larger bounds: more faults and clicks, every kind of fault")
	printTable = flag.Bool("explore.table", false, "print how often each kind of transition was taken")
	maxStates  = flag.Int("explore.max", 0, "stop exploring a model after this many states; 0: never")
	modelName  = flag.String("explore.model", "", "explore only the model with this name")
)

// exploration visits every state that a model can reach, by taking every transition from every state.
type exploration struct {
	m           *model
	h           hasher
	visited     map[[16]byte]int32
	nodes       []node
	kinds       map[string]int
	comparisons int // pairs of states with the same hash that were stepped side by side
	steps       int
	truncated   bool // stopped after -explore.max states
	samples     map[int32]*world
}

// node is a state that was visited.
type node struct {
	parent    int32
	label     string
	happyNext int32  // the next state on the happy path; -1: none
	mayRepeat bool   // the step to happyNext may be repeated indefinitely
	restFault string // what checkAtRest found
	active    bool   // a task is running
}

// sampleEvery is how many states there are for each one that is kept for comparison with others of the same hash.
const sampleEvery = 64

// explore returns a description of the first fault with the path to it, or "" if there is none.
func (x *exploration) explore() string {
	x.visited, x.kinds, x.samples = map[[16]byte]int32{}, map[string]int{}, map[int32]*world{}
	first := newWorld(x.m)
	if fault := first.turn(Turn{}); fault != "" {
		return fault
	}
	x.visit(first, -1, "")
	type open struct {
		w *world
		n int32
	}
	queue := []open{{first, 0}}
	var list []transition
	for len(queue) > 0 && (*maxStates == 0 || len(x.nodes) < *maxStates) {
		at := queue[0]
		queue[0] = open{}
		queue = queue[1:]
		list = at.w.transitions(list[:0])
		for _, t := range list {
			w := at.w.clone()
			x.kinds[t.kind]++
			x.steps++
			if fault := w.step(t); fault != "" {
				return x.report(at.n, t.label, w, fault)
			}
			sum := w.hash(&x.h)
			to, seen := x.visited[sum]
			if !seen {
				to = x.visitAs(w, at.n, t.label, sum)
				if fault := x.checkEmptyTurn(w, to, sum); fault != "" {
					return x.report(to, "", w, fault)
				}
				queue = append(queue, open{w, to})
			} else if other := x.samples[to]; other != nil && to%7 == int32(x.steps%7) {
				if fault := x.checkEquivalent(other, w); fault != "" {
					return x.report(at.n, t.label, w, fault+"\nThe other state:\n"+x.path(to)+describe(other))
				}
			}
			if n := &x.nodes[at.n]; t.happyPath && n.happyNext < 0 {
				n.happyNext, n.mayRepeat = to, t.mayRepeat
			}
		}
	}
	if x.truncated = len(queue) > 0; x.truncated {
		return ""
	}
	return x.checkTermination()
}

func (x *exploration) visit(w *world, parent int32, label string) int32 {
	return x.visitAs(w, parent, label, w.hash(&x.h))
}

func (x *exploration) visitAs(w *world, parent int32, label string, sum [16]byte) int32 {
	n := int32(len(x.nodes))
	x.visited[sum] = n
	x.nodes = append(x.nodes, node{parent: parent, label: label, happyNext: -1, restFault: w.checkAtRest(), active: len(w.running) > 0})
	if sum[0]%sampleEvery == 0 {
		x.samples[n] = w.clone()
	}
	return n
}

// checkEmptyTurn checks of a sampled state that a turn without input changes nothing, and that a step of a clone does
// not change the original.
func (x *exploration) checkEmptyTurn(w *world, n int32, sum [16]byte) string {
	if x.samples[n] == nil || w.ended {
		return ""
	}
	before := mustMarshal(w.s)
	c := w.clone()
	if fault := c.turn(Turn{}); fault != "" {
		return "after a turn without input: " + fault
	}
	if c.hash(&x.h) != sum {
		return "a turn without input changed the state:\n" + describe(c)
	}
	if mustMarshal(w.s) != before {
		return "a step of a clone changed the original"
	}
	return ""
}

func mustMarshal(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// checkEquivalent steps two states with the same hash side by side: after each transition both must run the same tasks.
func (x *exploration) checkEquivalent(a, b *world) string {
	x.comparisons++
	as, bs := a.transitions(nil), b.transitions(nil)
	if len(as) != len(bs) {
		return fmt.Sprintf("two states with the same hash have %d and %d transitions", len(as), len(bs))
	}
	for i := range as {
		c, d := a.clone(), b.clone()
		if as[i].kind != bs[i].kind {
			return fmt.Sprintf("two states with the same hash have different transitions: %s and %s", as[i].label, bs[i].label)
		}
		if fault := c.step(as[i]); fault != "" {
			return fault
		}
		if fault := d.step(bs[i]); fault != "" {
			return fault
		}
		if one, other := c.runningTasks(), d.runningTasks(); one != other {
			return fmt.Sprintf("two states with the same hash run different tasks after %s:\n  %s\nand\n  %s", as[i].label, one, other)
		}
	}
	return ""
}

// runningTasks lists the running tasks, without counters in their ids.
func (w *world) runningTasks() string {
	h := &hasher{}
	var list []string
	for _, r := range w.running {
		h.buf = h.buf[:0]
		h.string(trimCounters(r.task.ID))
		list = append(list, strings.Trim(fmt.Sprintf("%q", h.buf), `"`))
	}
	return strings.Join(list, ", ")
}

// checkTermination checks that the happy path from every state comes to rest after finitely many steps, apart from
// polls of Prodege.
func (x *exploration) checkTermination() string {
	const unknown, onPath, done = 0, 1, 2
	mark := make([]uint8, len(x.nodes))
	for i := range x.nodes {
		var path []int32
		n := int32(i)
		for n >= 0 && mark[n] == unknown {
			mark[n] = onPath
			path = append(path, n)
			n = x.nodes[n].happyNext
		}
		switch {
		case n < 0:
			last := path[len(path)-1]
			if fault := x.nodes[last].restFault; fault != "" {
				return x.report(last, "", nil, "at rest: "+fault)
			}
		case mark[n] == onPath:
			at := slices.Index(path, n)
			for _, c := range path[at:] {
				node := &x.nodes[c]
				if !node.mayRepeat {
					return x.report(c, "", nil, "endless loop through "+x.nodes[node.happyNext].label+"\n"+x.cycle(path[at:]))
				}
				if !node.active && node.restFault != "" {
					return x.report(c, "", nil, "at rest apart from polls: "+node.restFault)
				}
			}
		}
		for _, p := range path {
			mark[p] = done
		}
	}
	return ""
}

func (x *exploration) cycle(path []int32) string {
	var b strings.Builder
	for _, n := range path {
		fmt.Fprintf(&b, "  loop: %s\n", x.nodes[x.nodes[n].happyNext].label)
	}
	return b.String()
}

func (x *exploration) path(n int32) string {
	var list []string
	for ; n > 0; n = x.nodes[n].parent {
		list = append(list, x.nodes[n].label)
	}
	slices.Reverse(list)
	var b strings.Builder
	for i, l := range list {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, l)
	}
	return b.String()
}

// report describes a fault, the path to it, and the state.
func (x *exploration) report(n int32, label string, w *world, fault string) string {
	text := fault + "\n" + x.path(n)
	if label != "" {
		text += "     " + label + "\n"
	}
	if w == nil {
		w = x.replay(n)
	}
	return text + describe(w)
}

// replay returns the world at a node by repeating the path to it.
func (x *exploration) replay(n int32) *world {
	var path []int32
	for ; n > 0; n = x.nodes[n].parent {
		path = append(path, n)
	}
	w := newWorld(x.m)
	w.turn(Turn{})
	for _, n := range slices.Backward(path) {
		for _, t := range w.transitions(nil) {
			if t.label == x.nodes[n].label {
				w.step(t)
				break
			}
		}
	}
	return w
}

// describe returns a state in readable form.
func describe(w *world) string {
	s := w.s
	var b strings.Builder
	fmt.Fprintf(&b, "state at %s: %s %d, waits for %s, cancelled %t, ended %t, faults left %d\n", sinceStart(w.now), s.Status, s.Reason, s.Waiting, s.Cancelled, w.ended, w.faultsLeft)
	fmt.Fprintf(&b, "  Prodege: %s %d, required %v, max_cpi %s\n", w.truth.status, w.truth.reason, w.truth.required, w.truth.maxCPI)
	for _, q := range []*Question{s.Request, s.Action, s.Former} {
		if q != nil {
			fmt.Fprintf(&b, "  question %s %s g%d %s stage %q closed %t toAct %t newer %t required %v approved %v decisions %d check %v at %s\n", q.Kind, q.ID, q.Generation, q.Phase, q.Stage, q.Closed, q.ToAct, q.Newer != nil, q.Required, q.Approved, len(q.Decisions), q.Check, sinceStart(q.CheckAt))
		}
	}
	if a := s.Act; a != nil {
		fmt.Fprintf(&b, "  act %s %s g%d busy %t after %s maybe %t\n", a.Kind, a.ID, a.Generation, a.Busy, sinceStart(a.After), a.Maybe)
	}
	if i := s.Invoice; i != nil {
		fmt.Fprintf(&b, "  invoice r%d %s of %s busy %t hold %t ended %q after %s, next %t\n", i.Revision, i.Phase, i.Event.ID, i.Busy, i.Hold, i.Ended, sinceStart(i.After), i.Next != nil)
	}
	for _, m := range s.Outbox {
		fmt.Fprintf(&b, "  message %s: %s; wanted %d shown %d busy %t ts %t after %s fault %q failure %q\n", m.Key, summarize(&m.Card), m.Wanted, m.Shown, m.Busy, m.TS != "", sinceStart(m.After), m.Fault, m.Failure)
	}
	for _, m := range w.messages {
		fmt.Fprintf(&b, "  in Slack %s: %s\n", m.key, m.card)
	}
	for _, r := range w.running {
		fmt.Fprintf(&b, "  running %s\n", r.task.ID)
	}
	wake, why := s.Wake()
	fmt.Fprintf(&b, "  wake %s: %s\n", sinceStart(wake), why)
	return b.String()
}

// TestExplore explores every model.
func TestExplore(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	t.Run("models", testModels) // returns when all parallel subtests have finished
}

func testModels(t *testing.T) {
	found := false
	defer func() {
		if !found {
			t.Errorf("there is no model %q", *modelName)
		}
	}()
	for _, m := range models() {
		if *modelName != "" && m.name != *modelName {
			continue
		}
		found = true
		if testing.Short() && !m.short {
			continue
		}
		if *large && m.enlarge != nil {
			m.enlarge(m)
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			x := &exploration{m: m}
			fault := x.explore()
			seconds := time.Since(began).Seconds()
			t.Logf("%s: %d states, %d transitions of %d kinds, %d pairs, %.1f s", m.about, len(x.nodes), x.steps, len(x.kinds), x.comparisons, seconds)
			if x.truncated {
				t.Logf("stopped after %d states", *maxStates)
			}
			if *printTable {
				for _, k := range slices.Sorted(maps.Keys(x.kinds)) {
					t.Logf("  %8d  %s", x.kinds[k], k)
				}
			}
			if fault != "" {
				t.Fatalf("%s", fault)
			}
		})
	}
}

// DiffWanted describes how two states differ in the tasks that they want, when they want to be woken, and what they
// show. It returns "" if they do not.
func DiffWanted(a, b *State) string {
	if one, other := wantedJSON(a), wantedJSON(b); one != other {
		return one + "\nand\n" + other
	}
	return ""
}

func wantedJSON(s *State) string {
	wake, why := s.Wake()
	return mustMarshal(struct {
		Tasks []Task
		Wake  time.Time
		Why   string
		View  View
	}{s.Wanted(), wake.UTC(), why, s.View()})
}
