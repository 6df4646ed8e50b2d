package project_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// world is a project with its surroundings in memory: a driver that works like package workflows, and Slack, Prodege
// and billing, which respond as the story says. Time passes only when the story says so.
type world struct {
	t   *testing.T
	s   *project.State
	id  prodege.ProjectID
	now time.Time
	day time.Time // times on this day are printed without a date

	settings project.Settings
	turn     project.Turn // input since the last turn
	tasks    []*runningTask
	lives    int
	ended    bool

	roundTripEvery, turns int // checkRoundTrip checks every roundTripEvery turns, because it takes milliseconds

	eventsAfterCancel bool      // events arrived with the cancellation or after it
	cancelDeadline    time.Time // when a cancelled workflow ends at the latest

	slack        slackFake
	prodege      prodegeFake
	billing      behaviour
	approverList behaviour // of the lookup of approvers
	earlierRuns  behaviour // of the search for earlier runs
	approvers    []string
	accepting    bool

	nextEvent, nextClick, nextTS int
	lines                        []string
	lastLine, lastStatus         string // last line without its time, and last status line
	repeats                      int
	lastRepeat                   time.Time
}

// behaviour is how a counterparty responds: its mode with an argument, and how many times (0: until it is changed).
type behaviour struct {
	mode  string
	arg   string
	delay time.Duration
	times int
}

// next returns the behaviour for one call.
func (b *behaviour) next() behaviour {
	now := *b
	if b.times > 0 {
		if b.times--; b.times == 0 {
			*b = behaviour{}
		}
	}
	return now
}

// runningTask is a task that was started and has not ended.
type runningTask struct {
	task      project.Task
	behaviour behaviour
	due       time.Time // when the task ends; zero: on the command answer
	result    func() (project.Result, string)
}

type slackFake struct {
	behaviour
	only     string // the channel that the behaviour applies to; empty: all
	messages []*slackMessage
}

// slackMessage is a message in Slack.
type slackMessage struct {
	key, channel, thread, ts string
	card                     project.Card
	plain, deleted           bool
}

func (f *slackFake) find(match func(*slackMessage) bool) *slackMessage {
	for _, m := range slices.Backward(f.messages) {
		if !m.deleted && match(m) {
			return m
		}
	}
	return nil
}

type prodegeFake struct {
	info      prodege.ProjectInfo
	completes int64
	reads     behaviour
	acts      behaviour
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, id: 29303649, accepting: true, lives: 1, approvers: []string{"U0ANN", "U0BOB", "U0CYD"},
		now: time.Date(2026, 11, 30, 14, 0, 0, 0, time.UTC)}
	w.day = w.now
	w.settings = project.Settings{Version: 1, AlertsChannel: "#alerts", ApprovalsChannel: "#approvals", FinanceChannel: "#finance",
		ApprovalTimeout: 24 * time.Hour, ApprovalReminderEvery: 4 * time.Hour, ResumeTimeout: 5 * time.Minute, AlertActions: true,
		HasAPIKey: true, HasBilling: true, ProjectLinger: 720 * time.Hour}
	w.prodege.info = prodege.ProjectInfo{ID: w.id, Name: "Snacks", ReferenceID: "PO-4720", Status: prodege.Live, CPI: usd("3.50"), MaxCPI: usd("3.75"), SampleSize: 400}
	w.prodege.completes = 150
	w.s = project.New(w.id)
	return w
}

// settle runs turns until nothing more happens at the current time.
func (w *world) settle() {
	for range 1000 {
		w.finishTasks()
		if w.ended && len(w.turn.Events) > 0 { // signal-with-start on a closed workflow starts a new one
			w.s, w.ended, w.tasks = project.New(w.id), false, nil
			w.lives++
			w.log("a new workflow starts, without the state of the one before")
		}
		if w.ended {
			if len(w.turn.Decisions) > 0 {
				w.log("the workflow is closed: the click is not processed")
			}
			w.turn = project.Turn{}
			return
		}
		turn := w.turn
		cancelled := turn.Cancelled
		w.turn = project.Turn{Cancelled: cancelled}
		turn.Now, turn.Settings = w.now, w.settings
		w.logOutput(w.s.Step(turn))
		started := w.startTasks()
		w.eventsAfterCancel = cancelled && (w.eventsAfterCancel || len(turn.Events) > 0)
		if cancelled && w.cancelDeadline.IsZero() {
			w.cancelDeadline = w.now.Add(5 * time.Minute)
		}
		switch {
		case cancelled && !w.mustAwait() && (w.s.Drained() || !w.now.Before(w.cancelDeadline)):
			w.endCancelled()
		case w.s.Finished() && len(w.tasks) == 0:
			w.end("the workflow ends: nothing is left to do")
		}
		if !started && !w.hasDueTask() && cancelled == w.turn.Cancelled {
			w.checkRoundTrip()
			return
		}
	}
	w.t.Fatal("the project does not come to rest")
}

// endCancelled ends a cancelled workflow, or continues it as new if events arrived with the cancellation or after it.
func (w *world) endCancelled() {
	if !w.eventsAfterCancel {
		w.end("the workflow ends: it was cancelled")
		return
	}
	w.log("events arrived since the cancellation: the workflow continues")
	w.turn.Cancelled, w.eventsAfterCancel, w.cancelDeadline = false, false, time.Time{}
	w.s.Restarted()
	w.s.DropReads()
	w.s, w.tasks = roundTrip(w.t, w.s), nil
}

func (w *world) end(why string) {
	w.ended, w.turn.Cancelled = true, false
	w.log(why)
}

// startTasks starts wanted tasks and abandons reads that are no longer wanted. It reports whether it started any.
func (w *world) startTasks() (started bool) {
	tasks := w.s.Wanted()
	w.tasks = slices.DeleteFunc(w.tasks, func(f *runningTask) bool {
		wanted := slices.ContainsFunc(tasks, func(t project.Task) bool { return t.ID == f.task.ID })
		if wanted || !f.task.Kind().Repeatable() {
			return false
		}
		w.log("no longer wanted: " + w.taskWords(f.task))
		return true
	})
	for _, t := range tasks {
		if slices.ContainsFunc(w.tasks, func(f *runningTask) bool { return f.task.ID == t.ID }) {
			continue
		}
		f := w.startTask(t)
		w.tasks = append(w.tasks, f)
		w.s.Begin(t.ID)
		if !f.due.Equal(w.now) {
			w.log(w.taskWords(t) + " …")
		}
		started = true
	}
	return started
}

// startTask returns a running task, which ends at once unless the story says otherwise.
func (w *world) startTask(t project.Task) *runningTask {
	f := &runningTask{task: t, due: w.now}
	switch t.Kind() {
	case project.KindPost, project.KindEdit, project.KindEphemeral:
		if w.slack.only == "" || w.slack.only == channelOf(t) {
			f.behaviour = w.slack.next()
		}
		f.result = func() (project.Result, string) { return w.slackResult(t, f.behaviour) }
		if t.Post != nil && f.behaviour.mode == "queued" {
			f.due = w.now.Add(t.Post.Wait)
			return f
		}
		if r := readOf(t); r != nil && w.prodege.reads.delay > 0 {
			f.due = w.now.Add(min(w.prodege.reads.delay, r.Within))
		}
	case project.KindRead:
		f.behaviour = w.prodege.reads.next()
		f.result = func() (project.Result, string) {
			if f.behaviour.delay > t.Read.Within {
				return failed(project.FailedTransient, "Prodege did not answer in time"), "no answer in time"
			}
			return w.readResult(t.Read, f.behaviour)
		}
		f.due = w.now.Add(min(f.behaviour.delay, t.Read.Within))
		if f.behaviour.mode == "held" {
			f.due = time.Time{}
		}
		return f
	case project.KindAccept, project.KindAct:
		f.behaviour = w.prodege.acts.next()
		f.result = func() (project.Result, string) { return w.actResult(t, f.behaviour) }
	case project.KindInvoice:
		f.behaviour = w.billing.next()
		f.result = func() (project.Result, string) { return w.billingResult(f.behaviour) }
	case project.KindPermission:
		f.behaviour = w.approverList.next()
		f.result = func() (project.Result, string) {
			if f.behaviour.mode == "away" {
				return project.Result{Permission: &project.Permission{}}, "the list is unavailable"
			}
			ok := slices.Contains(w.approvers, t.Permission.User)
			return project.Result{Permission: &project.Permission{Known: true, Allowed: ok}}, map[bool]string{true: "yes", false: "no"}[ok]
		}
	case project.KindDigest:
		f.result = func() (project.Result, string) { return project.Result{}, "added" }
	case project.KindEarlier:
		f.behaviour = w.earlierRuns.next()
		f.result = func() (project.Result, string) {
			switch {
			case f.behaviour.mode == "fails":
				return failed(project.FailedTransient, "Temporal does not answer"), "no answer"
			case f.behaviour.mode == "found", w.lives > 1:
				return project.Result{Earlier: &project.EarlierFound{Found: true}}, "yes"
			}
			return project.Result{Earlier: &project.EarlierFound{}}, "no"
		}
	}
	if f.behaviour.mode == "held" {
		f.due = time.Time{}
	} else if f.behaviour.delay > 0 {
		f.due = w.now.Add(f.behaviour.delay)
	}
	return f
}

// finishTasks ends the tasks that are due.
func (w *world) finishTasks() {
	w.tasks = slices.DeleteFunc(w.tasks, func(f *runningTask) bool {
		if f.due.IsZero() || f.due.After(w.now) {
			return false
		}
		r, words := f.result()
		r.ID = f.task.ID
		w.turn.Results = append(w.turn.Results, r)
		if words != "" {
			words = " → " + words
		}
		w.log(w.taskWords(f.task) + words)
		return true
	})
}

func (w *world) hasDueTask() bool {
	return len(w.turn.Results) > 0 || slices.ContainsFunc(w.tasks, func(f *runningTask) bool { return !f.due.IsZero() && !f.due.After(w.now) })
}

func (w *world) mustAwait() bool {
	return slices.ContainsFunc(w.tasks, func(f *runningTask) bool { return !f.task.Kind().Repeatable() })
}

// advance lets time pass until a time, and settles whenever something is due before it.
func (w *world) advance(until time.Time) {
	for range 100_000 {
		next, _ := w.s.Wake()
		if w.ended {
			next = time.Time{}
		}
		if w.cancelDeadline.After(w.now) && (next.IsZero() || w.cancelDeadline.Before(next)) && !w.ended {
			next = w.cancelDeadline
		}
		for _, f := range w.tasks {
			if !f.due.IsZero() && (next.IsZero() || f.due.Before(next)) {
				next = f.due
			}
		}
		if next.IsZero() || next.After(until) {
			w.now = until
			w.settle()
			return
		}
		if !next.After(w.now) {
			w.t.Fatalf("the project wants to be woken at %v, but it is %v already", next, w.now)
		}
		w.now = next
		w.settle()
	}
	w.t.Fatal("the project is woken endlessly")
}

// checkRoundTrip checks that a state decoded from its JSON, as after continue-as-new, behaves like the original, and
// that a turn without input does not change it.
func (w *world) checkRoundTrip() {
	if w.turns++; w.ended || w.roundTripEvery > 0 && w.turns%w.roundTripEvery != 0 {
		return
	}
	before := mustJSON(w.t, w.s)
	decoded := roundTrip(w.t, w.s)
	if queried, here := mustJSON(w.t, decoded.View()), mustJSON(w.t, w.s.View()); queried != here {
		w.t.Fatalf("a query returns another view:\nhere    %s\nqueried %s", here, queried)
	}
	decoded.Step(project.Turn{Now: w.now, Settings: w.settings, Cancelled: w.turn.Cancelled})
	if after := mustJSON(w.t, decoded); after != before {
		w.t.Fatalf("a turn without input changes the state:\nbefore %s\nafter  %s", before, after)
	}
	if diff := project.DiffWanted(w.s, decoded); diff != "" {
		w.t.Fatalf("a state decoded from its JSON behaves differently:\n%s", diff)
	}
}

// roundTrip encodes a state as JSON and decodes it again.
func roundTrip(t testing.TB, s *project.State) *project.State {
	decoded := new(project.State)
	if err := json.Unmarshal([]byte(mustJSON(t, s)), decoded); err != nil {
		t.Fatalf("the state can't be decoded: %v", err)
	}
	return decoded
}

func mustJSON(t testing.TB, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// continueAsNew continues in a new run with the decoded state.
func (w *world) continueAsNew() {
	if w.mustAwait() {
		w.t.Fatal("the driver does not continue as new while a task is running that is not repeatable")
	}
	w.s.DropReads()
	w.s, w.tasks = roundTrip(w.t, w.s), nil
	w.settle()
}

// slackResult returns the result of a post, edit or ephemeral message, and words for it.
func (w *world) slackResult(t project.Task, how behaviour) (project.Result, string) {
	switch how.mode {
	case "away":
		return failed(project.FailedTransient, "Slack does not answer"), "Slack does not answer"
	case "429":
		r := failed(project.FailedTransient, "Slack asks to wait (429)")
		r.Failure.RetryAfter = must(time.ParseDuration(how.arg))
		return r, "429, wait " + how.arg
	case "refuses":
		return failed(project.FailedOperator, how.arg), "Slack refuses: " + how.arg
	case "queued":
		if t.Post != nil {
			return failed(project.FailedNotStarted, "the rate limit was exceeded"), "not sent within " + t.Post.Wait.String()
		}
	case "lost":
		if t.Post != nil {
			w.post(t.Post, false)
		}
		r := failed(project.FailedTransient, "the connection was cut")
		r.Failure.Maybe = true
		return r, "accepted, but the response is lost"
	}
	plain := how.mode == "plain"
	switch {
	case t.Post != nil:
		return w.postResult(t.Post, plain)
	case t.Edit != nil:
		m := w.slack.find(func(m *slackMessage) bool { return m.ts == t.Edit.TS })
		if m == nil {
			return project.Result{Edited: &project.Edited{Gone: true}}, "the message is gone"
		}
		m.card, m.plain = t.Edit.Card, plain
		return project.Result{Edited: &project.Edited{Plain: plain, Nobody: w.nobodyCanDecide(t.Edit.Card)}}, w.messageWords(t.Edit.Card, plain)
	}
	return project.Result{}, ""
}

func (w *world) postResult(p *project.Post, plain bool) (project.Result, string) {
	if p.Thread != "" && w.slack.find(func(m *slackMessage) bool { return m.ts == p.Thread }) == nil {
		return failed(project.FailedThreadGone, "the thread is gone"), "the thread is gone"
	}
	if !p.Tried.IsZero() {
		if m := w.slack.find(func(m *slackMessage) bool { return m.key == p.Key }); m != nil {
			return project.Result{Posted: &project.Posted{Channel: p.Channel, TS: m.ts, Link: "link-" + m.ts, Found: true, Nobody: w.nobodyCanDecide(m.card)}}, "already posted"
		}
	}
	words := ""
	posted := &project.Posted{Channel: p.Channel, Plain: plain, Nobody: w.nobodyCanDecide(p.Card)}
	if p.Read != nil {
		how := w.prodege.reads.next()
		if how.delay > p.Read.Within {
			words = " (without the project's figures)"
		} else if r, _ := w.readResult(p.Read, how); r.Reading != nil {
			posted.Reading = r.Reading
			p.Card.Fill(*r.Reading)
			words = " (with the project's figures)"
		} else {
			words = " (without the project's figures)"
		}
	}
	m := w.post(p, plain)
	posted.TS, posted.Link = m.ts, "link-"+m.ts
	return project.Result{Posted: posted}, strings.TrimSpace(w.messageWords(p.Card, plain) + words)
}

// messageWords describes what is unusual about a posted message.
func (w *world) messageWords(c project.Card, plain bool) string {
	switch {
	case plain:
		return "Slack refuses the layout, posted as text without buttons"
	case w.nobodyCanDecide(c):
		return "shows that nobody can decide"
	}
	return ""
}

func (w *world) post(p *project.Post, plain bool) *slackMessage {
	w.nextTS++
	m := &slackMessage{key: p.Key, channel: p.Channel, thread: p.Thread, ts: "ts" + strconv.Itoa(w.nextTS), card: p.Card, plain: plain}
	w.slack.messages = append(w.slack.messages, m)
	return m
}

// nobodyCanDecide reports whether a card has buttons that nobody may click.
func (w *world) nobodyCanDecide(c project.Card) bool {
	return len(w.approvers) == 0 && len(buttons(c)) > 0
}

// channelOf returns the channel of a post, edit or ephemeral message.
func channelOf(t project.Task) string {
	switch {
	case t.Post != nil:
		return t.Post.Channel
	case t.Edit != nil:
		return t.Edit.Channel
	}
	return t.Ephemeral.Channel
}

func readOf(t project.Task) *project.Read {
	if t.Post != nil {
		return t.Post.Read
	}
	return t.Read
}

// readResult returns the result of a read of the project, and words for it.
func (w *world) readResult(r *project.Read, how behaviour) (project.Result, string) {
	switch how.mode {
	case "away":
		return failed(project.FailedTransient, "Prodege does not answer"), "Prodege does not answer"
	case "refuses":
		f := failed(project.FailedRefused, "Prodege refuses ("+how.arg+")")
		return f, "Prodege refuses (" + how.arg + ")"
	}
	reading := &project.Reading{Asked: w.now, Info: w.prodege.info}
	if r.Quotas {
		reading.Quotas = &prodege.Quotas{Completes: w.prodege.completes, Wanted: w.prodege.info.SampleSize}
	}
	if r.Clicks {
		reading.Clicks = &prodege.ClickSettings{Cap: 5000}
	}
	return project.Result{Reading: reading}, infoWords(w.prodege.info)
}

// actResult returns the result of an acceptance or another act, after the same checks as in package activities, and
// words for it.
func (w *world) actResult(t project.Task, how behaviour) (project.Result, string) {
	info := &w.prodege.info
	got := project.Acceptance{Status: info.Status, Required: info.RequiredCPI, MaxCPI: info.MaxCPI}
	outcome := func(o project.Outcome, words string) (project.Result, string) {
		got.Outcome = o
		return project.Result{Acceptance: &got}, words
	}
	maybe := t.Accept != nil && t.Accept.Maybe || t.Act != nil && t.Act.Maybe
	switch {
	case !w.settings.HasAPIKey:
		return outcome(project.OutcomeNoKey, "there is no API key")
	case w.settings.DryRun:
		return outcome(project.OutcomeDryRun, "dry run, nothing is sent")
	case t.Accept != nil && w.settings.Ceiling != nil && t.Accept.Approved.Cmp(*w.settings.Ceiling) > 0:
		return outcome(project.OutcomeOverLimit, "above CPI_CEILING, nothing is sent")
	case !w.accepting:
		return outcome(project.OutcomeHeld, "accepting is off, nothing is sent")
	case how.mode == "away":
		return failed(project.FailedTransient, "Prodege does not answer"), "Prodege does not answer"
	}
	switch {
	case info.Status == prodege.Live && maybe:
		return outcome(project.OutcomeSent, "live: an earlier attempt succeeded")
	case info.Status == prodege.Live:
		return outcome(project.OutcomeAlreadyLive, "already live, nothing is sent")
	case info.Status != prodege.Paused:
		return outcome(project.OutcomeEnded, string(info.Status)+", nothing is sent")
	case info.PausedForCPI != (t.Accept != nil):
		return outcome(project.OutcomeOther, "paused for another reason, nothing is sent")
	case t.Accept != nil && info.RequiredCPI != nil && info.RequiredCPI.Cmp(t.Accept.Approved) > 0:
		return outcome(project.OutcomeRisen, "the price has risen to "+info.RequiredCPI.Dollars()+", nothing is sent")
	}
	if how.mode == "refuses" {
		r := failed(project.FailedRefused, "Prodege refuses")
		r.Failure.Refusal = &project.Refusal{Party: "Prodege", Codes: []int{must(strconv.Atoi(how.arg))}, Text: "the project is complete"}
		return r, "Prodege refuses (" + how.arg + ")"
	}
	words := w.update(t, &got)
	if how.mode == "lost" {
		r := failed(project.FailedTransient, "the connection was cut")
		r.Failure.Maybe, r.Failure.Amount = true, got.Sent
		return r, words + ", but the response is lost"
	}
	if how.mode == "ineffective" {
		info.Status = prodege.Paused
	}
	return outcome(project.OutcomeSent, words)
}

// update changes the project as project-update does, and returns words for it.
func (w *world) update(t project.Task, got *project.Acceptance) string {
	info := &w.prodege.info
	if t.Accept != nil {
		info.Status = prodege.Live
		info.PausedForCPI, info.RequiredCPI = false, nil
		if info.MaxCPI != nil && info.MaxCPI.Cmp(t.Accept.Approved) >= 0 {
			return "Prodege accepts status=LIVE alone, because its max CPI is high enough"
		}
		info.MaxCPI = &t.Accept.Approved
		got.Sent, got.MaxCPI = info.MaxCPI, info.MaxCPI
		return "Prodege accepts max_cpi=" + info.MaxCPI.String() + " status=LIVE"
	}
	u := t.Act.Action.Update(t.Act.Number, info.SampleSize)
	info.Status = u.Status
	words := "Prodege accepts status=" + string(u.Status)
	if u.SampleSize > 0 {
		info.SampleSize = u.SampleSize
		words += fmt.Sprintf(" sample_size=%d", u.SampleSize)
	}
	if t.Act.Action.Asks == prodege.AsksClicks {
		words += fmt.Sprintf(" clicks=%d", t.Act.Number)
	}
	return words
}

// billingResult returns the result of a call to billing, and words for it.
func (w *world) billingResult(how behaviour) (project.Result, string) {
	switch how.mode {
	case "", "200":
		if w.settings.DryRun {
			return project.Result{Invoice: &project.InvoiceResult{DryRun: true}}, "dry run, nothing is sent"
		}
		return project.Result{Invoice: &project.InvoiceResult{Status: 200}}, "accepted"
	case "409":
		return project.Result{Invoice: &project.InvoiceResult{Conflict: true, Status: 409}}, "409"
	case "500", "503":
		r := failed(project.FailedTransient, "billing answered HTTP "+how.mode)
		r.Failure.Maybe = true
		return r, "HTTP " + how.mode
	case "lost":
		r := failed(project.FailedTransient, "the connection was cut")
		r.Failure.Maybe = true
		return r, "the response is lost"
	case "away":
		return failed(project.FailedTransient, "billing can't be reached"), "billing can't be reached"
	}
	text := "HTTP " + how.mode
	if how.mode == "html" || how.mode == "no" {
		text = map[string]string{"html": "billing answered with a web page", "no": "billing answered success: false"}[how.mode]
	}
	r := failed(project.FailedRefused, text)
	r.Failure.Refusal = &project.Refusal{Party: "billing", Text: text}
	return r, text
}

func failed(kind project.FailureKind, text string) project.Result {
	return project.Result{Failure: &project.Failure{Kind: kind, Text: text}}
}

func usd(text string) *prodege.USD { return new(prodege.MustUSD(text)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// logOutput logs the output of a turn.
func (w *world) logOutput(out project.Output) {
	const many = 20
	if len(out.Events) > many {
		w.log(manyEventsWords(out.Events))
	} else {
		for _, e := range out.Events {
			w.log(eventWords(e))
		}
	}
	for i, l := range out.Lines {
		switch {
		case len(out.Lines) <= many, i == 0, i == len(out.Lines)-1:
			w.log("ledger: " + lineWords(l))
		case i == 1:
			w.log(fmt.Sprintf("ledger: … %d more lines …", len(out.Lines)-2))
		}
	}
	for _, u := range out.Outages {
		w.log("log: Slack has not accepted a message in " + u.Channel + " for five minutes: " + u.What + inParens(u.Failure))
	}
	for _, a := range out.Answered {
		w.log("click of " + cmp.Or(a.User, "nobody") + " without effect: " + answerWords(project.Answer{Kind: a.Kind, Amount: a.Amount}))
	}
}
