package simulator

import (
	"cmp"
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
	Do      doing
	Picture string // what the message that was waited for is an example of: a phase of a request, an alert, an invoice
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

// Part is a part of the program that can be stopped and started again, to show that nothing is lost.
type Part struct {
	ID, Name string
	Stopped  func() bool
	Stop     func(context.Context) error
	Start    func(context.Context) error
}

// partLimit is how long stopping or starting a part may take.
const partLimit = time.Minute

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
	case len(s.Env)+len(s.Worker) > 0:
		return "other settings: " + strings.Join(append(s.Env, s.Worker...), " ")
	case s.Needs&NeedsBilling != 0 && on.Billing == nil:
		return "a simulated billing system"
	case s.Needs&NeedsTemporal != 0 && on.part("temporal") == nil:
		return "a Temporal that can be stopped"
	case s.Needs&NeedsOperator != 0 && on.Operator == nil:
		return "an operator"
	}
	return ""
}

func (on *Stage) part(id string) *Part {
	return find(on.Parts, func(p Part) bool { return p.ID == id })
}

// Progress is how a step goes.
type Progress struct {
	Step    int           // counted from 0
	State   string        // now, done or failed; empty: it is to come
	At, Of  string        // link to where it shows on the page, and what that is called
	Took    time.Duration // if it is done or failed
	Err     error         // why it failed
	Message Message       // that was waited for last
	Stopped string        // id of the part that the scenario stopped and has not started again
}

// play is a scenario on its way, with what its steps hand on.
type play struct {
	*Stage
	watch   func(Progress)
	now     Progress
	project prodege.ProjectID
	before  Message // that was waited for before the one of now
	lacks   string  // what the step waits for, in words for when that does not come
}

// newPlay chooses a project that nobody has heard of, whatever was played before a restart.
func (on *Stage) newPlay(watch func(Progress)) *play {
	p := &play{Stage: on, watch: watch, project: on.Cast.FirstProject}
	for known := true; known; {
		if _, known = p.Prodege.Project(p.project); known {
			p.project++
		}
	}
	return p
}

// Play plays a scenario to its end, or until a step fails, and tells watch whenever a step goes on. It starts again what
// it stopped.
func (on *Stage) Play(ctx context.Context, s Scenario, watch func(Progress)) error {
	return on.newPlay(watch).run(ctx, s)
}

func (on *play) run(ctx context.Context, s Scenario) error {
	for i, step := range s.Steps {
		on.lacks = ""
		on.now = Progress{Step: i, State: "now", Message: on.now.Message, Stopped: on.now.Stopped}
		on.watch(on.now)
		if i > 0 { // people read what comes before it happens
			_ = pause(ctx, on.Breath)
		}
		began := time.Now()
		err := on.take(ctx, step)
		on.now.State, on.now.Took = "done", time.Since(began)
		if err != nil {
			on.now.State, on.now.Err = "failed", errors.Join(err, on.restart())
		}
		on.watch(on.now)
		if err != nil {
			return on.now.Err
		}
	}
	return nil
}

// restart starts again what a scenario stopped that did not come to its end.
func (on *play) restart() error {
	if on.now.Stopped == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), partLimit)
	defer cancel()
	if err := starts(ctx, on); err != nil {
		return fmt.Errorf("and what it had stopped does not start again: %w", err)
	}
	return nil
}

// take takes a step, and says in words what did not come if it fails.
func (on *play) take(ctx context.Context, step Step) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, on.StepLimit)
	defer cancel()
	err := step.Do(limited, on)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return lateError{fmt.Sprintf("%s within %g seconds", cmp.Or(on.lacks, "this was not done"), on.StepLimit.Seconds())}
	}
	return err
}

// lateError says what did not come in time.
type lateError struct{ text string }

func (e lateError) Error() string { return e.text }
