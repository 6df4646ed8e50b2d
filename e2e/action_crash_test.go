package e2e

import (
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// actionLife is a project with an action from its alert, during which a process is killed.
type actionLife struct {
	id    prodege.ProjectID
	name  string
	step  step
	after bool
	trap  *trap
}

// actSteps are the steps of an action from an alert.
var actSteps = []step{
	{name: "act recorded", matches: func(id string) func(string, []byte) bool {
		return callMatching("RespondWorkflowTaskCompleted", "project-"+id, "ActOnProject")
	}},
	{name: "clicks allowed", matches: func(id string) func(string, []byte) bool { return callMatching("/project-settings-update", id) }},
	{name: "set LIVE", matches: func(id string) func(string, []byte) bool { return callMatching("/project-update", id) }},
}

// TestCrashOfAnAct kills the worker, and Temporal, before and after each step of an action from an alert: recording the
// decision, allowing clicks, and setting the project LIVE. Each must happen once, and people must see one message.
func TestCrashOfAnAct(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	victims := []string{"worker", "Temporal"}
	if *long {
		victims = append(victims, "all three")
	}
	done := newMatrix(victims)
	t.Run("victims", func(t *testing.T) {
		for _, victim := range victims {
			t.Run(victim, func(t *testing.T) {
				t.Parallel()
				crashActs(t, victim, done)
			})
		}
	})
	if *report && !t.Failed() {
		done.write(t, "crashes of acts", actSteps)
	}
}

func crashActs(t *testing.T, victim string, done *matrix) {
	w := newTrapped(t, victim != "worker")
	var lives []*actionLife
	for _, step := range actSteps {
		for _, after := range []bool{false, true} {
			d := &actionLife{id: prodege.ProjectID(82000000 + len(lives)), name: step.name, after: after, step: step}
			if after {
				d.name += ", response lost"
			}
			w.pauseAtClickLimit(d)
			d.trap = w.add(after, step.matches(d.id.String()))
			lives = append(lives, d)
		}
	}
	for _, d := range lives {
		w.decideAction(d)
	}
	await(t, "the worker to reach all steps", func() bool {
		for _, d := range lives {
			if !d.trap.isHolding() {
				return false
			}
		}
		return true
	})
	w.killAndRestart(victim)
	for _, d := range lives {
		w.checkAction(d)
		done.add(victim, d.step, d.after, t)
	}
}

// pauseAtClickLimit pauses a project because of its click limit, and waits until its alert has buttons.
func (w *trapped) pauseAtClickLimit(d *actionLife) {
	w.t.Helper()
	p := newProject(d.id)
	p.Settings = map[string]string{"enable_max_clicks": "true", "enable_max_clicks_cap": "100", "enable_max_clicks_allowed_clicks": "0", "enable_max_clicks_max_click_rate_id": "2"}
	w.prodege.SetProject(p)
	w.checkDelivered(w.prodege.Pause(w.ctx, d.id, prodege.MaxClicks))
	w.waitProject(d.id, func(s *project.State) bool {
		return s.Action != nil && s.Action.Figures != nil
	}, "an action for project "+d.id.String())
}

// decideAction records a decision as a modal would.
func (w *trapped) decideAction(d *actionLife) {
	w.t.Helper()
	state := w.waitProject(d.id, func(s *project.State) bool { return s.OpenAction() != nil }, "an action")
	decision := project.Decision{ID: "click-" + d.id.String(), Of: project.OfAction, Request: state.Action.ID, Verdict: project.ChooseAction, Generation: 1, Action: prodege.ActClicks, Number: 250,
		User: ann, Channel: alerts, From: project.FromSlack, At: time.Now().UTC()}
	if err := w.flows.Decide(w.ctx, d.id, decision); err != nil {
		w.t.Fatal(err)
	}
}

// checkAction checks that an action was done once, was decided by an approver, and is shown on one message.
func (w *trapped) checkAction(d *actionLife) {
	w.t.Helper()
	state := w.waitProject(d.id, func(s *project.State) bool {
		return s.Status == prodege.Live && s.Action != nil && s.Action.Closed && s.Act == nil
	}, d.name+": live again")
	if phase := state.Action.Phase; phase != project.PhaseLive {
		w.t.Errorf("%s: ended as %s", d.name, phase)
	}
	if n := len(state.Decisions); n != 1 || state.Decisions[0].User != ann || state.Decisions[0].Number != 250 {
		w.t.Errorf("%s: decisions %+v", d.name, state.Decisions)
	}
	resumed, settings := 0, 0
	for _, c := range w.prodege.Calls(d.id) {
		if c.Path == "project-update" && c.Changed {
			resumed++
		}
		if c.Path == "project-settings-update" && c.Changed {
			settings++
		}
	}
	if resumed != 1 || settings != 1 {
		w.t.Errorf("%s: set LIVE %d times, clicks changed %d times", d.name, resumed, settings)
	}
	count := 0
	for _, m := range w.slack.Messages(alerts) {
		if m.Thread == "" && contains(m, d.id.String()) {
			count++
		}
	}
	if count != 1 {
		w.t.Errorf("%s: %d messages", d.name, count)
	}
	w.waitMessage(alerts, d.name+": a closed alert without buttons", func(m simulator.Message) bool {
		return m.Thread == "" && contains(m, d.id.String()) && contains(m, "Live again") && len(buttons(m)) == 0
	})
}
