package simulator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// Scenario is a course of events, played by the ways that everybody goes: signed webhooks and signed clicks over
// HTTP. The page plays those that need nothing but itself; the end-to-end tests play all of them, and record the
// histories for replay from them.
type Scenario struct {
	Name         string // a history is named <type>.<Name>
	Title, About string // as the page offers it; without About it does not

	Env       []string // settings that the program must run with, NAME=value; an empty value takes one away
	Worker    []string // further arguments of the worker
	Needs     Need     // what must be there beside Slack and Prodege
	Histories []string // the workflow types whose histories are recorded
	Slow      bool     // it takes more than a minute

	Steps []Step
}

// Need is something that not every stage has.
type Need int

const (
	NeedsBilling  Need = 1 << iota // a billing system
	NeedsTemporal                  // a Temporal that can be stopped
	NeedsOperator                  // the operator's commands; the page has none
)

// Step is one thing that happens, or that is waited for, in words for whoever watches.
type Step struct {
	Says    string
	Do      func(context.Context, *play) error
	Picture string // what the message that was waited for is an example of: a phase of a request, an alert, an invoice
}

// pictured marks a step after which a picture of its message is taken.
func (s Step) pictured(name string) Step {
	s.Picture = name
	return s
}

// Cast is who plays in scenarios, and in which channels.
type Cast struct {
	Approver, Second, Outsider string            // user ids: two who may decide, one who may not
	Alerts, Approvals, Finance string            // channel ids
	FirstProject               prodege.ProjectID // scenarios take this id and those after it for their projects
}

// Operator is what only commands and Temporal can do.
type Operator struct {
	Accepting func(ctx context.Context, on bool) error       // turns the kill switch
	Cancel    func(context.Context, prodege.ProjectID) error // cancels a project's workflow, and waits for its end
	Report    func(context.Context) error                    // has the weekly report written once the pauses are over
}

// Stage is where scenarios are played.
type Stage struct {
	Slack    *Slack
	Prodege  *Prodege
	Billing  *Billing // nil: there is none
	Cast     Cast     // without an Approver, nothing can be played
	Parts    []Part   // that can be stopped
	Operator *Operator

	Waiting   func() int    // deliveries that the ingress keeps until Temporal takes them; nil if that is not known
	Breath    time.Duration // between two steps, so that people can follow
	StepLimit time.Duration // how long a step may take
}

// Lacks says what a scenario needs that this stage does not have; empty: it can be played.
func (on *Stage) Lacks(s Scenario) string {
	switch {
	case on.Slack == nil || on.Prodege == nil || on.Cast.Approver == "":
		return "a simulated Slack and Prodege"
	case len(s.Env) > 0:
		return "other settings: " + strings.Join(s.Env, " ")
	case len(s.Worker) > 0:
		return "a worker with " + strings.Join(s.Worker, " ")
	case s.Needs&NeedsBilling != 0 && on.Billing == nil:
		return "a simulated billing system"
	case s.Needs&NeedsTemporal != 0 && on.part("temporal") == nil:
		return "a Temporal that can be stopped"
	case s.Needs&NeedsOperator != 0 && on.Operator == nil:
		return "an operator"
	}
	return ""
}

// Watcher is told how a scenario goes. Nil functions are not called.
type Watcher struct {
	Began func(step int)
	Shows func(step int, at, of string) // link to where it shows on the page, and what that is called
	Ended func(step int, m Message, took time.Duration, err error)
	Part  func(id string) // it stopped that part; empty: it runs again
}

// play is a scenario on its way, with what its steps hand on.
type play struct {
	*Stage
	watcher Watcher
	project prodege.ProjectID
	message Message
	stopped *Part  // by this scenario; nil: it has started again what it stopped
	step    int    // that is under way
	lacks   string // what it waits for, in words for when that does not come
}

// newPlay chooses a project that nobody has heard of, whatever was played before a restart.
func (on *Stage) newPlay(w Watcher) *play {
	p := &play{Stage: on, watcher: w, project: on.Cast.FirstProject}
	for known := true; known; {
		if _, known = p.Prodege.Project(p.project); known {
			p.project++
		}
	}
	return p
}

// Play plays a scenario to its end, or until a step fails. It starts again what it stopped.
func (on *Stage) Play(ctx context.Context, s Scenario, w Watcher) error {
	return on.newPlay(w).run(ctx, s)
}

func (p *play) run(ctx context.Context, s Scenario) error {
	for i, st := range s.Steps {
		p.step, p.lacks = i, ""
		if p.watcher.Began != nil {
			p.watcher.Began(i)
		}
		if i > 0 { // people read what comes before it happens
			_ = pause(ctx, p.Breath)
		}
		began := time.Now()
		err := p.take(ctx, st)
		if err != nil {
			err = errors.Join(err, p.restart())
		}
		if p.watcher.Ended != nil {
			p.watcher.Ended(i, p.message, time.Since(began), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take takes a step, and says in words what did not come if it fails.
func (p *play) take(ctx context.Context, st Step) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, p.StepLimit)
	defer cancel()
	err := st.Do(limited, p)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return lateError{fmt.Sprintf("%s within %g seconds", or(p.lacks, "this was not done"), p.StepLimit.Seconds())}
}

// lateError says what did not come in time.
type lateError struct{ text string }

func (e lateError) Error() string { return e.text }
