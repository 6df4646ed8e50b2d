package project

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// world is a project with its driver and counterparties (Prodege, Slack, billing and people), as explored by
// TestExplore and TestRandomWalks. It is small, models exactly what the invariants need, and ignores texts.
type world struct {
	m   *model
	s   *State
	now time.Time

	delivered  uint64 // bit set of events that were delivered
	happened   uint64 // bit set of events that happened at Prodege, a superset of delivered
	clicked    uint64 // bit set of clicks that were made
	operated   uint64 // bit set of operations that were done
	faultsLeft int    // number of faults that may still happen
	settings   Settings

	truth             truth
	switchOff         bool // the kill switch
	cancelled         bool
	ended             bool      // the workflow has closed
	eventsAfterCancel bool      // events arrived after the cancellation
	cancelDeadline    time.Time // when a cancelled workflow ends at the latest
	restarts          int

	running    []running
	messages   []slackMessage // messages in Slack
	approved   []approval
	billed     []bookedInvoice
	openClicks []openClick // clicks neither recorded nor answered yet
	clickCount int         // number of clicks made

	// History that the invariants need.
	postedKeys         []string        // keys of all messages ever posted
	billingCalls       []bookedInvoice // calls to billing that were started, one per key
	confirmed          bool            // somebody confirmed that the invoice is to be sent
	heldBack           bool            // a dry run held the invoice back
	automaticApprovals []time.Time
	rejectionsDue      []string    // ids of events with a rejection
	pollTimes          []time.Time // when the first and last poll since the last applied event were sent
}

// truth is the actual state of the project at Prodege.
type truth struct {
	newest   Order // of the newest event that happened
	status   prodege.Status
	reason   prodege.Reason
	required *prodege.USD // if paused for CPI
	maxCPI   prodege.USD
	acted    bool // our own call set the status
}

// equal reports whether Prodege would give the same answer about t and u.
func (t *truth) equal(u *truth) bool {
	return t.status == u.status && t.reason == u.reason && sameAmount(t.required, u.required) && t.maxCPI.Equal(u.maxCPI)
}

func (t *truth) forCPI() bool {
	return t.status == prodege.Paused && t.reason == prodege.RealTimePricing
}

// running is a running task.
type running struct {
	task     Task
	started  time.Time
	card     cardSummary // of a post or an edit
	deadline time.Time

	truthAtStart truth // when the task was started
	overtaken    bool  // an event was applied since then
}

// slackMessage is a message in Slack.
type slackMessage struct {
	key     string // in the message's metadata
	ts      string
	card    cardSummary
	actions []prodege.Action
}

// approval records who approved an amount or action of a generation.
type approval struct {
	id         prodege.EventID
	generation int
	amount     string
	users      string // one letter per person; "r" for an automatic approval
}

// bookedInvoice is an invoice that billing has.
type bookedInvoice struct {
	key, body, facts string
}

type openClick struct {
	id, user string
	verdict  Verdict
	slack    bool
}

// model defines what may happen in a world.
type model struct {
	name            string
	about           string
	settings        Settings
	events          []modelEvent
	clicks          []click
	operations      []operation
	maxFaults       int
	possibleFaults  func(k Kind) []string // the faults of each kind of task; nil: all
	truth           truth
	aheadOfWebhooks bool // events may happen at Prodege before they are delivered
	sameTurn        bool // two events, or an event and a click, may share a turn
	hadEarlierRun   bool // the project has an earlier workflow run
	enlarge         func(*model)
	short           bool // small enough for -short
	unbounded       bool // any number of clicks and faults, for random walks
	keepLedger      bool // don't drop the ledger
}

// modelEvent is an event that may happen at Prodege and be delivered.
type modelEvent struct {
	e       prodege.Event
	enabled func(w *world) bool // nil: always
}

// click is a click that a person makes when a message offers it.
type click struct {
	user        string
	verdict     Verdict
	of          QuestionKind
	upTo        *prodege.USD
	action      prodege.ActionID
	number      int64
	fromCommand bool // on the command line, without an ephemeral answer
}

// operation is something that an operator does once.
type operation struct {
	name    string
	enabled func(w *world) bool
	do      func(w *world) *Decision
}

var (
	start    = time.Date(2026, 11, 4, 18, 0, 0, 0, time.UTC)
	projectN = prodege.ProjectID(29303649)
)

func newWorld(m *model) *world {
	w := &world{m: m, s: New(projectN), now: start, faultsLeft: m.maxFaults, settings: m.settings, truth: m.truth}
	return w
}

func (w *world) clone() *world {
	c := *w
	c.s = w.s.clone()
	c.running, c.messages = slices.Clone(w.running), slices.Clone(w.messages)
	c.approved, c.billed, c.openClicks = slices.Clone(w.approved), slices.Clone(w.billed), slices.Clone(w.openClicks)
	return &c
}

// hash returns a hash of everything that decides the world's future behavior.
func (w *world) hash(h *hasher) [16]byte {
	h.reset(w.now)
	h.state(w.s)
	h.int(int(w.delivered))
	h.int(int(w.happened))
	h.int(int(w.clicked))
	h.int(int(w.operated))
	h.int(w.faultsLeft)
	h.usd(w.settings.Ceiling)
	h.bool(w.settings.DryRun)
	h.bool(w.settings.HasAPIKey)
	h.bool(w.settings.HasBilling)
	h.bool(w.settings.AlertActions)
	h.truth(&w.truth)
	h.int(len(w.pollTimes))
	for _, at := range w.pollTimes {
		h.timePlus(at, pollAgain-pollSkew)
	}
	h.bool(w.switchOff)
	h.bool(w.cancelled)
	h.bool(w.ended)
	h.time(w.cancelDeadline)
	h.bool(w.eventsAfterCancel)
	h.int(w.restarts)
	h.int(len(w.running))
	for i := range w.running {
		r := &w.running[i]
		h.string(string(r.task.Kind()))
		h.string(trimCounters(r.task.ID))
		h.card(r.card)
		h.time(r.deadline)
		if r.isPoll() {
			h.bool(r.overtaken)
			h.truth(&r.truthAtStart)
		}
		if r.task.Post != nil {
			h.bool(r.task.Post.Tried.IsZero())
			h.bool(w.threadGone(r.task.Post.Thread))
		}
	}
	for _, m := range w.messages {
		if w.relevant(m) {
			h.string(trimVersion(m.key))
			h.card(m.card)
		}
	}
	h.int(len(w.approved))
	for _, a := range w.approved {
		h.string(string(a.id))
		h.int(a.generation)
		h.string(a.amount)
		h.string(a.users)
	}
	h.int(len(w.billed))
	for _, b := range w.billed {
		h.string(b.key)
		h.string(b.facts)
	}
	h.int(len(w.openClicks))
	h.bool(w.confirmed)
	h.bool(w.heldBack)
	h.int(len(w.billingCalls))
	h.int(len(w.rejectionsDue))
	return h.sum()
}

func (h *hasher) truth(t *truth) {
	h.string(string(t.newest.ID))
	h.string(string(t.status))
	h.int(int(t.reason))
	h.usd(t.required)
	h.usd(&t.maxCPI)
	h.bool(t.acted)
}

// isPoll reports whether a task is a poll of the project's status.
func (r *running) isPoll() bool { return strings.HasPrefix(r.task.ID, "read/poll/") }

// relevant reports whether a message can still affect the future: it has buttons or may be edited.
func (w *world) relevant(m slackMessage) bool {
	return m.card.buttons || slices.ContainsFunc(w.s.Outbox, func(o *Message) bool { return m.key == w.s.slackKey(o) })
}

// trimCounters returns a task's id without counters.
func trimCounters(id string) string {
	if at := strings.LastIndexByte(id, '/'); at >= 0 {
		id = id[:at]
	}
	switch {
	case strings.HasPrefix(id, "read/figures/"), strings.HasPrefix(id, "read/poll/"):
		id = id[:strings.LastIndexByte(id, '/')]
	case strings.HasPrefix(id, "act/"), strings.HasPrefix(id, "read/effect/"):
		id = id[:strings.LastIndexByte(id, '/')]
	}
	return trimVersion(id)
}

// transition is a possible next step.
type transition struct {
	kind      string // for -explore.table
	label     string // for traces
	do        func(w *world) Turn
	happyPath bool // no fault, click or event
	mayRepeat bool // may repeat indefinitely: polls and the time between them
}

// transitions appends all possible next steps.
func (w *world) transitions(list []transition) []transition {
	if w.ended {
		return list
	}
	list = w.resultTransitions(list)
	list = w.eventTransitions(list)
	list = w.clickTransitions(list)
	list = w.operatorTransitions(list)
	return w.timeTransitions(list)
}

// step takes a transition: the driver runs a turn and starts the wanted tasks. It returns a description of any fault.
func (w *world) step(t transition) (fault string) {
	defer func() {
		if p := recover(); p != nil {
			fault = fmt.Sprintf("panic: %v", p)
		}
	}()
	turn := t.do(w)
	return w.turn(turn)
}

// turn runs one turn of the driver.
func (w *world) turn(t Turn) string {
	t.Now, t.Settings, t.Cancelled = w.now, w.settings, w.cancelled
	if t.Cancelled && len(t.Events) > 0 {
		w.eventsAfterCancel = true
	}
	out := w.s.Step(t)
	if !w.m.keepLedger {
		w.s.Ledger = w.s.Ledger[:0]
	}
	if fault := w.checkTurn(t, out); fault != "" {
		return fault
	}
	if w.cancelled && w.cancelDeadline.IsZero() {
		w.cancelDeadline = w.now.Add(5 * time.Minute)
	}
	switch {
	case w.cancelled && !w.mustAwait() && (w.s.Drained() || !w.now.Before(w.cancelDeadline)):
		if !w.eventsAfterCancel {
			w.ended = true
			return w.checkState()
		}
		w.cancelled, w.eventsAfterCancel, w.cancelDeadline = false, false, time.Time{}
		w.s.Restarted()
		w.abandon()
		return w.turn(Turn{})
	case !w.cancelled && w.s.Finished() && len(w.running) == 0:
		w.ended = true
		return w.checkState()
	}
	if fault := w.startTasks(); fault != "" {
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

// attemptTimeout is how long an attempt lasts at most once a worker has started it.
const attemptTimeout = 30 * time.Second

// startTasks starts the wanted tasks that are not running, and cancels reads that are no longer wanted.
func (w *world) startTasks() string {
	tasks := w.s.Wanted()
	wanted := func(id string) bool { return slices.ContainsFunc(tasks, func(t Task) bool { return t.ID == id }) }
	kept := w.running[:0:0]
	for _, r := range w.running {
		switch {
		case wanted(r.task.ID):
			kept = append(kept, r)
		case !r.task.Kind().Repeatable():
			return "the result of " + r.task.ID + " is no longer awaited"
		}
	}
	w.running = kept
	for _, t := range tasks {
		if slices.ContainsFunc(w.running, func(r running) bool { return r.task.ID == t.ID }) {
			continue
		}
		if fault := w.checkStart(t); fault != "" {
			return fault
		}
		r := running{task: t, started: w.now, deadline: w.now.Add(attemptTimeout), truthAtStart: w.truth}
		switch {
		case t.Post != nil:
			r.card, r.deadline = summarize(&t.Post.Card), r.deadline.Add(t.Post.Wait)
		case t.Edit != nil:
			r.card = summarize(&t.Edit.Card)
		case t.Read != nil:
			r.deadline = w.now.Add(t.Read.Within)
		case t.Permission != nil:
			r.deadline = w.now.Add(10 * time.Second)
		case t.Earlier != nil:
			r.deadline = w.now.Add(time.Minute)
		}
		w.running = append(w.running, r)
		w.s.Begin(t.ID)
	}
	slices.SortFunc(w.running, func(a, b running) int { return strings.Compare(a.task.ID, b.task.ID) })
	return ""
}

// eventTransitions appends the events that may happen at Prodege and those that may be delivered.
func (w *world) eventTransitions(list []transition) []transition {
	may := func(i int) bool {
		h := &w.m.events[i]
		return w.delivered&(1<<i) == 0 && (h.enabled == nil || h.enabled(w) || w.happened&(1<<i) != 0)
	}
	for i := range w.m.events {
		if !may(i) {
			continue
		}
		e := w.m.events[i].e
		if w.m.aheadOfWebhooks && w.happened&(1<<i) == 0 && w.truth.newest.before(Order{e.Time, e.ID}) {
			list = append(list, transition{kind: "happens at Prodege", label: "at Prodege: " + eventLabel(e), do: func(w *world) Turn {
				w.occur(i)
				return Turn{}
			}})
		}
		list = append(list, transition{kind: "event", label: "event " + eventLabel(e), do: func(w *world) Turn { return Turn{Events: []prodege.Event{w.deliver(i)}} }})
		if !w.m.sameTurn {
			continue
		}
		for j := range w.m.events {
			if j != i && may(j) {
				f := w.m.events[j].e
				list = append(list, transition{kind: "two events in one turn", label: "events " + eventLabel(e) + " and " + eventLabel(f), do: func(w *world) Turn {
					return Turn{Events: []prodege.Event{w.deliver(i), w.deliver(j)}}
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

func (w *world) deliver(i int) prodege.Event {
	w.delivered |= 1 << i
	w.occur(i)
	e := w.m.events[i].e
	if e.Received.IsZero() {
		e.Received = w.now
	}
	return e
}

// occur applies an event to the project at Prodege, unless a newer one was applied.
func (w *world) occur(i int) {
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

// clickTransitions appends the clicks that people can make on the messages in Slack.
func (w *world) clickTransitions(list []transition) []transition {
	for i, c := range w.m.clicks {
		if w.clicked&(1<<i) != 0 {
			continue
		}
		for _, m := range w.messages {
			d, can := c.decisionOn(m)
			if !can {
				continue
			}
			label := fmt.Sprintf("%s clicks %s on %s", c.user, d.Verdict, m.card)
			click := func(w *world) []Decision {
				if !w.m.unbounded {
					w.clicked |= 1 << i
				}
				w.clickCount++
				d := d
				d.ID, d.At = fmt.Sprintf("click-%d", i), w.now
				if w.m.unbounded {
					d.ID = fmt.Sprintf("click-%d", w.clickCount)
				}
				w.openClicks = append(w.openClicks, openClick{d.ID, d.User, d.Verdict, d.Channel != ""})
				w.recordApproval(d)
				return []Decision{d}
			}
			list = append(list, transition{kind: "click " + string(d.Verdict), label: label, do: func(w *world) Turn { return Turn{Decisions: click(w)} }})
			if w.m.sameTurn {
				for j := range w.m.events {
					if h := &w.m.events[j]; w.delivered&(1<<j) == 0 && (h.enabled == nil || h.enabled(w)) {
						list = append(list, transition{kind: "an event and a click in one turn", label: label + " in one turn with " + eventLabel(h.e), do: func(w *world) Turn {
							return Turn{Events: []prodege.Event{w.deliver(j)}, Decisions: click(w)}
						}})
					}
				}
			}
		}
	}
	return list
}

// decisionOn returns the decision of a click on a message, and whether the message offers it.
func (c click) decisionOn(m slackMessage) (Decision, bool) {
	if !m.card.buttons {
		return Decision{}, false
	}
	phase := m.card.phase
	d := Decision{Of: c.of, Verdict: c.verdict, User: c.user, Channel: "C", From: FromSlack, Generation: m.card.generation, UpTo: c.upTo, Action: c.action, Number: c.number}
	if c.fromCommand {
		d.Channel, d.From = "", FromCommand
	}
	failed := Phase(phase).Failed()
	switch {
	case c.of == OfCPI && m.card.kind == "request":
		d.Request = prodege.EventID(m.card.id)
		if m.card.amount != "" {
			amount := prodege.MustUSD(m.card.amount)
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
	case c.of == OfAction && m.card.kind == "pause":
		d.Request = prodege.EventID(m.card.id)
		if c.verdict == TryAgain {
			return d, failed
		}
		return d, slices.ContainsFunc(m.actions, func(a prodege.Action) bool { return a.ID == c.action })
	case c.of == OfInvoice && m.card.kind == "invoice":
		d.Revision, d.Generation = m.card.generation, 0
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

// recordApproval records what an approver approved.
func (w *world) recordApproval(d Decision) {
	if d.Verdict != Approve && d.Verdict != ChooseAction || !isApprover(d.User) {
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

// isApprover reports whether a person is an approver: everybody but eve is.
func isApprover(user string) bool { return user != "eve" }

// operatorTransitions appends the operations that may be done.
func (w *world) operatorTransitions(list []transition) []transition {
	for i, m := range w.m.operations {
		if w.operated&(1<<i) != 0 || m.enabled != nil && !m.enabled(w) {
			continue
		}
		list = append(list, transition{kind: "operator: " + m.name, label: m.name, do: func(w *world) Turn {
			w.operated |= 1 << i
			if d := m.do(w); d != nil {
				return Turn{Decisions: []Decision{*d}}
			}
			return Turn{}
		}})
	}
	return list
}

// timeTransitions appends the steps of time: to the next time at which something is due, and to each later one, because
// there may be no running worker in between. No task outlasts its deadline.
func (w *world) timeTransitions(list []transition) []transition {
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
	add(w.cancelDeadline)
	slices.SortFunc(dues, time.Time.Compare)
	dues = slices.CompactFunc(dues, time.Time.Equal)
	for i, at := range dues {
		if slices.ContainsFunc(w.running, func(r running) bool { return !r.deadline.IsZero() && at.After(r.deadline) }) {
			break
		}
		kind := "time"
		if i > 0 {
			kind = "time, without a worker"
		}
		t := transition{kind: kind, label: "at " + sinceStart(at), happyPath: i == 0, mayRepeat: i == 0, do: func(w *world) Turn {
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
