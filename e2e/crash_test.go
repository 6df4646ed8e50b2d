package e2e

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

var long = flag.Bool("long", false, "run the fault tests in their long form: more rounds, more victims, 20,000 events")

// step is a step of a project's life at which a process is killed. It is part of a stage: 1 the pause, 2 the decision,
// 3 COMPLETE.
type step struct {
	name    string
	stage   int
	ingress bool // made by the ingress, otherwise by the worker
	matches func(id string) func(string, []byte) bool
}

var steps = []step{
	{"event signalled", 1, true, func(id string) func(string, []byte) bool {
		return callMatching("SignalWithStartWorkflowExecution", "project-"+id)
	}},
	{"state saved", 1, false, func(id string) func(string, []byte) bool {
		return callMatching("RespondWorkflowTaskCompleted", "project-"+id)
	}},
	{"Slack posted", 1, false, func(id string) func(string, []byte) bool { return callMatching("/api/chat.postMessage", id) }},
	{"decision signalled", 2, true, func(id string) func(string, []byte) bool {
		return callMatching("SignalWorkflowExecution", "project-"+id)
	}},
	{"decision recorded", 2, false, func(id string) func(string, []byte) bool {
		return callMatching("RespondWorkflowTaskCompleted", "project-"+id, "AcceptCPI")
	}},
	{"Prodege called", 2, false, func(id string) func(string, []byte) bool { return callMatching("/project-update", id) }},
	{"billing called", 3, false, func(id string) func(string, []byte) bool { return callMatching("/invoices", id) }},
	{"invoice recorded", 3, false, func(id string) func(string, []byte) bool {
		return callMatching("RespondActivityTaskCompleted", "project-"+id, "SendInvoice")
	}},
}

// life is a project that goes from its pause to its invoice, with one crash in between.
type life struct {
	id      prodege.ProjectID
	step    step
	after   bool
	trap    *trap
	request simulator.Message

	clicked time.Time // time of the last click
}

func (l *life) String() string {
	return fmt.Sprintf("%s %s (project %s)", map[bool]string{false: "before", true: "after"}[l.after], l.step.name, l.id)
}

// TestCrashMatrix kills the real processes, and Temporal, before and after each step of a project's life. The process
// is held at the call in question, so the kill happens exactly there. For each victim there is one world with a project
// per step, so that a single kill hits all steps.
func TestCrashMatrix(t *testing.T) {
	skipIfShort(t)
	victims := []string{"worker", "ingress", "Temporal"}
	rounds := 1
	if *long {
		victims = append(victims, "worker and ingress", "all three")
		rounds = 5
	}
	done := newMatrix(victims)
	t.Run("victims", func(t *testing.T) {
		for _, victim := range victims {
			t.Run(victim, func(t *testing.T) {
				t.Parallel()
				crash(t, victim, rounds, done)
			})
		}
	})
	if *report && !t.Failed() {
		done.write(t, "crash matrix", steps)
	}
}

// affects reports whether a crash of the victim can happen at a step.
func affects(victim string, s step) bool {
	switch victim {
	case "worker":
		return !s.ingress
	case "ingress":
		return s.ingress
	}
	return true
}

func crash(t *testing.T, victim string, rounds int, done *matrix) {
	own := victim == "Temporal" || victim == "all three"
	w := newTrapped(t, own)
	for round := range rounds {
		var lives []*life
		for i, s := range steps {
			for j, after := range []bool{false, true} {
				if affects(victim, s) {
					lives = append(lives, &life{id: prodege.ProjectID(81000000 + round*1000 + i*10 + j), step: s, after: after})
				}
			}
		}
		w.crashOnce(victim, lives)
		for _, l := range lives {
			w.finish(l)
		}
		for _, l := range lives {
			w.checkLife(l)
			done.add(victim, l.step, l.after, t)
		}
	}
}

// crashOnce brings every life to its step, holds it there, and kills the victim.
func (w *trapped) crashOnce(victim string, lives []*life) {
	w.t.Helper()
	for stage := 1; stage < 3; stage++ { // advance those that crash later
		w.each(lives, func(l *life) bool { return l.step.stage > stage }, func(l *life) { w.startStage(l, stage) })
		w.each(lives, func(l *life) bool { return l.step.stage > stage }, func(l *life) { w.waitStage(l, stage) })
	}
	for _, l := range lives {
		l.trap = w.add(l.after, l.step.matches(l.id.String()))
	}
	w.each(lives, func(l *life) bool { return !l.crashesAtClick() }, func(l *life) { w.startStage(l, l.step.stage) })
	w.waitHeld(lives)
	w.killAndRestart(victim)
}

// crashesAtClick reports whether the step is a person's click. The ingress gives up on a click after two seconds, so
// the click is made last, and repeated if the ingress gave up.
func (l *life) crashesAtClick() bool { return l.step.ingress && l.step.stage == 2 }

// reclickAfter is how long people wait for the effect of a click before they check whether the button is still there.
const reclickAfter = 3 * time.Second

// reclick repeats a click if the button is still there. If the first click was recorded, the second has no effect.
func (w *trapped) reclick(l *life) {
	w.t.Helper()
	if time.Since(l.clicked) < reclickAfter {
		return
	}
	if now, _ := w.slack.Message(approvals, l.request.TS); slices.Contains(buttons(now), approve) {
		w.startStage(l, 2)
	}
}

// waitHeld waits until all lives are held at their steps at the same time.
func (w *trapped) waitHeld(lives []*life) {
	w.t.Helper()
	var next time.Time
	missing := ""
	defer func() {
		if w.t.Failed() {
			w.t.Logf("not held: %s", missing)
		}
	}()
	await(w.t, "the processes to be held at all steps", func() bool {
		missing = ""
		onlyClicks := true
		for _, l := range lives {
			if l.trap.isHolding() {
				continue
			}
			missing += l.String() + "; "
			onlyClicks = onlyClicks && l.crashesAtClick()
			if l.step.stage == 2 && !l.crashesAtClick() {
				w.reclick(l)
			}
		}
		if missing != "" && onlyClicks && time.Now().After(next) {
			next = time.Now().Add(500 * time.Millisecond)
			w.each(lives, func(l *life) bool { return l.crashesAtClick() && !l.trap.isHolding() }, func(l *life) { w.startStage(l, 2) })
		}
		return missing == ""
	})
}

// each calls do for the selected lives.
func (w *trapped) each(lives []*life, which func(*life) bool, do func(*life)) {
	w.t.Helper()
	for _, l := range lives {
		if which(l) {
			do(l)
		}
	}
}

// killAndRestart kills the victim, releases all calls, and starts the victim again.
func (w *trapped) killAndRestart(victim string) {
	w.t.Helper()
	worker := victim == "worker" || victim == "worker and ingress" || victim == "all three"
	ingress := victim == "ingress" || victim == "worker and ingress" || victim == "all three"
	if w.ownTemporal != nil {
		w.ownTemporal.kill()
	}
	if worker {
		w.worker.kill()
	}
	if ingress {
		w.ingress.kill()
	}
	w.releaseAll()
	if w.ownTemporal != nil {
		w.ownTemporal.launch()
	}
	if ingress {
		w.ingress.launch()
		w.ingress.waitReady()
	}
	if worker {
		w.worker.launch()
		w.worker.waitReady()
	}
}

// startStage triggers a stage.
func (w *trapped) startStage(l *life, stage int) {
	w.t.Helper()
	switch stage {
	case 1:
		project := newProject(l.id)
		project.Name = "Study " + l.id.String()
		w.prodege.SetProject(project)
		w.checkDelivered(w.prodege.PauseForCPI(w.ctx, l.id, amount))
	case 2:
		l.clicked = time.Now()
		click := simulator.Click{User: ann, Channel: approvals, TS: l.request.TS, ActionID: approve, Stale: true}
		go func() { _, _ = w.slack.Click(w.ctx, click) }() // it may be held, or fail with the ingress
	case 3:
		w.checkDelivered(w.prodege.Complete(w.ctx, l.id, prodege.ReconciliationComplete, "all good"))
	}
}

// waitStage waits for the result of a stage.
func (w *trapped) waitStage(l *life, stage int) {
	w.t.Helper()
	switch stage {
	case 1:
		l.request = w.waitMessage(approvals, "a request for "+l.String(), func(m simulator.Message) bool {
			return m.Thread == "" && contains(m, l.id.String()) && contains(m, "Approve a CPI")
		})
	case 2:
		await(w.t, l.String()+": live again", func() bool {
			m, _ := w.slack.Message(approvals, l.request.TS)
			if contains(m, "Live again at $4.25") {
				return true
			}
			w.reclick(l)
			return false
		})
	case 3:
		w.waitInvoice(project.InvoiceKey(l.id, 1))
		w.waitProject(l.id, func(s *project.State) bool { return s.Waiting == project.WaitsInvoiced }, l.String()+": the project to wait for INVOICED")
	}
}

// finish completes a life after the crash. A person whose click failed with the ingress clicks again.
func (w *trapped) finish(l *life) {
	w.t.Helper()
	if l.step.stage == 2 {
		w.startStage(l, 2)
	}
	for stage := l.step.stage; stage <= 3; stage++ {
		if stage > l.step.stage {
			w.startStage(l, stage)
		}
		w.waitStage(l, stage)
	}
	w.checkDelivered(w.prodege.Invoice(w.ctx, l.id))
	w.waitInvoiced(l.id)
}
