package project

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// world is a project with all that it deals with, as exploration and random walks see it: the driver, Prodege, Slack,
// billing, and people. It is small and exact about what the invariants need, and knows nothing of texts.
type world struct {
	m   *model
	s   *State
	now time.Time

	handed   uint64 // events that were handed over
	happened uint64 // events that have happened at Prodege; those that were handed over have
	made     uint64 // clicks that were made
	moved    uint64 // moves of operators that were made
	faults   int    // faults that may still happen
	settings Settings

	truth     truth
	switchOff bool // the kill switch
	cancelled bool
	ended     bool      // the workflow has closed
	came      bool      // events came after the cancel
	giveUp    time.Time // a cancelled workflow ends by then
	restarts  int

	running  []running
	standing []standing // messages in Slack
	approved []approval
	billed   []bill
	open     []openClick // clicks that got neither a record nor an answer yet
	clicks   int         // made so far

	// What checks need of the past.
	said      []string // keys of all that stood in Slack
	called    []bill   // calls to billing that were begun, one a key
	confirmed bool     // people said that an invoice is to be sent
	held      bool     // a dry run held it back
	rules     []time.Time
	owedNotes []string    // events with a rejection
	polls     []time.Time // when Prodege was asked for its answers since the last event that was applied
}

// truth is the project at Prodege.
type truth struct {
	newest   Order // of the newest event that happened
	status   prodege.Status
	reason   prodege.Reason
	required *prodege.USD // paused for CPI
	maxCPI   prodege.USD
	acted    bool // our act set its status
}

// same reports whether Prodege would tell the same.
func (t *truth) same(u *truth) bool {
	return t.status == u.status && t.reason == u.reason && sameAmount(t.required, u.required) && t.maxCPI.Equal(u.maxCPI)
}

func (t *truth) forCPI() bool {
	return t.status == prodege.Paused && t.reason == prodege.RealTimePricing
}

// running is a task under way.
type running struct {
	task  Task
	since time.Time
	card  shows // of a post or an edit
	limit time.Time

	before    truth // as the task was begun
	overtaken bool  // an event was applied meanwhile
}

// standing is a message in Slack.
type standing struct {
	key   string // as in Slack's metadata
	ts    string
	shows shows
	offer []prodege.Action
}

// approval is who approved an amount of a generation.
type approval struct {
	id         prodege.EventID
	generation int
	amount     string
	users      string // one letter a person; "r": a rule
}

// bill is what billing has.
type bill struct {
	key, body, facts string
}

type openClick struct {
	id, user string
	verdict  Verdict
	slack    bool
}

// model is what may happen in a world.
type model struct {
	name     string
	about    string
	settings Settings
	events   []happening
	clicks   []click
	moves    []move
	faults   int
	trouble  func(k Kind) []string // which faults each kind of task can meet; nil: all
	truth    truth
	ahead    bool // things happen at Prodege before their webhooks come
	together bool // two events, or an event and a click, may come in one turn
	earlier  bool // there was an earlier life
	large    func(*model)
	short    bool // small enough for -short
	endless  bool // clicks and faults without a bound: random walks
	keep     bool // the ledger is kept
}

// happening is something that happens at Prodege, and its webhook.
type happening struct {
	e     prodege.Event
	after func(w *world) bool // nil: at any time
}

// click is something that a person does once a message offers it.
type click struct {
	user    string
	verdict Verdict
	of      QuestionKind
	upTo    *prodege.USD
	action  prodege.ActionID
	number  int64
	command bool // from the command line: no ephemeral answer
}

// move is something that an operator does once.
type move struct {
	name  string
	after func(w *world) bool
	do    func(w *world) *Decision
}

var (
	start    = time.Date(2026, 11, 4, 18, 0, 0, 0, time.UTC)
	projectN = prodege.ProjectID(29303649)
)

func newWorld(m *model) *world {
	w := &world{m: m, s: New(projectN), now: start, faults: m.faults, settings: m.settings, truth: m.truth}
	return w
}

func (w *world) clone() *world {
	c := *w
	c.s = w.s.clone()
	c.running, c.standing = slices.Clone(w.running), slices.Clone(w.standing)
	c.approved, c.billed, c.open = slices.Clone(w.approved), slices.Clone(w.billed), slices.Clone(w.open)
	return &c
}

// hash is the sum of all that decides how a world goes on.
func (w *world) hash(h *hasher) [16]byte {
	h.reset(w.now)
	h.state(w.s)
	h.n(int(w.handed))
	h.n(int(w.happened))
	h.n(int(w.made))
	h.n(int(w.moved))
	h.n(w.faults)
	h.usd(w.settings.Ceiling)
	h.yes(w.settings.DryRun)
	h.yes(w.settings.HasAPIKey)
	h.yes(w.settings.HasBilling)
	h.yes(w.settings.AlertActions)
	h.truth(&w.truth)
	h.n(len(w.polls))
	for _, at := range w.polls {
		h.after(at, pollAgain-pollSkew)
	}
	h.yes(w.switchOff)
	h.yes(w.cancelled)
	h.yes(w.ended)
	h.time(w.giveUp)
	h.yes(w.came)
	h.n(w.restarts)
	h.n(len(w.running))
	for i := range w.running {
		r := &w.running[i]
		h.str(string(r.task.Kind()))
		h.str(baseOf(r.task.ID))
		h.shown(r.card)
		h.time(r.limit)
		if r.polls() {
			h.yes(r.overtaken)
			h.truth(&r.before)
		}
		if r.task.Post != nil {
			h.yes(r.task.Post.Tried.IsZero())
			h.yes(w.threadGone(r.task.Post.Thread))
		}
	}
	for _, m := range w.standing {
		if w.matters(m) {
			h.str(uncounted(m.key))
			h.shown(m.shows)
		}
	}
	h.n(len(w.approved))
	for _, a := range w.approved {
		h.str(string(a.id))
		h.n(a.generation)
		h.str(a.amount)
		h.str(a.users)
	}
	h.n(len(w.billed))
	for _, b := range w.billed {
		h.str(b.key)
		h.str(b.facts)
	}
	h.n(len(w.open))
	h.yes(w.confirmed)
	h.yes(w.held)
	h.n(len(w.called))
	h.n(len(w.owedNotes))
	return h.sum()
}

func (h *hasher) truth(t *truth) {
	h.str(string(t.newest.ID))
	h.str(string(t.status))
	h.n(int(t.reason))
	h.usd(t.required)
	h.usd(&t.maxCPI)
	h.yes(t.acted)
}

// polls reports whether a task asks how the project is.
func (r *running) polls() bool { return strings.HasPrefix(r.task.ID, "read/poll/") }

// matters reports whether a standing message can still make a difference: it has buttons, or may be edited.
func (w *world) matters(m standing) bool {
	return m.shows.buttons || slices.ContainsFunc(w.s.Outbox, func(o *Message) bool { return m.key == w.s.slackKey(o) })
}

// baseOf is a task's ID without what only counts.
func baseOf(id string) string {
	if at := strings.LastIndexByte(id, '/'); at >= 0 {
		id = id[:at]
	}
	switch {
	case strings.HasPrefix(id, "read/figures/"), strings.HasPrefix(id, "read/poll/"):
		id = id[:strings.LastIndexByte(id, '/')]
	case strings.HasPrefix(id, "act/"), strings.HasPrefix(id, "read/effect/"):
		id = id[:strings.LastIndexByte(id, '/')]
	}
	return uncounted(id)
}

// transition is one thing that can happen next.
type transition struct {
	kind  string // for the table of kinds
	label string // for people
	do    func(w *world) Turn
	good  bool // belongs to the path on which everything goes well and nothing new comes
	calm  bool // may repeat for ever: a question to Prodege, or the wait for it
}

// transitions lists all that can happen next.
func (w *world) transitions(list []transition) []transition {
	if w.ended {
		return list
	}
	list = w.results(list)
	list = w.events(list)
	list = w.peoples(list)
	list = w.operators(list)
	return w.times(list)
}

// take lets something happen: the driver takes a turn, and starts what is wanted. It returns what went wrong.
func (w *world) take(t transition) (fault string) {
	defer func() {
		if p := recover(); p != nil {
			fault = fmt.Sprintf("panic: %v", p)
		}
	}()
	turn := t.do(w)
	return w.turn(turn)
}

// turn is the driver's turn.
func (w *world) turn(t Turn) string {
	t.Now, t.Settings, t.Cancelled = w.now, w.settings, w.cancelled
	if t.Cancelled && len(t.Events) > 0 {
		w.came = true
	}
	out := w.s.Step(t)
	if !w.m.keep {
		w.s.Ledger = w.s.Ledger[:0]
	}
	if fault := w.checkTurn(t, out); fault != "" {
		return fault
	}
	if w.cancelled && w.giveUp.IsZero() {
		w.giveUp = w.now.Add(5 * time.Minute)
	}
	switch {
	case w.cancelled && !w.mustAwait() && (w.s.Drained() || !w.now.Before(w.giveUp)):
		if !w.came {
			w.ended = true
			return w.checkState()
		}
		w.cancelled, w.came, w.giveUp = false, false, time.Time{}
		w.s.Restarted()
		w.abandon()
		return w.turn(Turn{})
	case !w.cancelled && w.s.Finished() && len(w.running) == 0:
		w.ended = true
		return w.checkState()
	}
	if fault := w.begin(); fault != "" {
		return fault
	}
	return w.checkState()
}

func (w *world) mustAwait() bool {
	return slices.ContainsFunc(w.running, func(r running) bool { return !r.task.Kind().Repeatable() })
}

func (w *world) abandon() {
	w.running = w.running[:0]
	w.s.DropReads()
}

// tryLasts is how long a try lasts at most, once a worker has it.
const tryLasts = 30 * time.Second

// begin starts what is wanted and not under way, and cancels reads that are not wanted any more.
func (w *world) begin() string {
	tasks := w.s.Wanted()
	wanted := func(id string) bool { return slices.ContainsFunc(tasks, func(t Task) bool { return t.ID == id }) }
	kept := w.running[:0:0]
	for _, r := range w.running {
		switch {
		case wanted(r.task.ID):
			kept = append(kept, r)
		case !r.task.Kind().Repeatable():
			return "the end of " + r.task.ID + " is not awaited any more"
		}
	}
	w.running = kept
	for _, t := range tasks {
		if slices.ContainsFunc(w.running, func(r running) bool { return r.task.ID == t.ID }) {
			continue
		}
		if fault := w.checkBegin(t); fault != "" {
			return fault
		}
		r := running{task: t, since: w.now, limit: w.now.Add(tryLasts), before: w.truth}
		switch {
		case t.Post != nil:
			r.card, r.limit = showsOf(&t.Post.Card), r.limit.Add(t.Post.Wait)
		case t.Edit != nil:
			r.card = showsOf(&t.Edit.Card)
		case t.Read != nil:
			r.limit = w.now.Add(t.Read.Within)
		case t.Permission != nil:
			r.limit = w.now.Add(10 * time.Second)
		case t.Earlier != nil:
			r.limit = w.now.Add(time.Minute)
		}
		w.running = append(w.running, r)
		w.s.Begin(t.ID)
	}
	slices.SortFunc(w.running, func(a, b running) int { return strings.Compare(a.task.ID, b.task.ID) })
	return ""
}

// events lists what may happen at Prodege, and the webhooks that may come.
func (w *world) events(list []transition) []transition {
	may := func(i int) bool {
		h := &w.m.events[i]
		return w.handed&(1<<i) == 0 && (h.after == nil || h.after(w) || w.happened&(1<<i) != 0)
	}
	for i := range w.m.events {
		if !may(i) {
			continue
		}
		e := w.m.events[i].e
		if w.m.ahead && w.happened&(1<<i) == 0 && w.truth.newest.before(Order{e.Time, e.ID}) {
			list = append(list, transition{kind: "happens at Prodege", label: "at Prodege: " + eventLabel(e), do: func(w *world) Turn {
				w.happen(i)
				return Turn{}
			}})
		}
		list = append(list, transition{kind: "event", label: "event " + eventLabel(e), do: func(w *world) Turn { return Turn{Events: []prodege.Event{w.hand(i)}} }})
		if !w.m.together {
			continue
		}
		for j := range w.m.events {
			if j != i && may(j) {
				f := w.m.events[j].e
				list = append(list, transition{kind: "two events in one turn", label: "events " + eventLabel(e) + " and " + eventLabel(f), do: func(w *world) Turn {
					return Turn{Events: []prodege.Event{w.hand(i), w.hand(j)}}
				}})
			}
		}
	}
	return list
}

func eventLabel(e prodege.Event) string {
	text := string(e.ID) + " " + string(e.Status)
	if e.Reason != 0 {
		text += fmt.Sprintf(" %d", e.Reason)
	}
	if e.RequiredCPI != nil {
		text += " $" + e.RequiredCPI.String()
	}
	return text
}

func (w *world) hand(i int) prodege.Event {
	w.handed |= 1 << i
	w.happen(i)
	e := w.m.events[i].e
	if e.Received.IsZero() {
		e.Received = w.now
	}
	return e
}

// happen makes an event true at Prodege, unless something newer is.
func (w *world) happen(i int) {
	if w.happened&(1<<i) != 0 {
		return
	}
	w.happened |= 1 << i
	e, t := w.m.events[i].e, &w.truth
	final := t.acted && t.status == prodege.Complete && !slices.Contains([]prodege.Status{prodege.Complete, prodege.Invoiced, prodege.Deleted}, e.Status)
	if (Order{e.Time, e.ID}).before(t.newest) || e.ID == "" || final {
		return
	}
	t.newest = Order{e.Time, e.ID}
	t.status, t.reason, t.required, t.acted = e.Status, e.Reason, nil, false
	if e.AsksCPI() {
		t.reason, t.required = prodege.RealTimePricing, e.RequiredCPI
	}
}

// peoples lists the clicks that people can make on what stands in Slack.
func (w *world) peoples(list []transition) []transition {
	for i, c := range w.m.clicks {
		if w.made&(1<<i) != 0 {
			continue
		}
		for _, m := range w.standing {
			d, can := c.on(m)
			if !can {
				continue
			}
			label := fmt.Sprintf("%s clicks %s on %s", c.user, d.Verdict, m.shows)
			clicked := func(w *world) []Decision {
				if !w.m.endless {
					w.made |= 1 << i
				}
				w.clicks++
				d := d
				d.ID, d.At = fmt.Sprintf("click-%d", i), w.now
				if w.m.endless {
					d.ID = fmt.Sprintf("click-%d", w.clicks)
				}
				w.open = append(w.open, openClick{d.ID, d.User, d.Verdict, d.Channel != ""})
				w.noteApproval(d)
				return []Decision{d}
			}
			list = append(list, transition{kind: "click " + string(d.Verdict), label: label, do: func(w *world) Turn { return Turn{Decisions: clicked(w)} }})
			if w.m.together {
				for j := range w.m.events {
					if h := &w.m.events[j]; w.handed&(1<<j) == 0 && (h.after == nil || h.after(w)) {
						list = append(list, transition{kind: "an event and a click in one turn", label: label + " in one turn with " + eventLabel(h.e), do: func(w *world) Turn {
							return Turn{Events: []prodege.Event{w.hand(j)}, Decisions: clicked(w)}
						}})
					}
				}
			}
		}
	}
	return list
}

// on is the decision that a click on a message makes, if the message offers it.
func (c click) on(m standing) (Decision, bool) {
	if !m.shows.buttons {
		return Decision{}, false
	}
	phase := m.shows.phase
	d := Decision{Of: c.of, Verdict: c.verdict, User: c.user, Channel: "C", From: FromSlack, Generation: m.shows.generation, UpTo: c.upTo, Action: c.action, Number: c.number}
	if c.command {
		d.Channel, d.From = "", FromCommand
	}
	failed := Phase(phase).Failed()
	switch {
	case c.of == OfCPI && m.shows.kind == "request":
		d.Request = prodege.EventID(m.shows.id)
		if m.shows.amount != "" {
			amount := prodege.MustUSD(m.shows.amount)
			d.Amount = &amount
		}
		open := phase == string(PhaseOpen) || phase == string(PhaseSecond)
		switch c.verdict {
		case Approve:
			return d, open
		case Reject:
			return d, open || phase == string(PhaseOverLimit)
		case AskAgain:
			return d, phase == string(PhaseExpired) || phase == string(PhaseRejected)
		case TryAgain, Close:
			return d, failed
		}
	case c.of == OfAction && m.shows.kind == "pause":
		d.Request = prodege.EventID(m.shows.id)
		if c.verdict == TryAgain {
			return d, failed
		}
		return d, slices.ContainsFunc(m.offer, func(a prodege.Action) bool { return a.ID == c.action })
	case c.of == OfInvoice && m.shows.kind == "invoice":
		d.Revision, d.Generation = m.shows.generation, 0
		switch c.verdict {
		case MarkInvoiced:
			return d, phase == string(InvoiceByHand) || phase == string(InvoiceRefused)
		case TryAgain:
			return d, phase == string(InvoiceRefused)
		case SendInvoice:
			return d, phase == string(InvoiceAsks) || phase == string(InvoiceAsked)
		}
	}
	return Decision{}, false
}

// noteApproval remembers what somebody who may decide approved.
func (w *world) noteApproval(d Decision) {
	if d.Verdict != Approve && d.Verdict != ChooseAction || !allowed(d.User) {
		return
	}
	amount := ""
	switch {
	case d.Of == OfAction:
		amount = fmt.Sprintf("%s %d", d.Action, d.Number)
	case d.UpTo != nil:
		amount = d.UpTo.String()
	case d.Amount != nil:
		amount = d.Amount.String()
	}
	w.addApproval(d.Request, d.Generation, amount, d.User[:1])
}

func (w *world) addApproval(id prodege.EventID, generation int, amount, user string) {
	for i := range w.approved {
		a := &w.approved[i]
		if a.id == id && a.generation == generation && a.amount == amount {
			if !strings.Contains(a.users, user) {
				users := []byte(a.users + user)
				slices.Sort(users)
				a.users = string(users)
			}
			return
		}
	}
	w.approved = append(w.approved, approval{id, generation, amount, user})
}

// allowed reports whether a person is among the approvers: eve is not.
func allowed(user string) bool { return user != "eve" }

func (w *world) operators(list []transition) []transition {
	for i, m := range w.m.moves {
		if w.moved&(1<<i) != 0 || m.after != nil && !m.after(w) {
			continue
		}
		list = append(list, transition{kind: "operator: " + m.name, label: m.name, do: func(w *world) Turn {
			w.moved |= 1 << i
			if d := m.do(w); d != nil {
				return Turn{Decisions: []Decision{*d}}
			}
			return Turn{}
		}})
	}
	return list
}

// times lists the steps of time: to the next time at which something is due, and past it to each later one, as no
// worker may have run meanwhile. No read outlasts its limit.
func (w *world) times(list []transition) []transition {
	var dues []time.Time
	add := func(at time.Time) {
		if at.After(w.now) {
			dues = append(dues, at)
		}
	}
	if !w.s.Cancelled {
		for _, a := range w.s.alarms() {
			add(a.at)
		}
	}
	for _, j := range w.s.jobs() {
		if !j.try.Busy {
			add(j.try.After)
		}
	}
	add(w.giveUp)
	slices.SortFunc(dues, time.Time.Compare)
	dues = slices.CompactFunc(dues, time.Time.Equal)
	for i, at := range dues {
		if slices.ContainsFunc(w.running, func(r running) bool { return !r.limit.IsZero() && at.After(r.limit) }) {
			break
		}
		kind := "time"
		if i > 0 {
			kind = "time, no worker meanwhile"
		}
		t := transition{kind: kind, label: "at " + sinceStart(at), good: i == 0, calm: i == 0, do: func(w *world) Turn {
			w.now = at
			return Turn{}
		}}
		list = append(list, t)
	}
	return list
}

func sinceStart(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return "+" + at.Sub(start).String()
}
