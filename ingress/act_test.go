package ingress

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// alert posts the alert about a pause that people can act on, and returns its ts.
func (w *world) alert(reason prodege.Reason, change ...func(*project.ActionFacts)) string {
	w.t.Helper()
	return w.say(project.Card{Pause: alertFacts(reason, change...)})
}

func alertFacts(reason prodege.Reason, change ...func(*project.ActionFacts)) *project.PauseFacts {
	cpi := prodege.MustUSD("3.75")
	e := prodege.Event{ID: pauseID, ProjectID: theProject, Time: time.Now(), Status: prodege.Paused, Reason: reason}
	a := &project.ActionFacts{ID: pauseID, Generation: 2, Reason: reason, Offers: e.Actions(), Phase: project.PhaseOpen,
		Figures: &project.Figures{CPI: &cpi, Completes: 212, Wanted: 250, ClickCap: 500, Refill: prodege.RefillHour, Clicks: true}}
	for _, c := range change {
		c(a)
	}
	return &project.PauseFacts{Frame: project.Frame{Project: project.Name{ID: theProject}}, Event: e, Since: e.Time, Times: 1, Action: a}
}

// open clicks a button that opens a modal and returns the view's id.
func (w *world) open(user, ts string, id prodege.ActionID) string {
	w.t.Helper()
	if reply := w.click(simulator.Click{User: user, TS: ts, ActionID: string(id)}); !reply.OK() {
		w.t.Fatalf("%s is answered %d", id, reply.Status)
	}
	views := w.slack.Views(user)
	if len(views) != 1 || len(w.temporal.decided()) != 0 {
		w.t.Fatalf("%s: views %+v, decided %+v", id, views, w.temporal.decided())
	}
	return views[0].ID
}

// TestEveryActionIsDecided goes through each row of the table, from the click to the signal.
func TestEveryActionIsDecided(t *testing.T) {
	for _, reason := range []prodege.Reason{prodege.MaxClicks, prodege.NoUniqueLinks, prodege.SampleSize, prodege.PausedInactive, prodege.HighDropOff} {
		for _, row := range (prodege.Event{Status: prodege.Paused, Reason: reason}).Actions() {
			t.Run(fmt.Sprintf("%d/%s", reason, row.ID), func(t *testing.T) {
				w := newWorld(t)
				ts := w.alert(reason)
				view := w.open("U0ANN", ts, row.ID)
				entered, number, note := map[string]string{cards.BlockReason + "/value": " all is well "}, int64(0), "all is well"
				if row.Asks != prodege.AsksNothing {
					entered, number, note = map[string]string{cards.BlockNumber + "/value": "400"}, 400, ""
				}
				out, err := w.slack.Submit(t.Context(), view, "U0ANN", entered)
				if err != nil || out.Action != "" || !out.OK() {
					t.Fatalf("submitted: %+v, %v", out, err)
				}
				w.in.Wait()
				all := w.temporal.decided()
				if len(all) != 1 || w.temporal.toward[0] != theProject {
					t.Fatalf("decided: %+v toward %v", all, w.temporal.toward)
				}
				d := all[0]
				if d.Of != project.OfAction || d.Verdict != project.ChooseAction || d.Request != pauseID || d.Action != row.ID || d.Number != number || d.Reason != note || d.Generation != 2 || d.User != "U0ANN" || d.Channel != approvals || d.From != project.FromSlack {
					t.Errorf("decided: %+v", d)
				}
				w.untouched(ts)
				if told := w.told("U0ANN"); !strings.Contains(told, "Recorded: your choice of “"+row.Label) {
					t.Errorf("told: %s", told)
				}
				if faults := w.slack.Complaints(); len(faults) != 0 {
					t.Errorf("Slack complains: %v", faults)
				}
			})
		}
	}
}

func TestABadNumberStandsAtItsField(t *testing.T) {
	w := newWorld(t)
	view := w.open("U0ANN", w.alert(prodege.SampleSize), prodege.ActSample)
	for entered, want := range map[string]string{"250": "At least 251", "many": "whole number", "501": "at most 500", "1000001": "At most 1,000,000"} {
		out, err := w.slack.Submit(t.Context(), view, "U0ANN", map[string]string{cards.BlockNumber + "/value": entered})
		if err != nil || out.Action != "errors" || !strings.Contains(out.Errors[cards.BlockNumber], want) {
			t.Errorf("%s: %v, %v", entered, out.Errors, err)
		}
	}
	if d := w.temporal.decided(); len(d) != 0 {
		t.Errorf("decided: %+v", d)
	}
}

// TestAnActionThatTemporalDoesNotTake may be sent again from the same modal, whichever field that has.
func TestAnActionThatTemporalDoesNotTake(t *testing.T) {
	for id, block := range map[prodege.ActionID]string{prodege.ActSample: cards.BlockNumber, prodege.ActComplete: cards.BlockReason} {
		w := newWorld(t)
		view := w.open("U0ANN", w.alert(prodege.SampleSize), id)
		entered := map[string]string{block + "/value": "500"}
		w.temporal.set(func() { w.temporal.away = errors.New("unavailable") })
		out, err := w.slack.Submit(t.Context(), view, "U0ANN", entered)
		if err != nil || !strings.Contains(out.Errors[block], "could not be recorded") {
			t.Errorf("%s: %+v, %v", id, out, err)
		}
		w.temporal.set(func() { w.temporal.away = nil })
		if out, err = w.slack.Submit(t.Context(), view, "U0ANN", entered); err != nil || out.Action != "" || len(w.temporal.decided()) != 1 {
			t.Errorf("%s again: %+v, %v", id, out, err)
		}
	}
}

func TestActingNeedsTheList(t *testing.T) {
	w := newWorld(t)
	ts := w.alert(prodege.SampleSize)
	w.submitsAsOutsider(ts, w.open("U0EVE", ts, prodege.ActComplete))
}

// TestTryAgainOfAnAction decides at once.
func TestTryAgainOfAnAction(t *testing.T) {
	w := newWorld(t)
	ts := w.alert(prodege.SampleSize, func(a *project.ActionFacts) { a.Phase = project.PhaseRefused })
	if ids := w.buttons(ts); !slices.Equal(ids, []string{cards.ActionTryAgain, string(prodege.ActSample), string(prodege.ActComplete)}) {
		t.Fatalf("buttons: %v", ids)
	}
	w.click(simulator.Click{User: "U0BEN", TS: ts, ActionID: cards.ActionTryAgain})
	d := w.temporal.decided()
	if len(d) != 1 || d[0].Of != project.OfAction || d[0].Verdict != project.TryAgain || d[0].Generation != 2 || d[0].User != "U0BEN" {
		t.Errorf("decided %+v, buttons %v", d, w.buttons(ts))
	}
}

// TestAnActionOnAClosedPause: the outcome is given in the words of actions.
func TestAnActionOnAClosedPause(t *testing.T) {
	w := newWorld(t)
	w.temporal.decide = func() error { return workflows.ErrClosed }
	w.temporal.projects = map[prodege.ProjectID]*project.State{theProject: {Name: project.Name{ID: theProject, Name: "Spring tracker"},
		Action: &project.Question{Kind: project.OfAction, ID: pauseID, Phase: project.PhaseLive,
			Decisions: []project.Decided{{Verdict: project.ChooseAction, User: "U0BEN", Action: prodege.ActSample, Number: 400, At: time.Now()}}}}}
	view := w.open("U0ANN", w.alert(prodege.SampleSize), prodege.ActSample)
	if out, err := w.slack.Submit(t.Context(), view, "U0ANN", map[string]string{cards.BlockNumber + "/value": "500"}); err != nil || out.Action != "" {
		t.Fatalf("submitted: %+v, %v", out, err)
	}
	w.in.Wait()
	told := w.told("U0ANN")
	for _, want := range []string{"Spring tracker", "live again", "<@U0BEN> chose “Raise sample size” (400)"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in: %s", want, told)
		}
	}
}

// TestAButtonThatDoesNotFitItsAction opens nothing.
func TestAButtonThatDoesNotFitItsAction(t *testing.T) {
	w := newWorld(t)
	value, err := cards.Button{Project: theProject, Request: pauseID, Generation: 2, Reason: prodege.SampleSize}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	w.interact(`{"type":"block_actions","user":{"id":"U0ANN","team_id":"T0SIM0001"},"team":{"id":"T0SIM0001"},"channel":{"id":"C0APPROVE"},"container":{"message_ts":"1.2"},"trigger_id":"1",` +
		`"actions":[{"type":"button","action_id":"act_clicks","block_id":"b","value":"` + value + `","action_ts":"3.4"}]}`)
	w.in.Wait()
	if told := w.told("U0ANN"); !strings.Contains(told, "does not fit") || len(w.slack.Calls("views.open")) != 0 || len(w.temporal.decided()) != 0 {
		t.Errorf("told %q", told)
	}
}
