package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"fieldmarshal/simulator"
)

// slackTimeout is how long the simulated Slack waits for the ingress. The tests of package ingress check that its
// timeouts are within Slack's three seconds, which can't be measured on a busy machine.
const slackTimeout = 30 * time.Second

// On a busy machine Temporal or Slack may be too slow for the ingress, which then asks the person to try again. The
// helpers in this file do so. These are the texts of the ephemeral message or of the error in a modal.
const (
	notRecorded         = "could not be recorded right now"
	approversUnreadable = "the list of approvers can't be read from Slack right now"
	tryLater            = "Please try again in a minute" // in answer to a slash command
)

// asksToRetry reports whether a text asks the person to try again.
func asksToRetry(text string) bool {
	return strings.Contains(text, notRecorded) || strings.Contains(text, approversUnreadable)
}

// retry calls do until it returns false, and fails the test when that takes too long.
func (w *world) retry(what string, do func() (again bool)) {
	w.t.Helper()
	for deadline := time.Now().Add(waitTimeout); do(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("timed out repeating %s", what)
		}
	}
}

// click clicks a button of a message until the click is recorded or permanently refused. The button may be gone in the
// meantime, as on a screen that has not been refreshed.
func (w *world) click(user string, m simulator.Message, action string) {
	w.t.Helper()
	w.retryClick(simulator.Click{User: user, Channel: m.Channel, TS: m.TS, ActionID: action, Stale: true})
}

// retryClick is click for any kind of click. It returns the last reply and the number of attempts.
func (w *world) retryClick(c simulator.Click) (last simulator.Reply, times int) {
	w.t.Helper()
	w.retry("a click on "+c.ActionID, func() (again bool) {
		times++
		last, again = w.clickOnce(c)
		return again
	})
	return last, times
}

// clickOnce clicks, checks that Slack got its reply, and reports whether the click must be repeated. The ingress logs
// the outcome before it replies to Slack.
func (w *world) clickOnce(c simulator.Click) (reply simulator.Reply, again bool) {
	w.t.Helper()
	before := len(w.ingress.clickOutcomes(c.User))
	reply, err := w.slack.Click(w.ctx, c)
	if err != nil {
		w.t.Fatal(err)
	}
	if !reply.OK() {
		w.t.Fatalf("a click on %s was answered %d %s after %s", c.ActionID, reply.Status, reply.Body, reply.Took)
	}
	var outcomes []string
	await(w.t, "the ingress to log the outcome of a click on "+c.ActionID, func() bool {
		outcomes = w.ingress.clickOutcomes(c.User)[before:]
		return len(outcomes) > 0
	})
	return reply, slices.Contains(outcomes, "not_recorded") || slices.Contains(outcomes, "no_list")
}

// clickOutcomes returns the logged outcomes of a person's clicks and modals.
func (p *process) clickOutcomes(user string) (all []string) {
	for line := range strings.Lines(p.log.String()) {
		var entry struct{ Msg, User, Outcome string }
		if strings.Contains(line, `"click"`) && json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "click" && entry.User == user {
			all = append(all, entry.Outcome)
		}
	}
	return all
}

// openModal clicks a button until its modal is open.
func (w *world) openModal(user string, m simulator.Message, action string) (view simulator.View) {
	w.t.Helper()
	w.retry("a click on "+action, func() (again bool) {
		reply, err := w.slack.Click(w.ctx, simulator.Click{User: user, Channel: m.Channel, TS: m.TS, ActionID: action, Stale: true})
		if err != nil || !reply.OK() {
			w.t.Fatalf("a click on %s was answered %d %s, %v", action, reply.Status, reply.Body, err)
		}
		views := w.slack.Views(user) // the modal opens before the click is answered, or not at all
		if len(views) > 0 {
			view = views[0]
		}
		return len(views) == 0
	})
	return view
}

// submitModal submits a modal until it is accepted or its fields are rejected.
func (w *world) submitModal(user string, view simulator.View, values map[string]string) (out simulator.Submitted) {
	w.t.Helper()
	w.retry("a modal", func() bool {
		var err error
		out, err = w.slack.Submit(w.ctx, view.ID, user, values)
		if err != nil || out.Status != 0 && !out.OK() {
			w.t.Fatalf("the modal was answered %d %s, %v", out.Status, out.Body, err)
		}
		for _, text := range out.Errors {
			if asksToRetry(text) {
				return true
			}
		}
		return false
	})
	return out
}

// submit clicks a button that opens a modal, fills it in and submits it, which closes it.
func (w *world) submit(user string, m simulator.Message, action string, values map[string]string) {
	w.t.Helper()
	if out := w.submitModal(user, w.openModal(user, m, action), values); !out.OK() || out.Action != "" {
		w.t.Fatalf("the modal stays open: %d %s %v", out.Status, out.Body, out.Errors)
	}
}

// slashCommand sends the slash command until the user sees all given texts in an ephemeral message, and returns that
// message.
func (w *world) slashCommand(user, text string, want ...string) (shown simulator.Message) {
	w.t.Helper()
	deadline := time.Now().Add(waitTimeout)
	w.retry("/fieldmarshal "+text, func() (again bool) {
		before := len(w.slack.Ephemerals(user))
		reply, err := w.slack.Command(w.ctx, user, alerts, "/fieldmarshal", text)
		if err != nil || !reply.OK() {
			w.t.Fatalf("/fieldmarshal %s was answered %d %s after %s, %v", text, reply.Status, reply.Body, reply.Took, err)
		}
		all := w.slack.Ephemerals(user)
		if len(all) != before+1 {
			w.t.Fatalf("/fieldmarshal %s showed the user nothing", text)
		}
		shown = all[len(all)-1]
		if contains(shown, tryLater) {
			return true
		}
		// The answer omits workflows that did not reply in time.
		incomplete := slices.ContainsFunc(want, func(part string) bool { return !contains(shown, part) })
		return incomplete && time.Now().Before(deadline)
	})
	return shown
}

// checkHome opens a person's home tab until it shows all given texts.
func (w *world) checkHome(user string, want ...string) {
	w.t.Helper()
	w.retry("opening the home tab", func() (again bool) {
		if reply, err := w.slack.OpenHome(w.ctx, user); err != nil || !reply.OK() {
			w.t.Fatalf("app_home_opened was answered %d, %v", reply.Status, err)
		}
		ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second) // a view published later omits what was too slow
		defer cancel()
		for {
			home, _ := w.slack.Home(user)
			text := simulator.ViewText(home)
			if !slices.ContainsFunc(want, func(part string) bool { return !strings.Contains(text, part) }) {
				return false
			}
			select {
			case <-ctx.Done():
				return true
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
}
