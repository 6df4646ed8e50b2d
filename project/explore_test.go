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
	large  = flag.Bool("explore.large", false, "explore with larger bounds: more faults and clicks, every kind of fault")
	table  = flag.Bool("explore.table", false, "print what was explored as a table")
	most   = flag.Int("explore.most", 0, "give up a model after this many states; 0: never")
	model1 = flag.String("explore.model", "", "explore only the model of this name")
)

// exploration walks a model to its fixpoint: every transition from every state, until nothing new is left to visit.
type exploration struct {
	m       *model
	h       hasher
	visited map[[16]byte]int32
	nodes   []node
	kinds   map[string]int
	pairs   int // states that count as the same and were stepped side by side
	steps   int
	givenUp bool // after -explore.most states
	samples map[int32]*world
}

// node is a state that was visited.
type node struct {
	parent int32
	label  string
	good   int32 // where it goes when everything goes well and nothing new comes; -1: nowhere
	calm   bool  // that step may be repeated for ever
	rest   string
	active bool // something is under way
}

// pairEvery is how many states share one that is kept to be compared with its like.
const pairEvery = 64

// explore returns what went wrong, with the path that led there; empty if nothing did.
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
	for len(queue) > 0 && (*most == 0 || len(x.nodes) < *most) {
		at := queue[0]
		queue[0] = open{}
		queue = queue[1:]
		list = at.w.transitions(list[:0])
		for _, t := range list {
			w := at.w.clone()
			x.kinds[t.kind]++
			x.steps++
			if fault := w.take(t); fault != "" {
				return x.story(at.n, t.label, w, fault)
			}
			sum := w.hash(&x.h)
			to, seen := x.visited[sum]
			if !seen {
				to = x.visitAs(w, at.n, t.label, sum)
				if fault := x.stable(w, to, sum); fault != "" {
					return x.story(to, "", w, fault)
				}
				queue = append(queue, open{w, to})
			} else if other := x.samples[to]; other != nil && to%7 == int32(x.steps%7) {
				if fault := x.alike(other, w); fault != "" {
					return x.story(at.n, t.label, w, fault+"\nThe other one:\n"+x.path(to)+describe(other))
				}
			}
			if n := &x.nodes[at.n]; t.good && n.good < 0 {
				n.good, n.calm = to, t.calm
			}
		}
	}
	if x.givenUp = len(queue) > 0; x.givenUp {
		return ""
	}
	return x.ends()
}

func (x *exploration) visit(w *world, parent int32, label string) int32 {
	return x.visitAs(w, parent, label, w.hash(&x.h))
}

func (x *exploration) visitAs(w *world, parent int32, label string, sum [16]byte) int32 {
	n := int32(len(x.nodes))
	x.visited[sum] = n
	x.nodes = append(x.nodes, node{parent: parent, label: label, good: -1, rest: w.atRest(), active: len(w.running) > 0})
	if sum[0]%pairEvery == 0 {
		x.samples[n] = w.clone()
	}
	return n
}

// stable holds of some states that a turn in which nothing comes changes nothing, and that a step of a clone leaves the
// original as it is.
func (x *exploration) stable(w *world, n int32, sum [16]byte) string {
	if x.samples[n] == nil || w.ended {
		return ""
	}
	before := mustMarshal(w.s)
	c := w.clone()
	if fault := c.turn(Turn{}); fault != "" {
		return "after a turn in which nothing came: " + fault
	}
	if c.hash(&x.h) != sum {
		return "a turn in which nothing came changed the state:\n" + describe(c)
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

// alike steps two states that count as the same side by side: in each way that either can go, both must want the same.
func (x *exploration) alike(a, b *world) string {
	x.pairs++
	as, bs := a.transitions(nil), b.transitions(nil)
	if len(as) != len(bs) {
		return fmt.Sprintf("two states count as the same, and %d things can happen in one, %d in the other", len(as), len(bs))
	}
	for i := range as {
		c, d := a.clone(), b.clone()
		if as[i].kind != bs[i].kind {
			return fmt.Sprintf("two states count as the same, and %s can happen in one, %s in the other", as[i].label, bs[i].label)
		}
		if fault := c.take(as[i]); fault != "" {
			return fault
		}
		if fault := d.take(bs[i]); fault != "" {
			return fault
		}
		if one, other := c.wants(), d.wants(); one != other {
			return fmt.Sprintf("two states count as the same, and after %s one wants\n  %s\nand the other\n  %s", as[i].label, one, other)
		}
	}
	return ""
}

// wants is what a state has under way, without what only counts.
func (w *world) wants() string {
	h := &hasher{}
	var list []string
	for _, r := range w.running {
		h.buf = h.buf[:0]
		h.str(baseOf(r.task.ID))
		list = append(list, strings.Trim(fmt.Sprintf("%q", h.buf), `"`))
	}
	return strings.Join(list, ", ")
}

// ends holds that every state goes on to rest when everything goes well: a path of finitely many steps, after which
// only Prodege is asked now and then.
func (x *exploration) ends() string {
	const unknown, under, done = 0, 1, 2
	mark := make([]uint8, len(x.nodes))
	for i := range x.nodes {
		var path []int32
		n := int32(i)
		for n >= 0 && mark[n] == unknown {
			mark[n] = under
			path = append(path, n)
			n = x.nodes[n].good
		}
		switch {
		case n < 0:
			last := path[len(path)-1]
			if rest := x.nodes[last].rest; rest != "" {
				return x.story(last, "", nil, "at rest, and "+rest)
			}
		case mark[n] == under:
			at := slices.Index(path, n)
			for _, c := range path[at:] {
				node := &x.nodes[c]
				if !node.calm {
					return x.story(c, "", nil, "it goes round for ever, through "+x.nodes[node.good].label+"\n"+x.round(path[at:]))
				}
				if !node.active && node.rest != "" {
					return x.story(c, "", nil, "at rest but for polls, and "+node.rest)
				}
			}
		}
		for _, p := range path {
			mark[p] = done
		}
	}
	return ""
}

func (x *exploration) round(path []int32) string {
	var b strings.Builder
	for _, n := range path {
		fmt.Fprintf(&b, "  round: %s\n", x.nodes[x.nodes[n].good].label)
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

// story tells what went wrong and how it came to that.
func (x *exploration) story(n int32, label string, w *world, fault string) string {
	text := fault + "\n" + x.path(n)
	if label != "" {
		text += "     " + label + "\n"
	}
	if w == nil {
		w = x.replay(n)
	}
	return text + describe(w)
}

// replay walks the path to a state anew.
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
				w.take(t)
				break
			}
		}
	}
	return w
}

// describe tells a state to people.
func describe(w *world) string {
	s := w.s
	var b strings.Builder
	fmt.Fprintf(&b, "state at %s: %s %d, waits for %s, cancelled %t, ended %t, faults left %d\n", sinceStart(w.now), s.Status, s.Reason, s.Waiting, s.Cancelled, w.ended, w.faults)
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
		fmt.Fprintf(&b, "  message %s: %s; wanted %d shown %d busy %t ts %t after %s fault %q trouble %q\n", m.Key, showsOf(&m.Card), m.Wanted, m.Shown, m.Busy, m.TS != "", sinceStart(m.After), m.Fault, m.Failure)
	}
	for _, m := range w.standing {
		fmt.Fprintf(&b, "  in Slack %s: %s\n", m.key, m.shows)
	}
	for _, r := range w.running {
		fmt.Fprintf(&b, "  under way %s\n", r.task.ID)
	}
	wake, why := s.Wake()
	fmt.Fprintf(&b, "  wake %s: %s\n", sinceStart(wake), why)
	return b.String()
}

// TestExplore walks every model to its fixpoint.
func TestExplore(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	t.Run("models", testModels) // returns when all have, which run side by side
}

func testModels(t *testing.T) {
	found := false
	defer func() {
		if !found {
			t.Errorf("there is no model %q", *model1)
		}
	}()
	for _, m := range models() {
		if *model1 != "" && m.name != *model1 {
			continue
		}
		found = true
		if testing.Short() && !m.short {
			continue
		}
		if *large && m.large != nil {
			m.large(m)
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			x := &exploration{m: m}
			fault := x.explore()
			seconds := time.Since(began).Seconds()
			t.Logf("%s: %d states, %d transitions of %d kinds, %d pairs, %.1f s", m.about, len(x.nodes), x.steps, len(x.kinds), x.pairs, seconds)
			if x.givenUp {
				t.Logf("given up before its fixpoint, after %d states", *most)
			}
			if *table {
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

// sameWants reports how two states differ in what they want; empty if they do not.
func sameWants(a, b *State) string {
	one, other := wantsJSON(a), wantsJSON(b)
	if one != other {
		return "one wants " + one + "\nthe other " + other
	}
	return ""
}

func wantsJSON(s *State) string {
	wake, why := s.Wake()
	return mustMarshal(struct {
		Tasks []Task
		Wake  time.Time
		Why   string
		View  View
	}{s.Wanted(), wake.UTC(), why, s.View()})
}
