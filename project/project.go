package project

import (
	"time"

	"fieldmarshal/prodege"
)

// Turn is what came since the last one.
type Turn struct {
	Now       time.Time // never before that of the last turn
	Settings  Settings
	Results   []Result
	Events    []prodege.Event
	Decisions []Decision
	Cancelled bool // somebody has cancelled the workflow
}

// Output is what a turn leaves for logs and metrics. It is not part of the state.
type Output struct {
	Lines    []Line      // new lines of the ledger
	Events   []EventLine // with their dispositions
	Answered []Answered  // clicks without effect
	Steps    []Step      // steps of a pause, for the histograms
	Outages  []Outage    // channels for which Slack has not accepted something for five minutes
}

// Step takes a turn. It handles first the results of our own acts, then what Prodege says, then what people decide, so that
// decisions about money use the newest facts, and last what is due.
func (s *State) Step(t Turn) Output {
	s.now, s.out = t.Now, Output{}
	s.adopt(t.Settings)
	if t.Cancelled {
		s.cancel()
	}
	for _, r := range t.Results {
		s.collect(r)
	}
	before, pause := s.Status, s.Pause
	for _, e := range t.Events {
		s.receive(e)
	}
	for _, d := range t.Decisions {
		s.decide(d)
	}
	s.fireAlarms()
	s.advance()
	s.render()
	s.cleanup()
	s.updateWaiting(s.Status != before || s.Pause != nil && s.Pause != pause)
	s.limitSize()
	return s.out
}

// adopt takes over the current settings. The version of the rules never falls: code that does not know the version in force must
// not decide.
func (s *State) adopt(settings Settings) {
	s.Settings = settings
	s.Version = max(s.Version, settings.Version, 1)
	if s.Version > CurrentVersion {
		panic("project " + s.ID.String() + ": its rules are of a newer version than this program knows; a newer worker takes the task")
	}
}

// CurrentVersion is the newest version of the rules that this program knows.
const CurrentVersion = 1

// job is a task that is repeated until it is done or no longer wanted.
type job struct {
	base  string // the task's ID without the number of the attempt
	try   *Try
	task  func() Task
	begin func() // may be nil
	done  func(Result)
}

// jobs lists everything that should be done now. A cancelled project begins nothing new except in Slack.
func (s *State) jobs() []job {
	var list []job
	add := func(j job) {
		if !s.Cancelled || j.try.Busy {
			list = append(list, j)
		}
	}
	s.actJobs(add)
	s.decisionJobs(add)
	s.questionJobs(add)
	s.invoiceJobs(add)
	s.lifeJobs(add)
	s.pollJobs(add)
	s.outboxJobs(func(j job) { list = append(list, j) })
	return list
}

// readJob is a job that reads the project at Prodege.
func (s *State) readJob(base string, t *Try, summary string, in Read, done func(Result)) job {
	in.Project = s.ID
	return job{base: "read/" + base, try: t, task: func() Task { return Task{Summary: summary, Read: &in} }, done: done}
}

// due reports whether an attempt should be running.
func (t *Try) due(now time.Time) bool { return t.Busy || !now.Before(t.After) }

// id returns the ID of the running attempt, or of the next one.
func (j *job) id() string {
	n := j.try.Tries
	if !j.try.Busy {
		n++
	}
	return j.base + "/" + itoa(n)
}

// again schedules the next attempt after a transient failure: after least, doubling up to most, and not before the delay that
// the other side asked for.
func (t *Try) again(now time.Time, least, most, asked time.Duration) {
	wait := least
	for i := 1; i < t.Tries && wait < most; i++ {
		wait *= 2
	}
	t.After = now.Add(max(min(wait, most), asked))
}

// retries schedules the next attempt after a result, and reports whether there is one: until Until, after transient failures.
func (t *Try) retries(now time.Time, r Result, least, most time.Duration) bool {
	f := r.Failure
	if f == nil || f.Kind != FailedTransient || !now.Before(t.Until) {
		return false
	}
	t.again(now, least, most, f.RetryAfter)
	return true
}

// Wanted lists the tasks that should be running now.
func (s *State) Wanted() []Task {
	var tasks []Task
	for _, j := range s.jobs() {
		if j.try.due(s.now) {
			t := j.task()
			t.ID = j.id()
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// Begin records that the driver has started a wanted task.
func (s *State) Begin(id string) {
	for _, j := range s.jobs() {
		if j.try.Busy || j.id() != id {
			continue
		}
		j.try.Tries++
		j.try.Busy = true
		if j.try.First.IsZero() {
			j.try.First = s.now
		}
		if j.begin != nil {
			j.begin()
		}
		return
	}
}

// collect handles the result of a task. It ignores one that is no longer expected.
func (s *State) collect(r Result) {
	for _, j := range s.jobs() {
		if j.try.Busy && j.id() == r.ID {
			j.try.Busy = false
			j.done(r)
			return
		}
	}
}

// DropReads forgets the reads in progress, so that the next run starts them again.
func (s *State) DropReads() {
	for _, j := range s.jobs() {
		if t := j.task(); j.try.Busy && t.Kind().Repeatable() {
			j.try.Busy = false
		}
	}
	s.Runs++
}

// Restarted turns the state into the beginning of a new life, because events came with or after a cancellation. What that closed
// is asked again, so that nothing waits without anybody being asked.
func (s *State) Restarted() { s.Cancelled, s.AskAnew = false, true }

// askAnew asks again what a cancellation has closed.
func (s *State) askAnew() {
	if !s.AskAnew {
		return
	}
	s.AskAnew = false
	switch q, a := s.OpenRequest(), s.OpenAction(); {
	case q != nil && s.Pause.ForCPI && q.Phase == PhaseCancelled:
		s.ask(q, s.askedAnew(q))
		s.tellNewer(q, "request reopened after a cancellation")
	case a != nil && !s.Pause.ForCPI && a.Phase == PhaseCancelled:
		s.offerAnew(a, s.Pause.Event)
	}
	if i := s.Invoice; i != nil && i.Phase == InvoiceCancelled {
		s.enterInvoice(InvoiceAsked)
	}
}

// alarm is a time at which something is to be done.
type alarm struct {
	at   time.Time
	why  string
	fire func() // must clear the time; nil: just take a turn
}

type addAlarm func(at time.Time, why string, fire func())

// alarms lists everything that is due at some time.
func (s *State) alarms() []alarm {
	var list []alarm
	add := func(at time.Time, why string, fire func()) { list = append(list, alarm{at, why, fire}) }
	s.waitingAlarms(add)
	s.actAlarms(add)
	s.inactivityAlarms(add)
	s.invoiceAlarms(add)
	s.pollAlarms(add)
	s.overdueAlarms(add)
	if q := s.Request; q != nil && q.Stage == StageChecking {
		add(s.Life.Search.Until, "ask people without knowing of earlier runs", nil)
	}
	add(s.ClosesAt, "the project has ended: close its workflow", nil)
	return list
}

// nextCheck returns when to check again whether changed settings allow something, because a change does not wake a project.
func (s *State) nextCheck(since time.Time, every time.Duration) time.Time {
	return since.Add(s.now.Sub(since).Truncate(every) + every)
}

// earliest returns the earliest of the alarms that count; nil if none does.
func earliest(alarms []alarm, counts func(alarm) bool) *alarm {
	var first *alarm
	for _, a := range alarms {
		if counts(a) && (first == nil || a.at.Before(first.at)) {
			first = &a
		}
	}
	return first
}

// fireAlarms does what is due, earliest first.
func (s *State) fireAlarms() {
	due := func(a alarm) bool { return a.fire != nil && !a.at.IsZero() && !s.now.Before(a.at) }
	for !s.Cancelled {
		a := earliest(s.alarms(), due)
		if a == nil {
			return
		}
		a.fire()
	}
}

// Wake returns when the project wants to be woken next, and why; the zero time if never.
func (s *State) Wake() (time.Time, string) {
	var list []alarm
	if !s.Cancelled {
		list = s.alarms()
	}
	for _, j := range s.jobs() {
		if !j.try.Busy && j.try.After.After(s.now) {
			list = append(list, alarm{at: j.try.After, why: "next attempt: " + j.task().Summary})
		}
	}
	if a := earliest(list, func(a alarm) bool { return a.at.After(s.now) }); a != nil {
		return a.at, a.why
	}
	return time.Time{}, ""
}

// advance continues what waited for something else.
func (s *State) advance() {
	if s.Cancelled {
		return
	}
	s.askAnew()
	s.followCeiling()
	s.approveByRule()
	s.advanceActs()
	s.advanceInvoice()
	s.advanceClock()
	s.advanceOutages()
}

// render updates the messages to the current state.
func (s *State) render() {
	s.renderAlert(s.LastPause)
	s.renderAlert(s.Pause)
	s.renderRequest(s.Former)
	s.renderRequest(s.Request)
	s.renderInvoice()
}

// Finished reports whether the project has ended, PROJECT_LINGER has passed, and we have nothing left to do.
func (s *State) Finished() bool {
	return !s.ClosesAt.IsZero() && !s.now.Before(s.ClosesAt) && s.InvoicedFirst == nil &&
		(s.Invoice == nil || s.Invoice.settled()) && s.Act == nil && len(s.Pending) == 0 && s.flushed()
}

// Drained reports whether a cancelled project has nothing in progress and nothing left to post or edit. An edit that waits for
// another attempt counts, because it removes buttons.
func (s *State) Drained() bool { return len(s.jobs()) == 0 }

// cancel ends what is open: nothing new is begun, what is in progress may finish, and open messages lose their buttons.
func (s *State) cancel() {
	if s.Cancelled {
		return
	}
	s.Cancelled = true
	for _, q := range nonNil(s.Former, s.Request, s.Action) {
		if a := s.actOf(q); !q.Closed && (a == nil || !a.Busy) {
			s.cancelQuestion(q)
		}
	}
	if s.Act != nil && !s.Act.Busy {
		s.Act = nil
	}
	for _, p := range s.Pending {
		s.answer(p.Decision, nil, AnswerClosed)
	}
	s.Pending = nil
	s.Poll.Asking, s.Figures = nil, nil
	s.cancelInvoice()
}

// cancelQuestion shows on a question's message that it was cancelled.
func (s *State) cancelQuestion(q *Question) {
	if phases[q.Phase].settled || q.Phase == PhaseAccepted {
		return // nothing is asked, and what it says is still true
	}
	q.Stage, q.ToAct, q.Newer, q.CheckAt = "", false, nil, time.Time{}
	s.enter(q, PhaseCancelled)
	s.line(Line{Kind: LineClosed, Ref: string(q.ID), Text: "its workflow was cancelled"})
}

// WorkflowID returns the workflow id of a project.
func WorkflowID(id prodege.ProjectID) string { return "project-" + id.String() }

// InvoiceKey returns the idempotency key of a revision of a project's invoice.
func InvoiceKey(id prodege.ProjectID, revision int) string {
	return WorkflowID(id) + "-invoice-r" + itoa(revision)
}

// Trimmed returns a copy for people to read, without the ledger and the seen ids, which are large.
func (s *State) Trimmed() *State {
	c := *s
	c.Ledger, c.Seen, c.Deliveries = nil, nil, nil
	return &c
}
